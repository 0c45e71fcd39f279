/* SQL of outgoing_history.h.
 *
 * What always holds: entries below stored_from are not stored, those below shown_from are not
 * shown, and `bytes` is the sum of those from shown_from to last_number. Everything that hides
 * entries moves shown_from; what is stored below it is deleted by ranges of numbers, some at each
 * addition and the rest by outgoing_history_sweep().
 */
#include "store/outgoing_history.h"

#include "store/notice.h"

enum {
    DELETE_WITH_ADDITION = 16,
    DELETE_WITH_SWEEP = 100, /* an entry may hold a whole answer of a server */
    DOC_BYTES = OUTGOING_ENTRY_BYTES,
};

#define DAY_MS INT64_C(86400000)

struct history {
    int64_t seq, stored_from, shown_from, last_number, bytes;
    bool empty; /* no entry is shown */
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

/* An empty creator_id: whoever made the integration. */
static bool find_history(struct rd *rd, struct str integration_id, struct str creator_id,
                         struct history *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " HISTORY_COLUMNS " FROM outgoing_histories"
                                     " WHERE integration_id = $1 AND ($2 = '' OR creator_id = $2)");
    stmt_str(q, 1, integration_id);
    stmt_str(q, 2, creator_id);
    return read_history(q, out);
}

static void save_history(struct tx *tx, const struct history *h)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE outgoing_histories SET stored_from = $2, shown_from = $3,"
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
    return rd->now_ms - OUTGOING_HISTORY_DAYS * DAY_MS;
}

/* --- hiding and deleting --- */

static void hide_all(struct history *h)
{
    h->shown_from = h->last_number + 1;
    h->bytes = 0;
    h->empty = true;
}

/* Hides the oldest entries until the rest is within all three bounds. */
static void keep_bounds(struct rd *rd, struct history *h)
{
    int64_t bytes = h->bytes;
    struct stmt *q = db_stmt(rd->db, "SELECT number, bytes, updated_ms FROM outgoing_history"
                                     " WHERE history_seq = $1 AND number >= $2 ORDER BY number");
    stmt_i64(q, 1, h->seq);
    stmt_i64(q, 2, h->shown_from);
    hide_all(h);
    while (stmt_next(q)) {
        int64_t number = col_i64(q, 0), updated_ms = col_i64(q, 2);
        bool fits = h->last_number - number < OUTGOING_HISTORY_ROWS &&
                    bytes <= OUTGOING_HISTORY_BYTES && updated_ms > kept_since(rd);
        if (fits) {
            h->shown_from = number;
            h->bytes = bytes;
            h->empty = false;
            h->oldest_ms = updated_ms;
            break;
        }
        bytes -= col_i64(q, 1);
    }
    stmt_done(q);
}

/* Deletes up to `limit` of the entries that are stored and not shown. */
static void delete_waste(struct tx *tx, struct history *h, int64_t limit)
{
    int64_t to = h->stored_from + limit;
    if (to > h->shown_from)
        to = h->shown_from;
    if (to == h->stored_from)
        return;
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM outgoing_history WHERE history_seq = $1"
                                        " AND number >= $2 AND number < $3");
    stmt_i64(q, 1, h->seq);
    stmt_i64(q, 2, h->stored_from);
    stmt_i64(q, 3, to);
    stmt_run(q);
    h->stored_from = to;
}

/* --- writing --- */

/* Where the integration has no history yet it gets an empty one. False: it is not there. */
static bool have_history(struct tx *tx, struct str integration_id, struct history *out)
{
    if (find_history(&tx->rd, integration_id, STR(""), out))
        return true;
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO outgoing_histories (integration_id, creator_id,"
                           " stored_from, shown_from, last_number, bytes)"
                           " SELECT id, creator_id, 1, 1, 0, 0 FROM integrations"
                           " WHERE id = $1 AND incoming = 0");
    stmt_str(q, 1, integration_id);
    stmt_run(q);
    return find_history(&tx->rd, integration_id, STR(""), out);
}

