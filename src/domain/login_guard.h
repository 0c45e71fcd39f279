/* Failed logins, counted in memory by user and by address, so that guessing is slow.
 *
 * A key's failures are counted since its last successful login. It is blocked while their number is
 * at the limit or above and less than the unblock time has passed since the newest. A verdict is
 * given as of the moment the attempt began: what failed since then does not block it, so attempts
 * in progress do not block each other. A blocked attempt is a failure too and prolongs the block.
 *
 * The tables are bounded; when one is full the key whose newest failure is the oldest is forgotten.
 * Everything is lost at a restart. Moments are monotonic milliseconds. Any thread.
 */
#pragma once

#include "base/str.h"

/* A rule with limit 0 is off. */
struct guard_rule {
    int64_t limit;
    int64_t unblock_ms;
};

enum guard_kind { GUARD_USER, GUARD_ADDRESS, GUARD_KINDS };

struct login_guard;

/* At most about `max_keys` of each kind are kept, at some 300 bytes each. */
struct login_guard *login_guard_new(size_t max_keys);
void login_guard_free(struct login_guard *guard);

bool login_guard_blocked(struct login_guard *guard, enum guard_kind kind, struct str key,
                         struct guard_rule rule, int64_t begun_ms);
void login_guard_failed(struct login_guard *guard, enum guard_kind kind, struct str key,
                        int64_t now_ms);
void login_guard_succeeded(struct login_guard *guard, enum guard_kind kind, struct str key);
