/* The pool's thread. It waits for three things: runs and answers to fetches (by mail), frames of
 * workers, and the clock; then it gives workers that are free to instances that need one.
 *
 * It never runs a script, and nothing it does takes long: a copy of a heap is the most. */
#include "script/pool.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

enum { START_TIMEOUT_MS = 20000, RESTART_FIRST_MS = 50, RESTART_MAX_MS = 10000 };

/* --- workers that come and go --- */

static void wait_before_restart(struct scripts *s)
{
    int64_t wait_ms = RESTART_FIRST_MS << (s->failures < 8 ? s->failures : 8);
    s->failures++;
    s->restart_ms = clock_mono_ms() + (wait_ms < RESTART_MAX_MS ? wait_ms : RESTART_MAX_MS);
}

static void start_workers(struct scripts *s)
{
    struct err err;
    if (clock_mono_ms() < s->restart_ms)
        return;
    for (size_t i = 0; i < s->config.workers; i++) {
        struct worker *w = &s->workers[i];
        if (w->mood == WORKER_GONE && !worker_start(w, s->config.unjailed, &err)) {
            log_event(LOG_ERROR, "script-worker", "error=%s", LOG_Q(str_of(err.text)));
            wait_before_restart(s);
            return;
        }
    }
}

static void log_end(const struct worker *w, int status, const char *why)
{
    log_event(LOG_WARN, "script-worker-ended", "pid=%d instance=%s signal=%d status=%d why=%s",
              (int)w->pid, LOG_Q(w->of == NULL ? STR("") : w->of->key),
              WIFSIGNALED(status) ? WTERMSIG(status) : 0,
              WIFEXITED(status) ? WEXITSTATUS(status) : 0, LOG_Q(str_of(why == NULL ? "" : why)));
}

/* Whatever it was doing is lost. Returns the status of the process. */
static int end_worker(struct scripts *s, struct worker *w, enum script_loss loss, const char *why)
{
    struct worker was = *w;
    bool begun = worker_has_begun(w);
    int status = worker_kill(w);
    if (loss != LOSS_STOP)
        log_end(&was, status, why);
    if (was.mood == WORKER_STARTING)
        wait_before_restart(s);
    if (was.of != NULL && (begun || loss != LOSS_CRASH || !turn_again(s, was.of)))
        turn_lost(s, was.of, loss);
    return status;
}

/* --- frames --- */

static void welcome(struct scripts *s, struct worker *w)
{
    s->failures = 0;
    if (!image_is(&s->base))
        image_copy(&s->images, &s->base, &w->state, w->channel);
}

static void hear(struct scripts *s, struct worker *w)
{
    struct frame frame;
    const char *why;
    enum heard heard = worker_hear(w, &frame, &why);
    if (heard == HEARD_END) {
        (void)end_worker(s, w, LOSS_CRASH, why);
    } else if (heard == HEARD_FRAME && frame.kind == FRAME_READY) {
        welcome(s, w);
    } else if (heard == HEARD_FRAME) {
        struct instance *in = w->of;
        bool broken = frame.verdict == VERDICT_BROKEN;
        w->of = NULL;
        turn_heard(s, in, w, &frame);
        if (broken)
            (void)end_worker(s, w, LOSS_CRASH, "the engine broke");
    }
}

/* --- the clock --- */

/* A worker that others keep from running is given the time that it has not had. */
static void look_at_worker(struct scripts *s, struct worker *w, int64_t now_ms)
{
    if (w->mood != WORKER_BUSY || now_ms < w->look_at_ms)
        return;
    int64_t used_ms = (worker_cpu_us(w) - w->cpu_from_us) / 1000;
    int64_t left_ms = s->config.limits.cpu_ms + GRACE_MS - used_ms;
    if (left_ms <= 0)
        (void)end_worker(s, w, LOSS_TIME, "no end within its CPU time");
    else
        w->look_at_ms = now_ms + left_ms;
}

static void look_at_deadlines(struct scripts *s, int64_t now_ms)
{
    for (struct heap_node *top; (top = heap_top(&s->deadlines)) != NULL && top->key <= now_ms;) {
        struct instance *in = HEAP_ENTRY(top, struct instance, due);
        if (in->turn.worker != NULL)
            (void)end_worker(s, in->turn.worker, LOSS_WALL, "no end within its time");
        else
            turn_lost(s, in, LOSS_WALL);
    }
}

static void look_at_clock(struct scripts *s)
{
    int64_t now_ms = clock_mono_ms();
    for (size_t i = 0; i < s->config.workers; i++)
        look_at_worker(s, &s->workers[i], now_ms);
    look_at_deadlines(s, now_ms);
}

