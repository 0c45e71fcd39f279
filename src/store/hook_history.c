/* SQL of hook_history.h.
 *
 * What always holds: calls below stored_from are not stored, those below shown_from are not shown,
 * and `bytes` is the sum of those from shown_from to last_number. Everything that hides calls moves
 * shown_from; what is stored below it is deleted by ranges of numbers, some at each addition and
 * the rest by hook_history_sweep().
 */
#include "store/hook_history.h"

enum { DELETE_WITH_ADDITION = 256, DELETE_WITH_SWEEP = 1000 };

#define DAY_MS INT64_C(86400000)

struct history {
    int64_t seq, stored_from, shown_from, last_number, bytes;
    bool empty; /* no call is shown */
    int64_t oldest_ms;
};

#define HISTORY_COLUMNS "seq, stored_from, shown_from, last_number, bytes, oldest_ms"

static bool read_history(struct stmt *q, struct history *out)
{
    bool found = stmt_next(q);
    if (found)
        *out = (struct history){.seq = col_i64(q, 0),
                                .stored_from = col_i64(q, 1),
                                .shown_from = col_i64(q, 2),
                                .last_number = col_i64(q, 3),
                                .bytes = col_i64(q, 4),
                                .empty = col_null(q, 5),
                                .oldest_ms = col_i64(q, 5)};
    stmt_done(q);
    return found;
}

static bool find_history(struct rd *rd, struct str integration_id, struct history *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " HISTORY_COLUMNS " FROM hook_histories"
                                     " WHERE integration_id = $1");
    stmt_str(q, 1, integration_id);
    return read_history(q, out);
}

static void save_history(struct tx *tx, const struct history *h)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE hook_histories SET stored_from = $2, shown_from = $3,"
                           " last_number = $4, bytes = $5, oldest_ms = $6 WHERE seq = $1");
    stmt_i64(q, 1, h->seq);
    stmt_i64(q, 2, h->stored_from);
    stmt_i64(q, 3, h->shown_from);
    stmt_i64(q, 4, h->last_number);
    stmt_i64(q, 5, h->bytes);
    if (h->empty)
        stmt_null(q, 6);
    else
        stmt_i64(q, 6, h->oldest_ms);
    stmt_run(q);
}

static int64_t kept_since(const struct rd *rd)
{
    return rd->now_ms - HOOK_HISTORY_DAYS * DAY_MS;
}

/* --- hiding and deleting --- */

static void hide_all(struct history *h)
{
    h->shown_from = h->last_number + 1;
    h->bytes = 0;
    h->empty = true;
}

/* Hides the oldest calls until the rest is within all three bounds. */
static void keep_bounds(struct rd *rd, struct history *h)
{
    int64_t bytes = h->bytes;
    struct stmt *q = db_stmt(rd->db, "SELECT number, bytes, at_ms FROM hook_calls"
                                     " WHERE history_seq = $1 AND number >= $2 ORDER BY number");
    stmt_i64(q, 1, h->seq);
    stmt_i64(q, 2, h->shown_from);
    hide_all(h);
    while (stmt_next(q)) {
        int64_t number = col_i64(q, 0), at_ms = col_i64(q, 2);
        bool fits = h->last_number - number < HOOK_HISTORY_ROWS && bytes <= HOOK_HISTORY_BYTES &&
                    at_ms > kept_since(rd);
        if (fits) {
            h->shown_from = number;
            h->bytes = bytes;
            h->empty = false;
            h->oldest_ms = at_ms;
            break;
        }
        bytes -= col_i64(q, 1);
    }
    stmt_done(q);
}

/* Deletes up to `limit` of the calls that are stored and not shown. */
static void delete_waste(struct tx *tx, struct history *h, int64_t limit)
{
    int64_t to = h->stored_from + limit;
    if (to > h->shown_from)
        to = h->shown_from;
    if (to == h->stored_from)
        return;
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM hook_calls WHERE history_seq = $1"
                                        " AND number >= $2 AND number < $3");
    stmt_i64(q, 1, h->seq);
    stmt_i64(q, 2, h->stored_from);
    stmt_i64(q, 3, to);
    stmt_run(q);
    h->stored_from = to;
}

/* --- adding --- */

static bool integration_is_there(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM integrations WHERE id = $1 AND incoming = 1");
    stmt_str(q, 1, id);
    return stmt_any(q);
}

static void new_history(struct tx *tx, struct str integration_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO hook_histories (integration_id, stored_from,"
                                        " shown_from, last_number, bytes) VALUES ($1, 1, 1, 0, 0)");
    stmt_str(q, 1, integration_id);
    stmt_run(q);
}

