/* What a server has after its first start, after the next ones, and what the catalog knows then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/json.h"
#include "domain/setting.h"
#include "domain/start.h"
#include "store/catalog.h"
#include "store/permission.h"
#include "store/role.h"
#include "store/room.h"
#include "store_fixture.h"

static bool seed(struct tx *tx, void *arg, struct err *err)
{
    return start_seed(tx, arg, err);
}

static void start(struct store_fixture *f, struct start_options options)
{
    bool ok = fixture_write(f, seed, &options);
    if (!ok)
        print_error("%s\n", f->err.text);
    assert_true(ok);
}

static void restart(struct store_fixture *f, struct start_options options)
{
    fixture_close(f);
    assert_true(fixture_open(f));
    start(f, options);
}

static const char *text(struct store_fixture *f, enum setting_id id)
{
    return catalog_setting_text(store_catalog(f->store), id, &f->arena).ptr;
}

static bool allowed(struct store_fixture *f, const char *user_id, enum perm perm)
{
    const struct catalog *catalog = store_catalog(f->store);
    struct user_entry *user = catalog_user(catalog, str_of(user_id));
    bool allowed = access_has(catalog, user, perm);
    CATALOG_UNREF(user);
    return allowed;
}

static struct start_options with_admin(void)
{
    return (struct start_options){.users.admin = {.id = STR("root"),
                                                  .username = STR("admin"),
                                                  .name = STR("Root"),
                                                  .password_hash = STR("none")}};
}

/* --- the rows --- */

struct counted {
    int64_t roles, permissions, settings, rooms, users;
};

static int64_t count(struct rd *rd, const char *sql)
{
    struct stmt *q = db_stmt(rd->db, sql);
    int64_t n = stmt_next(q) ? col_i64(q, 0) : -1;
    stmt_done(q);
    return n;
}

static bool count_rows(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    *(struct counted *)arg = (struct counted){
        .roles = count(rd, "SELECT COUNT(*) FROM roles"),
        .permissions = count(rd, "SELECT COUNT(*) FROM permissions"),
        .settings = count(rd, "SELECT COUNT(*) FROM settings"),
        .rooms = count(rd, "SELECT COUNT(*) FROM rooms"),
        .users = count(rd, "SELECT COUNT(*) FROM users"),
    };
    return true;
}

static void the_first_start_makes_what_every_server_has(void **state)
{
    struct store_fixture *f = *state;
    start(f, with_admin());
    struct counted rows;
    assert_true(fixture_read(f, count_rows, &rows));
    assert_int_equal(rows.roles, default_role_count);
    assert_int_equal(rows.permissions, PERM_COUNT - 1);
    assert_true(rows.settings >= 2);
    assert_int_equal(rows.rooms, 1);
    assert_int_equal(rows.users, 2);
    assert_true(allowed(f, "root", PERM_ACCESS_PERMISSIONS));
    assert_false(allowed(f, "rocket.cat", PERM_ACCESS_PERMISSIONS));
    assert_true(allowed(f, "rocket.cat", PERM_MESSAGE_IMPERSONATE));
}

static void another_start_changes_nothing(void **state)
{
    struct store_fixture *f = *state;
    start(f, with_admin());
    struct counted first, second;
    assert_true(fixture_read(f, count_rows, &first));
    struct str id = arena_str(&f->arena, str_of(text(f, SETTING_UNIQUEID)));
    assert_int_equal(id.len, 17);
    restart(f, with_admin());
    assert_true(fixture_read(f, count_rows, &second));
    assert_memory_equal(&first, &second, sizeof(first));
    assert_string_equal(text(f, SETTING_UNIQUEID), id.ptr);
    assert_true(allowed(f, "root", PERM_ACCESS_PERMISSIONS));
}

/* --- the catalog --- */

static bool empty_a_permission(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    permission_replace(tx, PERM_CREATE_USER, NULL, 0);
    return true;
}

