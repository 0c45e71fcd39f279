/* What becomes of an answer, and what steps are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "deliver/outcome.h"

static int setup(void **state)
{
    static struct arena arena;
    digest_init();
    arena_init(&arena, SIZE_MAX);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static void the_first_row_that_fits_decides(void **state)
{
    static const struct {
        int status;
        enum script_word said;
        const char *body; /* application/json */
        bool retry_empty;
        enum verdict_kind verdict;
    } rows[] = {
        /* the script goes before everything, even a failure */
        {200, SCRIPT_SAID_CONTENT, "{\"text\":\"x\"}", false, VERDICT_POST_CONTENT},
        {410, SCRIPT_SAID_CONTENT, "x", false, VERDICT_POST_CONTENT},
        {404, SCRIPT_SAID_FALSE, "x", false, VERDICT_END},
        {500, SCRIPT_SAID_FALSE, "", true, VERDICT_END},
        /* statuses of their own, with a body or without */
        {410, SCRIPT_SAID_NOTHING, "x", false, VERDICT_GONE},
        {410, SCRIPT_SAID_NOTHING, "", false, VERDICT_GONE},
        {500, SCRIPT_SAID_NOTHING, "x", false, VERDICT_SERVER_ERROR},
        {500, SCRIPT_SAID_NOTHING, "", false, VERDICT_SERVER_ERROR},
        /* failures */
        {0, SCRIPT_SAID_NOTHING, "", false, VERDICT_FAILED},
        {199, SCRIPT_SAID_NOTHING, "x", false, VERDICT_FAILED},
        {300, SCRIPT_SAID_NOTHING, "{\"text\":\"x\"}", false, VERDICT_FAILED},
        {404, SCRIPT_SAID_NOTHING, "{\"text\":\"x\"}", false, VERDICT_FAILED},
        {429, SCRIPT_SAID_NOTHING, "", false, VERDICT_FAILED},
        {501, SCRIPT_SAID_NOTHING, "x", false, VERDICT_FAILED},
        {503, SCRIPT_SAID_NOTHING, "x", false, VERDICT_FAILED},
        /* replies */
        {200, SCRIPT_SAID_NOTHING, "{\"text\":\"x\"}", false, VERDICT_POST_REPLY},
        {201, SCRIPT_SAID_NOTHING, "{\"attachments\":[]}", false, VERDICT_POST_REPLY},
        {202, SCRIPT_SAID_NOTHING, "{\"text\":1}", true, VERDICT_POST_REPLY},
        {203, SCRIPT_SAID_NOTHING, "{\"text\":\"x\"}", false, VERDICT_DELIVERED},
        {299, SCRIPT_SAID_NOTHING, "{\"text\":\"x\"}", false, VERDICT_DELIVERED},
        {200, SCRIPT_SAID_NOTHING, "{\"text\":\"\"}", false, VERDICT_DELIVERED},
        {200, SCRIPT_SAID_NOTHING, "{\"msg\":\"x\"}", false, VERDICT_DELIVERED},
        {200, SCRIPT_SAID_NOTHING, "[\"text\"]", false, VERDICT_DELIVERED},
        {200, SCRIPT_SAID_NOTHING, "null", false, VERDICT_DELIVERED},
        {200, SCRIPT_SAID_NOTHING, "{text", false, VERDICT_DELIVERED},
        /* nothing is enough, unless the setting wants more */
        {200, SCRIPT_SAID_NOTHING, "", false, VERDICT_DELIVERED},
        {204, SCRIPT_SAID_NOTHING, "", false, VERDICT_DELIVERED},
        {204, SCRIPT_SAID_NOTHING, "", true, VERDICT_FAILED},
        {200, SCRIPT_SAID_NOTHING, "x", true, VERDICT_DELIVERED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str body = str_of(rows[i].body);
        struct answer_facts facts = {
            .status = rows[i].status,
            .empty = str_empty(body),
            .said = rows[i].said,
            .reply = answer_reply(*state, STR("application/json"), body),
            .retry_empty = rows[i].retry_empty,
        };
        if (answer_verdict(&facts) != rows[i].verdict)
            fail_msg("row %zu: %d %s", i, rows[i].status, rows[i].body);
    }
}

static void only_some_media_types_are_parsed(void **state)
{
    static const struct {
        const char *type;
        bool parsed;
    } rows[] = {
        {"application/json", true},
        {"application/json; charset=utf-8", true},
        {"Application/JSON ;x", true},
        {"text/javascript", true},
        {"application/javascript", true},
        {"application/x-javascript", true},
        {"application/problem+json", false},
        {"text/plain", false},
        {"text/html; application/json", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct json *reply = answer_reply(*state, str_of(rows[i].type), STR("{\"a\":1}"));
        assert_int_equal(reply != NULL, rows[i].parsed);
    }
}

static void a_script_says_false_content_or_nothing(void **state)
{
    static const struct {
        const char *result; /* NULL: undefined */
        enum script_word word;
        const char *content;
    } rows[] = {
        {NULL, SCRIPT_SAID_NOTHING, ""},
        {"null", SCRIPT_SAID_NOTHING, ""},
        {"0", SCRIPT_SAID_NOTHING, ""},
        {"\"\"", SCRIPT_SAID_NOTHING, ""},
        {"true", SCRIPT_SAID_NOTHING, ""},
        {"{}", SCRIPT_SAID_NOTHING, ""},
        {"{\"content\":null}", SCRIPT_SAID_NOTHING, ""},
        {"{\"content\":\"\"}", SCRIPT_SAID_NOTHING, ""},
        {"[{\"content\":\"x\"}]", SCRIPT_SAID_NOTHING, ""},
        {"false", SCRIPT_SAID_FALSE, ""},
        {"{\"content\":{\"text\":\"x\"}}", SCRIPT_SAID_CONTENT, "{\"text\":\"x\"}"},
        {"{\"content\":\"x\"}", SCRIPT_SAID_CONTENT, "{\"text\":\"x\"}"},
        {"{\"content\":7}", SCRIPT_SAID_CONTENT, "{\"text\":\"7\"}"},
        {"{\"content\":[1]}", SCRIPT_SAID_CONTENT, "{\"text\":\"[1]\"}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = rows[i].result;
        const struct json *result = text ? json_parse(*state, str_of(text)) : NULL, *content = NULL;
        assert_int_equal(response_word(*state, result, &content), rows[i].word);
        BUF(printed, 100);
        if (content != NULL)
            json_put(&printed, content);
        assert_string_equal(printed.ptr, rows[i].content);
    }
}

static void every_step_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < STEP_COUNT; i++) {
        assert_non_null(step_info((enum step)i)->name);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(step_info((enum step)i)->name, step_info((enum step)j)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_that_fits_decides),
        cmocka_unit_test(only_some_media_types_are_parsed),
        cmocka_unit_test(a_script_says_false_content_or_nothing),
        cmocka_unit_test(every_step_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests_name("outcome", tests, setup, teardown);
}
