/* Turns: one run of a script from its beginning to its end. Runs on the pool's thread.
 *
 *   begin ─▶ check ──────────────▶ end
 *         ─▶ evaluate ─▶ call ─┬─▶ end        each arrow out of a worker is a slice:
 *         ─▶ call ─────────────┤              one frame down, one frame up
 *                  resume ◀─ waits for fetches
 *
 * After a slice that ended well its heap is kept; after any other the instance is as it was before
 * the call. A script that throws has ended well in that sense: what it stored before, it stored. */
#include "script/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/metric.h"

enum { ERROR_TEXT_MAX = 16 << 10 };

/* --- beginning --- */

void run_refuse(struct script_run *run, enum script_end end)
{
    run->end = end;
    metric_count(METRIC_SCRIPT_RUNS, end);
    job_home(&run->job);
}

void turn_begin(struct scripts *s, struct instance *in, struct script_run *run)
{
    assert(in->turn.run == NULL);
    in->turn = (struct turn){.run = run, .begun_us = clock_mono_us()};
    if (run->ask == SCRIPT_CHECK)
        in->turn.stage = STAGE_CHECK;
    else
        in->turn.stage = image_is(&in->kept) ? STAGE_CALL : STAGE_EVALUATE;
    heap_push(&s->deadlines, &in->due, clock_mono_ms() + s->config.limits.wall_ms);
    instance_ready(s, in);
}

/* --- ending --- */

static void put_console(struct script_run *run, const struct json *console)
{
    struct buf text;
    if (console == NULL)
        return;
    buf_init(&text, CHANNEL_UP_BYTES);
    json_put(&text, console);
    run->console = arena_str(run->arena, buf_str(&text));
    buf_release(&text);
}

/* Each journey home wakes a loop, and mostly the writer behind it, who commits: so while more runs
 * wait in the line, the ended ones wait a moment and travel together. */
static void go_home(struct scripts *s, struct script_run *run, bool others_wait)
{
    struct mail *mail = &run->job.mail;
    mail->next = NULL;
    if (s->first_ended == NULL) {
        s->first_ended = mail;
        s->leave_ms = clock_mono_ms() + HOLD_MS;
    } else {
        s->last_ended->next = mail;
    }
    s->last_ended = mail;
    if (!others_wait)
        s->leave_ms = 0;
}

void runs_leave(struct scripts *s, int64_t now_ms)
{
    if (now_ms < s->leave_ms)
        return;
    jobs_home(s->first_ended, NULL);
    s->first_ended = s->last_ended = NULL;
    s->leave_ms = INT64_MAX;
}

/* The instance may be gone afterwards. */
static void end(struct scripts *s, struct instance *in, enum script_end how)
{
    struct script_run *run = in->turn.run;
    bool good = how == SCRIPT_RETURNED || how == SCRIPT_NO_METHOD;
    put_console(run, in->turn.console);
    run->end = how;
    run->wall_us = clock_mono_us() - in->turn.begun_us;
    run->cpu_us = in->turn.cpu_us;
    metric_count(METRIC_SCRIPT_RUNS, how);
    metric_observe(METRIC_SCRIPT_TIME, 0, run->wall_us);
    instance_unready(s, in);
    fetches_end(s, in, !good);
    image_drop(&s->images, &in->turn.waiting);
    if (heap_has(&in->due))
        heap_remove(&s->deadlines, &in->due);
    in->turn = (struct turn){.run = NULL};
    go_home(s, run, in->first != NULL);
    instance_next(s, in);
}

/* Badly: of a method, or of what has to be right before one can be called. */
static void end_bad(struct scripts *s, struct instance *in)
{
    bool called = in->turn.stage == STAGE_CALL || in->turn.stage == STAGE_RESUME;
    end(s, in, called ? SCRIPT_FAILED : SCRIPT_BAD);
}

