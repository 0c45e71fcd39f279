/* A connection: reads, has requests handled one after the other, and sends the answers.
 *
 * An event is one recv(), as many requests as it brought, and one send(). After it settle() looks
 * at what the connection is left with and decides in one place what it waits for: to be written to,
 * for somebody's answer, for the rest of a request, for the next one, or to be closed.
 *
 * The client's end. A client that sends its last request and closes only its own direction still
 * gets the answer. While a request is parked the two cases look alike: the end of what the client
 * sends sets *gone, so work that has not begun may be dropped, but whatever answer comes is sent,
 * for somebody may still listen. After a reset nothing is sent.
 *
 * Bodies that travel in pieces are looked after by conn_pieces.c, streams of events by sse.c.
 *
 * The memory goes when libuv has let go of the handle and nobody owes an answer, whichever is
 * later.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/metric.h"
#include "http/conn.h"

enum {
    SEND_AT = 256 * 1024,      /* answers to pipelined requests are collected up to here */
    KEEP_BYTES = 256 * 1024,   /* the loop's buffer is given away when it has grown beyond this */
    PARKED_BYTES = 128 * 1024, /* read behind a parked request, to notice that the client leaves */
};

struct unsent {
    struct buf bytes;
    size_t at;  /* up to here the socket took them */
    int queued; /* bytes in the socket that the client has not taken, at the last look */
};

/* Waiting */

static void unlink_wait(struct conn *c)
{
    c->link.prev->next = c->link.next;
    c->link.next->prev = c->link.prev;
}

static void link_wait(struct conn *c, enum wait wait)
{
    struct loop *loop = c->loop;
    struct wait_link *ring = &loop->waiting[wait];
    c->wait = wait;
    c->wait_end_ms = loop_now_ms(loop) + loop->wait_ms[wait];
    c->link = (struct wait_link){.prev = ring->prev, .next = ring};
    ring->prev->next = &c->link;
    ring->prev = &c->link;
}

static void on_event(uv_poll_t *poll, int status, int events);

static void watch(struct conn *c, int events)
{
    if (events == c->polled)
        return;
    c->polled = events;
    if (events == 0)
        uv_poll_stop(&c->poll);
    else
        uv_poll_start(&c->poll, events, on_event);
}

static void wait_for(struct conn *c, int events, enum wait wait)
{
    watch(c, events);
    if (c->wait != wait || c->stirred) {
        unlink_wait(c);
        link_wait(c, wait);
    }
    c->stirred = false;
}

/* Opening and closing */

static void free_if_done(struct conn *c)
{
    if (!c->released || c->parked)
        return;
    stream_free(c->stream);
    c->magic = 0;
    free(c);
}

static void on_released(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    c->released = true;
    free_if_done(c);
}

static void drop_unsent(struct conn *c)
{
    if (c->unsent != NULL)
        buf_release(&c->unsent->bytes);
    free(c->unsent);
    c->unsent = NULL;
}

static void tell_gone(struct conn *c)
{
    if (c->parked && c->gone != NULL)
        atomic_store_explicit(c->gone, true, memory_order_relaxed);
}

void conn_close(struct conn *c)
{
    if (c->closed)
        return;
    bool stalled = c->unsent != NULL;
    c->closed = true;
    tell_gone(c);
    unlink_wait(c);
    uv_close((uv_handle_t *)&c->poll, on_released);
    (void)close(c->fd);
    reader_release(&c->reader);
    drop_unsent(c);
    metric_add(METRIC_CONNECTIONS, 0, -1);
    if (atomic_fetch_sub(&c->loop->server->connections, 1) == 1)
        server_changed(c->loop->server);
    if (stream_wanted(c))
        stream_break(c, 400, "The client has gone.");
    push_ready(c);
    sse_closed(c, stalled);
}

/* An IPv4 client of an IPv6 socket is written as what it is. */
static void note_peer(struct conn *c, const struct sockaddr *peer)
{
    const struct sockaddr_in *v4 = (const void *)peer;
    const struct sockaddr_in6 *v6 = (const void *)peer;
    bool is_v6 = peer->sa_family == AF_INET6;
    bool mapped = is_v6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    const void *address = mapped  ? (const void *)&v6->sin6_addr.s6_addr[12]
                          : is_v6 ? (const void *)&v6->sin6_addr
                                  : (const void *)&v4->sin_addr;
    if (inet_ntop(is_v6 && !mapped ? AF_INET6 : AF_INET, address, c->peer, sizeof(c->peer)))
        c->peer_len = (uint8_t)strlen(c->peer);
}

