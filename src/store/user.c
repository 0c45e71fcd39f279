/* SQL of users, their addresses (user_emails) and global roles (user_roles). Finders run on a
 * reader or in a command; writers in a command, where each leaves the user's new entry for the
 * catalog. */
#include "store/user.h"

#include <assert.h>

#include "store/catalog.h"
#include "store/token.h"

/* The columns of read_user(), in its order. */
#define USER_COLUMNS                                                                               \
    "u.id, u.username, u.name, u.type, u.active, u.password, u.created_at_ms, u.updated_at_ms, "   \
    "u.last_login_ms, u.doc"

enum { QUERY_BYTES = 4096 };

/* --- rows to structs --- */

/* The array with room for one more item at place `count`: it doubles at the powers of two. */
static void *grown(struct arena *arena, void *items, size_t count, size_t item_size)
{
    if ((count & (count - 1)) != 0)
        return items;
    void *larger = arena_alloc(arena, (count == 0 ? 1 : count * 2) * item_size);
    if (count > 0)
        memcpy(larger, items, count * item_size);
    return larger;
}

static void read_emails(struct rd *rd, struct user *u)
{
    struct stmt *q = db_stmt(rd->db, "SELECT address, verified FROM user_emails "
                                     "WHERE user_id = $1 ORDER BY position");
    stmt_str(q, 1, u->id);
    while (stmt_next(q)) {
        u->emails = grown(rd->arena, u->emails, u->email_count, sizeof(*u->emails));
        u->emails[u->email_count++] =
            (struct user_email){.address = col_str(q, 0, rd->arena), .verified = col_bool(q, 1)};
    }
}

static void read_roles(struct rd *rd, struct user *u)
{
    struct stmt *q = db_stmt(rd->db, "SELECT role_id FROM user_roles "
                                     "WHERE user_id = $1 ORDER BY position");
    stmt_str(q, 1, u->id);
    while (stmt_next(q)) {
        u->roles = grown(rd->arena, u->roles, u->role_count, sizeof(*u->roles));
        u->roles[u->role_count++] = col_str(q, 0, rd->arena);
    }
}

static struct json *read_doc(struct stmt *q, int column, struct arena *arena)
{
    struct json *doc = json_parse(arena, col_peek(q, column));
    return json_is(doc, JSON_OBJECT) ? doc : json_object(arena);
}

/* The current row, without addresses and roles: they need the statement to be done. */
static struct user *read_row(struct rd *rd, struct stmt *q)
{
    struct user *u = ARENA_NEW(rd->arena, struct user);
    u->id = col_str(q, 0, rd->arena);
    u->username = col_str(q, 1, rd->arena);
    u->name = col_str(q, 2, rd->arena);
    u->type = col_str(q, 3, rd->arena);
    u->active = col_bool(q, 4);
    u->password_hash = col_str(q, 5, rd->arena);
    u->created_at_ms = col_i64(q, 6);
    u->updated_at_ms = col_i64(q, 7);
    u->last_login_ms = col_i64(q, 8);
    u->doc = read_doc(q, 9, rd->arena);
    return u;
}

static struct user *read_one(struct rd *rd, struct stmt *q)
{
    if (!stmt_next(q))
        return NULL;
    struct user *u = read_row(rd, q);
    stmt_done(q);
    read_emails(rd, u);
    read_roles(rd, u);
    return u;
}

/* --- finders --- */

struct user *user_find(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " USER_COLUMNS " FROM users u WHERE u.id = $1");
    stmt_str(q, 1, id);
    return read_one(rd, q);
}

struct user *user_find_names(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT username, name FROM users WHERE id = $1");
    stmt_str(q, 1, id);
    if (!stmt_next(q))
        return NULL;
    struct user *u = ARENA_NEW(rd->arena, struct user);
    u->id = arena_str(rd->arena, id);
    u->username = col_str(q, 0, rd->arena);
    u->name = col_str(q, 1, rd->arena);
    stmt_done(q);
    return u;
}