static void set_error(struct script_run *run, const char *name, struct str message)
{
    run->error =
        (struct script_error){.name = str_of(name),
                              .message = message,
                              .stack = arena_fmt(run->arena, "%s: %.*s", name, STR_FMT(message))};
}

/* --- a loss --- */

static struct str lost_text(const struct scripts *s, struct arena *arena, enum script_loss loss)
{
    const struct script_limits *l = &s->config.limits;
    switch (loss) {
    case LOSS_TIME:
        return arena_fmt(arena, "The script used more than %lld ms of CPU time",
                         (long long)l->cpu_ms);
    case LOSS_WALL:
        return arena_fmt(arena, "The call took more than %lld ms with all it awaited",
                         (long long)l->wall_ms);
    case LOSS_STOP:
        return STR("The server stops");
    default:
        return STR("The script's process ended unexpectedly");
    }
}

static const char *const lost_names[LOSS_COUNT] = {
    [LOSS_TIME] = "TimeoutError",
    [LOSS_WALL] = "TimeoutError",
    [LOSS_CRASH] = "InternalError",
    [LOSS_STOP] = "AbortError",
};

void turn_lost(struct scripts *s, struct instance *in, enum script_loss loss)
{
    struct script_run *run = in->turn.run;
    assert(run != NULL);
    if (in->turn.worker != NULL)
        metric_count(METRIC_SCRIPT_KILLS, loss);
    if (in->turn.worker != NULL && loss != LOSS_STOP)
        instance_killed(in);
    instance_unhold(s, in); /* a heap that waited for fetches is not that of the next call */
    set_error(run, lost_names[loss], lost_text(s, run->arena, loss));
    if (loss == LOSS_STOP)
        end(s, in, SCRIPT_FAILED);
    else
        end_bad(s, in);
}

/* All of them may die at once; a script that only pretends is found out. */
bool turn_again(struct scripts *s, struct instance *in)
{
    if (in->turn.again++ > s->config.workers)
        return false;
    in->turn.worker = NULL;
    instance_ready(s, in);
    return true;
}

/* --- down: the next slice --- */

static const struct image *image_for(struct scripts *s, struct instance *in)
{
    switch (in->turn.stage) {
    case STAGE_RESUME:
        return &in->turn.waiting;
    case STAGE_CALL:
        instance_warm(s, in);
        if (image_is(&in->kept))
            return &in->kept;
        in->turn.stage = STAGE_EVALUATE; /* the file could not be read */
        return &s->base;
    default:
        return &s->base;
    }
}

static const uint32_t frame_of_stage[] = {
    [STAGE_CHECK] = FRAME_CHECK,
    [STAGE_EVALUATE] = FRAME_EVALUATE,
    [STAGE_CALL] = FRAME_CALL,
    [STAGE_RESUME] = FRAME_RESUME,
};

/* The evaluation has CPU time of its own. */
static struct frame frame_for(const struct scripts *s, const struct turn *turn)
{
    const struct script_limits *l = &s->config.limits;
    int64_t left_us = l->cpu_ms * 1000 - turn->cpu_us;
    bool fresh = turn->stage == STAGE_CHECK || turn->stage == STAGE_EVALUATE;
    return (struct frame){
        .kind = frame_of_stage[turn->stage],
        .flags = (turn->run->sloppy ? FRAME_SLOPPY : 0) | (fresh ? FRAME_FRESH : 0),
        .cpu_us = (uint32_t)(left_us > 0 ? left_us : 0),
        .heap_bytes = (uint32_t)l->heap_bytes,
        .result_bytes = (uint32_t)l->result_bytes,
        .console_lines = (uint32_t)l->console_lines,
        .console_line_bytes = (uint32_t)l->console_line_bytes,
        .console_used = (uint32_t)turn->lines,
    };
}

static size_t texts_for(const struct turn *turn, struct str texts[FRAME_TEXTS])
{
    const struct script_run *run = turn->run;
    switch (turn->stage) {
    case STAGE_CALL:
        texts[0] = str_of(run->method);
        texts[1] = run->argument;
        texts[2] = run->dates;
        return 3;
    case STAGE_RESUME:
        texts[0] = fetch_answer(turn);
        return 1;
    default:
        texts[0] = run->source;
        return 1;
    }
}

