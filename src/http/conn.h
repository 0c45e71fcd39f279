/* A connection, as conn.c and conn_pieces.c see it. Its loop's thread alone touches it. */
#pragma once

#include "http/internal.h"
#include "http/sse.h"

enum { CONN_MAGIC = 0x636f6e21 };

struct conn {
    uint32_t magic;
    int fd;
    struct loop *loop;
    struct wait_link link;
    int64_t wait_end_ms;
    enum wait wait;
    int polled; /* the events that libuv watches for us */

    /* Of the request in hand. */
    bool owes;   /* an answer */
    bool parked; /* the answer comes through http_answer_parked() */
    bool head_only, http_1_0, keep_alive;
    bool more;             /* bytes of a next request are there */
    atomic_bool *gone;     /* borrowed while parked; may be NULL */
    struct stream *stream; /* owned; the body that is still to come in pieces, or NULL */
    uint64_t owed;         /* bytes of the answer's body that somebody has promised */
    bool hungry;           /* who promised them waits to give more */
    http_ready *ready;     /* tells him */
    void *ready_arg;
    const struct sse_calls *sse; /* of a stream; NULL: it is none */
    void *sse_arg;
    bool sse_sending; /* its end is the result of sending */

    bool stirred;  /* something came to an end or moved on: times begin anew */
    bool closing;  /* the last answer was given */
    bool linger;   /* the client may still be sending: do not cut it off before it reads */
    bool shut;     /* our direction is closed */
    bool ended;    /* the client's direction is closed */
    bool closed;   /* the socket is closed */
    bool released; /* by libuv */

    struct unsent *unsent; /* owned; NULL when all is sent */
    struct reader reader;
    uv_poll_t poll;
    uint8_t peer_len;
    char peer[INET6_ADDRSTRLEN];
};

/* --- conn.c --- */

void conn_close(struct conn *c);
/* Sends what the loop's buffer holds, which is this connection's. */
void conn_send(struct conn *c);
/* Puts an answer into the loop's buffer; `more` bytes of its body will follow. */
void conn_give(struct conn *c, const struct http_answer *answer, uint64_t more);
/* Nobody owes an answer any more; goes on with the next request. Frees a connection that is closed:
 * it must not be touched afterwards. */
void conn_unpark(struct conn *c);
void conn_settle(struct conn *c);
/* What it waits for has not come in time. */
void conn_expire(struct conn *c);

/* --- sse.c: what becomes of a stream; nothing when it is none --- */

/* `more` of an answer whose end nobody knows: its length is not told. */
#define BODY_WITHOUT_END UINT64_MAX

/* The socket was closed. The connection is freed soon. */
void sse_closed(struct conn *c, bool stalled);
/* The client has taken everything. */
void sse_taken(struct conn *c);
/* It is time for a heartbeat; it must be a stream. */
void sse_quiet(struct conn *c);

/* --- conn_pieces.c --- */

/* Of a request whose head was read. */
struct stream *stream_new(const struct draft *draft);
void stream_free(struct stream *s);
/* Somebody waits for a piece. */
bool stream_wanted(const struct conn *c);
/* Bytes have come for somebody who waits, or the end of what comes. */
void stream_feed(struct conn *c, char *bytes, size_t len);
/* There will be no more of the body: whoever waits for it, or will ask, is told why. `text` is
 * static. */
void stream_break(struct conn *c, int status, const char *text);
/* Calls who waits to give more of an answer; nothing when nobody does. */
void push_ready(struct conn *c);
