/* Rows of the history of outgoing calls. An integration's entries are kept for 30 days after their
 * last write, up to OUTGOING_HISTORY_ROWS of them and OUTGOING_HISTORY_BYTES; older ones are not
 * shown any more and go in slices. Writers run in commands; the others on a reader or in a command.
 */
#pragma once

#include "base/buf.h"
#include "model/outgoing_entry.h"
#include "store/store.h"

enum {
    OUTGOING_HISTORY_ROWS = 5000,
    OUTGOING_HISTORY_BYTES = 32 << 20,
    OUTGOING_HISTORY_DAYS = 30,
    OUTGOING_ENTRY_ROW_BYTES = 200, /* what a row counts beside its texts */
};

/* A new entry; created_ms is given. An entry of that id, which a crash may have left behind, is
 * replaced. False: the integration is not there (any more), and nothing was done. */
bool outgoing_history_insert(struct tx *tx, struct outgoing_entry *e);
/* The entry as it is now. Its data is stored when it was not before. False: it was cleared. */
bool outgoing_history_update(struct tx *tx, struct outgoing_entry *e);

/* One entry, whole and parsed; NULL: that integration has none of that id. */
struct json *outgoing_history_find(struct rd *rd, struct str integration_id, struct str id);

/* With a creator_id only when that user made the integration. */
int64_t outgoing_history_total(struct rd *rd, struct str integration_id, struct str creator_id);
/* Writes the documents of a page, with commas between; returns how many. `order_by`: constant
 * columns of the table, OUTGOING_HISTORY_ORDER when nothing else is wished. */
#define OUTGOING_HISTORY_ORDER "updated_ms DESC, seq DESC"
int64_t outgoing_history_page(struct rd *rd, struct str integration_id, struct str creator_id,
                              struct str order_by, int64_t offset, int64_t count, struct buf *out);

/* Walking over the entries in the order in which they were made: the next ones behind the number
 * *after (0 at first), until a limit of rows or bytes is met; *after is 0 again at the end. Entries
 * made from one moment on and before the other (0: no bound). */
enum { OUTGOING_WALK_ROWS = 100, OUTGOING_WALK_BYTES = 1 << 20 };
struct outgoing_walk {
    struct str integration_id;
    int64_t from_ms, before_ms;
    int64_t after;
};
struct outgoing_past {
    const struct json *items[OUTGOING_WALK_ROWS]; /* as outgoing_history_find() gives them */
    size_t count;
};
struct outgoing_past outgoing_history_walk(struct rd *rd, struct outgoing_walk *walk);

/* Gone from every answer at once, however many they are. */
void outgoing_history_clear(struct tx *tx, struct str integration_id);
bool outgoing_history_to_sweep(struct rd *rd);
bool outgoing_history_sweep(struct tx *tx);
