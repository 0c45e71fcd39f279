/* SQL of record.h.
 *
 * What always holds: records below stored_from are not stored, those below shown_from are not
 * shown, and `bytes` is the sum of those from shown_from to last_number. Everything that hides
 * records moves shown_from; what is stored below it is deleted by ranges of numbers, some at each
 * addition and the rest by records_sweep().
 */
#include "store/record.h"

#include "store/notice.h"

enum { DELETE_WITH_ADDITION = 256, DELETE_WITH_SWEEP = 1000 };

#define DAY_MS INT64_C(86400000)

const struct record_bounds record_bounds[RECORD_KINDS] = {
    [RECORD_CALL] = {.rows = 1000, .bytes = 1 << 20, .days = 30},
    [RECORD_RUN] = {.rows = 200, .bytes = 1 << 20, .days = 7},
};

struct list {
    enum record_kind kind;
    int64_t seq, stored_from, shown_from, last_number, bytes;
    bool empty; /* no record is shown */
    int64_t oldest_ms;
};

#define LIST_COLUMNS "seq, stored_from, shown_from, last_number, bytes, oldest_ms, kind"

static bool read_list(struct stmt *q, struct list *out)
{
    bool found = stmt_next(q);
    if (found)
        *out = (struct list){.seq = col_i64(q, 0),
                             .stored_from = col_i64(q, 1),
                             .shown_from = col_i64(q, 2),
                             .last_number = col_i64(q, 3),
                             .bytes = col_i64(q, 4),
                             .empty = col_null(q, 5),
                             .oldest_ms = col_i64(q, 5),
                             .kind = col_i64(q, 6) == RECORD_RUN ? RECORD_RUN : RECORD_CALL};
    stmt_done(q);
    return found;
}

static bool find_list(struct rd *rd, enum record_kind kind, struct str integration_id,
                      struct list *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " LIST_COLUMNS " FROM record_lists"
                                     " WHERE integration_id = $1 AND kind = $2");
    stmt_str(q, 1, integration_id);
    stmt_i64(q, 2, kind);
    return read_list(q, out);
}

static void save_list(struct tx *tx, const struct list *l)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE record_lists SET stored_from = $2, shown_from = $3,"
                           " last_number = $4, bytes = $5, oldest_ms = $6 WHERE seq = $1");
    stmt_i64(q, 1, l->seq);
    stmt_i64(q, 2, l->stored_from);
    stmt_i64(q, 3, l->shown_from);
    stmt_i64(q, 4, l->last_number);
    stmt_i64(q, 5, l->bytes);
    if (l->empty)
        stmt_null(q, 6);
    else
        stmt_i64(q, 6, l->oldest_ms);
    stmt_run(q);
}

static int64_t kept_since(const struct rd *rd, enum record_kind kind)
{
    return rd->now_ms - record_bounds[kind].days * DAY_MS;
}

/* --- hiding and deleting --- */

static void hide_all(struct list *l)
{
    l->shown_from = l->last_number + 1;
    l->bytes = 0;
    l->empty = true;
}

/* Hides the oldest records until the rest is within all three bounds. */
static void keep_bounds(struct rd *rd, struct list *l)
{
    const struct record_bounds *bounds = &record_bounds[l->kind];
    int64_t bytes = l->bytes;
    struct stmt *q = db_stmt(rd->db, "SELECT number, bytes, at_ms FROM records"
                                     " WHERE list_seq = $1 AND number >= $2 ORDER BY number");
    stmt_i64(q, 1, l->seq);
    stmt_i64(q, 2, l->shown_from);
    hide_all(l);
    while (stmt_next(q)) {
        int64_t number = col_i64(q, 0), at_ms = col_i64(q, 2);
        bool fits = l->last_number - number < bounds->rows && bytes <= bounds->bytes &&
                    at_ms > kept_since(rd, l->kind);
        if (fits) {
            l->shown_from = number;
            l->bytes = bytes;
            l->empty = false;
            l->oldest_ms = at_ms;
            break;
        }
        bytes -= col_i64(q, 1);
    }
    stmt_done(q);
}

