/* Streams over loopback: what is sent arrives, silence calls for a heartbeat, and whoever leaves,
 * stalls or outlives the server is let go of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/server_fixture.h"
#include "http/sse.h"

#define H "Host: a\r\n"

/* A stream, and what the test is told of it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct inbox *home; /* of the stream's loop */
    struct conn *conn;  /* of the loop; NULL: it is over */
    unsigned opened, readied, ended;
    bool stalled;
} book = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};

static void note(unsigned *count)
{
    pthread_mutex_lock(&book.lock);
    (*count)++;
    pthread_cond_broadcast(&book.change);
    pthread_mutex_unlock(&book.lock);
}

static void wait_until_count(const unsigned *count, unsigned wanted)
{
    pthread_mutex_lock(&book.lock);
    while (*count < wanted)
        pthread_cond_wait(&book.change, &book.lock);
    pthread_mutex_unlock(&book.lock);
}

static void on_ready(void *arg)
{
    (void)arg;
    note(&book.readied);
}

static void over(bool stalled)
{
    book.conn = NULL;
    book.stalled = stalled;
    note(&book.ended);
}

static void on_quiet(void *arg)
{
    (void)arg;
    if (sse_send(book.conn, STR(": ping\n\n")) == SSE_OVER)
        over(false);
}

static void on_over(void *arg, bool stalled)
{
    (void)arg;
    over(stalled);
}

static const struct sse_calls calls = {.ready = on_ready, .quiet = on_quiet, .over = on_over};

/* An errand on the loop. */
struct errand {
    struct job job;
    struct conn *conn;
    struct str text;
};

static void open_stream(struct job *job)
{
    struct errand *errand = (struct errand *)job;
    struct str first = STR("first\n");
    book.conn = errand->conn;
    struct http_answer head = {
        .status = 200, .content_type = "text/event-stream", .parts = &first, .part_count = 1};
    if (sse_open(errand->conn, &head, &calls, NULL) == SSE_OVER)
        over(false);
    free(errand);
    note(&book.opened);
}

static void send_text(struct job *job)
{
    struct errand *errand = (struct errand *)job;
    if (book.conn != NULL && str_empty(errand->text)) {
        sse_close(book.conn);
        over(false);
    } else if (book.conn != NULL && sse_send(book.conn, errand->text) == SSE_OVER) {
        over(false);
    }
    free(errand);
}

static void run_errand(struct inbox *home, struct conn *conn, struct str text,
                       void (*finish)(struct job *job))
{
    struct errand *errand = mem_zalloc(sizeof(*errand));
    job_init(&errand->job, home);
    errand->job.finish = finish;
    errand->conn = conn;
    errand->text = text;
    job_home(&errand->job);
}

static void on_stream(struct http_request *rq, const void *arg)
{
    (void)arg;
    struct conn *conn = http_park(rq, NULL);
    book.home = http_home(conn);
    run_errand(book.home, conn, STR(""), open_stream);
}

static void give(struct str text)
{
    run_errand(book.home, NULL, text, send_text);
}

static struct http_server *start(int64_t quiet_ms, int64_t write_ms)
{
    struct http_config config = fixture_config();
    book.opened = book.readied = book.ended = 0;
    router_add(fixture_router, HTTP_GET, "/stream", on_stream, NULL);
    config.limits.quiet_ms = quiet_ms;
    config.limits.write_ms = write_ms;
    return open_server(&config);
}

static void hear_until(struct client *c, const char *part)
{
    while (!has(buf_str(&c->text), part))
        assert_true(hear_more(c->fd, &c->text));
}

static void hear_closing(struct client *c)
{
    while (hear_more(c->fd, &c->text))
        ;
}

static struct client begin(const struct http_server *server)
{
    struct client c = client_call(server);
    SAY(c.fd, "GET /stream HTTP/1.1\r\n" H "\r\n");
    hear_until(&c, "first\n");
    wait_until_count(&book.opened, 1);
    return c;
}

