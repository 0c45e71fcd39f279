/* Logging in, step by step as a request does it, and what becomes of the sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

#include "accounts.h"
#include "base/clock.h"
#include "base/id.h"
#include "domain/login.h"
#include "store/catalog.h"
#include "store/token.h"

static const int64_t minute_ms = 60000;

static struct login_guard *guard;
static struct str right_hash;

/* "cat" with the password "right", and the clocks held. */
static int set_up(void **state)
{
    int failed = accounts_setup(state);
    struct store_fixture *f = *state;
    struct password right = password_of(STR("right"));
    static char hash[PASSWORD_HASH_BYTES];
    if (hash[0] == '\0')
        assert_true(password_hash(&right, hash));
    right_hash = str_of(hash);
    struct making m = {.draft = {.username = STR("cat"),
                                 .name = STR("Cat"),
                                 .email = STR("cat@example.org"),
                                 .password_hash = right_hash}};
    assert_true(fixture_write(f, accounts_apply_making, &m));
    guard = login_guard_new(100);
    clock_hold(1704895972201, 1000);
    return failed;
}

static int tear_down(void **state)
{
    clock_release();
    login_guard_free(guard);
    return fixture_teardown(state);
}

static bool ask_find(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    login_find(rd, arg);
    return true;
}

static bool apply_finish(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    login_finish(tx, arg);
    return true;
}

static struct login begin_from(struct store_fixture *f, const char *body, const char *address)
{
    struct login login;
    login_begin(&login, store_catalog(f->store), guard, json_parse(&f->arena, str_of(body)),
                str_of(address), &f->arena);
    return login;
}

static enum login_result end(struct store_fixture *f, struct login *login)
{
    assert_true(fixture_read(f, ask_find, login));
    login_check(login, &f->arena);
    assert_true(fixture_write(f, apply_finish, login));
    return login->result;
}

static enum login_result log_in(struct store_fixture *f, const char *body)
{
    struct login login = begin_from(f, body, "10.0.0.1");
    return end(f, &login);
}

#define RIGHT "{\"user\":\"cat\",\"password\":\"right\"}"
#define WRONG "{\"user\":\"cat\",\"password\":\"wrong\"}"

/* --- forms --- */

static void every_form_of_the_right_password_lets_in(void **state)
{
    static const char *const bodies[] = {
        RIGHT,
        "{\"user\":\"CAT\",\"password\":\"right\"}",
        "{\"user\":\"Cat@Example.org\",\"password\":\"right\"}",
        "{\"username\":\"cat\",\"password\":\"right\"}",
        "{\"email\":\"cat@example.org\",\"password\":\"right\"}",
        "{\"user\":{\"username\":\"cat\"},\"password\":\"right\"}",
        "{\"user\":{\"email\":\"cat@example.org\"},\"password\":\"right\",\"code\":\"1\"}",
        "{\"user\":\"cat\",\"username\":\"nobody\",\"password\":\"right\"}",
    };
    struct store_fixture *f = *state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (log_in(f, bodies[i]) != LOGIN_OK)
            fail_msg("%s", bodies[i]);
    }
}

static struct str with_digest(struct arena *arena, const char *plain)
{
    struct password password = password_of(str_of(plain));
    return arena_fmt(
        arena, "{\"user\":\"cat\",\"password\":{\"digest\":\"%s\",\"algorithm\":\"sha-256\"}}",
        password.digest);
}

static void a_digest_serves_as_the_password(void **state)
{
    struct store_fixture *f = *state;
    assert_int_equal(log_in(f, with_digest(&f->arena, "right").ptr), LOGIN_OK);
    assert_int_equal(log_in(f, with_digest(&f->arena, "wrong").ptr), LOGIN_WRONG);
}

static void what_is_not_understood_is_said_to_be_so(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "{\"user\":\"cat\"}",
        "{\"password\":\"right\"}",
        "{\"user\":7,\"password\":\"right\"}",
        "{\"ldap\":true,\"ldapPass\":\"x\"}",
    };
    struct store_fixture *f = *state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (log_in(f, bodies[i]) != LOGIN_UNRECOGNISED)
            fail_msg("%s", bodies[i]);
    }
}

