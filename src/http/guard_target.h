/* Where a URL leads: parsed once, by libcurl itself. What the guard judges here is handed to
 * libcurl as it is, so the two cannot read a URL differently. Any thread; one holder.
 */
#pragma once

#include <curl/curl.h>

#include "base/err.h"
#include "base/str.h"

struct guard;

enum { TARGET_HOST_BYTES = 256, TARGET_MAX_URL = 65536 };

struct target {
    CURLU *url;                   /* owned */
    char host[TARGET_HOST_BYTES]; /* lower case; no brackets, no dot at the end */
    unsigned port;
    bool tls;
};

/* False and *err: no URL that can be asked. White space around it does not count. */
bool target_parse(struct target *t, struct str url, struct err *err);
/* Goes where a redirect's Location says, which may be relative. False and *err: nowhere; the target
 * is as it was. */
bool target_follow(struct target *t, struct str location, struct err *err);
void target_release(struct target *t);

/* What can be judged before anything is connected to: an address in place of a name. */
bool guard_permits_target(const struct guard *g, const struct target *t, struct err *err);
