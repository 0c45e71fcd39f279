/* What is asked and what is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/client_scene.h"

/* Answers */

static void a_whole_answer_comes_home(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    receiver_say(s->receiver, 1,
                 STR("HTTP/1.1 404 Not  Found\r\nX-One: 1\r\nContent-Length: 5\r\nx-TWO:  b c "
                     "\r\nEmpty:\r\n\r\nhello"),
                 THEN_KEEP);
    struct call *call = call_to(s, "/1?a=b#c");
    perform(s, call);
    check_end(call, CLIENT_ANSWERED, NULL);
    assert_int_equal(call->x.status, 404);
    check_text(call->x.status_text, "Not  Found");
    check_text(call->x.answer, "hello");
    assert_int_equal(call->x.answer_header_count, 4);
    check_text(call->x.answer_headers[0].name, "x-one");
    check_text(call->x.answer_headers[0].value, "1");
    check_text(call->x.answer_headers[2].name, "x-two");
    check_text(call->x.answer_headers[2].value, "b c");
    check_text(call->x.answer_headers[3].name, "empty");
    check_text(call->x.answer_headers[3].value, "");
    assert_true(str_eq(call->x.final_url, url_of(s, "/1?a=b")));
    check_text(call->x.address, arena_fmt(&s->arena, "127.0.0.1:%u", s->receiver->port).ptr);
    const struct client_timings *t = &call->x.timings;
    assert_true(t->name_us > 0 && t->name_us <= t->connect_us);
    assert_true(t->connect_us <= t->first_byte_us && t->first_byte_us <= t->total_us);
    assert_int_equal(t->tls_us, 0);
    call_free(call);
    scene_close(s);
}

static void answers_come_in_every_framing(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n"
        "Trailer: t\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nInterim: 1\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\n"
        "Content-Length: 5\r\n\r\nhello",
        "HTTP/1.0 200\r\nX: 1\r\n\r\nhello",
        "HTTP/1.1 200 OK\nX: 1\n\nhello",
    };
    struct scene *s = usual_scene();
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        receiver_say(s->receiver, 1, str_of(answers[i]), THEN_CLOSE);
        struct call *call = call_to(s, "/1");
        check_text(echo(s, call), "hello");
        bool found = false;
        for (size_t h = 0; h < call->x.answer_header_count; h++) {
            struct client_header header = call->x.answer_headers[h];
            found |= str_is(header.name, "x") && str_is(header.value, "1");
            assert_false(str_is(header.name, "trailer") || str_is(header.name, "interim"));
        }
        assert_true(found);
        call_free(call);
    }
    scene_close(s);
}

static void headers_are_utf8_whatever_came(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    receiver_say(s->receiver, 1,
                 STR("HTTP/1.1 200 \xe9\r\nA: \xc3\xa9\r\nB: \xe9\r\nContent-Length: 0\r\n\r\n"),
                 THEN_KEEP);
    struct call *call = call_to(s, "/1");
    perform(s, call);
    check_text(call->x.status_text, "\xef\xbf\xbd");
    check_text(call->x.answer_headers[0].value, "\xc3\xa9");
    check_text(call->x.answer_headers[1].value, "\xef\xbf\xbd");
    call_free(call);
    scene_close(s);
}

