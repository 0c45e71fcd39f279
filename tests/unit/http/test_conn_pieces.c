/* Bodies in pieces over loopback: what the taker gets, what the client gets, and who is told when
 * the other one leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/server_fixture.h"

#define H "Host: a\r\n"

enum { LONG_PIECES = 40, MANY_BYTES = 3 << 20 };

/* A request that parks, and goes on behind its handler. */
struct exchange {
    struct job job;
    struct conn *conn;
    atomic_bool gone;
    struct buf body;
    unsigned pieces;
    int sent; /* of a long answer */
    bool hasty;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    unsigned over;
    int broken; /* the status of the last body that broke off */
} log_book = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};

static void end(struct exchange *x, int broken)
{
    buf_release(&x->body);
    free(x);
    pthread_mutex_lock(&log_book.lock);
    log_book.over++;
    log_book.broken = broken;
    pthread_cond_broadcast(&log_book.change);
    pthread_mutex_unlock(&log_book.lock);
}

static int wait_over(unsigned count)
{
    pthread_mutex_lock(&log_book.lock);
    while (log_book.over < count)
        pthread_cond_wait(&log_book.change, &log_book.lock);
    int broken = log_book.broken;
    pthread_mutex_unlock(&log_book.lock);
    return broken;
}

static void go_home(struct exchange *x, struct http_request *rq, void (*finish)(struct job *))
{
    x->conn = http_park(rq, &x->gone);
    job_init(&x->job, http_home(x->conn));
    x->job.finish = finish;
    job_home(&x->job);
}

/* --- in: says how much came, in how many pieces, and its digest --- */

static void answer_sum(struct exchange *x, int status)
{
    uint8_t sum[DIGEST_SHA256_BYTES];
    digest_sha256(buf_str(&x->body), sum);
    BUF(text, 200);
    buf_addf(&text, "%zu %02x%02x%02x%02x %s", x->body.len, sum[0], sum[1], sum[2], sum[3],
             x->pieces > 1 ? "many" : "one");
    struct str body = buf_str(&text);
    http_answer_parked(x->conn,
                       &(struct http_answer){.status = status, .parts = &body, .part_count = 1});
}

static void pull(struct job *job);

static void take(void *arg, const struct http_piece *piece)
{
    struct exchange *x = arg;
    x->pieces++;
    buf_add(&x->body, piece->bytes);
    if (piece->last || piece->status != 0 || x->hasty) {
        int status = piece->status;
        answer_sum(x, status != 0 ? status : 200);
        end(x, status);
        return;
    }
    job_init(&x->job, http_home(x->conn));
    x->job.finish = pull;
    job_home(&x->job);
}

static void pull(struct job *job)
{
    struct exchange *x = (struct exchange *)job;
    http_pull(x->conn, take, x);
}

static void on_take(struct http_request *rq, const void *arg)
{
    if (!rq->body_follows) {
        answer_text(rq, STR("no body"));
        return;
    }
    struct exchange *x = mem_zalloc(sizeof(*x));
    buf_init(&x->body, 64 << 20);
    x->hasty = arg != NULL;
    go_home(x, rq, pull);
}

static void on_refuse(struct http_request *rq, const void *arg)
{
    (void)arg;
    http_answer(rq, &(struct http_answer){.status = 403});
}

/* --- out: LONG_PIECES pieces of one letter each --- */

static void push_next(void *arg);

static void push_now(struct job *job)
{
    struct exchange *x = (struct exchange *)job;
    char piece[HTTP_PIECE_BYTES];
    memset(piece, 'a' + x->sent % 26, sizeof(piece));
    struct str bytes = str_from(piece, sizeof(piece));
    uint64_t more = (uint64_t)(LONG_PIECES - 1) * sizeof(piece);
    bool first = x->sent++ == 0;
    struct http_answer head = {.status = 200, .parts = &bytes, .part_count = 1};
    bool wanted =
        first ? http_answer_long(x->conn, &head, more, push_next, x) : http_push(x->conn, bytes);
    if (!wanted)
        end(x, 0);
}

static void push_next(void *arg)
{
    struct exchange *x = arg;
    if (x->sent == LONG_PIECES / 2 && x->hasty) {
        http_break(x->conn);
        end(x, 0);
        return;
    }
    job_init(&x->job, http_home(x->conn));
    x->job.finish = push_now;
    job_home(&x->job);
}

static void on_long(struct http_request *rq, const void *arg)
{
    struct exchange *x = mem_zalloc(sizeof(*x));
    buf_init(&x->body, 0);
    x->hasty = arg != NULL;
    go_home(x, rq, push_now);
}

