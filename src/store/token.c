/* SQL of login tokens. In a command each change also leaves its entry for the catalog. */
#include "store/token.h"

#include <sodium.h>

#include "base/digest.h"
#include "store/catalog.h"

/* The columns of read_row(), in its order. */
#define TOKEN_COLUMNS "hash, user_id, personal, name, last_part, bypass_two_factor, created_at_ms"

enum { TRIM_ROWS = 1000 /* that one command may take away */ };

/* --- the catalog --- */

/* The catalog's key: the hash's own bytes. False for a text that is no hash, which nothing that
 * logs in can ever meet. */
static bool raw_hash(struct str hash, uint8_t out[DIGEST_SHA256_BYTES])
{
    size_t len = 0;
    return sodium_base642bin(out, DIGEST_SHA256_BYTES, hash.ptr, hash.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == DIGEST_SHA256_BYTES;
}

static void publish(struct tx *tx, struct str hash, struct str user_id, int64_t created_at_ms,
                    bool personal)
{
    uint8_t key[DIGEST_SHA256_BYTES];
    if (!raw_hash(hash, key))
        return;
    char *space;
    struct session_entry *e = entry_new(sizeof(*e), sizeof(key) + user_id.len, &space);
    e->head.key = entry_text(&space, str_from((const char *)key, sizeof(key)));
    e->user_id = entry_text(&space, user_id);
    e->created_at_ms = created_at_ms;
    e->personal = personal;
    tx_publish(tx, CATALOG_SESSIONS, &e->head);
}

static void unpublish(struct tx *tx, struct str hash)
{
    uint8_t key[DIGEST_SHA256_BYTES];
    if (raw_hash(hash, key))
        tx_unpublish(tx, CATALOG_SESSIONS, str_from((const char *)key, sizeof(key)));
}

void sessions_publish_all(struct tx *tx)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "SELECT hash, user_id, created_at_ms, personal FROM login_tokens");
    while (stmt_next(q))
        publish(tx, col_peek(q, 0), col_peek(q, 1), col_i64(q, 2), col_bool(q, 3));
}

/* --- finders --- */

static struct token *read_row(struct rd *rd, struct stmt *q)
{
    struct token *t = ARENA_NEW(rd->arena, struct token);
    t->hash = col_str(q, 0, rd->arena);
    t->user_id = col_str(q, 1, rd->arena);
    t->personal = col_bool(q, 2);
    t->name = col_str(q, 3, rd->arena);
    t->last_part = col_str(q, 4, rd->arena);
    t->bypass_two_factor = col_bool(q, 5);
    t->created_at_ms = col_i64(q, 6);
    return t;
}

static struct token *read_one(struct rd *rd, struct stmt *q)
{
    struct token *t = stmt_next(q) ? read_row(rd, q) : NULL;
    stmt_done(q);
    return t;
}

struct token *token_find(struct rd *rd, struct str hash)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " TOKEN_COLUMNS " FROM login_tokens WHERE hash = $1");
    stmt_str(q, 1, hash);
    return read_one(rd, q);
}

struct token *token_find_personal(struct rd *rd, struct str user_id, struct str name)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " TOKEN_COLUMNS " FROM login_tokens "
                                     "WHERE user_id = $1 AND personal = 1 AND name = $2");
    stmt_str(q, 1, user_id);
    stmt_str(q, 2, name);
    return read_one(rd, q);
}

struct token_list tokens_personal(struct rd *rd, struct str user_id)
{
    struct stmt *count =
        db_stmt(rd->db, "SELECT COUNT(*) FROM login_tokens WHERE user_id = $1 AND personal = 1");
    stmt_str(count, 1, user_id);
    size_t most = stmt_next(count) ? (size_t)col_i64(count, 0) : 0;
    stmt_done(count);

    struct token_list list = {.items = ARENA_ARRAY(rd->arena, struct token *, most)};
    struct stmt *q = db_stmt(rd->db, "SELECT " TOKEN_COLUMNS " FROM login_tokens "
                                     "WHERE user_id = $1 AND personal = 1 ORDER BY seq");
    stmt_str(q, 1, user_id);
    while (list.count < most && stmt_next(q))
        list.items[list.count++] = read_row(rd, q);
    stmt_done(q);
    return list;
}

/* --- writers --- */

void token_insert(struct tx *tx, const struct token *token)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO login_tokens (" TOKEN_COLUMNS ") "
                                        "VALUES ($1, $2, $3, $4, $5, $6, $7)");
    stmt_str(q, 1, token->hash);
    stmt_str(q, 2, token->user_id);
    stmt_i64(q, 3, token->personal);
    stmt_str_or_null(q, 4, token->name);
    stmt_str_or_null(q, 5, token->last_part);
    stmt_i64(q, 6, token->bypass_two_factor);
    stmt_i64(q, 7, token->created_at_ms);
    stmt_run(q);
    publish(tx, token->hash, token->user_id, token->created_at_ms, token->personal);
}

/* Runs a DELETE that returns the hashes it took away; how many. */
static size_t erase(struct tx *tx, struct stmt *q)
{
    size_t count = 0;
    for (; stmt_next(q); count++)
        unpublish(tx, col_peek(q, 0));
    return count;
}

bool token_erase(struct tx *tx, struct str hash)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM login_tokens WHERE hash = $1 RETURNING hash");
    stmt_str(q, 1, hash);
    return erase(tx, q) > 0;
}

void tokens_erase_of_user(struct tx *tx, struct str user_id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM login_tokens WHERE user_id = $1 RETURNING hash");
    stmt_str(q, 1, user_id);
    erase(tx, q);
}

static void trim_old(struct tx *tx, struct str user_id, int64_t oldest_ms)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM login_tokens WHERE user_id = $1 "
                                        "AND personal = 0 AND created_at_ms < $2 RETURNING hash");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, oldest_ms);
    erase(tx, q);
}

static void trim_many(struct tx *tx, struct str user_id, int64_t keep)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM login_tokens WHERE seq IN "
                                        "(SELECT seq FROM login_tokens WHERE user_id = $1 "
                                        "AND personal = 0 ORDER BY seq DESC LIMIT $2 OFFSET $3) "
                                        "RETURNING hash");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, TRIM_ROWS);
    stmt_i64(q, 3, keep);
    erase(tx, q);
}

void tokens_trim(struct tx *tx, struct str user_id, int64_t oldest_ms, int64_t keep)
{
    trim_old(tx, user_id, oldest_ms);
    trim_many(tx, user_id, keep);
}
