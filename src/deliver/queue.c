/* The thread `queue`: it holds what is under way, decides what is claimed next, and sleeps until
 * mail comes or a moment does. It speaks to the writer, to the pool of scripts and to the HTTP
 * client by mail alone and waits for none of them, so one slow receiver slows nobody.
 *
 * The table is the queue. A claim is a command: its rows are marked as being sent, and committed,
 * before anything leaves. Stored moments are those of the steady clock, so that none of them moves
 * when somebody sets the time; pauses and deadlines are monotonic.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "deliver/internal.h"
#include "domain/signing.h"
#include "store/hook_options.h"
#include "store/integration.h"

enum {
    LOOK_EVERY_MS = 1000,
    SHOWN_AFTER_MS = 1000,
    AGAIN_MS = 50, /* for commands that found no room */
    CLAIM_ARENA_BYTES = 256 << 20,
    START_ARENA_BYTES = 64 << 20,
    START_SLICE = 500, /* rows or destinations of one command */
};

/* How long a claim is marked for; nothing but the next start looks at it. */
#define LEASE_MS INT64_C(3600000)

/* --- bells --- */

struct bell {
    struct job job; /* first */
    struct deliveries *home;
    size_t len;
    char id[];
};

static void rang(struct job *job)
{
    struct bell *bell = (struct bell *)job;
    plan_note(&bell->home->plan, str_from(bell->id, bell->len), clock_steady_ms(), clock_mono_ms());
    free(bell);
}

/* On the writer. */
static void ring_bell(void *arg, struct str integration_id)
{
    struct deliveries *d = arg;
    struct bell *bell = mem_alloc(sizeof(*bell) + integration_id.len);
    job_init(&bell->job, &d->jobs);
    bell->job.finish = rang;
    bell->home = d;
    bell->len = integration_id.len;
    memcpy(bell->id, integration_id.ptr, integration_id.len);
    job_home(&bell->job);
}

/* --- claims --- */

static void take_options(struct claim *c, struct rd *rd)
{
    struct signing signing = {.count = 0};
    const struct hook_options_row *row = hook_options_find(rd, c->in->id);
    c->limit = (unsigned)row->options.in_flight;
    c->timeout_ms = row->options.timeout_ms;
    c->unsigned_calls = !signing_open(rd->arena, c->home->config.key, c->in->id, row->signing,
                                      rd->now_ms, &signing);
    c->secrets.count = signing.count;
    for (size_t i = 0; i < signing.count; i++)
        c->secrets.keys[i] = signing.secrets[i].text;
}

/* How many of those that were asked for the integration may have. */
static unsigned allowed(const struct claim *c)
{
    if (c->limit == 0 || c->busy + c->asked <= c->limit)
        return c->asked;
    return c->limit > c->busy ? c->limit - c->busy : 0;
}

/* Decides from the rows: the integration may have been switched off since its bell rang. */
static bool apply_claim(struct tx *tx, struct command *command, struct err *err)
{
    (void)err;
    struct claim *c = (struct claim *)command;
    struct str id = c->destination->id;
    c->rows = (struct delivery_list){.count = 0};
    c->next_ms = PLAN_NEVER;
    c->in = integration_find(tx_rd(tx), id);
    if (c->in == NULL || !c->in->enabled)
        return true;
    take_options(c, tx_rd(tx));
    c->rows = deliveries_claim(tx, id, allowed(c), tx->rd.steady_ms + LEASE_MS);
    c->next_ms = deliveries_next_due(tx_rd(tx), id);
    return true;
}

static void claim_unref(struct claim *c)
{
    if (--c->refs > 0)
        return;
    arena_release(&c->arena);
    free(c);
}

