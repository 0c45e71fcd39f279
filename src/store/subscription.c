/* SQL of subscriptions and of the roles that hang on them. Finders run on a reader or in a command,
 * writers in a command. */
#include "store/subscription.h"

#include <assert.h>

#include "store/message.h"
#include "store/notice.h"

/* The columns of read_row(), in its order, and where they come from. */
#define SUBSCRIPTION_COLUMNS                                                                       \
    "s.id, s.room_id, s.user_id, s.open, s.created_at_ms, s.updated_at_ms, s.fresh, "              \
    "s.read_number, s.hidden_number, s.seen_at_ms, r.type, r.name, r.archived, r.seq, "            \
    "u.username, u.name, COALESCE(c.last_number, 0), COALESCE(c.changed_at_ms, 0), s.doc"
#define FROM_SUBSCRIPTIONS                                                                         \
    " FROM subscriptions s JOIN rooms r ON r.id = s.room_id AND r.type < 'x' "                     \
    "JOIN users u ON u.id = s.user_id LEFT JOIN room_counters c ON c.room_seq = r.seq "

enum { QUERY_BYTES = 4096, NAMES_BYTES = 64 * 1024 };

/* --- rows to structs --- */

static struct subscription *read_row(struct rd *rd, struct stmt *q)
{
    struct subscription *s = ARENA_NEW(rd->arena, struct subscription);
    s->id = col_str(q, 0, rd->arena);
    s->room_id = col_str(q, 1, rd->arena);
    s->user_id = col_str(q, 2, rd->arena);
    s->open = col_bool(q, 3);
    s->created_at_ms = col_i64(q, 4);
    s->updated_at_ms = col_i64(q, 5);
    s->fresh = col_bool(q, 6);
    s->read_number = col_i64(q, 7);
    s->hidden_number = col_i64(q, 8);
    s->seen_at_ms = col_i64(q, 9);
    s->room_type = col_peek(q, 10).ptr[0];
    s->room_name = s->room_fname = col_str(q, 11, rd->arena);
    s->room_archived = col_bool(q, 12);
    s->room_seq = col_i64(q, 13);
    s->username = col_str(q, 14, rd->arena);
    s->user_name = col_str(q, 15, rd->arena);
    s->last_number = col_i64(q, 16);
    s->changed_at_ms = col_i64(q, 17);
    s->ignored = json_get_lit(json_parse(rd->arena, col_peek(q, 18)), "ignored");
    return s;
}

static void read_roles(struct rd *rd, struct subscription *s)
{
    struct stmt *q = db_stmt(rd->db, "SELECT role_id FROM subscription_roles "
                                     "WHERE room_id = $1 AND user_id = $2 ORDER BY role_id");
    stmt_str(q, 1, s->room_id);
    stmt_str(q, 2, s->user_id);
    while (s->role_count < SUBSCRIPTION_ROLES && stmt_next(q))
        s->roles[s->role_count++] = col_str(q, 0, rd->arena);
    stmt_done(q);
}

static void add_name(struct buf *names, struct str name)
{
    if (names->len > 0)
        buf_lit(names, ", ");
    buf_add(names, name);
}

/* A direct room is called after the others who are in it; after himself when there are none. */
static void read_direct_names(struct rd *rd, struct subscription *s)
{
    BUF(usernames, NAMES_BYTES);
    BUF(names, NAMES_BYTES);
    struct stmt *q = db_stmt(rd->db, "SELECT u.username, u.name FROM subscriptions s "
                                     "JOIN users u ON u.id = s.user_id "
                                     "WHERE s.room_id = $1 AND s.user_id <> $2 ORDER BY s.seq");
    stmt_str(q, 1, s->room_id);
    stmt_str(q, 2, s->user_id);
    while (stmt_next(q)) {
        add_name(&usernames, col_peek(q, 0));
        add_name(&names, str_empty(col_peek(q, 1)) ? col_peek(q, 0) : col_peek(q, 1));
    }
    bool alone = usernames.len == 0;
    s->room_name = alone ? s->username : arena_str(rd->arena, buf_str(&usernames));
    s->room_fname = alone ? s->user_name : arena_str(rd->arena, buf_str(&names));
}

static void read_mentions(struct rd *rd, struct subscription *s)
{
    if (s->last_number <= s->read_number)
        return;
    struct mention_counts counts = mentions_count(rd, s->room_seq, s->user_id, s->read_number);
    s->mention_messages = counts.messages;
    s->user_mentions = counts.own;
    s->group_mentions = counts.to_all;
}

