/* Opening and closing the store, and the way in for commands and questions. The writer is writer.c,
 * the memory copy catalog.c; this file holds them together. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/hook_options.h"
#include "store/integration.h"
#include "store/internal.h"
#include "store/permission.h"
#include "store/setting.h"
#include "store/token.h"
#include "store/user.h"

enum { WRITE_BATCH = 256, READER_NICE = 5 };

struct store {
    struct store_config config;
    char *path;
    int lock_fd;
    struct catalog *catalog;
    struct writer *writer;
    struct lane *writing, *reading;
    struct checkpoint *checkpoint;
};

/* --- the folder --- */

/* One server at a time: the lock is the kernel's and goes with the process. */
static bool lock_folder(struct store *store, struct err *err)
{
    const char *folder = store->config.folder;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_invalid(err, "The data folder %s cannot be made: %s.", folder, strerror(errno));
    struct buf path;
    buf_init(&path, 4096);
    buf_addf(&path, "%s/gantry.lock", folder);
    store->lock_fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    buf_release(&path);
    if (store->lock_fd < 0)
        return err_invalid(err, "The data folder %s cannot be written: %s.", folder,
                           strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    return err_busy(err,
                    "The data folder %s is in use by another gantry. Stop it first, or choose "
                    "another folder with --data.",
                    folder);
}

/* --- loading --- */

static bool load_catalog(struct store *store, struct db *db, struct err *err)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct tx tx = {
        .rd = {.db = db, .arena = &arena, .catalog = store->catalog, .now_ms = clock_wall_ms()}};
    settings_publish_all(&tx);
    permissions_publish_all(&tx);
    users_publish_all(&tx);
    sessions_publish_all(&tx);
    integrations_publish_all(&tx);
    hook_options_publish_all(&tx);
    bool ok = !db_failed(db) || db_error(db, err);
    if (ok)
        catalog_publish(store->catalog, tx.changes, 0);
    else
        changes_drop(&tx, NULL);
    arena_release(&arena);
    return ok;
}

static bool prepare_database(struct store *store, struct err *err)
{
    struct db *db = db_open(store->path, DB_WRITER, err);
    bool ok = db != NULL && schema_apply(db, err) && load_catalog(store, db, err);
    db_close(db);
    return ok;
}

/* --- lanes --- */

static bool reader_begin(void *arg, void **out_context, struct err *err)
{
    struct store *store = arg;
    struct db *db = db_open(store->path, DB_READER, err);
    if (db == NULL)
        return false;
    struct rd *rd = mem_zalloc(sizeof(*rd));
    *rd = (struct rd){.db = db, .catalog = store->catalog};
    *out_context = rd;
    return true;
}

static void reader_end(void *context)
{
    struct rd *rd = context;
    db_close(rd->db);
    free(rd);
}

/* A question, in a snapshot of its own that begins now. */
static void answer(struct rd *rd, struct command *command)
{
    command->err = ERR_NONE;
    rd->arena = command->arena;
    rd->now_ms = clock_wall_ms();
    rd->steady_ms = clock_steady_ms();
    db_exec(rd->db, "BEGIN");
    command->ok = command->ask(rd, command, &command->err);
    if (db_failed(rd->db))
        command->ok = db_error(rd->db, &command->err);
    db_clear(rd->db);
    db_exec(rd->db, "ROLLBACK");
    db_clear(rd->db);
}

static void reader_serve(void *context, struct mail *jobs)
{
    while (jobs != NULL) {
        struct mail *next = jobs->next;
        struct command *command = (struct command *)jobs;
        command->ok = false;
        if (job_begins(&command->job))
            answer(context, command);
        job_home(&command->job);
        jobs = next;
    }
}

static bool open_lanes(struct store *store, struct err *err)
{
    const struct store_config *config = &store->config;
    store->writer = writer_new(&(struct writer_config){
        .path = store->path,
        .catalog = store->catalog,
        .wal_limit_bytes = config->wal_limit_bytes,
        .file_limit_bytes = config->file_limit_bytes,
    });
    struct lane_spec writing = {.name = "writer",
                                .threads = 1,
                                .max_jobs = config->max_jobs,
                                .max_bytes = config->max_bytes,
                                .batch = WRITE_BATCH,
                                .arg = store->writer,
                                .begin = writer_begin,
                                .serve = writer_serve,
                                .end = writer_end};
    struct lane_spec reading = {.name = "reader",
                                .threads = config->readers,
                                .nice = READER_NICE,
                                .max_jobs = config->max_jobs,
                                .max_bytes = config->max_bytes,
                                .batch = 1,
                                .arg = store,
                                .begin = reader_begin,
                                .serve = reader_serve,
                                .end = reader_end};
    return (store->writing = lane_open(&writing, err)) != NULL &&
           (store->reading = lane_open(&reading, err)) != NULL &&
           (store->checkpoint = checkpoint_open(store->path, store->writer, err)) != NULL;
}

