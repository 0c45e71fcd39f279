/* Rows of what became of integrations' work: calls to hooks, and runs of scripts. Of each kind an
 * integration has a list of its own, bounded in rows, bytes and days; older records are not shown
 * any more and go in slices. Writers run in commands; the others on a reader or in a command. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

enum record_kind {
    RECORD_CALL, /* to a hook; up to 1 MB, for 30 days */
    RECORD_RUN,  /* of a script; up to 1 MB, for 7 days */
    RECORD_KINDS
};

enum {
    RECORD_CALL_ROWS = 1000,
    RECORD_RUN_ROWS = 200,
    RECORD_ROW_BYTES = 100, /* what a row counts beside its document */
};

struct record_row {
    enum record_kind kind;
    struct str integration_id;
    int64_t at_ms;
    struct str doc; /* the members of the document without its number: JSON between the braces */
};

/* In the order in which they happened. Those of integrations that are no more are left out. */
void records_add(struct tx *tx, const struct record_row *rows, size_t count);

int64_t records_total(struct rd *rd, enum record_kind kind, struct str integration_id);
/* Writes the documents of a page, newest first, with commas between them; returns how many. */
int64_t records_page(struct rd *rd, enum record_kind kind, struct str integration_id,
                     int64_t offset, int64_t count, struct buf *out);
/* The document of that number, without it; empty when it is not shown. */
struct str records_find(struct rd *rd, enum record_kind kind, struct str integration_id,
                        int64_t number);

/* Gone from every answer at once, however many they are. */
void records_clear(struct tx *tx, enum record_kind kind, struct str integration_id);
/* Whether something is not shown any more, or ought not to be; and removing a slice of it: true
 * when there may be more. */
bool records_to_sweep(struct rd *rd);
bool records_sweep(struct tx *tx);
