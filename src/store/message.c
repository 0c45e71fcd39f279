/* SQL of messages, of the rooms' counters, and of mentions. Finders run on a reader or in a
 * command, writers in a command.
 *
 * A room's moments follow its numbers, so that a moment is found by halving the numbers and needs
 * no index of its own. Only a ts that a client gave may be up to MESSAGE_TS_SLACK_MS off.
 */
#include "store/message.h"

#include <assert.h>

#include "base/clock.h"
#include "store/message_rows.h"
#include "store/notice.h"

enum { QUERY_BYTES = 4096 };

/* --- rows to structs --- */

struct message *message_read_row(struct rd *rd, struct stmt *q)
{
    struct message *m = ARENA_NEW(rd->arena, struct message);
    m->id = col_str(q, 0, rd->arena);
    m->room_id = col_str(q, 1, rd->arena);
    m->room_seq = col_i64(q, 2);
    m->number = col_i64(q, 3);
    m->user_id = col_str(q, 4, rd->arena);
    m->type = col_str(q, 5, rd->arena);
    m->thread_id = col_str(q, 6, rd->arena);
    m->aside = col_bool(q, 7);
    m->ts_ms = col_i64(q, 8);
    m->updated_at_ms = col_i64(q, 9);
    m->username = col_str(q, 11, rd->arena);
    m->user_name = col_str(q, 12, rd->arena);
    message_take_doc(rd->arena, m, col_peek(q, 10));
    return m;
}

static struct message *read_one(struct rd *rd, struct stmt *q)
{
    struct message *m = stmt_next(q) ? message_read_row(rd, q) : NULL;
    if (m != NULL)
        stmt_done(q);
    return m;
}

struct message *message_find(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " MESSAGE_COLUMNS " FROM messages m" MESSAGE_NAMES
                                     "WHERE m.id = $1");
    stmt_str(q, 1, id);
    return read_one(rd, q);
}

struct message *message_find_number(struct rd *rd, int64_t room_seq, int64_t number)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " MESSAGE_COLUMNS " FROM messages m" MESSAGE_NAMES
                                     "WHERE m.room_seq = $1 AND m.number = $2");
    stmt_i64(q, 1, room_seq);
    stmt_i64(q, 2, number);
    return read_one(rd, q);
}

/* --- counters --- */

struct room_counters room_counters_find(struct rd *rd, int64_t room_seq)
{
    struct room_counters c = {.last_number = 0};
    struct stmt *q = db_stmt(rd->db, "SELECT last_number, last_shown, removed, changed_at_ms "
                                     "FROM room_counters WHERE room_seq = $1");
    stmt_i64(q, 1, room_seq);
    if (!stmt_next(q))
        return c;
    c.last_number = col_i64(q, 0);
    c.last_shown = col_i64(q, 1);
    c.removed = col_i64(q, 2);
    c.changed_at_ms = col_i64(q, 3);
    stmt_done(q);
    return c;
}

/* --- pages --- */

int64_t message_number_at(struct rd *rd, int64_t room_seq, int64_t end, int64_t ts_ms)
{
    int64_t low = 1, high = end;
    while (low < high) {
        int64_t middle = low + (high - low) / 2, next = high;
        struct stmt *q = db_stmt(rd->db, "SELECT number, ts_ms FROM messages WHERE room_seq = $1 "
                                         "AND number >= $2 ORDER BY number LIMIT 1");
        stmt_i64(q, 1, room_seq);
        stmt_i64(q, 2, middle);
        bool before = false;
        if (stmt_next(q)) {
            before = col_i64(q, 1) < ts_ms;
            next = col_i64(q, 0);
            stmt_done(q);
        }
        if (before)
            low = next + 1;
        else
            high = middle;
    }
    return low;
}

/* Numbers from `first` up to, but not including, `end`. */
struct span {
    int64_t first, end;
};

