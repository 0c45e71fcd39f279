/* SQL of integrations. See integration.h; runs on whichever thread owns the
 * connection. */
#include "store/integration.h"

#include "store/delivery.h"
#include "store/hook_options.h"
#include "store/outgoing_history.h"
#include "store/record.h"

/* Longest document: a body of 50 MB may hold a script of that size. */
enum { DOC_MAX = 64 << 20 };

static struct integration *read_doc(struct rd *rd, struct str doc)
{
    struct json *document = json_parse(rd->arena, doc);
    return document == NULL ? NULL : integration_read(rd->arena, document);
}

struct integration *integration_find(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT doc FROM integrations WHERE id = $1");
    stmt_str(q, 1, id);
    struct integration *found = stmt_next(q) ? read_doc(rd, col_peek(q, 0)) : NULL;
    stmt_done(q);
    return found;
}

int64_t integration_updated_at(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT updated_at_ms FROM integrations WHERE id = $1");
    stmt_str(q, 1, id);
    return stmt_number(q);
}

struct integration *integration_find_by_url(struct rd *rd, struct str url, int64_t *out_count)
{
    struct stmt *q = db_stmt(rd->db, "SELECT count(DISTINCT integration_seq), min(integration_seq)"
                                     " FROM integration_urls WHERE url = $1");
    stmt_str(q, 1, url);
    int64_t seq = 0;
    *out_count = 0;
    if (stmt_next(q)) {
        *out_count = col_i64(q, 0);
        seq = col_i64(q, 1);
    }
    stmt_done(q);
    q = db_stmt(rd->db, "SELECT doc FROM integrations WHERE seq = $1");
    stmt_i64(q, 1, seq);
    struct integration *found = stmt_next(q) ? read_doc(rd, col_peek(q, 0)) : NULL;
    stmt_done(q);
    return found;
}

/* --- the catalog --- */

/* The token inside a document, without taking the document apart: it may hold a long script, and at
 * the start there may be a million of them. Quotes inside texts are escaped, so the name with its
 * quotes stands nowhere but in front of the member; and a token has no characters to escape. */
static struct str token_in(struct str document)
{
    struct str name = STR("\"token\":\"");
    size_t at = str_find(document, name);
    struct str value = str_after(document, at == SIZE_MAX ? document.len : at + name.len);
    size_t end = str_find_char(value, '"');
    return str_slice(value, 0, end == SIZE_MAX ? 0 : end);
}

static void publish(struct tx *tx, struct str id, bool incoming, struct str creator_id,
                    struct str doc)
{
    char *space;
    struct integration_entry *entry =
        entry_new(sizeof(*entry), id.len + creator_id.len + doc.len, &space);
    entry->head.key = entry_text(&space, id);
    entry->incoming = incoming;
    entry->creator_id = entry_text(&space, creator_id);
    entry->json = entry_text(&space, doc);
    if (incoming)
        entry->token = token_in(entry->json);
    tx_publish(tx, CATALOG_INTEGRATIONS, &entry->head);
}

void integrations_publish_all(struct tx *tx)
{
    struct stmt *q = db_stmt(tx->rd.db, "SELECT id, incoming, creator_id, doc FROM integrations");
    while (stmt_next(q))
        publish(tx, col_peek(q, 0), col_bool(q, 1), col_peek(q, 2), col_peek(q, 3));
}

/* --- writing --- */

static int64_t seq_of(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT seq FROM integrations WHERE id = $1");
    stmt_str(q, 1, id);
    return stmt_number(q);
}

/* What it is found by: its URLs and its channels. */
static void erase_names(struct tx *tx, int64_t seq)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM integration_urls WHERE integration_seq = $1");
    stmt_i64(q, 1, seq);
    stmt_run(q);
    q = db_stmt(tx->rd.db, "DELETE FROM integration_channels WHERE integration_seq = $1");
    stmt_i64(q, 1, seq);
    stmt_run(q);
}

