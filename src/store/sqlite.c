/* The driver of db.h for SQLite: WAL, synchronous=FULL, so that a commit is on the disk.
 *
 * Statements are kept in a small table keyed by the address of their text. Parameters are named $1,
 * $2 ...; SQLite numbers them by first appearance, so each statement keeps where its $n went. Runs
 * on whichever thread owns the connection; nothing here is shared.
 */
#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/db.h"

enum { PARAMS_MAX = 24, STATEMENTS_MAX = 512 };

struct stmt {
    struct db *db;
    const char *sql; /* identity; NULL for a text used once */
    sqlite3_stmt *handle;
    unsigned char place[PARAMS_MAX + 1]; /* of $n in SQLite's own numbering; 0: not in the text */
    bool running;
    struct stmt *next_spent;
};

struct db {
    sqlite3 *handle;
    struct stmt *statements[STATEMENTS_MAX]; /* open addressing by address of the text */
    size_t statement_count;
    struct stmt *spent; /* those that were used once; freed at the next, so that done is harmless */
    struct stmt idle;   /* what is handed out after a failure: every call on it does nothing */
    int64_t log_pages;
    int code; /* SQLite's result code of the sticky failure, 0 when there is none */
    char text[256];
};

/* --- failure --- */

static void keep_failure(struct db *db, int code, const char *text)
{
    if (db->code != 0)
        return; /* the first one explains the rest */
    db->code = code;
    (void)snprintf(db->text, sizeof(db->text), "%s", text);
}

static bool check(struct db *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return true;
    keep_failure(db, sqlite3_extended_errcode(db->handle), sqlite3_errmsg(db->handle));
    return false;
}

bool db_failed(const struct db *db)
{
    return db->code != 0;
}

void db_fail(struct db *db, const char *text)
{
    keep_failure(db, SQLITE_ERROR, text);
}

void db_clear(struct db *db)
{
    db->code = 0;
}

bool db_needs_reopen(const struct db *db)
{
    return (db->code & 0xff) == SQLITE_IOERR || (db->code & 0xff) == SQLITE_CORRUPT;
}

bool db_error(const struct db *db, struct err *err)
{
    switch (db->code & 0xff) {
    case SQLITE_FULL:
        return err_busy(err, "The disk is full: nothing can be stored until there is room again.");
    case SQLITE_IOERR:
        return err_busy(err, "The database file cannot be read or written (%s).", db->text);
    case SQLITE_BUSY:
        return err_busy(err, "The database is locked by another program.");
    case SQLITE_READONLY:
        return err_busy(err,
                        "The database %s may not be written. Look at its owner and mode, those of "
                        "its folder, and whether the disk is read-only.",
                        sqlite3_db_filename(db->handle, "main"));
    default:
        return err_internal(err, "The database failed: %s.", db->text);
    }
}

bool db_in_transaction(const struct db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t db_rows_changed(const struct db *db)
{
    return sqlite3_total_changes64(db->handle);
}

/* --- connection --- */

/* What is not in the log is read through the mapping, so that a small cache is enough; and SQLite
 * walks through all of a connection's cache at the end of most commits. */
static const char *const pragmas_common = "PRAGMA busy_timeout = 2000;"
                                          "PRAGMA cache_size = -16384;"
                                          "PRAGMA mmap_size = 1073741824;"
                                          "PRAGMA temp_store = MEMORY;";
static const char *const pragmas_writer = "PRAGMA journal_mode = WAL;"
                                          "PRAGMA synchronous = FULL;"
                                          "PRAGMA wal_autocheckpoint = 0;"
                                          "PRAGMA journal_size_limit = 50331648;";

enum { PAGE_BYTES = 4096 }; /* SQLite's default */

static int note_log_size(void *arg, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((struct db *)arg)->log_pages = pages;
    return SQLITE_OK;
}

/* SQLite counts its memory under a lock, for questions that nobody here asks. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct db *db_open(const char *path, enum db_mode mode, struct err *err)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure); /* before the first connection */
    struct db *db = mem_zalloc(sizeof(*db));
    db->idle.db = db;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= mode == DB_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    bool ok = check(db, sqlite3_open_v2(path, &db->handle, flags, NULL));
    ok = ok && db_exec(db, pragmas_common) && (mode == DB_READER || db_exec(db, pragmas_writer));
    if (ok) {
        if (mode == DB_WRITER)
            sqlite3_wal_hook(db->handle, note_log_size, db);
        return db;
    }
    err_internal(err, "%s cannot be opened as a database: %s.", path, db->text);
    db_close(db);
    return NULL;
}

static void free_spent(struct db *db)
{
    while (db->spent != NULL) {
        struct stmt *q = db->spent;
        db->spent = q->next_spent;
        free(q);
    }
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (db->statements[i] != NULL) {
            sqlite3_finalize(db->statements[i]->handle);
            free(db->statements[i]);
        }
    }
    free_spent(db);
    sqlite3_close(db->handle);
    free(db);
}

