/* Connections over loopback: what is answered, what is closed and what is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/server_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define H    "Host: a\r\n"
#define GET  "GET /echo HTTP/1.1\r\n" H "\r\n"
#define PARK "GET /park HTTP/1.1\r\n" H "\r\n"

static struct http_server *server;

static int open_for_all(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    server = open_server(&config);
    return 0;
}

static int close_for_all(void **state)
{
    (void)state;
    close_server(server);
    return 0;
}

static const struct {
    const char *raw;
    int status;
    bool kept;
} rows[] = {
    {GET, 200, true},
    {"GET /echo HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 200, false},
    {"GET /echo HTTP/1.0\r\n\r\n", 200, false},
    {"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, true},
    {"GET /none HTTP/1.1\r\n" H "\r\n", 404, true},
    {"TRACE /echo HTTP/1.1\r\n" H "\r\n", 404, true},
    {"GET /close HTTP/1.1\r\n" H "\r\n", 403, false},
    {"GET /vain HTTP/1.1\r\n" H "\r\n", 503, true},
    {"GET /param/%zz HTTP/1.1\r\n" H "\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200,
     true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, false},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, false},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: +12\r\n\r\nhello, world", 400, false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, false},
    {"POST /echo HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n0xc\r\nhello, world\r\n0\r\n\r\n",
     400, false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400, false},
    {"GET /echo HTTP/1.1\r\nHost : a\r\n\r\n", 400, false},
    {"GET /echo HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400, false},
    {"GET /echo HTTP/1.1\r\n\r\n", 400, false},
    {"GET /echo HTTP/1.1\r\n" H H "\r\n", 400, false},
    {"GET /echo HTTP/2.0\r\n" H "\r\n", 505, false},
    {"CONNECT a:1 HTTP/1.1\r\n" H "\r\n", 501, false},
    {"GET /echo HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 501, false},
    {"GET /echo HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 200, true},
    {"POST /echo HTTP/1.1\r\n" H "Expect: magic\r\nContent-Length: 1\r\n\r\na", 417, false},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 104857600\r\n\r\n", 413, false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n6400000\r\n", 413, false},
};

static void each_row_is_answered_and_the_connection_kept_or_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client c = client_call(server);
        say(c.fd, str_of(rows[i].raw));
        struct str answer = hear(&c);
        if (status_of(answer) != rows[i].status)
            fail_msg("%s: %.*s", rows[i].raw, STR_FMT(answer));
        assert_int_equal(has(answer, "Connection: close\r\n"), !rows[i].kept);
        SAY(c.fd, GET);
        if (rows[i].kept)
            assert_int_equal(status_of(hear(&c)), 200);
        else
            assert_true(hear_end(&c));
        hang_up(&c);
    }
}

static void check_answered(struct str raw, int status)
{
    struct client c = client_call(server);
    say(c.fd, raw);
    assert_int_equal(status_of(hear(&c)), status);
    assert_true(hear_end(&c));
    hang_up(&c);
}

static void long_heads_targets_and_bodies_are_refused(void **state)
{
    (void)state;
    BUF(many, 100000);
    buf_lit(&many, "GET /echo HTTP/1.1\r\n" H);
    for (int i = 0; i < 200; i++)
        buf_addf(&many, "A%d: b\r\n", i);
    buf_lit(&many, "\r\n");
    check_answered(buf_str(&many), 431);

    BUF(large, 100000);
    buf_lit(&large, "GET /echo HTTP/1.1\r\n" H "A: ");
    memset(buf_room(&large, 65536), 'x', 65536);
    buf_grew(&large, 65536);
    buf_lit(&large, "\r\n\r\n");
    check_answered(buf_str(&large), 431);

    memcpy(large.ptr, "GET /", 5);
    memset(large.ptr + 5, 'x', large.len - 5);
    check_answered(buf_str(&large), 414);
}

/* The client that is still sending reads the refusal, not a reset. */
static void a_body_that_grows_over_the_limit_is_refused_while_it_is_sent(void **state)
{
    (void)state;
    BUF(raw, 8 << 20);
    buf_lit(&raw, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 40; i++) {
        buf_lit(&raw, "10000\r\n");
        memset(buf_room(&raw, 65536), 'x', 65536);
        buf_grew(&raw, 65536);
        buf_lit(&raw, "\r\n");
    }
    check_answered(buf_str(&raw), 413);
}

static void an_answer_has_exactly_the_headers_that_it_needs(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, GET);
    struct str answer = hear(&c);
    size_t date = str_find(answer, STR("\r\nDate: "));
    assert_int_not_equal(date, SIZE_MAX);
    BUF(rest, 1000); /* without the date, which has 29 characters */
    buf_add(&rest, str_slice(answer, 0, date));
    buf_add(&rest, str_after(answer, date + strlen("\r\nDate: ") + 29));
    assert_string_equal(rest.ptr, "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: application/json\r\n"
                                  "Cache-Control: no-store\r\n"
                                  "Pragma: no-cache\r\n"
                                  "Content-Length: 11\r\n"
                                  "\r\n"
                                  "GET /echo? ");
    hang_up(&c);
}

