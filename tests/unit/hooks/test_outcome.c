/* What the end of a run means, and what is kept of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hooks/outcome.h"

struct desk {
    struct arena arena;
    struct script_run run;
};

static int setup(void **state)
{
    static struct desk d;
    d = (struct desk){.run = {.method = "process_incoming_request"}};
    arena_init(&d.arena, SIZE_MAX);
    d.run.arena = &d.arena;
    *state = &d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    arena_release(&d->arena);
    return 0;
}

static struct script_word understand(struct desk *d, const char *result, const char *received)
{
    d->run.end = SCRIPT_RETURNED;
    d->run.result = str_of(result);
    return script_understand(&d->run, json_parse(&d->arena, str_of(received)));
}

static void assert_text(struct desk *d, const struct json *value, const char *text)
{
    BUF(out, 1 << 16);
    json_put(&out, value);
    assert_string_equal(arena_cstr(&d->arena, buf_str(&out)), text);
}

/* --- results --- */

static void what_is_falsy_posts_nothing(void **state)
{
    const char *const falsy[] = {"", "null", "false", "0", "\"\""};
    for (size_t i = 0; i < sizeof(falsy) / sizeof(falsy[0]); i++)
        assert_int_equal(understand(*state, falsy[i], "{}").says, SCRIPT_SAYS_NOTHING);
}

static void what_makes_no_sense_becomes_a_failure(void **state)
{
    struct desk *d = *state;
    const char *const odd[] = {"true",
                               "7",
                               "\"x\"",
                               "[]",
                               "{\"text\":\"\"}",
                               "{}",
                               "{\"content\":null}",
                               "{\"content\":[]}"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct script_word word = understand(d, odd[i], "{}");
        assert_int_equal(word.says, SCRIPT_SAYS_WRONG);
        assert_int_equal(word.status, 400);
        assert_string_equal(word.code, "error-running-script");
        assert_int_equal(d->run.end, SCRIPT_FAILED);
        assert_false(str_empty(d->run.error.message));
    }
}

static void an_error_goes_before_a_content(void **state)
{
    struct script_word word = understand(*state, "{\"content\":{},\"error\":{\"a\":1}}", "{}");
    assert_int_equal(word.says, SCRIPT_SAYS_REFUSE);
    assert_text(*state, word.error, "{\"a\":1}");
}

