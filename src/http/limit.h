/* How often something was done lately: fixed windows of time, counted per key.
 *
 * A key's window begins with its first call and lasts window_ms; the first call after its end
 * begins the next one. The table is bounded: when it is full, the window that ends first makes
 * room, which is one that has ended already whenever there is one. Lost at restart. Any thread.
 */
#pragma once

#include "base/str.h"

struct limit_table;

struct limit_verdict {
    bool allowed;
    int64_t limit;     /* calls in a window */
    int64_t remaining; /* of them */
    int64_t reset_ms;  /* wall clock: when the window ends */
};

/* `max_entries` is a ceiling, kept by each of a few parts of the table for its share of the keys.
 * digest_init() comes first. */
struct limit_table *limit_new(size_t max_entries);
void limit_free(struct limit_table *table);

/* Counts one call. It is allowed when there were fewer than `calls` in its window before. */
struct limit_verdict limit_hit(struct limit_table *table, struct str key, int64_t calls,
                               int64_t window_ms, int64_t now_ms);
