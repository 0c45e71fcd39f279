/* Instances: an integration's state between calls, and the line of runs that wait for it. Runs on
 * the pool's thread.
 *
 * A state is dropped when the record has changed, and when the script broke its heap; otherwise it
 * lives as long as there is room: in memory, then in the file, the least recently used first. */
#include "script/pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

struct str instance_key(const void *entry)
{
    const struct instance *in = entry;
    return in->key;
}

/* --- finding and making --- */

static struct str key_for(struct scripts *s, const struct script_run *run, char *space, size_t size)
{
    bool passing = run->ask != SCRIPT_CALL;
    int len = passing ? snprintf(space, size, "passing %llu", (unsigned long long)++s->passing)
                      : snprintf(space, size, "%d %.*s", (int)run->side, STR_FMT(run->id));
    return str_from(space, (size_t)len < size ? (size_t)len : size - 1);
}

static struct instance *instance_new(struct str key)
{
    struct instance *in = mem_zalloc(sizeof(*in));
    char *copy = mem_alloc(key.len + 1);
    memcpy(copy, key.ptr, key.len);
    copy[key.len] = '\0';
    in->key = str_from(copy, key.len);
    return in;
}

struct instance *instance_of(struct scripts *s, const struct script_run *run)
{
    char space[128];
    struct str key = key_for(s, run, space, sizeof(space));
    struct instance *in = map_get(&s->instances, key);
    if (in == NULL) {
        in = instance_new(key);
        in->passing = run->ask != SCRIPT_CALL;
        in->revision = run->revision;
        (void)map_put(&s->instances, in);
    }
    return in;
}

void instance_free(struct scripts *s, struct instance *in)
{
    assert(in->turn.run == NULL && in->first == NULL);
    instance_reset(s, in);
    (void)map_remove(&s->instances, in->key);
    free((char *)(uintptr_t)in->key.ptr);
    free(in);
}

/* --- the line --- */

static int64_t suspended_s(const struct instance *in)
{
    int64_t left_ms = in->suspended_ms - clock_mono_ms();
    return in->suspended_ms > 0 && left_ms > 0 ? (left_ms + 999) / 1000 : 0;
}

/* An update of the record makes a new instance of it, and forgives. */
static void renew(struct scripts *s, struct instance *in, int64_t revision)
{
    instance_reset(s, in);
    in->revision = revision;
    in->kills = 0;
    in->suspended_ms = in->suspended_for_s = 0;
}

void instance_admit(struct scripts *s, struct instance *in, struct script_run *run)
{
    if (run->revision == in->revision && suspended_s(in) > 0) {
        run->retry_after_s = suspended_s(in);
        run_refuse(run, SCRIPT_SUSPENDED);
    } else if (in->waiting >= LINE_MAX_RUNS) {
        run->retry_after_s = 1;
        run_refuse(run, SCRIPT_REFUSED);
    } else {
        run->job.mail.next = NULL;
        if (in->last != NULL)
            in->last->next = &run->job.mail;
        else
            in->first = &run->job.mail;
        in->last = &run->job.mail;
        in->waiting++;
        instance_next(s, in);
    }
}

static struct script_run *line_take(struct instance *in)
{
    struct mail *mail = in->first;
    in->first = mail->next;
    if (in->first == NULL)
        in->last = NULL;
    in->waiting--;
    return (struct script_run *)(void *)mail; /* the job is first in it, the mail in the job */
}

void instance_next(struct scripts *s, struct instance *in)
{
    while (in->turn.run == NULL && in->first != NULL) {
        struct script_run *run = line_take(in);
        if (run->revision != in->revision)
            renew(s, in, run->revision);
        if (suspended_s(in) > 0) {
            run->retry_after_s = suspended_s(in);
            run_refuse(run, SCRIPT_SUSPENDED);
        } else if (!job_begins(&run->job)) {
            run->retry_after_s = 1;
            run_refuse(run, SCRIPT_REFUSED);
        } else {
            turn_begin(s, in, run);
        }
    }
    if (in->turn.run == NULL && in->passing)
        instance_free(s, in);
}

/* --- the line for workers --- */

void instance_ready(struct scripts *s, struct instance *in)
{
    assert(!in->ready);
    in->ready = true;
    in->next = NULL;
    if (s->last_ready != NULL)
        s->last_ready->next = in;
    else
        s->first_ready = in;
    s->last_ready = in;
}

void instance_unready(struct scripts *s, struct instance *in)
{
    struct instance *before = NULL;
    if (!in->ready)
        return;
    for (struct instance *each = s->first_ready; each != in; each = each->next)
        before = each;
    if (before == NULL)
        s->first_ready = in->next;
    else
        before->next = in->next;
    if (s->last_ready == in)
        s->last_ready = before;
    in->ready = false;
}

/* --- the state --- */

static void forget_age(struct scripts *s, struct instance *in)
{
    if (heap_has(&in->age))
        heap_remove(in->kept.bytes != NULL ? &s->hot : &s->cold, &in->age);
}

void instance_unhold(struct scripts *s, const struct instance *in)
{
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        if (s->workers[i].holds == in)
            s->workers[i].holds = NULL;
    }
}

void instance_keep(struct scripts *s, struct instance *in, struct worker *w)
{
    forget_age(s, in);
    image_copy(&s->images, &in->kept, &w->state, w->channel);
    heap_push(&s->hot, &in->age, ++s->uses);
    instance_unhold(s, in);
    w->holds = in;
}

void instance_warm(struct scripts *s, struct instance *in)
{
    if (!image_is(&in->kept) || in->kept.bytes != NULL)
        return;
    int64_t use = in->age.key;
    forget_age(s, in);
    if (image_warm(&s->images, &in->kept))
        heap_push(&s->hot, &in->age, use);
}

void instance_reset(struct scripts *s, struct instance *in)
{
    forget_age(s, in);
    image_drop(&s->images, &in->kept);
    instance_unhold(s, in);
}

void instance_killed(struct instance *in)
{
    if (++in->kills < KILLS_TO_SUSPEND)
        return;
    metric_count(METRIC_SCRIPT_SUSPENSIONS, 0);
    int64_t longer = in->suspended_for_s * 2;
    in->suspended_for_s = longer == 0              ? SUSPEND_FIRST_S
                          : longer < SUSPEND_MAX_S ? longer
                                                   : SUSPEND_MAX_S;
    in->suspended_ms = clock_mono_ms() + in->suspended_for_s * 1000;
    log_event(LOG_WARN, "script-suspended", "instance=%s kills=%u seconds=%lld", LOG_Q(in->key),
              in->kills, (long long)in->suspended_for_s);
}

/* --- room --- */

static struct instance *oldest(const struct heap *heap)
{
    struct heap_node *top = heap_top(heap);
    return top == NULL ? NULL : HEAP_ENTRY(top, struct instance, age);
}

static bool cool_oldest(struct scripts *s)
{
    struct instance *in = oldest(&s->hot);
    int64_t use = in->age.key;
    (void)heap_pop(&s->hot);
    if (!image_cool(&s->images, &in->kept)) {
        instance_reset(s, in); /* no room anywhere: it is evaluated anew */
        return false;
    }
    heap_push(&s->cold, &in->age, use);
    return true;
}

void instances_tidy(struct scripts *s)
{
    while (s->images.hot > s->config.image_bytes && s->hot.count > 0)
        (void)cool_oldest(s);
    while (s->images.cold > COLD_MAX && s->cold.count > 0)
        instance_reset(s, oldest(&s->cold));
}
