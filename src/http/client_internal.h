/* What the files of the client share. Everything runs on the client's thread but client_open(),
 * _close(), _start() and _cancel().
 *
 *   client.c           the thread: mail, libcurl's sockets and timers, deadlines
 *   client_line.c      how many go to a host at a time, and who is next
 *   client_request.c   an exchange, or what is left of it after a redirect, into libcurl's options
 *   client_answer.c    bytes into the answer; the judge of every connection
 *   client_head.c      its status line and headers (client_head.h)
 *   client_fault.c     why there is no answer
 *   client_proxy.c     which proxy, if any
 *   client_names.c     names that tests look up here
 */
#pragma once

#include <curl/curl.h>

#include "base/buf.h"
#include "base/heap.h"
#include "base/map.h"
#include "http/client.h"
#include "http/guard.h"
#include "http/guard_target.h"

struct transfer;
struct names;

enum { CLIENT_MAX_HEAD = 128 * 1024 }; /* bytes of an answer's headers */

/* A host with exchanges under way or in line. */
struct host {
    struct str key;  /* "name:port", in this block */
    unsigned active; /* exchanges that libcurl has */
    struct transfer *first, *last;
    bool ready; /* in the client's list: somebody waits and a place is free */
    struct host *next_ready;
};

/* One exchange under way. Transfers are used again, for an easy handle is dear. */
struct transfer {
    struct client *client;
    struct exchange *x;
    struct transfer *previous, *next; /* of all under way; `next` also of the spare ones */
    struct heap_node deadline;
    int64_t started_us;
    /* The request at hand, which redirects change. */
    struct target target;
    const char *method; /* in the exchange's arena */
    bool has_body;
    bool foreign; /* not the origin that was asked for: no credentials */
    bool proxied;
    unsigned redirects; /* followed so far */
    int64_t asked_us;
    /* Its place: in the line of `host`, or `running` in libcurl. */
    struct host *host;
    struct transfer *line_previous, *line_next;
    bool running;
    CURL *easy;                         /* owned */
    struct curl_slist *headers, *names; /* owned; of the request at hand */
    unsigned opened;                    /* connections that the guard let through */
    struct err refusal;                 /* the guard's last */
    int socket_error;                   /* errno of a socket that could not be made, or 0 */
    /* The answer so far. */
    struct buf head, body;
    char curl_text[CURL_ERROR_SIZE];
};

struct lines {
    unsigned active, max_active, max_per_host;
    struct map hosts;
    struct host *first_ready, *last_ready;
};

struct client {
    struct client_config config;
    struct inbox inbox;
    int epoll, wake; /* descriptors; `wake` is an eventfd */
    atomic_bool closing;
    atomic_bool cancelling; /* some exchange has its `cancelled` set */
    pthread_t thread;
    /* The thread's own. */
    CURLM *multi;
    struct mail *ended, **ended_end; /* exchanges that go home at the end of the turn */
    int64_t curl_due_ms;             /* when libcurl wants to be called; INT64_MAX: not at all */
    struct transfer *transfers;      /* all under way */
    struct transfer *spare;
    size_t spare_count;
    struct heap deadlines;
    struct lines lines;
    struct names *names; /* owned; NULL: none */
};

/* client_line.c */

void lines_init(struct lines *l, const struct client_config *config);
/* Nobody is in line or under way any more. */
void lines_release(struct lines *l);
/* Puts it at the end of its host's line. */
void lines_join(struct lines *l, struct transfer *t);
/* The next that may go; NULL: nobody may. It has a place now. */
struct transfer *lines_next(struct lines *l);
/* Gives up its place, or its place in line. */
void lines_leave(struct lines *l, struct transfer *t);

/* client_request.c */

/* Why there is none: filled in by whoever finds out. */
struct fault {
    enum client_end end;
    const char *code;
    struct err err;
};

/* Looks at what is asked, and sets the request at hand. False and *fault: it will not be asked. */
bool request_begin(struct transfer *t, struct fault *fault);
/* Whether the answer at hand is a redirect to be followed; *out_location lies in the transfer. */
bool request_redirected(const struct transfer *t, struct str *out_location);
/* Sets the request that a redirect asks for. False and *fault: it is not followed. */
bool request_follow(struct transfer *t, struct str location, struct fault *fault);
/* Gives the request at hand to the easy handle. False and *fault: it has no room. */
bool request_prepare(struct transfer *t, struct fault *fault);
/* Frees what only the request at hand needed. */
void request_release(struct transfer *t);

/* client_answer.c */

/* The options of a new easy handle that do not change any more. */
void answer_connect(struct transfer *t);
/* Makes room for an answer. */
void answer_begin(struct transfer *t);
/* Value of the first header of that name. */
bool answer_header(const struct transfer *t, struct str name, struct str *out);
/* Moves what came into the exchange. */
void answer_deliver(struct transfer *t);
/* What is known with and without an answer: URL, timings, address. */
void answer_describe(struct transfer *t);

/* client_fault.c */

struct fault fault_of_curl(const struct transfer *t, CURLcode result);
struct fault fault_of_deadline(const struct transfer *t);
struct fault fault_of_cancel(void);

/* client_proxy.c */

/* "": none. Lives as long as the configuration. */
const char *proxy_for(const struct client_config *config, const struct target *target);

/* client_names.c */

/* NULL and *err: an entry is none. */
struct names *names_new(const struct str *entries, size_t count, struct err *err);
void names_free(struct names *names);
/* The next answer for that name, as libcurl's CURLOPT_RESOLVE takes it; NULL: not one of them. */
struct curl_slist *names_answer(struct names *names, const struct target *target);

/* The monotonic clock in microseconds, also where a test holds base/clock still: the network and
 * libcurl go by this one. */
int64_t client_now_us(void);