static struct span span_of(struct rd *rd, const struct message_filter *f,
                           const struct room_counters *c)
{
    int64_t end = c->last_number + 1;
    struct span span = {f->after_number + 1, end};
    if (f->from_ms != 0) {
        int64_t first = message_number_at(rd, f->room_seq, end, f->from_ms - MESSAGE_TS_SLACK_MS);
        span.first = first > span.first ? first : span.first;
    }
    if (f->before_ms != 0)
        span.end = message_number_at(rd, f->room_seq, end, f->before_ms + MESSAGE_TS_SLACK_MS);
    return span;
}

/* Numbers that a table has for one of several users. */
#define MARKED(table, users)                                                                       \
    "SELECT o.number FROM " table " o WHERE o.room_seq = $1 AND ',' || " users " || ',' LIKE "     \
    "'%,' || o.user_id || ',%' AND o.number >= $2 AND o.number < $3"

static bool is_marked(const struct message_filter *f)
{
    return !str_empty(f->mentioned) || !str_empty(f->starred);
}

/* Where the messages of a filter come from, and in which numbers. A thread is followed by its own
 * index; what somebody has starred or is mentioned in is put together first. */
static void put_source(struct buf *sql, const struct message_filter *f)
{
    if (!is_marked(f)) {
        buf_lit(sql, " FROM messages m");
        return;
    }
    buf_lit(sql, " FROM (SELECT DISTINCT y.number FROM (");
    if (!str_empty(f->mentioned))
        buf_lit(sql, MARKED("mentions", "$6"));
    if (!str_empty(f->mentioned) && !str_empty(f->starred))
        buf_lit(sql, " INTERSECT ");
    if (!str_empty(f->starred))
        buf_lit(sql, MARKED("stars", "$10"));
    buf_lit(sql, ") y) x JOIN messages m ON m.room_seq = $1 AND m.number = x.number");
}

static void put_conditions(struct buf *sql, const struct message_filter *f)
{
    if (is_marked(f))
        buf_lit(sql, " WHERE x.number IS NOT NULL");
    else if (!str_empty(f->thread_id))
        buf_lit(sql, " WHERE m.thread_id = $7 AND +m.room_seq = $1 AND m.number >= $2 "
                     "AND m.number < $3");
    else
        buf_lit(sql, " WHERE m.room_seq = $1 AND m.number >= $2 AND m.number < $3");
    if (f->from_ms != 0)
        buf_lit(sql, " AND m.ts_ms >= $4");
    if (f->before_ms != 0)
        buf_lit(sql, " AND m.ts_ms < $5");
    if (f->without_asides)
        buf_lit(sql, " AND m.aside = 0");
    if (f->pinned)
        buf_lit(sql, " AND m.pinned <> 0");
    if (f->changed_after_ms != 0)
        buf_lit(sql, " AND m.updated_at_ms > $11");
}

static void bind_conditions(struct stmt *q, const struct message_filter *f, struct span span)
{
    stmt_i64(q, 1, f->room_seq);
    stmt_i64(q, 2, span.first);
    stmt_i64(q, 3, span.end);
    if (f->from_ms != 0)
        stmt_i64(q, 4, f->from_ms);
    if (f->before_ms != 0)
        stmt_i64(q, 5, f->before_ms);
    if (!str_empty(f->mentioned))
        stmt_str(q, 6, f->mentioned);
    if (!str_empty(f->starred))
        stmt_str(q, 10, f->starred);
    if (!is_marked(f) && !str_empty(f->thread_id))
        stmt_str(q, 7, f->thread_id);
    if (f->changed_after_ms != 0)
        stmt_i64(q, 11, f->changed_after_ms);
}

static bool is_whole_room(const struct message_filter *f)
{
    return str_empty(f->thread_id) && !is_marked(f) && f->from_ms == 0 && f->before_ms == 0 &&
           f->after_number == 0 && f->changed_after_ms == 0 && !f->without_asides && !f->pinned;
}

/* Without gaps an offset is a matter of numbers, and the last page costs what the first does. */
static void skip_by_number(struct span *span, const struct message_filter *f, int64_t *offset)
{
    int64_t skipped = *offset < span->end - span->first ? *offset : span->end - span->first;
    if (f->oldest_first)
        span->first += skipped;
    else
        span->end -= skipped;
    *offset = 0;
}

