/* Asking other servers: one thread with libcurl's multi handle carries all exchanges, those of
 * scripts and those of deliveries.
 *
 * An exchange is mail: its owner fills in what is asked, starts it, and gets it back in `home`,
 * always exactly once, with an answer or with why there is none. Whatever it needs lies in its
 * arena, which the client's thread holds in the meantime.
 *
 * Every connection passes the guard (http/guard.h): the address that is really connected to is
 * judged, on every redirect anew. A proxy is the exception: the operator named it, so it is
 * connected to unjudged, and it alone knows where names lead; addresses in URLs, and "localhost",
 * are judged all the same.
 *
 * Redirects are followed as browsers do: 303, and 301 and 302 to a POST, become a GET without body;
 * 307 and 308 repeat what was asked. To another origin go neither Authorization and Cookie nor a
 * Host of the caller's. An exchange waits in its host's line while that host has max_per_host
 * under way, or all hosts together max_connections; no host's line holds up another's.
 */
#pragma once

#include <stdatomic.h>

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
    /* What is asked. The texts live in the arena or outlive the exchange. */
    struct str method, url; /* the method is sent in upper case */
    /* Names are tokens and values have no line breaks; otherwise it is CLIENT_REFUSED. Those that
     * frame the message (Content-Length, Transfer-Encoding, Connection ...) are the client's. */
    const struct client_header *headers;
    size_t header_count;
    struct str body;
    bool has_body;
    bool insecure;      /* any certificate will do */
    int64_t timeout_ms; /* of all of it from client_start() on: waiting in line, redirects */
    size_t max_body;    /* of the answer, decoded; more is CLIENT_FAILED */
    unsigned redirects; /* how many are followed, more is CLIENT_FAILED; 0: they are answers */
    /* The answer. */
    enum client_end end;
    const char *code; /* static; as Node names it: "ECONNREFUSED"; NULL: answered */
    struct str error; /* why there is no answer, for people; of a refusal it names the key */
    int status;
    struct str status_text, final_url;    /* without user, password and fragment */
    struct client_header *answer_headers; /* names in lower case, in the order they came; UTF-8 */
    size_t answer_header_count;
    struct str answer;
    struct str address; /* that answered: "127.0.0.1:80" */
    struct client_timings timings;
    /* The client's own; false when it is started. */
    atomic_bool cancelled;
};

struct client_config {
    const struct guard *guard;
    const char *user_agent; /* sent unless the headers have one */
    const char *ca_file;    /* certificates to trust, PEM; NULL: those of the system */
    unsigned max_connections;
    unsigned max_per_host;     /* a host is a name with a port */
    unsigned idle_connections; /* stay open after use while there are no more, busy ones counted */
    /* As curl takes them: "http://proxy:3128". NULL or empty: none. */
    const char *http_proxy, *https_proxy;
    const char *no_proxy; /* names (with all below them), addresses, ranges; "*": no proxy at all */
    /* Names that are looked up here and not in DNS, for tests: "host:answer|answer...". Each
     * look-up gets the next answer, the last one stays; an answer is addresses joined by '+'. */
    const struct str *names;
    size_t name_count;
};

/* Sets the proxies that http_proxy, https_proxy, all_proxy and no_proxy name, in lower or upper
 * case. Before threads start. */
void client_config_environment(struct client_config *config);

/* NULL and *err when its thread cannot start or a name is none. `config` is copied; what it points
 * to outlives the client. */
struct client *client_open(const struct client_config *config, struct err *err);
/* All that are under way come home as CLIENT_CANCELLED first. NULL is fine. */
void client_close(struct client *c);

/* Any thread; never waits. How many are under way is bounded by the callers. */
void client_start(struct client *c, struct exchange *x);
/* By its owner, while he has not got it back: it comes home soon, cancelled unless it was faster.
 * Never waits. */
void client_cancel(struct client *c, struct exchange *x);
