/* SQL of hook_options.h. */
#include "store/hook_options.h"

enum { DOC_BYTES = 4096 };

static struct hook_options read_doc(struct arena *arena, struct str doc)
{
    return hook_options_read(json_parse(arena, doc));
}

struct hook_options_row *hook_options_find(struct rd *rd, struct str integration_id)
{
    struct hook_options_row *row = ARENA_NEW(rd->arena, struct hook_options_row);
    row->integration_id = integration_id;
    struct stmt *q = db_stmt(rd->db, "SELECT doc, verify, signing FROM integration_options"
                                     " WHERE integration_id = $1");
    stmt_str(q, 1, integration_id);
    if (stmt_next(q)) {
        row->options = read_doc(rd->arena, col_peek(q, 0));
        row->verify = col_str(q, 1, rd->arena);
        row->signing = col_str(q, 2, rd->arena);
    }
    stmt_done(q);
    return row;
}

/* --- the catalog --- */

static void publish(struct tx *tx, const struct hook_options_row *row)
{
    char *space;
    struct hook_options_entry *entry =
        entry_new(sizeof(*entry), row->integration_id.len + row->verify.len, &space);
    entry->head.key = entry_text(&space, row->integration_id);
    entry->verify = entry_text(&space, row->verify);
    entry->options = row->options;
    tx_publish(tx, CATALOG_HOOK_OPTIONS, &entry->head);
}

void hook_options_publish_all(struct tx *tx)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "SELECT integration_id, doc, verify FROM integration_options");
    while (stmt_next(q)) {
        struct hook_options_row row = {.integration_id = col_peek(q, 0),
                                       .options = read_doc(tx->rd.arena, col_peek(q, 1)),
                                       .verify = col_peek(q, 2)};
        publish(tx, &row);
    }
}

/* --- writing --- */

void hook_options_save(struct tx *tx, const struct hook_options_row *row)
{
    BUF(doc, DOC_BYTES);
    struct json_out o = json_begin(&doc, '{');
    hook_options_put_members(&o, &row->options);
    json_end(&o);
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO integration_options (integration_id, doc, verify,"
                           " signing) VALUES ($1, $2, $3, $4) ON CONFLICT (integration_id)"
                           " DO UPDATE SET doc = excluded.doc, verify = excluded.verify,"
                           " signing = excluded.signing");
    stmt_str(q, 1, row->integration_id);
    stmt_str(q, 2, buf_str(&doc));
    stmt_str_or_null(q, 3, row->verify);
    stmt_str_or_null(q, 4, row->signing);
    stmt_run(q);
    publish(tx, row);
}

void hook_options_erase(struct tx *tx, struct str integration_id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM integration_options WHERE integration_id = $1");
    stmt_str(q, 1, integration_id);
    if (stmt_run(q) > 0)
        tx_unpublish(tx, CATALOG_HOOK_OPTIONS, integration_id);
}
