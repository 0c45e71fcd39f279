/* The commands of a try: everything that one order says happens in one transaction, so the history,
 * the row and the message that was posted never disagree. Runs on the thread `queue`; apply() on
 * the writer. */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "deliver/internal.h"
#include "store/integration.h"
#include "store/outgoing_history.h"
#include "store/record.h"

enum { SHOWING_ARENA_BYTES = 64 << 20, ERROR_BYTES = 1 << 20 };

/* --- the entry --- */

void entry_step(struct arena *arena, struct outgoing_entry *e, enum step step, int64_t number)
{
    const struct step_info *info = step_info(step);
    e->step = step == STEP_GOING_TO_RETRY
                  ? arena_fmt(arena, "%s%lld", info->name, (long long)number)
                  : str_of(info->name);
    const struct str parts[] = {e->steps, str_empty(e->steps) ? STR("") : STR(","), STR("\""),
                                e->step, STR("\"")};
    e->steps = arena_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
    e->error |= info->error;
    e->finished |= info->finishes;
}

/* --- on the writer --- */

static void add_runs(struct tx *tx, const struct attempt *a)
{
    struct record_row rows[2];
    for (size_t i = 0; i < a->run_count; i++)
        rows[i] = (struct record_row){.kind = RECORD_RUN,
                                      .integration_id = a->row->integration_id,
                                      .at_ms = tx->rd.now_ms,
                                      .doc = a->runs[i]};
    if (a->run_count > 0)
        records_add(tx, rows, a->run_count);
}

static bool post(struct tx *tx, struct attempt *a, struct err *err)
{
    struct json *data = json_parse(tx->rd.arena, a->entry.data);
    struct reply reply = {
        .in = a->claim->in,
        .content = a->order.content,
        .user_name = json_get_str(data, "user_name"),
        .room_id = json_get_str(data, "channel_id"),
        .depth = a->row->depth,
    };
    return reply_post(tx, &reply, &a->order.posted, &a->order.nobody, err);
}

/* As the owner would do it. */
static void switch_off(struct tx *tx, struct str integration_id)
{
    struct integration *in = integration_find(tx_rd(tx), integration_id);
    if (in == NULL || !in->enabled)
        return;
    in->enabled = false;
    in->updated_at_ms = tx->rd.now_ms;
    integration_mark(in, INTEGRATION_UPDATED_AT);
    integration_save(tx, in);
}

static void end_row(struct tx *tx, const struct attempt *a)
{
    switch (a->order.row) {
    case ROW_STAYS:
        break;
    case ROW_FINISH:
        delivery_finish(tx, a->row);
        break;
    case ROW_WAIT:
        (void)delivery_wait(tx, a->row, a->order.due_ms, a->order.tries);
        break;
    case ROW_BURY:
        delivery_bury(tx, a->row);
        break;
    }
}

static bool apply(struct tx *tx, struct command *command, struct err *err)
{
    struct attempt *a = (struct attempt *)command;
    a->order.posted = STR("");
    if (a->order.content != NULL && !post(tx, a, err))
        return false;
    if (a->order.enters) {
        struct outgoing_entry entry = a->entry;
        if (a->order.posted_to == &a->entry.process_sent)
            entry.process_sent = a->order.posted;
        if (a->order.posted_to == &a->entry.result_message)
            entry.result_message = a->order.posted;
        if (a->order.updates)
            (void)outgoing_history_update(tx, &entry); /* false: its owner has cleared it */
        else
            (void)outgoing_history_insert(tx, &entry);
        add_runs(tx, a);
    }
    end_row(tx, a);
    if (a->order.switches_off)
        switch_off(tx, a->claim->in->id);
    return true;
}

/* --- while the receiver takes its time --- */

static bool apply_showing(struct tx *tx, struct command *command, struct err *err)
{
    (void)err;
    struct outgoing_entry entry = ((struct showing *)command)->entry;
    (void)outgoing_history_insert(tx, &entry);
    return true;
}

/* Commands are done in order, so this one is home before the last order of the try. */
static void shown(struct job *job)
{
    struct showing *showing = (struct showing *)job;
    arena_release(&showing->arena);
    if (showing->command.ok)
        return;
    showing->attempt->showing = NULL;
    free(showing);
}