static bool integration_is_there(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM integrations WHERE id = $1 AND incoming = 0");
    stmt_str(q, 1, id);
    return stmt_any(q);
}

static int64_t size_of(const struct buf *doc, int64_t data_bytes)
{
    return (int64_t)doc->len + data_bytes + OUTGOING_ENTRY_ROW_BYTES;
}

static void insert_entry(struct tx *tx, struct history *h, const struct outgoing_entry *e,
                         const struct buf *doc)
{
    int64_t bytes = size_of(doc, (int64_t)e->data.len);
    struct stmt *q = db_stmt(
        tx->rd.db, "INSERT INTO outgoing_history (id, history_seq, number, created_ms,"
                   " updated_ms, bytes, data, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    stmt_str(q, 1, e->id);
    stmt_i64(q, 2, h->seq);
    stmt_i64(q, 3, ++h->last_number);
    stmt_i64(q, 4, e->created_ms);
    stmt_i64(q, 5, e->updated_ms);
    stmt_i64(q, 6, bytes);
    stmt_str_or_null(q, 7, e->data);
    stmt_str(q, 8, buf_str(doc));
    stmt_run(q);
    h->bytes += bytes;
}

/* What is there of the entry; false: nothing that is shown. */
struct stored {
    int64_t seq, bytes, data_bytes;
};

static bool find_stored(struct rd *rd, const struct history *h, struct str id, struct stored *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT seq, bytes, coalesce(length(CAST(data AS BLOB)), 0)"
                                     " FROM outgoing_history"
                                     " WHERE id = $1 AND history_seq = $2 AND number >= $3");
    stmt_str(q, 1, id);
    stmt_i64(q, 2, h->seq);
    stmt_i64(q, 3, h->shown_from);
    bool found = stmt_next(q);
    if (found)
        *out = (struct stored){
            .seq = col_i64(q, 0), .bytes = col_i64(q, 1), .data_bytes = col_i64(q, 2)};
    stmt_done(q);
    return found;
}

static void update_entry(struct tx *tx, struct history *h, const struct stored *old,
                         const struct outgoing_entry *e, const struct buf *doc)
{
    int64_t data_bytes = old->data_bytes > 0 ? old->data_bytes : (int64_t)e->data.len;
    int64_t bytes = size_of(doc, data_bytes);
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE outgoing_history SET updated_ms = $2, bytes = $3,"
                                        " data = coalesce(data, $4), doc = $5 WHERE seq = $1");
    stmt_i64(q, 1, old->seq);
    stmt_i64(q, 2, e->updated_ms);
    stmt_i64(q, 3, bytes);
    stmt_str_or_null(q, 4, e->data);
    stmt_str(q, 5, buf_str(doc));
    stmt_run(q);
    h->bytes += bytes - old->bytes;
}

/* An entry that is larger than can be kept is one without what was sent and answered. */
static void put_doc(struct buf *doc, const struct outgoing_entry *e)
{
    outgoing_entry_put_doc(doc, e);
    if (buf_ok(doc))
        return;
    buf_clear(doc);
    struct outgoing_entry less = *e;
    less.http_call_data = less.http_result = less.error_stack = STR("");
    less.prepare_sent = less.process_sent = less.result_message = STR("");
    outgoing_entry_put_doc(doc, &less);
}

static void note_change(struct tx *tx, struct history *h)
{
    keep_bounds(&tx->rd, h);
    delete_waste(tx, h, DELETE_WITH_ADDITION);
    save_history(tx, h);
}

/* What a change repeats of the entry: all but what never changes. */
static bool changes(struct str member)
{
    return !str_is(member, "_id") && !str_is(member, "data") && !str_is(member, "integration") &&
           !str_is(member, "_createdAt");
}

static void put_changes(struct buf *out, const struct json *entry)
{
    struct json_out o = json_begin(out, '{');
    for (const struct json *at = entry->items.first; at != NULL; at = at->next) {
        if (!changes(at->key))
            continue;
        json_item(&o);
        json_put_string(out, at->key);
        buf_add_char(out, ':');
        json_put(out, at);
    }
    json_end(&o);
}

