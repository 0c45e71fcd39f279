/* The writer: takes commands in batches, one transaction each, and publishes what they changed.
 *
 * What always holds: a command is sent home only after its batch was committed and published, or
 * rolled back; a command that fails leaves no row and no change behind and does not touch the
 * others; when the commit fails, nobody in the batch is told that his change is durable.
 *
 * A savepoint for each command keeps the others safe from one that fails, and costs as much as the
 * rows of a small command. Nearly all commands succeed, or are refused before they change a row:
 * so a batch is first tried without, and when one fails behind its first row the whole batch is
 * rolled back and run again with savepoints.
 *
 * Runs on the store's one writer thread, except writer_healthy(), writer_commits() and
 * writer_note_moved().
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "base/metric.h"
#include "store/internal.h"

enum {
    BATCH_MS = 5,
    SMALL_REST_BYTES = 4 << 20, /* of the log: moved between two batches, and nobody notices */
    LOG_LIMITS_MAX = 4,         /* a log of so many times its limit is moved, whoever has to wait */
};

struct writer {
    struct writer_config config;
    struct db *db;
    int64_t revision;            /* of the catalog: one more for each batch that was committed */
    _Atomic int64_t commits;     /* read by the checkpoint thread */
    _Atomic int64_t moved_bytes; /* of the log, by the checkpoint thread */
    pthread_mutex_t lock;        /* leaf; guards trouble */
    struct err trouble;          /* why the last batch failed; status 0 when it did not */
};