/* Deletes up to `limit` of the records that are stored and not shown. */
static void delete_waste(struct tx *tx, struct list *l, int64_t limit)
{
    int64_t to = l->stored_from + limit;
    if (to > l->shown_from)
        to = l->shown_from;
    if (to == l->stored_from)
        return;
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM records WHERE list_seq = $1"
                                        " AND number >= $2 AND number < $3");
    stmt_i64(q, 1, l->seq);
    stmt_i64(q, 2, l->stored_from);
    stmt_i64(q, 3, to);
    stmt_run(q);
    l->stored_from = to;
}

/* --- adding --- */

/* Only incoming integrations are called. */
static bool may_have(struct rd *rd, enum record_kind kind, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM integrations WHERE id = $1 AND incoming >= $2");
    stmt_str(q, 1, id);
    stmt_i64(q, 2, kind == RECORD_CALL);
    return stmt_any(q);
}

static void new_list(struct tx *tx, enum record_kind kind, struct str integration_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO record_lists (kind, integration_id,"
                                        " stored_from, shown_from, last_number, bytes)"
                                        " VALUES ($1, $2, 1, 1, 0, 0)");
    stmt_i64(q, 1, kind);
    stmt_str(q, 2, integration_id);
    stmt_run(q);
}

static void tell_of_call(struct tx *tx, const struct list *l, const struct record_row *row)
{
    if (!tx_listened(tx))
        return;
    BUF(call, SIZE_MAX / 2);
    buf_addf(&call, "{\"number\":%lld,%.*s}", (long long)l->last_number, STR_FMT(row->doc));
    notice_history(tx, "inserted", row->integration_id, STR(""), "data", buf_str(&call));
}

static void insert_row(struct tx *tx, struct list *l, const struct record_row *row)
{
    int64_t bytes = (int64_t)row->doc.len + RECORD_ROW_BYTES;
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO records (list_seq, number, at_ms, bytes,"
                                        " doc) VALUES ($1, $2, $3, $4, $5)");
    stmt_i64(q, 1, l->seq);
    stmt_i64(q, 2, ++l->last_number);
    stmt_i64(q, 3, row->at_ms);
    stmt_i64(q, 4, bytes);
    stmt_str(q, 5, row->doc);
    stmt_run(q);
    l->bytes += bytes;
    if (row->kind == RECORD_CALL)
        tell_of_call(tx, l, row);
}

static bool same_list(const struct record_row *a, const struct record_row *b)
{
    return a->kind == b->kind && str_eq(a->integration_id, b->integration_id);
}

/* Those of `rows` that belong to the first one's list. */
static void add_of_first(struct tx *tx, const struct record_row *rows, size_t count)
{
    struct list l;
    const struct record_row *first = &rows[0];
    if (!may_have(&tx->rd, first->kind, first->integration_id))
        return;
    if (!find_list(&tx->rd, first->kind, first->integration_id, &l)) {
        new_list(tx, first->kind, first->integration_id);
        if (!find_list(&tx->rd, first->kind, first->integration_id, &l))
            return; /* the database failed */
    }
    for (size_t i = 0; i < count; i++) {
        if (same_list(&rows[i], first))
            insert_row(tx, &l, &rows[i]);
    }
    keep_bounds(&tx->rd, &l);
    delete_waste(tx, &l, DELETE_WITH_ADDITION);
    save_list(tx, &l);
}

static bool came_before(const struct record_row *rows, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (same_list(&rows[i], &rows[at]))
            return true;
    }
    return false;
}

void records_add(struct tx *tx, const struct record_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!came_before(rows, i))
            add_of_first(tx, &rows[i], count - i);
    }
}

/* --- reading --- */

/* The first number that is shown now: records also grow too old while nothing is written. */
static int64_t shown_now(struct rd *rd, const struct list *l)
{
    if (l->empty || l->oldest_ms > kept_since(rd, l->kind))
        return l->shown_from;
    struct list now = *l;
    keep_bounds(rd, &now);
    return now.shown_from;
}

