/* Who may make, change and delete which account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

#include "accounts.h"
#include "store/catalog.h"
#include "store/token.h"

static void check_refused(const struct store_fixture *f, const char *type, const char *text)
{
    assert_string_equal(f->err.text, text);
    if (type == NULL)
        assert_null(f->err.type);
    else
        assert_string_equal(f->err.type, type);
}

/* --- registering --- */

static void the_first_to_register_becomes_administrator(void **state)
{
    struct store_fixture *f = *state;
    const struct user *first = accounts_register(f, "first");
    const struct user *second = accounts_register(f, "second");
    assert_int_equal(first->role_count, 2);
    assert_true(str_is(first->roles[0], "user"));
    assert_true(str_is(first->roles[1], "admin"));
    assert_int_equal(second->role_count, 1);
    struct str wizard =
        catalog_setting_text(store_catalog(f->store), SETTING_SHOW_SETUP_WIZARD, &f->arena);
    assert_true(str_is(wizard, "in_progress"));
}

static void a_new_user_is_in_the_catalog_with_his_rights(void **state)
{
    struct store_fixture *f = *state;
    const struct catalog *catalog = store_catalog(f->store);
    struct user_entry *admin = catalog_user(catalog, accounts_register(f, "first")->id);
    struct user_entry *plain = catalog_user(catalog, accounts_register(f, "second")->id);
    assert_true(access_has(catalog, admin, PERM_CREATE_USER));
    assert_false(access_has(catalog, plain, PERM_CREATE_USER));
    assert_true(access_has(catalog, plain, PERM_VIEW_D_ROOM));
    CATALOG_UNREF(admin);
    CATALOG_UNREF(plain);
}

static void a_name_can_be_taken_once_in_any_case(void **state)
{
    struct store_fixture *f = *state;
    assert_non_null(accounts_register(f, "first"));
    assert_null(accounts_register(f, "First"));
    check_refused(f, NULL, "Username is already in use");
}

static void names_that_break_the_rules_are_refused(void **state)
{
    struct store_fixture *f = *state;
    assert_null(accounts_register(f, "two words"));
    check_refused(f, NULL, "The username provided is not valid");
    assert_null(accounts_register(f, "Admin"));
    check_refused(f, "error-blocked-username", "Admin is blocked and can't be used!");
    assert_true(
        str_is(f->err.details, "{\"method\":\"checkUsernameAvailability\",\"field\":\"Admin\"}"));
    assert_null(accounts_register(f, "all"));
    check_refused(f, "error-blocked-username", "all is blocked and can't be used!");
}

static void an_address_can_be_taken_once_in_any_case(void **state)
{
    struct store_fixture *f = *state;
    assert_non_null(accounts_register(f, "first"));
    struct making m = {.draft = {.username = STR("second"),
                                 .email = STR("FIRST@example.org"),
                                 .password_hash = STR("none")}};
    assert_false(fixture_write(f, accounts_apply_making, &m));
    check_refused(f, NULL, "Email already exists");
}

static void registration_can_be_closed_or_need_a_secret(void **state)
{
    struct store_fixture *f = *state;
    accounts_set(f, SETTING_ACCOUNTS_REGISTRATIONFORM, "\"Disabled\"");
    assert_null(accounts_register(f, "first"));
    check_refused(f, "error-user-registration-disabled", "User registration is disabled");
    accounts_set(f, SETTING_ACCOUNTS_REGISTRATIONFORM, "\"Secret URL\"");
    accounts_set(f, SETTING_ACCOUNTS_REGISTRATIONFORM_SECRETURL, "\"sesame\"");
    assert_null(accounts_register(f, "first"));
    check_refused(f, "error-user-registration-secret",
                  "User registration is only allowed via Secret URL");
    struct making m = {.secret = STR("sesame"),
                       .draft = {.username = STR("first"),
                                 .email = STR("first@example.org"),
                                 .password_hash = STR("none")}};
    assert_true(fixture_write(f, accounts_apply_making, &m));
}

/* --- creating --- */

static struct user *create(struct store_fixture *f, const struct user *by, struct user_draft draft)
{
    struct actor actor = accounts_actor(by);
    struct making m = {.draft = draft, .by = &actor};
    return fixture_write(f, accounts_apply_making, &m) ? m.user : NULL;
}

static const struct user_draft good_draft = {
    .username = STR_INIT("made"),
    .name = STR_INIT("Made"),
    .email = STR_INIT("made@example.org"),
    .password_hash = STR_INIT("none"),
};