static void refusals_are_json_that_says_what_was_wrong(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "GET / HTTP/1.1\r\n\r\n");
    struct str answer = hear(&c);
    assert_true(has(answer, "Content-Type: application/json\r\n"));
    assert_true(
        str_is(body_of(answer), "{\"success\":false,\"error\":\"The Host header is missing.\"}"));
    hang_up(&c);
}

static void head_has_the_headers_of_get_and_no_body(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "HEAD /echo HTTP/1.1\r\n" H "\r\n");
    struct str answer = hear_any(c.fd, &c.text, &c.used, true);
    assert_int_equal(status_of(answer), 200);
    assert_true(has(answer, "Content-Length: 11\r\n"));
    SAY(c.fd, GET);
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    hang_up(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    for (int count = 3; count <= 100; count += 97) {
        BUF(raw, 100000);
        for (int i = 0; i < count; i++)
            buf_addf(&raw, "GET /echo?%d HTTP/1.1\r\n" H "\r\n", i);
        struct client c = client_call(server);
        say(c.fd, buf_str(&raw));
        for (int i = 0; i < count; i++) {
            BUF(wanted, 100);
            buf_addf(&wanted, "GET /echo?%d ", i);
            assert_true(str_eq(body_of(hear(&c)), buf_str(&wanted)));
        }
        hang_up(&c);
    }
}

static void a_request_may_be_cut_at_every_byte(void **state)
{
    (void)state;
    struct str raw =
        STR("POST /echo?q HTTP/1.1\r\n" H
            "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: v\r\n\r\n");
    struct client c = client_call(server);
    for (size_t at = 1; at < raw.len; at++) {
        say(c.fd, str_slice(raw, 0, at));
        say(c.fd, str_after(raw, at));
        assert_true(str_is(body_of(hear(&c)), "POST /echo?q abc"));
    }
    for (size_t at = 0; at < raw.len; at++)
        say(c.fd, str_slice(raw, at, at + 1));
    assert_true(str_is(body_of(hear(&c)), "POST /echo?q abc"));
    hang_up(&c);
}

static void a_client_that_expects_it_is_invited_to_send_the_body(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_true(str_is(hear(&c), "HTTP/1.1 100 Continue\r\n\r\n"));
    SAY(c.fd, "a");
    SAY(c.fd, "bc");
    assert_true(str_is(body_of(hear(&c)), "POST /echo? abc"));
    /* whoever sends it at once needs no invitation */
    SAY(c.fd, "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(status_of(hear(&c)), 200);
    /* and whoever would send too much gets none */
    SAY(c.fd,
        "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 9000000\r\n\r\n");
    assert_int_equal(status_of(hear(&c)), 413);
    hang_up(&c);
}

static void a_slow_reader_gets_all_of_a_large_answer(void **state)
{
    (void)state;
    struct client c = client_of(call_with_buffer(server, 4096));
    SAY(c.fd, "GET /big HTTP/1.1\r\n" H "\r\n" GET);
    struct str body = body_of(hear(&c));
    assert_int_equal(body.len, BIG_BYTES);
    assert_memory_equal(body.ptr, big_body, BIG_BYTES);
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    hang_up(&c);
}

static void large_answers_wait_for_each_other(void **state)
{
    (void)state;
    struct client c = client_of(call_with_buffer(server, 65536));
    for (int i = 0; i < 5; i++)
        SAY(c.fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    for (int i = 0; i < 5; i++)
        assert_int_equal(body_of(hear(&c)).len, BIG_BYTES);
    hang_up(&c);
}

static void a_client_that_only_stops_sending_gets_its_answers(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, GET GET);
    shutdown(c.fd, SHUT_WR);
    assert_int_equal(status_of(hear(&c)), 200);
    assert_int_equal(status_of(hear(&c)), 200);
    assert_true(hear_end(&c));
    hang_up(&c);
}

static void a_client_that_leaves_in_the_middle_is_forgotten(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\na");
    shutdown(c.fd, SHUT_WR);
    assert_true(hear_end(&c));
    hang_up(&c);
}

static void a_parked_request_is_answered_from_another_thread(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, PARK);
    struct parcel *parcel = take_parcel();
    assert_false(atomic_load(&parcel->gone));
    job_home(&parcel->job);
    assert_true(str_is(body_of(hear(&c)), "parked"));
    SAY(c.fd, GET);
    assert_int_equal(status_of(hear(&c)), 200);
    hang_up(&c);
}