static void tell(struct scripts *s, struct instance *in, struct worker *w)
{
    struct turn *turn = &in->turn;
    struct frame frame = frame_for(s, turn);
    struct str texts[FRAME_TEXTS];
    size_t count = texts_for(turn, texts);
    turn->worker = w;
    w->of = in;
    w->holds = NULL; /* until the slice has ended well */
    w->look_at_ms = clock_mono_ms() + frame.cpu_us / 1000 + GRACE_MS;
    if (worker_tell(w, &frame, texts, count))
        return;
    w->of = NULL;
    turn->worker = NULL;
    set_error(turn->run, "RangeError", STR("The request is too large for a script"));
    end_bad(s, in);
}

void turn_slice(struct scripts *s, struct instance *in, struct worker *w)
{
    assert(w->mood == WORKER_IDLE && in->turn.run != NULL && in->turn.worker == NULL);
    bool there = w->holds == in && (in->turn.stage == STAGE_CALL || in->turn.stage == STAGE_RESUME);
    if (!there)
        worker_place(w, in, image_for(s, in));
    tell(s, in, w);
}

/* --- up: how the slice ended --- */

/* Appends the lines that have the right form. */
static void add_console(struct turn *turn, struct str text)
{
    struct arena *arena = turn->run->arena;
    if (str_empty(text))
        return;
    struct json *lines = json_parse(arena, arena_str(arena, text));
    if (!json_is(lines, JSON_ARRAY))
        return;
    if (turn->console == NULL)
        turn->console = json_array(arena);
    for (struct json *line = lines->items.first, *next; line != NULL; line = next) {
        next = line->next;
        if (line->kind == JSON_ARRAY) {
            line->next = NULL;
            json_append(turn->console, line);
            turn->lines++;
        }
    }
}

static const struct {
    const char *name, *message; /* where the worker has no better text */
} verdicts[VERDICT_COUNT] = {
    [VERDICT_NONE] = {"InternalError", "The script's process is not to be understood"},
    [VERDICT_THROWN] = {"Error", "The script threw"},
    [VERDICT_NO_CLASS] = {"ReferenceError", "The script has no class by the name of Script"},
    [VERDICT_TIME] = {"TimeoutError", NULL},
    [VERDICT_MEMORY] = {"RangeError", "The script used more memory than it may"},
    [VERDICT_UNSETTLED] = {"Error", "The promise that the method returned can never settle"},
    [VERDICT_NOT_PLAIN] = {"TypeError", "The result holds something that cannot be copied"},
    [VERDICT_TOO_LARGE] = {"RangeError", "The result is larger than it may be"},
    [VERDICT_BROKEN] = {"InternalError", "The script broke its engine"},
};

static struct str error_part(struct arena *arena, const struct json *error, const char *name)
{
    struct str text = json_get_str(error, name);
    return arena_str(arena, str_slice(text, 0, ERROR_TEXT_MAX));
}

static int64_t error_number(const struct json *error, const char *name)
{
    const struct json *value = json_get(error, str_of(name));
    return json_is(value, JSON_NUMBER) && value->number >= 0 && value->number < 1e9
               ? (int64_t)value->number
               : 0;
}

static void take_error(const struct scripts *s, struct script_run *run, enum verdict verdict,
                       struct str text)
{
    if (verdict == VERDICT_TIME) {
        set_error(run, verdicts[verdict].name, lost_text(s, run->arena, LOSS_TIME));
        return;
    }
    const struct json *error = json_parse(run->arena, arena_str(run->arena, text));
    if (!json_is(error, JSON_OBJECT)) {
        set_error(run, verdicts[verdict].name, str_of(verdicts[verdict].message));
        return;
    }
    run->error = (struct script_error){.name = error_part(run->arena, error, "name"),
                                       .message = error_part(run->arena, error, "message"),
                                       .stack = error_part(run->arena, error, "stack"),
                                       .line = error_number(error, "line"),
                                       .column = error_number(error, "column")};
}