static void refuse(struct conn *c, int status, const char *text);

void conn_open(struct loop *loop, int fd, const struct sockaddr *peer, bool crowded)
{
    struct conn *c = mem_zalloc(sizeof(*c));
    c->magic = CONN_MAGIC;
    c->fd = fd;
    c->loop = loop;
    if (uv_poll_init(&loop->uv, &c->poll, fd) != 0) {
        (void)close(fd);
        free(c);
        return;
    }
    c->poll.data = c;
    atomic_fetch_add(&loop->server->connections, 1);
    metric_count(METRIC_CONNECTIONS, 0);
    note_peer(c, peer);
    reader_init(&c->reader);
    link_wait(c, WAIT_HEAD);
    if (!crowded) {
        watch(c, UV_READABLE);
        return;
    }
    refuse(c, 503, "The server has as many connections as it may. Try again in a second.");
    conn_send(c);
    conn_settle(c);
}

/* Sending */

static int queued_in_socket(const struct conn *c)
{
    int queued = 0;
    (void)ioctl(c->fd, SIOCOUTQ, &queued);
    return queued;
}

static void keep_unsent(struct conn *c, struct buf *out, size_t sent)
{
    struct unsent *unsent = mem_alloc(sizeof(*unsent));
    c->unsent = unsent;
    *unsent = (struct unsent){.bytes = *out, .at = sent, .queued = queued_in_socket(c)};
    if (out->cap > KEEP_BYTES) {
        buf_init(out, out->max);
        return;
    }
    unsent->at = 0;
    buf_init(&unsent->bytes, out->max);
    (void)buf_add(&unsent->bytes, str_after(buf_str(out), sent));
}

/* How much the socket took; 0 also when it has closed. */
static size_t send_some(struct conn *c, struct str bytes)
{
    ssize_t sent = send(c->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR)
        conn_close(c);
    return 0;
}

/* Everything in the loop's buffer is this connection's. What the socket does not take is kept. */
void conn_send(struct conn *c)
{
    struct buf *out = &c->loop->out;
    if (out->len == 0)
        return;
    if (c->unsent != NULL) {
        (void)buf_add(&c->unsent->bytes, buf_str(out));
    } else if (!c->closed) {
        size_t sent = send_some(c, buf_str(out));
        if (sent < out->len && !c->closed)
            keep_unsent(c, out, sent);
    }
    buf_clear(out);
    if (out->cap > KEEP_BYTES)
        buf_release(out);
}

static struct reply reply_for(const struct conn *c)
{
    return (struct reply){.date = loop_date(c->loop),
                          .head_only = c->head_only,
                          .http_1_0 = c->http_1_0,
                          .close = c->closing};
}

/* While the server drains, the last request says goodbye; and behind a body that nobody took to its
 * end there is no next one. */
void conn_give(struct conn *c, const struct http_answer *answer, uint64_t more)
{
    bool farewell = c->loop->draining && !c->more, untaken = c->stream != NULL;
    c->owes = false;
    c->closing = answer->close || !c->keep_alive || farewell || untaken;
    c->linger |= farewell || untaken;
    stream_free(c->stream);
    c->stream = NULL;
    struct reply reply = reply_for(c);
    reply.more = more;
    response_put(&c->loop->out, &reply, answer);
}

static void refuse(struct conn *c, int status, const char *text)
{
    metric_count(METRIC_REFUSED, 0);
    c->closing = c->linger = true;
    c->head_only = false;
    struct reply reply = reply_for(c);
    response_refuse(&c->loop->out, &reply, status, text);
}

/* Handling */