/* "hello" and a thousand times 'a'. */
static const char gzip_hello[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10"
    "\x36\x05\x00\x00\x00";
static const char gzip_aaa[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x4c\x1c\x05\xa3\x60\x14\x0c\x77\x00"
    "\x00\x03\xda\x38\x9a\xe8\x03\x00\x00";

static struct str gzip_answer(struct scene *s, const char *bytes, size_t len)
{
    struct str parts[] = {
        arena_fmt(&s->arena,
                  "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", len),
        str_from(bytes, len)};
    return arena_join(&s->arena, parts, 2);
}

static void a_packed_answer_is_unpacked_and_measured_so(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    receiver_say(s->receiver, 1, gzip_answer(s, gzip_hello, sizeof(gzip_hello) - 1), THEN_KEEP);
    receiver_say(s->receiver, 2, gzip_answer(s, gzip_aaa, sizeof(gzip_aaa) - 1), THEN_KEEP);
    receiver_say(s->receiver, 3, gzip_answer(s, "no gzip at all", 14), THEN_KEEP);
    struct call *call = call_to(s, "/1");
    check_text(echo(s, call), "hello");
    check_has(receiver_last(s->receiver, &s->arena), "\r\nAccept-Encoding: gzip, deflate\r\n");
    call_free(call);
    call = call_to(s, "/2");
    call->x.max_body = 1000;
    assert_int_equal(echo(s, call).len, 1000);
    call_free(call);
    call = call_to(s, "/2");
    call->x.max_body = 999;
    check_failure(s, call, CLIENT_FAILED, "ERR_RESPONSE_TOO_LARGE", "larger than 999 bytes");
    check_failure(s, call_to(s, "/3"), CLIENT_FAILED, "Z_DATA_ERROR", "127.0.0.1:");
    scene_close(s);
}

static void an_answer_that_is_too_large_is_a_failure(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    BUF(text, 1 << 20);
    receiver_say(s->receiver, 1, STR("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!"),
                 THEN_KEEP);
    struct call *call = call_to(s, "/1");
    call->x.max_body = 5;
    check_failure(s, call, CLIENT_FAILED, "ERR_RESPONSE_TOO_LARGE", "larger than 5 bytes");
    buf_lit(&text, "HTTP/1.1 200 OK\r\n");
    while (text.len < (size_t)150 * 1024)
        buf_addf(&text, "X-%zu: %0900d\r\n", text.len, 0);
    buf_lit(&text, "\r\n");
    receiver_say(s->receiver, 2, buf_str(&text), THEN_CLOSE);
    check_failure(s, call_to(s, "/2"), CLIENT_FAILED, "HPE_HEADER_OVERFLOW", "headers");
    scene_close(s);
}

static void an_exchange_can_be_started_again(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    struct call *call = call_new(s, STR("ftp://h/"));
    perform(s, call);
    check_end(call, CLIENT_REFUSED, "ERR_INVALID_URL");
    for (int i = 0; i < 2; i++) {
        call->x.url = url_of(s, "/");
        call->home = false;
        (void)echo(s, call);
        assert_int_equal(call->x.error.len, 0);
        assert_int_equal(call->x.answer_header_count, 1);
    }
    call_free(call);
    scene_close(s);
}

/* Requests */

static void a_request_has_what_was_given_and_little_else(void **state)
{
    (void)state;
    static const struct client_header headers[] = {
        {STR_INIT("X-Mine"), STR_INIT(" a b ")},
        {STR_INIT("X-Empty"), STR_INIT("")},
        {STR_INIT("Content-Type"), STR_INIT("application/json")},
    };
    struct scene *s = usual_scene();
    struct call *call = call_to(s, "/a b?c d=\xc3\xa9#e");
    set_body(call, "post", STR("{\"a\":\0}"));
    set_headers(call, headers, 3);
    struct str got = echo(s, call);
    assert_true(str_starts(got, STR("POST /a%20b?c%20d=%c3%a9 HTTP/1.1\r\nHost: 127.0.0.1:")));
    check_has(got, "\r\nX-Mine: a b\r\n");
    check_has(got, "\r\nX-Empty:\r\n");
    check_has(got, "\r\nContent-Type: application/json\r\n");
    check_has(got, "\r\nUser-Agent: Agent/1\r\n");
    check_has(got, "\r\nContent-Length: 7\r\n");
    assert_true(str_ends(got, STR("\r\n\r\n{\"a\":\0}")));
    check_lacks(got, "Expect");
    call_free(call);
    scene_close(s);
}

static void a_large_body_goes_without_asking_first(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    struct call *call = call_to(s, "/");
    char *body = arena_zalloc(&s->arena, 2000000);
    set_body(call, "PUT", str_from(body, 2000000));
    call->x.max_body = 3000000;
    struct str got = echo(s, call);
    assert_true(got.len > 2000000);
    check_lacks(got, "Expect");
    check_lacks(got, "Content-Type");
    call_free(call);
    scene_close(s);
}

static void a_body_that_is_missing_is_said_to_be_empty(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool length;
    } cases[] = {{"POST", true},    {"PUT", true},      {"PATCH", true}, {"GET", false},
                 {"DELETE", false}, {"OPTIONS", false}, {"FROB", false}};
    struct scene *s = usual_scene();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct call *call = call_to(s, "/");
        call->x.method = str_of(cases[i].method);
        struct str got = echo(s, call);
        assert_true(str_starts(got, call->x.method));
        assert_int_equal(has(got, "\r\nContent-Length: 0\r\n"), cases[i].length);
        check_lacks(got, "Content-Type");
        call_free(call);
    }
    scene_close(s);
}

