/* Changing settings, by administrators and by the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "domain/setting.h"
#include "world.h"

#define VOLUME "Accounts_Default_User_Preferences_masterVolume"

static bool set(struct world *w, struct actor by, const char *id, const char *json)
{
    return setting_change(&w->tx, &by, str_of(id), json_parse(&w->arena, str_of(json)), &w->err);
}

static void assert_value(struct world *w, enum setting_id id, const char *json)
{
    struct str value = setting_load(tx_rd(&w->tx), id);
    assert_string_equal(arena_cstr(&w->arena, value), json);
}

static void overwrite(struct world *w, const char *entry)
{
    char *environment[] = {arena_cstr(&w->arena, STR("HOME=/root")),
                           arena_cstr(&w->arena, str_of(entry)), NULL};
    settings_overwrite(&w->tx, environment);
}

/* --- by administrators --- */

static void an_unset_setting_has_its_default(void **state)
{
    struct world *w = *state;
    assert_value(w, SETTING_SITE_NAME, "\"Rocket.Chat\"");
    assert_false(setting_stored(tx_rd(&w->tx), SETTING_SITE_NAME));
}

static void a_value_keeps_the_type_it_was_sent_with(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    static const char *const values[] = {"\"10\"", "10",       "0.05",     "true",
                                         "null",   "[\"uj\"]", "{\"a\":1}"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_true(set(w, root, "API_User_Limit", values[i]));
        assert_value(w, SETTING_API_USER_LIMIT, values[i]);
    }
}

static void all_settings_are_read_at_once(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_true(set(w, root, "LDAP_Enable", "true"));
    db_exec(w->db, "INSERT INTO settings (id, value, updated_at_ms) VALUES ('Gone', '1', 1)");
    struct str values[SETTING_COUNT];
    settings_load(tx_rd(&w->tx), values);
    assert_true(str_is(values[SETTING_LDAP_ENABLE], "true"));
    assert_true(str_is(values[SETTING_E2E_ENABLE], "false"));
}

static void numbers_stay_within_their_bounds(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_true(set(w, root, VOLUME, "0") && set(w, root, VOLUME, "\"100\""));
    assert_refused(w, set(w, root, VOLUME, "\"-1\""), "error-invalid-setting-value",
                   "Value for setting " VOLUME " must be greater than or equal to 0");
    assert_true(str_is(w->err.details, "{\"method\":\"saveSettings\"}"));
    assert_refused(w, set(w, root, VOLUME, "101"), "error-invalid-setting-value",
                   "Value for setting " VOLUME " must be less than or equal to 100");
    assert_value(w, SETTING_ACCOUNTS_DEFAULT_USER_PREFERENCES_MASTERVOLUME, "\"100\"");
}

static void what_cannot_be_changed_is_refused_without_a_word(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_refused(w, set(w, root, "No_Such_Setting", "1"), "", "");
    assert_refused(w, set(w, root, "Accounts_SystemBlockedUsernameList", "\"\""), "", "");
    assert_false(setting_change(&w->tx, &root, STR("Site_Url"), NULL, &w->err));
    assert_int_equal(w->err.status, 400);
}

static void changing_needs_the_right(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    assert_refused(w, set(w, bob, "Site_Url", "\"http://evil\""), "error-unauthorized",
                   "User does not have the permissions required for this action");
}

static void a_value_without_end_is_refused(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    char *text = arena_alloc(&w->arena, SETTING_VALUE_BYTES);
    memset(text, 'a', SETTING_VALUE_BYTES);
    const struct json *value =
        json_string(&w->arena, str_from(text, SETTING_VALUE_BYTES - 1)); /* two quotes too many */
    assert_refused(w, setting_change(&w->tx, &root, STR("Site_Name"), value, &w->err),
                   "error-invalid-setting-value",
                   "Value for setting Site_Name must not be longer than 1048576 bytes");
}

/* --- defaults that depend on the start --- */

