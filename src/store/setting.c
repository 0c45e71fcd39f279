/* SQL of settings. A row whose moment is UNCHOSEN was made by the program, and the program may
 * replace it; any other was chosen by somebody and is never overruled by a default. */
#include "store/setting.h"

#include "store/catalog.h"

enum { UNCHOSEN = 0 };

/* --- reading --- */

struct str setting_load(struct rd *rd, enum setting_id id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT value FROM settings WHERE id = $1");
    stmt_str(q, 1, setting_name(id));
    if (!stmt_next(q))
        return setting_default(id);
    struct str value = col_str(q, 0, rd->arena);
    stmt_done(q);
    return value;
}

void settings_load(struct rd *rd, struct str values[SETTING_COUNT])
{
    for (enum setting_id id = SETTING_NONE + 1; id < SETTING_COUNT; id++)
        values[id] = setting_default(id);
    struct stmt *q = db_stmt(rd->db, "SELECT id, value FROM settings");
    while (stmt_next(q)) {
        enum setting_id id = setting_find(col_peek(q, 0));
        if (id != SETTING_NONE) /* a row of another version of the program stays asleep */
            values[id] = col_str(q, 1, rd->arena);
    }
}

bool setting_stored(struct rd *rd, enum setting_id id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM settings WHERE id = $1");
    stmt_str(q, 1, setting_name(id));
    return stmt_any(q);
}

/* --- writing --- */

void setting_save(struct tx *tx, enum setting_id id, struct str value_json)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO settings (id, value, updated_at_ms) VALUES ($1, $2, $3) "
                           "ON CONFLICT (id) DO UPDATE SET value = excluded.value, "
                           "updated_at_ms = excluded.updated_at_ms");
    stmt_str(q, 1, setting_name(id));
    stmt_str(q, 2, value_json);
    stmt_i64(q, 3, tx->rd.now_ms);
    stmt_run(q);
    tx_publish_setting(tx, id, value_json);
}

void setting_save_default(struct tx *tx, enum setting_id id, struct str value_json)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO settings (id, value, updated_at_ms) VALUES ($1, $2, $3) "
                           "ON CONFLICT (id) DO UPDATE SET value = excluded.value "
                           "WHERE settings.updated_at_ms = $3");
    stmt_str(q, 1, setting_name(id));
    stmt_str(q, 2, value_json);
    stmt_i64(q, 3, UNCHOSEN);
    if (stmt_run(q) > 0)
        tx_publish_setting(tx, id, value_json);
}

void settings_publish_all(struct tx *tx)
{
    struct str values[SETTING_COUNT];
    settings_load(tx_rd(tx), values);
    for (enum setting_id id = SETTING_NONE + 1; id < SETTING_COUNT; id++)
        tx_publish_setting(tx, id, values[id]);
}
