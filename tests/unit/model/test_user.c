/* How a user is shown, to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/user.h"

static struct arena arena;

static int set_up(void **state)
{
    arena_init(&arena, 1 << 20);
    static struct user_email emails[] = {
        {STR_INIT("old@example.org"), false},
        {STR_INIT("cat@example.org"), true},
    };
    static struct str roles[] = {STR_INIT("user"), STR_INIT("admin")};
    struct user *u = ARENA_NEW(&arena, struct user);
    *u = (struct user){
        .id = STR("CkCPNcvsvCDfmWLqC"),
        .username = STR("test.cat"),
        .name = STR("Test \"Cat\""),
        .type = STR("user"),
        .active = true,
        .emails = emails,
        .email_count = 2,
        .roles = roles,
        .role_count = 2,
        .password_hash = STR("$2b$10$secret"),
        .created_at_ms = 1704895972201,
        .updated_at_ms = 1704895972203,
        .doc = json_parse(&arena, STR("{\"status\":\"offline\",\"settings\":{},\"statusText\":\"\","
                                      "\"utcOffset\":0,\"bio\":null,\"services\":{\"x\":1}}")),
    };
    *state = u;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void check_view(const struct user *u, enum user_view view, const char *expected)
{
    BUF(out, 65536);
    user_put(&out, u, view);
    assert_string_equal(out.ptr, expected);
}

static void each_view_shows_its_members_in_its_order(void **state)
{
    const struct user *u = *state;
    check_view(
        u, USER_VIEW_FULL,
        "{\"_id\":\"CkCPNcvsvCDfmWLqC\",\"createdAt\":\"2024-01-10T14:12:52.201Z\","
        "\"username\":\"test.cat\",\"emails\":[{\"address\":\"old@example.org\","
        "\"verified\":false},{\"address\":\"cat@example.org\",\"verified\":true}],"
        "\"type\":\"user\",\"status\":\"offline\",\"active\":true,"
        "\"roles\":[\"user\",\"admin\"],\"_updatedAt\":\"2024-01-10T14:12:52.203Z\","
        "\"name\":\"Test \\\"Cat\\\"\",\"settings\":{},\"utcOffset\":0,\"statusText\":\"\"}");
    check_view(u, USER_VIEW_REDUCED,
               "{\"_id\":\"CkCPNcvsvCDfmWLqC\",\"type\":\"user\",\"status\":\"offline\","
               "\"active\":true,\"name\":\"Test \\\"Cat\\\"\",\"username\":\"test.cat\","
               "\"utcOffset\":0,\"statusText\":\"\"}");
    check_view(u, USER_VIEW_LIST_REDUCED,
               "{\"_id\":\"CkCPNcvsvCDfmWLqC\",\"name\":\"Test \\\"Cat\\\"\","
               "\"username\":\"test.cat\",\"status\":\"offline\",\"active\":true,"
               "\"type\":\"user\"}");
}

static void no_view_shows_secrets(void **state)
{
    const struct user *u = *state;
    for (int view = 0; view < USER_VIEWS; view++) {
        BUF(out, 65536);
        user_put(&out, u, (enum user_view)view);
        assert_true(str_find(buf_str(&out), STR("secret")) == SIZE_MAX);
        assert_true(str_find(buf_str(&out), STR("services")) == SIZE_MAX);
    }
}

static void the_reduced_views_keep_what_is_private(void **state)
{
    const struct user *u = *state;
    static const enum user_view views[] = {USER_VIEW_REDUCED, USER_VIEW_INFO_REDUCED,
                                           USER_VIEW_LIST_REDUCED, USER_VIEW_PRESENCE};
    static const char *const private[] = {"emails", "roles", "createdAt", "lastLogin", "settings"};
    for (size_t v = 0; v < sizeof(views) / sizeof(views[0]); v++) {
        BUF(out, 65536);
        user_put(&out, u, views[v]);
        for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
            assert_true(str_find(buf_str(&out), str_of(private[i])) == SIZE_MAX);
    }
}

static void a_member_is_set_replaced_and_taken_out(void **state)
{
    struct user *u = *state;
    user_set_text(u, &arena, "bio", STR("one"));
    user_set_text(u, &arena, "bio", STR("two"));
    assert_true(str_is(user_text(u, "bio"), "two"));
    size_t count = u->doc->items.count;
    user_set_text(u, &arena, "bio", STR(""));
    assert_null(json_get(u->doc, STR("bio")));
    assert_int_equal(u->doc->items.count, count - 1);
    assert_true(str_is(user_text(u, "status"), "offline"));
}

static void roles_and_addresses_are_found(void **state)
{
    const struct user *u = *state;
    assert_true(user_has_role(u, STR("admin")));
    assert_false(user_has_role(u, STR("adm")));
    assert_true(str_is(user_verified_email(u), "cat@example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_view_shows_its_members_in_its_order),
        cmocka_unit_test(no_view_shows_secrets),
        cmocka_unit_test(the_reduced_views_keep_what_is_private),
        cmocka_unit_test(a_member_is_set_replaced_and_taken_out),
        cmocka_unit_test(roles_and_addresses_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
