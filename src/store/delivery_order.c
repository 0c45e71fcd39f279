/* SQL of delivery.h: dead letters, lists, and what an owner orders for all that waits. */
#include "store/delivery_rows.h"

enum { SLICE = 250 };

#define DAY_MS INT64_C(86400000)

/* --- dead letters --- */

static int64_t dead_letters(struct rd *rd, struct str integration_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT count FROM dead_letters WHERE integration_id = $1");
    stmt_str(q, 1, integration_id);
    return stmt_number(q);
}

void dead_letters_add(struct tx *tx, struct str integration_id, int64_t by)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO dead_letters (integration_id, count,"
                           " gone) VALUES ($1, $2, 0) ON CONFLICT (integration_id) DO UPDATE"
                           " SET count = dead_letters.count + excluded.count");
    stmt_str(q, 1, integration_id);
    stmt_i64(q, 2, by);
    stmt_run(q);
}

static void erase_oldest_dead(struct tx *tx, struct str integration_id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM deliveries WHERE seq = (SELECT seq FROM deliveries"
                           " WHERE state = 2 AND integration_id = $1 ORDER BY due_ms LIMIT 1)");
    stmt_str(q, 1, integration_id);
    if (stmt_run(q) > 0)
        dead_letters_add(tx, integration_id, -1);
}

static bool integration_is_there(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM integrations WHERE id = $1");
    stmt_str(q, 1, id);
    return stmt_any(q);
}

void delivery_bury(struct tx *tx, const struct delivery *d)
{
    if (!integration_is_there(&tx->rd, d->integration_id)) {
        delivery_erase(tx, d->seq);
        return;
    }
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE deliveries SET state = 2, due_ms = $2 WHERE seq = $1");
    stmt_i64(q, 1, d->seq);
    stmt_i64(q, 2, tx->rd.now_ms);
    if (stmt_run(q) > 0)
        dead_letters_add(tx, d->integration_id, 1);
    if (dead_letters(&tx->rd, d->integration_id) > DELIVERY_DEAD_MAX)
        erase_oldest_dead(tx, d->integration_id);
}

/* --- lists --- */

/* What waits, or is being sent, hangs on the open line; what is dead on the integration. */
#define OF_LINE                                                                                    \
    " line_seq = (SELECT l.seq FROM delivery_lines l"                                              \
    " WHERE l.integration_id = $1 AND l.closed = 0)"
#define FILTER                                                                                     \
    " AND ($2 = '' OR event = $2) AND ($3 = '' OR url = $3)"                                       \
    " AND created_ms >= $4 AND ($5 = 0 OR created_ms < $5)"
#define ORDER " ORDER BY due_ms, seq LIMIT $6 OFFSET $7"

/* Without a filter counting looks at the index alone, for a million may wait. */
struct questions {
    const char *count_all, *count, *page;
};

#define QUESTIONS(state, of)                                                                       \
    {                                                                                              \
        .count_all = "SELECT count(*) FROM deliveries WHERE state = " state " AND" of,             \
        .count = "SELECT count(*) FROM deliveries WHERE state = " state " AND" of FILTER,          \
        .page = "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE state = " state                 \
                " AND" of FILTER ORDER                                                             \
    }

static const struct questions questions[] = {
    [DELIVERY_WAITING] = QUESTIONS("0", OF_LINE),
    [DELIVERY_SENDING] = QUESTIONS("1", OF_LINE),
    [DELIVERY_DEAD] = QUESTIONS("2", " integration_id = $1"),
};

static void bind_filter(struct stmt *q, const struct delivery_filter *f)
{
    stmt_str(q, 1, f->integration_id);
    stmt_str(q, 2, f->event);
    stmt_str(q, 3, f->url);
    stmt_i64(q, 4, f->from_ms);
    stmt_i64(q, 5, f->before_ms);
}

static bool is_open(const struct delivery_filter *f)
{
    return str_empty(f->event) && str_empty(f->url) && f->from_ms == 0 && f->before_ms == 0;
}

int64_t deliveries_total(struct rd *rd, const struct delivery_filter *filter)
{
    if (is_open(filter))
        return deliveries_count(rd, filter->integration_id, filter->state);
    struct stmt *q = db_stmt(rd->db, questions[filter->state].count);
    bind_filter(q, filter);
    return stmt_number(q);
}

int64_t deliveries_count(struct rd *rd, struct str integration_id, enum delivery_state state)
{
    struct stmt *q = db_stmt(rd->db, questions[state].count_all);
    stmt_str(q, 1, integration_id);
    return stmt_number(q);
}

struct delivery_backlog deliveries_backlog(struct rd *rd)
{
    struct delivery_backlog backlog = {.waiting = 0};
    struct stmt *q =
        db_stmt(rd->db, "SELECT count(*), min(due_ms) FROM deliveries WHERE state = 0");
    if (stmt_next(q))
        backlog =
            (struct delivery_backlog){.waiting = col_i64(q, 0), .oldest_due_ms = col_i64(q, 1)};
    stmt_done(q);
    return backlog;
}