struct user *user_find_by_username_nocase(struct rd *rd, struct str username)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT " USER_COLUMNS " FROM users u WHERE u.username_key = $1");
    stmt_str(q, 1, arena_lower(rd->arena, username));
    return read_one(rd, q);
}

struct user *user_find_by_username(struct rd *rd, struct str username)
{
    struct user *u = user_find_by_username_nocase(rd, username);
    return u != NULL && str_eq(u->username, username) ? u : NULL;
}

struct user *user_find_by_email(struct rd *rd, struct str address)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " USER_COLUMNS " FROM user_emails e "
                                     "JOIN users u ON u.id = e.user_id WHERE e.address_key = $1");
    stmt_str(q, 1, arena_lower(rd->arena, address));
    return read_one(rd, q);
}

struct user *user_oldest_human(struct rd *rd)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " USER_COLUMNS " FROM users u "
                                     "WHERE u.type = 'user' ORDER BY u.seq LIMIT 1");
    return read_one(rd, q);
}

bool user_exists(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM users WHERE id = $1");
    stmt_str(q, 1, id);
    return stmt_any(q);
}

bool user_username_taken(struct rd *rd, struct str username)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM users WHERE username_key = $1");
    stmt_str(q, 1, arena_lower(rd->arena, username));
    return stmt_any(q);
}

/* --- the catalog --- */

/* An entry that is still without roles. */
static struct user_entry *entry_of(struct str id, struct str username, struct str name, bool active)
{
    char *space;
    struct user_entry *e = entry_new(sizeof(*e), id.len + username.len + name.len, &space);
    e->head.key = entry_text(&space, id);
    e->username = entry_text(&space, username);
    e->name = entry_text(&space, name);
    e->active = active;
    return e;
}

static void entry_add_role(struct tx *tx, struct user_entry *e, struct str role_id)
{
    /* The cast: a command sees the catalog const; that a role gets its number there does no harm
     * when the command is rolled back. */
    struct catalog *catalog = (struct catalog *)(uintptr_t)tx->rd.catalog;
    if (!catalog_role_bit(catalog, role_id, &e->roles))
        db_fail(tx->rd.db, "there are more roles than a server can have");
}

static void publish(struct tx *tx, const struct user *u)
{
    struct user_entry *e = entry_of(u->id, u->username, u->name, u->active);
    for (size_t i = 0; i < u->role_count; i++)
        entry_add_role(tx, e, u->roles[i]);
    tx_publish(tx, CATALOG_USERS, &e->head);
}

/* The entry for the user in the current row of users_publish_all(). */
static struct user_entry *entry_of_row(struct stmt *q)
{
    return entry_of(col_peek(q, 0), col_peek(q, 1), col_peek(q, 2), col_bool(q, 3));
}

void users_publish_all(struct tx *tx)
{
    struct stmt *q = db_stmt(tx->rd.db, "SELECT u.id, u.username, u.name, u.active, r.role_id "
                                        "FROM users u LEFT JOIN user_roles r ON r.user_id = u.id "
                                        "ORDER BY u.seq");
    struct user_entry *e = NULL; /* of the user whose roles are being walked over */
    while (stmt_next(q)) {
        if (e == NULL || !str_eq(e->head.key, col_peek(q, 0))) {
            e = entry_of_row(q);
            tx_publish(tx, CATALOG_USERS, &e->head);
        }
        if (!col_null(q, 4))
            entry_add_role(tx, e, col_peek(q, 4));
    }
}

/* --- writers --- */

static void write_emails(struct tx *tx, const struct user *u)
{
    for (size_t i = 0; i < u->email_count; i++) {
        struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO user_emails "
                                            "(user_id, position, address, address_key, verified) "
                                            "VALUES ($1, $2, $3, $4, $5)");
        stmt_str(q, 1, u->id);
        stmt_i64(q, 2, (int64_t)i);
        stmt_str(q, 3, u->emails[i].address);
        stmt_str(q, 4, arena_lower(tx->rd.arena, u->emails[i].address));
        stmt_i64(q, 5, u->emails[i].verified);
        stmt_run(q);
    }
}