static void a_head_request_has_no_body_either_way(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    struct call *call = call_to(s, "/");
    set_body(call, "head", STR("x"));
    perform(s, call);
    check_end(call, CLIENT_ANSWERED, NULL);
    assert_int_equal(call->x.answer.len, 0);
    struct str got = receiver_last(s->receiver, &s->arena);
    assert_true(str_starts(got, STR("HEAD / HTTP/1.1\r\n")));
    check_lacks(got, "Content-Length");
    call_free(call);
    /* The same handle is used again for a body. */
    call = call_to(s, "/");
    set_body(call, "DELETE", STR("xyz"));
    got = echo(s, call);
    assert_true(str_starts(got, STR("DELETE / ")) && str_ends(got, STR("\r\n\r\nxyz")));
    call_free(call);
    scene_close(s);
}

static void framing_headers_are_the_clients_own(void **state)
{
    (void)state;
    static const struct client_header headers[] = {
        {STR_INIT("content-length"), STR_INIT("1")},
        {STR_INIT("Transfer-Encoding"), STR_INIT("chunked")},
        {STR_INIT("Connection"), STR_INIT("close")},
        {STR_INIT("Expect"), STR_INIT("100-continue")},
        {STR_INIT("Upgrade"), STR_INIT("h2c")},
        {STR_INIT("Proxy-Authorization"), STR_INIT("Basic x")},
        {STR_INIT("User-Agent"), STR_INIT("Mine")},
        {STR_INIT("Host"), STR_INIT("other.example")},
    };
    struct scene *s = usual_scene();
    struct call *call = call_to(s, "/");
    set_body(call, "POST", STR("four"));
    set_headers(call, headers, sizeof(headers) / sizeof(*headers));
    struct str got = echo(s, call);
    check_has(got, "\r\nContent-Length: 4\r\n");
    check_has(got, "\r\nUser-Agent: Mine\r\n");
    check_has(got, "\r\nHost: other.example\r\n");
    static const char *const gone[] = {"content-length", "Transfer-Encoding", "Connection",
                                       "Expect",         "Upgrade",           "Proxy-",
                                       "Agent/1",        "127.0.0.1"};
    for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
        check_lacks(got, gone[i]);
    call_free(call);
    scene_close(s);
}

