/* SQL of delivery.h: what the queue asks and writes. Lists and the owner's orders are in
 * delivery_order.c.
 *
 * What always holds: a waiting row stands in an open line, or is waste that nobody is shown; a line
 * is open only while its integration is there and switched on.
 */
#include "store/delivery_rows.h"

#include "base/id.h"
#include "store/integration.h"

/* --- lines --- */

static int64_t open_line(struct rd *rd, struct str integration_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT seq FROM delivery_lines"
                                     " WHERE integration_id = $1 AND closed = 0");
    stmt_str(q, 1, integration_id);
    return stmt_number(q);
}

static bool is_switched_on(struct rd *rd, struct str integration_id)
{
    const struct integration *in = integration_find(rd, integration_id);
    return in != NULL && !integration_is_incoming(in) && in->enabled;
}

/* The integration's line, which is opened when it has none; 0: it may not have one. */
static int64_t line_of(struct tx *tx, struct str integration_id)
{
    int64_t line = open_line(&tx->rd, integration_id);
    if (line > 0 || !is_switched_on(&tx->rd, integration_id))
        return line;
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO delivery_lines (integration_id, closed)"
                                        " VALUES ($1, 0)");
    stmt_str(q, 1, integration_id);
    stmt_run(q);
    return open_line(&tx->rd, integration_id);
}

/* The line the row stands in; *out_open: whether it still counts. */
static bool line_is_open(struct rd *rd, int64_t seq)
{
    struct stmt *q =
        db_stmt(rd->db, "SELECT 1 FROM deliveries d JOIN delivery_lines l ON l.seq = d.line_seq"
                        " WHERE d.seq = $1 AND l.closed = 0");
    stmt_i64(q, 1, seq);
    return stmt_any(q);
}

void delivery_erase(struct tx *tx, int64_t seq)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM deliveries WHERE seq = $1");
    stmt_i64(q, 1, seq);
    stmt_run(q);
}

/* --- into the queue --- */

bool delivery_insert(struct tx *tx, struct delivery *d)
{
    int64_t line = line_of(tx, d->integration_id);
    if (line == 0)
        return false;
    if (str_empty(d->id))
        d->id = id_hex(tx->rd.arena, tx->rd.now_ms);
    d->state = DELIVERY_WAITING;
    d->created_ms = tx->rd.now_ms;
    struct stmt *q =
        db_stmt(tx->rd.db, "INSERT INTO deliveries (id, line_seq, integration_id, state, due_ms,"
                           " tries, depth, created_ms, event, url, data)"
                           " VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10)");
    stmt_str(q, 1, d->id);
    stmt_i64(q, 2, line);
    stmt_str(q, 3, d->integration_id);
    stmt_i64(q, 4, d->due_ms);
    stmt_i64(q, 5, d->tries);
    stmt_i64(q, 6, d->depth);
    stmt_i64(q, 7, d->created_ms);
    stmt_str(q, 8, d->event);
    stmt_str(q, 9, d->url);
    stmt_str(q, 10, d->data);
    stmt_run(q);
    tx_ring(tx, d->integration_id);
    return true;
}

bool delivery_revive(struct tx *tx, const struct delivery *d, int64_t due_ms)
{
    int64_t line = line_of(tx, d->integration_id);
    if (line == 0)
        return false;
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE deliveries SET id = $2, line_seq = $3, state = 0, due_ms = $4,"
                           " tries = 0 WHERE seq = $1 AND state = 2");
    stmt_i64(q, 1, d->seq);
    stmt_str(q, 2, id_hex(tx->rd.arena, tx->rd.now_ms));
    stmt_i64(q, 3, line);
    stmt_i64(q, 4, due_ms);
    if (stmt_run(q) > 0)
        dead_letters_add(tx, d->integration_id, -1);
    tx_ring(tx, d->integration_id);
    return true;
}

/* --- the queue --- */

