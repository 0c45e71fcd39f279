/* What methods of scripts are given: one object, {"request": …} or {"request": …, "response": …},
 * as JSON. Its members are part of the contract with authors (docs/scripts.md). Any thread. */
#pragma once

#include "base/json.h"
#include "http/http.h"

/* Of process_incoming_request. */
struct incoming_request {
    struct str path, query;  /* as asked for, without the '?' */
    struct str id, token;    /* of the integration */
    struct str user_segment; /* of the long form of the address; empty: it was the short one */
    const struct json *content;
    struct str content_raw;
    struct str headers;                 /* JSON, an object */
    struct str user_id, name, username; /* in whose name is posted */
};

/* The request's object. False: it holds more than `out` may. */
bool incoming_request_put(struct buf *out, struct arena *arena,
                          const struct incoming_request *request);

/* All headers of a request as JSON: names in lower case, values of one name joined with ", ". Those
 * that `is_hidden` names (it may be NULL) are "***". Empty when they are too long. */
typedef bool header_hidden(struct str lower_name, const void *arg);
struct str request_headers(const struct http_request *rq, header_hidden *is_hidden, const void *arg,
                           struct arena *arena);

/* Of the outgoing methods: members that are moments, as texts or milliseconds, become milliseconds
 * in place. Returns their paths as the engine wants them (script/protocol.h). */
struct str outgoing_moments(struct json *argument, struct arena *arena);
