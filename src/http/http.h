/* The wire: HTTP/1.1 on libuv and llhttp. What the rooms above see of it is in this header.
 *
 * A server has one or more loops, each a thread with its own listening socket (SO_REUSEPORT) and
 * its own connections. A complete request is given to the handler that the router finds, on the
 * loop; the handler does what memory allows in constant time and answers at once with
 * http_answer(), or parks the exchange with http_park(), hands its work to a lane, and answers
 * later, on the same loop, with http_answer_parked(). Exactly one answer per request. Requests of
 * one connection are handled one after the other; the next one is not looked at before the answer
 * was given.
 *
 * Bodies that are too large for memory travel in pieces, both ways: router_add_stream() and
 * http_pull() for what comes in, http_answer_long() and http_push() for what goes out. All of that
 * happens on the loop, and each side waits for the other, so a connection holds a few pieces.
 *
 * Everything malformed is answered by this room itself (400, 408, 413, 414, 431, 501, 505) and the
 * connection is closed.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/inbox.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_PATCH,
    HTTP_OTHER
};

/* A character that names of headers, methods and parameters may have (RFC 9110, token). */
static inline bool http_is_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

struct http_header {
    struct str name;  /* as sent; compare without case */
    struct str value; /* without white space around it */
};

/* A request, valid until the handler returns. All views point into memory that is reused then:
 * whoever parks copies what is still needed first. */
struct http_request {
    enum http_method method; /* HEAD is HTTP_GET here with head_only set: routes need not care */
    bool head_only;
    struct str path;      /* as sent, still percent-encoded, without the query */
    struct str query;     /* after the first '?', without it; empty when there is none */
    struct str body;      /* whole, chunks joined */
    bool body_follows;    /* it is not here: it is there for http_pull(), once this is parked */
    uint64_t body_length; /* then: how long it will be; UINT64_MAX: nobody knows */
    const struct http_header *headers;
    size_t header_count;
    /* The headers that every API request is asked for, found while parsing; empty when absent. */
    struct str auth_token;   /* X-Auth-Token */
    struct str user_id;      /* X-User-Id */
    struct str content_type; /* Content-Type */
    struct str params[4];    /* what stood in the :places of the route, percent-decoded */
    struct str peer;         /* the client's address as text (without port), by the proxy rules */
    struct arena *arena;     /* scratch of this loop, emptied after the handler has returned */
    struct conn *conn;
};

/* The value of a header by its name in lower case, or an empty view. */
struct str http_header(const struct http_request *rq, struct str lower_name);

struct http_answer {
    int status;
    const char *content_type; /* NULL: "application/json" */
    struct str headers;       /* more header lines, each ended by "\r\n"; copied */
    const struct str *parts;  /* the body, one after the other; copied */
    size_t part_count;
    bool close; /* close the connection after this answer */
};

/* On the loop, inside the handler, once. */
void http_answer(struct http_request *rq, const struct http_answer *answer);

/* On the loop, inside the handler: the answer will come later. The connection stays until
 * http_answer_parked() was called with it, also when the client leaves; then *gone is set. `gone`
 * must live until the answer and may be NULL.
 *
 * A client that closes only its own direction looks like one that leaves: *gone is set, so work not
 * yet begun may be dropped, and whatever answer comes is sent for whoever may still be listening.
 * After a reset nothing is sent. */
struct conn *http_park(struct http_request *rq, atomic_bool *gone);
/* On the same loop, once: in a job's finish(), or still inside the handler that has parked (say,
 * because the lane was full), but not inside the handler of another request. */
void http_answer_parked(struct conn *conn, const struct http_answer *answer);
/* Where jobs of this connection's loop go home. */
struct inbox *http_home(struct conn *conn);

/* Bodies in pieces. A piece has about this many bytes, but the last one has fewer, and may be
 * empty. A client that needs longer for one than `body_ms`, or than `write_ms`, is cut off. */
enum { HTTP_PIECE_BYTES = 256 * 1024 };

