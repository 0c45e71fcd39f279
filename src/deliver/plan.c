/* The plan of plan.h. A destination is in one of the two heaps, in the list of its class, or
 * nowhere; place() and come_due() alone decide where. */
#include "deliver/plan.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { REMEMBERED = 65536 }; /* destinations that are kept though nothing waits there */

static struct str id_of(const void *entry)
{
    return ((const struct destination *)entry)->id;
}

void plan_init(struct plan *p, const struct plan_limits *limits)
{
    *p = (struct plan){.limits = *limits};
    map_init(&p->destinations, id_of);
    heap_init(&p->due);
    heap_init(&p->pauses);
}

void plan_release(struct plan *p)
{
    size_t at = 0;
    heap_release(&p->due);
    heap_release(&p->pauses);
    for (struct destination *d; (d = map_each(&p->destinations, &at)) != NULL;)
        free(d);
    map_release(&p->destinations);
}

static struct destination *destination_new(struct str id)
{
    struct destination *d = mem_zalloc(sizeof(*d) + id.len);
    memcpy(d->text, id.ptr, id.len);
    d->id = str_from(d->text, id.len);
    d->next_ms = PLAN_NEVER;
    return d;
}

bool plan_suspects(const struct plan *p, const struct destination *d)
{
    return d->failures >= p->limits.failures;
}

/* --- slots --- */

static struct plan_group *group_of(struct plan *p, const struct destination *d)
{
    return &p->groups[d->proven ? PLAN_PROVEN : PLAN_UNPROVEN];
}

static size_t in_flight(const struct plan *p)
{
    return p->groups[PLAN_UNPROVEN].in_flight + p->groups[PLAN_PROVEN].in_flight;
}

static unsigned slots(const struct plan *p, const struct destination *d)
{
    bool crowded = p->groups[PLAN_UNPROVEN].in_flight >= p->limits.total / 4;
    if (plan_suspects(p, d) || (!d->proven && crowded))
        return 1;
    return d->limit != 0 ? d->limit : p->limits.in_flight;
}

/* How many more of a class there may be. */
static size_t room(const struct plan *p, enum plan_class class)
{
    size_t share = p->limits.total - p->limits.total / 4, held = p->groups[class].in_flight;
    size_t all = p->limits.total > in_flight(p) ? p->limits.total - in_flight(p) : 0;
    size_t own = share > held ? share - held : 0;
    return all < own ? all : own;
}

static void take_slots(struct plan *p, struct destination *d, unsigned count)
{
    d->in_flight += count;
    group_of(p, d)->in_flight += count;
}

static void give_back(struct plan *p, struct destination *d, unsigned count)
{
    assert(d->in_flight >= count && group_of(p, d)->in_flight >= count);
    d->in_flight -= count;
    group_of(p, d)->in_flight -= count;
}

/* --- places --- */

static void leave_line(struct plan *p, struct destination *d)
{
    struct plan_group *group = group_of(p, d);
    if (d->prev != NULL)
        d->prev->next = d->next;
    else
        group->first = d->next;
    if (d->next != NULL)
        d->next->prev = d->prev;
    else
        group->last = d->prev;
    d->prev = d->next = NULL;
    d->ready = false;
}

static void join_line(struct plan *p, struct destination *d)
{
    struct plan_group *group = group_of(p, d);
    d->ready = true;
    d->prev = group->last;
    if (group->last != NULL)
        group->last->next = d;
    else
        group->first = d;
    group->last = d;
}

/* It goes over to the other class, with what it holds. */
static void set_proven(struct plan *p, struct destination *d, bool proven)
{
    bool ready = d->ready;
    if (d->proven == proven)
        return;
    if (ready)
        leave_line(p, d);
    group_of(p, d)->in_flight -= d->in_flight;
    d->proven = proven;
    group_of(p, d)->in_flight += d->in_flight;
    if (ready)
        join_line(p, d);
}

static void take_out(struct plan *p, struct destination *d)
{
    if (heap_has(&d->due))
        heap_remove(&p->due, &d->due);
    if (heap_has(&d->pause))
        heap_remove(&p->pauses, &d->pause);
    if (d->ready)
        leave_line(p, d);
}

/* Where it belongs now; whose turn it is already keeps his place in the line. */
static void place(struct plan *p, struct destination *d, int64_t mono_ms)
{
    bool asked = !d->claiming && d->next_ms != PLAN_NEVER && d->in_flight < slots(p, d);
    bool paused = d->pause_until_ms > mono_ms;
    if (d->ready && asked && !paused)
        return;
    take_out(p, d);
    if (asked && paused)
        heap_push(&p->pauses, &d->pause, d->pause_until_ms);
    else if (asked)
        heap_push(&p->due, &d->due, d->next_ms);
}

static bool nothing_known(const struct plan *p, const struct destination *d)
{
    bool kept = d->proven && p->destinations.count <= REMEMBERED;
    return d->next_ms == PLAN_NEVER && d->in_flight == 0 && !d->claiming && d->failures == 0 &&
           !kept;
}

