/* SQL of roles and of who holds them. */
#include "store/role.h"

#include "store/catalog.h"
#include "store/permission.h"

/* The columns of read_row(), in its order. */
#define ROLE_COLUMNS "id, name, scope, description, mandatory_2fa, protected, updated_at_ms"

/* --- roles --- */

static struct role read_row(struct rd *rd, struct stmt *q)
{
    return (struct role){
        .id = col_str(q, 0, rd->arena),
        .name = col_str(q, 1, rd->arena),
        .scope = col_str(q, 2, rd->arena),
        .description = col_str(q, 3, rd->arena),
        .mandatory_2fa = col_bool(q, 4),
        .fixed = col_bool(q, 5),
        .updated_at_ms = col_i64(q, 6),
    };
}

static struct role *read_one(struct rd *rd, struct stmt *q)
{
    if (!stmt_next(q))
        return NULL;
    struct role *role = ARENA_NEW(rd->arena, struct role);
    *role = read_row(rd, q);
    stmt_done(q);
    return role;
}

struct role *role_find(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROLE_COLUMNS " FROM roles WHERE id = $1");
    stmt_str(q, 1, id);
    return read_one(rd, q);
}

struct role *role_find_by_name(struct rd *rd, struct str name)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT " ROLE_COLUMNS " FROM roles WHERE name = $1 ORDER BY seq LIMIT 1");
    stmt_str(q, 1, name);
    return read_one(rd, q);
}

struct role_list roles_all(struct rd *rd)
{
    struct role_list list = {.items = ARENA_ARRAY(rd->arena, struct role, ROLES_MAX)};
    struct stmt *q = db_stmt(rd->db, "SELECT " ROLE_COLUMNS " FROM roles ORDER BY seq");
    while (list.count < ROLES_MAX && stmt_next(q))
        list.items[list.count++] = read_row(rd, q);
    stmt_done(q);
    return list;
}

void role_insert(struct tx *tx, const struct role *role)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO roles (" ROLE_COLUMNS ") "
                                        "VALUES ($1, $2, $3, $4, $5, $6, $7)");
    stmt_str(q, 1, role->id);
    stmt_str(q, 2, role->name);
    stmt_str(q, 3, role->scope);
    stmt_str(q, 4, role->description);
    stmt_i64(q, 5, role->mandatory_2fa);
    stmt_i64(q, 6, role->fixed);
    stmt_i64(q, 7, role->updated_at_ms);
    stmt_run(q);
}

/* Takes the role out of every permission's list: a list must name existing roles only. */
static void erase_from_permissions(struct tx *tx, struct str id)
{
    struct permission_list all;
    permissions_load(tx_rd(tx), INT64_MIN, &all);
    for (size_t i = 0; i < all.count; i++) {
        struct permission *p = all.items[i];
        size_t kept = 0;
        for (size_t k = 0; k < p->role_count; k++)
            if (!str_eq(p->roles[k], id))
                p->roles[kept++] = p->roles[k];
        if (kept < p->role_count)
            permission_replace(tx, p->perm, p->roles, kept);
    }
}

static void leave_trace(struct tx *tx, struct str id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO deleted_roles (id, deleted_at_ms) VALUES ($1, $2)");
    stmt_str(q, 1, id);
    stmt_i64(q, 2, tx->rd.now_ms);
    stmt_run(q);
}

void role_erase(struct tx *tx, struct str id)
{
    erase_from_permissions(tx, id);
    leave_trace(tx, id);
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM roles WHERE id = $1");
    stmt_str(q, 1, id);
    stmt_run(q);
}

static int64_t count_deleted_since(struct rd *rd, int64_t since_ms)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT COUNT(*) FROM deleted_roles WHERE deleted_at_ms >= $1");
    stmt_i64(q, 1, since_ms);
    return stmt_number(q);
}

