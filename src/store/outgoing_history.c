/* SQL of outgoing_history.h. Histories are lists that keep their newest (kept.h), an entry's age
 * counting from its last write; here is what an entry is, how it grows while its call is made, and
 * how it is read. Writers run in commands; the others on a reader or in a command. */
#include "store/outgoing_history.h"

#include "store/kept.h"
#include "store/notice.h"

enum { DOC_BYTES = OUTGOING_ENTRY_BYTES };

static const struct kept_kind histories = {
    .rows = OUTGOING_HISTORY_ROWS,
    .bytes = OUTGOING_HISTORY_BYTES,
    .days = OUTGOING_HISTORY_DAYS,
    .delete_with_write = 16,
    .delete_with_sweep = 100, /* an entry may hold a whole answer of a server */
    .allow = "SELECT 1 FROM integrations WHERE id = $1 AND incoming = 0",
    .make = "INSERT INTO outgoing_histories (integration_id, creator_id, stored_from, shown_from,"
            " last_number, bytes) SELECT id, creator_id, 1, 1, 0, 0 FROM integrations"
            " WHERE id = $1",
    .sql =
        KEPT_SQL("outgoing_histories", "0", "0", "outgoing_history", "history_seq", "updated_ms"),
};

/* --- writing --- */

static int64_t size_of(const struct buf *doc, int64_t data_bytes)
{
    return (int64_t)doc->len + data_bytes + OUTGOING_ENTRY_ROW_BYTES;
}