static void wrong_and_unknown_look_the_same(void **state)
{
    struct store_fixture *f = *state;
    assert_int_equal(log_in(f, WRONG), LOGIN_WRONG);
    assert_int_equal(log_in(f, "{\"user\":\"dog\",\"password\":\"right\"}"), LOGIN_WRONG);
    assert_int_equal(log_in(f, "{\"user\":\"cat\",\"password\":{\"x\":1}}"), LOGIN_WRONG);
    assert_int_equal(log_in(f, "{\"user\":\"cat\",\"password\":null}"), LOGIN_WRONG);
}

/* --- sessions --- */

static void a_login_makes_a_session_and_notes_the_moment(void **state)
{
    struct store_fixture *f = *state;
    struct login login = begin_from(f, RIGHT, "10.0.0.1");
    assert_int_equal(end(f, &login), LOGIN_OK);
    assert_int_equal(login.token.len, ID_TOKEN_LEN);
    assert_true(accounts_has_session(f, login.token));
    assert_int_equal(accounts_find(f, login.user_id)->last_login_ms, clock_wall_ms());
}

static void a_session_can_be_resumed_until_it_expires(void **state)
{
    struct store_fixture *f = *state;
    struct login login = begin_from(f, RIGHT, "10.0.0.1");
    assert_int_equal(end(f, &login), LOGIN_OK);
    struct str body = arena_fmt(&f->arena, "{\"resume\":\"%.*s\"}", STR_FMT(login.token));

    struct login resumed = begin_from(f, body.ptr, "10.0.0.1");
    assert_int_equal(end(f, &resumed), LOGIN_OK);
    assert_true(str_eq(resumed.token, login.token));
    assert_int_equal(log_in(f, "{\"resume\":\"nonsense\"}"), LOGIN_LOGGED_OUT);
    clock_advance(minute_ms * 60 * 24 * 91);
    assert_int_equal(log_in(f, body.ptr), LOGIN_EXPIRED);
}

static void only_the_newest_sessions_are_kept(void **state)
{
    struct store_fixture *f = *state;
    struct login first = begin_from(f, RIGHT, "10.0.0.1");
    assert_int_equal(end(f, &first), LOGIN_OK);
    for (int i = 1; i < TOKENS_PER_USER; i++) {
        struct login next = begin_from(f, RIGHT, "10.0.0.1");
        assert_true(fixture_read(f, ask_find, &next));
        next.token = id_token(&f->arena);
        assert_true(fixture_write(f, apply_finish, &next));
        assert_int_equal(next.result, LOGIN_OK);
    }
    assert_true(accounts_has_session(f, first.token));
    assert_int_equal(log_in(f, RIGHT), LOGIN_OK);
    assert_false(accounts_has_session(f, first.token));
}

static bool deactivate(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct user *u = user_find_by_username(tx_rd(tx), STR("cat"));
    u->active = *(const bool *)arg;
    user_save(tx, u);
    return true;
}

static void a_deactivated_account_is_told_so_after_the_right_password_only(void **state)
{
    struct store_fixture *f = *state;
    bool active = false;
    assert_true(fixture_write(f, deactivate, &active));
    assert_int_equal(log_in(f, RIGHT), LOGIN_INACTIVE);
    assert_int_equal(log_in(f, WRONG), LOGIN_WRONG);
}

static void what_changes_on_the_way_counts(void **state)
{
    struct store_fixture *f = *state;
    struct login login = begin_from(f, RIGHT, "10.0.0.1");
    assert_true(fixture_read(f, ask_find, &login));
    login_check(&login, &f->arena);
    bool active = false;
    assert_true(fixture_write(f, deactivate, &active));
    assert_true(fixture_write(f, apply_finish, &login));
    assert_int_equal(login.result, LOGIN_INACTIVE);
}

static void an_address_may_have_to_be_verified(void **state)
{
    struct store_fixture *f = *state;
    assert_non_null(accounts_register(f, "dog")); /* not the administrator */
    accounts_set(f, SETTING_ACCOUNTS_EMAILVERIFICATION, "true");
    assert_int_equal(log_in(f, RIGHT), LOGIN_OK);
    struct login dog = begin_from(f, "{\"user\":\"dog\",\"password\":\"x\"}", "10.0.0.1");
    assert_true(fixture_read(f, ask_find, &dog));
    assert_true(fixture_write(f, apply_finish, &dog));
    assert_int_equal(dog.result, LOGIN_UNVERIFIED);
}