static void only_who_may_create_users_does(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    const struct user *plain = accounts_register(f, "second");
    assert_null(create(f, plain, good_draft));
    check_refused(f, "error-action-not-allowed", "Adding user is not allowed");
    assert_true(
        str_is(f->err.details, "{\"method\":\"insertOrUpdateUser\",\"action\":\"Adding_user\"}"));
    const struct user *made = create(f, admin, good_draft);
    assert_non_null(made);
    assert_int_equal(made->id.len, 17);
    BUF(shown, 4096);
    user_put(&shown, made, USER_VIEW_REDUCED);
    assert_true(str_find(buf_str(&shown), STR("\"type\":\"user\",\"status\":\"offline\","
                                              "\"active\":true,\"name\":\"Made\"")) != SIZE_MAX);
}

static void what_is_wrong_with_a_new_user_is_told_in_order(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    struct user_draft draft = good_draft;
    draft.username = STR("<b>");
    draft.name = STR(" ");
    draft.password_blank = true;
    draft.roles = json_parse(&f->arena, STR("[\"user\",\"nonsense\"]"));
    assert_null(create(f, admin, draft));
    check_refused(f, "error-action-not-allowed", "The field Roles consist invalid role id");
    draft.roles = json_parse(&f->arena, STR("[\"user\"]"));
    assert_null(create(f, admin, draft));
    check_refused(f, "error-the-field-is-required", "The field Name is required");
    draft.name = STR("Made");
    assert_null(create(f, admin, draft));
    check_refused(f, "error-the-field-is-required", "The field Password is required");
    draft.password_blank = false;
    assert_null(create(f, admin, draft));
    check_refused(f, "error-input-is-not-a-valid-field", "&lt;b&gt; is not a valid username");
    assert_true(str_is(f->err.details, "{\"method\":\"insertOrUpdateUser\",\"input\":\"<b>\","
                                       "\"field\":\"Username\"}"));
    draft.username = STR("FIRST");
    assert_null(create(f, admin, draft));
    check_refused(f, "error-field-unavailable", "FIRST is already in use :(");
    draft.username = STR("made");
    draft.email = STR("First@Example.org");
    assert_null(create(f, admin, draft));
    check_refused(f, "error-field-unavailable", "First@Example.org is already in use :(");
    draft.email = STR("made@example.org");
    assert_non_null(create(f, admin, draft));
}

/* --- updating --- */

struct changing {
    struct actor by;
    struct user_change change;
    struct user *user;
};

static bool apply_changing(struct tx *tx, void *arg, struct err *err)
{
    struct changing *c = arg;
    return user_update(tx, &c->by, &c->change, &c->user, err);
}

static struct user *update(struct store_fixture *f, const struct user *by, const struct user *who,
                           const char *data)
{
    struct changing c = {
        .by = accounts_actor(by),
        .change = {.user_id = who->id, .data = json_parse(&f->arena, str_of(data))}};
    return fixture_write(f, apply_changing, &c) ? c.user : NULL;
}

static void an_update_changes_what_is_given_and_nothing_else(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    const struct user *plain = accounts_register(f, "second");
    assert_non_null(update(f, admin, plain,
                           "{\"name\":\"New\",\"bio\":\"b\",\"email\":null,\"verified\":true}"));
    const struct user *now = accounts_find(f, plain->id);
    assert_true(str_is(now->name, "New"));
    assert_true(str_is(now->username, "second"));
    assert_true(str_is(user_text(now, "bio"), "b"));
    assert_true(str_is(now->emails[0].address, "second@example.org"));
    assert_true(now->emails[0].verified);
    assert_true(str_is(now->password_hash, "none"));
}

static void who_may_not_edit_is_refused(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    const struct user *plain = accounts_register(f, "second");
    assert_null(update(f, plain, admin, "{\"name\":\"x\"}"));
    check_refused(f, "error-action-not-allowed", "Editing user is not allowed");
    assert_null(update(f, plain, plain, "{\"roles\":[\"admin\"]}"));
    check_refused(f, "error-action-not-allowed", "Assign roles is not allowed");
    assert_null(update(f, plain, plain, "{\"verified\":true}"));
    check_refused(f, "error-action-not-allowed", "Editing email verification is not allowed");
    accounts_set(f, SETTING_ACCOUNTS_ALLOWUSERNAMECHANGE, "false");
    assert_null(update(f, plain, plain, "{\"username\":\"third\"}"));
    check_refused(f, "error-action-not-allowed", "Edit username is not allowed");
    assert_non_null(update(f, plain, plain, "{\"username\":\"second\",\"name\":\"Mine\"}"));
}

static void names_of_others_cannot_be_taken_over(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    const struct user *plain = accounts_register(f, "second");
    assert_null(update(f, admin, plain, "{\"username\":\"FIRST\"}"));
    check_refused(f, "error-could-not-save-identity", "Could not save user identity");
    assert_null(update(f, admin, plain, "{\"email\":\"FIRST@example.org\"}"));
    check_refused(f, "error-field-unavailable", "FIRST@example.org is already in use :(");
    assert_non_null(update(f, admin, plain, "{\"username\":\"Second\"}"));
}