/* For those who watch the calls while they are made. */
static void tell(struct tx *tx, const struct outgoing_entry *e, bool is_new)
{
    const struct json *entry =
        tx_listened(tx) ? outgoing_history_find(&tx->rd, e->integration_id, e->id) : NULL;
    if (entry == NULL)
        return;
    BUF(text, 2 * (size_t)DOC_BYTES);
    if (is_new)
        json_put(&text, entry);
    else
        put_changes(&text, entry);
    if (buf_ok(&text))
        notice_history(tx, is_new ? "inserted" : "updated", e->integration_id,
                       is_new ? STR("") : e->id, is_new ? "data" : "diff", buf_str(&text));
}

bool outgoing_history_insert(struct tx *tx, struct outgoing_entry *e)
{
    struct history h;
    struct stored old;
    if (!integration_is_there(&tx->rd, e->integration_id) ||
        !have_history(tx, e->integration_id, &h))
        return false;
    e->updated_ms = tx->rd.now_ms;
    BUF(doc, DOC_BYTES);
    put_doc(&doc, e);
    if (find_stored(&tx->rd, &h, e->id, &old))
        update_entry(tx, &h, &old, e, &doc);
    else
        insert_entry(tx, &h, e, &doc);
    note_change(tx, &h);
    tell(tx, e, true);
    return true;
}

bool outgoing_history_update(struct tx *tx, struct outgoing_entry *e)
{
    struct history h;
    struct stored old;
    if (!find_history(&tx->rd, e->integration_id, STR(""), &h) ||
        !find_stored(&tx->rd, &h, e->id, &old))
        return false;
    e->updated_ms = tx->rd.now_ms;
    BUF(doc, DOC_BYTES);
    put_doc(&doc, e);
    update_entry(tx, &h, &old, e, &doc);
    note_change(tx, &h);
    tell(tx, e, false);
    return true;
}

/* --- reading --- */

/* The first number that is shown now: entries also grow too old while nothing is written. */
static int64_t shown_now(struct rd *rd, const struct history *h)
{
    if (h->empty || h->oldest_ms > kept_since(rd))
        return h->shown_from;
    struct history now = *h;
    keep_bounds(rd, &now);
    return now.shown_from;
}

#define ENTRY_COLUMNS "id, created_ms, updated_ms, data, doc"

static void put_entry(struct stmt *q, struct buf *out)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", col_peek(q, 0));
    json_item(&o);
    buf_add(out, col_peek(q, 4));
    if (!col_null(q, 3))
        json_member_raw(&o, "data", col_peek(q, 3));
    json_member_time(&o, "_createdAt", col_i64(q, 1));
    json_member_time(&o, "_updatedAt", col_i64(q, 2));
    json_end(&o);
}

struct json *outgoing_history_find(struct rd *rd, struct str integration_id, struct str id)
{
    struct history h;
    if (!find_history(rd, integration_id, STR(""), &h))
        return NULL;
    struct stmt *q = db_stmt(rd->db, "SELECT " ENTRY_COLUMNS " FROM outgoing_history"
                                     " WHERE id = $1 AND history_seq = $2 AND number >= $3");
    stmt_str(q, 1, id);
    stmt_i64(q, 2, h.seq);
    stmt_i64(q, 3, shown_now(rd, &h));
    struct json *entry = NULL;
    if (stmt_next(q)) {
        BUF(text, SIZE_MAX);
        put_entry(q, &text);
        entry = json_parse(rd->arena, buf_str(&text));
    }
    stmt_done(q);
    return entry;
}

int64_t outgoing_history_total(struct rd *rd, struct str integration_id, struct str creator_id)
{
    struct history h;
    if (!find_history(rd, integration_id, creator_id, &h))
        return 0;
    return h.last_number + 1 - shown_now(rd, &h);
}