/* --- the server --- */

static struct http_server *server;

static int open_for_each(void **state)
{
    (void)state;
    log_book.over = 0;
    struct http_config config = fixture_config();
    router_add_stream(fixture_router, HTTP_POST, "/take/:what", on_take, NULL);
    router_add_stream(fixture_router, HTTP_POST, "/hasty", on_take, "");
    router_add_stream(fixture_router, HTTP_POST, "/refuse", on_refuse, NULL);
    router_add(fixture_router, HTTP_GET, "/long", on_long, NULL);
    router_add(fixture_router, HTTP_GET, "/broken", on_long, "");
    config.limits.body_bytes = 1000;
    config.limits.body_ms = *state != NULL ? 50 : PATIENCE_MS;
    server = open_server(&config);
    return 0;
}

static int open_in_a_hurry(void **state)
{
    static int hurry;
    *state = &hurry;
    return open_for_each(state);
}

static int close_for_each(void **state)
{
    (void)state;
    close_server(server);
    return 0;
}

static void add_noise(struct buf *out, size_t bytes)
{
    char *at = buf_room(out, bytes);
    uint32_t x = 1;
    for (size_t i = 0; i < bytes; i++) {
        x = x * 1664525 + 1013904223;
        at[i] = (char)(x >> 24);
    }
    buf_grew(out, bytes);
}

static void check_sum(struct str answer, struct str body, const char *pieces)
{
    uint8_t sum[DIGEST_SHA256_BYTES];
    digest_sha256(body, sum);
    BUF(wanted, 200);
    buf_addf(&wanted, "%zu %02x%02x%02x%02x %s", body.len, sum[0], sum[1], sum[2], sum[3], pieces);
    assert_int_equal(status_of(answer), 200);
    if (!str_eq(body_of(answer), buf_str(&wanted)))
        fail_msg("%.*s is not %s", STR_FMT(body_of(answer)), wanted.ptr);
}

#define GET "GET /echo HTTP/1.1\r\n" H "\r\n"

/* Larger than any body may be elsewhere; and the request behind it is answered too. */
static void a_large_body_comes_in_pieces_and_the_next_request_is_served(void **state)
{
    (void)state;
    struct client c = client_call(server);
    BUF(body, 64 << 20);
    add_noise(&body, MANY_BYTES);
    BUF(raw, 64 << 20);
    buf_addf(&raw, "POST /take/it HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", MANY_BYTES);
    buf_add(&raw, buf_str(&body));
    buf_lit(&raw, GET GET);
    say(c.fd, buf_str(&raw));
    check_sum(hear(&c), buf_str(&body), "many");
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    hang_up(&c);
}

static void a_chunked_body_is_joined(void **state)
{
    (void)state;
    struct client c = client_call(server);
    BUF(body, 64 << 20);
    add_noise(&body, MANY_BYTES);
    BUF(raw, 64 << 20);
    buf_lit(&raw, "POST /take/it HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    struct str rest = buf_str(&body);
    for (size_t chunk = 1; rest.len > 0; chunk = chunk * 3 % 70001) {
        struct str part = str_slice(rest, 0, chunk);
        buf_addf(&raw, "%zx;ext=1\r\n", part.len);
        buf_add(&raw, part);
        buf_lit(&raw, "\r\n");
        rest = str_after(rest, part.len);
    }
    buf_lit(&raw, "0\r\nTrailer: x\r\n\r\n" GET);
    say(c.fd, buf_str(&raw));
    check_sum(hear(&c), buf_str(&body), "many");
    assert_int_equal(status_of(hear(&c)), 200);
    hang_up(&c);
}

static void a_small_body_that_came_with_its_head_is_one_piece(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "POST /take/it HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello" GET);
    check_sum(hear(&c), STR("hello"), "one");
    assert_int_equal(status_of(hear(&c)), 200);
    SAY(c.fd, "POST /take/it HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n");
    assert_true(str_is(body_of(hear(&c)), "no body"));
    hang_up(&c);
}

