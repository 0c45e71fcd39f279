/* The secrets that sign an integration's outgoing calls, so that receivers know who calls. A newer
 * secret takes the place of an older one, which goes on signing beside it for a while: receivers
 * change theirs without losing calls. At rest they are sealed with the server's key. Memory only,
 * any thread.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"

enum {
    SIGNING_SECRETS = 5,           /* that sign at one time */
    SIGNING_OVERLAP_S = 24 * 3600, /* how long an old one goes on, unless told */
    SIGNING_OVERLAP_MAX_S = 30 * 24 * 3600,
};

struct signing_secret {
    struct str text; /* whsec_ and base64 */
    int64_t created_ms;
    int64_t until_ms; /* it signs until then; 0: for good */
};

struct signing {
    struct signing_secret secrets[SIGNING_SECRETS]; /* the newest first */
    size_t count;                                   /* 0: calls are not signed */
};

/* What was stored (empty: nothing), without those whose time is over. False: this server's key does
 * not open it. */
bool signing_open(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES],
                  struct str integration_id, struct str sealed, int64_t now_ms,
                  struct signing *out);
struct str signing_seal(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES],
                        struct str integration_id, const struct signing *signing);

/* Changes it as its owner asks: {"secret"?: "whsec_…", "rotate"?: true, "overlapSeconds"?: n}. A
 * secret that is given, or a new one where `rotate` says so or there is none yet, becomes the
 * first. *out_new: whether one was made. False and *err (400), with what to change. */
bool signing_change(struct arena *a, const struct json *order, int64_t now_ms,
                    struct signing *signing, bool *out_new, struct err *err);

/* {"secret":…,"createdAt":…,"previous":[…]}. Whole: the first one's text; else and of the previous
 * ones only {"last4","createdAt","validUntil"?}. */
void signing_put(struct buf *out, const struct signing *signing, bool whole);