static void handle(struct conn *c, struct draft *draft)
{
    struct loop *loop = c->loop;
    struct http_request rq;
    draft_request(draft, loop->headers, str_from(c->peer, c->peer_len), &rq);
    rq.arena = &loop->arena;
    rq.conn = c;
    c->owes = true;
    c->head_only = rq.head_only;
    c->http_1_0 = draft->http_1_0;
    c->keep_alive = draft->keep_alive;
    if (rq.body_follows) {
        c->stream = stream_new(draft);
        draft_begin(draft);
    }
    router_serve(loop->server->router, &rq);
    assert(c->owes == c->parked); /* the handler has answered or parked */
    arena_reset(&loop->arena);
}

static bool may_go_on(const struct conn *c)
{
    return !c->parked && !c->closing && !c->closed && c->unsent == NULL;
}

static void invite_body(struct conn *c, struct draft *draft)
{
    if (draft->stage != STAGE_BODY || !draft->expects_continue)
        return;
    draft->expects_continue = false;
    (void)buf_lit(&c->loop->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* Handles the requests in a window, and leaves what cannot be handled yet with the reader. */
static void serve(struct conn *c, struct window w)
{
    c->loop->current = c;
    while (may_go_on(c)) {
        enum reading got = reader_next(&c->reader, &w);
        if (got == READ_MORE) {
            invite_body(c, w.draft);
            break;
        }
        c->stirred = true;
        c->more = got == READ_WHOLE && w.at < w.len;
        if (got == READ_REFUSED)
            refuse(c, w.draft->refusal.status, w.draft->refusal.text);
        else
            handle(c, w.draft);
        if (c->loop->out.len >= SEND_AT)
            conn_send(c);
    }
    c->loop->current = NULL;
    if (c->closing || c->closed) {
        c->linger |= w.at < w.len;
        reader_release(&c->reader);
    } else {
        reader_close(&c->reader, &w);
    }
    conn_send(c);
}

/* Goes on with requests that are held, when nothing is in their way any more. */
static void serve_held(struct conn *c)
{
    if (may_go_on(c) && reader_holds(&c->reader) > 0)
        serve(c, reader_open(&c->reader, &c->loop->draft, NULL, 0));
    conn_settle(c);
}

void http_answer(struct http_request *rq, const struct http_answer *answer)
{
    struct conn *c = rq->conn;
    assert(c->magic == CONN_MAGIC && c->owes && !c->parked);
    conn_give(c, answer, 0);
}

void conn_unpark(struct conn *c)
{
    c->parked = false;
    c->gone = NULL;
    c->loop->parked--;
    c->stirred = true;
    if (c->closed)
        free_if_done(c);
    else if (c->loop->current == NULL) /* else it is still inside its handler: serve() goes on */
        serve_held(c);
}

struct conn *http_park(struct http_request *rq, atomic_bool *gone)
{
    struct conn *c = rq->conn;
    assert(c->magic == CONN_MAGIC && c->owes && !c->parked);
    c->parked = true;
    c->gone = gone;
    c->loop->parked++;
    return c;
}

void http_answer_parked(struct conn *c, const struct http_answer *answer)
{
    assert(c->magic == CONN_MAGIC && c->parked);
    assert(c->loop->current == NULL || c->loop->current == c);
    if (!c->closed) {
        conn_give(c, answer, 0);
        if (c->loop->current == NULL)
            conn_send(c);
    }
    conn_unpark(c);
}

struct inbox *http_home(struct conn *c)
{
    assert(c->magic == CONN_MAGIC);
    return &c->loop->inbox;
}

/* Settling */

/* Behind a parked request one reads on, to see the client leave, but not without end. */
static int events_while_parked(const struct conn *c)
{
    if (c->ended)
        return 0;
    if (c->sse != NULL)
        return UV_DISCONNECT; /* a stream is the connection's last answer */
    return reader_holds(&c->reader) < PARKED_BYTES ? UV_READABLE : UV_DISCONNECT;
}

/* Closing with bytes unread would make the kernel send a reset, and the client might never see the
 * answer. So our direction is closed first, and what still comes is read and thrown away. */
static void take_leave(struct conn *c)
{
    if (!c->linger || c->ended) {
        conn_close(c);
        return;
    }
    if (!c->shut)
        (void)shutdown(c->fd, SHUT_WR);
    c->shut = true;
    wait_for(c, UV_READABLE, WAIT_LINGER);
}

static enum wait wait_for_request(const struct conn *c)
{
    if (reader_holds(&c->reader) == 0)
        return WAIT_IDLE;
    return reader_stage(&c->reader) == STAGE_HEAD ? WAIT_HEAD : WAIT_BODY;
}

void conn_settle(struct conn *c)
{
    if (c->closed)
        return;
    if (c->unsent != NULL)
        wait_for(c, UV_WRITABLE | (c->parked ? events_while_parked(c) : 0), WAIT_WRITE);
    else if (c->sse != NULL)
        wait_for(c, UV_DISCONNECT, WAIT_STREAM);
    else if (stream_wanted(c))
        wait_for(c, UV_READABLE, WAIT_BODY);
    else if (c->parked)
        wait_for(c, events_while_parked(c), WAIT_ANSWER);
    else if (c->closing)
        take_leave(c);
    else if (c->ended)
        conn_close(c);
    else
        wait_for(c, UV_READABLE, wait_for_request(c));
}

/* Events */

static void on_end(struct conn *c)
{
    c->ended = true;
    if (c->sse != NULL) {
        conn_close(c);
        return;
    }
    tell_gone(c);
    if (stream_wanted(c))
        stream_feed(c, NULL, 0);
    conn_settle(c);
}

static void on_bytes(struct conn *c, size_t len)
{
    struct loop *loop = c->loop;
    if (stream_wanted(c)) {
        stream_feed(c, loop->in, len);
    } else if (c->parked) {
        reader_store(&c->reader, &loop->draft, loop->in, len);
        c->more = true;
    } else if (!c->closing) {
        serve(c, reader_open(&c->reader, &loop->draft, loop->in, len));
    }
    conn_settle(c);
}

static void on_readable(struct conn *c)
{
    ssize_t len = recv(c->fd, c->loop->in, READ_BYTES, 0);
    if (len > 0)
        on_bytes(c, (size_t)len);
    else if (len == 0)
        on_end(c);
    else if (errno != EAGAIN && errno != EINTR)
        conn_close(c);
}

static void on_writable(struct conn *c)
{
    struct unsent *unsent = c->unsent;
    size_t sent = send_some(c, str_after(buf_str(&unsent->bytes), unsent->at));
    if (c->closed)
        return;
    c->stirred = sent > 0;
    unsent->at += sent;
    if (unsent->at == unsent->bytes.len) {
        drop_unsent(c);
        if (!c->hungry) {
            serve_held(c);
            sse_taken(c);
            return;
        }
        conn_settle(c);
        push_ready(c);
        return;
    }
    unsent->queued = queued_in_socket(c);
    conn_settle(c);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct conn *c = poll->data;
    assert(c->magic == CONN_MAGIC);
    if (status < 0) {
        conn_close(c);
        return;
    }
    if (events & UV_WRITABLE)
        on_writable(c);
    if (c->closed)
        return;
    if (events & c->polled & UV_READABLE)
        on_readable(c);
    else if (events & c->polled & UV_DISCONNECT)
        on_end(c);
}

/* Deadlines */

/* The kernel's buffer is large, and it asks for more only when a good part of it is empty: a slow
 * client may be taking bytes all the while. */
static bool takes_bytes(struct conn *c)
{
    int before = c->unsent->queued;
    c->unsent->queued = queued_in_socket(c);
    return c->unsent->queued < before;
}

static void time_out(struct conn *c, const char *text)
{
    refuse(c, 408, text);
    reader_release(&c->reader);
    conn_send(c);
}

void conn_expire(struct conn *c)
{
    if (c->wait == WAIT_HEAD && reader_holds(&c->reader) > 0)
        time_out(c, "The headers took too long to arrive.");
    else if (c->wait == WAIT_BODY && c->stream != NULL)
        stream_break(c, 408, "The body took too long to arrive.");
    else if (c->wait == WAIT_BODY)
        time_out(c, "The body took too long to arrive.");
    else if (c->wait == WAIT_WRITE && takes_bytes(c))
        c->stirred = true;
    else if (c->wait == WAIT_STREAM)
        sse_quiet(c);
    else
        conn_close(c);
    conn_settle(c);
}
