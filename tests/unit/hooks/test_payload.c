/* What bodies mean: each row is what a sender sends and the content it becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hooks/payload.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define JSON_TYPE "application/json"
#define FORM_TYPE "application/x-www-form-urlencoded"
#define REPLACED  "\xef\xbf\xbd"

struct sent {
    const char *type;
    struct str body;
    const char *content; /* as JSON text */
};

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1000000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void check(enum http_method method, const struct sent *sent)
{
    struct payload got;
    struct err err = ERR_NONE;
    assert_true(payload_parse(&arena, method, str_of(sent->type), sent->body, &got, &err));
    BUF(text, 10000);
    json_put(&text, got.content);
    assert_string_equal(text.ptr, sent->content);
    assert_int_equal(err.status, 0);
}

#define CHECK_ALL(method, rows)                                                                    \
    for (size_t i = 0; i < COUNT(rows); i++)                                                       \
    check((method), &(rows)[i])

static void without_a_body_the_content_is_empty(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {"", STR_INIT(""), "{}"},
        {JSON_TYPE, STR_INIT(""), "{}"},
        {FORM_TYPE, STR_INIT(""), "{}"},
        {"text/plain", STR_INIT(""), "{}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void a_get_has_no_content_whatever_it_carries(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {"", STR_INIT(""), "{}"},
        {JSON_TYPE, STR_INIT("{\"text\":\"hi\"}"), "{}"},
        {FORM_TYPE, STR_INIT("payload=[1]"), "{}"},
    };
    CHECK_ALL(HTTP_GET, rows);
}

