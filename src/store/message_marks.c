/* SQL of what people do with messages: stars, threads, changes, searches, reports. Finders run on a
 * reader or in a command, writers in a command. */
#include "store/message_marks.h"

#include <assert.h>

#include "store/message_rows.h"

enum {
    SCRATCH_BYTES = 4 << 20,
    PATTERN_BYTES = 16 * SEARCH_BYTES,
    SUBSCRIPTION_DOC_BYTES = 1 << 18,
};

/* --- lists that grow up to a limit --- */

static struct message_list new_list(struct rd *rd, int64_t limit)
{
    return (struct message_list){.items = ARENA_ARRAY(rd->arena, struct message *, (size_t)limit)};
}

static int64_t at_most(int64_t wanted, int64_t limit)
{
    return wanted < limit ? wanted : limit;
}

/* --- stars --- */

static void change_star(struct tx *tx, const char *sql, const struct message *m, struct str user_id)
{
    struct stmt *q = db_stmt(tx->rd.db, sql);
    stmt_i64(q, 1, m->room_seq);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, m->number);
    stmt_run(q);
}

void message_star(struct tx *tx, const struct message *m, struct str user_id)
{
    change_star(tx,
                "INSERT INTO stars (room_seq, user_id, number) VALUES ($1, $2, $3) "
                "ON CONFLICT DO NOTHING",
                m, user_id);
}

void message_unstar(struct tx *tx, const struct message *m, struct str user_id)
{
    change_star(tx, "DELETE FROM stars WHERE room_seq = $1 AND user_id = $2 AND number = $3", m,
                user_id);
}

static void mark_number(const struct message_list *messages, int64_t number, struct str user_id)
{
    for (size_t i = 0; i < messages->count; i++)
        if (messages->items[i]->number == number)
            messages->items[i]->starred_by = user_id;
}

void messages_mark_starred(struct rd *rd, const struct message_list *messages, struct str user_id)
{
    if (messages->count == 0)
        return;
    int64_t first = messages->items[0]->number, last = first;
    for (size_t i = 1; i < messages->count; i++) {
        int64_t number = messages->items[i]->number;
        first = number < first ? number : first;
        last = number > last ? number : last;
    }
    struct stmt *q = db_stmt(rd->db, "SELECT number FROM stars WHERE room_seq = $1 "
                                     "AND user_id = $2 AND number >= $3 AND number <= $4");
    stmt_i64(q, 1, messages->items[0]->room_seq);
    stmt_str(q, 2, user_id);
    stmt_i64(q, 3, first);
    stmt_i64(q, 4, last);
    while (stmt_next(q))
        mark_number(messages, col_i64(q, 0), user_id);
}

/* --- changes --- */

static void bind_span(struct stmt *q, int64_t room_seq, const struct change_span *span)
{
    stmt_i64(q, 1, room_seq);
    stmt_i64(q, 2, span->after_ms);
    stmt_i64(q, 3, span->before_ms != 0 ? span->before_ms : INT64_MAX);
}

/* Those that are as they were written are found by their numbers, the others by an index. */
#define CHANGED(order)                                                                             \
    "SELECT " MESSAGE_COLUMNS " FROM (SELECT * FROM (SELECT o.number, o.updated_at_ms AS moment "  \
    "FROM messages o WHERE o.room_seq = $1 AND o.updated_at_ms <> o.ts_ms "                        \
    "AND o.updated_at_ms > $2 AND o.updated_at_ms < $3 "                                           \
    "ORDER BY o.updated_at_ms " order " LIMIT $6) a UNION ALL "                                    \
    "SELECT * FROM (SELECT o.number, o.ts_ms AS moment FROM messages o WHERE o.room_seq = $1 "     \
    "AND o.number >= $4 AND o.number < $5 AND o.updated_at_ms = o.ts_ms "                          \
    "AND o.ts_ms > $2 AND o.ts_ms < $3 ORDER BY o.number " order " LIMIT $6) b) x "                \
    "JOIN messages m ON m.room_seq = $1 AND m.number = x.number" MESSAGE_NAMES                     \
    "ORDER BY x.moment " order ", m.number " order " LIMIT $6"

struct message_list messages_changed(struct rd *rd, int64_t room_seq,
                                     const struct change_span *span, int64_t limit)
{
    struct room_counters c = room_counters_find(rd, room_seq);
    int64_t end = c.last_number + 1, before = end;
    int64_t first = message_number_at(rd, room_seq, end, span->after_ms - MESSAGE_TS_SLACK_MS);
    if (span->before_ms != 0)
        before = message_number_at(rd, room_seq, end, span->before_ms + MESSAGE_TS_SLACK_MS);
    limit = at_most(limit, c.last_number);
    struct message_list list = new_list(rd, limit);
    struct stmt *q = db_stmt(rd->db, span->oldest_first ? CHANGED("ASC") : CHANGED("DESC"));
    bind_span(q, room_seq, span);
    stmt_i64(q, 4, first);
    stmt_i64(q, 5, before);
    stmt_i64(q, 6, limit);
    while (stmt_next(q))
        list.items[list.count++] = message_read_row(rd, q);
    return list;
}

