/* The walk of a call: the checks in the order of endpoint.h, then the endpoint's steps, each on its
 * lane, then the answer.
 *
 * A call whose steps all run on the loop lives in the loop's scratch and is over when serve()
 * returns. Any other call is a heap block with an arena of its own; it holds copies of what it
 * needs of the request, travels as a job, and comes home to the same loop after each step. Its one
 * holder is the loop, a lane's queue, or a lane's worker; while a script runs for it, it is the
 * script's pool. Runs on the loop, but for the three run_ functions.
 */
#include "api/serve.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "script/script.h"
#include "store/catalog.h"

enum { ANSWER_MAX = 64 << 20 }; /* bytes of an answer; a larger one is asked for in pages */

static void go_on(struct call *call, struct http_request *rq);

/* --- making and ending --- */

static struct call *call_new(const struct served *served, struct http_request *rq)
{
    struct call *call;
    if (served->leaves_loop) {
        call = mem_zalloc(sizeof(*call));
        arena_init(&call->own, served->api->call_arena_bytes);
        call->arena = &call->own;
    } else {
        call = ARENA_NEW(rq->arena, struct call);
        call->arena = rq->arena;
    }
    call->api = served->api;
    call->endpoint = served->endpoint;
    call->family = served->family;
    call->status = 200;
    call->now_ms = clock_wall_ms();
    call->begun_us = clock_mono_us();
    buf_init(&call->out, ANSWER_MAX);
    buf_init(&call->piece, ANSWER_MAX);
    return call;
}

static void call_end(struct call *call)
{
    CATALOG_UNREF(call->user);
    catalog_unref(call->lender);
    buf_release(&call->out);
    buf_release(&call->piece);
    if (call->arena == &call->own) {
        arena_release(&call->own);
        free(call);
    }
}

static void measure(const struct call *call, int status)
{
    unsigned family = call->family;
    metric_count(METRIC_REQUESTS, metric_request_label(family, status));
    metric_observe(METRIC_REQUEST_TIME, family, clock_mono_us() - call->begun_us);
}

void call_over(struct call *call, int status, const struct err *err)
{
    measure(call, status);
    if (call->endpoint->over != NULL)
        call->endpoint->over(call, err);
    call_end(call);
}

static void answer(struct call *call, struct http_request *rq, bool ok, const struct err *err)
{
    struct err large;
    if (ok && !buf_ok(&call->out)) {
        ok = err_invalid(
            &large, "The answer is larger than %d MB. Ask for it in pages, with count and offset.",
            ANSWER_MAX >> 20);
        err = &large;
    }
    if (ok && call->endpoint->stream != NULL)
        call->endpoint->stream(call);
    else if (ok)
        reply_success(call, rq);
    else
        reply_failure(call, rq, err);
    call_over(call, ok ? call->status : err->status, ok ? NULL : err);
}

void call_fail(struct call *call, const struct err *err)
{
    if (!call->begun) {
        answer(call, NULL, false, err);
        return;
    }
    http_break(call->conn);
    call_over(call, err->status, err);
}

/* --- steps on lanes --- */

static struct call *call_of(struct job *job)
{
    return (struct call *)job; /* the command is the call's first member, the job the command's */
}

static const struct step *current(const struct call *call)
{
    return &call->endpoint->steps[call->step];
}

static void run_work(struct job *job, void *context)
{
    (void)context;
    struct call *call = call_of(job);
    call->command.err = ERR_NONE;
    if (current(call)->lane == STEP_ANSWER)
        buf_clear(&call->out);
    call->command.ok = current(call)->work(call, &call->command.err);
}

static bool run_read(struct rd *rd, struct command *command, struct err *err)
{
    struct call *call = call_of(&command->job);
    return current(call)->read(rd, call, err);
}

static bool run_write(struct tx *tx, struct command *command, struct err *err)
{
    struct call *call = call_of(&command->job);
    buf_clear(&call->out); /* a command may run again */
    call->again = false;
    return current(call)->write(tx, call, err);
}

void call_renew(struct call *call)
{
    call->command.job.begin_by_ms = clock_mono_ms() + call->api->call_begin_ms;
}

static void go_to_next(struct call *call)
{
    bool in_pieces = current(call)->lane == STEP_PIECES;
    if (call->again || in_pieces)
        call_renew(call);
    if (call->again || (in_pieces && !call->last_piece)) {
        call->round++;
    } else {
        call->round = 0;
        call->step++;
    }
}

/* Nobody waits any more, or the server stops and the lanes may be gone. */
static bool is_abandoned(const struct call *call)
{
    return atomic_load(&call->command.job.abandoned);
}

static void answer_late(struct call *call)
{
    struct err late;
    err_busy(&late,
             "The server is busy: the request waited too long and was not begun. Try again.");
    call_fail(call, &late);
}

static void come_home(struct job *job)
{
    struct call *call = call_of(job);
    if (job->dropped || is_abandoned(call)) {
        answer_late(call);
    } else if (!call->command.ok) {
        call_fail(call, &call->command.err);
    } else if (current(call)->lane == STEP_ANSWER) {
        pieces_send(call);
    } else {
        go_to_next(call);
        go_on(call, NULL);
    }
}

/* --- scripts --- */

/* A run and whom it is for. */
struct errand {
    struct script_run run; /* first: what travels */
    struct call *call;
};

