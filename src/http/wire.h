/* Bytes into requests and answers into bytes, without sockets, threads or clocks: what request.c,
 * reader.c and response.c offer to conn.c, to their tests and to the fuzz target.
 *
 * A request is read into a draft, which says where its parts stand. Positions are counted from the
 * request's first byte, so they stay right when the bytes move. The usual request arrives whole: it
 * is parsed and handled where it was read, in memory of the loop. Only what is left over (the
 * beginning of a request, or requests behind one whose answer is still to come) is copied into
 * memory of the connection, by the reader.
 */
#pragma once

#include "base/buf.h"
#include "http/http.h"

/* llhttp gives its methods the names that ours have. Its own get a prefix here. */
#define HTTP_DELETE  LLHTTP_DELETE
#define HTTP_GET     LLHTTP_GET
#define HTTP_HEAD    LLHTTP_HEAD
#define HTTP_POST    LLHTTP_POST
#define HTTP_PUT     LLHTTP_PUT
#define HTTP_OPTIONS LLHTTP_OPTIONS
#define HTTP_PATCH   LLHTTP_PATCH
#include <llhttp.h>
#undef HTTP_DELETE
#undef HTTP_GET
#undef HTTP_HEAD
#undef HTTP_POST
#undef HTTP_PUT
#undef HTTP_OPTIONS
#undef HTTP_PATCH

/* Requests */

struct span {
    uint32_t at, len;
};

struct field {
    struct span name, value;
};

/* Headers that this room looks at itself or hands out by name. */
enum known {
    KNOWN_HOST,
    KNOWN_EXPECT,
    KNOWN_UPGRADE,
    KNOWN_USER_ID,
    KNOWN_REAL_IP,
    KNOWN_AUTH_TOKEN,
    KNOWN_CONTENT_TYPE,
    KNOWN_FORWARDED_FOR,
    KNOWN_TRANSFER_ENCODING,
    KNOWN_COUNT,
};

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_WHOLE };

/* Why a request is not taken. */
struct refusal {
    int status;
    char text[160];
};

/* A request while its bytes arrive. */
struct draft {
    const struct http_limits *limits;
    const struct router *router; /* whose routes may want a body in pieces; NULL: nobody does */
    char *base;                  /* the request's first byte, at this moment */
    enum stage stage;
    uint8_t method; /* llhttp's number */
    bool http_1_0;
    bool keep_alive;       /* as the client wishes */
    bool expects_continue; /* it waits for "100 Continue" before it sends the body */
    bool in_name;          /* the last piece seen was of a header's name */
    bool streams;          /* its body is taken in pieces */
    uint64_t length;       /* then: of the body; UINT64_MAX: not known */
    struct span target;
    size_t head_end; /* behind the last byte of the head that a piece was seen of */
    size_t body_at, body_len;
    size_t extras; /* bytes of chunk extensions and trailers */
    size_t field_count;
    struct field *fields;        /* room for limits->header_count */
    uint16_t known[KNOWN_COUNT]; /* place in `fields` of the first one, counted from 1; 0: absent */
    uint16_t hosts, codings;     /* how many Host and Transfer-Encoding headers */
    struct refusal refusal;      /* with READ_REFUSED */
};

/* READ_HEAD: the head is whole, and the body is wanted in pieces. */
enum reading { READ_MORE, READ_HEAD, READ_WHOLE, READ_REFUSED };

void draft_parser_init(llhttp_t *parser);
void draft_begin(struct draft *d);
/* Parses the bytes base[from..to); those before `from` were parsed by earlier calls. Chunks are
 * joined in place, so the bytes change. READ_WHOLE, READ_HEAD: the request, or its head, ends at
 * *out_end, and the parser is paused until llhttp_resume(). */
enum reading draft_feed(struct draft *d, llhttp_t *parser, char *base, size_t from, size_t to,
                        size_t *out_end);
/* How many of the `size` bytes parsed so far must be kept until more of the request has come. */
size_t draft_needs(const struct draft *d, size_t size);
/* The views of a whole request, or of one whose head is whole; `headers` has room for
 * limits->header_count. `peer` is the address of the other end of the socket; the proxy rules may
 * put another in its place. */
void draft_request(const struct draft *d, struct http_header *headers, struct str peer,
                   struct http_request *rq);

/* What a connection keeps between two reads: the parser's state and, in between only, bytes. */
struct reader {
    llhttp_t parser;
    struct held *held; /* owned; NULL when nothing is left over */
};

/* The bytes of one turn. */
struct window {
    struct draft *draft;
    char *bytes;
    size_t at;     /* where the next request begins */
    size_t parsed; /* up to where it was parsed */
    size_t len;
};

void reader_init(struct reader *r);
void reader_release(struct reader *r);
/* A turn: open, next until it is READ_MORE or READ_REFUSED or no more is wanted, close. `bytes`
 * were just read (none, to go on with what is held); `draft` is the loop's, for when nothing is
 * held. */
struct window reader_open(struct reader *r, struct draft *draft, char *bytes, size_t len);
enum reading reader_next(struct reader *r, struct window *w);
void reader_close(struct reader *r, const struct window *w);
/* Puts bytes aside, to be looked at in a later turn. */
void reader_store(struct reader *r, struct draft *draft, const char *bytes, size_t len);
/* Of a request whose head was read: parses what is held and `bytes`, and adds what is of the body
 * to *body. READ_WHOLE: what stands behind the body is held. */
enum reading reader_body(struct reader *r, struct draft *draft, char *bytes, size_t len,
                         struct buf *body);
/* How many bytes are held, and how far the request that they begin with has come. */
size_t reader_holds(const struct reader *r);
enum stage reader_stage(const struct reader *r);

/* Answers */

struct reply {
    const char *date; /* value of the Date header */
    bool head_only;
    bool http_1_0;
    bool close;
    uint64_t more; /* bytes of the body that follow by themselves; UINT64_MAX: without end */
};

void response_put(struct buf *out, const struct reply *reply, const struct http_answer *answer);
/* The answer of this room itself: {"success":false,"error":text}; it closes. */
void response_refuse(struct buf *out, const struct reply *reply, int status, const char *text);

/* Routes */

/* Calls the handler of the route that fits, or the fallback. */
void router_serve(const struct router *router, struct http_request *rq);
/* Whether the route that fits takes its body in pieces. */
bool router_streams(const struct router *router, enum http_method method, struct str path);
