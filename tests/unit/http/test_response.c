/* Answers as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/wire.h"

#define DATE   "Sun, 06 Nov 1994 08:49:37 GMT"
#define COMMON "Cache-Control: no-store\r\nPragma: no-cache\r\nDate: " DATE "\r\n"
#define JSON   "Content-Type: application/json\r\n"

static void check(struct reply reply, struct http_answer answer, const char *wanted)
{
    BUF(out, 10000);
    reply.date = DATE;
    response_put(&out, &reply, &answer);
    assert_string_equal(out.ptr, wanted);
}

static const struct str hello[] = {STR_INIT("{\"hello\":"), STR_INIT(""), STR_INIT("1}")};

static void the_parts_of_the_body_follow_one_another(void **state)
{
    (void)state;
    check((struct reply){0}, (struct http_answer){.status = 200, .parts = hello, .part_count = 3},
          "HTTP/1.1 200 OK\r\n" JSON COMMON "Content-Length: 11\r\n\r\n{\"hello\":1}");
}

static void an_answer_without_parts_has_an_empty_body(void **state)
{
    (void)state;
    check((struct reply){0}, (struct http_answer){.status = 404},
          "HTTP/1.1 404 Not Found\r\n" JSON COMMON "Content-Length: 0\r\n\r\n");
}

static void head_tells_the_length_of_the_body_it_leaves_out(void **state)
{
    (void)state;
    check((struct reply){.head_only = true},
          (struct http_answer){.status = 200, .parts = hello, .part_count = 3},
          "HTTP/1.1 200 OK\r\n" JSON COMMON "Content-Length: 11\r\n\r\n");
}

static void type_and_headers_are_the_answers_own(void **state)
{
    (void)state;
    check((struct reply){0},
          (struct http_answer){.status = 429,
                               .content_type = "text/plain",
                               .headers = STR("A: 1\r\nB: 2\r\n"),
                               .parts = hello,
                               .part_count = 1},
          "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\n" COMMON
          "Content-Length: 9\r\nA: 1\r\nB: 2\r\n\r\n{\"hello\":");
}

static void the_connection_header_says_what_the_version_does_not(void **state)
{
    (void)state;
    struct http_answer answer = {.status = 200};
    check((struct reply){.close = true}, answer,
          "HTTP/1.1 200 OK\r\n" JSON COMMON "Connection: close\r\nContent-Length: 0\r\n\r\n");
    check((struct reply){.http_1_0 = true}, answer,
          "HTTP/1.1 200 OK\r\n" JSON COMMON "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n");
    check((struct reply){.http_1_0 = true, .close = true}, answer,
          "HTTP/1.1 200 OK\r\n" JSON COMMON "Connection: close\r\nContent-Length: 0\r\n\r\n");
}

static void some_statuses_have_no_body_at_all(void **state)
{
    (void)state;
    check((struct reply){0}, (struct http_answer){.status = 204, .parts = hello, .part_count = 3},
          "HTTP/1.1 204 No Content\r\n" COMMON "\r\n");
    check((struct reply){0}, (struct http_answer){.status = 304},
          "HTTP/1.1 304 Not Modified\r\n" COMMON "\r\n");
}

static void a_status_without_a_name_is_sent_all_the_same(void **state)
{
    (void)state;
    check((struct reply){0}, (struct http_answer){.status = 299},
          "HTTP/1.1 299 \r\n" JSON COMMON "Content-Length: 0\r\n\r\n");
}

static void refusals_are_json_and_503_says_when_to_come_back(void **state)
{
    (void)state;
    BUF(out, 10000);
    struct reply reply = {.date = DATE, .close = true};
    response_refuse(&out, &reply, 503, "Too many.");
    assert_string_equal(out.ptr, "HTTP/1.1 503 Service Unavailable\r\n" JSON COMMON
                                 "Connection: close\r\nContent-Length: 37\r\nRetry-After: 1\r\n\r\n"
                                 "{\"success\":false,\"error\":\"Too many.\"}");
}

static void answers_are_added_behind_those_before(void **state)
{
    (void)state;
    BUF(out, 1 << 20);
    struct reply reply = {.date = DATE};
    for (int i = 0; i < 100; i++)
        response_put(&out, &reply, &(struct http_answer){.status = 200});
    size_t one = out.len / 100;
    assert_memory_equal(out.ptr, out.ptr + 99 * one, one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_the_body_follow_one_another),
        cmocka_unit_test(an_answer_without_parts_has_an_empty_body),
        cmocka_unit_test(head_tells_the_length_of_the_body_it_leaves_out),
        cmocka_unit_test(type_and_headers_are_the_answers_own),
        cmocka_unit_test(the_connection_header_says_what_the_version_does_not),
        cmocka_unit_test(some_statuses_have_no_body_at_all),
        cmocka_unit_test(a_status_without_a_name_is_sent_all_the_same),
        cmocka_unit_test(refusals_are_json_and_503_says_when_to_come_back),
        cmocka_unit_test(answers_are_added_behind_those_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