static void insert_call(struct tx *tx, struct history *h, const struct hook_call_row *call)
{
    int64_t bytes = (int64_t)call->doc.len + HOOK_CALL_ROW_BYTES;
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO hook_calls (history_seq, number, at_ms, bytes,"
                                        " doc) VALUES ($1, $2, $3, $4, $5)");
    stmt_i64(q, 1, h->seq);
    stmt_i64(q, 2, ++h->last_number);
    stmt_i64(q, 3, call->at_ms);
    stmt_i64(q, 4, bytes);
    stmt_str(q, 5, call->doc);
    stmt_run(q);
    h->bytes += bytes;
}

/* Those of `calls` that belong to this integration. */
static void add_of(struct tx *tx, struct str integration_id, const struct hook_call_row *calls,
                   size_t count)
{
    struct history h;
    if (!integration_is_there(&tx->rd, integration_id))
        return;
    if (!find_history(&tx->rd, integration_id, &h)) {
        new_history(tx, integration_id);
        if (!find_history(&tx->rd, integration_id, &h))
            return; /* the database failed */
    }
    for (size_t i = 0; i < count; i++) {
        if (str_eq(calls[i].integration_id, integration_id))
            insert_call(tx, &h, &calls[i]);
    }
    keep_bounds(&tx->rd, &h);
    delete_waste(tx, &h, DELETE_WITH_ADDITION);
    save_history(tx, &h);
}

static bool came_before(const struct hook_call_row *calls, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq(calls[i].integration_id, calls[at].integration_id))
            return true;
    }
    return false;
}

void hook_history_add(struct tx *tx, const struct hook_call_row *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!came_before(calls, i))
            add_of(tx, calls[i].integration_id, &calls[i], count - i);
    }
}

/* --- reading --- */

/* The first number that is shown now: calls also grow too old while nothing is written. */
static int64_t shown_now(struct rd *rd, const struct history *h)
{
    if (h->empty || h->oldest_ms > kept_since(rd))
        return h->shown_from;
    struct history now = *h;
    keep_bounds(rd, &now);
    return now.shown_from;
}

int64_t hook_history_total(struct rd *rd, struct str integration_id)
{
    struct history h;
    if (!find_history(rd, integration_id, &h))
        return 0;
    return h.last_number + 1 - shown_now(rd, &h);
}

int64_t hook_history_page(struct rd *rd, struct str integration_id, int64_t offset, int64_t count,
                          struct buf *out)
{
    struct history h;
    if (!find_history(rd, integration_id, &h))
        return 0;
    struct stmt *q = db_stmt(rd->db, "SELECT number, doc FROM hook_calls WHERE history_seq = $1"
                                     " AND number >= $2 AND number <= $3"
                                     " ORDER BY number DESC LIMIT $4");
    stmt_i64(q, 1, h.seq);
    stmt_i64(q, 2, shown_now(rd, &h));
    stmt_i64(q, 3, h.last_number - offset);
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

/* --- clearing --- */

/* Nothing is stored of it, and its integration is gone. */
static void erase_history_of_nothing(struct tx *tx, const struct history *h)
{
    if (h->stored_from <= h->last_number)
        return;
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM hook_histories WHERE seq = $1 AND NOT EXISTS"
                           " (SELECT 1 FROM integrations i WHERE i.id = integration_id)");
    stmt_i64(q, 1, h->seq);
    stmt_run(q);
}

void hook_history_clear(struct tx *tx, struct str integration_id)
{
    struct history h;
    if (!find_history(&tx->rd, integration_id, &h))
        return;
    hide_all(&h);
    save_history(tx, &h);
    erase_history_of_nothing(tx, &h);
}

static bool find_waste(struct rd *rd, struct history *out)
{
    return read_history(db_stmt(rd->db, "SELECT " HISTORY_COLUMNS " FROM hook_histories"
                                        " WHERE stored_from < shown_from LIMIT 1"),
                        out);
}

static bool find_aged(struct rd *rd, struct history *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " HISTORY_COLUMNS " FROM hook_histories"
                                     " WHERE oldest_ms IS NOT NULL AND oldest_ms <= $1 LIMIT 1");
    stmt_i64(q, 1, kept_since(rd));
    return read_history(q, out);
}

bool hook_history_to_sweep(struct rd *rd)
{
    struct history h;
    return find_waste(rd, &h) || find_aged(rd, &h);
}

bool hook_history_sweep(struct tx *tx)
{
    struct history h;
    if (!find_waste(&tx->rd, &h) && !find_aged(&tx->rd, &h))
        return false;
    if (!h.empty && h.oldest_ms <= kept_since(&tx->rd))
        keep_bounds(&tx->rd, &h);
    delete_waste(tx, &h, DELETE_WITH_SWEEP);
    save_history(tx, &h);
    erase_history_of_nothing(tx, &h);
    return true;
}
