/* What loop.c, listen.c and conn.c share: the loop and its connections. All of it is touched by the
 * loop's own thread only, unless a comment says otherwise. */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/clock.h"
#include "http/wire.h"

/* What a connection waits for; each kind has its own time, so each list is in the order of its ends
 * and only its front is ever looked at. */
enum wait {
    WAIT_HEAD,   /* the rest of a head, or the first byte on a new connection */
    WAIT_BODY,   /* the rest of a body */
    WAIT_IDLE,   /* the next request */
    WAIT_WRITE,  /* the client takes a byte of its answer */
    WAIT_LINGER, /* the client closes, having got its last answer */
    WAIT_STREAM, /* an event to be sent; its end calls for a heartbeat */
    WAIT_ANSWER, /* somebody's http_answer_parked(): no end of its own */
    WAIT_KINDS,
};

struct wait_link {
    struct wait_link *prev, *next;
};

/* The server's phases, in order. */
enum phase { PHASE_OPEN, PHASE_DRAIN, PHASE_CUT, PHASE_CLOSE };

struct http_server {
    struct http_limits limits;
    const struct router *router;
    unsigned port;
    unsigned loop_count;
    struct loop *loops;        /* owned */
    atomic_int phase;          /* any thread */
    atomic_size_t connections; /* any thread; open sockets */

    pthread_mutex_t lock;  /* leaf lock; for http_drain() to wait */
    pthread_cond_t change; /* `listening` or `connections` has become 0 */
    unsigned listening;    /* loops that still accept; guarded by `lock` */
};

struct loop {
    struct http_server *server;
    pthread_t thread;
    bool started; /* `thread` runs; the opening thread's */
    uv_loop_t uv;
    uv_async_t bell; /* mail has come, or the phase has changed */
    uv_timer_t sweep;
    uv_poll_t listener;
    int listen_fd;           /* -1: not listening any more */
    int64_t accept_again_ms; /* 0: accepting; else when to try again, having run out of files */
    bool short_of_files;     /* that was logged, and none was accepted since */
    struct inbox inbox;      /* any thread puts */

    struct wait_link waiting[WAIT_KINDS]; /* heads of rings */
    int64_t wait_ms[WAIT_KINDS];
    bool draining;
    size_t parked; /* exchanges that wait for their answer */

    /* Shared by all connections of the loop, for the time of one event. */
    struct conn *current; /* whose requests are being handled; NULL between */
    char *in;
    struct buf out; /* answers that were not sent yet, of the current connection */
    struct draft draft;
    struct http_header *headers;
    struct arena arena;

    char date[CLOCK_HTTP_BYTES];
    int64_t date_until_ms; /* on the loop's clock */
};

enum { READ_BYTES = 64 * 1024 };

/* Takes the socket. `crowded`: it is told to come back later. */
void conn_open(struct loop *loop, int fd, const struct sockaddr *peer, bool crowded);
/* conns.c: the connections of a loop, one after the other. */
void conns_expire(struct loop *loop);
/* Closes those between two requests, unless a request is about to be read. */
void conns_close_idle(struct loop *loop);
void conns_close_all(struct loop *loop);
/* Ends all streams of events. */
void conns_end_streams(struct loop *loop);

/* Sockets that listen on one address, for `count` loops. False and *err: nothing is open. */
bool listen_open(const char *host, unsigned port, int *fds, unsigned count, unsigned *out_port,
                 struct err *err);
/* Takes the connections that wait, and stops for a moment when files run out. */
void listen_accept(struct loop *loop);
/* Starts taking connections, the first time or again. */
void listen_resume(struct loop *loop);

/* Milliseconds of the loop's own clock, read once per turn. */
static inline int64_t loop_now_ms(const struct loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}
const char *loop_date(struct loop *loop);
/* Tells http_drain() to look again. */
void server_changed(struct http_server *server);