static void claimed(struct job *job)
{
    struct claim *c = (struct claim *)job;
    struct deliveries *d = c->home;
    struct plan_take take = {.asked = c->asked,
                             .got = (unsigned)c->rows.count,
                             .limit = c->limit,
                             .next_ms = c->next_ms};
    if (!c->command.ok)
        take = (struct plan_take){.asked = c->asked, .next_ms = clock_steady_ms() + LOOK_EVERY_MS};
    else if (c->unsigned_calls)
        log_event(LOG_ERROR, "secrets-not-readable", "integration=%.*s",
                  STR_FMT(c->destination->id));
    d->claims--;
    crash_point("after-claim");
    plan_claimed(&d->plan, c->destination, &take, clock_mono_ms());
    for (unsigned i = 0; i < take.got; i++)
        attempt_start(c, &c->rows.items[i]);
    claim_unref(c);
}

static void claim(struct deliveries *d, struct destination *destination, unsigned asked)
{
    struct claim *c = mem_zalloc(sizeof(*c));
    c->home = d;
    c->destination = destination;
    c->asked = asked;
    c->busy = destination->in_flight - asked;
    c->refs = 1;
    arena_init(&c->arena, CLAIM_ARENA_BYTES);
    job_init(&c->command.job, &d->jobs);
    c->command.job.finish = claimed;
    c->command.job.bytes = sizeof(*c);
    c->command.arena = &c->arena;
    c->command.apply = apply_claim;
    d->claims++;
    if (!store_write(d->config.store, &c->command, &c->command.err))
        claimed(&c->command.job); /* full: in a second again */
}

static void claim_all(struct deliveries *d)
{
    unsigned asked;
    struct destination *next;
    while ((next = plan_next(&d->plan, clock_steady_ms(), clock_mono_ms(), &asked)) != NULL)
        claim(d, next, asked);
}

/* --- the end of a try --- */

static void unlink_attempt(struct attempt *a)
{
    if (a->prev != NULL)
        a->prev->next = a->next;
    else
        a->home->alive = a->next;
    if (a->next != NULL)
        a->next->prev = a->prev;
}

static void tell_breaker(const struct attempt *a, enum plan_change change)
{
    if (change == PLAN_SUSPECTED)
        log_event(LOG_WARN, "receiver-suspected", "integration=%.*s delivery=%.*s",
                  STR_FMT(a->row->integration_id), STR_FMT(a->row->id));
    if (change == PLAN_TRUSTED)
        log_event(LOG_INFO, "receiver-is-back", "integration=%.*s delivery=%.*s",
                  STR_FMT(a->row->integration_id), STR_FMT(a->row->id));
}

/* Those that made no call, and those that are to be done again, are none. */
static void count(const struct attempt *a)
{
    static const enum metric_attempt labels[] = {[ROW_FINISH] = METRIC_ATTEMPT_DELIVERED,
                                                 [ROW_WAIT] = METRIC_ATTEMPT_RETRIED,
                                                 [ROW_BURY] = METRIC_ATTEMPT_GIVEN_UP};
    bool called = a->entry.status != 0 || a->silent;
    if (!called || !a->order.enters)
        return;
    metric_count(METRIC_ATTEMPTS, labels[a->order.row]);
    metric_observe(METRIC_ATTEMPT_TIME, 0, clock_mono_us() - a->began_us);
}

/* Ids and statuses only: what was told is nobody's business here. */
static void log_try(const struct attempt *a)
{
    enum log_level level = LOG_INFO;
    const char *event = "delivery-given-up";
    const char *code = a->call.exchange.code != NULL ? a->call.exchange.code : "-";
    if (a->order.switches_off) {
        event = "integration-switched-off";
    } else if (a->order.row != ROW_BURY) {
        event = "delivery-tried";
        level = LOG_DEBUG;
    }
    log_event(level, event, "integration=%.*s delivery=%.*s try=%lld step=%.*s status=%d code=%s",
              STR_FMT(a->row->integration_id), STR_FMT(a->row->id), (long long)a->row->tries,
              STR_FMT(a->entry.step), a->entry.status, code);
}

void deliveries_ended(struct attempt *a, enum plan_end end)
{
    struct deliveries *d = a->home;
    unlink_attempt(a);
    count(a);
    log_try(a);
    tell_breaker(a, plan_ended(&d->plan, a->claim->destination, end, clock_mono_ms()));
    claim_unref(a->claim);
    arena_release(&a->arena);
    free(a->showing);
    free(a);
}