int64_t records_total(struct rd *rd, enum record_kind kind, struct str integration_id)
{
    struct list l;
    if (!find_list(rd, kind, integration_id, &l))
        return 0;
    return l.last_number + 1 - shown_now(rd, &l);
}

int64_t records_page(struct rd *rd, enum record_kind kind, struct str integration_id,
                     int64_t offset, int64_t count, struct buf *out)
{
    struct list l;
    if (!find_list(rd, kind, integration_id, &l))
        return 0;
    struct stmt *q = db_stmt(rd->db, "SELECT number, doc FROM records WHERE list_seq = $1"
                                     " AND number >= $2 AND number <= $3"
                                     " ORDER BY number DESC LIMIT $4");
    stmt_i64(q, 1, l.seq);
    stmt_i64(q, 2, shown_now(rd, &l));
    stmt_i64(q, 3, l.last_number - offset);
    stmt_i64(q, 4, count);
    int64_t rows = 0;
    while (stmt_next(q)) {
        struct str doc = col_peek(q, 1);
        buf_addf(out, "%s{\"number\":%lld,", rows++ > 0 ? "," : "", (long long)col_i64(q, 0));
        buf_add(out, doc);
        buf_add_char(out, '}');
    }
    return rows;
}

struct str records_find(struct rd *rd, enum record_kind kind, struct str integration_id,
                        int64_t number)
{
    struct list l;
    if (!find_list(rd, kind, integration_id, &l) || number < shown_now(rd, &l))
        return STR("");
    struct stmt *q = db_stmt(rd->db, "SELECT doc FROM records WHERE list_seq = $1 AND number = $2");
    stmt_i64(q, 1, l.seq);
    stmt_i64(q, 2, number);
    struct str doc = stmt_next(q) ? col_str(q, 0, rd->arena) : STR("");
    stmt_done(q);
    return doc;
}

/* --- clearing --- */

/* Nothing is stored of it, and its integration is gone. */
static void erase_list_of_nothing(struct tx *tx, const struct list *l)
{
    if (l->stored_from <= l->last_number)
        return;
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM record_lists WHERE seq = $1 AND NOT EXISTS"
                           " (SELECT 1 FROM integrations i WHERE i.id = integration_id)");
    stmt_i64(q, 1, l->seq);
    stmt_run(q);
}

void records_clear(struct tx *tx, enum record_kind kind, struct str integration_id)
{
    struct list l;
    if (!find_list(&tx->rd, kind, integration_id, &l))
        return;
    hide_all(&l);
    save_list(tx, &l);
    if (kind == RECORD_CALL)
        notice_history(tx, "removed", integration_id, STR(""), "", STR(""));
    erase_list_of_nothing(tx, &l);
}

static bool find_waste(struct rd *rd, struct list *out)
{
    return read_list(db_stmt(rd->db, "SELECT " LIST_COLUMNS " FROM record_lists"
                                     " WHERE stored_from < shown_from LIMIT 1"),
                     out);
}

static bool find_aged(struct rd *rd, enum record_kind kind, struct list *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " LIST_COLUMNS " FROM record_lists WHERE kind = $1"
                                     " AND oldest_ms IS NOT NULL AND oldest_ms <= $2 LIMIT 1");
    stmt_i64(q, 1, kind);
    stmt_i64(q, 2, kept_since(rd, kind));
    return read_list(q, out);
}

static bool find_due(struct rd *rd, struct list *out)
{
    return find_waste(rd, out) || find_aged(rd, RECORD_CALL, out) || find_aged(rd, RECORD_RUN, out);
}

bool records_to_sweep(struct rd *rd)
{
    struct list l;
    return find_due(rd, &l);
}

bool records_sweep(struct tx *tx)
{
    struct list l;
    if (!find_due(&tx->rd, &l))
        return false;
    if (!l.empty && l.oldest_ms <= kept_since(&tx->rd, l.kind))
        keep_bounds(&tx->rd, &l);
    delete_waste(tx, &l, DELETE_WITH_SWEEP);
    save_list(tx, &l);
    erase_list_of_nothing(tx, &l);
    return true;
}
