/* A lane: one or a few threads that do one kind of blocking work, fed by a bounded queue of jobs.
 *
 * Properties. A job has exactly one holder at a time: the thread that made it, then the queue, then
 * one worker of the lane, then its home inbox. Whoever holds it may touch it; nobody locks it. The
 * code that a lane runs is plain, straight-line and blocking. A queue is bounded in jobs and bytes,
 * and the bound is met at the edge only: lane_submit() refuses, the request is answered 503, and
 * nothing inside the server ever waits for room.
 *
 * Operation. lane_open() starts the workers; each makes its own context (a database connection,
 * say) with begin(), then takes up to `batch` jobs at a time and gives them to serve(). serve()
 * calls job_begins() for each job before it works on it: false means the job came too late or its
 * client has gone, and it is to be left alone. It calls job_home() once for each job at the end.
 *
 * Safety. lane_close() refuses new jobs, lets the workers finish the queue, and joins them. Jobs
 * that are sent home after that are still taken by their inbox's owner, which therefore outlives
 * lanes.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "base/inbox.h"

struct job {
    struct mail mail;    /* the link in whatever queue holds the job */
    size_t bytes;        /* its weight in the queue's bound */
    int64_t begin_by_ms; /* monotonic; not begun by then: dropped. 0: no deadline */
    struct inbox *home;  /* where it goes when it is done */
    void (*run)(struct job *job, void *context); /* on the lane; what serve() calls */
    void (*finish)(struct job *job);             /* at home: the last holder, frees the job */
    uint32_t magic;                              /* JOB_MAGIC while alive */
    bool dropped;          /* it was not begun: too late, or nobody waits for it */
    atomic_bool abandoned; /* set by the home loop when the client has gone */
};

enum { JOB_MAGIC = 0x6a6f6221 };

/* Fills in a job that lies in memory of the caller's. */
void job_init(struct job *job, struct inbox *home);
/* Whether it is still worth doing; marks it dropped when not. By the lane, before the work. */
bool job_begins(struct job *job);
/* Sends it home. The caller must not touch it afterwards. */
void job_home(struct job *job);
/* The same for those from `from` to, but not including, `to`, of a list: each home is woken once.
 */
void jobs_home(struct mail *from, const struct mail *to);
/* At home: calls finish() of every job in a list that inbox_take() gave. */
void jobs_finish(struct mail *list);

struct lane;

struct lane_spec {
    const char *name; /* for thread names and messages; at most 15 characters */
    unsigned threads;
    int nice;                   /* added to the thread's niceness: 0 as the server, 19 the lowest */
    size_t max_jobs, max_bytes; /* of jobs that wait */
    size_t batch;               /* how many jobs serve() gets at most at a time */
    void *arg;                  /* given to begin() */
    /* All three run on the worker. begin() may be NULL: the context is then `arg`. */
    bool (*begin)(void *arg, void **out_context, struct err *err);
    void (*serve)(void *context, struct mail *jobs); /* a list of struct job, oldest first */
    void (*end)(void *context);
};

/* The usual serve(): run() of each job, one after the other. */
void lane_serve_each(void *context, struct mail *jobs);

/* NULL and *err when a worker could not begin; everything is undone then. `spec` is copied. */
struct lane *lane_open(const struct lane_spec *spec, struct err *err);
void lane_close(struct lane *lane);

/* Any thread. True: the lane holds the job now. False: the lane is full or closing, the job is
 * still the caller's, and *err is filled (503). */
bool lane_submit(struct lane *lane, struct job *job, struct err *err);
/* How many jobs wait; for the health page and for tests. Any thread. */
size_t lane_waiting(struct lane *lane);
