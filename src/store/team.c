/* SQL of teams and of their members. Finders run on a reader or in a command, writers in a
 * command. */
#include "store/team.h"

#include "store/notice.h"

#define TEAM_QUERY                                                                                 \
    "SELECT t.id, t.name, t.private, t.room_id, t.creator_id, u.username, t.created_at_ms, "       \
    "t.updated_at_ms FROM teams t LEFT JOIN users u ON u.id = t.creator_id WHERE "

static struct team *read_one(struct rd *rd, struct stmt *q, struct str key)
{
    stmt_str(q, 1, key);
    if (!stmt_next(q))
        return NULL;
    struct team *team = ARENA_NEW(rd->arena, struct team);
    team->id = col_str(q, 0, rd->arena);
    team->name = col_str(q, 1, rd->arena);
    team->is_private = col_bool(q, 2);
    team->room_id = col_str(q, 3, rd->arena);
    team->creator_id = col_str(q, 4, rd->arena);
    team->creator_username = col_str(q, 5, rd->arena);
    team->created_at_ms = col_i64(q, 6);
    team->updated_at_ms = col_i64(q, 7);
    stmt_done(q);
    return team;
}

struct team *team_find(struct rd *rd, struct str id)
{
    return read_one(rd, db_stmt(rd->db, TEAM_QUERY "t.id = $1"), id);
}

struct team *team_find_by_name(struct rd *rd, struct str name)
{
    return read_one(rd, db_stmt(rd->db, TEAM_QUERY "t.name = $1"), name);
}

bool team_has_member(struct rd *rd, struct str team_id, struct str user_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM team_members WHERE team_id = $1 AND user_id = $2");
    stmt_str(q, 1, team_id);
    stmt_str(q, 2, user_id);
    return stmt_any(q);
}

size_t team_usernames(struct rd *rd, struct str team_id, struct str *out, size_t max)
{
    struct stmt *q = db_stmt(rd->db, "SELECT u.username FROM team_members m "
                                     "JOIN users u ON u.id = m.user_id WHERE m.team_id = $1 "
                                     "ORDER BY m.user_id LIMIT $2");
    stmt_str(q, 1, team_id);
    stmt_i64(q, 2, (int64_t)max);
    size_t count = 0;
    while (stmt_next(q))
        out[count++] = col_str(q, 0, rd->arena);
    return count;
}

void team_insert(struct tx *tx, const struct team *team)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "INSERT INTO teams (id, name, private, room_id, creator_id, "
                               "created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    stmt_str(q, 1, team->id);
    stmt_str(q, 2, team->name);
    stmt_i64(q, 3, team->is_private);
    stmt_str(q, 4, team->room_id);
    stmt_str(q, 5, team->creator_id);
    stmt_i64(q, 6, team->created_at_ms);
    stmt_i64(q, 7, team->updated_at_ms);
    stmt_run(q);
}

void team_rename(struct tx *tx, struct str id, struct str name)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "UPDATE teams SET name = $2, updated_at_ms = $3 WHERE id = $1");
    stmt_str(q, 1, id);
    stmt_str(q, 2, name);
    stmt_i64(q, 3, tx_rd(tx)->now_ms);
    stmt_run(q);
}

void team_erase(struct tx *tx, struct str id)
{
    struct stmt *q = db_stmt(tx_rd(tx)->db, "DELETE FROM teams WHERE id = $1");
    stmt_str(q, 1, id);
    stmt_run(q);
    notice_rights(tx, STR(""));
}

void team_add_member(struct tx *tx, struct str team_id, struct str user_id)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "INSERT INTO team_members (team_id, user_id, created_at_ms) "
                               "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    stmt_str(q, 1, team_id);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, tx_rd(tx)->now_ms);
    stmt_run(q);
    notice_rights(tx, user_id);
}

void team_remove_member(struct tx *tx, struct str team_id, struct str user_id)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "DELETE FROM team_members WHERE team_id = $1 AND user_id = $2");
    stmt_str(q, 1, team_id);
    stmt_str(q, 2, user_id);
    stmt_run(q);
    notice_rights(tx, user_id);
}

int64_t team_remove_from_all(struct tx *tx, struct str user_id, int64_t limit)
{
    notice_rights(tx, user_id);
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "DELETE FROM team_members WHERE user_id = $1 AND team_id IN "
                               "(SELECT m.team_id FROM team_members m WHERE m.user_id = $1 "
                               "ORDER BY m.team_id LIMIT $2)");
    stmt_str(q, 1, user_id);
    stmt_i64(q, 2, limit);
    return stmt_run(q);
}

int64_t team_members_erase(struct tx *tx, struct str team_id, int64_t limit)
{
    struct stmt *q =
        db_stmt(tx_rd(tx)->db, "DELETE FROM team_members WHERE team_id = $1 AND user_id IN "
                               "(SELECT m.user_id FROM team_members m WHERE m.team_id = $1 "
                               "ORDER BY m.user_id LIMIT $2)");
    stmt_str(q, 1, team_id);
    stmt_i64(q, 2, limit);
    return stmt_run(q);
}