/* The same; what has nothing to do is forgotten. */
static void settle(struct plan *p, struct destination *d, int64_t mono_ms)
{
    if (!nothing_known(p, d)) {
        place(p, d, mono_ms);
        return;
    }
    take_out(p, d);
    map_remove(&p->destinations, d->id);
    free(d);
}

void plan_note(struct plan *p, struct str id, int64_t due_ms, int64_t mono_ms)
{
    struct destination *d = map_get(&p->destinations, id);
    if (d == NULL) {
        d = destination_new(id);
        map_put(&p->destinations, d);
    }
    d->noted = true;
    if (due_ms < d->next_ms)
        d->next_ms = due_ms;
    settle(p, d, mono_ms);
}

/* --- turns --- */

static void end_pauses(struct plan *p, int64_t mono_ms)
{
    struct heap_node *top;
    while ((top = heap_top(&p->pauses)) != NULL && top->key <= mono_ms)
        place(p, HEAP_ENTRY(top, struct destination, pause), mono_ms);
}

static void come_due(struct plan *p, int64_t now_ms)
{
    struct heap_node *top;
    while ((top = heap_top(&p->due)) != NULL && top->key <= now_ms) {
        (void)heap_pop(&p->due);
        join_line(p, HEAP_ENTRY(top, struct destination, due));
    }
}

/* The next of a class that has a slot free. Who has none comes back when one of his has ended. */
static struct destination *next_of(struct plan *p, enum plan_class class)
{
    struct destination *d = NULL;
    while (room(p, class) > 0 && (d = p->groups[class].first) != NULL) {
        leave_line(p, d);
        if (slots(p, d) > d->in_flight)
            return d;
    }
    return NULL;
}

struct destination *plan_next(struct plan *p, int64_t now_ms, int64_t mono_ms, unsigned *out_count)
{
    end_pauses(p, mono_ms);
    come_due(p, now_ms);
    struct destination *d = next_of(p, p->turn);
    p->turn = p->turn == PLAN_PROVEN ? PLAN_UNPROVEN : PLAN_PROVEN;
    if (d == NULL)
        d = next_of(p, p->turn);
    if (d == NULL)
        return NULL;
    size_t most = room(p, d->proven ? PLAN_PROVEN : PLAN_UNPROVEN);
    unsigned count = slots(p, d) - d->in_flight;
    *out_count = count < most ? count : (unsigned)most;
    d->claiming = true;
    d->noted = false;
    take_slots(p, d, *out_count);
    return d;
}

static int64_t until(const struct heap *h, int64_t now_ms, int64_t most_ms)
{
    struct heap_node *top = heap_top(h);
    if (top == NULL || top->key >= now_ms + most_ms)
        return most_ms;
    return top->key > now_ms ? top->key - now_ms : 0;
}

int64_t plan_wait_ms(const struct plan *p, int64_t now_ms, int64_t mono_ms, int64_t most_ms)
{
    int64_t due = until(&p->due, now_ms, most_ms), pause = until(&p->pauses, mono_ms, most_ms);
    return due < pause ? due : pause;
}

/* --- what happened --- */

void plan_claimed(struct plan *p, struct destination *d, const struct plan_take *take,
                  int64_t mono_ms)
{
    assert(d->claiming && take->got <= take->asked);
    give_back(p, d, take->asked - take->got);
    d->claiming = false;
    d->limit = take->limit;
    /* What was noted meanwhile is at least as new as what the claim saw. */
    if (!d->noted || take->next_ms < d->next_ms)
        d->next_ms = take->next_ms;
    settle(p, d, mono_ms);
}

/* One more failure of a suspect: the next pause. */
static void pause_longer(struct plan *p, struct destination *d, int64_t mono_ms)
{
    d->pause_ms = d->pause_ms == 0 ? p->limits.pause_ms : d->pause_ms * 2;
    if (d->pause_ms > p->limits.pause_max_ms)
        d->pause_ms = p->limits.pause_max_ms;
    d->pause_until_ms = mono_ms + d->pause_ms;
}

static void note_failure(struct plan *p, struct destination *d, int64_t mono_ms)
{
    if (!plan_suspects(p, d))
        d->failures++;
    if (!plan_suspects(p, d))
        return;
    set_proven(p, d, false);
    /* Those that were under way together fail together: that is one failure. */
    if (d->pause_until_ms <= mono_ms)
        pause_longer(p, d, mono_ms);
}

static void note_end(struct plan *p, struct destination *d, enum plan_end end, int64_t mono_ms)
{
    switch (end) {
    case PLAN_REACHED:
        d->failures = 0;
        d->pause_ms = d->pause_until_ms = 0;
        set_proven(p, d, true);
        break;
    case PLAN_UNREACHABLE:
        note_failure(p, d, mono_ms);
        break;
    case PLAN_NOT_CALLED:
        break;
    }
}

enum plan_change plan_ended(struct plan *p, struct destination *d, enum plan_end end,
                            int64_t mono_ms)
{
    bool before = plan_suspects(p, d);
    note_end(p, d, end, mono_ms);
    bool after = plan_suspects(p, d);
    give_back(p, d, 1);
    settle(p, d, mono_ms);
    if (before == after)
        return PLAN_AS_BEFORE;
    return after ? PLAN_SUSPECTED : PLAN_TRUSTED;
}
