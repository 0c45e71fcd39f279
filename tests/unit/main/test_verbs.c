/* What the command line asks of a store, as the JSON that goes over the socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/json.h"
#include "domain/password.h"
#include "domain/start.h"
#include "main/verbs.h"
#include "store/token.h"

#include "store_fixture.h"

enum { ANSWER_BYTES = 1024 * 1024 };

static bool seed(struct tx *tx, void *arg, struct err *err)
{
    return start_seed(tx, arg, err);
}

static int setup(void **state)
{
    assert_int_equal(fixture_setup(state), 0);
    struct start_options nothing = {.environment = NULL};
    struct store_fixture *f = *state;
    if (!fixture_write(f, seed, &nothing))
        fail_msg("no seed: %s", f->err.text);
    return 0;
}

static const struct json *ask(struct store_fixture *f, const char *request)
{
    BUF(answer, ANSWER_BYTES);
    verbs_serve(f->store, str_of(request), &answer);
    const struct json *json = json_parse(&f->arena, buf_str(&answer));
    assert_non_null(json);
    return json;
}

static const struct json *ask_well(struct store_fixture *f, const char *request)
{
    const struct json *answer = ask(f, request);
    if (!json_get_true(answer, "ok"))
        fail_msg("refused: %.*s", STR_FMT(json_get_str(answer, "error")));
    return answer;
}

static void assert_refused(struct store_fixture *f, const char *request, const char *why)
{
    const struct json *answer = ask(f, request);
    assert_false(json_get_true(answer, "ok"));
    struct str text = json_get_str(answer, "error");
    if (str_find(text, str_of(why)) == SIZE_MAX)
        fail_msg("not said: %s\nbut: %.*s", why, STR_FMT(text));
}

struct lookup {
    struct str username;
    struct str token_hash;
    struct user *user;
    struct token *token;
};

static bool look(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct lookup *lookup = arg;
    lookup->user = user_find_by_username(rd, lookup->username);
    lookup->token = token_find(rd, lookup->token_hash);
    return true;
}

static void ping_tells_the_version(void **state)
{
    const struct json *answer = ask_well(*state, "{\"verb\":\"ping\"}");
    assert_true(str_is(json_get_str(answer, "version"), GANTRY_VERSION));
}

static void what_is_no_known_verb_is_refused(void **state)
{
    assert_refused(*state, "{\"verb\":\"sing\"}", "does not know \"sing\"");
    assert_refused(*state, "{}", "does not know \"\"");
    assert_refused(*state, "", "does not know \"\"");
    assert_refused(*state, "[1,2]", "does not know \"\"");
}

static void a_user_is_added_and_can_log_in(void **state)
{
    struct store_fixture *f = *state;
    const struct json *answer =
        ask_well(f, "{\"verb\":\"user add\",\"username\":\"ann\",\"name\":\"Ann\","
                    "\"email\":\"ann@example.com\",\"password\":\"pass\",\"roles\":[\"bot\"]}");
    struct lookup lookup = {.username = STR("ann")};
    assert_true(fixture_read(f, look, &lookup));
    assert_non_null(lookup.user);
    assert_true(str_eq(lookup.user->id, json_get_str(answer, "userId")));
    assert_true(user_has_role(lookup.user, STR("bot")));
    assert_true(lookup.user->email_count == 1 && lookup.user->emails[0].verified);
    struct password password = password_of(STR("pass"));
    assert_true(password_verify(&password, lookup.user->password_hash));
}

static void a_password_may_come_as_its_digest(void **state)
{
    struct store_fixture *f = *state;
    struct password password = password_of(STR("secret"));
    BUF(request, ANSWER_BYTES);
    (void)buf_addf(&request,
                   "{\"verb\":\"user add\",\"username\":\"bob\","
                   "\"password\":{\"digest\":\"%s\",\"algorithm\":\"sha-256\"}}",
                   password.digest);
    (void)ask_well(f, request.ptr);
    struct lookup lookup = {.username = STR("bob")};
    assert_true(fixture_read(f, look, &lookup));
    assert_true(password_verify(&password, lookup.user->password_hash));
}

static void a_user_who_cannot_be_is_refused(void **state)
{
    struct store_fixture *f = *state;
    (void)ask_well(f, "{\"verb\":\"user add\",\"username\":\"twice\",\"password\":\"p\"}");
    assert_refused(f, "{\"verb\":\"user add\",\"username\":\"twice\",\"password\":\"p\"}",
                   "twice is already in use");
    assert_refused(f, "{\"verb\":\"user add\",\"username\":\"x\"}", "The password is missing");
    assert_refused(f,
                   "{\"verb\":\"user add\",\"username\":\"x\",\"password\":\"p\","
                   "\"roles\":[\"king\"]}",
                   "There is no role \"king\"");
    assert_refused(f, "{\"verb\":\"user add\",\"username\":\"x\",\"password\":\"p\",\"roles\":[7]}",
                   "There is no role");
    assert_refused(f, "{\"verb\":\"user add\",\"username\":\"x\",\"password\":\"p\",\"roles\":7}",
                   "list");
    assert_refused(f, "{\"verb\":\"user add\",\"username\":\"x y\",\"password\":\"p\"}", "x y");
}

static void users_are_listed_page_by_page(void **state)
{
    struct store_fixture *f = *state;
    (void)ask_well(f, "{\"verb\":\"user add\",\"username\":\"zoe\",\"password\":\"p\"}");
    const struct json *answer = ask_well(f, "{\"verb\":\"user list\",\"offset\":0}");
    const struct json *users = json_get_lit(answer, "users");
    size_t count = users->items.count;
    assert_true(count >= 2);
    assert_int_equal((int64_t)json_get_lit(answer, "total")->number, count);
    assert_true(str_is(json_get_str(users->items.last, "username"), "zoe"));
    answer = ask_well(f, "{\"verb\":\"user list\",\"offset\":1}");
    assert_int_equal(json_get_lit(answer, "users")->items.count, count - 1);
    answer = ask_well(f, "{\"verb\":\"user list\",\"offset\":1000}");
    assert_int_equal(json_get_lit(answer, "users")->items.count, 0);
}

static void a_token_is_shown_once_and_kept_as_its_hash(void **state)
{
    struct store_fixture *f = *state;
    (void)ask_well(f, "{\"verb\":\"user add\",\"username\":\"tom\",\"password\":\"p\"}");
    const struct json *answer =
        ask_well(f, "{\"verb\":\"token create\",\"user\":\"tom\",\"name\":\"backup\"}");
    struct str token = json_get_str(answer, "token");
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(token, hash);
    struct lookup lookup = {.username = STR("tom"), .token_hash = str_of(hash)};
    assert_true(fixture_read(f, look, &lookup));
    assert_non_null(lookup.token);
    assert_true(lookup.token->personal);
    assert_true(str_is(lookup.token->name, "backup"));
    assert_true(str_ends(token, lookup.token->last_part));
    assert_true(str_eq(lookup.token->user_id, json_get_str(answer, "userId")));
    assert_refused(f, "{\"verb\":\"token create\",\"user\":\"tom\",\"name\":\"backup\"}",
                   "has a token named \"backup\" already");
}

static void a_token_without_a_name_gets_one(void **state)
{
    struct store_fixture *f = *state;
    (void)ask_well(f, "{\"verb\":\"user add\",\"username\":\"tim\",\"password\":\"p\"}");
    const struct json *first = ask_well(f, "{\"verb\":\"token create\",\"user\":\"tim\"}");
    const struct json *second = ask_well(f, "{\"verb\":\"token create\",\"user\":\"tim\"}");
    assert_true(str_starts(json_get_str(first, "name"), STR("command line ")));
    assert_false(str_eq(json_get_str(first, "token"), json_get_str(second, "token")));
}

static void a_token_for_nobody_is_refused(void **state)
{
    assert_refused(*state, "{\"verb\":\"token create\",\"user\":\"nobody\"}",
                   "There is no user \"nobody\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_tells_the_version),
        cmocka_unit_test(what_is_no_known_verb_is_refused),
        cmocka_unit_test(a_user_is_added_and_can_log_in),
        cmocka_unit_test(a_password_may_come_as_its_digest),
        cmocka_unit_test(a_user_who_cannot_be_is_refused),
        cmocka_unit_test(users_are_listed_page_by_page),
        cmocka_unit_test(a_token_is_shown_once_and_kept_as_its_hash),
        cmocka_unit_test(a_token_without_a_name_gets_one),
        cmocka_unit_test(a_token_for_nobody_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