/* What is in other rows. */
static void complete(struct rd *rd, struct subscription *s)
{
    read_roles(rd, s);
    read_mentions(rd, s);
    if (s->room_type == 'd')
        read_direct_names(rd, s);
}

/* --- one subscription --- */

bool subscription_exists(struct rd *rd, struct str room_id, struct str user_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM subscriptions WHERE room_id = $1 AND user_id = $2");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    return stmt_any(q);
}

struct subscription *subscription_find(struct rd *rd, struct str room_id, struct str user_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " SUBSCRIPTION_COLUMNS FROM_SUBSCRIPTIONS
                                     "WHERE s.room_id = $1 AND s.user_id = $2");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    struct subscription *s = stmt_next(q) ? read_row(rd, q) : NULL;
    if (s == NULL)
        return NULL;
    stmt_done(q);
    complete(rd, s);
    return s;
}

bool subscription_has_role(struct rd *rd, struct str room_id, struct str user_id,
                           struct str role_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM subscription_roles "
                                     "WHERE room_id = $1 AND user_id = $2 AND role_id = $3");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, role_id);
    return stmt_any(q);
}

bool subscription_has_others(struct rd *rd, struct str room_id, struct str user_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM subscriptions WHERE room_id = $1 AND user_id <> $2 LIMIT 1");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    return stmt_any(q);
}

bool subscription_role_of_others(struct rd *rd, struct str room_id, struct str role_id,
                                 struct str user_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM subscription_roles "
                        "WHERE room_id = $1 AND role_id = $2 AND user_id <> $3 LIMIT 1");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, role_id);
    stmt_str(q, 3, user_id);
    return stmt_any(q);
}

struct str subscription_oldest_user(struct rd *rd, struct str room_id, struct str except)
{
    struct stmt *q = db_stmt(rd->db, "SELECT s.user_id FROM subscriptions s "
                                     "JOIN users u ON u.id = s.user_id AND u.active <> 0 "
                                     "WHERE s.room_id = $1 AND s.user_id <> $2 "
                                     "ORDER BY s.seq LIMIT 1");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, except);
    struct str user_id = stmt_next(q) ? col_str(q, 0, rd->arena) : STR("");
    stmt_done(q);
    return user_id;
}

/* --- the subscriptions of a user --- */

static int64_t count_of_user(struct rd *rd, struct str user_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*) FROM subscriptions WHERE user_id = $1");
    stmt_str(q, 1, user_id);
    return stmt_number(q);
}

/* At most `max` rows, each with what other rows know of it. */
static struct subscription_list read_list(struct rd *rd, struct stmt *q, size_t max)
{
    struct subscription_list list = {.items = ARENA_ARRAY(rd->arena, struct subscription *, max)};
    while (list.count < max && stmt_next(q))
        list.items[list.count++] = read_row(rd, q);
    stmt_done(q);
    for (size_t i = 0; i < list.count; i++)
        complete(rd, list.items[i]);
    return list;
}

struct subscription_list subscriptions_of_user(struct rd *rd, struct str user_id,
                                               int64_t changed_after_ms)
{
    size_t max = (size_t)count_of_user(rd, user_id);
    struct stmt *q = db_stmt(rd->db, "SELECT " SUBSCRIPTION_COLUMNS FROM_SUBSCRIPTIONS
                                     "WHERE s.user_id = $1 AND (s.updated_at_ms > $2 "
                                     "OR c.changed_at_ms > $2) ORDER BY s.seq");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, changed_after_ms);
    return read_list(rd, q, max);
}

static int64_t count_with_roles(struct rd *rd, struct str room_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(DISTINCT user_id) FROM subscription_roles "
                                     "WHERE room_id = $1");
    stmt_str(q, 1, room_id);
    return stmt_number(q);
}

struct subscription_list subscriptions_with_roles(struct rd *rd, struct str room_id)
{
    size_t max = (size_t)count_with_roles(rd, room_id);
    struct stmt *q = db_stmt(rd->db, "SELECT " SUBSCRIPTION_COLUMNS FROM_SUBSCRIPTIONS
                                     "WHERE s.room_id = $1 AND s.user_id IN (SELECT user_id "
                                     "FROM subscription_roles WHERE room_id = $1) ORDER BY s.seq");
    stmt_str(q, 1, room_id);
    return read_list(rd, q, max);
}