int64_t outgoing_history_page(struct rd *rd, struct str integration_id, struct str creator_id,
                              struct str order_by, int64_t offset, int64_t count, struct buf *out)
{
    struct history h;
    if (!find_history(rd, integration_id, creator_id, &h))
        return 0;
    /* The plus keeps the database from the index of numbers, and so from sorting whole entries. */
    struct str sql = arena_fmt(rd->arena,
                               "SELECT " ENTRY_COLUMNS " FROM outgoing_history"
                               " WHERE history_seq = $1 AND +number >= $2"
                               " ORDER BY %.*s LIMIT $3 OFFSET $4",
                               STR_FMT(order_by));
    struct stmt *q = db_stmt_once(rd->db, sql);
    stmt_i64(q, 1, h.seq);
    stmt_i64(q, 2, shown_now(rd, &h));
    stmt_i64(q, 3, count);
    stmt_i64(q, 4, offset);
    int64_t rows = 0;
    while (stmt_next(q)) {
        if (rows++ > 0)
            buf_add_char(out, ',');
        put_entry(q, out);
        if (!buf_ok(out)) {
            stmt_done(q);
            break;
        }
    }
    return rows;
}

struct outgoing_past outgoing_history_walk(struct rd *rd, struct outgoing_walk *walk)
{
    struct history h;
    struct outgoing_past past = {.count = 0};
    if (!find_history(rd, walk->integration_id, STR(""), &h)) {
        walk->after = 0;
        return past;
    }
    struct stmt *q =
        db_stmt(rd->db, "SELECT " ENTRY_COLUMNS ", number, bytes FROM outgoing_history"
                        " WHERE history_seq = $1 AND number >= $2 AND number > $3 ORDER BY number");
    stmt_i64(q, 1, h.seq);
    stmt_i64(q, 2, shown_now(rd, &h));
    stmt_i64(q, 3, walk->after);
    int64_t bytes = 0, looked = 0;
    walk->after = 0;
    while (stmt_next(q)) {
        BUF(text, SIZE_MAX);
        int64_t created_ms = col_i64(q, 1);
        if (created_ms >= walk->from_ms && (walk->before_ms == 0 || created_ms < walk->before_ms)) {
            put_entry(q, &text);
            past.items[past.count++] = json_parse(rd->arena, buf_str(&text));
            bytes += col_i64(q, 6);
        }
        if (++looked == OUTGOING_WALK_ROWS || bytes >= OUTGOING_WALK_BYTES) {
            walk->after = col_i64(q, 5);
            stmt_done(q);
            break;
        }
    }
    return past;
}

/* --- clearing --- */

/* Nothing is stored of it, and its integration is gone. */
static void erase_history_of_nothing(struct tx *tx, const struct history *h)
{
    if (h->stored_from <= h->last_number)
        return;
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM outgoing_histories WHERE seq = $1 AND NOT EXISTS"
                           " (SELECT 1 FROM integrations i WHERE i.id = integration_id)");
    stmt_i64(q, 1, h->seq);
    stmt_run(q);
}

void outgoing_history_clear(struct tx *tx, struct str integration_id)
{
    struct history h;
    if (!find_history(&tx->rd, integration_id, STR(""), &h))
        return;
    hide_all(&h);
    save_history(tx, &h);
    notice_history(tx, "removed", integration_id, STR(""), "", STR(""));
    erase_history_of_nothing(tx, &h);
}

static bool find_waste(struct rd *rd, struct history *out)
{
    return read_history(db_stmt(rd->db, "SELECT " HISTORY_COLUMNS " FROM outgoing_histories"
                                        " WHERE stored_from < shown_from LIMIT 1"),
                        out);
}

static bool find_aged(struct rd *rd, struct history *out)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " HISTORY_COLUMNS " FROM outgoing_histories"
                                     " WHERE oldest_ms IS NOT NULL AND oldest_ms <= $1 LIMIT 1");
    stmt_i64(q, 1, kept_since(rd));
    return read_history(q, out);
}

bool outgoing_history_to_sweep(struct rd *rd)
{
    struct history h;
    return find_waste(rd, &h) || find_aged(rd, &h);
}

bool outgoing_history_sweep(struct tx *tx)
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
