/* What the owner of an integration may set beyond its document. Of an incoming one: how many calls
 * it takes, and what its history keeps of them; of an outgoing one: how many of its calls are under
 * way at a time, and how long one may take. (How calls are signed is a secret of its own:
 * hooks/verify.h, domain/signing.h.) Any thread. */
#pragma once

#include "base/json.h"

struct hook_options {
    double rate;   /* calls a second; 0: the usual ones */
    int64_t burst; /* calls that may come at once */
    bool keeps_headers, keeps_body;
    int64_t in_flight;  /* outgoing calls; 0: as many as usual */
    int64_t timeout_ms; /* of an outgoing call; 0: as long as usual */
};

/* {"limits":{"ratePerSecond","burst"} or {"inFlight","timeoutMs"},"history":{"headers","body"}}:
 * members that are not set are
 * left out. What is read is what was put. */
void hook_options_put_members(struct json_out *o, const struct hook_options *options);
struct hook_options hook_options_read(const struct json *doc);
