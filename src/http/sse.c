/* Streams of sse.h. A streaming connection is a parked one whose answer goes on: conn.c waits for
 * its socket and its clock as for any other, and calls in here when something is due.
 */
#include "http/sse.h"

#include <assert.h>

#include "http/conn.h"

/* What was given leaves. A connection that dies of it is not `over` by a call but by the result. */
static enum sse_sent send_now(struct conn *c)
{
    c->sse_sending = true;
    conn_send(c);
    c->sse_sending = false;
    if (c->closed) {
        c->sse = NULL;
        conn_unpark(c);
        return SSE_OVER;
    }
    c->stirred = true;
    conn_settle(c);
    return c->unsent == NULL ? SSE_SENT : SSE_LATER;
}

enum sse_sent sse_open(struct conn *c, const struct http_answer *answer,
                       const struct sse_calls *calls, void *arg)
{
    assert(c->magic == CONN_MAGIC && c->parked && c->loop->current == NULL);
    struct http_answer closing = *answer;
    closing.close = true;
    if (!c->closed)
        conn_give(c, &closing, BODY_WITHOUT_END);
    if (c->head_only || c->loop->draining) {
        conn_send(c);
        conn_unpark(c);
        return SSE_OVER;
    }
    c->gone = NULL;
    c->sse = calls;
    c->sse_arg = arg;
    return send_now(c);
}

enum sse_sent sse_send(struct conn *c, struct str bytes)
{
    assert(c->magic == CONN_MAGIC && c->sse != NULL && c->unsent == NULL);
    assert(c->loop->current == NULL && c->loop->out.len == 0); /* that buffer is everybody's */
    (void)buf_add(&c->loop->out, bytes);
    return send_now(c);
}

void sse_close(struct conn *c)
{
    assert(c->magic == CONN_MAGIC && c->sse != NULL);
    c->sse = NULL;
    conn_close(c);
    conn_unpark(c);
}

/* --- for conn.c --- */

void sse_closed(struct conn *c, bool stalled)
{
    const struct sse_calls *calls = c->sse;
    if (calls == NULL || c->sse_sending)
        return;
    c->sse = NULL;
    calls->over(c->sse_arg, stalled);
    conn_unpark(c);
}

void sse_taken(struct conn *c)
{
    if (c->sse != NULL)
        c->sse->ready(c->sse_arg);
}

void sse_quiet(struct conn *c)
{
    c->stirred = true;
    c->sse->quiet(c->sse_arg);
}
