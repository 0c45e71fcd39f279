/* Exchanges with a server that answers, redirects, hangs, lies and dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdlib.h>

#include "base/digest.h"
#include "http/client.h"
#include "http/guard.h"
#include "http/receiver.h"

/* One client, its home, and a receiver. */
struct scene {
    struct receiver *receiver;
    struct guard *guard;
    struct client *client;
    struct inbox home;
    sem_t bell;
    struct arena arena;
};

struct call {
    struct exchange x; /* first: what comes home */
    struct arena arena;
    bool home;
};

static void ring_bell(void *arg)
{
    sem_post(arg);
}

static struct client_config usual_config(void)
{
    return (struct client_config){
        .user_agent = "Agent/1", .max_connections = 64, .max_per_host = 16, .idle_connections = 64};
}

static struct scene *scene_open(const struct client_config *config)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct err err = ERR_NONE;
    struct str allow = STR("127.0.0.0/8");
    struct client_config with_guard = *config;
    sem_init(&s->bell, 0, 0);
    inbox_init(&s->home, ring_bell, &s->bell);
    arena_init(&s->arena, SIZE_MAX);
    s->receiver = receiver_open();
    with_guard.guard = s->guard = guard_new(&allow, 1, &err);
    s->client = client_open(&with_guard, &err);
    if (s->client == NULL)
        fail_msg("%s", err.text);
    return s;
}

static struct scene *usual_scene(void)
{
    struct client_config config = usual_config();
    return scene_open(&config);
}

static void scene_close(struct scene *s)
{
    client_close(s->client);
    receiver_close(s->receiver);
    guard_free(s->guard);
    inbox_release(&s->home);
    arena_release(&s->arena);
    sem_destroy(&s->bell);
    free(s);
}

static struct str url_of(struct scene *s, const char *path)
{
    return arena_fmt(&s->arena, "http://127.0.0.1:%u%s", s->receiver->port, path);
}

static struct call *call_new(struct scene *s, struct str url)
{
    struct call *call = calloc(1, sizeof(*call));
    arena_init(&call->arena, SIZE_MAX);
    call->x = (struct exchange){.home = &s->home,
                                .arena = &call->arena,
                                .method = STR("GET"),
                                .url = url,
                                .timeout_ms = 60000,
                                .max_body = 1 << 20,
                                .redirects = 5};
    return call;
}

static struct call *call_to(struct scene *s, const char *path)
{
    return call_new(s, url_of(s, path));
}

static void call_free(struct call *call)
{
    arena_release(&call->arena);
    free(call);
}

static void await(struct scene *s, const struct call *call)
{
    while (!call->home) {
        struct mail *mail = inbox_take(&s->home);
        if (mail == NULL)
            sem_wait(&s->bell);
        for (; mail != NULL; mail = mail->next)
            ((struct call *)mail)->home = true;
    }
}

static void perform(struct scene *s, struct call *call)
{
    client_start(s->client, &call->x);
    await(s, call);
}

static void set_body(struct call *call, const char *method, struct str body)
{
    call->x.method = str_of(method);
    call->x.body = body;
    call->x.has_body = true;
}

static void set_headers(struct call *call, const struct client_header *headers, size_t count)
{
    call->x.headers = headers;
    call->x.header_count = count;
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) != SIZE_MAX;
}

static void check_text(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("\"%.*s\" is not \"%s\"", STR_FMT(text), expected);
}

static void check_has(struct str text, const char *part)
{
    if (!has(text, part))
        fail_msg("\"%s\" is not in \"%.*s\"", part, STR_FMT(text));
}

static void check_lacks(struct str text, const char *part)
{
    if (has(text, part))
        fail_msg("\"%s\" is in \"%.*s\"", part, STR_FMT(text));
}

static void check_end(const struct call *call, enum client_end end, const char *code)
{
    if (call->x.end != end)
        fail_msg("end %d and not %d: %s %.*s", call->x.end, end,
                 call->x.code != NULL ? call->x.code : "", STR_FMT(call->x.error));
    if (code == NULL)
        assert_null(call->x.code);
    else
        assert_string_equal(call->x.code, code);
    assert_true(end == CLIENT_ANSWERED || call->x.error.len > 0);
}

