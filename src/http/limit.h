/* How often something was done lately, per key: by fixed windows of time, or by a token bucket. A
 * key is used for one of the two.
 *
 * A window begins with the key's first call and lasts window_ms; the first call after its end
 * begins the next one. A bucket holds `burst` calls and is filled again by `rate` calls a second.
 * The table is bounded: when it is full, what ends first makes room, be it a window or the time
 * until a bucket is full; that is something that has ended already whenever there is such. Lost at
 * restart. Any thread.
 */
#pragma once

#include "base/str.h"

struct limit_table;

struct limit_verdict {
    bool allowed;
    int64_t limit;     /* calls in a window, or in a full bucket */
    int64_t remaining; /* of them */
    int64_t reset_ms;  /* wall clock: when the window ends, or the bucket is full again */
    int64_t wait_ms;   /* until the next call is allowed; 0 while this one is */
};

/* `max_entries` is a ceiling, kept by each of a few parts of the table for its share of the keys.
 * digest_init() comes first. */
struct limit_table *limit_new(size_t max_entries);
void limit_free(struct limit_table *table);

/* Counts one call. It is allowed when there were fewer than `calls` in its window before. */
struct limit_verdict limit_hit(struct limit_table *table, struct str key, int64_t calls,
                               int64_t window_ms, int64_t now_ms);

/* Takes one call out of a bucket. `rate` is more than 0 and may be a fraction, `burst` at least 1.
 */
struct limit_verdict limit_take(struct limit_table *table, struct str key, double rate,
                                int64_t burst, int64_t now_ms);
