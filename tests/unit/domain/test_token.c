/* Personal access tokens, and sessions by secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

#include "accounts.h"
#include "domain/token.h"
#include "store/permission.h"

enum verb { GENERATE, REGENERATE, REMOVE };

struct asking {
    enum verb verb;
    struct actor by;
    struct str name, clear;
    bool bypass;
    struct token_list list; /* the result of asking for all */
};

static bool apply_asking(struct tx *tx, void *arg, struct err *err)
{
    struct asking *a = arg;
    switch (a->verb) {
    case GENERATE:
        return token_generate(tx, &a->by, a->name, a->bypass, a->clear, err);
    case REGENERATE:
        return token_regenerate(tx, &a->by, a->name, a->clear, err);
    default:
        return token_remove(tx, &a->by, a->name, err);
    }
}

static bool ask_list(struct rd *rd, void *arg, struct err *err)
{
    struct asking *a = arg;
    return tokens_mine(rd, &a->by, &a->list, err);
}

static bool ask(struct store_fixture *f, const struct user *by, enum verb verb, const char *name,
                const char *clear)
{
    struct asking a = {.verb = verb,
                       .by = accounts_actor(by),
                       .name = str_of(name),
                       .clear = str_of(clear),
                       .bypass = true};
    return fixture_write(f, apply_asking, &a);
}

static struct token_list all_of(struct store_fixture *f, const struct user *by)
{
    struct asking a = {.by = accounts_actor(by)};
    assert_true(fixture_read(f, ask_list, &a));
    return a.list;
}

static void a_token_works_from_its_making_to_its_removal(void **state)
{
    struct store_fixture *f = *state;
    const struct user *u = accounts_register(f, "first");
    assert_true(ask(f, u, GENERATE, "ci", "first-clear-token"));
    assert_true(accounts_has_session(f, STR("first-clear-token")));
    struct token_list list = all_of(f, u);
    assert_int_equal(list.count, 1);
    assert_true(str_is(list.items[0]->name, "ci"));
    assert_true(str_is(list.items[0]->last_part, "-token"));
    assert_true(list.items[0]->bypass_two_factor);
    assert_true(ask(f, u, REMOVE, "ci", ""));
    assert_false(accounts_has_session(f, STR("first-clear-token")));
    assert_int_equal(all_of(f, u).count, 0);
}

static void regenerating_kills_the_old_value_and_keeps_the_flag(void **state)
{
    struct store_fixture *f = *state;
    const struct user *u = accounts_register(f, "first");
    assert_true(ask(f, u, GENERATE, "ci", "first-clear-token"));
    assert_true(ask(f, u, REGENERATE, "ci", "other-clear-token"));
    assert_false(accounts_has_session(f, STR("first-clear-token")));
    assert_true(accounts_has_session(f, STR("other-clear-token")));
    assert_true(all_of(f, u).items[0]->bypass_two_factor);
}

static void names_are_there_once_for_each_user(void **state)
{
    struct store_fixture *f = *state;
    const struct user *first = accounts_register(f, "first");
    const struct user *second = accounts_register(f, "second");
    assert_true(ask(f, first, GENERATE, "ci", "first-clear-token"));
    assert_false(ask(f, first, GENERATE, "ci", "other-clear-token"));
    assert_string_equal(f->err.type, "error-token-already-exists");
    assert_string_equal(f->err.text, "A token with this name already exists");
    assert_true(str_is(f->err.details, "{\"method\":\"personalAccessTokens:generateToken\"}"));
    assert_true(ask(f, second, GENERATE, "ci", "third-clear-token"));
}

static void what_is_not_there_cannot_be_changed(void **state)
{
    struct store_fixture *f = *state;
    const struct user *u = accounts_register(f, "first");
    assert_false(ask(f, u, REGENERATE, "ci", "clear-token"));
    assert_string_equal(f->err.type, "error-token-does-not-exists");
    assert_false(ask(f, u, REMOVE, "ci", ""));
    assert_string_equal(f->err.text, "Token does not exist");
    assert_false(ask(f, u, GENERATE, " ", "clear-token"));
    assert_string_equal(f->err.text, "The 'tokenName' param is required");
}

static bool forbid_tokens(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    permission_replace(tx, PERM_CREATE_PERSONAL_ACCESS_TOKENS, NULL, 0);
    return true;
}

static void the_permission_is_asked_for(void **state)
{
    struct store_fixture *f = *state;
    const struct user *u = accounts_register(f, "first");
    assert_true(fixture_write(f, forbid_tokens, NULL));
    assert_false(ask(f, u, GENERATE, "ci", "clear-token"));
    assert_string_equal(f->err.type, "not-authorized");
    assert_string_equal(f->err.text, "Not Authorized");
}

/* --- by secret --- */

struct creating {
    struct actor by;
    struct str user_id, secret;
    const char *right;
};

static bool apply_creating(struct tx *tx, void *arg, struct err *err)
{
    const struct creating *c = arg;
    return token_create_for(tx, &c->by, c->user_id, c->secret, c->right, STR("clear-token"), err);
}

static bool create(struct store_fixture *f, const struct user *by, const struct user *whom,
                   const char *secret, const char *right)
{
    struct creating c = {
        .by = accounts_actor(by), .user_id = whom->id, .secret = str_of(secret), .right = right};
    return fixture_write(f, apply_creating, &c);
}

static void a_session_by_secret_needs_the_secret_and_the_right(void **state)
{
    struct store_fixture *f = *state;
    const struct user *admin = accounts_register(f, "first");
    const struct user *plain = accounts_register(f, "second");
    assert_false(create(f, admin, plain, "", NULL));
    assert_false(create(f, admin, plain, "", ""));
    assert_false(create(f, admin, plain, "wrong", "secret"));
    assert_string_equal(f->err.type, "error-not-authorized");
    assert_string_equal(f->err.text, "Not authorized");
    assert_false(create(f, plain, admin, "secret", "secret"));
    assert_true(create(f, admin, plain, "secret", "secret"));
    assert_true(accounts_has_session(f, STR("clear-token")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, accounts_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_works_from_its_making_to_its_removal),
        TEST(regenerating_kills_the_old_value_and_keeps_the_flag),
        TEST(names_are_there_once_for_each_user),
        TEST(what_is_not_there_cannot_be_changed),
        TEST(the_permission_is_asked_for),
        TEST(a_session_by_secret_needs_the_secret_and_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