/* A call that ends so, with a piece of its text. */
static void check_failure(struct scene *s, struct call *call, enum client_end end, const char *code,
                          const char *text)
{
    perform(s, call);
    check_end(call, end, code);
    check_has(call->x.error, text);
    assert_int_equal(call->x.status, 0);
    assert_int_equal(call->x.answer.len, 0);
    call_free(call);
}

/* A call whose answer is what the receiver got. */
static struct str echo(struct scene *s, struct call *call)
{
    perform(s, call);
    check_end(call, CLIENT_ANSWERED, NULL);
    assert_int_equal(call->x.status, 200);
    return call->x.answer;
}

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
    while (text.len < 150 * 1024)
        buf_addf(&text, "X-%zu: %0900d\r\n", text.len, 0);
    buf_lit(&text, "\r\n");
    receiver_say(s->receiver, 2, buf_str(&text), THEN_CLOSE);
    check_failure(s, call_to(s, "/2"), CLIENT_FAILED, "HPE_HEADER_OVERFLOW", "headers");
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

/* Redirects */

static struct str redirect_to(struct scene *s, int status, struct str location)
{
    return arena_fmt(&s->arena,
                     "HTTP/1.1 %d Moved\r\nLocation: %.*s\r\nContent-Length: 5\r\n\r\nmoved",
                     status, STR_FMT(location));
}

static void a_redirect_keeps_or_changes_the_method_by_its_code(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *method, *becomes;
        bool body;
    } cases[] = {
        {301, "POST", "GET", false},   {302, "POST", "GET", false},   {303, "POST", "GET", false},
        {307, "POST", "POST", true},   {308, "POST", "POST", true},   {301, "PUT", "PUT", true},
        {302, "PATCH", "PATCH", true}, {303, "PUT", "GET", false},    {303, "DELETE", "GET", false},
        {307, "PUT", "PUT", true},     {308, "PATCH", "PATCH", true}, {301, "FROB", "FROB", true},
    };
    static const struct client_header header = {STR_INIT("Content-Type"), STR_INIT("text/plain")};
    struct scene *s = usual_scene();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        receiver_say(s->receiver, 1, redirect_to(s, cases[i].status, STR("/there?x")), THEN_KEEP);
        struct call *call = call_to(s, "/1/from");
        set_body(call, cases[i].method, STR("body"));
        set_headers(call, &header, 1);
        struct str got = echo(s, call);
        check_has(got, cases[i].becomes);
        check_has(got, " /there?x HTTP/1.1\r\n");
        assert_int_equal(str_ends(got, STR("\r\n\r\nbody")), cases[i].body);
        assert_int_equal(has(got, "\r\nContent-Type: text/plain\r\n"), cases[i].body);
        assert_int_equal(has(got, "\r\nContent-Length: 4\r\n"), cases[i].body);
        assert_true(str_eq(call->x.final_url, url_of(s, "/there?x")));
        call_free(call);
    }
    scene_close(s);
}

static void get_and_head_stay_what_they_are(void **state)
{
    (void)state;
    static const int statuses[] = {301, 302, 303, 307, 308};
    struct scene *s = usual_scene();
    for (size_t i = 0; i < 5; i++) {
        struct str head_end = STR("\r\n\r\n");
        struct str full = redirect_to(s, statuses[i], STR("/there"));
        receiver_say(s->receiver, 1, full, THEN_KEEP);
        receiver_say(s->receiver, 2, str_slice(full, 0, str_find(full, head_end) + 4), THEN_KEEP);
        struct call *call = call_to(s, "/1");
        assert_true(str_starts(echo(s, call), STR("GET /there ")));
        call_free(call);
        call = call_to(s, "/2");
        call->x.method = STR("HEAD");
        (void)echo(s, call);
        assert_true(str_starts(receiver_last(s->receiver, &s->arena), STR("HEAD /there ")));
        call_free(call);
    }
    scene_close(s);
}