static void a_content_inherits_separate_answers_from_an_exact_true(void **state)
{
    static const struct {
        const char *result, *received, *content;
    } rows[] = {
        {"{\"content\":{}}", "{\"separateResponse\":true}", "{\"separateResponse\":true}"},
        {"{\"content\":{}}", "{\"separateResponse\":1}", "{\"separateResponse\":false}"},
        {"{\"content\":{}}", "{}", "{\"separateResponse\":false}"},
        {"{\"content\":{\"separateResponse\":null}}", "{\"separateResponse\":true}",
         "{\"separateResponse\":null}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct script_word word = understand(*state, rows[i].result, rows[i].received);
        assert_int_equal(word.says, SCRIPT_SAYS_POST);
        assert_text(*state, word.content, rows[i].content);
    }
}

static void other_members_count_only_as_objects(void **state)
{
    struct script_word word =
        understand(*state, "{\"content\":{},\"response\":\"x\",\"user\":[1]}", "{}");
    assert_null(word.response);
    assert_null(word.user);
    word = understand(*state, "{\"content\":{},\"response\":{},\"user\":{}}", "{}");
    assert_non_null(word.response);
    assert_non_null(word.user);
}

static void each_end_has_its_answer(void **state)
{
    struct desk *d = *state;
    static const struct {
        enum script_end end;
        int status;
        const char *code;
    } rows[] = {
        {SCRIPT_BAD, 400, "error-evaluating-script"},
        {SCRIPT_FAILED, 400, "error-running-script"},
        {SCRIPT_SUSPENDED, 503, "error-script-suspended"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        d->run.end = rows[i].end;
        d->run.retry_after_s = 17;
        struct script_word word = script_understand(&d->run, NULL);
        assert_int_equal(word.status, rows[i].status);
        assert_string_equal(word.code, rows[i].code);
        assert_int_equal(word.retry_after_s, 17);
    }
    d->run.end = SCRIPT_NO_METHOD;
    assert_int_equal(script_understand(&d->run, NULL).says, SCRIPT_SAYS_NOTHING);
    d->run.end = SCRIPT_REFUSED;
    d->run.retry_after_s = 0;
    assert_int_equal(script_understand(&d->run, NULL).status, 503);
    assert_int_equal(script_understand(&d->run, NULL).retry_after_s, 1);
}

/* --- answers --- */

static void assert_answer(struct desk *d, const struct script_word *word, const char *text)
{
    BUF(out, 1 << 16);
    script_word_put(&out, word);
    assert_string_equal(arena_cstr(&d->arena, buf_str(&out)), text);
}

static void a_refusal_is_told_as_the_script_gave_it(void **state)
{
    static const char *const rows[][2] = {
        {"\"no\"", "{\"success\":false,\"error\":\"no\"}"},
        {"{\"success\":true,\"a\":1}", "{\"success\":false,\"a\":1}"},
        {"{\"a\":1,\"success\":1,\"success\":2}", "{\"a\":1,\"success\":false}"},
        {"{\"a\":1}", "{\"a\":1,\"success\":false}"},
        {"{}", "{\"success\":false}"},
        {"true", "{\"success\":false,\"error\":true}"},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct script_word word = {.says = SCRIPT_SAYS_REFUSE,
                                   .status = 400,
                                   .error = json_parse(&d->arena, str_of(rows[i][0]))};
        assert_answer(d, &word, rows[i][1]);
    }
}

static void a_failure_is_told_by_its_code_alone(void **state)
{
    struct script_word word = {.says = SCRIPT_SAYS_WRONG, .status = 400, .code = "a-code"};
    assert_answer(*state, &word, "{\"success\":false,\"error\":\"a-code\"}");
}

/* --- what is kept --- */

static struct json *kept(struct desk *d, size_t console_bytes)
{
    BUF(out, 1 << 20);
    struct json_out o = json_begin(&out, '{');
    script_run_put_members(&o, &d->arena, &d->run, console_bytes);
    json_end(&o);
    return json_parse(&d->arena, buf_str(&out));
}

static void an_error_is_kept_with_its_place(void **state)
{
    struct desk *d = *state;
    d->run.end = SCRIPT_FAILED;
    d->run.error = (struct script_error){.name = STR("TypeError"),
                                         .message = STR("m\"m"),
                                         .stack = STR("at x"),
                                         .line = 3,
                                         .column = 7};
    const struct json *told = kept(d, 100);
    assert_true(str_is(json_get_str(told, "ended"), "failed"));
    assert_text(d, json_get_lit(told, "error"),
                "{\"name\":\"TypeError\",\"message\":\"m\\\"m\",\"line\":3,\"column\":7,"
                "\"stack\":\"at x\"}");
}

static void as_many_lines_are_kept_as_fit(void **state)
{
    struct desk *d = *state;
    d->run.end = SCRIPT_RETURNED;
    d->run.console = STR("[[\"log\",\"one\"],[\"log\",\"two\"],[\"log\",\"three\"]]");
    const struct json *told = kept(d, 1000);
    assert_int_equal(json_get_lit(told, "console")->items.count, 3);
    assert_null(json_get_lit(told, "consoleCut"));
    told = kept(d, 40);
    assert_int_equal(json_get_lit(told, "console")->items.count, 2);
    assert_true(json_get_true(told, "consoleCut"));
    told = kept(d, 5);
    assert_int_equal(json_get_lit(told, "console")->items.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_falsy_posts_nothing),
        TEST(what_makes_no_sense_becomes_a_failure),
        TEST(an_error_goes_before_a_content),
        TEST(a_content_inherits_separate_answers_from_an_exact_true),
        TEST(other_members_count_only_as_objects),
        TEST(each_end_has_its_answer),
        TEST(a_refusal_is_told_as_the_script_gave_it),
        TEST(a_failure_is_told_by_its_code_alone),
        TEST(an_error_is_kept_with_its_place),
        TEST(as_many_lines_are_kept_as_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
