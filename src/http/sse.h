/* Answers without end: a connection that stays open, for streams of events (text/event-stream).
 *
 * What is sent leaves at once as far as the client takes it. When it does not take all, nothing
 * more can be sent until it has (`ready`); so whoever has the events keeps what is not sent yet,
 * and a slow client costs what was given to one sse_send(). One that takes nothing for `write_ms`
 * is dropped. A client that has gone is noticed at once when it says so, else by the heartbeat
 * that its silence calls for (`quiet`, every `quiet_ms`). When the server stops, streams end
 * first.
 *
 * All of it happens on the connection's loop.
 */
#pragma once

#include "http/http.h"

struct sse_calls {
    /* The client has taken what was sent: more can be sent. Not called before sse_send() was told
     * SSE_LATER. */
    void (*ready)(void *arg);
    /* Nothing was sent for a while. One may send now. */
    void (*quiet)(void *arg);
    /* The last call: the client has left or was dropped (`stalled`: it took nothing for too long),
     * or the server stops. The connection is not to be touched any more. */
    void (*over)(void *arg, bool stalled);
};

enum sse_sent {
    SSE_SENT,  /* all was taken */
    SSE_LATER, /* not all: wait for `ready` */
    SSE_OVER   /* the client has gone; in place of `over` */
};

/* In place of http_answer_parked(): gives the answer's head and parts, and goes on from there.
 * `calls` and `arg` stay with the connection until it is over, which it is at once when only the
 * head was asked for. */
enum sse_sent sse_open(struct conn *conn, const struct http_answer *answer,
                       const struct sse_calls *calls, void *arg);
/* While nothing waits to be taken. */
enum sse_sent sse_send(struct conn *conn, struct str bytes);
/* Ends it from our side; `over` is not called. */
void sse_close(struct conn *conn);
