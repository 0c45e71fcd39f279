/* SQL of kept.h, for whichever tables a kind names. Writers run in commands; the others on a reader
 * or in a command. */
#include "store/kept.h"

#define DAY_MS INT64_C(86400000)

/* --- lists --- */

/* The last column says which of `kinds` it is. */
static bool read_list(struct stmt *q, const struct kept_kind *kinds, size_t count,
                      struct kept_list *out)
{
    bool found = stmt_next(q);
    if (found) {
        size_t place = (size_t)col_i64(q, 6);
        *out = (struct kept_list){.kind = &kinds[place < count ? place : 0],
                                  .seq = col_i64(q, 0),
                                  .stored_from = col_i64(q, 1),
                                  .shown_from = col_i64(q, 2),
                                  .last_number = col_i64(q, 3),
                                  .bytes = col_i64(q, 4),
                                  .empty = col_null(q, 5),
                                  .oldest_ms = col_i64(q, 5)};
    }
    stmt_done(q);
    return found;
}

bool kept_find(struct rd *rd, const struct kept_kind *kind, struct str integration_id,
               struct kept_list *out)
{
    struct stmt *q = db_stmt(rd->db, kind->sql.find);
    stmt_str(q, 1, integration_id);
    return read_list(q, kind, 1, out);
}

bool kept_open(struct tx *tx, const struct kept_kind *kind, struct str integration_id,
               struct kept_list *out)
{
    struct stmt *q = db_stmt(tx->rd.db, kind->allow);
    stmt_str(q, 1, integration_id);
    if (!stmt_any(q))
        return false;
    if (kept_find(&tx->rd, kind, integration_id, out))
        return true;
    q = db_stmt(tx->rd.db, kind->make);
    stmt_str(q, 1, integration_id);
    stmt_run(q);
    return kept_find(&tx->rd, kind, integration_id, out); /* false: the database failed */
}

static void write_list(struct tx *tx, const struct kept_list *list)
{
    struct stmt *q = db_stmt(tx->rd.db, list->kind->sql.save);
    stmt_i64(q, 1, list->seq);
    stmt_i64(q, 2, list->stored_from);
    stmt_i64(q, 3, list->shown_from);
    stmt_i64(q, 4, list->last_number);
    stmt_i64(q, 5, list->bytes);
    if (list->empty)
        stmt_null(q, 6);
    else
        stmt_i64(q, 6, list->oldest_ms);
    stmt_run(q);
}

/* Nothing is stored of it, and its integration is gone. */
static void erase_list_of_nothing(struct tx *tx, const struct kept_list *list)
{
    if (list->stored_from <= list->last_number)
        return;
    struct stmt *q = db_stmt(tx->rd.db, list->kind->sql.erase);
    stmt_i64(q, 1, list->seq);
    stmt_run(q);
}

/* --- hiding --- */

/* Entries of that moment, and older ones, are too old. */
static int64_t too_old_ms(const struct rd *rd, const struct kept_kind *kind)
{
    return rd->now_ms - kind->days * DAY_MS;
}

static bool has_aged(const struct rd *rd, const struct kept_list *list)
{
    return !list->empty && list->oldest_ms <= too_old_ms(rd, list->kind);
}

static void hide_all(struct kept_list *list)
{
    list->shown_from = list->last_number + 1;
    list->bytes = 0;
    list->empty = true;
}

/* Hides the oldest entries until the rest is within all three bounds. */
static void keep_bounds(struct rd *rd, struct kept_list *list)
{
    const struct kept_kind *kind = list->kind;
    int64_t bytes = list->bytes;
    struct stmt *q = db_stmt(rd->db, kind->sql.bounded);
    stmt_i64(q, 1, list->seq);
    stmt_i64(q, 2, list->shown_from);
    hide_all(list);
    while (stmt_next(q)) {
        int64_t number = col_i64(q, 0), moment_ms = col_i64(q, 2);
        bool fits = list->last_number - number < kind->rows && bytes <= kind->bytes &&
                    moment_ms > too_old_ms(rd, kind);
        if (fits) {
            list->shown_from = number;
            list->bytes = bytes;
            list->empty = false;
            list->oldest_ms = moment_ms;
            break;
        }
        bytes -= col_i64(q, 1);
    }
    stmt_done(q);
}

int64_t kept_shown_from(struct rd *rd, const struct kept_list *list)
{
    struct kept_list now = *list;
    if (has_aged(rd, &now))
        keep_bounds(rd, &now);
    return now.shown_from;
}

int64_t kept_total(struct rd *rd, const struct kept_list *list)
{
    return list->last_number + 1 - kept_shown_from(rd, list);
}

/* --- deleting --- */

/* Deletes up to `limit` of the entries that are stored and not shown. */
static void delete_waste(struct tx *tx, struct kept_list *list, int64_t limit)
{
    int64_t to = list->stored_from + limit;
    if (to > list->shown_from)
        to = list->shown_from;
    if (to == list->stored_from)
        return;
    struct stmt *q = db_stmt(tx->rd.db, list->kind->sql.delete_some);
    stmt_i64(q, 1, list->seq);
    stmt_i64(q, 2, list->stored_from);
    stmt_i64(q, 3, to);
    stmt_run(q);
    list->stored_from = to;
}

void kept_save(struct tx *tx, struct kept_list *list)
{
    keep_bounds(&tx->rd, list);
    delete_waste(tx, list, list->kind->delete_with_write);
    write_list(tx, list);
}

bool kept_clear(struct tx *tx, const struct kept_kind *kind, struct str integration_id)
{
    struct kept_list list;
    if (!kept_find(&tx->rd, kind, integration_id, &list))
        return false;
    hide_all(&list);
    write_list(tx, &list);
    erase_list_of_nothing(tx, &list);
    return true;
}

/* --- sweeping --- */

static bool find_aged(struct rd *rd, const struct kept_kind *kind, struct kept_list *out)
{
    struct stmt *q = db_stmt(rd->db, kind->sql.aged);
    stmt_i64(q, 1, too_old_ms(rd, kind));
    return read_list(q, kind, 1, out);
}

static bool find_due(struct rd *rd, const struct kept_kind *kinds, size_t count,
                     struct kept_list *out)
{
    if (read_list(db_stmt(rd->db, kinds[0].sql.wasteful), kinds, count, out))
        return true;
    for (size_t i = 0; i < count; i++) {
        if (find_aged(rd, &kinds[i], out))
            return true;
    }
    return false;
}

bool kept_to_sweep(struct rd *rd, const struct kept_kind *kinds, size_t count)
{
    struct kept_list list;
    return find_due(rd, kinds, count, &list);
}

bool kept_sweep(struct tx *tx, const struct kept_kind *kinds, size_t count)
{
    struct kept_list list;
    if (!find_due(&tx->rd, kinds, count, &list))
        return false;
    if (has_aged(&tx->rd, &list))
        keep_bounds(&tx->rd, &list);
    delete_waste(tx, &list, list.kind->delete_with_sweep);
    write_list(tx, &list);
    erase_list_of_nothing(tx, &list);
    return true;
}
