/* SQL of hook_key.h. */
#include "store/hook_key.h"

enum { SLICE = 1000 };

static int64_t counts_since(const struct rd *rd)
{
    return rd->now_ms - HOOK_KEY_MS;
}

struct hook_key *hook_key_find(struct rd *rd, struct str integration_id, struct str key)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT body_hash, answer FROM hook_keys"
                        " WHERE integration_id = $1 AND key = $2 AND created_at_ms > $3");
    stmt_str(q, 1, integration_id);
    stmt_str(q, 2, key);
    stmt_i64(q, 3, counts_since(rd));
    struct hook_key *found = NULL;
    if (stmt_next(q)) {
        found = ARENA_NEW(rd->arena, struct hook_key);
        *found = (struct hook_key){.integration_id = integration_id,
                                   .key = key,
                                   .body_hash = col_str(q, 0, rd->arena),
                                   .answer = col_str(q, 1, rd->arena)};
    }
    stmt_done(q);
    return found;
}

/* A row of the same key that counts no more may still be there. */
static void erase_old(struct tx *tx, const struct hook_key *key)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM hook_keys WHERE integration_id = $1 AND key = $2");
    stmt_str(q, 1, key->integration_id);
    stmt_str(q, 2, key->key);
    stmt_run(q);
}

void hook_key_insert(struct tx *tx, const struct hook_key *key)
{
    erase_old(tx, key);
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO hook_keys (integration_id, key, body_hash, answer,"
                           " created_at_ms) VALUES ($1, $2, $3, $4, $5)");
    stmt_str(q, 1, key->integration_id);
    stmt_str(q, 2, key->key);
    stmt_str(q, 3, key->body_hash);
    stmt_str(q, 4, key->answer);
    stmt_i64(q, 5, tx->rd.now_ms);
    stmt_run(q);
}

bool hook_keys_to_sweep(struct rd *rd)
{
    struct stmt *q = db_stmt(rd->db, "SELECT created_at_ms FROM hook_keys ORDER BY seq LIMIT 1");
    bool due = stmt_next(q) && col_i64(q, 0) <= counts_since(rd);
    stmt_done(q);
    return due;
}

bool hook_keys_sweep(struct tx *tx)
{
    /* Rows lie in the order of their creation, so the first ones are the oldest. */
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM hook_keys WHERE created_at_ms <= $1 AND seq IN"
                                        " (SELECT seq FROM hook_keys ORDER BY seq LIMIT $2)");
    stmt_i64(q, 1, counts_since(&tx->rd));
    stmt_i64(q, 2, SLICE);
    return stmt_run(q) == SLICE;
}