#define REMOVED                                                                                    \
    " FROM messages_removed WHERE room_seq = $1 AND removed_at_ms > $2 AND removed_at_ms < $3"
#define REMOVED_PAGE(order)                                                                        \
    "SELECT id, removed_at_ms" REMOVED " ORDER BY removed_at_ms " order ", number " order          \
    " LIMIT $4 OFFSET $5"

int64_t messages_removed_total(struct rd *rd, int64_t room_seq, const struct change_span *span)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*)" REMOVED);
    bind_span(q, room_seq, span);
    return stmt_number(q);
}

struct removal_list messages_removed_page(struct rd *rd, int64_t room_seq,
                                          const struct change_span *span, int64_t offset,
                                          int64_t limit)
{
    limit = at_most(limit, messages_removed_total(rd, room_seq, span));
    struct removal_list list = {.items = ARENA_ARRAY(rd->arena, struct removal, (size_t)limit)};
    struct stmt *q =
        db_stmt(rd->db, span->oldest_first ? REMOVED_PAGE("ASC") : REMOVED_PAGE("DESC"));
    bind_span(q, room_seq, span);
    stmt_i64(q, 4, limit);
    stmt_i64(q, 5, offset);
    while (stmt_next(q))
        list.items[list.count++] =
            (struct removal){.id = col_str(q, 0, rd->arena), .removed_at_ms = col_i64(q, 1)};
    return list;
}

/* --- threads --- */

#define THREADS " WHERE m.room_seq = $1 AND m.replied_at_ms IS NOT NULL AND m.updated_at_ms > $2"

static struct stmt *ask_threads(struct rd *rd, const struct thread_filter *filter, int64_t offset,
                                int64_t limit)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT " MESSAGE_COLUMNS " FROM messages m" MESSAGE_NAMES THREADS
                        " ORDER BY m.replied_at_ms DESC LIMIT $3 OFFSET $4");
    stmt_i64(q, 1, filter->room_seq);
    stmt_i64(q, 2, filter->changed_after_ms);
    stmt_i64(q, 3, limit);
    stmt_i64(q, 4, offset);
    return q;
}

static int64_t threads_total(struct rd *rd, const struct thread_filter *filter)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*) FROM messages m" THREADS);
    stmt_i64(q, 1, filter->room_seq);
    stmt_i64(q, 2, filter->changed_after_ms);
    return stmt_number(q);
}

static struct message_list kept_threads(struct rd *rd, const struct thread_filter *filter,
                                        int64_t offset, int64_t count, int64_t *out_total)
{
    struct message_list list = new_list(rd, at_most(count, THREADS_LOOKED));
    struct stmt *q = ask_threads(rd, filter, 0, THREADS_LOOKED);
    int64_t total = 0;
    while (stmt_next(q)) {
        struct message *m = message_read_row(rd, q);
        if (!filter->keep(filter, m))
            continue;
        if (total >= offset && (int64_t)list.count < count)
            list.items[list.count++] = m;
        total++;
    }
    *out_total = total;
    return list;
}

struct message_list threads_page(struct rd *rd, const struct thread_filter *filter, int64_t offset,
                                 int64_t count, int64_t *out_total)
{
    if (filter->keep != NULL)
        return kept_threads(rd, filter, offset, count, out_total);
    *out_total = threads_total(rd, filter);
    int64_t limit = at_most(count, *out_total);
    struct message_list list = new_list(rd, limit);
    struct stmt *q = ask_threads(rd, filter, offset, limit);
    while (stmt_next(q))
        list.items[list.count++] = message_read_row(rd, q);
    return list;
}

/* --- search --- */

bool text_holds(struct str text, struct str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (str_eq_nocase(str_from(text.ptr + i, part.len), part))
            return true;
    return false;
}

/* What a doc with the text must look like; it may look so for other reasons. */
static struct str pattern_of(struct arena *a, struct str text)
{
    BUF(json, PATTERN_BYTES);
    BUF(pattern, PATTERN_BYTES);
    json_put_string(&json, text);
    struct str inside = str_slice(buf_str(&json), 1, json.len - 1);
    buf_add_char(&pattern, '%');
    for (size_t i = 0; i < inside.len; i++) {
        if (inside.ptr[i] == '%' || inside.ptr[i] == '_' || inside.ptr[i] == '!')
            buf_add_char(&pattern, '!');
        buf_add_char(&pattern, inside.ptr[i]);
    }
    buf_add_char(&pattern, '%');
    return arena_str(a, buf_str(&pattern));
}