static void other_answers_with_a_location_are_answers(void **state)
{
    (void)state;
    static const int statuses[] = {200, 201, 300, 304, 305, 306, 400};
    struct scene *s = usual_scene();
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        receiver_say(s->receiver, 1, redirect_to(s, statuses[i], STR("/there")), THEN_CLOSE);
        struct call *call = call_to(s, "/1");
        perform(s, call);
        check_end(call, CLIENT_ANSWERED, NULL);
        assert_int_equal(call->x.status, statuses[i]);
        call_free(call);
    }
    receiver_say(s->receiver, 1, STR("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), THEN_KEEP);
    struct call *call = call_to(s, "/1");
    perform(s, call);
    assert_int_equal(call->x.status, 302);
    call_free(call);
    receiver_say(s->receiver, 1, redirect_to(s, 302, STR("/there")), THEN_KEEP);
    call = call_to(s, "/1");
    call->x.redirects = 0;
    perform(s, call);
    assert_int_equal(call->x.status, 302);
    check_text(call->x.answer, "moved");
    call_free(call);
    scene_close(s);
}

static void as_many_redirects_are_followed_as_were_asked_for(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    for (unsigned i = 1; i <= 5; i++) {
        struct str next = i < 5 ? arena_fmt(&s->arena, "/%u", i + 1) : STR("there");
        receiver_say(s->receiver, i, redirect_to(s, 302, next), THEN_KEEP);
    }
    receiver_say(s->receiver, 9, redirect_to(s, 302, STR("/9")), THEN_KEEP);
    struct call *call = call_to(s, "/1");
    assert_true(str_starts(echo(s, call), STR("GET /there ")));
    call_free(call);
    call = call_to(s, "/1");
    call->x.redirects = 4;
    check_failure(s, call, CLIENT_FAILED, "ERR_TOO_MANY_REDIRECTS", "More than 4 redirects");
    check_failure(s, call_to(s, "/9"), CLIENT_FAILED, "ERR_TOO_MANY_REDIRECTS", "More than 5");
    scene_close(s);
}

static void another_origin_gets_no_credentials(void **state)
{
    (void)state;
    static const struct client_header headers[] = {
        {STR_INIT("authorization"), STR_INIT("Bearer s")},
        {STR_INIT("Cookie"), STR_INIT("s=1")},
        {STR_INIT("Host"), STR_INIT("first.example")},
        {STR_INIT("X-Kept"), STR_INIT("1")},
    };
    struct scene *s = usual_scene();
    struct receiver *other = receiver_open();
    struct str there = arena_fmt(&s->arena, "http://127.0.0.1:%u/there", other->port);
    receiver_say(s->receiver, 1, redirect_to(s, 307, there), THEN_KEEP);
    receiver_say(s->receiver, 2, redirect_to(s, 307, STR("/same")), THEN_KEEP);
    struct call *call =
        call_new(s, arena_fmt(&s->arena, "http://u:p@127.0.0.1:%u/1", s->receiver->port));
    set_headers(call, headers, 4);
    struct str got = echo(s, call);
    check_has(got, "GET /there ");
    check_has(got, "\r\nX-Kept: 1\r\n");
    check_has(got, arena_fmt(&s->arena, "\r\nHost: 127.0.0.1:%u\r\n", other->port).ptr);
    check_lacks(got, "uthorization");
    check_lacks(got, "Cookie");
    call_free(call);
    call = call_to(s, "/2");
    set_headers(call, headers, 4);
    got = echo(s, call);
    check_has(got, "authorization: Bearer s");
    check_has(got, "Cookie: s=1");
    check_has(got, "Host: first.example");
    call_free(call);
    scene_close(s);
    receiver_close(other);
}

static void a_redirect_is_judged_by_the_guard(void **state)
{
    (void)state;
    static const struct {
        const char *location, *code, *text;
    } cases[] = {
        {"http://10.0.0.1/", "ERR_OUTBOUND_NOT_ALLOWED", "outbound.allow"},
        {"http://[::1]/", "ERR_OUTBOUND_NOT_ALLOWED", "outbound.allow"},
        {"http://[::ffff:10.0.0.1]/", "ERR_OUTBOUND_NOT_ALLOWED", "a private address"},
        {"//169.254.169.254/latest/meta-data/", "ERR_OUTBOUND_NOT_ALLOWED", "a link-local address"},
        {"http://0xa000001/", "ERR_OUTBOUND_NOT_ALLOWED", "10.0.0.1, a private address"},
        {"http://inside.test/", "ERR_OUTBOUND_NOT_ALLOWED", "192.168.0.1, a private address"},
        {"file:///etc/passwd", "ERR_INVALID_REDIRECT", "file"},
        {"gopher://127.0.0.1/", "ERR_INVALID_REDIRECT", "gopher"},
        {"http://", "ERR_INVALID_REDIRECT", "URL"},
    };
    struct client_config config = usual_config();
    struct str name = STR("inside.test:192.168.0.1");
    config.names = &name;
    config.name_count = 1;
    struct scene *s = scene_open(&config);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        receiver_say(s->receiver, 1, redirect_to(s, 302, str_of(cases[i].location)), THEN_KEEP);
        check_failure(s, call_to(s, "/1"), CLIENT_REFUSED, cases[i].code, cases[i].text);
    }
    scene_close(s);
}