/* A call that takes long is in the history before it ends. */
static void show_slow(struct deliveries *d)
{
    int64_t before_us = clock_mono_us() - SHOWN_AFTER_MS * INT64_C(1000);
    if (clock_mono_ms() < d->show_at_ms)
        return;
    d->show_at_ms = clock_mono_ms() + LOOK_EVERY_MS;
    for (struct attempt *a = d->alive; a != NULL; a = a->next) {
        if (a->calling && a->showing == NULL && a->began_us <= before_us)
            attempt_show(a);
    }
}

/* --- mail --- */

static void ring(void *arg)
{
    struct deliveries *d = arg;
    pthread_mutex_lock(&d->lock);
    bool first = !d->rung;
    d->rung = true;
    pthread_mutex_unlock(&d->lock);
    if (first)
        pthread_cond_signal(&d->changed);
}

static void take_mail(struct deliveries *d)
{
    jobs_finish(inbox_take(&d->jobs));
    struct mail *list = inbox_take(&d->answers);
    while (list != NULL) {
        struct mail *next = list->next;
        attempt_answered(((struct attempt_call *)list)->attempt);
        list = next;
    }
}

/* Commands that the writer had no room for. */
static void order_again(struct deliveries *d)
{
    struct attempt *list = d->refused;
    d->refused = NULL;
    while (list != NULL) {
        struct attempt *next = list->next_refused;
        attempt_order_again(list);
        list = next;
    }
}

/* --- the thread --- */

static bool recover_slice(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    *(size_t *)arg = deliveries_recover(tx, START_SLICE);
    return true;
}

/* What was being sent when the server ended waits again. */
static bool recover(struct deliveries *d, struct err *err)
{
    size_t looked = START_SLICE, all = 0;
    while (looked == START_SLICE) {
        struct arena arena;
        arena_init(&arena, START_ARENA_BYTES);
        bool ok = store_write_now(d->config.store, &arena, recover_slice, &looked, err);
        arena_release(&arena);
        if (!ok)
            return false;
        all += looked;
    }
    if (all > 0)
        log_event(LOG_INFO, "deliveries-recovered", "count=%zu", all);
    return true;
}

struct page {
    struct deliveries *home;
    int64_t after;
};

static bool note_page(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct page *page = arg;
    struct delivery_destinations list = deliveries_destinations(rd, &page->after, START_SLICE);
    for (size_t i = 0; i < list.count; i++)
        plan_note(&page->home->plan, list.items[i].integration_id, list.items[i].due_ms,
                  clock_mono_ms());
    return true;
}

/* The thread waits while a reader fills its plan. */
static bool note_destinations(struct deliveries *d, struct err *err)
{
    struct page page = {.home = d};
    do {
        struct arena arena;
        arena_init(&arena, START_ARENA_BYTES);
        bool ok = store_read_now(d->config.store, &arena, note_page, &page, err);
        arena_release(&arena);
        if (!ok)
            return false;
    } while (page.after != 0);
    return true;
}

static void cut_all(struct deliveries *d)
{
    d->cutting = true;
    for (struct attempt *a = d->alive, *next; a != NULL; a = next) {
        next = a->next;
        attempt_cut(a);
    }
    pthread_mutex_lock(&d->lock);
    d->was_cut = true;
    pthread_cond_broadcast(&d->idle);
    pthread_mutex_unlock(&d->lock);
}

/* What the others want, and whether something is still under way. False: the end has come. */
static bool look_at_orders(struct deliveries *d, bool *out_draining, bool *out_cut)
{
    bool busy = d->alive != NULL || d->claims > 0 || d->gauging;
    pthread_mutex_lock(&d->lock);
    *out_draining = d->draining;
    *out_cut = d->cut;
    d->busy = busy;
    if (!busy)
        pthread_cond_broadcast(&d->idle);
    bool go_on = !d->stopping || busy;
    pthread_mutex_unlock(&d->lock);
    return go_on;
}

