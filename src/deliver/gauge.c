/* How much waits, for those who watch the server: a question to the readers now and then, the rarer
 * the longer it takes. Runs on the thread `queue`; ask() on a reader. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"
#include "deliver/internal.h"

enum { LOOK_EVERY_MS = 2000, SHARE = 100, ARENA_BYTES = 1 << 20 };

struct gauge {
    struct command command; /* first */
    struct deliveries *home;
    struct arena arena;
    struct delivery_backlog backlog;
    int64_t begun_ms;
};

static bool ask(struct rd *rd, struct command *command, struct err *err)
{
    (void)err;
    struct gauge *gauge = (struct gauge *)command;
    gauge->begun_ms = clock_mono_ms();
    gauge->backlog = deliveries_backlog(rd);
    return true;
}

static void tell(const struct delivery_backlog *backlog)
{
    bool late = backlog->waiting > 0 && backlog->oldest_due_ms <= clock_steady_ms();
    metric_set(METRIC_DELIVERIES_WAITING, 0, backlog->waiting);
    metric_set(METRIC_DELIVERY_OLDEST_MS, 0,
               late ? clock_steady_to_wall(backlog->oldest_due_ms) : 0);
}

static void came(struct job *job)
{
    struct gauge *gauge = (struct gauge *)job;
    struct deliveries *d = gauge->home;
    int64_t now_ms = clock_mono_ms();
    d->gauging = false;
    if (gauge->command.ok) {
        tell(&gauge->backlog);
        d->gauge_at_ms = now_ms + LOOK_EVERY_MS + (now_ms - gauge->begun_ms) * SHARE;
    }
    arena_release(&gauge->arena);
    free(gauge);
}

void deliveries_gauge(struct deliveries *d)
{
    if (d->gauging || clock_mono_ms() < d->gauge_at_ms)
        return;
    struct gauge *gauge = mem_zalloc(sizeof(*gauge));
    d->gauging = true;
    d->gauge_at_ms = clock_mono_ms() + LOOK_EVERY_MS;
    gauge->home = d;
    arena_init(&gauge->arena, ARENA_BYTES);
    job_init(&gauge->command.job, &d->jobs);
    gauge->command.job.finish = came;
    gauge->command.job.bytes = sizeof(*gauge);
    gauge->command.arena = &gauge->arena;
    gauge->command.ask = ask;
    if (!store_read(d->config.store, &gauge->command, &gauge->command.err))
        came(&gauge->command.job);
}