static void what_is_sent_arrives_until_it_is_closed(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, PATIENCE_MS);
    struct client c = begin(server);
    assert_true(has(buf_str(&c.text), "Content-Type: text/event-stream\r\n"));
    assert_true(has(buf_str(&c.text), "Connection: close\r\n"));
    assert_false(has(buf_str(&c.text), "Content-Length"));
    give(STR("second\n"));
    hear_until(&c, "\r\n\r\nfirst\nsecond\n");
    give(STR(""));
    hear_closing(&c);
    assert_true(str_ends(buf_str(&c.text), STR("first\nsecond\n")));
    hang_up(&c);
    close_server(server);
}

static void silence_calls_for_heartbeats(void **state)
{
    (void)state;
    struct http_server *server = start(10, PATIENCE_MS);
    struct client c = begin(server);
    hear_until(&c, "first\n: ping\n\n: ping\n\n: ping\n\n");
    hang_up(&c);
    close_server(server);
}

static void a_client_that_leaves_is_let_go_of(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, PATIENCE_MS);
    struct client c = begin(server);
    hang_up(&c);
    wait_until_count(&book.ended, 1);
    assert_false(book.stalled);
    close_server(server);
}

static void a_client_that_takes_nothing_is_dropped(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, 50);
    struct client c = client_of(call_with_buffer(server, 4096));
    SAY(c.fd, "GET /stream HTTP/1.1\r\n" H "\r\n");
    wait_until_count(&book.opened, 1);
    give(str_from(big_body, BIG_BYTES));
    wait_until_count(&book.ended, 1);
    assert_true(book.stalled);
    hang_up(&c);
    close_server(server);
}

static void who_sends_is_told_when_all_was_taken(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, PATIENCE_MS);
    struct client c = client_of(call_with_buffer(server, 4096));
    SAY(c.fd, "GET /stream HTTP/1.1\r\n" H "\r\n");
    wait_until_count(&book.opened, 1);
    give(str_from(big_body, BIG_BYTES));
    while (c.text.len < BIG_BYTES)
        assert_true(hear_more(c.fd, &c.text));
    wait_until_count(&book.readied, 1);
    give(STR("the end\n"));
    hear_until(&c, "bbbthe end\n");
    hang_up(&c);
    close_server(server);
}

static void a_stopping_server_ends_its_streams_first(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, PATIENCE_MS);
    struct client c = begin(server);
    http_drain(server, PATIENCE_MS);
    hear_closing(&c);
    wait_until_count(&book.ended, 1);
    hang_up(&c);
    close_server(server);
}

static void whoever_asks_for_the_head_gets_no_stream(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, PATIENCE_MS);
    struct client c = client_call(server);
    SAY(c.fd, "HEAD /stream HTTP/1.1\r\n" H "\r\n");
    hear_closing(&c);
    assert_true(str_ends(buf_str(&c.text), STR("\r\n\r\n")));
    wait_until_count(&book.ended, 1);
    hang_up(&c);
    close_server(server);
}

static void what_a_client_says_to_its_stream_is_not_heard(void **state)
{
    (void)state;
    struct http_server *server = start(PATIENCE_MS, PATIENCE_MS);
    struct client c = begin(server);
    SAY(c.fd, "GET /echo HTTP/1.1\r\n" H "\r\n");
    give(STR("second\n"));
    hear_until(&c, "first\nsecond\n");
    give(STR(""));
    hear_closing(&c);
    assert_false(has(buf_str(&c.text), "/echo"));
    hang_up(&c);
    close_server(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_arrives_until_it_is_closed),
        cmocka_unit_test(silence_calls_for_heartbeats),
        cmocka_unit_test(a_client_that_leaves_is_let_go_of),
        cmocka_unit_test(a_client_that_takes_nothing_is_dropped),
        cmocka_unit_test(who_sends_is_told_when_all_was_taken),
        cmocka_unit_test(a_stopping_server_ends_its_streams_first),
        cmocka_unit_test(whoever_asks_for_the_head_gets_no_stream),
        cmocka_unit_test(what_a_client_says_to_its_stream_is_not_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
