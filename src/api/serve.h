/* The walk of a call, from request to answer; private to this room. The drawing is in endpoint.h.
 */
#pragma once

#include "api/api.h"
#include "api/endpoint.h"

/* What a route carries to serve(). */
struct served {
    const struct api *api;
    const struct endpoint *endpoint;
    bool leaves_loop; /* some step runs on a lane */
    unsigned family;  /* as metrics count it */
};

http_handler serve;

/* Ends the call with a refusal; half an answer is broken off. */
void call_fail(struct call *call, const struct err *err);
/* Ends a call that was answered with `status`; `err`: NULL after a success. */
void call_over(struct call *call, int status, const struct err *err);
/* Whatever it waits for next begins to wait now. */
void call_renew(struct call *call);

/* --- pieces.c --- */

/* Has the next piece of the body brought to the step. */
void pieces_pull(struct call *call);
/* Sends what the step has written, and has it write more until all is sent. */
void pieces_send(struct call *call);

/* --- params.c --- */

/* Fills call->params (and call->query) from the request, whose bytes must live as long as the call,
 * and checks them against the endpoint's schema. */
bool call_parse(struct call *call, struct str query, struct str content_type, struct str body,
                struct err *err);

/* --- auth.c --- */

/* The user whose token this is: it must be known by its SHA-256 and be his, and his account must be
 * switched on. A reference, or NULL. */
struct user_entry *session_user(const struct catalog *catalog, struct str token_hash,
                                struct str user_id, int64_t now_ms);
/* The endpoint's declared permissions (403). */
bool call_permitted(const struct call *call, struct err *err);
/* The rate limiter (429). Adds its headers to call->headers. */
bool call_within_rate(struct call *call, struct err *err);

/* --- reply.c --- */

/* The answer of a call that succeeded, or of one that failed. `rq` while the handler runs, else
 * NULL: then the parked connection is answered. */
void reply_success(struct call *call, struct http_request *rq);
void reply_failure(struct call *call, struct http_request *rq, const struct err *err);
/* The beginning of an answer whose body goes on; as http_answer_long(). */
bool reply_long(struct call *call, http_ready *ready);

/* --- cors.c --- */

/* The CORS header lines for a request, empty when none are due. False: the origin is not allowed.
 */
bool cors_headers(const struct api *api, const struct http_request *rq, struct arena *arena,
                  struct str *lines);