struct message_list messages_page(struct rd *rd, const struct message_filter *f, int64_t offset,
                                  int64_t count)
{
    struct room_counters c = room_counters_find(rd, f->room_seq);
    struct span span = span_of(rd, f, &c);
    if (is_whole_room(f) && c.removed == 0)
        skip_by_number(&span, f, &offset);
    int64_t most = span.end > span.first ? span.end - span.first : 0;
    size_t max = (size_t)(count < most ? count : most);
    struct message_list list = {.items = ARENA_ARRAY(rd->arena, struct message *, max)};

    BUF(sql, QUERY_BYTES);
    buf_lit(&sql, "SELECT " MESSAGE_COLUMNS);
    put_source(&sql, f);
    buf_lit(&sql, MESSAGE_NAMES);
    put_conditions(&sql, f);
    buf_addf(&sql, " ORDER BY m.number %s LIMIT $8 OFFSET $9", f->oldest_first ? "ASC" : "DESC");
    assert(buf_ok(&sql));
    struct stmt *q = db_stmt_once(rd->db, buf_str(&sql));
    bind_conditions(q, f, span);
    stmt_i64(q, 8, (int64_t)max);
    stmt_i64(q, 9, offset);
    while (stmt_next(q))
        list.items[list.count++] = message_read_row(rd, q);
    return list;
}

int64_t messages_total(struct rd *rd, const struct message_filter *f)
{
    struct room_counters c = room_counters_find(rd, f->room_seq);
    if (is_whole_room(f))
        return room_messages(&c);
    BUF(sql, QUERY_BYTES);
    buf_lit(&sql, "SELECT COUNT(*)");
    put_source(&sql, f);
    put_conditions(&sql, f);
    assert(buf_ok(&sql));
    struct stmt *q = db_stmt_once(rd->db, buf_str(&sql));
    bind_conditions(q, f, span_of(rd, f, &c));
    int64_t total = 0;
    while (stmt_next(q))
        total = col_i64(q, 0);
    return total;
}

/* --- writing --- */

static void save_counters(struct tx *tx, int64_t room_seq, const struct room_counters *c)
{
    bool first = c->last_number == 1;
    struct stmt *q =
        db_stmt(tx->rd.db, first ? "INSERT INTO room_counters (room_seq, last_number, last_shown, "
                                   "changed_at_ms, removed) VALUES ($1, $2, $3, $4, 0)"
                                 : "UPDATE room_counters SET last_number = $2, last_shown = $3, "
                                   "changed_at_ms = $4 WHERE room_seq = $1");
    stmt_i64(q, 1, room_seq);
    stmt_i64(q, 2, c->last_number);
    stmt_i64(q, 3, c->last_shown);
    stmt_i64(q, 4, c->changed_at_ms);
    stmt_run(q);
}

/* The next number, and the moment before which nothing may be dated. (An upsert that returns the
 * row would do it in one statement, and take longer: SQLite puts what is returned into a table.) */
static void draw_number(struct tx *tx, struct message *m, int64_t *out_not_before_ms)
{
    struct room_counters c = room_counters_find(&tx->rd, m->room_seq);
    m->number = ++c.last_number;
    if (!m->aside)
        c.last_shown = m->number;
    if (tx->rd.now_ms > c.changed_at_ms)
        c.changed_at_ms = tx->rd.now_ms;
    *out_not_before_ms = c.changed_at_ms;
    save_counters(tx, m->room_seq, &c);
}

