/* The queue and the workers of lane.h.
 *
 * What needs the lock is in one block of the struct; everything else is constant after lane_open().
 * Runs on: submit on any thread, work() on the lane's own threads.
 */
#include "base/lane.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"

struct worker {
    struct lane *lane;
    pthread_t thread;
    void *context;
    bool joinable;
};

struct lane {
    struct lane_spec spec;
    struct worker *workers;
    unsigned label; /* of the lane, for metrics */

    pthread_mutex_t lock; /* leaf lock; guards the rest */
    pthread_cond_t more;  /* a job came, or closing */
    pthread_cond_t begun; /* a worker has called begin() */
    struct mail *first, *last;
    size_t jobs, bytes;
    bool closing;
    unsigned started;   /* workers that have finished begin(), well or not */
    struct err failure; /* of the first begin() that failed */
};

void job_init(struct job *job, struct inbox *home)
{
    *job = (struct job){.magic = JOB_MAGIC, .home = home};
    atomic_init(&job->abandoned, false);
}

bool job_begins(struct job *job)
{
    assert(job->magic == JOB_MAGIC);
    bool late = job->begin_by_ms != 0 && clock_mono_ms() > job->begin_by_ms;
    job->dropped = late || atomic_load_explicit(&job->abandoned, memory_order_relaxed);
    return !job->dropped;
}

void job_home(struct job *job)
{
    assert(job->magic == JOB_MAGIC);
    inbox_put(job->home, &job->mail);
}

/* Those that have the home of the first one, and the others, each in their order. */
static struct mail *part(struct mail *from, const struct mail *to, struct mail **out_others)
{
    const struct inbox *home = ((struct job *)from)->home;
    struct mail *theirs = NULL, **end = &theirs, **others_end = out_others;
    for (struct mail *next; from != to; from = next) {
        struct job *job = (struct job *)from;
        assert(job->magic == JOB_MAGIC);
        next = from->next;
        struct mail ***line = job->home == home ? &end : &others_end;
        **line = from;
        *line = &from->next;
    }
    *end = *others_end = NULL;
    return theirs;
}

void jobs_home(struct mail *from, const struct mail *to)
{
    while (from != to) {
        struct inbox *home = ((struct job *)from)->home;
        struct mail *others = NULL, *theirs = part(from, to, &others);
        inbox_put_all(home, theirs);
        from = others;
        to = NULL;
    }
}

void jobs_finish(struct mail *list)
{
    while (list != NULL) {
        struct mail *next = list->next;
        struct job *job = (struct job *)list;
        assert(job->magic == JOB_MAGIC);
        job->finish(job);
        list = next;
    }
}

void lane_serve_each(void *context, struct mail *jobs)
{
    while (jobs != NULL) {
        struct mail *next = jobs->next;
        struct job *job = (struct job *)jobs;
        if (job_begins(job))
            job->run(job, context);
        job_home(job);
        jobs = next;
    }
}

/* Under the lock: cuts up to `batch` jobs off the front. */
static struct mail *take_batch(struct lane *lane)
{
    struct mail *list = lane->first, *last = NULL;
    size_t taken = 0;
    while (lane->first != NULL && taken < lane->spec.batch) {
        last = lane->first;
        lane->bytes -= ((struct job *)last)->bytes;
        lane->first = last->next;
        taken++;
    }
    lane->jobs -= taken;
    metric_add(METRIC_LANE_WAITING, lane->label, -(int64_t)taken);
    if (last != NULL)
        last->next = NULL;
    return list;
}

static struct mail *wait_for_batch(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->first == NULL && !lane->closing)
        pthread_cond_wait(&lane->more, &lane->lock);
    struct mail *list = take_batch(lane);
    pthread_mutex_unlock(&lane->lock);
    return list;
}

/* A thread's niceness is its own on Linux; failing to lower a priority does no harm. */
static void dress(const struct lane *lane)
{
    pthread_setname_np(pthread_self(), lane->spec.name);
    if (lane->spec.nice != 0) {
        id_t thread = (id_t)syscall(SYS_gettid);
        (void)setpriority(PRIO_PROCESS, thread,
                          getpriority(PRIO_PROCESS, thread) + lane->spec.nice);
    }
}