bool db_exec(struct db *db, const char *sql)
{
    return db->code == 0 && check(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

bool db_checkpoint(struct db *db, int64_t *out_moved_bytes)
{
    int pages = 0;
    /* A connection that has never read does not know the log and would do nothing. */
    (void)sqlite3_exec(db->handle, "SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL);
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &pages);
    *out_moved_bytes = pages > 0 ? (int64_t)pages * PAGE_BYTES : 0;
    return code == SQLITE_OK;
}

void db_flush(struct db *db)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code == SQLITE_OK && file != NULL && file->pMethods != NULL)
        (void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

int64_t db_log_bytes(const struct db *db)
{
    return db->log_pages * PAGE_BYTES;
}

void db_limit_size(struct db *db, int64_t bytes)
{
    if (bytes <= 0)
        return;
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld",
                   (long long)(bytes / PAGE_BYTES));
    db_exec(db, sql);
}

/* --- statements --- */

static void find_places(struct stmt *q)
{
    int count = sqlite3_bind_parameter_count(q->handle);
    for (int at = 1; at <= count; at++) {
        const char *name = sqlite3_bind_parameter_name(q->handle, at);
        int64_t n = 0;
        bool numbered = name != NULL && name[0] == '$' && str_to_i64(str_of(name + 1), &n);
        assert(numbered && n >= 1 && n <= PARAMS_MAX);
        q->place[n] = (unsigned char)at;
    }
}

static struct stmt *prepare(struct db *db, struct str sql, const char *identity)
{
    sqlite3_stmt *handle = NULL;
    unsigned flags = identity != NULL ? SQLITE_PREPARE_PERSISTENT : 0;
    if (!check(db, sqlite3_prepare_v3(db->handle, sql.ptr, (int)sql.len, flags, &handle, NULL)))
        return &db->idle;
    struct stmt *q = mem_zalloc(sizeof(*q));
    *q = (struct stmt){.db = db, .sql = identity, .handle = handle};
    find_places(q);
    return q;
}

static size_t slot_of(const struct db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql * 0x9e3779b97f4a7c15u >> 32) % STATEMENTS_MAX;
    while (db->statements[at] != NULL && db->statements[at]->sql != sql)
        at = (at + 1) % STATEMENTS_MAX;
    return at;
}

struct stmt *db_stmt(struct db *db, const char *sql)
{
    if (db->code != 0)
        return &db->idle;
    size_t at = slot_of(db, sql);
    if (db->statements[at] == NULL) {
        struct stmt *q = prepare(db, str_of(sql), sql);
        if (q == &db->idle)
            return q;
        assert(++db->statement_count < STATEMENTS_MAX);
        db->statements[at] = q;
    }
    struct stmt *q = db->statements[at];
    assert(!q->running); /* the same statement inside its own loop */
    return q;
}

struct stmt *db_stmt_once(struct db *db, struct str sql)
{
    free_spent(db);
    return db->code != 0 ? &db->idle : prepare(db, sql, NULL);
}

/* A number that is not in the text is a bug in the caller. */
static int place_of(const struct stmt *q, int n)
{
    assert(n >= 1 && n <= PARAMS_MAX && q->place[n] != 0);
    return q->place[n];
}

static bool usable(const struct stmt *q)
{
    return q->handle != NULL && q->db->code == 0;
}

void stmt_str(struct stmt *q, int n, struct str value)
{
    if (usable(q))
        check(q->db, sqlite3_bind_text64(q->handle, place_of(q, n), value.ptr ? value.ptr : "",
                                         value.len, SQLITE_STATIC, SQLITE_UTF8));
}

void stmt_i64(struct stmt *q, int n, int64_t value)
{
    if (usable(q))
        check(q->db, sqlite3_bind_int64(q->handle, place_of(q, n), value));
}

void stmt_null(struct stmt *q, int n)
{
    if (usable(q))
        check(q->db, sqlite3_bind_null(q->handle, place_of(q, n)));
}

void stmt_str_or_null(struct stmt *q, int n, struct str value)
{
    if (str_empty(value))
        stmt_null(q, n);
    else
        stmt_str(q, n, value);
}

bool stmt_next(struct stmt *q)
{
    if (!usable(q)) {
        stmt_done(q);
        return false;
    }
    q->running = true;
    int code = sqlite3_step(q->handle);
    if (code == SQLITE_ROW)
        return true;
    check(q->db, code);
    stmt_done(q);
    return false;
}

void stmt_done(struct stmt *q)
{
    if (q->handle == NULL)
        return;
    q->running = false;
    if (q->sql == NULL) {
        sqlite3_finalize(q->handle);
        q->handle = NULL; /* every further call on it does nothing */
        q->next_spent = q->db->spent;
        q->db->spent = q;
        return;
    }
    sqlite3_reset(q->handle);
    sqlite3_clear_bindings(q->handle);
}

int64_t stmt_run(struct stmt *q)
{
    struct db *db = q->db;
    int64_t before = db_rows_changed(db);
    while (stmt_next(q)) {
    }
    return db_rows_changed(db) - before;
}

/* --- rows --- */

struct str col_peek(struct stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q->handle, column);
    return str_from(text, (size_t)sqlite3_column_bytes(q->handle, column));
}

struct str col_str(struct stmt *q, int column, struct arena *arena)
{
    return arena_str(arena, col_peek(q, column));
}

int64_t col_i64(struct stmt *q, int column)
{
    return sqlite3_column_int64(q->handle, column);
}

bool col_bool(struct stmt *q, int column)
{
    return col_i64(q, column) != 0;
}

bool col_null(struct stmt *q, int column)
{
    return sqlite3_column_type(q->handle, column) == SQLITE_NULL;
}