void message_insert(struct tx *tx, struct message *m)
{
    int64_t not_before_ms;
    draw_number(tx, m, &not_before_ms);
    if (m->ts_ms == 0)
        m->ts_ms = not_before_ms;
    m->updated_at_ms = tx->rd.now_ms;
    BUF(doc, MESSAGE_DOC_BYTES);
    message_put_doc(&doc, m);
    assert(buf_ok(&doc)); /* domain measures it first */
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO messages (id, room_seq, number, user_id, type, thread_id, "
                           "aside, ts_ms, updated_at_ms, doc) "
                           "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    stmt_str(q, 1, m->id);
    stmt_i64(q, 2, m->room_seq);
    stmt_i64(q, 3, m->number);
    stmt_str(q, 4, m->user_id);
    stmt_str_or_null(q, 5, m->type);
    stmt_str_or_null(q, 6, m->thread_id);
    stmt_i64(q, 7, m->aside);
    stmt_i64(q, 8, m->ts_ms);
    stmt_i64(q, 9, m->updated_at_ms);
    stmt_str(q, 10, buf_str(&doc));
    stmt_run(q);
    notice_message(tx, NOTICE_MESSAGE, m);
}

static void note_change(struct tx *tx, int64_t room_seq, int64_t removed)
{
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE room_counters SET removed = removed + $2, "
                                        "changed_at_ms = CASE WHEN $3 > changed_at_ms THEN $3 "
                                        "ELSE changed_at_ms END WHERE room_seq = $1");
    stmt_i64(q, 1, room_seq);
    stmt_i64(q, 2, removed);
    stmt_i64(q, 3, tx->rd.now_ms);
    stmt_run(q);
}

/* When the thread that begins here was last replied to; 0: none does. */
static int64_t replied_at(const struct message *m)
{
    int64_t ms = 0;
    struct str moment = json_get_str(m->doc, "tlm");
    return clock_parse_iso(moment, &ms) ? ms : 0;
}

void message_save(struct tx *tx, struct message *m)
{
    m->updated_at_ms = tx->rd.now_ms;
    BUF(doc, MESSAGE_DOC_BYTES);
    message_put_doc(&doc, m);
    assert(buf_ok(&doc));
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE messages SET type = $2, updated_at_ms = $3, "
                                        "doc = $4, pinned = $5, replied_at_ms = $6 "
                                        "WHERE id = $1");
    stmt_str(q, 1, m->id);
    stmt_str_or_null(q, 2, m->type);
    stmt_i64(q, 3, m->updated_at_ms);
    stmt_str(q, 4, buf_str(&doc));
    stmt_i64(q, 5, json_get_true(m->doc, "pinned"));
    if (replied_at(m) != 0)
        stmt_i64(q, 6, replied_at(m));
    else
        stmt_null(q, 6);
    stmt_run(q);
    note_change(tx, m->room_seq, 0);
    notice_message(tx, NOTICE_MESSAGE_UPDATED, m);
}

/* --- mentions --- */

void message_mention(struct tx *tx, const struct message *m, struct str user_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO mentions (room_seq, user_id, number) "
                                        "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    stmt_i64(q, 1, m->room_seq);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, m->number);
    stmt_run(q);
}

static void erase_mention(struct tx *tx, const struct message *m, struct str user_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM mentions WHERE room_seq = $1 "
                                        "AND user_id = $2 AND number = $3");
    stmt_i64(q, 1, m->room_seq);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, m->number);
    stmt_run(q);
}

void message_erase_mentions(struct tx *tx, const struct message *m)
{
    const struct json *mentions = json_get_lit(m->doc, "mentions");
    if (!json_is(mentions, JSON_ARRAY) || mentions->items.count == 0)
        return;
    erase_mention(tx, m, MENTION_ALL);
    for (const struct json *at = mentions->items.first; at != NULL; at = at->next)
        erase_mention(tx, m, json_get_str(at, "_id"));
}

struct mention_counts mentions_count(struct rd *rd, int64_t room_seq, struct str user_id,
                                     int64_t after_number)
{
    struct mention_counts counts = {.messages = 0};
    struct stmt *q =
        db_stmt(rd->db, "SELECT COUNT(DISTINCT number), "
                        "COUNT(CASE WHEN user_id = '*' THEN NULL ELSE 1 END), "
                        "COUNT(CASE WHEN user_id = '*' THEN 1 ELSE NULL END) FROM mentions "
                        "WHERE room_seq = $1 AND user_id IN ($2, '*') AND number > $3");
    stmt_i64(q, 1, room_seq);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, after_number);
    if (!stmt_next(q))
        return counts;
    counts.messages = col_i64(q, 0);
    counts.own = col_i64(q, 1);
    counts.to_all = col_i64(q, 2);
    stmt_done(q);
    return counts;
}

/* --- going --- */