static void the_last_administrator_stays(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    assert_null(update(f, admin, admin, "{\"roles\":[\"user\"]}"));
    check_refused(f, "error-action-not-allowed",
                  "Leaving the app without an active admin is not allowed");
    assert_null(update(f, admin, admin, "{\"active\":false}"));
    check_refused(f, "error-action-not-allowed",
                  "Leaving the app without an active admin is not allowed");
    assert_true(accounts_find(f, admin->id)->active);
}

/* A token "test". */
static bool add_token_of(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    token_insert(tx, &(struct token){
                         .hash = STR("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="),
                         .user_id = ((const struct user *)arg)->id,
                         .personal = true,
                         .name = STR("t"),
                     });
    return true;
}

static void deactivating_ends_every_session(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    struct user *plain = accounts_register(f, "second");
    assert_true(fixture_write(f, add_token_of, plain));
    assert_true(accounts_has_session(f, STR("test")));
    assert_non_null(update(f, admin, plain, "{\"active\":false}"));
    assert_false(accounts_has_session(f, STR("test")));
    struct user_entry *entry = catalog_user(store_catalog(f->store), plain->id);
    assert_false(entry->active);
    CATALOG_UNREF(entry);
}

/* --- deleting --- */

struct deleting {
    struct actor by;
    const struct user *who;
    bool more;
};

static bool apply_deleting(struct tx *tx, void *arg, struct err *err)
{
    struct deleting *d = arg;
    return user_delete(tx, &d->by, d->who, false, &d->more, err);
}

static bool delete (struct store_fixture *f, const struct user *by, const struct user *who)
{
    struct deleting d = {.by = accounts_actor(by), .who = who};
    return fixture_write(f, apply_deleting, &d) && !d.more;
}

static void a_deleted_user_leaves_nothing(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    struct user *plain = accounts_register(f, "second");
    assert_true(fixture_write(f, add_token_of, plain));
    assert_false(delete (f, plain, admin));
    check_refused(f, "error-unauthorized",
                  "User does not have the permissions required for this action");
    assert_true(delete (f, admin, plain));
    assert_null(accounts_find(f, plain->id));
    assert_null(catalog_user(store_catalog(f->store), plain->id));
    assert_false(accounts_has_session(f, STR("test")));
    assert_non_null(accounts_register(f, "second"));
}

/* --- the start --- */

static bool apply_start(struct tx *tx, void *arg, struct err *err)
{
    return users_seed(tx, arg, err);
}

static void a_start_makes_what_is_missing_once(void **state)
{
    struct store_fixture *f = *state;
    struct user_start start = {.admin = {.username = STR("admin"),
                                         .name = STR("Administrator"),
                                         .password_hash = STR("none")},
                               .test_hash = STR("none")};
    for (int i = 0; i < 2; i++)
        assert_true(fixture_write(f, apply_start, &start));
    const struct user *cat = accounts_find(f, STR("rocket.cat"));
    assert_true(str_is(cat->type, "bot"));
    assert_true(str_is(cat->roles[0], "bot"));
    assert_int_equal(cat->role_count, 1);
    const struct user *test = accounts_find(f, STR(TEST_ADMIN));
    assert_int_equal(test->role_count, 1);
    assert_true(test->emails[0].verified);
    assert_int_equal(accounts_register(f, "third")->role_count, 1);

    start.test_hash = STR("");
    assert_true(fixture_write(f, apply_start, &start));
    assert_null(accounts_find(f, STR(TEST_ADMIN)));
}

static bool take_admin_away(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    user_remove_role(tx, ((const struct user *)arg)->id, STR("admin"));
    return true;
}

static void a_server_without_administrator_gets_its_oldest_user(void **state)
{
    struct store_fixture *f = *state;
    struct user *first = accounts_register(f, "first");
    assert_non_null(accounts_register(f, "second"));
    assert_true(fixture_write(f, take_admin_away, first));
    struct user_start start = {.test_hash = STR("")};
    assert_true(fixture_write(f, apply_start, &start));
    assert_true(user_has_role(accounts_find(f, first->id), STR("admin")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, accounts_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_to_register_becomes_administrator),
        TEST(a_new_user_is_in_the_catalog_with_his_rights),
        TEST(a_name_can_be_taken_once_in_any_case),
        TEST(names_that_break_the_rules_are_refused),
        TEST(an_address_can_be_taken_once_in_any_case),
        TEST(registration_can_be_closed_or_need_a_secret),
        TEST(only_who_may_create_users_does),
        TEST(what_is_wrong_with_a_new_user_is_told_in_order),
        TEST(an_update_changes_what_is_given_and_nothing_else),
        TEST(who_may_not_edit_is_refused),
        TEST(names_of_others_cannot_be_taken_over),
        TEST(the_last_administrator_stays),
        TEST(deactivating_ends_every_session),
        TEST(a_deleted_user_leaves_nothing),
        TEST(a_start_makes_what_is_missing_once),
        TEST(a_server_without_administrator_gets_its_oldest_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
