/* The tables of permissions, settings and default roles: complete, without doubles, and consistent
 * with one another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/json.h"
#include "model/permission.h"
#include "model/role.h"
#include "model/setting.h"

static void every_permission_is_found_by_its_id(void **state)
{
    (void)state;
    for (enum perm perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        assert_false(str_empty(perm_id(perm)));
        assert_int_equal(perm_find(perm_id(perm)), perm);
    }
    assert_int_equal(PERM_COUNT - 1, 135);
}

static void an_unknown_permission_is_none(void **state)
{
    (void)state;
    assert_int_equal(perm_find(STR("")), PERM_NONE);
    assert_int_equal(perm_find(STR("manage-incoming-integration")), PERM_NONE);
    assert_int_equal(perm_find(STR("Create-User")), PERM_NONE);
}

static bool is_default_role(struct str id)
{
    for (size_t i = 0; i < default_role_count; i++)
        if (str_eq(default_roles[i].id, id))
            return true;
    return false;
}

static void default_lists_name_existing_roles_only_and_each_once(void **state)
{
    (void)state;
    for (enum perm perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        struct str rest = perm_default_roles(perm), role, later, other;
        while (perm_next_role(&rest, &role)) {
            assert_true(is_default_role(role));
            later = rest;
            while (perm_next_role(&later, &other))
                assert_false(str_eq(role, other));
        }
    }
}

static size_t count_default_roles(enum perm perm)
{
    size_t n = 0;
    for (struct str rest = perm_default_roles(perm), role; perm_next_role(&rest, &role);)
        n++;
    return n;
}

static void default_lists_are_walked_to_their_end(void **state)
{
    (void)state;
    assert_int_equal(count_default_roles(PERM_ADD_USER_TO_ANY_P_ROOM), 0);
    assert_int_equal(count_default_roles(PERM_MANAGE_INCOMING_INTEGRATIONS), 1);
    assert_int_equal(count_default_roles(PERM_MESSAGE_IMPERSONATE), 2);
    assert_int_equal(count_default_roles(PERM_LEAVE_C), 6);
}

static void default_roles_have_different_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < default_role_count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(default_roles[i].id, default_roles[k].id));
}

static void settings_are_sorted_and_found_by_their_id(void **state)
{
    (void)state;
    for (enum setting_id id = SETTING_NONE + 1; id < SETTING_COUNT; id++) {
        assert_int_equal(setting_find(setting_name(id)), id);
        if (id > SETTING_NONE + 1)
            assert_true(str_cmp(setting_name(id - 1), setting_name(id)) < 0);
    }
}

static void an_unknown_setting_is_none(void **state)
{
    (void)state;
    assert_int_equal(setting_find(STR("")), SETTING_NONE);
    assert_int_equal(setting_find(STR("AAA")), SETTING_NONE);
    assert_int_equal(setting_find(STR("zzz")), SETTING_NONE);
    assert_int_equal(setting_find(STR("site_url")), SETTING_NONE);
}

static enum json_kind json_kind_of(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_KIND_BOOL:
        return JSON_BOOL;
    case SETTING_KIND_INT:
    case SETTING_KIND_NUMBER:
        return JSON_NUMBER;
    case SETTING_KIND_STRING:
        return JSON_STRING;
    case SETTING_KIND_LIST:
        return JSON_ARRAY;
    }
    return JSON_NULL;
}

static void every_default_is_json_of_the_setting_s_kind(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (enum setting_id id = SETTING_NONE + 1; id < SETTING_COUNT; id++) {
        const struct setting_info *info = setting_info(id);
        const struct json *value = json_parse(&arena, info->fallback);
        assert_non_null(value);
        assert_int_equal(value->kind, json_kind_of(info->kind));
        assert_true(info->min <= info->max);
        if (value->kind == JSON_NUMBER)
            assert_true(value->number >= (double)info->min && value->number <= (double)info->max);
    }
    arena_release(&arena);
}

static void settings_that_clients_need_before_login_are_public(void **state)
{
    (void)state;
    assert_int_equal(setting_info(SETTING_SITE_URL)->readers, SETTING_READERS_PUBLIC);
    assert_int_equal(setting_info(SETTING_LDAP_ENABLE)->readers, SETTING_READERS_PUBLIC);
    assert_int_equal(setting_info(SETTING_ACCOUNTS_REGISTRATIONFORM_SECRETURL)->readers,
                     SETTING_READERS_PRIVATE);
}

static void a_role_is_rendered_with_and_without_its_moment(void **state)
{
    (void)state;
    struct role role = default_roles[0];
    role.updated_at_ms = 1704895972201;
    BUF(out, 1000);
    role_put(&out, &role, ROLE_LISTED);
    assert_string_equal(out.ptr,
                        "{\"_id\":\"admin\",\"description\":\"Admin\",\"mandatory2fa\":false,"
                        "\"name\":\"admin\",\"protected\":true,\"scope\":\"Users\"}");
    buf_clear(&out);
    role_put(&out, &role, ROLE_CHANGED);
    assert_string_equal(out.ptr,
                        "{\"_id\":\"admin\",\"description\":\"Admin\",\"mandatory2fa\":false,"
                        "\"name\":\"admin\",\"protected\":true,\"scope\":\"Users\","
                        "\"_updatedAt\":\"2024-01-10T14:12:52.201Z\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_permission_is_found_by_its_id),
        cmocka_unit_test(an_unknown_permission_is_none),
        cmocka_unit_test(default_lists_name_existing_roles_only_and_each_once),
        cmocka_unit_test(default_lists_are_walked_to_their_end),
        cmocka_unit_test(default_roles_have_different_ids),
        cmocka_unit_test(settings_are_sorted_and_found_by_their_id),
        cmocka_unit_test(an_unknown_setting_is_none),
        cmocka_unit_test(every_default_is_json_of_the_setting_s_kind),
        cmocka_unit_test(settings_that_clients_need_before_login_are_public),
        cmocka_unit_test(a_role_is_rendered_with_and_without_its_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