size_t subscription_room_ids(struct rd *rd, struct str user_id, struct str *out, size_t max)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT room_id FROM subscriptions WHERE user_id = $1 LIMIT $2");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, (int64_t)max);
    size_t count = 0;
    while (count < max && stmt_next(q))
        out[count++] = col_str(q, 0, rd->arena);
    stmt_done(q);
    return count;
}

/* --- the members of a room --- */

/* A status is a member of the user's document, whose text is always written without blanks. */
#define STATUS                                                                                     \
    "(CASE WHEN u.doc LIKE '%\"status\":\"online\"%' THEN 'online' "                               \
    "WHEN u.doc LIKE '%\"status\":\"away\"%' THEN 'away' "                                         \
    "WHEN u.doc LIKE '%\"status\":\"busy\"%' THEN 'busy' ELSE 'offline' END)"

/* $1 the room, $2 a pattern or '', $3 statuses or ''. */
#define FROM_MEMBERS                                                                               \
    " FROM subscriptions s JOIN users u ON u.id = s.user_id WHERE s.room_id = $1 "                 \
    "AND ($2 = '' OR u.username_key LIKE $2 ESCAPE '\\' OR LOWER(u.name) LIKE $2 ESCAPE '\\') "    \
    "AND ($3 = '' OR $3 LIKE '%' || " STATUS " || '%')"

static struct str like_pattern(struct arena *arena, struct str part)
{
    if (str_empty(part))
        return part;
    char *text = arena_alloc(arena, 2 * part.len + 2), *at = text;
    *at++ = '%';
    for (size_t i = 0; i < part.len; i++) {
        if (part.ptr[i] == '%' || part.ptr[i] == '_' || part.ptr[i] == '\\')
            *at++ = '\\';
        *at++ = part.ptr[i];
    }
    *at++ = '%';
    return str_from(text, (size_t)(at - text));
}

static void bind_members(struct rd *rd, struct stmt *q, const struct member_filter *filter)
{
    stmt_str(q, 1, filter->room_id);
    stmt_str(q, 2, like_pattern(rd->arena, filter->part));
    stmt_str(q, 3, filter->statuses);
}

static struct user *read_member(struct rd *rd, struct stmt *q)
{
    struct user *u = ARENA_NEW(rd->arena, struct user);
    u->id = col_str(q, 0, rd->arena);
    u->username = col_str(q, 1, rd->arena);
    u->name = col_str(q, 2, rd->arena);
    u->type = col_str(q, 3, rd->arena);
    u->active = col_bool(q, 4);
    u->updated_at_ms = col_i64(q, 5);
    u->doc = json_parse(rd->arena, col_peek(q, 6));
    return u;
}

int64_t members_total(struct rd *rd, const struct member_filter *filter)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*)" FROM_MEMBERS);
    bind_members(rd, q, filter);
    return stmt_number(q);
}

struct member_list members_page(struct rd *rd, const struct member_filter *filter, int64_t offset,
                                int64_t count)
{
    int64_t total = members_total(rd, filter);
    int64_t rest = offset < total ? total - offset : 0;
    size_t max = (size_t)(count < rest ? count : rest);
    struct member_list list = {.items = ARENA_ARRAY(rd->arena, struct user *, max)};

    BUF(sql, QUERY_BYTES);
    buf_lit(&sql,
            "SELECT u.id, u.username, u.name, u.type, u.active, u.updated_at_ms, u.doc" FROM_MEMBERS
            " ORDER BY " STATUS " = 'online' DESC, u.username_key ");
    buf_addf(&sql, "%s LIMIT $4 OFFSET $5", filter->descending ? "DESC" : "ASC");
    assert(buf_ok(&sql));
    struct stmt *q = db_stmt_once(rd->db, buf_str(&sql));
    bind_members(rd, q, filter);
    stmt_i64(q, 4, (int64_t)max);
    stmt_i64(q, 5, offset);
    while (stmt_next(q))
        list.items[list.count++] = read_member(rd, q);
    return list;
}

/* --- writing --- */

