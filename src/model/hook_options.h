/* What the owner of an incoming integration may set beyond its document: how many calls it takes,
 * and what its history keeps of them. (How calls are signed is a secret of its own:
 * hooks/verify.h.) Any thread. */
#pragma once

#include "base/json.h"

struct hook_options {
    double rate;   /* calls a second; 0: the usual ones */
    int64_t burst; /* calls that may come at once */
    bool keeps_headers, keeps_body;
};

/* {"limits":{"ratePerSecond","burst"},"history":{"headers","body"}}: members that are not set are
 * left out. What is read is what was put. */
void hook_options_put_members(struct json_out *o, const struct hook_options *options);
struct hook_options hook_options_read(const struct json *doc);