static int64_t next_moment(const struct scripts *s)
{
    const struct heap_node *top = heap_top(&s->deadlines);
    int64_t next = top == NULL || s->leave_ms < top->key ? s->leave_ms : top->key;
    for (size_t i = 0; i < s->config.workers; i++) {
        const struct worker *w = &s->workers[i];
        int64_t moment = w->mood == WORKER_BUSY   ? w->look_at_ms
                         : w->mood == WORKER_GONE ? s->restart_ms
                                                  : INT64_MAX;
        if (moment < next)
            next = moment;
    }
    return next;
}

/* --- who gets which worker --- */

/* One that holds the instance's state already is the best. */
static struct worker *idle_worker(struct scripts *s, const struct instance *in)
{
    struct worker *any = NULL;
    for (size_t i = 0; i < s->config.workers; i++) {
        struct worker *w = &s->workers[i];
        if (w->mood == WORKER_IDLE && w->holds == in)
            return w;
        if (w->mood == WORKER_IDLE && (any == NULL || w->holds == NULL))
            any = w;
    }
    return any;
}

static void give_workers(struct scripts *s)
{
    while (s->first_ready != NULL) {
        struct instance *in = s->first_ready;
        struct worker *w = idle_worker(s, in);
        if (w == NULL)
            return;
        instance_unready(s, in);
        turn_slice(s, in, w);
    }
}

static void count_busy(const struct scripts *s)
{
    int64_t busy = 0;
    for (size_t i = 0; i < s->config.workers; i++)
        busy += s->workers[i].mood == WORKER_BUSY;
    metric_set(METRIC_SCRIPT_WORKERS_BUSY, 0, busy);
}

/* --- the thread --- */

static void take_mail(struct scripts *s)
{
    uint64_t rung;
    (void)!read(s->bell, &rung, sizeof(rung));
    for (struct mail *mail = inbox_take(&s->fetched), *next; mail != NULL; mail = next) {
        next = mail->next;
        fetch_home(s, mail);
    }
    for (struct mail *mail = inbox_take(&s->runs), *next; mail != NULL; mail = next) {
        struct script_run *run = (struct script_run *)(void *)mail;
        next = mail->next;
        instance_admit(s, instance_of(s, run), run);
    }
}

