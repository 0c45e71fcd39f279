/* Lists that keep their newest: an integration has one of each kind, bounded in rows, bytes and
 * days. Entries over a bound are not shown any more from that moment on, and their rows go in
 * slices. What the entries hold is their own file's affair (record.c, outgoing_history.c).
 *
 * What always holds: a list's entries are numbered without gaps; those below stored_from are not
 * stored, those below shown_from are not shown, and `bytes` is the sum of those from shown_from to
 * last_number. Whatever hides entries moves shown_from; what is stored below it is deleted by
 * ranges of numbers, some whenever the list is written and the rest by kept_sweep().
 */
#pragma once

#include "store/store.h"

/* The statements of one kind of lists; made by KEPT_SQL(). */
struct kept_sql {
    const char *find, *save;           /* a list */
    const char *bounded, *delete_some; /* its entries */
    const char *wasteful, *aged;       /* what is due to be swept */
    const char *erase;
};

/* Constant. Kinds whose lists share one table stand in one array, which tells them by their place.
 */
struct kept_kind {
    int64_t rows, bytes, days; /* what is kept at most; days since an entry's moment */
    int64_t delete_with_write, delete_with_sweep; /* at most so many rows at a time */
    const char *allow; /* SQL that gives a row when the integration $1 may have a list */
    const char *make;  /* SQL that makes an empty list for the integration $1 */
    struct kept_sql sql;
};

#define KEPT_COLUMNS "seq, stored_from, shown_from, last_number, bytes, oldest_ms"

/* All parameters are literals with SQL. `lists`: the table with KEPT_COLUMNS and integration_id;
 * `place`: which column there has the kind's place in its array, and `kind`: this one's (both "0"
 * where the table has one kind); `entries`: the table with number and bytes, and there `list_seq`:
 * the column with the list's seq, `moment`: the one with the time an entry's age counts from. */
#define KEPT_SQL(lists, place, kind, entries, list_seq, moment)                                    \
    {                                                                                              \
        .find = "SELECT " KEPT_COLUMNS ", 0 FROM " lists " WHERE integration_id = $1 AND " place   \
                " = " kind,                                                                        \
        .save = "UPDATE " lists " SET stored_from = $2, shown_from = $3, last_number = $4,"        \
                " bytes = $5, oldest_ms = $6 WHERE seq = $1",                                      \
        .bounded = "SELECT number, bytes, " moment " FROM " entries " WHERE " list_seq             \
                   " = $1 AND number >= $2 ORDER BY number",                                       \
        .delete_some =                                                                             \
            "DELETE FROM " entries " WHERE " list_seq " = $1 AND number >= $2 AND number < $3",    \
        .wasteful = "SELECT " KEPT_COLUMNS ", " place " FROM " lists                               \
                    " WHERE stored_from < shown_from LIMIT 1",                                     \
        .aged = "SELECT " KEPT_COLUMNS ", 0 FROM " lists " WHERE " place " = " kind                \
                " AND oldest_ms IS NOT NULL AND oldest_ms <= $1 LIMIT 1",                          \
        .erase = "DELETE FROM " lists " WHERE seq = $1 AND NOT EXISTS"                             \
                 " (SELECT 1 FROM integrations i WHERE i.id = integration_id)",                    \
    }

struct kept_list {
    const struct kept_kind *kind;
    int64_t seq, stored_from, shown_from, last_number, bytes;
    bool empty;        /* no entry is shown */
    int64_t oldest_ms; /* moment of the first that is shown, when the list was last written */
};

/* False: the integration has no such list (yet). */
bool kept_find(struct rd *rd, const struct kept_kind *kind, struct str integration_id,
               struct kept_list *out);
/* The same for a writer: makes the list where there is none yet. False: the integration is not
 * there (any more), or may have none. */
bool kept_open(struct tx *tx, const struct kept_kind *kind, struct str integration_id,
               struct kept_list *out);

/* The first number that is shown now, and how many are: entries also grow too old while nothing is
 * written. */
int64_t kept_shown_from(struct rd *rd, const struct kept_list *list);
int64_t kept_total(struct rd *rd, const struct kept_list *list);

/* Writing goes in three steps: open or find the list; write rows of entries, each new one as number
 * ++last_number, and count their `bytes`; save the list, which first hides what is over a bound. */
void kept_save(struct tx *tx, struct kept_list *list);

/* Gone from every answer at once, however many they are. False: there was no list. */
bool kept_clear(struct tx *tx, const struct kept_kind *kind, struct str integration_id);

/* Of all the kinds in one table. Whether something is not shown any more, or ought not to be; and
 * removing a slice of it: true when there may be more. A list that stores nothing goes too when its
 * integration is gone. */
bool kept_to_sweep(struct rd *rd, const struct kept_kind *kinds, size_t count);
bool kept_sweep(struct tx *tx, const struct kept_kind *kinds, size_t count);