/* --- blocking --- */

static void ten_failures_block_the_user_for_five_minutes(void **state)
{
    struct store_fixture *f = *state;
    for (int i = 0; i < 10; i++) {
        clock_advance(1);
        assert_int_equal(log_in(f, WRONG), LOGIN_WRONG);
    }
    clock_advance(1);
    assert_int_equal(log_in(f, RIGHT), LOGIN_BLOCKED_USER);
    clock_advance(5 * minute_ms);
    assert_int_equal(log_in(f, RIGHT), LOGIN_OK);
    clock_advance(1);
    assert_int_equal(log_in(f, WRONG), LOGIN_WRONG);
}

static void the_time_of_a_block_may_be_a_part_of_a_minute(void **state)
{
    struct store_fixture *f = *state;
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ATTEMPTS_UNTIL_BLOCK_BY_USER, "\"2\"");
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_TIME_TO_UNBLOCK_BY_USER_IN_MINUTES,
                 "0.05");
    log_in(f, WRONG);
    log_in(f, WRONG);
    clock_advance(2999);
    assert_int_equal(log_in(f, RIGHT), LOGIN_BLOCKED_USER);
    clock_advance(3000);
    assert_int_equal(log_in(f, RIGHT), LOGIN_OK);
}

static void attempts_that_began_together_are_all_evaluated(void **state)
{
    struct store_fixture *f = *state;
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ATTEMPTS_UNTIL_BLOCK_BY_USER, "2");
    struct login logins[4];
    for (int i = 0; i < 4; i++)
        logins[i] = begin_from(f, WRONG, "10.0.0.1");
    clock_advance(1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(end(f, &logins[i]), LOGIN_WRONG);
    clock_advance(1);
    assert_int_equal(log_in(f, WRONG), LOGIN_BLOCKED_USER);
}

static void an_address_is_blocked_whoever_is_tried(void **state)
{
    struct store_fixture *f = *state;
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ATTEMPTS_UNTIL_BLOCK_BY_IP, "3");
    for (int i = 0; i < 3; i++)
        assert_int_equal(log_in(f, "{\"user\":\"dog\",\"password\":\"x\"}"), LOGIN_WRONG);
    clock_advance(1);
    assert_int_equal(log_in(f, RIGHT), LOGIN_BLOCKED_ADDRESS);
    struct login elsewhere = begin_from(f, RIGHT, "10.0.0.2");
    assert_int_equal(end(f, &elsewhere), LOGIN_OK);
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_IP_WHITELIST, "\"10.9.9.9, 10.0.0.1\"");
    assert_int_equal(log_in(f, RIGHT), LOGIN_OK);
}

static void blocking_can_be_switched_off(void **state)
{
    struct store_fixture *f = *state;
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ATTEMPTS_UNTIL_BLOCK_BY_USER, "1");
    log_in(f, WRONG);
    clock_advance(1);
    assert_int_equal(log_in(f, RIGHT), LOGIN_BLOCKED_USER);
    accounts_set(f, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_BY_USER, "false");
    assert_int_equal(log_in(f, RIGHT), LOGIN_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_of_the_right_password_lets_in),
        TEST(a_digest_serves_as_the_password),
        TEST(what_is_not_understood_is_said_to_be_so),
        TEST(wrong_and_unknown_look_the_same),
        TEST(a_login_makes_a_session_and_notes_the_moment),
        TEST(a_session_can_be_resumed_until_it_expires),
        TEST(only_the_newest_sessions_are_kept),
        TEST(a_deactivated_account_is_told_so_after_the_right_password_only),
        TEST(what_changes_on_the_way_counts),
        TEST(an_address_may_have_to_be_verified),
        TEST(ten_failures_block_the_user_for_five_minutes),
        TEST(the_time_of_a_block_may_be_a_part_of_a_minute),
        TEST(attempts_that_began_together_are_all_evaluated),
        TEST(an_address_is_blocked_whoever_is_tried),
        TEST(blocking_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