static bool doc_holds(struct arena *scratch, struct str doc, struct str text)
{
    arena_reset(scratch);
    const struct json *object = json_parse(scratch, doc);
    return text_holds(json_get_str(object, "msg"), text);
}

static struct stmt *ask_search(struct rd *rd, int64_t room_seq, struct str pattern)
{
    struct room_counters c = room_counters_find(rd, room_seq);
    struct stmt *q = db_stmt(rd->db, "SELECT " MESSAGE_COLUMNS " FROM messages m" MESSAGE_NAMES
                                     "WHERE m.room_seq = $1 AND m.number > $2 "
                                     "AND lower(m.doc) LIKE lower($3) ESCAPE '!' "
                                     "ORDER BY m.number DESC");
    stmt_i64(q, 1, room_seq);
    stmt_i64(q, 2, c.last_number - MESSAGES_SEARCHED);
    stmt_str(q, 3, pattern);
    return q;
}

struct message_list messages_search(struct rd *rd, int64_t room_seq, struct str text,
                                    int64_t offset, int64_t count)
{
    count = at_most(count, MESSAGES_SEARCHED);
    struct message_list list = new_list(rd, count);
    struct arena scratch;
    arena_init(&scratch, SCRATCH_BYTES);
    struct stmt *q = ask_search(rd, room_seq, pattern_of(rd->arena, text));
    int64_t found = 0;
    while ((int64_t)list.count < count && stmt_next(q)) {
        if (!doc_holds(&scratch, col_peek(q, MESSAGE_COLUMN_DOC), text))
            continue;
        if (found++ >= offset)
            list.items[list.count++] = message_read_row(rd, q);
    }
    stmt_done(q);
    arena_release(&scratch);
    return list;
}

/* --- people --- */

void message_report(struct tx *tx, const struct message *m, struct str user_id,
                    struct str description)
{
    struct stmt *q = db_stmt(
        tx->rd.db,
        "INSERT INTO reports (message_id, user_id, room_id, description, message, created_at_ms) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (message_id, user_id) DO UPDATE SET "
        "description = excluded.description, message = excluded.message, "
        "created_at_ms = excluded.created_at_ms");
    stmt_str(q, 1, m->id);
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, m->room_id);
    stmt_str(q, 4, description);
    stmt_str(q, 5, message_text(m));
    stmt_i64(q, 6, tx->rd.now_ms);
    stmt_run(q);
}

/* --- ignoring --- */

static struct json *subscription_doc(struct rd *rd, struct str room_id, struct str user_id)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT doc FROM subscriptions WHERE room_id = $1 AND user_id = $2");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    struct json *doc = stmt_next(q) ? json_parse(rd->arena, col_peek(q, 0)) : NULL;
    stmt_done(q);
    return json_is(doc, JSON_OBJECT) ? doc : json_object(rd->arena);
}

static void save_subscription_doc(struct tx *tx, struct str room_id, struct str user_id,
                                  const struct json *doc)
{
    BUF(text, SUBSCRIPTION_DOC_BYTES);
    json_put(&text, doc);
    assert(buf_ok(&text));
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE subscriptions SET doc = $3, updated_at_ms = $4 "
                                        "WHERE room_id = $1 AND user_id = $2");
    stmt_str(q, 1, room_id);
    stmt_str(q, 2, user_id);
    stmt_str(q, 3, buf_str(&text));
    stmt_i64(q, 4, tx->rd.now_ms);
    stmt_run(q);
}

bool subscription_ignore(struct tx *tx, struct str room_id, struct str user_id,
                         struct str ignored_id, bool ignore)
{
    struct arena *a = tx->rd.arena;
    const struct json *doc = subscription_doc(tx_rd(tx), room_id, user_id);
    const struct json *old = json_get_lit(doc, "ignored");
    struct json *changed = json_object(a), *ignored = json_array(a);
    const struct json *at = json_is(old, JSON_ARRAY) ? old->items.first : NULL;
    for (; at != NULL; at = at->next)
        if (at->kind == JSON_STRING && !str_eq(at->string, ignored_id))
            json_append(ignored, json_string(a, at->string));
    if (ignore)
        json_append(ignored, json_string(a, ignored_id));
    if (ignored->items.count > IGNORED_MAX)
        return false;
    json_set(changed, STR("ignored"), ignored);
    save_subscription_doc(tx, room_id, user_id, changed);
    return true;
}
