/* A server on a free port with a small router, and raw sockets to talk to it. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/inbox.h"
#include "base/lane.h"
#include "base/mem.h"
#include "http/http.h"

/* Nothing here takes that long; a test that waits for what never comes fails after it. */
enum { PATIENCE_MS = 20000, BIG_BYTES = 5 << 20 };

/* A parked exchange on its way through the test's own thread. */
struct parcel {
    struct job job;
    struct parcel *next;
    struct conn *conn;
    atomic_bool gone;
};

/* What the handlers and the tests share. */
struct desk {
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct parcel *parked; /* newest first; taken by the test */
    unsigned arrived;      /* how many requests were parked in all */
    unsigned answered;     /* how many of them were answered */
};

static struct desk desk = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
static char big_body[BIG_BYTES];

static inline void answer_text(struct http_request *rq, struct str text)
{
    http_answer(rq, &(struct http_answer){.status = 200, .parts = &text, .part_count = 1});
}

/* "METHOD path?query body" */
static inline void on_echo(struct http_request *rq, const void *arg)
{
    (void)arg;
    answer_text(rq,
                arena_fmt(rq->arena, "%s %.*s?%.*s %.*s", rq->method == HTTP_GET ? "GET" : "POST",
                          STR_FMT(rq->path), STR_FMT(rq->query), STR_FMT(rq->body)));
}

static inline void on_peer(struct http_request *rq, const void *arg)
{
    (void)arg;
    answer_text(rq, rq->peer);
}

static inline void on_param(struct http_request *rq, const void *arg)
{
    (void)arg;
    answer_text(rq, rq->params[0]);
}

static inline void on_big(struct http_request *rq, const void *arg)
{
    (void)arg;
    answer_text(rq, str_from(big_body, BIG_BYTES));
}

static inline void on_close(struct http_request *rq, const void *arg)
{
    (void)arg;
    struct str text = STR("bye");
    http_answer(rq, &(struct http_answer){.status = 403,
                                          .content_type = "text/plain",
                                          .headers = STR("X-One: 1\r\n"),
                                          .parts = &text,
                                          .part_count = 1,
                                          .close = true});
}

static inline void answer_parcel(struct job *job)
{
    struct parcel *parcel = (struct parcel *)job;
    struct str text = STR("parked");
    http_answer_parked(parcel->conn,
                       &(struct http_answer){.status = 200, .parts = &text, .part_count = 1});
    free(parcel);
    pthread_mutex_lock(&desk.lock);
    desk.answered++;
    pthread_cond_broadcast(&desk.change);
    pthread_mutex_unlock(&desk.lock);
}

static inline void on_park(struct http_request *rq, const void *arg)
{
    (void)arg;
    struct parcel *parcel = mem_zalloc(sizeof(*parcel));
    parcel->conn = http_park(rq, &parcel->gone);
    job_init(&parcel->job, http_home(parcel->conn));
    parcel->job.finish = answer_parcel;
    pthread_mutex_lock(&desk.lock);
    parcel->next = desk.parked;
    desk.parked = parcel;
    desk.arrived++;
    pthread_cond_broadcast(&desk.change);
    pthread_mutex_unlock(&desk.lock);
}

/* Parks and then finds that nobody has room for the work. */
static inline void on_park_in_vain(struct http_request *rq, const void *arg)
{
    (void)arg;
    struct conn *conn = http_park(rq, NULL);
    http_answer_parked(conn, &(struct http_answer){.status = 503});
}

/* Waits until a request is parked, and takes it. */
static inline struct parcel *take_parcel(void)
{
    pthread_mutex_lock(&desk.lock);
    while (desk.parked == NULL)
        pthread_cond_wait(&desk.change, &desk.lock);
    struct parcel *parcel = desk.parked;
    desk.parked = parcel->next;
    pthread_mutex_unlock(&desk.lock);
    return parcel;
}

/* Waits until `count` were answered since the server was opened. */
static inline void wait_answered(unsigned count)
{
    pthread_mutex_lock(&desk.lock);
    while (desk.answered < count)
        pthread_cond_wait(&desk.change, &desk.lock);
    pthread_mutex_unlock(&desk.lock);
}

/* Waits until all that were parked were answered. */
static inline void wait_all_answered(void)
{
    pthread_mutex_lock(&desk.lock);
    while (desk.answered < desk.arrived)
        pthread_cond_wait(&desk.change, &desk.lock);
    pthread_mutex_unlock(&desk.lock);
}

static struct router *fixture_router;