struct script_run *call_script(struct call *call)
{
    assert(call->api->scripts != NULL);
    struct errand *errand = ARENA_NEW(call->arena, struct errand);
    errand->call = call;
    errand->run.arena = call->arena;
    call->run = &errand->run;
    return call->run;
}

static void script_came_home(struct job *job)
{
    struct call *call = ((struct errand *)job)->call;
    if (is_abandoned(call)) {
        answer_late(call);
        return;
    }
    call_renew(call);
    go_to_next(call);
    go_on(call, NULL);
}

static bool submit_script(struct call *call)
{
    struct script_run *run = call->run;
    job_init(&run->job, http_home(call->conn));
    run->job.finish = script_came_home;
    run->job.bytes = sizeof(struct errand) + run->source.len + run->argument.len;
    scripts_submit(call->api->scripts, run);
    return true;
}

/* --- the walk --- */

static void park(struct call *call, struct http_request *rq)
{
    job_init(&call->command.job, NULL);
    call->conn = http_park(rq, &call->command.job.abandoned);
    call->command.job.home = http_home(call->conn);
    call->command.job.finish = come_home;
    call->command.job.run = run_work;
    call->command.job.bytes = sizeof(*call) + call->arena->used;
    call_renew(call);
    call->command.arena = call->arena;
    call->command.ask = run_read;
    call->command.apply = run_write;
}

static bool submit(struct call *call, struct err *err)
{
    switch (current(call)->lane) {
    case STEP_PIECES:
        pieces_pull(call);
        return true;
    case STEP_WORK:
        return lane_submit(call->api->work, &call->command.job, err);
    case STEP_ANSWER:
        return lane_submit(call->api->disk, &call->command.job, err);
    case STEP_READ:
        return store_read(call->api->store, &call->command, err);
    case STEP_WRITE:
        return store_write(call->api->store, &call->command, err);
    case STEP_SCRIPT:
        return submit_script(call);
    default:
        assert(!"a step on the loop is not submitted");
        return false;
    }
}

static bool is_over(const struct call *call)
{
    return call->finished || call->step == ENDPOINT_STEPS || current(call)->lane == STEP_NONE;
}

/* A step that belongs to the loop is done here and now. True: the next step's turn. False: it
 * failed, or the call has to leave the loop for it. */
static bool step_here(struct call *call, struct err *err)
{
    const struct step *step = current(call);
    const struct script_run *run = call->run;
    bool skipped = step->when != NULL && !step->when(call);
    if (!skipped && step->lane != STEP_LOOP && step->lane != STEP_SCRIPT)
        return false;
    if (!skipped && !step->loop(call, err))
        return false;
    if (!skipped && step->lane == STEP_SCRIPT && call->run != run)
        return false;
    call->step++;
    return true;
}

/* Runs steps until one has to leave the loop or all are done. `rq` as long as the handler runs. */
static void go_on(struct call *call, struct http_request *rq)
{
    struct err err = ERR_NONE;
    while (!is_over(call) && step_here(call, &err)) {
    }
    bool failed = err.status != 0, done = is_over(call);
    if (!failed && !done && call->conn == NULL) {
        park(call, rq);
        rq = NULL;
    }
    if (!failed && !done && submit(call, &err))
        return;
    answer(call, rq, !failed && done, &err);
}

/* --- the door --- */

/* What a travelling call needs of the request is copied: the request's bytes are reused. */
static bool take_request(struct call *call, const struct served *served, struct http_request *rq,
                         struct err *err)
{
    struct str query = rq->query, body = rq->body, type = rq->content_type;
    call->auth_token = rq->auth_token;
    call->path_arg = rq->params[0];
    call->path_arg2 = rq->params[1];
    call->peer = rq->peer;
    call->body_follows = rq->body_follows;
    call->body_length = rq->body_length;
    if (served->leaves_loop) {
        query = arena_str(call->arena, query);
        body = arena_str(call->arena, body);
        call->auth_token = arena_str(call->arena, call->auth_token);
        call->path_arg = arena_str(call->arena, call->path_arg);
        call->path_arg2 = arena_str(call->arena, call->path_arg2);
        call->body_type = arena_str(call->arena, rq->content_type);
        call->peer = arena_str(call->arena, call->peer);
    }
    return call_identify(call, rq->user_id, err) && call_permitted(call, err) &&
           call_within_rate(call, err) && call_parse(call, query, type, body, err);
}

bool call_take_body(struct call *call, const struct http_request *rq, struct err *err)
{
    struct str body = arena_str(call->arena, rq->body);
    return call_parse(call, STR(""), arena_str(call->arena, rq->content_type), body, err);
}

static bool come_in(struct call *call, const struct served *served, struct http_request *rq,
                    struct err *err)
{
    bool ok = served->endpoint->door != NULL ? served->endpoint->door(call, rq, err)
                                             : take_request(call, served, rq, err);
    if (ok && arena_over(call->arena))
        return err_set(err, 413, NULL,
                       "The request holds more than this server takes apart (%zu bytes).",
                       call->api->call_arena_bytes);
    return ok;
}

void serve(struct http_request *rq, const void *arg)
{
    const struct served *served = arg;
    struct call *call = call_new(served, rq);
    struct err err = ERR_NONE;
    struct str cors;
    if (!cors_headers(served->api, rq, call->arena, &cors)) {
        (void)err_set(&err, 403, NULL, "unauthorized");
        answer(call, rq, false, &err);
        return;
    }
    call->headers = cors;
    if (come_in(call, served, rq, &err))
        go_on(call, rq);
    else
        answer(call, rq, false, &err);
}