void attempt_show(struct attempt *a)
{
    struct showing *showing = mem_zalloc(sizeof(*showing));
    a->showing = showing;
    showing->attempt = a;
    showing->entry = a->entry;
    arena_init(&showing->arena, SHOWING_ARENA_BYTES);
    job_init(&showing->command.job, &a->home->jobs);
    showing->command.job.finish = shown;
    showing->command.job.bytes = sizeof(*showing);
    showing->command.arena = &showing->arena;
    showing->command.apply = apply_showing;
    if (!store_write(a->home->config.store, &showing->command, &showing->command.err))
        shown(&showing->command.job); /* full: perhaps in a second */
}

/* --- on the queue --- */

static void wait_for_room(struct attempt *a)
{
    a->next_refused = a->home->refused;
    a->home->refused = a;
}

static bool store_failed(const struct attempt *a)
{
    return !a->command.ok && (a->command.err.status >= 500 || a->order.content == NULL);
}

/* A message that was refused is the integration's affair; a store that fails is not, and what could
 * not be recorded is tried until it can. */
static void came(struct job *job)
{
    struct attempt *a = (struct attempt *)job;
    if (store_failed(a)) {
        log_event(LOG_ERROR, "delivery-not-recorded", "delivery=%.*s reason=%s",
                  STR_FMT(a->row->id), LOG_Q(str_of(a->command.err.text)));
        if (a->home->cutting)
            deliveries_ended(a, PLAN_NOT_CALLED);
        else
            wait_for_room(a);
    } else if (a->command.ok) {
        if (a->order.posted_to != NULL)
            *a->order.posted_to = a->order.posted;
        a->then(a);
    } else {
        a->refused(a);
    }
}

void attempt_order_again(struct attempt *a)
{
    job_init(&a->command.job, &a->home->jobs);
    a->command.job.finish = came;
    a->command.job.bytes = sizeof(*a) + a->arena.used;
    a->command.arena = &a->arena;
    a->command.apply = apply;
    a->command.ok = false;
    a->command.err = ERR_NONE;
    if (!store_write(a->home->config.store, &a->command, &a->command.err))
        wait_for_room(a);
}

void attempt_order(struct attempt *a, void (*then)(struct attempt *a),
                   void (*refused)(struct attempt *a))
{
    a->then = then;
    a->refused = refused;
    a->order.updates = a->showing != NULL;
    attempt_order_again(a);
}

/* --- ends --- */

static enum plan_end plan_end_of(const struct attempt *a)
{
    if (a->entry.status != 0)
        return PLAN_REACHED;
    return a->silent ? PLAN_UNREACHABLE : PLAN_NOT_CALLED;
}

void attempt_ended(struct attempt *a)
{
    deliveries_ended(a, plan_end_of(a));
}

void attempt_give_back(struct attempt *a, int64_t wait_ms)
{
    a->order = (struct order){
        .row = ROW_WAIT, .due_ms = clock_steady_ms() + wait_ms, .tries = a->row->tries};
    attempt_order(a, attempt_ended, attempt_ended);
}

void attempt_record(struct attempt *a, enum row_end row)
{
    a->order.enters = true;
    a->order.row = row;
    crash_point("before-record");
    attempt_order(a, attempt_ended, attempt_ended);
}

void attempt_finish(struct attempt *a, enum row_end row)
{
    a->order = (struct order){.content = NULL};
    a->entry.finished = true;
    attempt_record(a, row);
}

void attempt_step(struct attempt *a, enum step which)
{
    entry_step(&a->arena, &a->entry, which, 0);
}

struct str error_json(struct arena *arena, struct str message, const char *code, const char *type)
{
    BUF(out, ERROR_BYTES);
    struct json_out o = json_begin(&out, '{');
    json_member_str(&o, "message", message);
    if (code != NULL)
        json_member_str(&o, "code", str_of(code));
    json_member_str(&o, "type", str_of(type));
    json_end(&o);
    return arena_str(arena, buf_str(&out));
}

void attempt_no_call(struct attempt *a, struct str error)
{
    a->entry.http_error = error;
    a->entry.http_result = STR("null");
    a->entry.error = true;
    attempt_step(a, STEP_AFTER_CALL);
    attempt_finish(a, ROW_BURY);
}