static void insert_channels(struct tx *tx, int64_t seq, const struct integration *in)
{
    for (size_t i = 0; i < in->channel.count; i++) {
        struct stmt *q =
            db_stmt(tx->rd.db, "INSERT INTO integration_channels (integration_seq, channel)"
                               " VALUES ($1, $2) ON CONFLICT DO NOTHING");
        stmt_i64(q, 1, seq);
        stmt_str(q, 2, in->channel.items[i]);
        stmt_run(q);
    }
}

static void insert_names(struct tx *tx, const struct integration *in)
{
    int64_t seq = seq_of(tx_rd(tx), in->id);
    insert_channels(tx, seq, in);
    for (size_t i = 0; i < in->urls.count; i++) {
        struct stmt *q =
            db_stmt(tx->rd.db, "INSERT INTO integration_urls (integration_seq, position,"
                               " url) VALUES ($1, $2, $3)");
        stmt_i64(q, 1, seq);
        stmt_i64(q, 2, (int64_t)i);
        stmt_str(q, 3, in->urls.items[i]);
        stmt_run(q);
    }
}

void integration_insert(struct tx *tx, const struct integration *in)
{
    BUF(doc, DOC_MAX);
    integration_put(&doc, in);
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO integrations (id, incoming, creator_id, name,"
                                        " name_key, user_id, updated_at_ms, doc)"
                                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    stmt_str(q, 1, in->id);
    stmt_i64(q, 2, integration_is_incoming(in));
    stmt_str_or_null(q, 3, in->created_by.id);
    stmt_str(q, 4, in->name);
    stmt_str(q, 5, arena_lower(tx->rd.arena, in->name));
    stmt_str(q, 6, in->user_id);
    stmt_i64(q, 7, in->updated_at_ms);
    stmt_str(q, 8, buf_str(&doc));
    stmt_run(q);
    insert_names(tx, in);
    publish(tx, in->id, integration_is_incoming(in), in->created_by.id, buf_str(&doc));
}

void integration_save(struct tx *tx, const struct integration *in)
{
    BUF(doc, DOC_MAX);
    integration_put(&doc, in);
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE integrations SET name = $2, name_key = $3,"
                           " user_id = $4, updated_at_ms = $5, doc = $6 WHERE id = $1");
    stmt_str(q, 1, in->id);
    stmt_str(q, 2, in->name);
    stmt_str(q, 3, arena_lower(tx->rd.arena, in->name));
    stmt_str(q, 4, in->user_id);
    stmt_i64(q, 5, in->updated_at_ms);
    stmt_str(q, 6, buf_str(&doc));
    stmt_run(q);
    erase_names(tx, seq_of(tx_rd(tx), in->id));
    insert_names(tx, in);
    publish(tx, in->id, integration_is_incoming(in), in->created_by.id, buf_str(&doc));
    if (!in->enabled)
        deliveries_drop(tx, in->id);
}

void integration_erase(struct tx *tx, struct str id)
{
    erase_names(tx, seq_of(tx_rd(tx), id));
    hook_options_erase(tx, id);
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM integrations WHERE id = $1");
    stmt_str(q, 1, id);
    stmt_run(q);
    records_clear(tx, RECORD_CALL, id);
    records_clear(tx, RECORD_RUN, id);
    outgoing_history_clear(tx, id);
    deliveries_forget(tx, id);
    tx_unpublish(tx, CATALOG_INTEGRATIONS, id);
}

struct text_list integration_ids_of_user(struct rd *rd, struct str user_id, size_t max)
{
    struct text_list list = {.items = ARENA_ARRAY(rd->arena, struct str, max)};
    struct stmt *q = db_stmt(rd->db, "SELECT id FROM integrations WHERE user_id = $1"
                                     " ORDER BY seq LIMIT $2");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, (int64_t)max);
    while (stmt_next(q))
        list.items[list.count++] = col_str(q, 0, rd->arena);
    return list;
}

#define HAS_CHANNEL(values)                                                                        \
    "seq IN (SELECT integration_seq FROM integration_channels WHERE channel IN (" values ")) "

