/* Exchanges with a server that hangs, lies and dies; bounds, and connections that are used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "http/client_scene.h"

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

static void a_lack_of_descriptors_is_told_apart_from_a_refusal(void **state)
{
    (void)state;
    struct scene *s = usual_scene();
    struct rlimit usual, none = {.rlim_cur = 0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none.rlim_max = usual.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct call *call = call_to(s, "/");
    perform(s, call);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    check_end(call, CLIENT_FAILED, "EMFILE");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_answers_are_failures_with_a_code),
        cmocka_unit_test(a_port_where_nobody_listens_refuses),
        cmocka_unit_test(a_server_that_is_silent_about_tls_is_given_up),
        cmocka_unit_test(a_timeout_says_what_was_waited_for),
        cmocka_unit_test(a_timeout_counts_over_redirects),
        cmocka_unit_test(a_lack_of_descriptors_is_told_apart_from_a_refusal),
        cmocka_unit_test(an_exchange_can_be_cancelled_at_any_moment),
        cmocka_unit_test(a_cancelled_exchange_that_was_faster_is_answered),
        cmocka_unit_test(closing_brings_all_home),
        cmocka_unit_test(many_at_once_keep_to_the_bounds),
        cmocka_unit_test(all_hosts_together_keep_to_a_bound),
        cmocka_unit_test(a_host_that_hangs_holds_up_no_other),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(a_connection_that_died_meanwhile_is_replaced),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
