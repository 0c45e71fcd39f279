/* Asking other servers: one thread with libcurl's multi handle carries all exchanges, those of
 * scripts and those of deliveries.
 *
 * An exchange is mail: its owner fills in what is asked, starts it, and gets it back in `home`,
 * always exactly once, with an answer or with why there is none. Whatever it needs lies in its
 * arena, which the client's thread holds in the meantime.
 *
 * Every connection passes the guard (http/guard.h): the address that is really connected to is
 * judged, on every redirect anew.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/inbox.h"
#include "base/str.h"

struct client;
struct guard;

struct client_header {
    struct str name, value;
};

enum client_end {
    CLIENT_ANSWERED, /* a whole answer, whatever its status */
    CLIENT_REFUSED,  /* by the guard, or a URL that is none: asking again changes nothing */
    CLIENT_FAILED,   /* no connection, a broken one, a certificate, an answer too large */
    CLIENT_TIMEOUT,
    CLIENT_CANCELLED,
};

/* In microseconds from the start of the exchange; 0: it did not come that far. Of the last request
 * when there were redirects. */
struct client_timings {
    int64_t name_us, connect_us, tls_us, first_byte_us, total_us;
};

struct exchange {
    struct mail mail; /* first: what travels */
    struct inbox *home;
    struct arena *arena;
    /* What is asked. */
    struct str method, url;
    const struct client_header
        *headers; /* names without line breaks; broken ones are CLIENT_REFUSED */
    size_t header_count;
    struct str body;
    bool has_body;
    bool insecure;      /* any certificate will do */
    int64_t timeout_ms; /* of all of it, redirects included */
    size_t max_body;    /* of the answer, decoded; more is CLIENT_FAILED */
    unsigned redirects; /* how many are followed */
    /* The answer. */
    enum client_end end;
    const char *code; /* of a failure, as Node names it: "ECONNREFUSED", "ENOTFOUND", ... */
    struct str error; /* why there is no answer, for people; of a refusal it names the key */
    int status;
    struct str status_text, final_url;
    struct client_header *answer_headers; /* names in lower case, in the order they came */
    size_t answer_header_count;
    struct str answer;
    struct str address; /* that answered: "127.0.0.1:80" */
    struct client_timings timings;
    /* The client's own. */
    void *transfer;
};

struct client_config {
    const struct guard *guard;
    const char *user_agent; /* sent unless the headers have one */
    size_t max_connections; /* in all */
    size_t max_per_host;
    size_t idle_connections; /* kept open for the next exchange */
};

/* NULL and *err when its thread cannot start. `config` is copied, the guard outlives the client. */
struct client *client_open(const struct client_config *config, struct err *err);
/* All that are under way come home as CLIENT_CANCELLED first. */
void client_close(struct client *c);

/* Any thread; never waits. */
void client_start(struct client *c, struct exchange *x);
/* Any thread, by its owner while it has not come home: it comes home soon, cancelled unless it
 * was faster. */
void client_cancel(struct client *c, struct exchange *x);
