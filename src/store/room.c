/* SQL of rooms. Finders run on a reader or in a command, writers in a command. */
#include "store/room.h"

#include <assert.h>

#include "store/message.h"
#include "store/notice.h"

/* The columns of read_row(), in its order. */
#define ROOM_COLUMNS                                                                               \
    "r.id, r.type, r.name, r.team_id, r.archived, r.is_default, r.created_at_ms, "                 \
    "r.updated_at_ms, r.doc, r.seq, r.people_key"

/* The types of rooms that are no more; living ones come before them in the alphabet. */
#define ERASED "x"
#define BURIED "y"
#define LIVING "r.type < '" ERASED "'"

enum { QUERY_BYTES = 4096 };

/* --- rows to structs --- */

static struct room *read_row(struct rd *rd, struct stmt *q)
{
    struct room *room = ARENA_NEW(rd->arena, struct room);
    room->id = col_str(q, 0, rd->arena);
    room->type = col_peek(q, 1).ptr[0];
    room->name = col_str(q, 2, rd->arena);
    room->team_id = col_str(q, 3, rd->arena);
    room->archived = col_bool(q, 4);
    room->is_default = col_bool(q, 5);
    room->created_at_ms = col_i64(q, 6);
    room->updated_at_ms = col_i64(q, 7);
    room_take_doc(rd->arena, room, col_peek(q, 8));
    room->seq = col_i64(q, 9);
    room->people_key = col_str(q, 10, rd->arena);
    return room;
}

static struct room *read_one(struct rd *rd, struct stmt *q)
{
    struct room *room = stmt_next(q) ? read_row(rd, q) : NULL;
    if (room != NULL)
        stmt_done(q);
    return room;
}

static void list_add(struct arena *arena, struct room_list *list, size_t *cap, struct room *room)
{
    if (list->count == *cap) {
        size_t larger = *cap == 0 ? 16 : *cap * 2;
        struct room **items = ARENA_ARRAY(arena, struct room *, larger);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(struct room *));
        list->items = items;
        *cap = larger;
    }
    list->items[list->count++] = room;
}

static struct room_list read_all(struct rd *rd, struct stmt *q)
{
    struct room_list list = {.count = 0};
    size_t cap = 0;
    while (stmt_next(q))
        list_add(rd->arena, &list, &cap, read_row(rd, q));
    return list;
}

/* --- one room --- */

struct room *room_find(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM rooms r "
                                     "WHERE r.id = $1 AND " LIVING);
    stmt_str(q, 1, id);
    return read_one(rd, q);
}

struct room *room_find_by_name(struct rd *rd, struct str name)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM rooms r WHERE r.name = $1");
    stmt_str(q, 1, name);
    return read_one(rd, q);
}

struct room *room_find_by_people(struct rd *rd, struct str people_key)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM rooms r "
                                     "WHERE r.people_key = $1");
    stmt_str(q, 1, people_key);
    return read_one(rd, q);
}

struct room *room_find_by_id_or_name(struct rd *rd, struct str x)
{
    struct room *room = room_find(rd, x);
    return room != NULL ? room : room_find_by_name(rd, x);
}

/* False, and nothing taken, when the account is gone. */
static bool names_of(struct rd *rd, struct str user_id, struct str *username, struct str *name)
{
    struct stmt *q = db_stmt(rd->db, "SELECT username, name FROM users WHERE id = $1");
    stmt_str(q, 1, user_id);
    if (!stmt_next(q))
        return false;
    *username = col_str(q, 0, rd->arena);
    *name = col_str(q, 1, rd->arena);
    stmt_done(q);
    return true;
}

static void take_people_names(struct rd *rd, struct room *room)
{
    struct str name;
    room->usernames = ARENA_ARRAY(rd->arena, struct str, room->people_count);
    for (size_t i = 0; i < room->people_count; i++)
        (void)names_of(rd, room->people[i], &room->usernames[i], &name);
}

static void take_messages(struct rd *rd, struct room *room)
{
    struct room_counters c = room_counters_find(rd, room->seq);
    room->messages = room_messages(&c);
    room->changed_at_ms = c.changed_at_ms;
    room->last_message = c.last_shown > 0 ? message_find_number(rd, room->seq, c.last_shown) : NULL;
}

static int64_t count_users(struct rd *rd, struct str room_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*) FROM subscriptions WHERE room_id = $1");
    stmt_str(q, 1, room_id);
    return stmt_number(q);
}

void room_complete(struct rd *rd, struct room *room)
{
    if (!str_empty(room->creator_id)) /* of one whose account is gone the names he had remain */
        (void)names_of(rd, room->creator_id, &room->creator_username, &room->creator_name);
    room->users_count = count_users(rd, room->id);
    take_people_names(rd, room);
    take_messages(rd, room);
}

/* --- lists --- */

/* The rooms of a set: $1 is the type, $2 an id or '', $3 the user where the set is a user's. */
#define FROM_OF_TYPE " FROM rooms r WHERE r.type = $1 AND ($2 = '' OR r.id = $2)"
#define FROM_LISTED                                                                                \
    FROM_OF_TYPE " AND (r.team_id IS NULL OR EXISTS (SELECT 1 FROM subscriptions s "               \
                 "WHERE s.room_id = r.id AND s.user_id = $3))"
#define FROM_JOINED                                                                                \
    " FROM subscriptions s JOIN rooms r ON r.id = s.room_id "                                      \
    "WHERE s.user_id = $3 AND r.type = $1 AND ($2 = '' OR r.id = $2)"