struct role_trace_list roles_deleted_since(struct rd *rd, int64_t since_ms)
{
    size_t limit = (size_t)count_deleted_since(rd, since_ms);
    struct role_trace_list list = {.items = ARENA_ARRAY(rd->arena, struct role_trace, limit)};
    struct stmt *q = db_stmt(rd->db, "SELECT id, deleted_at_ms FROM deleted_roles "
                                     "WHERE deleted_at_ms >= $1 ORDER BY deleted_at_ms, id");
    stmt_i64(q, 1, since_ms);
    while (list.count < limit && stmt_next(q))
        list.items[list.count++] =
            (struct role_trace){.id = col_str(q, 0, rd->arena), .deleted_at_ms = col_i64(q, 1)};
    stmt_done(q);
    return list;
}

void roles_seed(struct tx *tx)
{
    for (size_t i = 0; i < default_role_count; i++) {
        struct role role = default_roles[i];
        role.updated_at_ms = tx->rd.now_ms;
        if (role_find(tx_rd(tx), role.id) == NULL)
            role_insert(tx, &role);
    }
}

/* --- holders --- */

bool role_in_use(struct rd *rd, struct str id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM roles WHERE id = $1 AND "
                        "(EXISTS (SELECT 1 FROM user_roles WHERE role_id = $1) OR "
                        "EXISTS (SELECT 1 FROM subscription_roles WHERE role_id = $1))");
    stmt_str(q, 1, id);
    return stmt_any(q);
}

static int64_t count_in_room(struct rd *rd, struct str role_id, struct str room_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*) FROM subscription_roles s "
                                     "JOIN users u ON u.id = s.user_id "
                                     "WHERE s.room_id = $1 AND s.role_id = $2");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, role_id);
    return stmt_number(q);
}

/* Rows with a user's id each, `limit` of them at most. */
static void read_holders(struct rd *rd, struct stmt *q, int64_t limit, struct role_holder_list *out)
{
    out->user_ids = ARENA_ARRAY(rd->arena, struct str, (size_t)limit);
    while ((int64_t)out->count < limit && stmt_next(q))
        out->user_ids[out->count++] = col_str(q, 0, rd->arena);
    stmt_done(q);
}

struct role_holder_list role_holders_in_room(struct rd *rd, struct str role_id, struct str room_id,
                                             int64_t offset, int64_t count)
{
    struct role_holder_list list = {.total = count_in_room(rd, role_id, room_id)};
    struct stmt *q = db_stmt(rd->db, "SELECT s.user_id FROM subscription_roles s "
                                     "JOIN users u ON u.id = s.user_id "
                                     "WHERE s.room_id = $1 AND s.role_id = $2 "
                                     "ORDER BY u.username_key LIMIT $3 OFFSET $4");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, role_id);
    stmt_i64(q, 3, count);
    stmt_i64(q, 4, offset);
    read_holders(rd, q, count < list.total ? count : list.total, &list);
    return list;
}

#define FROM_DESCRIBED                                                                             \
    "FROM users WHERE id IN (SELECT h.user_id FROM roles r "                                       \
    "JOIN user_roles h ON h.role_id = r.id WHERE r.scope = 'Users' AND r.description <> '')"

struct role_holder_list role_holders_described(struct rd *rd)
{
    struct stmt *count = db_stmt(rd->db, "SELECT COUNT(*) " FROM_DESCRIBED);
    struct role_holder_list list = {.total = stmt_next(count) ? col_i64(count, 0) : 0};
    stmt_done(count);
    struct stmt *q = db_stmt(rd->db, "SELECT id " FROM_DESCRIBED " ORDER BY username_key");
    read_holders(rd, q, list.total, &list);
    return list;
}

void role_take_in_room(struct tx *tx, struct str role_id, struct str room_id, struct str user_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM subscription_roles "
                                        "WHERE room_id = $1 AND user_id = $2 AND role_id = $3");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, role_id);
    stmt_run(q);
}