/* Names */

static void a_name_is_judged_by_where_it_leads_each_time(void **state)
{
    (void)state;
    struct client_config config = usual_config();
    struct str names[] = {STR("turning.test:127.0.0.1|10.0.0.1"),
                          STR("mixed.test:10.0.0.1+127.0.0.1"), STR("six.test:::1")};
    config.names = names;
    config.name_count = 3;
    struct scene *s = scene_open(&config);
    struct str url = arena_fmt(&s->arena, "http://turning.test:%u/1", s->receiver->port);
    receiver_say(s->receiver, 1, STR("HTTP/1.0 200 OK\r\n\r\nhello"), THEN_CLOSE);
    struct call *call = call_new(s, url);
    check_text(echo(s, call), "hello");
    check_has(call->x.address, "127.0.0.1:");
    call_free(call);
    check_failure(s, call_new(s, url), CLIENT_REFUSED, "ERR_OUTBOUND_NOT_ALLOWED", "10.0.0.1");
    call = call_new(s, arena_fmt(&s->arena, "http://MIXED.test:%u/", s->receiver->port));
    (void)echo(s, call);
    check_has(call->x.address, "127.0.0.1:");
    call_free(call);
    check_failure(s, call_new(s, STR("http://six.test/")), CLIENT_REFUSED,
                  "ERR_OUTBOUND_NOT_ALLOWED", "::1, the loopback address");
    scene_close(s);
}

static void broken_names_do_not_open(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "", "a", "a:", ":127.0.0.1", "a:1.2.3", "a:127.0.0.1|", "a:127.0.0.1+", "a:b"};
    for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
        struct client_config config = usual_config();
        struct str name = str_of(entries[i]);
        struct err err = ERR_NONE;
        config.names = &name;
        config.name_count = 1;
        if (client_open(&config, &err) != NULL)
            fail_msg("\"%s\" is taken", entries[i]);
        assert_int_equal(err.status, 400);
    }
}

/* Proxies */

static void a_proxy_is_asked_unless_the_host_is_exempt(void **state)
{
    (void)state;
    struct client_config config = usual_config();
    struct scene *proxy = usual_scene();
    struct str address = arena_fmt(&proxy->arena, "http://127.0.0.1:%u", proxy->receiver->port);
    config.http_proxy = config.https_proxy = address.ptr;
    config.no_proxy = "direct.test, .below.test 127.0.0.0/8";
    struct str names[] = {STR("direct.test:127.0.0.1"), STR("x.below.test:127.0.0.1")};
    config.names = names;
    config.name_count = 2;
    struct scene *s = scene_open(&config);
    struct call *call = call_new(s, STR("http://hook.test/x?y"));
    struct str got = echo(s, call);
    assert_true(str_starts(got, STR("GET http://hook.test/x?y HTTP/1.1\r\nHost: hook.test\r\n")));
    call_free(call);
    static const char *const direct[] = {"direct.test", "x.below.test", "127.0.0.1"};
    for (size_t i = 0; i < 3; i++) {
        call = call_new(s, arena_fmt(&s->arena, "http://%s:%u/x", direct[i], s->receiver->port));
        assert_true(str_starts(echo(s, call), STR("GET /x ")));
        call_free(call);
    }
    assert_int_equal(receiver_number(proxy->receiver, &proxy->receiver->requests), 1);
    check_failure(s, call_new(s, STR("http://10.0.0.1/")), CLIENT_REFUSED,
                  "ERR_OUTBOUND_NOT_ALLOWED", "10.0.0.1");
    receiver_say(proxy->receiver, 1, redirect_to(proxy, 302, STR("http://192.168.1.1/")),
                 THEN_KEEP);
    check_failure(s, call_new(s, STR("http://hook.test/1")), CLIENT_REFUSED,
                  "ERR_OUTBOUND_NOT_ALLOWED", "192.168.1.1");
    scene_close(s);
    scene_close(proxy);
}