struct writer *writer_new(const struct writer_config *config)
{
    struct writer *w = mem_zalloc(sizeof(*w));
    w->config = *config;
    w->revision = 1; /* 0 is what the start loaded */
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void writer_free(struct writer *w)
{
    if (w == NULL)
        return;
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static bool open_connection(struct writer *w, struct err *err)
{
    w->db = db_open(w->config.path, DB_WRITER, err);
    if (w->db != NULL)
        db_limit_size(w->db, w->config.file_limit_bytes);
    return w->db != NULL;
}

bool writer_begin(void *arg, void **out_context, struct err *err)
{
    struct writer *w = arg;
    *out_context = w;
    return open_connection(w, err);
}

void writer_end(void *context)
{
    struct writer *w = context;
    if (w->db != NULL) {
        int64_t moved;
        db_checkpoint(w->db, &moved);
        db_close(w->db);
    }
    w->db = NULL;
}

bool writer_healthy(struct writer *w, struct err *err)
{
    pthread_mutex_lock(&w->lock);
    bool healthy = w->trouble.status == 0;
    if (!healthy)
        *err = w->trouble;
    pthread_mutex_unlock(&w->lock);
    return healthy;
}

int64_t writer_commits(struct writer *w)
{
    return atomic_load(&w->commits);
}

void writer_note_moved(struct writer *w, int64_t bytes)
{
    atomic_store(&w->moved_bytes, bytes);
}

static void note_trouble(struct writer *w, const struct err *err)
{
    pthread_mutex_lock(&w->lock);
    w->trouble = *err;
    pthread_mutex_unlock(&w->lock);
}

/* Ends a failed transaction, whatever is left of it, and makes the connection usable again. */
static void give_up_transaction(struct writer *w, struct tx *tx)
{
    bool reopen = db_needs_reopen(w->db);
    db_clear(w->db);
    if (db_in_transaction(w->db))
        db_exec(w->db, "ROLLBACK");
    db_clear(w->db);
    changes_drop(tx, NULL);
    if (!reopen)
        return;
    struct err ignored = ERR_NONE;
    struct db *old = w->db;
    if (open_connection(w, &ignored))
        db_close(old);
    else
        w->db = old; /* tried again after the next failure */
}

/* How the commands of a batch are kept apart. */
enum mode { TOGETHER, IN_SAVEPOINTS };

static void apply(struct writer *w, struct tx *tx, struct command *command)
{
    command->err = ERR_NONE;
    tx->rd.arena = command->arena;
    tx->rd.now_ms = clock_wall_ms();
    tx->rd.steady_ms = clock_steady_ms();
    command->ok = command->apply(tx, command, &command->err);
    if (db_failed(w->db))
        command->ok = db_error(w->db, &command->err);
}

/* One command without a savepoint. False when only the end of the transaction undoes it. */
static bool run_together(struct writer *w, struct tx *tx, struct command *command)
{
    struct change *before = tx->changes;
    int64_t rows = db_rows_changed(w->db);
    apply(w, tx, command);
    if (command->ok)
        return true;
    changes_drop(tx, before);
    return !db_failed(w->db) && db_rows_changed(w->db) == rows;
}

/* One command inside its savepoint. False when the whole transaction is lost with it. */
static bool run_in_savepoint(struct writer *w, struct tx *tx, struct command *command)
{
    struct change *before = tx->changes;
    db_exec(w->db, "SAVEPOINT command");
    apply(w, tx, command);
    if (command->ok)
        db_exec(w->db, "RELEASE command");
    if (command->ok && !db_failed(w->db))
        return true;
    if (db_failed(w->db))
        command->ok = db_error(w->db, &command->err);
    changes_drop(tx, before);
    db_clear(w->db);
    return db_in_transaction(w->db) && db_exec(w->db, "ROLLBACK TO command; RELEASE command");
}

static bool run_command(struct writer *w, struct tx *tx, struct command *command, enum mode mode)
{
    return mode == TOGETHER ? run_together(w, tx, command) : run_in_savepoint(w, tx, command);
}

/* Some of the jobs that wait, in one transaction. */
struct batch {
    struct tx tx;
    struct mail *jobs, *rest; /* from the first to, but not including, the first not begun */
    int64_t begun_us, commands;
    bool begun, lost;   /* the transaction */
    struct err trouble; /* why it was lost */
};

/* Runs commands until the list or the batch's time is used up. */
static void run_batch(struct writer *w, struct batch *b, enum mode mode)
{
    int64_t until_ms = clock_mono_ms() + BATCH_MS;
    b->tx = (struct tx){.rd = {.db = w->db, .catalog = w->config.catalog}};
    b->trouble = ERR_NONE;
    b->begun = db_exec(w->db, "BEGIN IMMEDIATE");
    b->lost = !b->begun;
    if (b->lost)
        db_error(w->db, &b->trouble);
    b->rest = b->jobs;
    b->commands = 0;
    do {
        struct command *command = (struct command *)b->rest;
        b->rest = b->rest->next;
        b->commands++;
        command->ok = false;
        if (b->lost)
            command->err = b->trouble;
        else if (job_begins(&command->job) && !run_command(w, &b->tx, command, mode)) {
            b->lost = true;
            b->trouble = command->err;
        }
    } while (b->rest != NULL && !b->lost && clock_mono_ms() < until_ms);
}

static bool commit(struct writer *w, struct err *trouble)
{
    crash_point("before-commit");
    if (!db_exec(w->db, "COMMIT"))
        return db_error(w->db, trouble);
    crash_point("after-commit");
    atomic_fetch_add(&w->commits, 1);
    return true;
}

/* Tells everybody whose change was rolled back with the others. */
static void fail_all(struct mail *from, const struct mail *to, const struct err *trouble)
{
    for (; from != to; from = from->next) {
        struct command *command = (struct command *)from;
        if (command->ok)
            command->err = *trouble;
        command->ok = false;
    }
}

static void measure(const struct writer *w, const struct batch *b, bool committed)
{
    if (!committed) {
        metric_count(METRIC_BATCHES_LOST, 0);
        return;
    }
    metric_observe(METRIC_COMMIT_TIME, 0, clock_mono_us() - b->begun_us);
    metric_observe(METRIC_BATCH_COMMANDS, 0, b->commands);
    metric_set(METRIC_LOG_BYTES, 0, db_log_bytes(w->db));
}

/* One transaction; returns what is left of the list. */
static struct mail *serve_batch(struct writer *w, struct mail *jobs)
{
    struct batch b = {.jobs = jobs, .begun_us = clock_mono_us()};
    run_batch(w, &b, TOGETHER);
    if (b.begun && b.lost) {
        give_up_transaction(w, &b.tx);
        run_batch(w, &b, IN_SAVEPOINTS);
    }
    bool committed = !b.lost && commit(w, &b.trouble);
    measure(w, &b, committed);
    if (committed) {
        catalog_publish(w->config.catalog, b.tx.changes, w->revision++);
        crash_point("before-answer");
    } else {
        fail_all(jobs, b.rest, &b.trouble);
        give_up_transaction(w, &b.tx);
    }
    note_trouble(w, &b.trouble);
    jobs_home(jobs, b.rest);
    return b.rest;
}

/* The log begins anew when all of it is in the database file, and under constant load there is
 * never a moment when it is. So when it is large, the writer moves the rest: right after the
 * checkpoint thread has moved nearly everything, for else the batch that comes next waits long. */
static void keep_log_small(struct writer *w)
{
    int64_t bytes = db_log_bytes(w->db), limit = w->config.wal_limit_bytes;
    if (limit <= 0 || bytes <= limit)
        return;
    bool small_rest = bytes - atomic_load(&w->moved_bytes) <= SMALL_REST_BYTES;
    int64_t moved;
    if (small_rest || bytes > LOG_LIMITS_MAX * limit)
        db_checkpoint(w->db, &moved);
}

void writer_serve(void *context, struct mail *jobs)
{
    struct writer *w = context;
    while (jobs != NULL) {
        jobs = serve_batch(w, jobs);
        keep_log_small(w);
    }
}