static void a_changed_permission_counts_at_once_and_after_a_restart(void **state)
{
    struct store_fixture *f = *state;
    start(f, with_admin());
    assert_true(allowed(f, "root", PERM_CREATE_USER));
    assert_true(fixture_write(f, empty_a_permission, NULL));
    assert_false(allowed(f, "root", PERM_CREATE_USER));
    restart(f, with_admin());
    assert_false(allowed(f, "root", PERM_CREATE_USER));
    assert_true(allowed(f, "root", PERM_DELETE_USER));
}

static void defaults_are_known_before_the_first_row_is_written(void **state)
{
    struct store_fixture *f = *state;
    const struct catalog *catalog = store_catalog(f->store);
    assert_string_equal(text(f, SETTING_SITE_NAME), "Rocket.Chat");
    assert_string_equal(text(f, SETTING_HIDE_SYSTEM_MESSAGES), "[]");
    assert_true(catalog_setting_bool(catalog, SETTING_API_ENABLE_RATE_LIMITER));
    assert_int_equal(catalog_setting_int(catalog, SETTING_API_USER_LIMIT), 500);
}

/* --- the site's address --- */

static bool choose_url(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    setting_save(tx, SETTING_SITE_URL, STR("\"https://chosen\""));
    return true;
}

static void the_site_s_address_follows_the_start_until_somebody_chooses_one(void **state)
{
    struct store_fixture *f = *state;
    start(f, (struct start_options){.site_url = STR("http://localhost:3000/")});
    assert_string_equal(text(f, SETTING_SITE_URL), "http://localhost:3000");
    restart(f, (struct start_options){.site_url = STR("http://localhost:4000")});
    assert_string_equal(text(f, SETTING_SITE_URL), "http://localhost:4000");
    restart(f, (struct start_options){.site_url = STR("")});
    assert_string_equal(text(f, SETTING_SITE_URL), "http://localhost:4000");
    assert_true(fixture_write(f, choose_url, NULL));
    restart(f, (struct start_options){.site_url = STR("http://localhost:5000")});
    assert_string_equal(text(f, SETTING_SITE_URL), "https://chosen");
}

static void the_environment_has_the_last_word(void **state)
{
    struct store_fixture *f = *state;
    char forced[] = "OVERWRITE_SETTING_Site_Url=https://forced";
    char limiter[] = "OVERWRITE_SETTING_API_Enable_Rate_Limiter=false";
    char *environment[] = {forced, limiter, NULL};
    start(f, (struct start_options){.site_url = STR("http://localhost:3000"),
                                    .environment = environment});
    assert_string_equal(text(f, SETTING_SITE_URL), "https://forced");
    assert_false(catalog_setting_bool(store_catalog(f->store), SETTING_API_ENABLE_RATE_LIMITER));
}

static void a_number_that_is_none_counts_as_the_default(void **state)
{
    struct store_fixture *f = *state;
    char limit[] = "OVERWRITE_SETTING_Message_MaxAllowedSize=much";
    char users[] = "OVERWRITE_SETTING_API_User_Limit=7";
    char *environment[] = {limit, users, NULL};
    start(f, (struct start_options){.environment = environment});
    const struct catalog *catalog = store_catalog(f->store);
    assert_string_equal(text(f, SETTING_MESSAGE_MAXALLOWEDSIZE), "much");
    assert_int_equal(catalog_setting_int(catalog, SETTING_MESSAGE_MAXALLOWEDSIZE), 5000);
    assert_int_equal(catalog_setting_int(catalog, SETTING_API_USER_LIMIT), 7);
}

#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STORE(the_first_start_makes_what_every_server_has),
        ON_A_STORE(another_start_changes_nothing),
        ON_A_STORE(a_changed_permission_counts_at_once_and_after_a_restart),
        ON_A_STORE(defaults_are_known_before_the_first_row_is_written),
        ON_A_STORE(the_site_s_address_follows_the_start_until_somebody_chooses_one),
        ON_A_STORE(the_environment_has_the_last_word),
        ON_A_STORE(a_number_that_is_none_counts_as_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
