/* The request of a delivery: what scripts get, what their results mean, and signatures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "deliver/request.h"

#define AGENT                                                                                      \
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 "   \
    "Safari/537.36"

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

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str assert_actual = (actual);                                                       \
        assert_int_equal(assert_actual.len, strlen(expected));                                     \
        assert_memory_equal(assert_actual.ptr, (expected), assert_actual.len);                     \
    } while (0)

/* The header's value; how many there are must be one, or none. */
static struct str header(const struct request *rq, const char *name)
{
    struct str found = {0};
    int count = 0;
    for (size_t i = 0; i < rq->header_count; i++) {
        if (str_eq_nocase(rq->headers[i].name, str_of(name))) {
            found = rq->headers[i].value;
            count++;
        }
    }
    assert_true(count <= 1);
    return found;
}

/* --- the usual request --- */

static void the_usual_request_posts_the_payload(void **state)
{
    (void)state;
    struct request rq;
    request_default(&rq, STR("https://hook.example/x"), STR("{\"a\":1}"));
    assert_str(rq.method, "POST");
    assert_str(rq.url, "https://hook.example/x");
    assert_str(rq.body, "{\"a\":1}");
    assert_true(rq.has_body);
    assert_int_equal(rq.header_count, 2);
    assert_str(header(&rq, "User-Agent"), AGENT);
    assert_str(header(&rq, "Content-Type"), "application/json");
}

static void scripts_get_the_usual_request_as_an_object(void **state)
{
    assert_str(request_argument(*state, STR("https://h.example"), STR("{\"bot\":false}")),
               "{\"params\":{},\"method\":\"POST\",\"url\":\"https://h.example\",\"data\":"
               "{\"bot\":false},\"headers\":{\"User-Agent\":\"" AGENT "\"}}");
}

static void moments_reach_scripts_as_numbers_with_their_paths(void **state)
{
    struct str dates;
    struct str argument = request_script_argument(
        *state,
        STR("{\"data\":{\"text\":\"2026-01-02T03:04:05.000Z\",\"timestamp\":"
            "\"2026-01-02T03:04:05.000Z\",\"room\":{\"ts\":\"2026-01-02T03:04:05.001Z\","
            "\"lastMessage\":{\"ts\":\"2026-01-02T03:04:05.002Z\"}}}}"),
        STR("{\"status_code\":200}"), &dates);
    assert_str(argument,
               "{\"request\":{\"data\":{\"text\":\"2026-01-02T03:04:05.000Z\",\"timestamp\":"
               "1767323045000,\"room\":{\"ts\":1767323045001,\"lastMessage\":"
               "{\"ts\":1767323045002}}}},\"response\":{\"status_code\":200}}");
    assert_str(dates, "[[\"request\",\"data\",\"timestamp\"],[\"request\",\"data\",\"room\",\"ts\"]"
                      ",[\"request\",\"data\",\"room\",\"lastMessage\",\"ts\"]]");
}

static void an_answer_is_text_and_headers_to_scripts(void **state)
{
    struct client_header headers[] = {{STR("content-type"), STR("text/plain")},
                                      {STR("x-a"), STR("\"1\"")}};
    struct exchange x = {
        .status = 404, .answer = STR("n\xff"), .answer_headers = headers, .answer_header_count = 2};
    assert_str(request_response(*state, &x),
               "{\"error\":null,\"status_code\":404,\"content\":\"n\xef\xbf\xbd\",\"content_raw\":"
               "\"n\xef\xbf\xbd\",\"headers\":{\"content-type\":\"text/plain\",\"x-a\":\"\\\"1\\\""
               "\"}}");
}

/* --- what prepare returns --- */