static void localhost_behind_a_proxy_is_judged_as_loopback(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    struct scene *s = usual_scene();
    struct guard *strict = guard_new(NULL, 0, &err);
    struct client_config config = usual_config();
    config.guard = strict;
    config.http_proxy = arena_fmt(&s->arena, "http://127.0.0.1:%u", s->receiver->port).ptr;
    struct client *usual = s->client;
    s->client = client_open(&config, &err);
    check_failure(s, call_new(s, STR("http://localhost/")), CLIENT_REFUSED,
                  "ERR_OUTBOUND_NOT_ALLOWED", "127.0.0.1");
    check_failure(s, call_new(s, STR("http://a.LOCALHOST./")), CLIENT_REFUSED,
                  "ERR_OUTBOUND_NOT_ALLOWED", "127.0.0.1");
    struct call *call = call_new(s, STR("http://hook.test/"));
    (void)echo(s, call);
    call_free(call);
    client_close(s->client);
    s->client = usual;
    scene_close(s);
    guard_free(strict);
}

static void the_environment_names_the_proxies(void **state)
{
    (void)state;
    static const char *const variables[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                            "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
                                            "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < 8; i++)
        unsetenv(variables[i]);
    struct client_config config = usual_config();
    client_config_environment(&config);
    assert_null(config.http_proxy);
    assert_null(config.no_proxy);
    setenv("http_proxy", "http://low:1", 1);
    setenv("HTTP_PROXY", "http://high:1", 1);
    setenv("ALL_PROXY", "http://all:1", 1);
    setenv("NO_PROXY", "x", 1);
    client_config_environment(&config);
    assert_string_equal(config.http_proxy, "http://low:1");
    assert_string_equal(config.https_proxy, "http://all:1");
    assert_string_equal(config.no_proxy, "x");
    for (size_t i = 0; i < 8; i++)
        unsetenv(variables[i]);
}

/* Failures */

static void broken_answers_are_failures_with_a_code(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum then then;
        const char *code;
    } cases[] = {
        {"", THEN_CLOSE, "ECONNRESET"},
        {"", THEN_RESET, "ECONNRESET"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", THEN_CLOSE, "ECONNRESET"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", THEN_RESET, "ECONNRESET"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", THEN_CLOSE, "ECONNRESET"},
        {"SSH-2.0-OpenSSH\r\n", THEN_CLOSE, "HPE_INVALID_CONSTANT"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", THEN_CLOSE, "ECONNRESET"},
    };
    struct scene *s = usual_scene();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        receiver_say(s->receiver, 1, str_of(cases[i].answer), cases[i].then);
        check_failure(s, call_to(s, "/1"), CLIENT_FAILED, cases[i].code, cases[i].code);
    }
    scene_close(s);
}

static void a_port_where_nobody_listens_refuses(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    unsigned port;
    close(receiver_listen(1, &port));
    struct str url = arena_fmt(&s->arena, "http://u:secret@127.0.0.1:%u/", port);
    struct call *call = call_new(s, url);
    perform(s, call);
    check_end(call, CLIENT_FAILED, "ECONNREFUSED");
    check_lacks(call->x.error, "secret");
    call_free(call);
    scene_close(s);
}

static void a_server_that_is_silent_about_tls_is_given_up(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    struct str url = arena_fmt(&s->arena, "https://127.0.0.1:%u/", s->receiver->port);
    struct call *call = call_new(s, url);
    call->x.timeout_ms = 200;
    perform(s, call);
    check_end(call, CLIENT_TIMEOUT, "ETIMEDOUT");
    check_has(call->x.error, "ended while connecting");
    call_free(call);
    scene_close(s);
}

/* A port where connecting neither succeeds nor fails: its queue is full. */
struct mute {
    int listener, fill[8];
    unsigned port;
};

static void mute_open(struct mute *m)
{
    m->listener = receiver_listen(0, &m->port);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)m->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 8; i++) {
        m->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(m->fill[i], (struct sockaddr *)&at, sizeof(at));
    }
}