static bool begin(struct worker *worker)
{
    struct lane *lane = worker->lane;
    struct err err = ERR_NONE;
    worker->context = lane->spec.arg;
    bool ok = !lane->spec.begin || lane->spec.begin(lane->spec.arg, &worker->context, &err);
    pthread_mutex_lock(&lane->lock);
    if (!ok && lane->failure.status == 0)
        lane->failure = err;
    lane->started++;
    pthread_cond_signal(&lane->begun);
    pthread_mutex_unlock(&lane->lock);
    return ok;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct lane *lane = worker->lane;
    dress(lane);
    if (!begin(worker))
        return NULL;
    struct mail *list;
    while ((list = wait_for_batch(lane)) != NULL)
        lane->spec.serve(worker->context, list);
    if (lane->spec.end)
        lane->spec.end(worker->context);
    return NULL;
}

static bool start_workers(struct lane *lane, struct err *err)
{
    unsigned asked = 0;
    for (; asked < lane->spec.threads; asked++) {
        struct worker *worker = &lane->workers[asked];
        worker->lane = lane;
        worker->joinable = pthread_create(&worker->thread, NULL, work, worker) == 0;
        if (!worker->joinable)
            break;
    }
    pthread_mutex_lock(&lane->lock);
    while (lane->started < asked)
        pthread_cond_wait(&lane->begun, &lane->lock);
    bool ok = asked == lane->spec.threads && lane->failure.status == 0;
    if (lane->failure.status != 0)
        *err = lane->failure;
    else if (!ok)
        err_internal(err, "the thread of lane %s could not be started", lane->spec.name);
    pthread_mutex_unlock(&lane->lock);
    return ok;
}

struct lane *lane_open(const struct lane_spec *spec, struct err *err)
{
    assert(spec->threads > 0 && spec->batch > 0);
    struct lane *lane = mem_zalloc(sizeof(*lane));
    lane->spec = *spec;
    lane->label = metric_word(METRIC_LANE_WAITING, str_of(spec->name));
    lane->workers = mem_zalloc(spec->threads * sizeof(*lane->workers));
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->more, NULL);
    pthread_cond_init(&lane->begun, NULL);
    if (start_workers(lane, err))
        return lane;
    lane_close(lane);
    return NULL;
}

void lane_close(struct lane *lane)
{
    if (lane == NULL)
        return;
    pthread_mutex_lock(&lane->lock);
    lane->closing = true;
    pthread_cond_broadcast(&lane->more);
    pthread_mutex_unlock(&lane->lock);
    for (unsigned i = 0; i < lane->spec.threads; i++) {
        if (lane->workers[i].joinable)
            pthread_join(lane->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&lane->begun);
    pthread_cond_destroy(&lane->more);
    pthread_mutex_destroy(&lane->lock);
    free(lane->workers);
    free(lane);
}

bool lane_submit(struct lane *lane, struct job *job, struct err *err)
{
    assert(job->magic == JOB_MAGIC);
    pthread_mutex_lock(&lane->lock);
    bool room =
        lane->jobs < lane->spec.max_jobs && lane->bytes + job->bytes <= lane->spec.max_bytes;
    bool taken = room && !lane->closing;
    if (taken) {
        job->mail.next = NULL;
        if (lane->first == NULL)
            lane->first = &job->mail;
        else
            lane->last->next = &job->mail;
        lane->last = &job->mail;
        lane->jobs++;
        metric_count(METRIC_LANE_WAITING, lane->label);
        lane->bytes += job->bytes;
        pthread_cond_signal(&lane->more);
    }
    pthread_mutex_unlock(&lane->lock);
    return taken ||
           err_busy(err, "The server is busy (%s). Try again in a second.", lane->spec.name);
}

size_t lane_waiting(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    size_t jobs = lane->jobs;
    pthread_mutex_unlock(&lane->lock);
    return jobs;
}