struct http_piece {
    struct str bytes;
    bool last;
    int status; /* not 0: the body breaks off here, and this and `text` fit as an answer */
    const char *text;
};
typedef void http_taker(void *arg, const struct http_piece *piece);
/* On the loop, behind the handler, while a request whose body follows is parked: `take` is called
 * once with the next piece, perhaps before this returns; the piece is valid during the call. After
 * the last one, or one with a status, there are no more. An answer that is given before the last
 * piece closes the connection. */
void http_pull(struct conn *conn, http_taker *take, void *arg);

typedef void http_ready(void *arg);
/* The answer to a parked request, whose body is the answer's parts and `more` bytes that follow
 * with http_push(). True: they are wanted, and `ready` is called once when the client has taken
 * what there was, perhaps before this returns. False: the exchange is over, as after
 * http_answer_parked(), because the client has gone, asked for the head only, or there are no
 * more. */
bool http_answer_long(struct conn *conn, const struct http_answer *answer, uint64_t more,
                      http_ready *ready, void *arg);
/* After `ready` was called: the next bytes; true and false as above. */
bool http_push(struct conn *conn, struct str bytes);
/* In its place: there are no more although they were promised. The connection is cut. */
void http_break(struct conn *conn);

typedef void http_handler(struct http_request *rq, const void *arg);

/* Routes: a pattern's segments are literal or ":name" (one whole segment that is not empty). A path
 * without ":name" goes before all that have one; among these the first added wins. Built before the
 * start, constant afterwards; digest_init() comes first. A route for GET serves HEAD as well. */
struct router;
struct router *router_new(void);
void router_free(struct router *router);
/* `pattern` and `arg` must outlive the router. A pattern may end with "*" for any rest, which is
 * not among the params. */
void router_add(struct router *router, enum http_method method, const char *pattern,
                http_handler *handler, const void *arg);
/* The same for a pattern whose handler judges its places itself: one with a broken escape is empty,
 * where otherwise the request is refused. */
void router_add_tolerant(struct router *router, enum http_method method, const char *pattern,
                         http_handler *handler, const void *arg);
/* The same for a handler that takes bodies in pieces: it is called when the head is there, with
 * `body_follows`, or as usual when there is no body. No limit is put on its body here. */
void router_add_stream(struct router *router, enum http_method method, const char *pattern,
                       http_handler *handler, const void *arg);
/* Called when no route fits. Without one: 404. */
void router_fallback(struct router *router, http_handler *handler, const void *arg);

struct http_limits {
    int64_t header_ms;   /* from the first byte of a request to the end of its headers: 10 s */
    int64_t body_ms;     /* from there to the end of the body: 30 s */
    int64_t idle_ms;     /* between requests of a connection: 60 s */
    int64_t write_ms;    /* without any byte of an answer being taken: 30 s */
    int64_t quiet_ms;    /* without anything to send on a stream (sse.h): 15 s; 0 means that too */
    size_t header_bytes; /* request line and headers: 16 KB; the target may take half of them */
    size_t header_count; /* 100 */
    size_t body_bytes;   /* 50 MB */
    size_t connections;  /* of the whole server; more are answered 503 and closed */
    unsigned forwarded_count; /* proxies in front: which X-Forwarded-For from the right counts */
    bool real_ip;             /* X-Real-IP is believed */
};

struct http_config {
    const char *host; /* address to listen on */
    unsigned port;    /* 0: any free one */
    unsigned loops;
    struct http_limits limits;
    const struct router *router;
};

struct http_server;
/* Starts listening and the loops' threads. NULL and *err (address in use ...) when not. */
struct http_server *http_open(const struct http_config *config, struct err *err);
/* The port that is really listened on. */
unsigned http_port(const struct http_server *server);
/* Any thread, in this order. Drain: stop listening, finish what was read, answer it with
 * "Connection: close", close idle connections; returns when all are gone or `limit_ms` has passed,
 * then cuts the rest. The loops still take mail until http_close(). */
void http_drain(struct http_server *server, int64_t limit_ms);
void http_close(struct http_server *server);
