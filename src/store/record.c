/* SQL of record.h. Records stand in lists that keep their newest (kept.h), of two kinds in one
 * table; here is what a record is, how several are added at once, and how they are read. Writers
 * run in commands; the others on a reader or in a command. */
#include "store/record.h"

#include "store/kept.h"
#include "store/notice.h"

#define RECORD_SQL(kind) KEPT_SQL("record_lists", "kind", kind, "records", "list_seq", "at_ms")

/* Only incoming integrations are called; the place of a kind is its number in record_lists. */
static const struct kept_kind kinds[RECORD_KINDS] = {
    [RECORD_CALL] = {.rows = RECORD_CALL_ROWS,
                     .bytes = 1 << 20,
                     .days = 30,
                     .delete_with_write = 256,
                     .delete_with_sweep = 1000,
                     .allow = "SELECT 1 FROM integrations WHERE id = $1 AND incoming = 1",
                     .make = "INSERT INTO record_lists (kind, integration_id, stored_from,"
                             " shown_from, last_number, bytes) VALUES (0, $1, 1, 1, 0, 0)",
                     .sql = RECORD_SQL("0")},
    [RECORD_RUN] = {.rows = RECORD_RUN_ROWS,
                    .bytes = 1 << 20,
                    .days = 7,
                    .delete_with_write = 256,
                    .delete_with_sweep = 1000,
                    .allow = "SELECT 1 FROM integrations WHERE id = $1",
                    .make = "INSERT INTO record_lists (kind, integration_id, stored_from,"
                            " shown_from, last_number, bytes) VALUES (1, $1, 1, 1, 0, 0)",
                    .sql = RECORD_SQL("1")},
};

/* --- adding --- */

static void tell_of_call(struct tx *tx, const struct kept_list *list, const struct record_row *row)
{
    if (!tx_listened(tx))
        return;
    BUF(call, SIZE_MAX / 2);
    buf_addf(&call, "{\"number\":%lld,%.*s}", (long long)list->last_number, STR_FMT(row->doc));
    notice_history(tx, "inserted", row->integration_id, STR(""), "data", buf_str(&call));
}

static void insert_row(struct tx *tx, struct kept_list *list, const struct record_row *row)
{
    int64_t bytes = (int64_t)row->doc.len + RECORD_ROW_BYTES;
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO records (list_seq, number, at_ms, bytes,"
                                        " doc) VALUES ($1, $2, $3, $4, $5)");
    stmt_i64(q, 1, list->seq);
    stmt_i64(q, 2, ++list->last_number);
    stmt_i64(q, 3, row->at_ms);
    stmt_i64(q, 4, bytes);
    stmt_str(q, 5, row->doc);
    stmt_run(q);
    list->bytes += bytes;
    if (row->kind == RECORD_CALL)
        tell_of_call(tx, list, row);
}

static bool same_list(const struct record_row *a, const struct record_row *b)
{
    return a->kind == b->kind && str_eq(a->integration_id, b->integration_id);
}

/* Those of `rows` that belong to the first one's list. */
static void add_of_first(struct tx *tx, const struct record_row *rows, size_t count)
{
    struct kept_list list;
    const struct record_row *first = &rows[0];
    if (!kept_open(tx, &kinds[first->kind], first->integration_id, &list))
        return;
    for (size_t i = 0; i < count; i++) {
        if (same_list(&rows[i], first))
            insert_row(tx, &list, &rows[i]);
    }
    kept_save(tx, &list);
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

int64_t records_total(struct rd *rd, enum record_kind kind, struct str integration_id)
{
    struct kept_list list;
    return kept_find(rd, &kinds[kind], integration_id, &list) ? kept_total(rd, &list) : 0;
}

int64_t records_page(struct rd *rd, enum record_kind kind, struct str integration_id,
                     int64_t offset, int64_t count, struct buf *out)
{
    struct kept_list list;
    if (!kept_find(rd, &kinds[kind], integration_id, &list))
        return 0;
    struct stmt *q = db_stmt(rd->db, "SELECT number, doc FROM records WHERE list_seq = $1"
                                     " AND number >= $2 AND number <= $3"
                                     " ORDER BY number DESC LIMIT $4");
    stmt_i64(q, 1, list.seq);
    stmt_i64(q, 2, kept_shown_from(rd, &list));
    stmt_i64(q, 3, list.last_number - offset);
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
    struct kept_list list;
    if (!kept_find(rd, &kinds[kind], integration_id, &list) || number < kept_shown_from(rd, &list))
        return STR("");
    struct stmt *q = db_stmt(rd->db, "SELECT doc FROM records WHERE list_seq = $1 AND number = $2");
    stmt_i64(q, 1, list.seq);
    stmt_i64(q, 2, number);
    struct str doc = stmt_next(q) ? col_str(q, 0, rd->arena) : STR("");
    stmt_done(q);
    return doc;
}

/* --- clearing --- */

void records_clear(struct tx *tx, enum record_kind kind, struct str integration_id)
{
    if (kept_clear(tx, &kinds[kind], integration_id) && kind == RECORD_CALL)
        notice_history(tx, "removed", integration_id, STR(""), "", STR(""));
}

bool records_to_sweep(struct rd *rd)
{
    return kept_to_sweep(rd, kinds, RECORD_KINDS);
}

bool records_sweep(struct tx *tx)
{
    return kept_sweep(tx, kinds, RECORD_KINDS);
}