static void requests_behind_a_parked_one_wait_for_it(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, GET PARK "GET /echo?2 HTTP/1.1\r\n" H "\r\nGET /ec");
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    struct parcel *parcel = take_parcel();
    SAY(c.fd, "ho?3 HTTP/1.1\r\n" H "\r\n");
    job_home(&parcel->job);
    assert_true(str_is(body_of(hear(&c)), "parked"));
    assert_true(str_is(body_of(hear(&c)), "GET /echo?2 "));
    assert_true(str_is(body_of(hear(&c)), "GET /echo?3 "));
    hang_up(&c);
}

struct speech {
    int fd;
    struct str bytes;
};

static void *say_all(void *arg)
{
    const struct speech *speech = arg;
    say(speech->fd, speech->bytes);
    return NULL;
}

/* More than the server holds and the kernel buffers, so another thread sends it. */
static void many_bytes_behind_a_parked_request_are_not_lost(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    BUF(raw, 16 << 20);
    buf_lit(&raw, PARK);
    for (int i = 0; i < MANY; i++)
        buf_lit(&raw, GET);
    struct client c = client_call(server);
    struct speech speech = {c.fd, buf_str(&raw)};
    pthread_t sender;
    assert_int_equal(pthread_create(&sender, NULL, say_all, &speech), 0);
    job_home(&take_parcel()->job);
    assert_true(str_is(body_of(hear(&c)), "parked"));
    for (int i = 0; i < MANY; i++)
        assert_int_equal(status_of(hear(&c)), 200);
    pthread_join(sender, NULL);
    hang_up(&c);
}

/* Waits until the server has seen that the client has left. */
static void wait_gone(struct parcel *parcel)
{
    while (!atomic_load(&parcel->gone))
        sched_yield();
}

static void a_client_that_closes_while_parked_is_noticed(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, PARK);
    struct parcel *parcel = take_parcel();
    hang_up(&c);
    wait_gone(parcel);
    job_home(&parcel->job);
    wait_all_answered();
}

static void a_client_that_resets_while_parked_is_noticed(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, PARK);
    struct parcel *parcel = take_parcel();
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    hang_up(&c);
    wait_gone(parcel);
    job_home(&parcel->job);
    wait_all_answered();
}

static void a_client_that_leaves_behind_many_bytes_while_parked_is_noticed(void **state)
{
    (void)state;
    BUF(raw, 1 << 20);
    buf_lit(&raw, PARK);
    for (int i = 0; i < 6000; i++)
        buf_lit(&raw, GET);
    struct client c = client_call(server);
    say(c.fd, buf_str(&raw));
    struct parcel *parcel = take_parcel();
    hang_up(&c);
    wait_gone(parcel);
    job_home(&parcel->job);
    wait_all_answered();
}

static void a_client_that_only_stops_sending_while_parked_still_gets_the_answer(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, PARK GET);
    shutdown(c.fd, SHUT_WR);
    struct parcel *parcel = take_parcel();
    wait_gone(parcel);
    job_home(&parcel->job);
    assert_true(str_is(body_of(hear(&c)), "parked"));
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    assert_true(hear_end(&c));
    hang_up(&c);
}

static void the_peer_is_the_address_of_the_socket(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "GET /peer HTTP/1.1\r\n" H "X-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 2.2.2.2\r\n\r\n");
    assert_true(str_is(body_of(hear(&c)), "127.0.0.1"));
    hang_up(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_answered_and_the_connection_kept_or_closed),
        cmocka_unit_test(long_heads_targets_and_bodies_are_refused),
        cmocka_unit_test(a_body_that_grows_over_the_limit_is_refused_while_it_is_sent),
        cmocka_unit_test(an_answer_has_exactly_the_headers_that_it_needs),
        cmocka_unit_test(refusals_are_json_that_says_what_was_wrong),
        cmocka_unit_test(head_has_the_headers_of_get_and_no_body),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_request_may_be_cut_at_every_byte),
        cmocka_unit_test(a_client_that_expects_it_is_invited_to_send_the_body),
        cmocka_unit_test(a_slow_reader_gets_all_of_a_large_answer),
        cmocka_unit_test(large_answers_wait_for_each_other),
        cmocka_unit_test(a_client_that_only_stops_sending_gets_its_answers),
        cmocka_unit_test(a_client_that_leaves_in_the_middle_is_forgotten),
        cmocka_unit_test(a_parked_request_is_answered_from_another_thread),
        cmocka_unit_test(requests_behind_a_parked_one_wait_for_it),
        cmocka_unit_test(many_bytes_behind_a_parked_request_are_not_lost),
        cmocka_unit_test(a_client_that_closes_while_parked_is_noticed),
        cmocka_unit_test(a_client_that_resets_while_parked_is_noticed),
        cmocka_unit_test(a_client_that_leaves_behind_many_bytes_while_parked_is_noticed),
        cmocka_unit_test(a_client_that_only_stops_sending_while_parked_still_gets_the_answer),
        cmocka_unit_test(the_peer_is_the_address_of_the_socket),
    };
    return cmocka_run_group_tests(tests, open_for_all, close_for_all);
}