static const struct {
    const char *page; /* without the order */
    const char *total;
    bool of_user;
} sets[ROOM_SETS] = {
    [ROOMS_OF_TYPE] = {"SELECT " ROOM_COLUMNS FROM_OF_TYPE, "SELECT COUNT(*)" FROM_OF_TYPE, false},
    [ROOMS_LISTED] = {"SELECT " ROOM_COLUMNS FROM_LISTED, "SELECT COUNT(*)" FROM_LISTED, true},
    [ROOMS_JOINED] = {"SELECT " ROOM_COLUMNS FROM_JOINED, "SELECT COUNT(*)" FROM_JOINED, true},
};

static void bind_filter(struct stmt *q, const struct room_filter *filter)
{
    stmt_str(q, 1, str_from(&filter->type, 1));
    stmt_str(q, 2, filter->id);
    if (sets[filter->set].of_user)
        stmt_str(q, 3, filter->user_id);
}

struct room_list rooms_page(struct rd *rd, const struct room_filter *filter, struct str order_by,
                            int64_t offset, int64_t count)
{
    BUF(sql, QUERY_BYTES);
    buf_addf(&sql, "%s ORDER BY %.*s, r.seq LIMIT $4 OFFSET $5", sets[filter->set].page,
             STR_FMT(order_by));
    assert(buf_ok(&sql));
    struct stmt *q = db_stmt_once(rd->db, buf_str(&sql));
    bind_filter(q, filter);
    stmt_i64(q, 4, count);
    stmt_i64(q, 5, offset);
    return read_all(rd, q);
}

int64_t rooms_total(struct rd *rd, const struct room_filter *filter)
{
    struct stmt *q = db_stmt(rd->db, sets[filter->set].total);
    bind_filter(q, filter);
    return stmt_number(q);
}

struct room_list rooms_of_user(struct rd *rd, struct str user_id, int64_t changed_after_ms)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM subscriptions s "
                                     "JOIN rooms r ON r.id = s.room_id "
                                     "LEFT JOIN room_counters c ON c.room_seq = r.seq "
                                     "WHERE s.user_id = $1 AND " LIVING
                                     " AND (r.updated_at_ms > $2 OR c.changed_at_ms > $2) "
                                     "ORDER BY s.seq");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, changed_after_ms);
    return read_all(rd, q);
}

struct room_list rooms_default(struct rd *rd, int64_t limit)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM rooms r WHERE r.is_default <> 0 "
                                     "ORDER BY +r.seq LIMIT $1");
    stmt_i64(q, 1, limit);
    return read_all(rd, q);
}

struct room_list rooms_of_team(struct rd *rd, struct str team_id, int64_t limit)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM rooms r WHERE r.team_id = $1 "
                                     "AND " LIVING " ORDER BY r.seq LIMIT $2");
    stmt_str(q, 1, team_id);
    stmt_i64(q, 2, limit);
    return read_all(rd, q);
}

/* --- writing --- */

/* $1 the id, $2 to $10 what may change, in the order of both statements. */
static void bind(struct stmt *q, const struct room *room, struct str doc)
{
    stmt_str(q, 1, room->id);
    stmt_str(q, 2, str_from(&room->type, 1));
    stmt_str_or_null(q, 3, room->name);
    stmt_str_or_null(q, 4, room->team_id);
    stmt_i64(q, 5, room->archived);
    stmt_i64(q, 6, room->is_default);
    stmt_i64(q, 7, room->created_at_ms);
    stmt_i64(q, 8, room->updated_at_ms);
    stmt_str_or_null(q, 9, room->people_key);
    stmt_str(q, 10, doc);
}

void room_insert(struct tx *tx, struct room *room)
{
    BUF(doc, ROOM_DOC_BYTES);
    room_put_doc(&doc, room);
    assert(buf_ok(&doc)); /* domain measures it first */
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "INSERT INTO rooms (id, type, name, team_id, archived, is_default, "
                               "created_at_ms, updated_at_ms, people_key, doc) "
                               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING seq");
    bind(q, room, buf_str(&doc));
    if (stmt_next(q))
        room->seq = col_i64(q, 0);
    stmt_done(q);
}

void room_save(struct tx *tx, const struct room *room)
{
    BUF(doc, ROOM_DOC_BYTES);
    room_put_doc(&doc, room);
    assert(buf_ok(&doc));
    struct stmt *q = db_stmt(tx_rd(tx)->db,
                             "UPDATE rooms SET type = $2, name = $3, team_id = $4, archived = $5, "
                             "is_default = $6, created_at_ms = $7, updated_at_ms = $8, "
                             "people_key = $9, doc = $10 WHERE id = $1");
    bind(q, room, buf_str(&doc));
    stmt_run(q);
    notice_room_rights(tx, room->seq);
}

/* --- erasing --- */

void room_mark_erased(struct tx *tx, struct str id)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, "UPDATE rooms SET type = '" ERASED "', name = NULL, "
                                            "people_key = NULL, is_default = 0, "
                                            "id = CASE WHEN type = 'd' THEN "
                                            "id || '/' || CAST(seq AS TEXT) ELSE id END "
                                            "WHERE id = $1");
    stmt_str(q, 1, id);
    stmt_run(q);
}

struct room *room_erasing(struct rd *rd)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " ROOM_COLUMNS " FROM rooms r "
                                     "WHERE r.type = '" ERASED "' LIMIT 1");
    return read_one(rd, q);
}

void room_erase(struct tx *tx, int64_t seq)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, "DELETE FROM rooms WHERE seq = $1");
    stmt_i64(q, 1, seq);
    stmt_run(q);
}

void room_bury(struct tx *tx, int64_t seq)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, "UPDATE rooms SET type = '" BURIED "', team_id = NULL, "
                                            "doc = '{}' WHERE seq = $1");
    stmt_i64(q, 1, seq);
    stmt_run(q);
}

bool room_id_used(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM rooms WHERE id = $1");
    stmt_str(q, 1, id);
    return stmt_any(q);
}
