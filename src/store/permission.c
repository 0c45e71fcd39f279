/* SQL of permissions and of the lists of roles that hold them (permission_roles). */
#include "store/permission.h"

#include "store/catalog.h"

/* --- reading --- */

static void read_roles(struct rd *rd, struct permission *p)
{
    struct stmt *q = db_stmt(rd->db, "SELECT role_id FROM permission_roles "
                                     "WHERE permission_id = $1 ORDER BY position");
    stmt_str(q, 1, perm_id(p->perm));
    p->roles = ARENA_ARRAY(rd->arena, struct str, ROLES_MAX);
    while (p->role_count < ROLES_MAX && stmt_next(q))
        p->roles[p->role_count++] = col_str(q, 0, rd->arena);
    stmt_done(q);
}

struct permission *permission_load(struct rd *rd, enum perm perm)
{
    struct stmt *q = db_stmt(rd->db, "SELECT updated_at_ms FROM permissions WHERE id = $1");
    stmt_str(q, 1, perm_id(perm));
    if (!stmt_next(q))
        return NULL;
    struct permission *p = ARENA_NEW(rd->arena, struct permission);
    p->perm = perm;
    p->updated_at_ms = col_i64(q, 0);
    stmt_done(q);
    read_roles(rd, p);
    return p;
}

void permissions_load(struct rd *rd, int64_t changed_after_ms, struct permission_list *out)
{
    out->count = 0;
    for (enum perm perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        struct permission *p = permission_load(rd, perm);
        if (p != NULL && p->updated_at_ms > changed_after_ms)
            out->items[out->count++] = p;
    }
}

bool permission_held(struct rd *rd, enum perm perm, struct str user_id, struct str room_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM permission_roles p WHERE p.permission_id = $1 AND "
                        "(EXISTS (SELECT 1 FROM user_roles u "
                        "WHERE u.user_id = $2 AND u.role_id = p.role_id) OR "
                        "EXISTS (SELECT 1 FROM subscription_roles s WHERE s.room_id = $3 "
                        "AND s.user_id = $2 AND s.role_id = p.role_id)) LIMIT 1");
    stmt_str(q, 1, perm_id(perm));
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, room_id);
    return stmt_any(q);
}

/* --- writing --- */

static void write_moment(struct tx *tx, enum perm perm)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO permissions (id, updated_at_ms) VALUES ($1, $2) "
                           "ON CONFLICT (id) DO UPDATE SET updated_at_ms = excluded.updated_at_ms");
    stmt_str(q, 1, perm_id(perm));
    stmt_i64(q, 2, tx->rd.now_ms);
    stmt_run(q);
}

static void erase_roles(struct tx *tx, enum perm perm)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM permission_roles WHERE permission_id = $1");
    stmt_str(q, 1, perm_id(perm));
    stmt_run(q);
}

static void write_role(struct tx *tx, enum perm perm, struct str role_id, size_t position)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO permission_roles "
                                        "(permission_id, role_id, position) VALUES ($1, $2, $3)");
    stmt_str(q, 1, perm_id(perm));
    stmt_str(q, 2, role_id);
    stmt_i64(q, 3, (int64_t)position);
    stmt_run(q);
}

void permission_replace(struct tx *tx, enum perm perm, const struct str *roles, size_t count)
{
    write_moment(tx, perm);
    erase_roles(tx, perm);
    for (size_t i = 0; i < count; i++)
        write_role(tx, perm, roles[i], i);
    tx_publish_permission(tx, perm, roles, count);
}

/* --- at the start --- */

static void seed(struct tx *tx, enum perm perm)
{
    struct str roles[ROLES_MAX];
    size_t count = 0;
    struct str rest = perm_default_roles(perm);
    while (count < ROLES_MAX && perm_next_role(&rest, &roles[count]))
        count++;
    permission_replace(tx, perm, roles, count);
}

void permissions_seed(struct tx *tx)
{
    for (enum perm perm = PERM_NONE + 1; perm < PERM_COUNT; perm++)
        if (permission_load(tx_rd(tx), perm) == NULL)
            seed(tx, perm);
}

void permissions_publish_all(struct tx *tx)
{
    struct permission_list all;
    permissions_load(tx_rd(tx), INT64_MIN, &all);
    for (size_t i = 0; i < all.count; i++)
        tx_publish_permission(tx, all.items[i]->perm, all.items[i]->roles,
                              all.items[i]->role_count);
}
