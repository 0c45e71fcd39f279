/* Rows of calls to hooks that posted and were given a key, so that the same call sent again posts
 * nothing twice. A row counts for 24 hours. Writers run in commands; the finder on a reader or in a
 * command. */
#pragma once

#include "store/store.h"

enum { HOOK_KEY_MS = 24 * 60 * 60 * 1000 };

struct hook_key {
    struct str integration_id;
    struct str key;       /* a digest of what the sender sent */
    struct str body_hash; /* a digest of the body */
    struct str answer;    /* the whole body of the answer; its status was 200 */
};

/* NULL: not seen in the last 24 hours. */
struct hook_key *hook_key_find(struct rd *rd, struct str integration_id, struct str key);
/* The key was not found just before. */
void hook_key_insert(struct tx *tx, const struct hook_key *key);
/* Whether there are rows that count no more; and removing a slice of them: true when there may be
 * more. */
bool hook_keys_to_sweep(struct rd *rd);
bool hook_keys_sweep(struct tx *tx);