static void a_default_gives_way_to_a_choice_and_never_comes_back(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    setting_save_default(&w->tx, SETTING_SITE_URL, STR("\"http://a\""));
    assert_value(w, SETTING_SITE_URL, "\"http://a\"");
    setting_save_default(&w->tx, SETTING_SITE_URL, STR("\"http://b\""));
    assert_value(w, SETTING_SITE_URL, "\"http://b\"");
    assert_true(set(w, root, "Site_Url", "\"https://chosen\""));
    setting_save_default(&w->tx, SETTING_SITE_URL, STR("\"http://c\""));
    assert_value(w, SETTING_SITE_URL, "\"https://chosen\"");
}

/* --- by the environment --- */

static void the_environment_forces_values_of_the_settings_kind(void **state)
{
    static const struct {
        const char *entry, *json;
        enum setting_id id;
    } rows[] = {
        {"API_Enable_Rate_Limiter=false", "false", SETTING_API_ENABLE_RATE_LIMITER},
        {"API_Enable_Rate_Limiter=TRUE", "true", SETTING_API_ENABLE_RATE_LIMITER},
        {"API_User_Limit=1000", "1000", SETTING_API_USER_LIMIT},
        {"API_User_Limit=many", "\"many\"", SETTING_API_USER_LIMIT},
        {"API_User_Limit=", "\"\"", SETTING_API_USER_LIMIT},
        {"Site_Name=1000", "\"1000\"", SETTING_SITE_NAME},
        {"Site_Name=a=b", "\"a=b\"", SETTING_SITE_NAME},
        {"Site_Name=true", "true", SETTING_SITE_NAME},
        {"Hide_System_Messages=[\"uj\",\"ul\"]", "[\"uj\",\"ul\"]", SETTING_HIDE_SYSTEM_MESSAGES},
        {"Hide_System_Messages=uj", "\"uj\"", SETTING_HIDE_SYSTEM_MESSAGES},
        {"Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes=0.05", "0.05",
         SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_TIME_TO_UNBLOCK_BY_USER_IN_MINUTES},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        overwrite(w, arena_fmt(&w->arena, "OVERWRITE_SETTING_%s", rows[i].entry).ptr);
        assert_value(w, rows[i].id, rows[i].json);
    }
}

static void the_environment_overrules_a_choice(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_true(set(w, root, "Site_Name", "\"Mine\""));
    overwrite(w, "OVERWRITE_SETTING_Site_Name=Theirs");
    assert_value(w, SETTING_SITE_NAME, "\"Theirs\"");
}

static void variables_are_told_apart(void **state)
{
    (void)state;
    enum setting_id id;
    struct str value;
    assert_int_equal(setting_overwrite_of("PATH=/bin", &id, &value), OVERWRITE_NONE);
    assert_int_equal(setting_overwrite_of("OVERWRITE_SETTING_Site_Name", &id, &value),
                     OVERWRITE_NONE);
    assert_int_equal(setting_overwrite_of("OVERWRITE_SETTING_No_Such=1", &id, &value),
                     OVERWRITE_UNKNOWN);
    assert_int_equal(setting_overwrite_of("OVERWRITE_SETTING_Site_Name=x", &id, &value),
                     OVERWRITE_KNOWN);
    assert_int_equal(id, SETTING_SITE_NAME);
    assert_true(str_is(value, "x"));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(an_unset_setting_has_its_default),
        IN_A_WORLD(a_value_keeps_the_type_it_was_sent_with),
        IN_A_WORLD(all_settings_are_read_at_once),
        IN_A_WORLD(numbers_stay_within_their_bounds),
        IN_A_WORLD(what_cannot_be_changed_is_refused_without_a_word),
        IN_A_WORLD(changing_needs_the_right),
        IN_A_WORLD(a_value_without_end_is_refused),
        IN_A_WORLD(a_default_gives_way_to_a_choice_and_never_comes_back),
        IN_A_WORLD(the_environment_forces_values_of_the_settings_kind),
        IN_A_WORLD(the_environment_overrules_a_choice),
        IN_A_WORLD(variables_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