static int poll_ms(int64_t moment)
{
    int64_t left = moment == INT64_MAX ? -1 : moment - clock_mono_ms();
    if (moment == INT64_MAX)
        return -1;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Sleeps until something happens, and hears the workers that have something to say. */
static bool wait_and_hear(struct scripts *s, int timeout_ms)
{
    struct pollfd files[1 + WORKERS_MAX];
    size_t count = s->config.workers;
    files[0] = (struct pollfd){.fd = s->bell, .events = POLLIN};
    for (size_t i = 0; i < count; i++)
        files[1 + i] = (struct pollfd){.fd = s->workers[i].socket, .events = POLLIN};
    int ready = poll(files, 1 + count, timeout_ms);
    for (size_t i = 0; ready > 0 && i < count; i++) {
        if (files[1 + i].revents != 0 && s->workers[i].socket == files[1 + i].fd)
            hear(s, &s->workers[i]);
    }
    return ready > 0 && files[0].revents != 0;
}

/* Every run goes home, those in lines too: what a line yields next is lost as well. */
static void end_runs(struct scripts *s)
{
    for (size_t i = 0; i < s->config.workers; i++) {
        if (s->workers[i].mood != WORKER_GONE)
            (void)end_worker(s, &s->workers[i], LOSS_STOP, NULL);
    }
    for (struct heap_node *top; (top = heap_top(&s->deadlines)) != NULL;)
        turn_lost(s, HEAP_ENTRY(top, struct instance, due), LOSS_STOP);
}

static void *run_pool(void *arg)
{
    struct scripts *s = arg;
    while (!atomic_load(&s->stopping)) {
        start_workers(s);
        if (wait_and_hear(s, poll_ms(next_moment(s))))
            take_mail(s);
        look_at_clock(s);
        give_workers(s);
        runs_leave(s, clock_mono_ms());
        count_busy(s);
        instances_tidy(s);
    }
    take_mail(s);
    end_runs(s);
    runs_leave(s, INT64_MAX);
    fetches_stop(s);
    while (s->under_way != NULL) {
        (void)wait_and_hear(s, -1);
        take_mail(s);
    }
    return NULL;
}

/* --- opening and closing --- */

static void ring(void *arg)
{
    const struct scripts *s = arg;
    uint64_t one = 1;
    (void)!write(s->bell, &one, sizeof(one));
}

/* The first worker shows whether scripts can run here at all, and gives the fresh heap. */
static bool meet_first(struct scripts *s, struct err *err)
{
    struct worker *w = &s->workers[0];
    int64_t until_ms = clock_mono_ms() + START_TIMEOUT_MS;
    if (!worker_start(w, s->config.unjailed, err))
        return false;
    while (w->mood == WORKER_STARTING) {
        struct pollfd file = {.fd = w->socket, .events = POLLIN};
        struct frame frame;
        const char *why = NULL;
        int ready = poll(&file, 1, poll_ms(until_ms));
        enum heard heard = ready == 0 ? HEARD_END : worker_hear(w, &frame, &why);
        if (heard != HEARD_END)
            continue;
        int status = worker_kill(w);
        if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_NO_JAIL)
            return err_internal(err, "The kernel refuses the jail in which scripts run (seccomp). "
                                     "Allow it, or set scripts.unjailed = true to run them "
                                     "without, or scripts.enabled = false.");
        return err_internal(err, "The process for scripts does not start (%s %d).",
                            WIFSIGNALED(status) ? "signal" : "status",
                            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    welcome(s, w);
    return true;
}

static bool start_thread(struct scripts *s, struct err *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    s->started = pthread_create(&s->thread, NULL, run_pool, s) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!s->started)
        return err_internal(err, "The thread for scripts could not be started.");
    (void)pthread_setname_np(s->thread, "scripts");
    return true;
}

static struct scripts *pool_new(const struct scripts_config *config)
{
    struct scripts *s = mem_zalloc(sizeof(*s));
    struct str folder = str_of(config->folder);
    s->config = *config;
    s->leave_ms = INT64_MAX;
    s->folder = mem_zalloc(folder.len + 1);
    memcpy(s->folder, folder.ptr, folder.len);
    s->config.folder = s->folder;
    if (s->config.workers < 1)
        s->config.workers = 1;
    if (s->config.workers > WORKERS_MAX)
        s->config.workers = WORKERS_MAX;
    for (size_t i = 0; i < WORKERS_MAX; i++)
        s->workers[i] = (struct worker){.mood = WORKER_GONE, .socket = -1, .memory = -1};
    int failed = pthread_mutex_init(&s->gate, NULL);
    assert(!failed);
    inbox_init(&s->runs, ring, s);
    inbox_init(&s->fetched, ring, s);
    images_init(&s->images, s->folder);
    map_init(&s->instances, instance_key);
    heap_init(&s->hot);
    heap_init(&s->cold);
    heap_init(&s->deadlines);
    return s;
}

struct scripts *scripts_open(const struct scripts_config *config, struct err *err)
{
    struct scripts *s = pool_new(config);
    s->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = s->bell >= 0 || err_internal(err, "No descriptor is left for scripts.");
    if (ok && meet_first(s, err) && start_thread(s, err))
        return s;
    scripts_free(s);
    return NULL;
}

void scripts_submit(struct scripts *s, struct script_run *run)
{
    (void)pthread_mutex_lock(&s->gate);
    bool open = !s->stopping;
    if (open)
        inbox_put(&s->runs, &run->job.mail);
    (void)pthread_mutex_unlock(&s->gate);
    if (!open) {
        run->retry_after_s = 1;
        run_refuse(run, SCRIPT_REFUSED);
    }
}

void scripts_stop(struct scripts *s)
{
    (void)pthread_mutex_lock(&s->gate);
    s->stopping = true;
    (void)pthread_mutex_unlock(&s->gate);
    if (!s->started)
        return;
    ring(s);
    (void)pthread_join(s->thread, NULL);
    s->started = false;
}

static void free_instances(struct scripts *s)
{
    size_t cursor = 0;
    for (struct instance *in; (in = map_each(&s->instances, &cursor)) != NULL; cursor = 0)
        instance_free(s, in);
}

void scripts_free(struct scripts *s)
{
    if (s == NULL)
        return;
    scripts_stop(s);
    if (s->workers[0].mood != WORKER_GONE)
        (void)worker_kill(&s->workers[0]);
    free_instances(s);
    image_drop(&s->images, &s->base);
    images_release(&s->images);
    map_release(&s->instances);
    heap_release(&s->hot);
    heap_release(&s->cold);
    heap_release(&s->deadlines);
    inbox_release(&s->runs);
    inbox_release(&s->fetched);
    (void)pthread_mutex_destroy(&s->gate);
    if (s->bell >= 0)
        (void)close(s->bell);
    free(s->folder);
    free(s);
}