static void mute_close(const struct mute *m)
{
    for (int i = 0; i < 8; i++)
        close(m->fill[i]);
    close(m->listener);
}

static struct str mute_url(struct scene *s, const struct mute *m)
{
    return arena_fmt(&s->arena, "http://127.0.0.1:%u/", m->port);
}

static void a_timeout_says_what_was_waited_for(void **state)
{
    (void)state;
    struct client_config config = usual_config();
    config.max_per_host = 1;
    struct scene *s = scene_open(&config);
    struct mute m;
    mute_open(&m);
    struct call *call = call_new(s, mute_url(s, &m));
    call->x.timeout_ms = 50;
    check_failure(s, call, CLIENT_TIMEOUT, "ETIMEDOUT", "within 50 ms, it ended while connecting");
    mute_close(&m);

    receiver_say(s->receiver, 1, STR(""), THEN_HANG);
    call = call_to(s, "/1");
    call->x.timeout_ms = 50;
    check_failure(s, call, CLIENT_TIMEOUT, "ETIMEDOUT", "waiting for the answer");

    receiver_say(s->receiver, 2, STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nh"), THEN_HANG);
    call = call_to(s, "/2");
    call->x.timeout_ms = 200;
    check_failure(s, call, CLIENT_TIMEOUT, "ETIMEDOUT", "the answer");

    struct call *holder = call_to(s, "/1");
    client_start(s->client, &holder->x);
    call = call_to(s, "/");
    call->x.timeout_ms = 50;
    check_failure(s, call, CLIENT_TIMEOUT, "ETIMEDOUT", "waiting for a connection to be free");
    client_cancel(s->client, &holder->x);
    await(s, holder);
    call_free(holder);
    scene_close(s);
}

static void a_timeout_counts_over_redirects(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    receiver_say(s->receiver, 1, redirect_to(s, 302, STR("/2")), THEN_KEEP);
    receiver_say(s->receiver, 2, STR(""), THEN_HANG);
    struct call *call = call_to(s, "/1");
    call->x.timeout_ms = 100;
    perform(s, call);
    check_end(call, CLIENT_TIMEOUT, "ETIMEDOUT");
    assert_true(str_eq(call->x.final_url, url_of(s, "/2")));
    call_free(call);
    scene_close(s);
}

/* Cancelling */

static void cancel_and_check(struct scene *s, struct call *call)
{
    client_cancel(s->client, &call->x);
    await(s, call);
    check_end(call, CLIENT_CANCELLED, "ABORT_ERR");
    assert_int_equal(call->x.answer.len, 0);
    call_free(call);
}

static void an_exchange_can_be_cancelled_at_any_moment(void **state)
{
    (void)state;
    struct client_config config = usual_config();
    config.max_per_host = 2;
    struct scene *s = scene_open(&config);
    struct mute m;
    mute_open(&m);
    struct call *connecting = call_new(s, mute_url(s, &m));
    struct call *second = call_new(s, mute_url(s, &m));
    struct call *in_line = call_new(s, mute_url(s, &m));
    client_start(s->client, &connecting->x);
    client_start(s->client, &second->x);
    client_start(s->client, &in_line->x);
    cancel_and_check(s, in_line);
    cancel_and_check(s, connecting);
    cancel_and_check(s, second);
    mute_close(&m);

    receiver_say(s->receiver, 1, STR(""), THEN_HANG);
    receiver_say(s->receiver, 2, STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nh"), THEN_HANG);
    struct call *waiting = call_to(s, "/1"), *reading = call_to(s, "/2");
    client_start(s->client, &waiting->x);
    client_start(s->client, &reading->x);
    receiver_wait(s->receiver, &s->receiver->hanging, 2);
    cancel_and_check(s, waiting);
    cancel_and_check(s, reading);

    struct call *after = call_to(s, "/");
    (void)echo(s, after);
    call_free(after);
    scene_close(s);
}

static void a_cancelled_exchange_that_was_faster_is_answered(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    for (int i = 0; i < 200; i++) {
        struct call *call = call_to(s, "/");
        client_start(s->client, &call->x);
        if (i % 2)
            receiver_wait(s->receiver, &s->receiver->requests, 1);
        client_cancel(s->client, &call->x);
        await(s, call);
        assert_true(call->x.end == CLIENT_ANSWERED || call->x.end == CLIENT_CANCELLED);
        call_free(call);
    }
    scene_close(s);
}

static void closing_brings_all_home(void **state)
{
    (void)state;
    enum { CALLS = 40 };
    struct client_config config = usual_config();
    config.max_per_host = 8;
    config.max_connections = 10;
    struct scene *s = scene_open(&config);
    struct mute m;
    struct call *calls[CALLS];
    mute_open(&m);
    receiver_say(s->receiver, 1, STR(""), THEN_HANG);
    for (int i = 0; i < CALLS; i++) {
        calls[i] = i % 2 ? call_to(s, "/1") : call_new(s, mute_url(s, &m));
        client_start(s->client, &calls[i]->x);
    }
    receiver_wait(s->receiver, &s->receiver->hanging, 1);
    client_close(s->client);
    s->client = NULL;
    for (int i = 0; i < CALLS; i++) {
        await(s, calls[i]);
        check_end(calls[i], CLIENT_CANCELLED, "ABORT_ERR");
        call_free(calls[i]);
    }
    mute_close(&m);
    scene_close(s);
}

/* Connections */

static void many_at_once_keep_to_the_bounds(void **state)
{
    (void)state;
    enum { CALLS = 300 };
    struct client_config config = usual_config();
    config.max_per_host = 4;
    struct scene *s = scene_open(&config);
    struct call *calls[CALLS];
    for (int i = 0; i < CALLS; i++) {
        calls[i] = call_to(s, arena_fmt(&s->arena, "/call/%d", i).ptr);
        set_body(calls[i], "POST", arena_fmt(&s->arena, "body %d", i));
        client_start(s->client, &calls[i]->x);
    }
    for (int i = 0; i < CALLS; i++) {
        await(s, calls[i]);
        check_end(calls[i], CLIENT_ANSWERED, NULL);
        check_has(calls[i]->x.answer, arena_fmt(&s->arena, "POST /call/%d HTTP/1.1\r\n", i).ptr);
        assert_true(str_ends(calls[i]->x.answer, calls[i]->x.body));
        call_free(calls[i]);
    }
    assert_int_equal(receiver_number(s->receiver, &s->receiver->connections), 4);
    assert_true(receiver_number(s->receiver, &s->receiver->most_pending) <= 4);
    scene_close(s);
}

static void all_hosts_together_keep_to_a_bound(void **state)
{
    (void)state;
    enum { CALLS = 60 };
    struct client_config config = usual_config();
    config.max_connections = 3;
    config.idle_connections = 3;
    struct scene *s = scene_open(&config);
    struct receiver *other = receiver_open();
    struct call *calls[CALLS];
    for (int i = 0; i < CALLS; i++) {
        calls[i] = i % 2 ? call_to(s, "/")
                         : call_new(s, arena_fmt(&s->arena, "http://127.0.0.1:%u/", other->port));
        client_start(s->client, &calls[i]->x);
    }
    for (int i = 0; i < CALLS; i++) {
        await(s, calls[i]);
        check_end(calls[i], CLIENT_ANSWERED, NULL);
        call_free(calls[i]);
    }
    assert_true(receiver_number(s->receiver, &s->receiver->most_pending) <= 3);
    assert_true(receiver_number(other, &other->most_pending) <= 3);
    scene_close(s);
    receiver_close(other);
}

static void a_host_that_hangs_holds_up_no_other(void **state)
{
    (void)state;
    enum { CALLS = 50 };
    struct client_config config = usual_config();
    config.max_per_host = 2;
    config.max_connections = 3;
    struct scene *s = scene_open(&config);
    struct receiver *slow = receiver_open();
    struct call *hanging[CALLS];
    receiver_say(slow, 1, STR(""), THEN_HANG);
    for (int i = 0; i < CALLS; i++) {
        hanging[i] = call_new(s, arena_fmt(&s->arena, "http://127.0.0.1:%u/1", slow->port));
        client_start(s->client, &hanging[i]->x);
    }
    receiver_wait(slow, &slow->hanging, 2);
    for (int i = 0; i < 20; i++) {
        struct call *call = call_to(s, "/");
        (void)echo(s, call);
        call_free(call);
    }
    assert_int_equal(receiver_number(slow, &slow->requests), 2);
    client_close(s->client);
    s->client = NULL;
    for (int i = 0; i < CALLS; i++) {
        await(s, hanging[i]);
        call_free(hanging[i]);
    }
    scene_close(s);
    receiver_close(slow);
}

static void a_connection_is_used_again(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    for (int i = 0; i < 5; i++) {
        struct call *call = call_to(s, "/");
        set_body(call, "POST", STR("x"));
        (void)echo(s, call);
        call_free(call);
    }
    assert_int_equal(receiver_number(s->receiver, &s->receiver->connections), 1);
    scene_close(s);
}

static void a_connection_that_died_meanwhile_is_replaced(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    for (unsigned i = 1; i <= 3; i++) {
        struct call *call = call_to(s, "/");
        set_body(call, "POST", STR("x"));
        (void)echo(s, call);
        call_free(call);
        receiver_hang_up(s->receiver);
        assert_int_equal(receiver_number(s->receiver, &s->receiver->connections), i);
    }
    scene_close(s);
}

static int begin(void **state)
{
    (void)state;
    digest_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_comes_home),
        cmocka_unit_test(answers_come_in_every_framing),
        cmocka_unit_test(headers_are_utf8_whatever_came),
        cmocka_unit_test(a_packed_answer_is_unpacked_and_measured_so),
        cmocka_unit_test(an_answer_that_is_too_large_is_a_failure),
        cmocka_unit_test(a_request_has_what_was_given_and_little_else),
        cmocka_unit_test(a_large_body_goes_without_asking_first),
        cmocka_unit_test(a_body_that_is_missing_is_said_to_be_empty),
        cmocka_unit_test(a_head_request_has_no_body_either_way),
        cmocka_unit_test(framing_headers_are_the_clients_own),
        cmocka_unit_test(what_would_break_out_of_a_header_is_refused),
        cmocka_unit_test(a_url_that_is_none_is_refused),
        cmocka_unit_test(user_and_password_of_a_url_are_sent_and_not_shown),
        cmocka_unit_test(a_redirect_keeps_or_changes_the_method_by_its_code),
        cmocka_unit_test(get_and_head_stay_what_they_are),
        cmocka_unit_test(other_answers_with_a_location_are_answers),
        cmocka_unit_test(as_many_redirects_are_followed_as_were_asked_for),
        cmocka_unit_test(another_origin_gets_no_credentials),
        cmocka_unit_test(a_redirect_is_judged_by_the_guard),
        cmocka_unit_test(a_name_is_judged_by_where_it_leads_each_time),
        cmocka_unit_test(broken_names_do_not_open),
        cmocka_unit_test(a_proxy_is_asked_unless_the_host_is_exempt),
        cmocka_unit_test(localhost_behind_a_proxy_is_judged_as_loopback),
        cmocka_unit_test(the_environment_names_the_proxies),
        cmocka_unit_test(broken_answers_are_failures_with_a_code),
        cmocka_unit_test(a_port_where_nobody_listens_refuses),
        cmocka_unit_test(a_server_that_is_silent_about_tls_is_given_up),
        cmocka_unit_test(a_timeout_says_what_was_waited_for),
        cmocka_unit_test(a_timeout_counts_over_redirects),
        cmocka_unit_test(an_exchange_can_be_cancelled_at_any_moment),
        cmocka_unit_test(a_cancelled_exchange_that_was_faster_is_answered),
        cmocka_unit_test(closing_brings_all_home),
        cmocka_unit_test(many_at_once_keep_to_the_bounds),
        cmocka_unit_test(all_hosts_together_keep_to_a_bound),
        cmocka_unit_test(a_host_that_hangs_holds_up_no_other),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(a_connection_that_died_meanwhile_is_replaced),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