struct delivery_list deliveries_page(struct rd *rd, const struct delivery_filter *filter,
                                     int64_t offset, int64_t count)
{
    if (count > DELIVERY_PAGE_MAX)
        count = DELIVERY_PAGE_MAX;
    struct delivery_list list = {.items = ARENA_ARRAY(rd->arena, struct delivery, (size_t)count)};
    struct stmt *q = db_stmt(rd->db, questions[filter->state].page);
    bind_filter(q, filter);
    stmt_i64(q, 6, count);
    stmt_i64(q, 7, offset);
    while (stmt_next(q))
        list.items[list.count++] = delivery_read(q, rd->arena);
    return list;
}

/* --- dropping all --- */

void deliveries_drop(struct tx *tx, struct str integration_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE delivery_lines SET closed = 1"
                                        " WHERE integration_id = $1 AND closed = 0");
    stmt_str(q, 1, integration_id);
    stmt_run(q);
}

void deliveries_forget(struct tx *tx, struct str integration_id)
{
    deliveries_drop(tx, integration_id);
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE dead_letters SET gone = 1 WHERE integration_id = $1");
    stmt_str(q, 1, integration_id);
    stmt_run(q);
}

/* --- sweeping --- */

/* A closed line that can be swept; one whose calls are still under way waits for their end. 0: no
 * line. */
static int64_t closed_line(struct rd *rd)
{
    return stmt_number(db_stmt(
        rd->db, "SELECT l.seq FROM delivery_lines l WHERE l.closed = 1 AND ("
                " EXISTS (SELECT 1 FROM deliveries d WHERE d.state = 0 AND d.line_seq = l.seq)"
                " OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.state = 1"
                " AND d.line_seq = l.seq)) LIMIT 1"));
}

static bool sweep_line(struct tx *tx, int64_t line)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries"
                           " WHERE state = 0 AND line_seq = $1 LIMIT $2)");
    stmt_i64(q, 1, line);
    stmt_i64(q, 2, SLICE);
    if (stmt_run(q) == SLICE)
        return true;
    q = db_stmt(tx->rd.db, "DELETE FROM delivery_lines WHERE seq = $1 AND NOT EXISTS"
                           " (SELECT 1 FROM deliveries d WHERE d.state = 1 AND d.line_seq = $1)");
    stmt_i64(q, 1, line);
    stmt_run(q);
    return true;
}

/* An integration that is gone and has dead ones still; empty: there is none. */
static struct str find_gone(struct rd *rd)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT integration_id FROM dead_letters WHERE gone = 1 LIMIT 1");
    struct str id = stmt_next(q) ? col_str(q, 0, rd->arena) : STR("");
    stmt_done(q);
    return id;
}

static bool sweep_gone(struct tx *tx, struct str integration_id)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries"
                           " WHERE state = 2 AND integration_id = $1 LIMIT $2)");
    stmt_str(q, 1, integration_id);
    stmt_i64(q, 2, SLICE);
    if (stmt_run(q) == SLICE)
        return true;
    q = db_stmt(tx->rd.db, "DELETE FROM dead_letters WHERE integration_id = $1");
    stmt_str(q, 1, integration_id);
    stmt_run(q);
    return true;
}

/* An integration whose oldest dead one has been kept long enough; empty: there is none. */
static struct str find_aged(struct rd *rd)
{
    struct stmt *q = db_stmt(rd->db, "SELECT integration_id FROM deliveries WHERE state = 2"
                                     " AND due_ms <= $1 ORDER BY due_ms LIMIT 1");
    stmt_i64(q, 1, rd->now_ms - DELIVERY_DEAD_DAYS * DAY_MS);
    struct str id = stmt_next(q) ? col_str(q, 0, rd->arena) : STR("");
    stmt_done(q);
    return id;
}

static bool sweep_aged(struct tx *tx, struct str integration_id)
{
    struct stmt *q = db_stmt(
        tx->rd.db, "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE state = 2"
                   " AND integration_id = $1 AND due_ms <= $2 ORDER BY due_ms LIMIT $3)");
    stmt_str(q, 1, integration_id);
    stmt_i64(q, 2, tx->rd.now_ms - DELIVERY_DEAD_DAYS * DAY_MS);
    stmt_i64(q, 3, SLICE);
    dead_letters_add(tx, integration_id, -stmt_run(q));
    return true;
}

bool deliveries_to_sweep(struct rd *rd)
{
    return closed_line(rd) > 0 || !str_empty(find_gone(rd)) || !str_empty(find_aged(rd));
}

bool deliveries_sweep(struct tx *tx)
{
    int64_t line = closed_line(&tx->rd);
    if (line > 0)
        return sweep_line(tx, line);
    struct str id = find_gone(&tx->rd);
    if (!str_empty(id))
        return sweep_gone(tx, id);
    id = find_aged(&tx->rd);
    return !str_empty(id) && sweep_aged(tx, id);
}
