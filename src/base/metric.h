/* Numbers that tell an operator how the server is: what was counted, how much there is now, how
 * long things took. A metric is a row of the table in metric_table.c and a name here; whoever knows
 * the number adds to it where it happens, and metric_print() writes all of them in the text format
 * that Prometheus reads.
 *
 * Adding costs a few instructions and never waits: each thread adds to numbers of its own, and
 * printing sums them up. So what is printed may be a moment old, but nothing is lost, not even when
 * a thread ends. Any thread.
 */
#pragma once

#include "base/buf.h"

enum metric {
    /* Labels: a family of endpoints (metric_family()), and enum metric_class. */
    METRIC_REQUESTS,
    METRIC_REQUEST_TIME, /* us; label: a family */
    METRIC_REFUSED,      /* what is no well-formed request */
    METRIC_CONNECTIONS,
    METRIC_LANE_WAITING, /* label: the place of the lane's name, by metric_word() */

    METRIC_COMMIT_TIME,    /* us; from the first command of a batch until it is durable */
    METRIC_BATCH_COMMANDS, /* of a batch that was committed */
    METRIC_BATCHES_LOST,
    METRIC_LOG_BYTES,

    METRIC_HOOK_CALLS, /* label: the place of the outcome's word, by metric_word() */

    METRIC_SCRIPT_RUNS,  /* label: enum script_end */
    METRIC_SCRIPT_TIME,  /* us; of runs that began */
    METRIC_SCRIPT_KILLS, /* label: enum script_loss */
    METRIC_SCRIPT_SUSPENSIONS,
    METRIC_SCRIPT_WORKERS_BUSY,

    /* Whoever sends outgoing calls counts each attempt once when it is over, and says how many
     * calls wait, and the moment when the oldest of those that are due was to be sent (0: none),
     * whenever he knows. */
    METRIC_ATTEMPTS,     /* label: enum metric_attempt */
    METRIC_ATTEMPT_TIME, /* us */
    METRIC_DELIVERIES_WAITING,
    METRIC_DELIVERY_OLDEST_MS,

    METRIC_STREAMS,
    METRIC_EVENTS,
    METRIC_STREAM_RESETS,
    METRIC_STREAMS_DROPPED, /* they took nothing for too long */

    METRIC_MEMORY_BYTES,
    METRIC_CPU_US,
    METRIC_START_S,
    METRIC_COUNT
};

enum metric_class { METRIC_2XX, METRIC_3XX, METRIC_4XX, METRIC_5XX, METRIC_CLASSES };
enum metric_attempt {
    METRIC_ATTEMPT_DELIVERED,
    METRIC_ATTEMPT_RETRIED, /* it failed and will be tried again */
    METRIC_ATTEMPT_GIVEN_UP /* it failed, and that was the last one */
};

/* Counters and what goes up and down: adds `n`, which may be negative for the latter. `label` is 0
 * where there is none. */
void metric_add(enum metric m, unsigned label, int64_t n);
static inline void metric_count(enum metric m, unsigned label)
{
    metric_add(m, label, 1);
}
/* One more value of a histogram. */
void metric_observe(enum metric m, unsigned label, int64_t value);
/* What is known as a whole. Not to be mixed with metric_add(). */
void metric_set(enum metric m, unsigned label, int64_t value);

/* The label of a word of the table; the last one, which stands for all others, when it is none of
 * them. For metrics with one label. */
unsigned metric_word(enum metric m, struct str word);

/* The label of a family of endpoints, made when it is new; for the start. `name` must outlive the
 * process's use of metrics. When there are too many they share the last one. */
enum { METRIC_FAMILIES_MAX = 40 };
unsigned metric_family(struct str name);
static inline unsigned metric_request_label(unsigned family, int status)
{
    int class = status / 100 - 2;
    int last = METRIC_CLASSES - 1;
    return family * METRIC_CLASSES + (unsigned)(class < 0 ? 0 : class > last ? last : class);
}

/* All of them, in the order of the table. Families that nothing was counted of are left out. */
void metric_print(struct buf *out);