/* --- life --- */

struct store *store_open(const struct store_config *config, struct err *err)
{
    struct store *store = mem_zalloc(sizeof(*store));
    store->config = *config;
    store->lock_fd = -1;
    store->catalog = catalog_new();
    struct buf path;
    buf_init(&path, 4096);
    buf_addf(&path, "%s/gantry.db", config->folder);
    store->path = buf_detach(&path);
    if (lock_folder(store, err) && prepare_database(store, err) && open_lanes(store, err))
        return store;
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    lane_close(store->reading);
    checkpoint_close(store->checkpoint);
    lane_close(store->writing);
    writer_free(store->writer);
    catalog_free(store->catalog);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store);
}

const struct catalog *store_catalog(const struct store *store)
{
    return store->catalog;
}

void store_on_bell(struct store *store, bell_fn bell, void *arg)
{
    catalog_set_bell(store->catalog, bell, arg);
}

void store_on_notice(struct store *store, notice_fn hear, void *arg)
{
    catalog_set_hearer(store->catalog, hear, arg);
}

void store_set_matcher(struct store *store, struct matcher *matcher, matcher_fn follow)
{
    catalog_set_matcher(store->catalog, matcher, follow);
}

bool store_healthy(struct store *store, struct err *err)
{
    return writer_healthy(store->writer, err);
}

/* --- the way in --- */

static size_t weight(const struct command *command)
{
    return sizeof(*command) + command->arena->used;
}

bool store_write(struct store *store, struct command *command, struct err *err)
{
    assert(command->apply != NULL);
    command->job.bytes = weight(command);
    return lane_submit(store->writing, &command->job, err);
}

bool store_read(struct store *store, struct command *command, struct err *err)
{
    assert(command->ask != NULL);
    command->job.bytes = weight(command);
    return lane_submit(store->reading, &command->job, err);
}

/* A command whose maker waits for it on a condition. */
struct waiting {
    struct command command; /* first */
    bool (*apply)(struct tx *tx, void *arg, struct err *err);
    bool (*ask)(struct rd *rd, void *arg, struct err *err);
    void *arg;
    struct inbox home;
    pthread_mutex_t lock; /* guards done */
    pthread_cond_t changed;
    bool done;
};

static void wake_waiting(void *arg)
{
    struct waiting *w = arg;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static bool apply_waiting(struct tx *tx, struct command *self, struct err *err)
{
    struct waiting *w = (struct waiting *)self;
    return w->apply(tx, w->arg, err);
}

static bool ask_waiting(struct rd *rd, struct command *self, struct err *err)
{
    struct waiting *w = (struct waiting *)self;
    return w->ask(rd, w->arg, err);
}

static bool wait_for(struct waiting *w, bool submitted, struct err *err)
{
    if (submitted) {
        pthread_mutex_lock(&w->lock);
        while (!w->done)
            pthread_cond_wait(&w->changed, &w->lock);
        pthread_mutex_unlock(&w->lock);
        (void)inbox_take(&w->home);
        if (!w->command.ok)
            *err = w->command.err;
    }
    inbox_release(&w->home);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    return submitted && w->command.ok;
}

static void waiting_init(struct waiting *w, struct arena *arena, void *arg)
{
    *w = (struct waiting){.arg = arg};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    inbox_init(&w->home, wake_waiting, w);
    job_init(&w->command.job, &w->home);
    w->command.arena = arena;
    w->command.apply = apply_waiting;
    w->command.ask = ask_waiting;
}

bool store_write_now(struct store *store, struct arena *arena,
                     bool (*apply)(struct tx *tx, void *arg, struct err *err), void *arg,
                     struct err *err)
{
    struct waiting w;
    waiting_init(&w, arena, arg);
    w.apply = apply;
    return wait_for(&w, store_write(store, &w.command, err), err);
}

bool store_read_now(struct store *store, struct arena *arena,
                    bool (*ask)(struct rd *rd, void *arg, struct err *err), void *arg,
                    struct err *err)
{
    struct waiting w;
    waiting_init(&w, arena, arg);
    w.ask = ask;
    return wait_for(&w, store_read(store, &w.command, err), err);
}
