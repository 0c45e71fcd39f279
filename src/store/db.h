/* The database driver: a connection, statements, rows. SQLite here; a second database is another
 * file behind the same calls.
 *
 * SQL is written once, in the files of the nouns, with $1, $2 ... as placeholders, and without
 * dialect. A statement is prepared at its first use on a connection and kept; the SQL text's
 * address is its name, so it must be a constant.
 *
 * Failure is sticky. Code that reads and writes rows does not look for database errors: the first
 * one is kept in the connection, every later call then does nothing and finds nothing, and whoever
 * runs the command (store/tx.c) looks at db_failed() at its end, rolls back and answers 503 or 500
 * instead of whatever the command believed. So "not found" needs no third value, and nothing that
 * was decided after a failure is ever seen.
 *
 * A connection belongs to one thread.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct db;
struct stmt;

enum db_mode { DB_WRITER, DB_READER };

/* NULL and *err when the file cannot be opened or is no database. */
struct db *db_open(const char *path, enum db_mode mode, struct err *err);
void db_close(struct db *db);

/* Runs one or several statements that give no rows: the schema, transaction control. */
bool db_exec(struct db *db, const char *sql);

/* The sticky failure. db_failed(): is there one? db_error(): what it was, as an err (503 for a full
 * disk or a busy file, 500 otherwise). db_clear(): forgets it; the caller has rolled back. */
bool db_failed(const struct db *db);
bool db_error(const struct db *db, struct err *err); /* returns false, as setters do */
void db_clear(struct db *db);
/* Makes the connection fail as if the database had: for rules that the schema cannot check. */
void db_fail(struct db *db, const char *text);
/* Whether a transaction is open (a failure may have ended it by itself). */
bool db_in_transaction(const struct db *db);
/* How many rows this connection has changed so far; those that were rolled back count too. */
int64_t db_rows_changed(const struct db *db);
/* The failure was one of reading or writing the file: the connection must be opened anew. */
bool db_needs_reopen(const struct db *db);

/* Moves what the log holds into the database file, as far as readers allow, without making anybody
 * wait. `out_moved_bytes`: how much of the log, from its start, is in the file now. False when it
 * could not; that is no failure of the connection. */
bool db_checkpoint(struct db *db, int64_t *out_moved_bytes);
/* Waits until what checkpoints have moved is on the disk. The one that empties the log has to wait
 * for that, and then finds little left to wait for. */
void db_flush(struct db *db);
/* Size of the log after this connection's last commit, in bytes. */
int64_t db_log_bytes(const struct db *db);
/* The database may not grow past this many bytes; 0: only the disk limits it. */
void db_limit_size(struct db *db, int64_t bytes);

/* A statement ready for its parameters. Not NULL, also after a failure. */
struct stmt *db_stmt(struct db *db, const char *sql);
/* The same for a text that was put together from constants (an ORDER BY, say): kept for one use. */
struct stmt *db_stmt_once(struct db *db, struct str sql);
/* Parameters by their number in the text ($1 is 1). Bytes are borrowed until the statement is done.
 */
void stmt_str(struct stmt *q, int n, struct str value);
void stmt_i64(struct stmt *q, int n, int64_t value);
void stmt_null(struct stmt *q, int n);
/* An empty view becomes NULL. */
void stmt_str_or_null(struct stmt *q, int n, struct str value);

/* The next row: true when there is one. After the last one (or a failure) the statement is done. */
bool stmt_next(struct stmt *q);
/* For a caller that wants no further rows. */
void stmt_done(struct stmt *q);
/* For statements without rows: next and done at once. Returns how many rows were changed. */
int64_t stmt_run(struct stmt *q);

/* Columns of the current row, from 0. Text is copied into the arena; NULL is an empty view or 0. */
struct str col_str(struct stmt *q, int column, struct arena *arena);
int64_t col_i64(struct stmt *q, int column);
bool col_bool(struct stmt *q, int column);
bool col_null(struct stmt *q, int column);
/* The text without a copy: valid until the next call with this statement. */
struct str col_peek(struct stmt *q, int column);

/* For questions that one row answers. Is there a row? Its number; 0 when there is none. */
static inline bool stmt_any(struct stmt *q)
{
    bool any = stmt_next(q);
    stmt_done(q);
    return any;
}

static inline int64_t stmt_number(struct stmt *q)
{
    int64_t number = stmt_next(q) ? col_i64(q, 0) : 0;
    stmt_done(q);
    return number;
}
