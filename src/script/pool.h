/* What the files of the pool share; nobody else includes it. Everything here belongs to the pool's
 * thread, but for the inboxes.
 *
 *   pool.c       the thread: mail in, frames in, clocks, who gets which worker
 *   instance.c   an integration's state and line of runs; which states stay in memory
 *   turn.c       one run from its beginning to its end, slice by slice
 *   fetch.c      what a script asks of other servers
 *   process.c    a worker; image.c its heap, put away
 */
#pragma once

#include <pthread.h>

#include "base/heap.h"
#include "base/json.h"
#include "base/map.h"
#include "script/image.h"
#include "script/process.h"
#include "script/script.h"

enum {
    WORKERS_MAX = 8,
    LINE_MAX_RUNS = 64,    /* of one instance; more are refused */
    FETCHES_AT_ONCE = 8,   /* of one run; more are rejected */
    FETCHES_PER_RUN = 64,  /* likewise */
    FETCHES_IN_ALL = 1024, /* of everybody, likewise */
    FETCH_BODY = 3 << 20,  /* bytes of an answer */
    FETCH_REDIRECTS = 5,
    KILLS_TO_SUSPEND = 5, /* in a row */
    SUSPEND_FIRST_S = 60,
    SUSPEND_MAX_S = 3600,
    GRACE_MS = 100, /* from the CPU limit to the kill of what does not look at it */
    HOLD_MS = 2,    /* that an ended run waits for the next one of its line */
    SOURCE_MAX = 256 << 10,
};

/* Bytes of states in the file; the oldest are forgotten beyond, and evaluated anew. */
#define COLD_MAX ((size_t)4 << 30)

enum stage { STAGE_CHECK, STAGE_EVALUATE, STAGE_CALL, STAGE_RESUME };

/* Why a turn ends without a word of its worker. */
enum script_loss {
    LOSS_TIME,  /* killed: it did not end within its CPU time */
    LOSS_WALL,  /* the call with all it awaits took too long */
    LOSS_CRASH, /* the process ended */
    LOSS_STOP,  /* the server stops */
    LOSS_COUNT,
};

struct fetch; /* fetch.c */

/* The run that an instance is at. */
struct turn {
    struct script_run *run; /* NULL: it is at none */
    enum stage stage;       /* what the next frame asks, or the last one asked */
    struct worker *worker;  /* at work for it, or NULL */
    struct image waiting;   /* its heap while it waits for fetches */
    struct fetch *asked;    /* under way */
    struct fetch *answers;  /* that came and were not told yet, oldest first */
    unsigned outstanding;   /* fetches under way */
    unsigned fetches;       /* begun so far */
    unsigned again;         /* slices that a worker never began, for it was dying */
    int64_t begun_us;
    int64_t cpu_us;       /* used by the method, without the evaluation */
    int64_t lines;        /* of console */
    struct json *console; /* array, in the run's arena; NULL: none */
};

struct instance {
    struct str key;       /* owned */
    int64_t revision;     /* of the record that `kept` comes from */
    struct image kept;    /* after its last call that ended well */
    struct heap_node age; /* in hot or cold, by last use */
    struct heap_node due; /* in deadlines, while its turn lasts: the wall limit */
    struct turn turn;
    struct mail *first, *last; /* runs that wait */
    size_t waiting;            /* how many */
    struct instance *next;     /* in the line for workers */
    bool ready;                /* it stands there */
    bool passing;              /* made for one run */
    unsigned kills;            /* of its workers, in a row */
    int64_t suspended_ms;      /* monotonic; until then; 0: it is not */
    int64_t suspended_for_s;
};

struct scripts {
    struct scripts_config config;
    char *folder; /* owned copy of the config's */
    pthread_t thread;
    int bell;             /* an eventfd: something came */
    struct inbox runs;    /* of submit() */
    struct inbox fetched; /* of the client */
    pthread_mutex_t gate; /* leaf lock: nothing is put after `stopping` */
    atomic_bool stopping;
    bool started; /* the thread */
    struct worker workers[WORKERS_MAX];
    int64_t restart_ms; /* monotonic; no worker is started before */
    unsigned failures;  /* to start one, in a row */
    struct image base;  /* a fresh engine */
    struct image_store images;
    struct mail *first_ended, *last_ended;     /* runs on their way home, and when they leave */
    int64_t leave_ms;                          /* monotonic; of none: INT64_MAX */
    struct map instances;                      /* by key; owned */
    struct heap hot, cold;                     /* instances with a state, by last use */
    struct heap deadlines;                     /* of turns; ms, monotonic */
    struct instance *first_ready, *last_ready; /* that need a worker */
    int64_t uses;
    struct fetch *under_way; /* fetches, also those that nobody waits for */
    unsigned fetches;        /* how many */
    uint64_t passing;        /* instances made for one run, so far */
};

/* --- instance.c --- */

struct str instance_key(const void *entry);
/* The one that this run is for; made when it is new. */
struct instance *instance_of(struct scripts *s, const struct script_run *run);
/* Puts a run into its line, or sends it home. */
void instance_admit(struct scripts *s, struct instance *in, struct script_run *run);
/* The next run of the line becomes the turn, if there is one and no turn yet. */
void instance_next(struct scripts *s, struct instance *in);
/* Its heap, which has just ended well on `w`, is its state from now on. */
void instance_keep(struct scripts *s, struct instance *in, struct worker *w);
/* Brings its state into memory; there may be none afterwards. */
void instance_warm(struct scripts *s, struct instance *in);
/* Its state is forgotten; it is evaluated anew. */
void instance_reset(struct scripts *s, struct instance *in);
/* Its worker had to be killed; many in a row suspend it. */
void instance_killed(struct instance *in);
void instance_free(struct scripts *s, struct instance *in);
/* Moves states to the file until those in memory are within their bound. */
void instances_tidy(struct scripts *s);
/* No worker's heap stands for its state any more. */
void instance_unhold(struct scripts *s, const struct instance *in);
/* It stands in the line for workers, or no longer. */
void instance_ready(struct scripts *s, struct instance *in);
void instance_unready(struct scripts *s, struct instance *in);

/* --- turn.c --- */

void turn_begin(struct scripts *s, struct instance *in, struct script_run *run);
/* Gives its next slice to an idle worker. */
void turn_slice(struct scripts *s, struct instance *in, struct worker *w);
/* What the worker says about the slice. */
void turn_heard(struct scripts *s, struct instance *in, struct worker *w,
                const struct frame *frame);
/* Its worker is gone: what went wrong, for its author. */
void turn_lost(struct scripts *s, struct instance *in, enum script_loss loss);
/* Its worker had died before it began with the slice: another one gets it. False: too often.
 */
bool turn_again(struct scripts *s, struct instance *in);
/* A run that never becomes a turn goes home. */
void run_refuse(struct script_run *run, enum script_end end);
/* Those that have ended go home, when it is time for it. */
void runs_leave(struct scripts *s, int64_t now_ms);

/* --- fetch.c --- */

/* Begins what a frame's text asks for. Broken ones are answered at once, with an error. */
void fetches_begin(struct scripts *s, struct instance *in, struct str text);
/* One came home. */
void fetch_home(struct scripts *s, struct mail *mail);
/* The oldest answer as the worker wants it; a view of the fetch, which fetch_told() frees. */
struct str fetch_answer(const struct turn *turn);
void fetch_told(struct turn *turn);
/* The turn ends: answers are thrown away; what is under way is cancelled, or goes on for nobody. */
void fetches_end(struct scripts *s, struct instance *in, bool cancel);
/* Cancels all that are under way; they come home soon. */
void fetches_stop(struct scripts *s);
