/* Where exchanges lead: redirects, names that change, proxies; and the guard on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/client_scene.h"

/* Redirects */

static void a_redirect_keeps_or_changes_the_method_by_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *method, *becomes;
        int status;
        bool body;
    } cases[] = {
        {"POST", "GET", 301, false},   {"POST", "GET", 302, false},   {"POST", "GET", 303, false},
        {"POST", "POST", 307, true},   {"POST", "POST", 308, true},   {"PUT", "PUT", 301, true},
        {"PATCH", "PATCH", 302, true}, {"PUT", "GET", 303, false},    {"DELETE", "GET", 303, false},
        {"PUT", "PUT", 307, true},     {"PATCH", "PATCH", 308, true}, {"FROB", "FROB", 301, true},
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

static void a_proxy_is_asked_for_a_tunnel_to_https(void **state)
{
    (void)state;
    struct client_config config = usual_config();
    struct scene *proxy = usual_scene();
    config.https_proxy = arena_fmt(&proxy->arena, "http://127.0.0.1:%u", proxy->receiver->port).ptr;
    struct scene *s = scene_open(&config);
    struct call *call = call_new(s, STR("https://hook.test/x"));
    perform(s, call);
    check_end(call, CLIENT_FAILED, "EPROTO"); /* what the receiver echoes is no TLS */
    struct str got = receiver_last(proxy->receiver, &s->arena);
    assert_true(str_starts(got, STR("CONNECT hook.test:443 HTTP/1.1\r\n")));
    call_free(call);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirect_keeps_or_changes_the_method_by_its_code),
        cmocka_unit_test(get_and_head_stay_what_they_are),
        cmocka_unit_test(other_answers_with_a_location_are_answers),
        cmocka_unit_test(as_many_redirects_are_followed_as_were_asked_for),
        cmocka_unit_test(another_origin_gets_no_credentials),
        cmocka_unit_test(a_redirect_is_judged_by_the_guard),
        cmocka_unit_test(a_name_is_judged_by_where_it_leads_each_time),
        cmocka_unit_test(broken_names_do_not_open),
        cmocka_unit_test(a_proxy_is_asked_unless_the_host_is_exempt),
        cmocka_unit_test(a_proxy_is_asked_for_a_tunnel_to_https),
        cmocka_unit_test(localhost_behind_a_proxy_is_judged_as_loopback),
        cmocka_unit_test(the_environment_names_the_proxies),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