static bool write_role(struct tx *tx, struct str user_id, struct str role_id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO user_roles (user_id, role_id, position) VALUES ($1, $2, "
                           "(SELECT COALESCE(MAX(position) + 1, 0) FROM user_roles "
                           "WHERE user_id = $1)) ON CONFLICT DO NOTHING");
    stmt_str(q, 1, user_id);
    stmt_str(q, 2, role_id);
    return stmt_run(q) > 0;
}

static void write_parts(struct tx *tx, const struct user *u)
{
    write_emails(tx, u);
    for (size_t i = 0; i < u->role_count; i++)
        write_role(tx, u->id, u->roles[i]);
}

/* For statements with the user's id as their one parameter. */
static void run_for(struct tx *tx, const char *sql, struct str user_id)
{
    struct stmt *q = db_stmt(tx->rd.db, sql);
    stmt_str(q, 1, user_id);
    stmt_run(q);
}

static void erase_parts(struct tx *tx, struct str user_id)
{
    run_for(tx, "DELETE FROM user_emails WHERE user_id = $1", user_id);
    run_for(tx, "DELETE FROM user_roles WHERE user_id = $1", user_id);
}

/* Parameters $1 to $10, which insert and save have in common. */
static void bind(struct stmt *q, struct tx *tx, const struct user *u)
{
    BUF(doc, SIZE_MAX);
    json_put(&doc, u->doc);
    stmt_str(q, 1, u->id);
    stmt_str(q, 2, u->username);
    stmt_str(q, 3, arena_lower(tx->rd.arena, u->username));
    stmt_str(q, 4, u->name);
    stmt_str(q, 5, u->type);
    stmt_i64(q, 6, u->active);
    stmt_str_or_null(q, 7, u->password_hash);
    stmt_i64(q, 8, u->updated_at_ms);
    if (u->last_login_ms == 0)
        stmt_null(q, 9);
    else
        stmt_i64(q, 9, u->last_login_ms);
    stmt_str(q, 10, arena_str(tx->rd.arena, buf_str(&doc)));
}

void user_insert(struct tx *tx, const struct user *u)
{
    struct stmt *q = db_stmt(
        tx->rd.db, "INSERT INTO users (id, username, username_key, name, type, active, password, "
                   "updated_at_ms, last_login_ms, doc, created_at_ms) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    bind(q, tx, u);
    stmt_i64(q, 11, u->created_at_ms);
    stmt_run(q);
    write_parts(tx, u);
    publish(tx, u);
}

void user_save(struct tx *tx, struct user *u)
{
    u->updated_at_ms = tx->rd.now_ms;
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE users SET username = $2, username_key = $3, name = $4, "
                           "type = $5, active = $6, password = $7, updated_at_ms = $8, "
                           "last_login_ms = $9, doc = $10 WHERE id = $1");
    bind(q, tx, u);
    stmt_run(q);
    erase_parts(tx, u->id);
    write_parts(tx, u);
    publish(tx, u);
}

void user_save_login(struct tx *tx, struct user *u)
{
    u->last_login_ms = u->updated_at_ms = tx->rd.now_ms;
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE users SET last_login_ms = $2, updated_at_ms = $2 "
                                        "WHERE id = $1");
    stmt_str(q, 1, u->id);
    stmt_i64(q, 2, tx->rd.now_ms);
    stmt_run(q);
}

void user_erase(struct tx *tx, struct str id)
{
    tokens_erase_of_user(tx, id);
    erase_parts(tx, id);
    run_for(tx, "DELETE FROM users WHERE id = $1", id);
    tx_unpublish(tx, CATALOG_USERS, id);
}

/* --- roles --- */

