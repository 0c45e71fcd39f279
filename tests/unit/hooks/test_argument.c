/* What methods of scripts are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hooks/argument.h"

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, SIZE_MAX);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static const char *text_of(struct arena *a, const struct json *value)
{
    BUF(out, 1 << 20);
    json_put(&out, value);
    return arena_cstr(a, buf_str(&out));
}

/* --- the incoming request --- */

static struct json *request_with(struct arena *a, const char *path, const char *query)
{
    struct incoming_request request = {.path = str_of(path),
                                       .query = str_of(query),
                                       .id = STR("i"),
                                       .token = STR("t"),
                                       .content = json_parse(a, STR("{\"n\":1}")),
                                       .content_raw = STR("raw"),
                                       .headers = STR("{\"a\":\"b\"}"),
                                       .user_id = STR("u"),
                                       .username = STR("name")};
    BUF(out, 1 << 16);
    assert_true(incoming_request_put(&out, a, &request));
    struct json *tree = json_parse(a, buf_str(&out));
    assert_non_null(tree);
    return tree;
}

static void a_request_has_its_members(void **state)
{
    const struct json *request = request_with(*state, "/hooks/i/t", "");
    assert_string_equal(
        text_of(*state, request),
        "{\"url\":{\"hash\":\"\",\"search\":\"\",\"query\":{},\"pathname\":\"/hooks/i/t\","
        "\"path\":\"/hooks/i/t\"},\"url_raw\":\"/hooks/i/t\",\"url_params\":{\"integrationId\":"
        "\"i\",\"token\":\"t\"},\"content\":{\"n\":1},\"content_raw\":\"raw\",\"headers\":{\"a\":"
        "\"b\"},\"body\":{\"n\":1},\"user\":{\"_id\":\"u\",\"name\":\"\",\"username\":\"name\"}}");
}

static void a_query_is_flat_and_repeated_names_are_lists(void **state)
{
    static const char *const rows[][2] = {
        {"a=1", "{\"a\":\"1\"}"},
        {"a=1&a=2&b=%41+x", "{\"a\":[\"1\",\"2\"],\"b\":\"A x\"}"},
        {"a[b]=1&a", "{\"a[b]\":\"1\",\"a\":\"\"}"},
        {"a=1&b=2&a=3&b=4", "{\"a\":[\"1\",\"3\"],\"b\":[\"2\",\"4\"]}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct json *url = json_get_lit(request_with(*state, "/p", rows[i][0]), "url");
        assert_string_equal(text_of(*state, json_get_lit(url, "query")), rows[i][1]);
        struct str search = json_get_str(url, "search");
        assert_true(search.ptr[0] == '?' && str_is(str_after(search, 1), rows[i][0]));
    }
}

static void what_does_not_fit_is_told(void **state)
{
    struct incoming_request request = {.content = json_object(*state), .headers = STR("{}")};
    BUF(out, 20);
    assert_false(incoming_request_put(&out, *state, &request));
}

/* --- headers --- */

static bool is_b(struct str lower_name, const void *arg)
{
    (void)arg;
    return str_is(lower_name, "b");
}

static void headers_are_joined_lowered_and_hidden(void **state)
{
    const struct http_header headers[] = {{STR_INIT("A"), STR_INIT("1")},
                                          {STR_INIT("B"), STR_INIT("2")},
                                          {STR_INIT("a"), STR_INIT("3")}};
    struct http_request rq = {.headers = headers, .header_count = 3};
    struct str all = request_headers(&rq, NULL, NULL, *state);
    assert_true(str_is(all, "{\"a\":\"1, 3\",\"b\":\"2\"}"));
    all = request_headers(&rq, is_b, NULL, *state);
    assert_true(str_is(all, "{\"a\":\"1, 3\",\"b\":\"***\"}"));
}

/* --- moments --- */

static void moments_become_milliseconds_and_their_paths_are_told(void **state)
{
    struct json *argument =
        json_parse(*state, STR("{\"request\":{\"data\":{\"timestamp\":\"1970-01-01T00:00:01Z\","
                               "\"message\":{\"ts\":5,\"editedAt\":\"never\"},\"user\":null}}}"));
    struct str paths = outgoing_moments(argument, *state);
    assert_true(str_is(paths, "[[\"request\",\"data\",\"timestamp\"],"
                              "[\"request\",\"data\",\"message\",\"ts\"]]"));
    assert_string_equal(text_of(*state, argument),
                        "{\"request\":{\"data\":{\"timestamp\":1000,\"message\":{\"ts\":5,"
                        "\"editedAt\":\"never\"},\"user\":null}}}");
}

static void without_moments_there_are_no_paths(void **state)
{
    assert_true(str_empty(outgoing_moments(json_parse(*state, STR("{\"request\":{}}")), *state)));
    assert_true(str_empty(outgoing_moments(json_parse(*state, STR("{}")), *state)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_has_its_members),
        TEST(a_query_is_flat_and_repeated_names_are_lists),
        TEST(what_does_not_fit_is_told),
        TEST(headers_are_joined_lowered_and_hidden),
        TEST(moments_become_milliseconds_and_their_paths_are_told),
        TEST(without_moments_there_are_no_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