static void what_would_break_out_of_a_header_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct client_header header;
        const char *code;
    } cases[] = {
        {{STR_INIT("X"), STR_INIT("a\r\nY: b")}, "ERR_INVALID_CHAR"},
        {{STR_INIT("X"), STR_INIT("a\nY: b")}, "ERR_INVALID_CHAR"},
        {{STR_INIT("X"), STR_INIT("a\rb")}, "ERR_INVALID_CHAR"},
        {{STR_INIT("X"), STR_INIT("a\0b")}, "ERR_INVALID_CHAR"},
        {{STR_INIT("X: a\r\nY"), STR_INIT("b")}, "ERR_INVALID_HTTP_TOKEN"},
        {{STR_INIT("X Y"), STR_INIT("b")}, "ERR_INVALID_HTTP_TOKEN"},
        {{STR_INIT("X:"), STR_INIT("b")}, "ERR_INVALID_HTTP_TOKEN"},
        {{STR_INIT("X;"), STR_INIT("b")}, "ERR_INVALID_HTTP_TOKEN"},
        {{STR_INIT("@X"), STR_INIT("b")}, "ERR_INVALID_HTTP_TOKEN"},
        {{STR_INIT(""), STR_INIT("b")}, "ERR_INVALID_HTTP_TOKEN"},
    };
    struct scene *s = usual_scene();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct call *call = call_to(s, "/");
        set_headers(call, &cases[i].header, 1);
        check_failure(s, call, CLIENT_REFUSED, cases[i].code, "header");
    }
    static const struct str methods[] = {STR_INIT(""),
                                         STR_INIT("GET /x HTTP/1.1\r\nA: b\r\n\r\nGET"),
                                         STR_INIT("G T"), STR_INIT("GET\n")};
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        struct call *call = call_to(s, "/");
        call->x.method = methods[i];
        check_failure(s, call, CLIENT_REFUSED, "ERR_INVALID_HTTP_TOKEN", "method");
    }
    assert_int_equal(receiver_number(s->receiver, &s->receiver->connections), 0);
    scene_close(s);
}

static void a_url_that_is_none_is_refused(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    check_failure(s, call_new(s, STR("ftp://h/")), CLIENT_REFUSED, "ERR_INVALID_URL", "ftp");
    check_failure(s, call_new(s, STR("hook")), CLIENT_REFUSED, "ERR_INVALID_URL", "URL");
    check_failure(s, call_new(s, STR("http://h/\r\nX: y")), CLIENT_REFUSED, "ERR_INVALID_URL",
                  "URL");
    scene_close(s);
}

static void user_and_password_of_a_url_are_sent_and_not_shown(void **state)
{
    (void)state;
    static const struct client_header header = {STR_INIT("Authorization"), STR_INIT("Bearer x")};
    struct scene *s = usual_scene();
    struct str url = arena_fmt(&s->arena, "http://ann:s%%40cret@127.0.0.1:%u/", s->receiver->port);
    struct call *call = call_new(s, url);
    check_has(echo(s, call), "\r\nAuthorization: Basic YW5uOnNAY3JldA==\r\n");
    assert_true(str_eq(call->x.final_url, url_of(s, "/")));
    call_free(call);
    call = call_new(s, url);
    set_headers(call, &header, 1);
    struct str got = echo(s, call);
    check_has(got, "\r\nAuthorization: Bearer x\r\n");
    check_lacks(got, "Basic");
    call_free(call);
    call = call_to(s, "/");
    check_lacks(echo(s, call), "Authorization");
    call_free(call);
    scene_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_comes_home),
        cmocka_unit_test(answers_come_in_every_framing),
        cmocka_unit_test(headers_are_utf8_whatever_came),
        cmocka_unit_test(a_packed_answer_is_unpacked_and_measured_so),
        cmocka_unit_test(an_answer_that_is_too_large_is_a_failure),
        cmocka_unit_test(an_exchange_can_be_started_again),
        cmocka_unit_test(a_request_has_what_was_given_and_little_else),
        cmocka_unit_test(a_large_body_goes_without_asking_first),
        cmocka_unit_test(a_body_that_is_missing_is_said_to_be_empty),
        cmocka_unit_test(a_head_request_has_no_body_either_way),
        cmocka_unit_test(framing_headers_are_the_clients_own),
        cmocka_unit_test(what_would_break_out_of_a_header_is_refused),
        cmocka_unit_test(a_url_that_is_none_is_refused),
        cmocka_unit_test(user_and_password_of_a_url_are_sent_and_not_shown),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
