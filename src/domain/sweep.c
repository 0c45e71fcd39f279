/* The sweeper's thread; see sweep.h. What it sweeps is a table: a question, asked on a reader, that
 * says whether there is work, and a command that does a slice of it. */
#include "domain/sweep.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/mem.h"
#include "domain/file.h"
#include "domain/message.h"
#include "domain/room.h"
#include "store/delivery.h"
#include "store/hook_key.h"
#include "store/outgoing_history.h"
#include "store/record.h"

enum {
    LOOK_EVERY_MS = 1000, /* for work */
    PAUSE_MS = 5,         /* between slices, at least: others go first ... */
    PAUSE_TIMES = 3,      /* ... and this many times as long as the last slice took: a quarter of
                             the writer, and less of it the more others want of it */
    ARENA_BYTES = 1 << 20,
};

static const struct task {
    bool (*due)(struct rd *rd);
    bool (*slice)(struct tx *tx); /* true: there is more */
} tasks[] = {
    {rooms_to_sweep, rooms_sweep},
    {messages_to_sweep, messages_sweep},
    {records_to_sweep, records_sweep},
    {hook_keys_to_sweep, hook_keys_sweep},
    {outgoing_history_to_sweep, outgoing_history_sweep},
    {deliveries_to_sweep, deliveries_sweep},
};
enum { TASKS = sizeof(tasks) / sizeof(tasks[0]) };

struct sweep {
    struct store *store;
    struct files *files;
    pthread_t thread;
    pthread_mutex_t lock; /* leaf; guards stop */
    pthread_cond_t stopped;
    bool stop;
};

/* --- one task --- */

struct step {
    const struct task *task;
    bool more;
};

static bool ask_due(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct step *step = arg;
    step->more = step->task->due(rd);
    return true;
}

static bool do_slice(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct step *step = arg;
    step->more = step->task->slice(tx);
    return true;
}

/* False when nothing can be done now; that is tried again at the next look. */
static bool run(struct sweep *s, struct step *step, bool slice)
{
    struct arena arena;
    struct err err = ERR_NONE;
    arena_init(&arena, ARENA_BYTES);
    bool ok = slice ? store_write_now(s->store, &arena, do_slice, step, &err)
                    : store_read_now(s->store, &arena, ask_due, step, &err);
    arena_release(&arena);
    return ok && step->more;
}

/* --- the thread --- */

/* True: the time is up. False: the sweeper shall end. */
static bool wait(struct sweep *s, int64_t ms)
{
    struct timespec until = cond_moment(ms);
    pthread_mutex_lock(&s->lock);
    while (!s->stop && cond_wait_until(&s->stopped, &s->lock, &until)) {
    }
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static bool sweep_task(struct sweep *s, const struct task *task)
{
    struct step step = {.task = task};
    bool more = run(s, &step, false);
    while (more) {
        int64_t begun_ms = clock_mono_ms();
        more = run(s, &step, true);
        if (!wait(s, PAUSE_MS + (clock_mono_ms() - begun_ms) * PAUSE_TIMES))
            return false;
    }
    return true;
}

static void *sweep_run(void *arg)
{
    struct sweep *s = arg;
    while (wait(s, LOOK_EVERY_MS)) {
        for (size_t i = 0; i < TASKS; i++)
            if (!sweep_task(s, &tasks[i]))
                return NULL;
        files_sweep(s->files);
    }
    return NULL;
}

struct sweep *sweep_open(struct store *store, struct files *files, struct err *err)
{
    struct sweep *s = mem_zalloc(sizeof(*s));
    s->store = store;
    s->files = files;
    pthread_mutex_init(&s->lock, NULL);
    cond_init(&s->stopped);
    if (pthread_create(&s->thread, NULL, sweep_run, s) == 0) {
        (void)pthread_setname_np(s->thread, "sweep");
        return s;
    }
    (void)err_internal(err, "The thread that removes deleted rows cannot be started.");
    free(s);
    return NULL;
}

void sweep_close(struct sweep *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->stopped);
    pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->stopped);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