static void erase_row(struct tx *tx, struct str id)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM messages WHERE id = $1");
    stmt_str(q, 1, id);
    stmt_run(q);
}

static void note_removal(struct tx *tx, const struct message *m)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO messages_removed (room_seq, number, id, removed_at_ms) "
                           "VALUES ($1, $2, $3, $4)");
    stmt_i64(q, 1, m->room_seq);
    stmt_i64(q, 2, m->number);
    stmt_str(q, 3, m->id);
    stmt_i64(q, 4, tx->rd.now_ms);
    stmt_run(q);
}

/* The newest message that is shown went: its predecessor takes its place. */
static void find_last_shown(struct tx *tx, const struct message *m)
{
    struct stmt *q = db_stmt(
        tx->rd.db, "UPDATE room_counters SET last_shown = COALESCE((SELECT o.number "
                   "FROM messages o WHERE o.room_seq = $1 AND o.number < $2 AND o.aside = 0 "
                   "ORDER BY o.number DESC LIMIT 1), 0) WHERE room_seq = $1 AND last_shown = $2");
    stmt_i64(q, 1, m->room_seq);
    stmt_i64(q, 2, m->number);
    stmt_run(q);
}

void message_erase(struct tx *tx, const struct message *m)
{
    message_erase_mentions(tx, m);
    erase_row(tx, m->id);
    note_removal(tx, m);
    note_change(tx, m->room_seq, 1);
    find_last_shown(tx, m);
    notice_message(tx, NOTICE_MESSAGE_DELETED, m);
}

void message_release_id(struct tx *tx, struct str id)
{
    if (message_find(tx_rd(tx), id) == NULL)
        erase_row(tx, id);
}

/* The first rows of the room, in each table that hangs on it. */
#define FIRST_ROWS(table)                                                                          \
    "DELETE FROM " table " WHERE room_seq = $1 AND number IN (SELECT o.number FROM " table         \
    " o WHERE o.room_seq = $1 ORDER BY o.number LIMIT $2)"

#define FIRST_OF_USERS(table)                                                                      \
    "DELETE FROM " table " WHERE room_seq = $1 AND (user_id, number) IN (SELECT o.user_id, "       \
    "o.number FROM " table " o WHERE o.room_seq = $1 LIMIT $2)"

#define FILES                                                                                      \
    "UPDATE files SET gone = 1, expires_at_ms = NULL WHERE seq IN (SELECT o.seq FROM files o "     \
    "WHERE o.gone = 0 AND o.room_seq = $1 LIMIT $2)"

static const char *const slices[] = {
    FIRST_ROWS("messages"),
    FIRST_OF_USERS("mentions"),
    FIRST_OF_USERS("stars"),
    FIRST_ROWS("messages_removed"),
    FILES,
    "DELETE FROM room_counters WHERE room_seq = $1 AND $2 > 0",
};

int64_t messages_erase_some(struct tx *tx, int64_t room_seq, int64_t limit)
{
    int64_t rows = 0;
    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]) && rows < limit;) {
        struct stmt *q = db_stmt(tx->rd.db, slices[i]);
        stmt_i64(q, 1, room_seq);
        stmt_i64(q, 2, limit - rows);
        int64_t went = stmt_run(q);
        rows += went;
        if (went == 0)
            i++; /* this table has none left */
    }
    return rows;
}

bool messages_removed_before(struct rd *rd, int64_t before_ms)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM messages_removed WHERE removed_at_ms < $1 LIMIT 1");
    stmt_i64(q, 1, before_ms);
    return stmt_any(q);
}

int64_t messages_removed_erase_some(struct tx *tx, int64_t before_ms, int64_t limit)
{
    struct stmt *q = db_stmt(
        tx->rd.db, "DELETE FROM messages_removed WHERE (room_seq, number) IN (SELECT "
                   "o.room_seq, o.number FROM messages_removed o WHERE o.removed_at_ms < $1 "
                   "ORDER BY o.removed_at_ms LIMIT $2)");
    stmt_i64(q, 1, before_ms);
    stmt_i64(q, 2, limit);
    return stmt_run(q);
}