static void insert_entry(struct tx *tx, struct kept_list *h, const struct outgoing_entry *e,
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

static bool find_stored(struct rd *rd, const struct kept_list *h, struct str id, struct stored *out)
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

static void update_entry(struct tx *tx, struct kept_list *h, const struct stored *old,
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
        json_member_copy(&o, at);
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
    struct kept_list h;
    struct stored old;
    if (!kept_open(tx, &histories, e->integration_id, &h))
        return false;
    e->updated_ms = tx->rd.now_ms;
    BUF(doc, DOC_BYTES);
    put_doc(&doc, e);
    if (find_stored(&tx->rd, &h, e->id, &old))
        update_entry(tx, &h, &old, e, &doc);
    else
        insert_entry(tx, &h, e, &doc);
    kept_save(tx, &h);
    tell(tx, e, true);
    return true;
}

bool outgoing_history_update(struct tx *tx, struct outgoing_entry *e)
{
    struct kept_list h;
    struct stored old;
    if (!kept_find(&tx->rd, &histories, e->integration_id, &h) ||
        !find_stored(&tx->rd, &h, e->id, &old))
        return false;
    e->updated_ms = tx->rd.now_ms;
    BUF(doc, DOC_BYTES);
    put_doc(&doc, e);
    update_entry(tx, &h, &old, e, &doc);
    kept_save(tx, &h);
    tell(tx, e, false);
    return true;
}

/* --- reading --- */

/* An empty creator_id: whoever made the integration. */
static bool find_history_of(struct rd *rd, struct str integration_id, struct str creator_id,
                            struct kept_list *out)
{
    if (!kept_find(rd, &histories, integration_id, out))
        return false;
    if (str_empty(creator_id))
        return true;
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM outgoing_histories WHERE seq = $1 AND creator_id = $2");
    stmt_i64(q, 1, out->seq);
    stmt_str(q, 2, creator_id);
    return stmt_any(q);
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

static struct json *parse_entry(struct stmt *q, struct arena *arena)
{
    BUF(text, SIZE_MAX);
    put_entry(q, &text);
    return json_parse(arena, buf_str(&text));
}

struct json *outgoing_history_find(struct rd *rd, struct str integration_id, struct str id)
{
    struct kept_list h;
    if (!kept_find(rd, &histories, integration_id, &h))
        return NULL;
    struct stmt *q = db_stmt(rd->db, "SELECT " ENTRY_COLUMNS " FROM outgoing_history"
                                     " WHERE id = $1 AND history_seq = $2 AND number >= $3");
    stmt_str(q, 1, id);
    stmt_i64(q, 2, h.seq);
    stmt_i64(q, 3, kept_shown_from(rd, &h));
    struct json *entry = stmt_next(q) ? parse_entry(q, rd->arena) : NULL;
    stmt_done(q);
    return entry;
}

int64_t outgoing_history_total(struct rd *rd, struct str integration_id, struct str creator_id)
{
    struct kept_list h;
    return find_history_of(rd, integration_id, creator_id, &h) ? kept_total(rd, &h) : 0;
}

/* All that the statement gives, until `out` is full. */
static int64_t put_entries(struct stmt *q, struct buf *out)
{
    int64_t rows = 0;
    while (buf_ok(out) && stmt_next(q)) {
        if (rows++ > 0)
            buf_add_char(out, ',');
        put_entry(q, out);
    }
    stmt_done(q);
    return rows;
}

int64_t outgoing_history_page(struct rd *rd, struct str integration_id, struct str creator_id,
                              struct str order_by, int64_t offset, int64_t count, struct buf *out)
{
    struct kept_list h;
    if (!find_history_of(rd, integration_id, creator_id, &h))
        return 0;
    /* The plus keeps the database from the index of numbers, and so from sorting whole entries. */
    struct str sql = arena_fmt(rd->arena,
                               "SELECT " ENTRY_COLUMNS " FROM outgoing_history"
                               " WHERE history_seq = $1 AND +number >= $2"
                               " ORDER BY %.*s LIMIT $3 OFFSET $4",
                               STR_FMT(order_by));
    struct stmt *q = db_stmt_once(rd->db, sql);
    stmt_i64(q, 1, h.seq);
    stmt_i64(q, 2, kept_shown_from(rd, &h));
    stmt_i64(q, 3, count);
    stmt_i64(q, 4, offset);
    return put_entries(q, out);
}

static bool made_within(const struct outgoing_walk *walk, int64_t created_ms)
{
    return created_ms >= walk->from_ms && (walk->before_ms == 0 || created_ms < walk->before_ms);
}

/* Fills `past` from the rows behind walk->after; returns where the next part goes on. */
static int64_t take_part(struct stmt *q, const struct outgoing_walk *walk, struct arena *arena,
                         struct outgoing_past *past)
{
    int64_t after = 0, bytes = 0, looked = 0;
    while (after == 0 && stmt_next(q)) {
        if (made_within(walk, col_i64(q, 1))) {
            past->items[past->count++] = parse_entry(q, arena);
            bytes += col_i64(q, 6);
        }
        if (++looked == OUTGOING_WALK_ROWS || bytes >= OUTGOING_WALK_BYTES)
            after = col_i64(q, 5);
    }
    stmt_done(q);
    return after;
}

struct outgoing_past outgoing_history_walk(struct rd *rd, struct outgoing_walk *walk)
{
    struct kept_list h;
    struct outgoing_past past = {.count = 0};
    if (!kept_find(rd, &histories, walk->integration_id, &h)) {
        walk->after = 0;
        return past;
    }
    struct stmt *q =
        db_stmt(rd->db, "SELECT " ENTRY_COLUMNS ", number, bytes FROM outgoing_history"
                        " WHERE history_seq = $1 AND number >= $2 AND number > $3 ORDER BY number");
    stmt_i64(q, 1, h.seq);
    stmt_i64(q, 2, kept_shown_from(rd, &h));
    stmt_i64(q, 3, walk->after);
    walk->after = take_part(q, walk, rd->arena, &past);
    return past;
}

/* --- clearing --- */

void outgoing_history_clear(struct tx *tx, struct str integration_id)
{
    if (kept_clear(tx, &histories, integration_id))
        notice_history(tx, "removed", integration_id, STR(""), "", STR(""));
}

bool outgoing_history_to_sweep(struct rd *rd)
{
    return kept_to_sweep(rd, &histories, 1);
}

bool outgoing_history_sweep(struct tx *tx)
{
    return kept_sweep(tx, &histories, 1);
}