struct text_list integration_ids_of_channel(struct rd *rd, struct str channel, size_t max)
{
    struct text_list list = {.items = ARENA_ARRAY(rd->arena, struct str, max)};
    struct stmt *q = db_stmt(
        rd->db, "SELECT id FROM integrations WHERE " HAS_CHANNEL("$1") "ORDER BY seq LIMIT $2");
    stmt_str(q, 1, channel);
    stmt_i64(q, 2, (int64_t)max);
    while (stmt_next(q))
        list.items[list.count++] = col_str(q, 0, rd->arena);
    return list;
}

/* --- lists --- */

/* The same conditions for the count and for the page. Everything they look at is in the index
 * integrations_by_filter. */
#define FILTER                                                                                     \
    " ((incoming = 0 AND ($1 = 1 OR creator_id = $2)) OR"                                          \
    "  (incoming = 1 AND ($3 = 1 OR creator_id = $4)))"                                            \
    " AND ($5 = -1 OR incoming = $5) AND ($6 = '%' OR name_key LIKE $6 ESCAPE '\\') "

#define FILTER_CHANNEL FILTER "AND " HAS_CHANNEL("$7, $8")

enum { TYPE_ANY = -1, TYPE_NONE = 2 };

static int64_t type_number(struct str type)
{
    if (str_empty(type))
        return TYPE_ANY;
    if (str_eq(type, type_incoming))
        return 1;
    return str_eq(type, type_outgoing) ? 0 : TYPE_NONE;
}

/* "%part%" with the pattern's own characters taken literally. */
static struct str name_pattern(struct arena *arena, struct str part)
{
    if (str_empty(part))
        return STR("%");
    char *text = arena_alloc(arena, part.len * 2 + 2), *at = text;
    *at++ = '%';
    for (size_t i = 0; i < part.len; i++) {
        if (strchr("%_\\", part.ptr[i]) != NULL && part.ptr[i] != '\0')
            *at++ = '\\';
        *at++ = part.ptr[i];
    }
    *at++ = '%';
    return arena_lower(arena, str_from(text, (size_t)(at - text)));
}

static void bind_filter(struct rd *rd, struct stmt *q, const struct integration_filter *f)
{
    stmt_i64(q, 1, f->all_outgoing);
    stmt_str(q, 2, f->own_outgoing_of);
    stmt_i64(q, 3, f->all_incoming);
    stmt_str(q, 4, f->own_incoming_of);
    stmt_i64(q, 5, type_number(f->type));
    stmt_str(q, 6, name_pattern(rd->arena, f->name));
    if (str_empty(f->channel))
        return;
    stmt_str(q, 7, f->channel);
    stmt_str(q, 8, f->or_channel);
}

int64_t integration_count(struct rd *rd, const struct integration_filter *filter)
{
    struct stmt *q =
        str_empty(filter->channel)
            ? db_stmt(rd->db, "SELECT count(*) FROM integrations WHERE" FILTER)
            : db_stmt(rd->db, "SELECT count(*) FROM integrations WHERE" FILTER_CHANNEL);
    bind_filter(rd, q, filter);
    return stmt_number(q);
}

static int64_t put_rows(struct stmt *q, struct buf *out)
{
    int64_t rows = 0;
    while (stmt_next(q)) {
        if (rows++ > 0)
            buf_add_char(out, ',');
        buf_add(out, col_peek(q, 0));
        if (!buf_ok(out)) {
            stmt_done(q);
            break;
        }
    }
    return rows;
}

int64_t integration_page(struct rd *rd, const struct integration_filter *filter,
                         struct str order_by, int64_t offset, int64_t count, struct buf *out)
{
    /* The inner question walks the index; only the page's own documents are read. */
    struct str parts[] = {
        STR("SELECT doc FROM integrations WHERE seq IN (SELECT seq FROM integrations WHERE"),
        str_empty(filter->channel) ? STR(FILTER) : STR(FILTER_CHANNEL),
        STR("ORDER BY "),
        order_by,
        STR(" LIMIT $9 OFFSET $10) ORDER BY "),
        order_by};
    struct str sql = arena_join(rd->arena, parts, 6);
    struct stmt *q = db_stmt_once(rd->db, sql);
    bind_filter(rd, q, filter);
    stmt_i64(q, 9, count);
    stmt_i64(q, 10, offset);
    return put_rows(q, out);
}