struct delivery_destinations deliveries_destinations(struct rd *rd, int64_t *after, size_t max)
{
    struct delivery_destinations list = {
        .items = ARENA_ARRAY(rd->arena, struct delivery_destination, max)};
    struct stmt *q = db_stmt(
        rd->db, "SELECT l.seq, l.integration_id, (SELECT min(d.due_ms) FROM deliveries d"
                " WHERE d.state = 0 AND d.line_seq = l.seq)"
                " FROM delivery_lines l WHERE l.closed = 0 AND l.seq > $1 ORDER BY l.seq LIMIT $2");
    stmt_i64(q, 1, *after);
    stmt_i64(q, 2, (int64_t)max);
    size_t looked = 0;
    while (stmt_next(q)) {
        looked++;
        *after = col_i64(q, 0);
        if (!col_null(q, 2))
            list.items[list.count++] = (struct delivery_destination){
                .integration_id = col_str(q, 1, rd->arena), .due_ms = col_i64(q, 2)};
    }
    if (looked < max)
        *after = 0;
    return list;
}

int64_t deliveries_next_due(struct rd *rd, struct str integration_id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT due_ms FROM deliveries WHERE state = 0"
                                     " AND line_seq = $1 ORDER BY due_ms LIMIT 1");
    stmt_i64(q, 1, open_line(rd, integration_id));
    int64_t due_ms = stmt_next(q) ? col_i64(q, 0) : INT64_MAX;
    stmt_done(q);
    return due_ms;
}

struct delivery delivery_read(struct stmt *q, struct arena *a)
{
    return (struct delivery){
        .seq = col_i64(q, 0),
        .id = col_str(q, 1, a),
        .integration_id = col_str(q, 2, a),
        .state = (enum delivery_state)col_i64(q, 3),
        .due_ms = col_i64(q, 4),
        .tries = col_i64(q, 5),
        .depth = col_i64(q, 6),
        .created_ms = col_i64(q, 7),
        .event = col_str(q, 8, a),
        .url = col_str(q, 9, a),
        .data = col_str(q, 10, a),
    };
}

static void mark_sending(struct tx *tx, struct delivery *d, int64_t until_ms)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE deliveries SET state = 1, due_ms = $2 WHERE seq = $1");
    stmt_i64(q, 1, d->seq);
    stmt_i64(q, 2, until_ms);
    stmt_run(q);
    d->state = DELIVERY_SENDING;
    d->due_ms = until_ms;
}

struct delivery_list deliveries_claim(struct tx *tx, struct str integration_id, size_t limit,
                                      int64_t until_ms)
{
    struct rd *rd = tx_rd(tx);
    struct delivery_list list = {.items = ARENA_ARRAY(rd->arena, struct delivery, limit)};
    struct stmt *q = db_stmt(rd->db, "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE state = 0"
                                     " AND line_seq = $1 AND due_ms <= $2"
                                     " ORDER BY due_ms, seq LIMIT $3");
    stmt_i64(q, 1, open_line(rd, integration_id));
    stmt_i64(q, 2, rd->steady_ms);
    stmt_i64(q, 3, (int64_t)limit);
    while (stmt_next(q))
        list.items[list.count++] = delivery_read(q, rd->arena);
    for (size_t i = 0; i < list.count; i++)
        mark_sending(tx, &list.items[i], until_ms);
    return list;
}

void delivery_finish(struct tx *tx, const struct delivery *d)
{
    delivery_erase(tx, d->seq);
}

bool delivery_wait(struct tx *tx, const struct delivery *d, int64_t due_ms, int64_t tries)
{
    if (!line_is_open(&tx->rd, d->seq)) {
        delivery_erase(tx, d->seq);
        return false;
    }
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE deliveries SET state = 0, due_ms = $2, tries = $3"
                                        " WHERE seq = $1");
    stmt_i64(q, 1, d->seq);
    stmt_i64(q, 2, due_ms);
    stmt_i64(q, 3, tries);
    stmt_run(q);
    tx_ring(tx, d->integration_id);
    return true;
}

/* --- the start --- */

static void recover(struct tx *tx, const struct delivery *d)
{
    (void)delivery_wait(tx, d, tx->rd.steady_ms, d->tries);
}

size_t deliveries_recover(struct tx *tx, size_t limit)
{
    struct rd *rd = tx_rd(tx);
    struct delivery *found = ARENA_ARRAY(rd->arena, struct delivery, limit);
    size_t count = 0;
    struct stmt *q = db_stmt(rd->db, "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE state = 1"
                                     " LIMIT $1");
    stmt_i64(q, 1, (int64_t)limit);
    while (stmt_next(q))
        found[count++] = delivery_read(q, rd->arena);
    for (size_t i = 0; i < count; i++)
        recover(tx, &found[i]);
    return count;
}
