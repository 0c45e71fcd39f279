/* Which destination may be asked for deliveries next, and for how many. A destination is an
 * integration. Pure: the caller tells what o'clock it is, and what happened. One holder.
 *
 * A destination has slots. What it holds of them is claimed rows until they have ended; while a
 * claim is on its way it is not asked again. Stored moments are those of the steady clock
 * (`now_ms`), pauses are monotonic (`mono_ms`).
 *
 * Fairness. Those that are due take turns, whatever waits for each. All together have a limit too,
 * and who has answered is told from who has not yet: neither of the two classes gets more than
 * three quarters of it, and when those that have not answered hold a quarter, each further one of
 * them gets one slot. So many silent receivers leave room for those that answer.
 *
 * The breaker. A destination that could not be reached several times in a row is suspected: it has
 * one slot, and after each further failure a pause that doubles up to a ceiling. So a dead receiver
 * costs one connection now and then, and what waits for it waits in the table. The first answer,
 * whatever it says, ends that.
 */
#pragma once

#include "base/heap.h"
#include "base/map.h"

/* Nothing waits there. */
#define PLAN_NEVER INT64_MAX

struct plan_limits {
    unsigned in_flight; /* of one destination */
    size_t total;       /* of all together */
    unsigned failures;  /* in a row that open the breaker */
    int64_t pause_ms, pause_max_ms;
};

struct destination {
    struct str id;
    struct heap_node due;            /* by the steady clock */
    struct heap_node pause;          /* by the monotonic one */
    struct destination *prev, *next; /* of those whose moment has come */
    bool ready;                      /* it is one of them */
    bool proven;                     /* the last thing known of it is an answer */
    int64_t next_ms;                 /* something waits from then on; PLAN_NEVER */
    unsigned in_flight;
    unsigned limit; /* of it, as its owner wants; 0: the usual one */
    bool claiming;
    bool noted; /* while claiming: what the claim says may be old already */
    unsigned failures;
    int64_t pause_until_ms; /* monotonic */
    int64_t pause_ms;       /* the last one; 0: none yet */
    char text[];
};

enum plan_class { PLAN_UNPROVEN, PLAN_PROVEN, PLAN_CLASSES };

/* The destinations of a class. */
struct plan_group {
    struct destination *first, *last; /* whose moment has come, in the order of their turns */
    size_t in_flight;                 /* of all, claims on their way counted */
};

struct plan {
    struct plan_limits limits;
    struct map destinations;
    struct heap due, pauses;
    struct plan_group groups[PLAN_CLASSES];
    enum plan_class turn; /* which is looked at first */
};

void plan_init(struct plan *p, const struct plan_limits *limits);
void plan_release(struct plan *p);

/* Something waits there from due_ms on. */
void plan_note(struct plan *p, struct str id, int64_t due_ms, int64_t mono_ms);
/* The destination whose turn it is and how many it may be asked for, which are held for it until
 * plan_claimed(); NULL: none just now. */
struct destination *plan_next(struct plan *p, int64_t now_ms, int64_t mono_ms, unsigned *out_count);
/* How long until plan_next() can have something, as far as is known; at most `most_ms`. */
int64_t plan_wait_ms(const struct plan *p, int64_t now_ms, int64_t mono_ms, int64_t most_ms);

/* What a claim took. */
struct plan_take {
    unsigned asked, got;
    unsigned limit;  /* as in struct destination */
    int64_t next_ms; /* what is left there is due then */
};
/* The claim that plan_next() asked for is back. */
void plan_claimed(struct plan *p, struct destination *d, const struct plan_take *take,
                  int64_t mono_ms);

enum plan_end {
    PLAN_REACHED,     /* the receiver answered */
    PLAN_UNREACHABLE, /* no connection, or no answer in time */
    PLAN_NOT_CALLED,  /* says nothing of the receiver */
};
enum plan_change { PLAN_AS_BEFORE, PLAN_SUSPECTED, PLAN_TRUSTED };
/* One that was claimed has ended. The destination may be gone afterwards. Returns what the breaker
 * did. */
enum plan_change plan_ended(struct plan *p, struct destination *d, enum plan_end end,
                            int64_t mono_ms);

bool plan_suspects(const struct plan *p, const struct destination *d);
