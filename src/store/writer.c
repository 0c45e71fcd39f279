/* The writer: takes commands in batches, one transaction each, and publishes what they changed.
 *
 * What always holds: a command is sent home only after its batch was committed and published, or
 * rolled back; a command that fails leaves no row and no change behind and does not touch the
 * others; when the commit fails, nobody in the batch is told that his change is durable.
 *
 * Runs on the store's one writer thread, except writer_healthy() and writer_commits().
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "store/internal.h"

enum { BATCH_MS = 5 };

struct writer {
    struct writer_config config;
    struct db *db;
    int64_t revision;        /* of the catalog: one more for each batch that was committed */
    _Atomic int64_t commits; /* read by the checkpoint thread */
    pthread_mutex_t lock;    /* leaf; guards trouble */
    struct err trouble;      /* why the last batch failed; status 0 when it did not */
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
        db_checkpoint(w->db);
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

/* One command inside its savepoint. False when the whole transaction is lost with it. */
static bool run_command(struct writer *w, struct tx *tx, struct command *command)
{
    struct change *before = tx->changes;
    command->err = ERR_NONE;
    tx->rd.arena = command->arena;
    tx->rd.now_ms = clock_wall_ms();
    db_exec(w->db, "SAVEPOINT command");
    command->ok = command->apply(tx, command, &command->err);
    if (db_failed(w->db))
        command->ok = db_error(w->db, &command->err);
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

/* Runs commands until the list or the batch's time is used up. Returns the first that was not
 * begun; *lost tells that the transaction broke and *trouble why. */
static struct mail *run_batch(struct writer *w, struct tx *tx, struct mail *jobs, bool *lost,
                              struct err *trouble)
{
    int64_t until_ms = clock_mono_ms() + BATCH_MS;
    struct mail *at = jobs;
    *lost = !db_exec(w->db, "BEGIN IMMEDIATE");
    if (*lost)
        db_error(w->db, trouble);
    do {
        struct command *command = (struct command *)at;
        at = at->next;
        command->ok = false;
        if (*lost)
            command->err = *trouble;
        else if (job_begins(&command->job) && !run_command(w, tx, command)) {
            *lost = true;
            *trouble = command->err;
        }
    } while (at != NULL && !*lost && clock_mono_ms() < until_ms);
    return at;
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

static void send_home(struct mail *from, const struct mail *to)
{
    while (from != to) {
        struct mail *next = from->next;
        job_home((struct job *)from);
        from = next;
    }
}

/* One transaction; returns what is left of the list. */
static struct mail *serve_batch(struct writer *w, struct mail *jobs)
{
    struct tx tx = {.rd = {.db = w->db, .catalog = w->config.catalog}};
    struct err trouble = ERR_NONE;
    bool lost;
    struct mail *rest = run_batch(w, &tx, jobs, &lost, &trouble);
    if (!lost && commit(w, &trouble)) {
        catalog_publish(w->config.catalog, tx.changes, w->revision++);
        crash_point("before-answer");
    } else {
        fail_all(jobs, rest, &trouble);
        give_up_transaction(w, &tx);
    }
    note_trouble(w, &trouble);
    send_home(jobs, rest);
    return rest;
}

void writer_serve(void *context, struct mail *jobs)
{
    struct writer *w = context;
    while (jobs != NULL)
        jobs = serve_batch(w, jobs);
    /* Under constant load nobody else's checkpoint ever empties the log; between two batches the
     * writer's own does. */
    if (w->config.wal_limit_bytes > 0 && db_log_bytes(w->db) > w->config.wal_limit_bytes)
        db_checkpoint(w->db);
}
