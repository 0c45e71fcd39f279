/* The request of a delivery: the usual one, what a script makes of it, and how it is signed. Pure.
 * Any thread.
 *
 *     request_argument()  what prepare_outgoing_request gets
 *     request_prepared()  what its result means
 *     request_default() or request_custom()  method, URL, headers, body
 *     request_sign()      the three headers that are ours, over everything a script says
 */
#pragma once

#include "base/json.h"
#include "http/client.h"

enum { REQUEST_HEADERS = 100, REQUEST_SECRETS = 8 };

/* How long scripts may let a call last. */
#define REQUEST_TIMEOUT_MAX_MS INT64_C(600000)

struct request {
    struct str method, url;
    struct client_header headers[REQUEST_HEADERS];
    size_t header_count;
    struct str body;
    bool has_body;
    struct str data;    /* JSON: what the request carries, for the history; empty: nothing */
    int64_t timeout_ms; /* 0: the usual one */
};

/* {"params":{},"method":"POST","url":…,"data":…,"headers":{"User-Agent":…}}. `data` is JSON. */
struct str request_argument(struct arena *a, struct str url, struct str data);

/* What scripts get as {request} or {request, response}. Moments among the members are numbers in
 * the text, and their paths are in *out_dates, as script/script.h wants them. `response` may be
 * empty. */
struct str request_script_argument(struct arena *a, struct str request, struct str response,
                                   struct str *out_dates);
/* {"error":null,"status_code":…,"content":…,"content_raw":…,"headers":{…}} */
struct str request_response(struct arena *a, const struct exchange *x);

enum prepared {
    PREPARED_CANCELLED, /* nothing is called */
    PREPARED_NO_TARGET, /* there is no url or no method: nothing is called after the message */
    PREPARED_CALL,
};
/* What the result of prepare_outgoing_request means. *out_message: what is posted first, as an
 * object; NULL: nothing. */
enum prepared request_prepared(struct arena *a, const struct json *result,
                               const struct json **out_message);

void request_default(struct request *rq, struct str url, struct str data);
/* What a script returned: it replaces all of the usual request. False and *err: `auth` is not in
 * the form that it must have. */
bool request_custom(struct arena *a, struct request *rq, const struct json *opts, struct err *err);

struct signing_secrets {
    struct str keys[REQUEST_SECRETS]; /* as people see them: whsec_… ; the newest first */
    size_t count;
};

/* webhook-id, webhook-timestamp (of this try), and webhook-signature when there are secrets. */
void request_sign(struct arena *a, struct request *rq, struct str id, int64_t now_ms,
                  const struct signing_secrets *secrets);