static void heard_done(struct scripts *s, struct instance *in, struct worker *w,
                       const struct frame *frame)
{
    struct turn *turn = &in->turn;
    struct script_run *run = turn->run;
    if (turn->stage == STAGE_CHECK) {
        end(s, in, SCRIPT_RETURNED);
    } else if (turn->stage == STAGE_EVALUATE) {
        instance_keep(s, in, w);
        turn->stage = STAGE_CALL;
        turn->cpu_us = 0;
        tell(s, in, w);
    } else {
        run->result = arena_str(run->arena, worker_text(w, frame, 0));
        fetches_begin(s, in, worker_text(w, frame, 2));
        if (!in->passing)
            instance_keep(s, in, w);
        end(s, in, SCRIPT_RETURNED);
    }
}

/* The heap is put away, and the worker is free for others. */
static void heard_wait(struct scripts *s, struct instance *in, struct worker *w,
                       const struct frame *frame)
{
    struct turn *turn = &in->turn;
    image_copy(&s->images, &turn->waiting, &w->state, w->channel);
    instance_unhold(s, in);
    w->holds = in;
    fetches_begin(s, in, worker_text(w, frame, 0));
    turn->stage = STAGE_RESUME;
    if (turn->answers != NULL) {
        instance_ready(s, in);
    } else if (turn->outstanding == 0) {
        instance_unhold(s, in);
        set_error(turn->run, "Error", str_of(verdicts[VERDICT_UNSETTLED].message));
        end_bad(s, in);
    }
}

/* Which ends leave a heap that is worth keeping; the others leave the one before the call. */
static bool ended_whole(enum verdict verdict)
{
    return verdict == VERDICT_THROWN || verdict == VERDICT_NO_METHOD ||
           verdict == VERDICT_NOT_PLAIN || verdict == VERDICT_TOO_LARGE;
}

static void heard_bad(struct scripts *s, struct instance *in, struct worker *w,
                      const struct frame *frame)
{
    enum verdict verdict = (enum verdict)frame->verdict;
    bool called = in->turn.stage == STAGE_CALL || in->turn.stage == STAGE_RESUME;
    if (called && ended_whole(verdict) && !in->passing)
        instance_keep(s, in, w);
    if (verdict == VERDICT_MEMORY)
        instance_reset(s, in);
    if (called && verdict == VERDICT_NO_METHOD) {
        end(s, in, SCRIPT_NO_METHOD);
        return;
    }
    take_error(s, in->turn.run, verdict, worker_text(w, frame, 0));
    end_bad(s, in);
}

/* A worker that answers breaks the row of kills. An evaluation says nothing about the method. */
static void count_kills(struct instance *in, const struct frame *frame)
{
    if (frame->verdict == VERDICT_BROKEN)
        instance_killed(in);
    else if (in->turn.stage != STAGE_EVALUATE) {
        in->kills = 0;
        in->suspended_for_s = 0;
    }
}

void turn_heard(struct scripts *s, struct instance *in, struct worker *w, const struct frame *frame)
{
    struct turn *turn = &in->turn;
    assert(turn->run != NULL && turn->worker == w);
    turn->worker = NULL;
    if (turn->stage == STAGE_RESUME)
        fetch_told(turn);
    count_kills(in, frame);
    turn->cpu_us += frame->cpu_us;
    turn->run->heap_bytes = frame->heap_bytes;
    add_console(turn, worker_text(w, frame, 1));
    if (frame->kind == FRAME_DONE)
        heard_done(s, in, w, frame);
    else if (frame->kind == FRAME_WAIT &&
             (turn->stage == STAGE_CALL || turn->stage == STAGE_RESUME))
        heard_wait(s, in, w, frame);
    else
        heard_bad(s, in, w, frame);
}