/* After a change of roles alone. */
static void touch(struct tx *tx, struct str user_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE users SET updated_at_ms = $2 WHERE id = $1");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, tx->rd.now_ms);
    stmt_run(q);
    const struct user *u = user_find(tx_rd(tx), user_id);
    if (u != NULL)
        publish(tx, u);
}

void user_add_role(struct tx *tx, struct str user_id, struct str role_id)
{
    if (write_role(tx, user_id, role_id))
        touch(tx, user_id);
}

void user_remove_role(struct tx *tx, struct str user_id, struct str role_id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM user_roles WHERE user_id = $1 AND role_id = $2");
    stmt_str(q, 1, user_id);
    stmt_str(q, 2, role_id);
    if (stmt_run(q) > 0)
        touch(tx, user_id);
}

bool user_role_held(struct rd *rd, struct str user_id, struct str role_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM user_roles WHERE user_id = $1 AND role_id = $2");
    stmt_str(q, 1, user_id);
    stmt_str(q, 2, role_id);
    return stmt_any(q);
}

/* --- lists --- */

/* FROM and WHERE of a filter: made of constants, $1, $2 and $5 where they are needed. */
static void put_filter(struct buf *sql, const struct user_filter *filter)
{
    if (str_empty(filter->role_id))
        buf_lit(sql, " FROM users u WHERE 1 = 1");
    else
        buf_lit(sql, " FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role_id = $1");
    if (!str_empty(filter->address))
        buf_lit(sql, " AND u.id IN (SELECT user_id FROM user_emails WHERE address_key = $2)");
    if (filter->active_only)
        buf_lit(sql, " AND u.active = 1");
    if (filter->humans_only)
        buf_lit(sql, " AND u.type = 'user'");
    if (filter->not_plainly_offline) /* so a new user's doc begins, and it is the usual one */
        buf_lit(sql, " AND u.doc NOT LIKE '{\"status\":\"offline\"%'");
    if (filter->changed_after_ms > 0)
        buf_lit(sql, " AND u.updated_at_ms > $5");
}

/* A statement of the finished text; parameters that the filter does not use are not in it. */
static struct stmt *filter_stmt(struct rd *rd, const struct buf *sql,
                                const struct user_filter *filter)
{
    assert(buf_ok(sql));
    struct stmt *q = db_stmt_once(rd->db, buf_str(sql));
    if (!str_empty(filter->role_id))
        stmt_str(q, 1, filter->role_id);
    if (!str_empty(filter->address))
        stmt_str(q, 2, arena_lower(rd->arena, filter->address));
    if (filter->changed_after_ms > 0)
        stmt_i64(q, 5, filter->changed_after_ms);
    return q;
}

int64_t users_count(struct rd *rd, const struct user_filter *filter)
{
    BUF(sql, QUERY_BYTES);
    buf_lit(&sql, "SELECT COUNT(*)");
    put_filter(&sql, filter);
    struct stmt *q = filter_stmt(rd, &sql, filter);
    if (!stmt_next(q))
        return 0;
    int64_t count = col_i64(q, 0);
    stmt_done(q);
    return count;
}

struct user_list users_list(struct rd *rd, const struct user_filter *filter, struct str order_by,
                            int64_t offset, int64_t count)
{
    struct user_list list = {.total = users_count(rd, filter)};
    BUF(sql, QUERY_BYTES);
    buf_lit(&sql, "SELECT " USER_COLUMNS);
    put_filter(&sql, filter);
    buf_lit(&sql, " ORDER BY ");
    buf_add(&sql, order_by);
    buf_lit(&sql, ", u.seq LIMIT $3 OFFSET $4");
    struct stmt *q = filter_stmt(rd, &sql, filter);
    stmt_i64(q, 3, count);
    stmt_i64(q, 4, offset);
    while (stmt_next(q)) {
        list.items = grown(rd->arena, list.items, list.count, sizeof(void *));
        list.items[list.count++] = read_row(rd, q);
    }
    for (size_t i = 0; i < list.count; i++) {
        read_emails(rd, list.items[i]);
        read_roles(rd, list.items[i]);
    }
    return list;
}
