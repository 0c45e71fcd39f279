/* Bodies in pieces, both ways; the contract is in http.h. Runs on the connection's loop.
 *
 * In: what the socket brings goes through the parser into one buffer, which is handed out when it
 * has a piece's size. While nobody has asked for one the connection reads as much as behind any
 * parked request, and then stops: the client waits.
 *
 * Out: a piece is sent, and the next one asked for when the socket has taken all of it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/conn.h"

struct stream {
    struct draft draft; /* of the body */
    struct buf piece;
    bool whole;            /* the rest of the body is in it */
    bool invite;           /* the client waits for "100 Continue" */
    struct refusal broken; /* status 0: not */
    http_taker *take;      /* who waits; NULL: nobody */
    void *arg;
};

/* --- in --- */

struct stream *stream_new(const struct draft *draft)
{
    struct stream *s = mem_zalloc(sizeof(*s));
    s->draft = *draft;
    s->draft.fields = NULL;
    s->draft.field_count = 0;
    s->invite = draft->expects_continue;
    buf_init(&s->piece, SIZE_MAX / 2);
    return s;
}

void stream_free(struct stream *s)
{
    if (s == NULL)
        return;
    buf_release(&s->piece);
    free(s);
}

bool stream_wanted(const struct conn *c)
{
    return c->stream != NULL && c->stream->take != NULL;
}

static bool is_ready(const struct stream *s)
{
    return s->whole || s->broken.status != 0 || s->piece.len >= HTTP_PIECE_BYTES;
}

/* The last piece takes the stream with it: what comes behind it is a request again. */
static void deliver(struct conn *c)
{
    struct stream *s = c->stream;
    if (s->take == NULL || !is_ready(s))
        return;
    struct refusal why = s->broken;
    bool last = s->whole && why.status == 0;
    BUF(bytes, SIZE_MAX / 2);
    if (why.status == 0) {
        bytes = s->piece;
        buf_init(&s->piece, bytes.max);
    }
    http_taker *take = s->take;
    void *arg = s->arg;
    s->take = NULL;
    if (last) {
        c->stream = NULL;
        c->keep_alive = s->draft.keep_alive;
        c->more = reader_holds(&c->reader) > 0;
        stream_free(s);
    }
    take(arg, &(struct http_piece){.bytes = buf_str(&bytes),
                                   .last = last,
                                   .status = why.status,
                                   .text = why.text}); /* may answer, which frees the stream */
}

void stream_break(struct conn *c, int status, const char *text)
{
    struct stream *s = c->stream;
    if (s->broken.status == 0) {
        s->broken.status = status;
        (void)snprintf(s->broken.text, sizeof(s->broken.text), "%s", text);
    }
    deliver(c);
}

void stream_feed(struct conn *c, char *bytes, size_t len)
{
    struct stream *s = c->stream;
    if (s->broken.status == 0 && !s->whole) {
        enum reading got = reader_body(&c->reader, &s->draft, bytes, len, &s->piece);
        s->whole = got == READ_WHOLE;
        if (got == READ_REFUSED)
            s->broken = s->draft.refusal;
        else if (c->ended && !s->whole)
            stream_break(c, 400, "The body ended too early.");
    }
    if (c->stream == s)
        deliver(c);
}

static void invite(struct conn *c)
{
    c->stream->invite = false;
    (void)buf_lit(&c->loop->out, "HTTP/1.1 100 Continue\r\n\r\n");
    conn_send(c);
}

void http_pull(struct conn *c, http_taker *take, void *arg)
{
    assert(c->magic == CONN_MAGIC && c->parked && c->loop->current == NULL);
    assert(c->stream != NULL && c->stream->take == NULL);
    c->stream->take = take;
    c->stream->arg = arg;
    if (c->closed) {
        stream_break(c, 400, "The client has gone.");
        return; /* it may be freed */
    }
    c->stirred = true;
    if (c->stream->invite)
        invite(c);
    if (stream_wanted(c))
        stream_feed(c, NULL, 0);
    conn_settle(c);
}

/* --- out --- */

void push_ready(struct conn *c)
{
    if (!c->hungry)
        return;
    c->hungry = false;
    c->ready(c->ready_arg);
}

/* What was given is sent, or will be; now it is somebody's turn to give more. */
static bool want_more(struct conn *c)
{
    conn_send(c);
    if (c->closed || c->owed == 0) {
        conn_unpark(c);
        return false;
    }
    c->hungry = true;
    conn_settle(c);
    if (c->unsent == NULL)
        push_ready(c);
    return true;
}

bool http_answer_long(struct conn *c, const struct http_answer *answer, uint64_t more,
                      http_ready *ready, void *arg)
{
    assert(c->magic == CONN_MAGIC && c->parked && c->loop->current == NULL);
    c->owed = c->head_only ? 0 : more;
    c->ready = ready;
    c->ready_arg = arg;
    c->gone = NULL; /* a client that has ended its own direction still reads */
    if (!c->closed)
        conn_give(c, answer, more);
    return want_more(c);
}

bool http_push(struct conn *c, struct str bytes)
{
    assert(c->magic == CONN_MAGIC && c->parked && !c->hungry && bytes.len <= c->owed);
    c->owed -= bytes.len;
    c->stirred = true;
    if (!c->closed)
        (void)buf_add(&c->loop->out, bytes);
    return want_more(c);
}

void http_break(struct conn *c)
{
    assert(c->magic == CONN_MAGIC && c->parked && !c->hungry);
    conn_close(c);
    conn_unpark(c);
}