static void wait_for_mail(struct deliveries *d, int64_t wait_ms)
{
    struct timespec until = cond_moment(wait_ms);
    pthread_mutex_lock(&d->lock);
    while (!d->rung && cond_wait_until(&d->changed, &d->lock, &until)) {
    }
    d->rung = false;
    pthread_mutex_unlock(&d->lock);
}

static int64_t until_next(const struct deliveries *d, bool draining)
{
    if (d->refused != NULL)
        return AGAIN_MS;
    return draining ? LOOK_EVERY_MS
                    : plan_wait_ms(&d->plan, clock_steady_ms(), clock_mono_ms(), LOOK_EVERY_MS);
}

/* The queue cannot begin while the store fails: it tries again, as everybody else does. */
static bool begin(struct deliveries *d)
{
    struct err err = ERR_NONE;
    bool draining = false, cut = false;
    while (look_at_orders(d, &draining, &cut) && !draining) {
        if (recover(d, &err) && note_destinations(d, &err))
            return true;
        log_event(LOG_ERROR, "deliveries-not-recovered", "reason=%s", LOG_Q(str_of(err.text)));
        wait_for_mail(d, LOOK_EVERY_MS);
    }
    return false;
}

static void *work(void *arg)
{
    struct deliveries *d = arg;
    bool draining = false, cut = false;
    pthread_setname_np(pthread_self(), "queue");
    bool begun = begin(d);
    while (look_at_orders(d, &draining, &cut)) {
        if (cut && !d->cutting)
            cut_all(d);
        if (!draining && begun) {
            claim_all(d);
            deliveries_gauge(d);
        }
        wait_for_mail(d, until_next(d, draining));
        take_mail(d);
        order_again(d);
        show_slow(d);
    }
    return NULL;
}

/* --- life --- */

struct deliveries *deliver_open(const struct deliver_config *config, struct err *err)
{
    struct deliveries *d = mem_zalloc(sizeof(*d));
    d->config = *config;
    plan_init(&d->plan, &(struct plan_limits){.in_flight = config->in_flight,
                                              .total = config->total,
                                              .failures = config->breaker_failures,
                                              .pause_ms = config->breaker_pause_ms,
                                              .pause_max_ms = config->breaker_pause_max_ms});
    hosts_init(&d->hosts, config->per_host);
    pthread_mutex_init(&d->lock, NULL);
    cond_init(&d->changed);
    cond_init(&d->idle);
    inbox_init(&d->jobs, ring, d);
    inbox_init(&d->answers, ring, d);
    store_on_bell(config->store, ring_bell, d);
    d->started = pthread_create(&d->thread, NULL, work, d) == 0;
    if (d->started)
        return d;
    err_internal(err, "the thread of the queue could not be started");
    store_on_bell(config->store, NULL, NULL);
    deliver_free(d);
    return NULL;
}

void deliver_drain(struct deliveries *d, int64_t timeout_ms)
{
    struct timespec until = cond_moment(timeout_ms > 0 ? timeout_ms : 0);
    if (d == NULL || !d->started)
        return;
    pthread_mutex_lock(&d->lock);
    d->draining = d->rung = true;
    d->busy = true; /* until the thread has looked */
    pthread_cond_signal(&d->changed);
    while (d->busy && cond_wait_until(&d->idle, &d->lock, &until)) {
    }
    d->cut = d->rung = true;
    pthread_cond_signal(&d->changed);
    while (!d->was_cut)
        pthread_cond_wait(&d->idle, &d->lock);
    pthread_mutex_unlock(&d->lock);
}

void deliver_stop(struct deliveries *d)
{
    if (d == NULL || !d->started)
        return;
    pthread_mutex_lock(&d->lock);
    d->draining = d->cut = d->stopping = d->rung = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    d->started = false;
}

void deliver_free(struct deliveries *d)
{
    if (d == NULL)
        return;
    deliver_stop(d);
    jobs_finish(inbox_take(&d->jobs)); /* bells that rang last */
    inbox_release(&d->jobs);
    inbox_release(&d->answers);
    hosts_release(&d->hosts);
    plan_release(&d->plan);
    pthread_cond_destroy(&d->idle);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