static void the_result_of_prepare_has_a_meaning(void **state)
{
    static const struct {
        const char *result; /* NULL: undefined */
        enum prepared meaning;
        const char *message;
    } rows[] = {
        {NULL, PREPARED_CANCELLED, ""},
        {"null", PREPARED_CANCELLED, ""},
        {"false", PREPARED_CANCELLED, ""},
        {"0", PREPARED_CANCELLED, ""},
        {"\"\"", PREPARED_CANCELLED, ""},
        {"true", PREPARED_NO_TARGET, ""},
        {"{}", PREPARED_NO_TARGET, ""},
        {"{\"url\":\"http://x\"}", PREPARED_NO_TARGET, ""},
        {"{\"method\":\"GET\"}", PREPARED_NO_TARGET, ""},
        {"{\"url\":\"http://x\",\"method\":\"\"}", PREPARED_NO_TARGET, ""},
        {"{\"url\":\"http://x\",\"method\":\"GET\"}", PREPARED_CALL, ""},
        {"{\"message\":{\"text\":\"m\"}}", PREPARED_NO_TARGET, "{\"text\":\"m\"}"},
        {"{\"message\":\"m\"}", PREPARED_NO_TARGET, "{\"text\":\"m\"}"},
        {"{\"message\":\"\"}", PREPARED_NO_TARGET, ""},
        {"{\"message\":\"m\",\"url\":\"u\",\"method\":\"GET\"}", PREPARED_CALL, "{\"text\":\"m\"}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = rows[i].result;
        const struct json *result = text ? json_parse(*state, str_of(text)) : NULL, *message;
        assert_int_equal(request_prepared(*state, result, &message), rows[i].meaning);
        BUF(printed, 100);
        if (message != NULL)
            json_put(&printed, message);
        assert_string_equal(printed.ptr, rows[i].message);
    }
}

static struct request custom(void **state, const char *opts)
{
    struct request rq;
    struct err err = ERR_NONE;
    assert_true(request_custom(*state, &rq, json_parse(*state, str_of(opts)), &err));
    return rq;
}

static void what_a_script_returns_replaces_everything(void **state)
{
    struct request rq = custom(state, "{\"url\":\"http://x/y\",\"method\":\"PUT\"}");
    assert_str(rq.method, "PUT");
    assert_str(rq.url, "http://x/y");
    assert_false(rq.has_body);
    assert_int_equal(rq.header_count, 0);
    assert_int_equal(rq.timeout_ms, 0);
    assert_str(rq.data, "");
}

static void data_becomes_the_body(void **state)
{
    static const struct {
        const char *opts, *body;
        bool has_body;
        const char *data;
    } rows[] = {
        {"{\"method\":\"POST\",\"url\":\"u\",\"data\":{\"b\":[1,null]}}", "{\"b\":[1,null]}", true,
         "{\"b\":[1,null]}"},
        {"{\"method\":\"PATCH\",\"url\":\"u\",\"data\":{}}", "{}", true, "{}"},
        {"{\"method\":\"DELETE\",\"url\":\"u\",\"data\":[1]}", "[1]", true, "[1]"},
        {"{\"method\":\"POST\",\"url\":\"u\",\"data\":\"a=b\"}", "a=b", true, "\"a=b\""},
        {"{\"method\":\"POST\",\"url\":\"u\",\"data\":\"\"}", "", false, ""},
        {"{\"method\":\"POST\",\"url\":\"u\",\"data\":0}", "", false, ""},
        {"{\"method\":\"POST\",\"url\":\"u\",\"data\":null}", "", false, ""},
        {"{\"method\":\"POST\",\"url\":\"u\",\"data\":7}", "7", true, "7"},
        {"{\"method\":\"GET\",\"url\":\"u\",\"data\":{\"b\":1}}", "", false, "{\"b\":1}"},
        {"{\"method\":\"head\",\"url\":\"u\",\"data\":{\"b\":1}}", "", false, "{\"b\":1}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request rq = custom(state, rows[i].opts);
        assert_int_equal(rq.has_body, rows[i].has_body);
        assert_str(rq.body, rows[i].body);
        assert_str(rq.data, rows[i].data);
        assert_str(header(&rq, "content-type"), rows[i].has_body ? "application/json" : "");
    }
}

static void headers_are_taken_and_ours_are_set_over_them(void **state)
{
    struct request rq = custom(
        state, "{\"method\":\"POST\",\"url\":\"u\",\"data\":\"x\",\"auth\":\"weather:s3cret\","
               "\"headers\":{\"X-A\":\"1\",\"x-a\":\"2\",\"X-N\":7,\"X-B\":true,\"X-Null\":null,"
               "\"X-O\":{},\"CONTENT-TYPE\":\"text/plain\",\"authorization\":\"Bearer x\"}}");
    assert_str(header(&rq, "X-A"), "2");
    assert_str(header(&rq, "X-N"), "7");
    assert_str(header(&rq, "X-B"), "true");
    assert_str(header(&rq, "Content-Type"), "application/json");
    assert_str(header(&rq, "Authorization"), "Basic d2VhdGhlcjpzM2NyZXQ=");
    assert_int_equal(rq.header_count, 5);
}

static void headers_that_are_no_object_are_none(void **state)
{
    static const char *const headers[] = {"null", "7", "\"x\"", "[\"a\",\"b\"]", "{}"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        char opts[100];
        (void)snprintf(opts, sizeof(opts), "{\"method\":\"GET\",\"url\":\"u\",\"headers\":%s}",
                       headers[i]);
        assert_int_equal(custom(state, opts).header_count, 0);
    }
}

static void a_thousand_headers_leave_room_for_ours(void **state)
{
    BUF(opts, 1 << 20);
    buf_lit(&opts, "{\"method\":\"POST\",\"url\":\"u\",\"data\":1,\"auth\":\"a:b\",\"headers\":{");
    for (int i = 0; i < 1000; i++)
        buf_addf(&opts, "%s\"x-%d\":1", i > 0 ? "," : "", i);
    buf_lit(&opts, "}}");
    struct request rq = custom(state, opts.ptr);
    request_sign(*state, &rq, STR("id"), 0,
                 &(struct signing_secrets){.keys = {STR("whsec_AAAA")}, .count = 1});
    assert_true(rq.header_count <= REQUEST_HEADERS);
    assert_str(header(&rq, "webhook-id"), "id");
    assert_false(str_empty(header(&rq, "webhook-signature")));
}

static void auth_without_a_colon_is_refused(void **state)
{
    static const char *const auths[] = {"\"user\"", "{}", "7"};
    for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
        char opts[100];
        struct request rq;
        struct err err = ERR_NONE;
        (void)snprintf(opts, sizeof(opts), "{\"method\":\"GET\",\"url\":\"u\",\"auth\":%s}",
                       auths[i]);
        assert_false(request_custom(*state, &rq, json_parse(*state, str_of(opts)), &err));
        assert_string_equal(err.text, "auth option should be of the form \"username:password\"");
    }
}

static void a_timeout_is_bounded(void **state)
{
    static const struct {
        const char *timeout;
        int64_t ms;
    } rows[] = {{"5000", 5000},     {"0", 0},          {"-1", 0},  {"\"5\"", 0},
                {"600001", 600000}, {"1e300", 600000}, {"0.5", 0}, {"null", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char opts[100];
        (void)snprintf(opts, sizeof(opts), "{\"method\":\"GET\",\"url\":\"u\",\"timeout\":%s}",
                       rows[i].timeout);
        assert_int_equal(custom(state, opts).timeout_ms, rows[i].ms);
    }
}

/* --- signatures --- */

static void a_signature_is_the_one_of_the_standard(void **state)
{
    static const struct {
        const char *secret, *id;
        int64_t seconds;
        const char *body, *signature;
    } rows[] = {
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
         "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
         "f5e5f430-f57b-4e6e-9fac-d9128cd7232f", 1766154901, "{\"object_kind\":\"push\"}",
         "v1,gjUPbOOPJrmHOvS70CsFjgMCfb0yOME/r20nB9j2l1c="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request rq;
        struct signing_secrets secrets = {.keys = {str_of(rows[i].secret)}, .count = 1};
        request_default(&rq, STR("u"), str_of(rows[i].body));
        request_sign(*state, &rq, str_of(rows[i].id), rows[i].seconds * 1000 + 999, &secrets);
        assert_str(header(&rq, "webhook-id"), rows[i].id);
        assert_str(header(&rq, "webhook-timestamp"),
                   arena_fmt(*state, "%lld", (long long)rows[i].seconds).ptr);
        assert_str(header(&rq, "webhook-signature"), rows[i].signature);
    }
}

static void while_secrets_change_both_sign(void **state)
{
    struct request rq;
    struct signing_secrets secrets = {
        .keys = {STR("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
                 STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")},
        .count = 2};
    request_default(&rq, STR("u"), STR("{\"test\": 2432232314}"));
    request_sign(*state, &rq, STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), INT64_C(1614265330000),
                 &secrets);
    struct str both = header(&rq, "webhook-signature");
    assert_true(str_ends(both, STR(" v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
    assert_int_equal(both.len, 2 * strlen("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") + 1);
}

static void what_a_script_says_of_the_signature_does_not_count(void **state)
{
    struct request rq =
        custom(state, "{\"method\":\"GET\",\"url\":\"u\",\"headers\":{\"Webhook-Id\""
                      ":\"x\",\"WEBHOOK-TIMESTAMP\":\"1\",\"webhook-signature\":"
                      "\"v1,x\"}}");
    request_sign(*state, &rq, STR("id"), 5000, &(struct signing_secrets){.count = 0});
    assert_str(header(&rq, "webhook-id"), "id");
    assert_str(header(&rq, "webhook-timestamp"), "5");
    assert_str(header(&rq, "webhook-signature"), "");
    assert_int_equal(rq.header_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_request_posts_the_payload),
        cmocka_unit_test(scripts_get_the_usual_request_as_an_object),
        cmocka_unit_test(moments_reach_scripts_as_numbers_with_their_paths),
        cmocka_unit_test(an_answer_is_text_and_headers_to_scripts),
        cmocka_unit_test(the_result_of_prepare_has_a_meaning),
        cmocka_unit_test(what_a_script_returns_replaces_everything),
        cmocka_unit_test(data_becomes_the_body),
        cmocka_unit_test(headers_are_taken_and_ours_are_set_over_them),
        cmocka_unit_test(headers_that_are_no_object_are_none),
        cmocka_unit_test(a_thousand_headers_leave_room_for_ours),
        cmocka_unit_test(auth_without_a_colon_is_refused),
        cmocka_unit_test(a_timeout_is_bounded),
        cmocka_unit_test(a_signature_is_the_one_of_the_standard),
        cmocka_unit_test(while_secrets_change_both_sign),
        cmocka_unit_test(what_a_script_says_of_the_signature_does_not_count),
    };
    return cmocka_run_group_tests_name("request", tests, setup, teardown);
}
