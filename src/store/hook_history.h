/* Rows of the history of calls to hooks. An integration's calls are kept for 30 days, up to 1,000
 * of them and 1 MB; older ones are not shown any more and go in slices. Writers run in commands;
 * the others on a reader or in a command. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

enum {
    HOOK_HISTORY_ROWS = 1000,
    HOOK_HISTORY_BYTES = 1 << 20,
    HOOK_HISTORY_DAYS = 30,
    HOOK_CALL_ROW_BYTES = 100, /* what a row counts beside its document */
};

struct hook_call_row {
    struct str integration_id;
    int64_t at_ms;
    struct str doc; /* the members of the document without its number: JSON between the braces */
};

/* Calls in the order in which they were made. Those of integrations that are no more are left out.
 */
void hook_history_add(struct tx *tx, const struct hook_call_row *calls, size_t count);

int64_t hook_history_total(struct rd *rd, struct str integration_id);
/* Writes the documents of a page, newest first, with commas between them; returns how many. */
int64_t hook_history_page(struct rd *rd, struct str integration_id, int64_t offset, int64_t count,
                          struct buf *out);

/* Gone from every answer at once, however many they are. */
void hook_history_clear(struct tx *tx, struct str integration_id);
/* Whether something is not shown any more, or ought not to be; and removing a slice of it: true
 * when there may be more. */
bool hook_history_to_sweep(struct rd *rd);
bool hook_history_sweep(struct tx *tx);
