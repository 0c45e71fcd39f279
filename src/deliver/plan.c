/* The plan of plan.h. A destination is in one of the two heaps or in none; place() alone decides in
 * which. */
#include "deliver/plan.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

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

static unsigned slots(const struct plan *p, const struct destination *d)
{
    if (plan_suspects(p, d))
        return 1;
    return d->limit != 0 ? d->limit : p->limits.in_flight;
}

static bool nothing_known(const struct destination *d)
{
    return d->next_ms == PLAN_NEVER && d->in_flight == 0 && !d->claiming && d->failures == 0;
}

static void take_out(struct plan *p, struct destination *d)
{
    if (heap_has(&d->due))
        heap_remove(&p->due, &d->due);
    if (heap_has(&d->pause))
        heap_remove(&p->pauses, &d->pause);
}

/* Puts the destination into the heap where it belongs now. */
static void place(struct plan *p, struct destination *d, int64_t mono_ms)
{
    take_out(p, d);
    if (d->claiming || d->next_ms == PLAN_NEVER || d->in_flight >= slots(p, d))
        return;
    if (d->pause_until_ms > mono_ms)
        heap_push(&p->pauses, &d->pause, d->pause_until_ms);
    else
        heap_push(&p->due, &d->due, d->next_ms);
}

/* The same; what has nothing to do is forgotten. */
static void settle(struct plan *p, struct destination *d, int64_t mono_ms)
{
    if (!nothing_known(d)) {
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

static void end_pauses(struct plan *p, int64_t mono_ms)
{
    struct heap_node *top;
    while ((top = heap_top(&p->pauses)) != NULL && top->key <= mono_ms)
        place(p, HEAP_ENTRY(top, struct destination, pause), mono_ms);
}

struct destination *plan_next(struct plan *p, int64_t now_ms, int64_t mono_ms, unsigned *out_count)
{
    end_pauses(p, mono_ms);
    struct heap_node *top = heap_top(&p->due);
    if (top == NULL || top->key > now_ms || p->in_flight >= p->limits.total)
        return NULL;
    struct destination *d = HEAP_ENTRY(top, struct destination, due);
    size_t room = p->limits.total - p->in_flight;
    unsigned count = slots(p, d) - d->in_flight;
    *out_count = count < room ? count : (unsigned)room;
    d->claiming = true;
    d->noted = false;
    d->in_flight += *out_count;
    p->in_flight += *out_count;
    place(p, d, mono_ms);
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
    if (p->in_flight >= p->limits.total)
        return most_ms;
    int64_t due = until(&p->due, now_ms, most_ms), pause = until(&p->pauses, mono_ms, most_ms);
    return due < pause ? due : pause;
}

static void give_back(struct plan *p, struct destination *d, unsigned count)
{
    assert(d->in_flight >= count && p->in_flight >= count);
    d->in_flight -= count;
    p->in_flight -= count;
}

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

static void note_end(struct plan *p, struct destination *d, enum plan_end end, int64_t mono_ms)
{
    switch (end) {
    case PLAN_REACHED:
        d->failures = 0;
        d->pause_ms = d->pause_until_ms = 0;
        break;
    case PLAN_UNREACHABLE:
        if (!plan_suspects(p, d))
            d->failures++;
        /* Those that were under way together fail together: that is one failure. */
        if (plan_suspects(p, d) && d->pause_until_ms <= mono_ms)
            pause_longer(p, d, mono_ms);
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