void subscription_insert(struct tx *tx, const struct subscription *s)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "INSERT INTO subscriptions (id, room_id, user_id, open, "
                               "created_at_ms, updated_at_ms, fresh, read_number, seen_at_ms, doc) "
                               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}')");
    stmt_str(q, 1, s->id);
    stmt_str(q, 2, s->room_id);
    stmt_str(q, 3, s->user_id);
    stmt_i64(q, 4, s->open);
    stmt_i64(q, 5, s->created_at_ms);
    stmt_i64(q, 6, s->updated_at_ms);
    stmt_i64(q, 7, s->fresh);
    stmt_i64(q, 8, s->read_number);
    stmt_i64(q, 9, s->seen_at_ms);
    stmt_run(q);
    for (size_t i = 0; i < s->role_count; i++)
        subscription_add_role(tx, s->room_id, s->user_id, s->roles[i]);
    notice_rights(tx, s->user_id);
}

static void run_update(struct tx *tx, const char *sql, struct str room_id, struct str user_id,
                       int64_t number)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, sql);
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, number);
    stmt_i64(q, 4, tx_rd(tx)->now_ms);
    stmt_run(q);
}

void subscription_read(struct tx *tx, struct str room_id, struct str user_id, int64_t number)
{
    run_update(tx,
               "UPDATE subscriptions SET open = 1, fresh = 0, read_number = $3, seen_at_ms = $4, "
               "updated_at_ms = $4 WHERE room_id = $1 AND user_id = $2",
               room_id, user_id, number);
}

void subscription_rewind(struct tx *tx, struct str room_id, struct str user_id, int64_t number,
                         int64_t seen_at_ms)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "UPDATE subscriptions SET open = 1, read_number = $3, "
                               "updated_at_ms = $4, seen_at_ms = $5 "
                               "WHERE room_id = $1 AND user_id = $2 AND read_number > $3");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, number);
    stmt_i64(q, 4, tx_rd(tx)->now_ms);
    stmt_i64(q, 5, seen_at_ms);
    stmt_run(q);
}

void subscription_hide(struct tx *tx, struct str room_id, struct str user_id, int64_t number)
{
    run_update(tx,
               "UPDATE subscriptions SET open = 0, hidden_number = $3, updated_at_ms = $4 "
               "WHERE room_id = $1 AND user_id = $2",
               room_id, user_id, number);
}

void subscription_show(struct tx *tx, struct str room_id, struct str user_id)
{
    run_update(tx,
               "UPDATE subscriptions SET open = 1, hidden_number = $3, updated_at_ms = $4 "
               "WHERE room_id = $1 AND user_id = $2",
               room_id, user_id, 0);
}

void subscription_add_role(struct tx *tx, struct str room_id, struct str user_id,
                           struct str role_id)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "INSERT INTO subscription_roles (room_id, user_id, role_id) "
                               "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, role_id);
    stmt_run(q);
}

void subscription_remove_role(struct tx *tx, struct str room_id, struct str user_id,
                              struct str role_id)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, "DELETE FROM subscription_roles "
                                            "WHERE room_id = $1 AND user_id = $2 AND role_id = $3");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, role_id);
    stmt_run(q);
}

void subscription_touch(struct tx *tx, struct str room_id, struct str user_id)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, "UPDATE subscriptions SET updated_at_ms = $3 "
                                            "WHERE room_id = $1 AND user_id = $2");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, tx_rd(tx)->now_ms);
    stmt_run(q);
}

static int64_t run_for(struct tx *tx, const char *sql, struct str room_id, struct str user_id)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, sql);
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    return stmt_run(q);
}

void subscription_erase(struct tx *tx, struct str room_id, struct str user_id)
{
    run_for(tx, "DELETE FROM subscription_roles WHERE room_id = $1 AND user_id = $2", room_id,
            user_id);
    run_for(tx, "DELETE FROM subscriptions WHERE room_id = $1 AND user_id = $2", room_id, user_id);
    notice_rights(tx, user_id);
}

/* The same slice in both statements: the first ones by user. */
#define SLICE                                                                                      \
    "WHERE room_id = $1 AND user_id IN (SELECT s.user_id FROM subscriptions s "                    \
    "WHERE s.room_id = $1 ORDER BY s.user_id LIMIT $2)"

int64_t subscriptions_erase_some(struct tx *tx, struct str room_id, int64_t limit)
{
    static const char *const statements[] = {"DELETE FROM subscription_roles " SLICE,
                                             "DELETE FROM subscriptions " SLICE};
    int64_t rows = 0;
    for (size_t i = 0; i < 2; i++) {
        struct stmt *q = db_stmt(tx_rd(tx)->db, statements[i]);
        stmt_str(q, 1, room_id);
        stmt_i64(q, 2, limit);
        rows += stmt_run(q);
    }
    return rows;
}