static void bytes_one_by_one_make_the_same_body(void **state)
{
    (void)state;
    struct client c = client_call(server);
    struct str raw = STR("POST /take/it HTTP/1.1\r\n" H
                         "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    for (size_t i = 0; i < raw.len; i++)
        say(c.fd, str_slice(raw, i, i + 1));
    check_sum(hear(&c), STR("hello"), "one");
    hang_up(&c);
}

static void a_client_that_waits_to_be_invited_is_invited(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "POST /take/it HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_int_equal(status_of(hear(&c)), 100);
    SAY(c.fd, "hello");
    check_sum(hear(&c), STR("hello"), "one");
    hang_up(&c);
}

static void an_answer_before_the_end_of_the_body_closes(void **state)
{
    (void)state;
    static const char *const paths[] = {"/refuse", "/hasty"};
    for (size_t i = 0; i < 2; i++) {
        struct client c = client_call(server);
        BUF(raw, 64 << 20);
        buf_addf(&raw, "POST %s HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", paths[i], MANY_BYTES);
        add_noise(&raw, MANY_BYTES);
        say(c.fd, buf_str(&raw));
        struct str answer = hear(&c);
        assert_int_equal(status_of(answer), i == 0 ? 403 : 200);
        assert_true(has(answer, "Connection: close"));
        assert_true(hear_end(&c));
        hang_up(&c);
    }
}

static void who_takes_a_body_is_told_that_its_sender_has_gone(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "POST /take/it HTTP/1.1\r\n" H "Content-Length: 500000\r\n\r\nhello");
    hang_up(&c);
    assert_int_equal(wait_over(1), 400);
}

static void a_chunk_that_is_none_breaks_the_body_off(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd,
        "POST /take/it HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\nzz\r\n");
    assert_int_equal(status_of(hear(&c)), 400);
    assert_true(hear_end(&c));
    assert_int_equal(wait_over(1), 400);
    hang_up(&c);
}

static void a_piece_that_takes_too_long_ends_the_body(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "POST /take/it HTTP/1.1\r\n" H "Content-Length: 500000\r\n\r\nhello");
    assert_int_equal(status_of(hear(&c)), 408);
    assert_true(hear_end(&c));
    hang_up(&c);
}

static void a_long_answer_comes_whole_and_the_connection_is_kept(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "GET /long HTTP/1.1\r\n" H "\r\n" GET);
    struct str body = body_of(hear(&c));
    assert_int_equal(body.len, (size_t)LONG_PIECES * HTTP_PIECE_BYTES);
    for (size_t i = 0; i < body.len; i++)
        if (body.ptr[i] != 'a' + (char)(i / HTTP_PIECE_BYTES % 26))
            fail_msg("byte %zu is %c", i, body.ptr[i]);
    assert_true(str_is(body_of(hear(&c)), "GET /echo? "));
    SAY(c.fd, "HEAD /long HTTP/1.1\r\n" H "\r\n");
    assert_true(has(hear_any(c.fd, &c.text, &c.used, true), "Content-Length: 10485760\r\n"));
    SAY(c.fd, GET);
    assert_int_equal(status_of(hear(&c)), 200);
    hang_up(&c);
}

static void a_long_answer_that_breaks_off_ends_the_connection(void **state)
{
    (void)state;
    struct client c = client_call(server);
    SAY(c.fd, "GET /broken HTTP/1.1\r\n" H "\r\n");
    assert_true(str_empty(hear(&c))); /* no whole answer */
    assert_true(c.text.len < (size_t)LONG_PIECES * HTTP_PIECE_BYTES);
    wait_over(1);
    hang_up(&c);
}

static void who_gives_a_long_answer_is_told_that_its_reader_has_gone(void **state)
{
    (void)state;
    struct client c = client_of(call_with_buffer(server, 4096));
    SAY(c.fd, "GET /long HTTP/1.1\r\n" H "\r\n");
    assert_true(hear_more(c.fd, &c.text));
    hang_up(&c);
    wait_over(1);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, open_for_each, close_for_each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(a_large_body_comes_in_pieces_and_the_next_request_is_served),
        EACH(a_chunked_body_is_joined),
        EACH(a_small_body_that_came_with_its_head_is_one_piece),
        EACH(bytes_one_by_one_make_the_same_body),
        EACH(a_client_that_waits_to_be_invited_is_invited),
        EACH(an_answer_before_the_end_of_the_body_closes),
        EACH(who_takes_a_body_is_told_that_its_sender_has_gone),
        EACH(a_chunk_that_is_none_breaks_the_body_off),
        cmocka_unit_test_setup_teardown(a_piece_that_takes_too_long_ends_the_body, open_in_a_hurry,
                                        close_for_each),
        EACH(a_long_answer_comes_whole_and_the_connection_is_kept),
        EACH(a_long_answer_that_breaks_off_ends_the_connection),
        EACH(who_gives_a_long_answer_is_told_that_its_reader_has_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