static void multipart_is_not_content(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {"multipart/form-data; boundary=x", STR_INIT("{\"text\":\"hi\"}"), "{}"},
        {"Multipart/Form-Data; boundary=x",
         STR_INIT("--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi\r\n--x--"), "{}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void a_json_object_is_the_content(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {JSON_TYPE, STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {JSON_TYPE "; charset=utf-8", STR_INIT(" {\"a\":[1,null,{}]}\n"), "{\"a\":[1,null,{}]}"},
        {"Application/JSON", STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {"x; application/json", STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {JSON_TYPE, STR_INIT("\xef\xbb\xbf{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        /* only forms have a wrapped payload */
        {JSON_TYPE, STR_INIT("{\"payload\":\"{\\\"text\\\":\\\"hi\\\"}\"}"),
         "{\"payload\":\"{\\\"text\\\":\\\"hi\\\"}\"}"},
        {JSON_TYPE, STR_INIT("{\"payload\":{\"text\":\"hi\"}}"), "{\"payload\":{\"text\":\"hi\"}}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void json_that_is_no_object_counts_as_an_empty_one(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {JSON_TYPE, STR_INIT("[{\"text\":\"hi\"}]"), "{}"},
        {JSON_TYPE, STR_INIT("\"hi\""), "{}"},
        {JSON_TYPE, STR_INIT("42"), "{}"},
        {JSON_TYPE, STR_INIT("true"), "{}"},
        {JSON_TYPE, STR_INIT("null"), "{}"},
        {JSON_TYPE, STR_INIT("{\"text\":\"hi\""), "{}"},
        {JSON_TYPE, STR_INIT("{'text':'hi'}"), "{}"},
        {JSON_TYPE, STR_INIT("text=hi"), "{}"},
        {JSON_TYPE, STR_INIT("payload=%7B%22text%22%3A%22hi%22%7D"), "{}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void a_form_with_nothing_but_a_payload_is_unwrapped(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {FORM_TYPE, STR_INIT("payload=%7B%22text%22%3A%22hi%22%7D"), "{\"text\":\"hi\"}"},
        {FORM_TYPE "; charset=UTF-8", STR_INIT("payload={\"text\":\"a+b%2Bc\"}"),
         "{\"text\":\"a b+c\"}"},
        {"Application/X-WWW-Form-UrlEncoded", STR_INIT("payload={}"), "{}"},
        {FORM_TYPE, STR_INIT("%70ayload={\"a\":1}"), "{\"a\":1}"},
        /* sent twice, the last one counts */
        {FORM_TYPE, STR_INIT("payload=[1]&payload={\"a\":1}"), "{\"a\":1}"},
        {FORM_TYPE, STR_INIT("&payload={\"a\":1}&"), "{\"a\":1}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void a_wrapped_payload_that_is_json_but_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"payload=[1]",         "payload=%5B%5D", "payload=1",
                                         "payload=%22text%22",  "payload=null",   "payload=true",
                                         "payload={}&payload=0"};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct payload got = {.content = NULL};
        struct err err = ERR_NONE;
        assert_false(
            payload_parse(&arena, HTTP_POST, STR(FORM_TYPE), str_of(bodies[i]), &got, &err));
        assert_int_equal(err.status, 400);
        assert_string_equal(err.text, "Integration payload must be a JSON object, not an array or "
                                      "primitive");
        assert_false(err.suffix);
        assert_null(err.type);
        assert_null(got.content);
    }
}

static void a_payload_that_is_not_json_is_a_field(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {FORM_TYPE, STR_INIT("payload=hello+there"), "{\"payload\":\"hello there\"}"},
        {FORM_TYPE, STR_INIT("payload="), "{\"payload\":\"\"}"},
        {FORM_TYPE, STR_INIT("payload"), "{\"payload\":\"\"}"},
        {FORM_TYPE, STR_INIT("payload={\"text\""), "{\"payload\":\"{\\\"text\\\"\"}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void other_forms_give_their_fields_as_strings(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {FORM_TYPE, STR_INIT("text=hi&alias=bot"), "{\"text\":\"hi\",\"alias\":\"bot\"}"},
        {FORM_TYPE, STR_INIT("text=hi"), "{\"text\":\"hi\"}"},
        {FORM_TYPE, STR_INIT("text=5"), "{\"text\":\"5\"}"},
        {FORM_TYPE, STR_INIT("payload={\"a\":1}&text=hi"),
         "{\"payload\":\"{\\\"a\\\":1}\",\"text\":\"hi\"}"},
        {FORM_TYPE, STR_INIT("a%5Bb%5D=1"), "{\"a[b]\":\"1\"}"},
        {FORM_TYPE, STR_INIT("text=100%&a"), "{\"text\":\"100%\",\"a\":\"\"}"},
        {FORM_TYPE, STR_INIT("[1]"), "{\"[1]\":\"\"}"},
    };
    CHECK_ALL(HTTP_POST, rows);

    struct payload got;
    struct err err = ERR_NONE;
    assert_true(
        payload_parse(&arena, HTTP_POST, STR(FORM_TYPE), STR("text=first&text=last"), &got, &err));
    assert_true(str_is(json_get_str(got.content, "text"), "last"));
}

static void json_under_the_type_of_a_form_is_read_as_json(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {FORM_TYPE, STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {FORM_TYPE, STR_INIT("{\"text\":\"1+1=2\"}"), "{\"text\":\"1+1=2\"}"},
        {FORM_TYPE, STR_INIT("{\"text\":\"you & me\"}"), "{\"text\":\"you & me\"}"},
        {FORM_TYPE, STR_INIT("{}"), "{}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void a_json_object_is_taken_under_any_other_type_and_other_text_is_not(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {"", STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {"text/plain", STR_INIT("\n{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {"application/vnd.api+json", STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {"application/octet-stream", STR_INIT("{\"text\":\"hi\"}"), "{\"text\":\"hi\"}"},
        {"x; application/x-www-form-urlencoded", STR_INIT("text=hi"), "{}"},
        {"text/plain", STR_INIT("text=hi"), "{}"},
        {"", STR_INIT("the disk is full"), "{}"},
        {"", STR_INIT("[1]"), "{}"},
        {"application/octet-stream", STR_INIT("\0\xff\xfe"), "{}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
    (void)state;
    static const struct sent rows[] = {
        {JSON_TYPE, STR_INIT("{\"text\":\"caf\xe9!\"}"), "{\"text\":\"caf" REPLACED "!\"}"},
        {"", STR_INIT("{\"text\":\"\xf0\x9f\"}"), "{\"text\":\"" REPLACED "\"}"},
        {FORM_TYPE, STR_INIT("text=caf\xe9"), "{\"text\":\"caf" REPLACED "\"}"},
        {FORM_TYPE, STR_INIT("text=caf%E9"), "{\"text\":\"caf" REPLACED "\"}"},
        {FORM_TYPE, STR_INIT("payload={\"text\":\"%E9\"}"), "{\"text\":\"" REPLACED "\"}"},
    };
    CHECK_ALL(HTTP_POST, rows);
}

static void the_raw_content_is_the_body_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        struct str body, raw;
    } rows[] = {
        {JSON_TYPE, STR_INIT(" {\"a\": 1} "), STR_INIT(" {\"a\": 1} ")},
        {FORM_TYPE, STR_INIT("payload=%7B%7D&x=+"), STR_INIT("payload=%7B%7D&x=+")},
        {"", STR_INIT("a\xff\0b"), STR_INIT("a" REPLACED "\0b")},
        {"", STR_INIT("\xef\xbb\xbftext"), STR_INIT("text")},
        {"", STR_INIT(""), STR_INIT("")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct payload got;
        struct err err = ERR_NONE;
        assert_true(
            payload_parse(&arena, HTTP_POST, str_of(rows[i].type), rows[i].body, &got, &err));
        assert_true(str_eq(got.raw, rows[i].raw));
    }
}

static void json_too_deep_to_read_is_no_json(void **state)
{
    (void)state;
    BUF(text, 10000);
    buf_lit(&text, "{\"a\":");
    for (size_t i = 0; i < 1000; i++)
        buf_add_char(&text, '[');
    for (size_t i = 0; i < 1000; i++)
        buf_add_char(&text, ']');
    buf_add_char(&text, '}');
    check(HTTP_POST, &(struct sent){JSON_TYPE, buf_str(&text), "{}"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_body_the_content_is_empty),
        cmocka_unit_test(a_get_has_no_content_whatever_it_carries),
        cmocka_unit_test(multipart_is_not_content),
        cmocka_unit_test(a_json_object_is_the_content),
        cmocka_unit_test(json_that_is_no_object_counts_as_an_empty_one),
        cmocka_unit_test(a_form_with_nothing_but_a_payload_is_unwrapped),
        cmocka_unit_test(a_wrapped_payload_that_is_json_but_no_object_is_refused),
        cmocka_unit_test(a_payload_that_is_not_json_is_a_field),
        cmocka_unit_test(other_forms_give_their_fields_as_strings),
        cmocka_unit_test(json_under_the_type_of_a_form_is_read_as_json),
        cmocka_unit_test(a_json_object_is_taken_under_any_other_type_and_other_text_is_not),
        cmocka_unit_test(bytes_that_are_not_utf8_become_replacement_characters),
        cmocka_unit_test(the_raw_content_is_the_body_as_text),
        cmocka_unit_test(json_too_deep_to_read_is_no_json),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