static inline struct http_config fixture_config(void)
{
    digest_init();
    memset(big_body, 'b', sizeof(big_body));
    desk.parked = NULL;
    desk.arrived = desk.answered = 0;
    if (fixture_router == NULL) {
        fixture_router = router_new();
        router_add(fixture_router, HTTP_GET, "/echo", on_echo, NULL);
        router_add(fixture_router, HTTP_POST, "/echo", on_echo, NULL);
        router_add(fixture_router, HTTP_GET, "/peer", on_peer, NULL);
        router_add(fixture_router, HTTP_GET, "/param/:name", on_param, NULL);
        router_add(fixture_router, HTTP_GET, "/big", on_big, NULL);
        router_add(fixture_router, HTTP_GET, "/close", on_close, NULL);
        router_add(fixture_router, HTTP_GET, "/park", on_park, NULL);
        router_add(fixture_router, HTTP_GET, "/vain", on_park_in_vain, NULL);
    }
    return (struct http_config){.host = "127.0.0.1",
                                .loops = 1,
                                .router = fixture_router,
                                .limits = {.header_ms = PATIENCE_MS,
                                           .body_ms = PATIENCE_MS,
                                           .idle_ms = PATIENCE_MS,
                                           .write_ms = PATIENCE_MS,
                                           .header_bytes = 16 << 10,
                                           .header_count = 100,
                                           .body_bytes = 1 << 20,
                                           .connections = 1000}};
}

static inline struct http_server *open_server(const struct http_config *config)
{
    struct err err = ERR_NONE;
    struct http_server *server = http_open(config, &err);
    if (server == NULL)
        fail_msg("%s", err.text);
    return server;
}

static inline void close_server(struct http_server *server)
{
    http_drain(server, PATIENCE_MS);
    http_close(server);
    router_free(fixture_router);
    fixture_router = NULL;
}

/* The client's side */

static inline int call_with_buffer(const struct http_server *server, int receive_bytes)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    if (receive_bytes > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    int at_once = 1; /* small pieces do not wait for each other */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static inline int call(const struct http_server *server)
{
    return call_with_buffer(server, 0);
}

static inline void say(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server has had enough; what it answered is still to be read */
        bytes = str_after(bytes, (size_t)sent);
    }
}
#define SAY(fd, literal) say((fd), STR(literal))

/* Reads on until `text` holds `count` whole answers; false when the server closed before. */
static inline bool hear_more(int fd, struct buf *text)
{
    char bytes[65536];
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    if (got < 0 && errno != ECONNRESET)
        fail_msg("nothing came for %d ms", PATIENCE_MS);
    if (got > 0)
        assert_true(buf_add(text, str_from(bytes, (size_t)got)));
    return got > 0;
}

/* The decimal number at the front; 0 when there is none. */
static inline size_t number_at(struct str text)
{
    size_t number = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        number = number * 10 + (size_t)(text.ptr[i] - '0');
    return number;
}

/* The size of the answer at the front of `text`, 0 while it is not whole. */
static inline size_t answer_size(struct str text, bool bodiless)
{
    size_t head = str_find(text, STR("\r\n\r\n"));
    if (head == SIZE_MAX)
        return 0;
    size_t at = str_find(text, STR("Content-Length: "));
    size_t body = at < head && !bodiless ? number_at(str_after(text, at + 16)) : 0;
    return text.len >= head + 4 + body ? head + 4 + body : 0;
}

/* The next answer, cut off the front of `text`; empty when the server closed instead. */
static inline struct str hear_any(int fd, struct buf *text, size_t *used, bool bodiless)
{
    for (;;) {
        struct str rest = str_after(buf_str(text), *used);
        size_t size = answer_size(rest, bodiless);
        if (size > 0) {
            *used += size;
            return str_slice(rest, 0, size);
        }
        if (!hear_more(fd, text))
            return STR("");
    }
}

static inline int status_of(struct str answer)
{
    return str_starts(answer, STR("HTTP/1.1 ")) ? (int)number_at(str_after(answer, 9)) : 0;
}

static inline struct str body_of(struct str answer)
{
    size_t head = str_find(answer, STR("\r\n\r\n"));
    return head == SIZE_MAX ? STR("") : str_after(answer, head + 4);
}

/* A client with what it has heard so far. */
struct client {
    int fd;
    struct buf text;
    size_t used;
};

static inline struct client client_of(int fd)
{
    struct client c = {.fd = fd};
    buf_init(&c.text, 64 << 20);
    return c;
}

static inline struct client client_call(const struct http_server *server)
{
    return client_of(call(server));
}

static inline struct str hear(struct client *c)
{
    return hear_any(c->fd, &c->text, &c->used, false);
}

/* Nothing but the end comes. */
static inline bool hear_end(struct client *c)
{
    return str_empty(hear(c)) && c->used == c->text.len;
}

static inline void hang_up(struct client *c)
{
    close(c->fd);
    buf_release(&c->text);
}

static inline bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) != SIZE_MAX;
}
