/* Opening the script engine, and the four things a slice can be. A worker's only thread.
 *
 * Every call into the engine may throw, run the script's own code, or find no memory; what it threw
 * is taken by thrown.c, which decides what that means. */
#include "worker/engine.h"

#include <assert.h>

#include "base/mem.h"
#include "worker/value.h"

enum {
    GUEST_STACK = 256 << 10,
    /* Of `up`: a result or fetches, lines, fetches of a call that is done. */
    TEXT_MAX = 4 << 20,
    CONSOLE_MAX = 3 << 20,
    FETCHES_MAX = CHANNEL_UP_BYTES - TEXT_MAX - CONSOLE_MAX,
    PRELUDE_MAX = 1 << 20, /* its source, and compiled */
    NS_PER_US = 1000,
};
#define NEVER INT64_MAX

extern const char prelude_js[];
extern const size_t prelude_js_len;

struct roots *engine_roots(const struct engine *e)
{
    struct roots *roots = sandbox_at(&e->box, e->root, sizeof(*roots));
    assert(roots != NULL);
    return roots;
}

static uint64_t *answer_of(const struct engine *e)
{
    return &engine_roots(e)->answer;
}

/* --- opening --- */

static bool make_roots(struct engine *e)
{
    e->root = GUEST(&e->box, wasm_malloc, sizeof(struct roots));
    if (e->root == 0)
        return false;
    struct roots *roots = engine_roots(e);
    *roots = (struct roots){
        .script = VALUE_UNDEFINED, .answer = VALUE_UNDEFINED, .class_strict = CLASS_STRICT};
    for (size_t i = 0; i < HOOK_COUNT; i++)
        roots->hooks[i] = VALUE_UNDEFINED;
    return true;
}

/* A module that has just begun. */
static bool begin(struct engine *e, struct err *err)
{
    GUEST0(&e->box, _initialize);
    if (GUEST0(&e->box, qjs_init) != 0)
        return err_internal(err, "the script engine does not start");
    e->runtime = GUEST0(&e->box, qjs_get_runtime_ptr);
    e->context = GUEST0(&e->box, qjs_get_context_ptr);
    GUEST(&e->box, qjs_set_max_stack_size, GUEST_STACK);
    GUEST(&e->box, qjs_set_interrupt_handler, 1);
    return make_roots(e) || err_internal(err, "the script engine has no memory");
}

/* The prelude is a function; called with ours, it returns the list of its own. */
static bool run_prelude(struct engine *e, struct str compiled)
{
    uint64_t prelude = value_run(e, compiled);
    uint64_t host = host_object(e);
    uint64_t hooks = value_call(e, prelude, VALUE_UNDEFINED, host, VALUE_UNDEFINED);
    for (uint32_t i = 0; i < HOOK_COUNT; i++) {
        uint64_t hook = value_threw(hooks) ? VALUE_UNDEFINED : value_item(e, hooks, i);
        if (!value_is_function(e, hook))
            return false;
        engine_roots(e)->hooks[i] = hook;
    }
    value_free(e, hooks);
    value_free(e, host);
    value_free(e, prelude);
    return true;
}

static bool compile_prelude(struct engine *e, struct buf *out)
{
    BUF(source, PRELUDE_MAX);
    (void)buf_add(&source, STR("(function (host) { 'use strict';"));
    (void)buf_add(&source, str_from(prelude_js, prelude_js_len));
    (void)buf_add(&source, STR("})"));
    return value_save(e, value_eval(e, buf_str(&source), OUR_FILE, true), out);
}

static bool prelude_failed(struct engine *e, struct err *err)
{
    thrown_take(e);
    return err_internal(err, "the prelude of scripts: %.*s", STR_FMT(buf_str(&e->text)));
}

/* The prelude is compiled in an engine that is then thrown away: every image of a script would
 * carry the room that its source and the compiler took. */
bool engine_open(struct engine *e, int channel, struct err *err)
{
    BUF(compiled, PRELUDE_MAX);
    *e = (struct engine){.look_at_ns = NEVER};
    buf_init(&e->text, TEXT_MAX);
    buf_init(&e->console, CONSOLE_MAX);
    buf_init(&e->fetches, FETCHES_MAX);
    if (!sandbox_open(&e->box, channel, e, err) || !begin(e, err))
        return false;
    if (!compile_prelude(e, &compiled))
        return prelude_failed(e, err);
    sandbox_restart(&e->box, e);
    if (!begin(e, err))
        return false;
    return run_prelude(e, buf_str(&compiled)) || prelude_failed(e, err);
}

struct engine_state engine_state(const struct engine *e)
{
    return (struct engine_state){
        .pages = sandbox_pages(&e->box), .stack = e->box.in.w2c___stack_pointer, .root = e->root};
}

/* --- the slice's time --- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* CPU time never runs faster than the clock on the wall, which is cheaper to ask. */
bool slice_over(struct engine *e)
{
    if (e->over || e->look_at_ns == NEVER)
        return e->over;
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now < e->look_at_ns)
        return false;
    int64_t left = e->cpu_ns - (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - e->cpu_from_ns);
    e->over = left <= 0;
    e->look_at_ns = now + left;
    return e->over;
}

uint32_t slice_cpu_us(const struct engine *e)
{
    return (uint32_t)((clock_ns(CLOCK_PROCESS_CPUTIME_ID) - e->cpu_from_ns) / NS_PER_US);
}

/* JSRuntime.malloc_state.malloc_size of the engine, which is pinned to one binary. */
uint32_t slice_heap_bytes(const struct engine *e)
{
    const uint32_t *size = sandbox_at(&e->box, e->runtime + 24, sizeof(*size));
    return size != NULL ? *size : 0;
}

/* --- beginning and ending a slice --- */

bool slice_begin(struct engine *e, const struct frame *frame)
{
    e->cpu_from_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    e->cpu_ns = (int64_t)frame->cpu_us * NS_PER_US;
    e->look_at_ns = clock_ns(CLOCK_MONOTONIC) + e->cpu_ns;
    e->over = e->refused = false;
    e->result_bytes = frame->result_bytes;
    e->line_bytes = frame->console_line_bytes;
    e->lines_left =
        frame->console_lines > frame->console_used ? frame->console_lines - frame->console_used : 0;
    e->end = FRAME_DONE;
    e->verdict = VERDICT_NONE;
    buf_clear(&e->text);
    buf_clear(&e->console);
    buf_clear(&e->fetches);

    sandbox_resize(&e->box, frame->state.pages);
    e->box.in.w2c___stack_pointer = frame->state.stack;
    e->root = frame->state.root;
    if (GUEST0(&e->box, qjs_get_runtime_ptr) != e->runtime ||
        GUEST0(&e->box, qjs_get_context_ptr) != e->context)
        return false;
    sandbox_class_strict = engine_roots(e)->class_strict;
    GUEST(&e->box, qjs_set_memory_limit, frame->heap_bytes);
    return true;
}

static void end_done(struct engine *e)
{
    if (slice_over(e))
        thrown_ours(e, VERDICT_TIME, "TimeoutError", "The script used more CPU time than it may");
}

/* Runs what promises have left to do. False when it ended badly. */
static bool run_jobs(struct engine *e)
{
    uint32_t context_at = e->root + (uint32_t)offsetof(struct roots, len);
    while (GUEST(&e->box, JS_IsJobPending, e->runtime) != 0) {
        if (slice_over(e)) {
            end_done(e);
            return false;
        }
        if ((int32_t)GUEST(&e->box, JS_ExecutePendingJob, e->runtime, context_at) < 0) {
            thrown_take(e);
            return false;
        }
    }
    return true;
}

/* For as long as this script lives. */
static void set_strictness(struct engine *e, bool sloppy)
{
    sandbox_class_strict = sloppy ? CLASS_SLOPPY : CLASS_STRICT;
    engine_roots(e)->class_strict = sandbox_class_strict;
}

/* --- check --- */

/* Compiles it between two texts. */
static bool compiles(struct engine *e, const char *before, struct str source, const char *after)
{
    BUF(text, CHANNEL_DOWN_BYTES + 64);
    (void)buf_add(&text, str_of(before));
    (void)buf_add(&text, source);
    (void)buf_add(&text, str_of(after));
    uint64_t v = value_eval(e, buf_str(&text), AUTHOR_FILE, true);
    bool ok = !value_threw(v);
    value_free(e, v);
    return ok;
}

/* A source is right as a script or as the body of a function, in which it may return. The body is
 * tried in two kinds of function, for one that only closes the brace too early fits but one. */
void slice_check(struct engine *e, struct str source, bool sloppy)
{
    set_strictness(e, sloppy);
    if (!compiles(e, "", source, "")) {
        thrown_take(e);
        if (e->verdict == VERDICT_THROWN && compiles(e, "function f(){", source, "\n}") &&
            compiles(e, "({f(){", source, "\n}})")) {
            e->end = FRAME_DONE;
            e->verdict = VERDICT_NONE;
            buf_clear(&e->text);
        }
    }
    if (e->end == FRAME_DONE)
        end_done(e);
}

/* --- evaluate --- */

/* Classes of a script are no properties of the global object; only a script sees them. */
static bool has_class(struct engine *e)
{
    return value_eval(e, STR("typeof Script !== 'undefined'"), OUR_FILE, false) != VALUE_FALSE;
}

void slice_evaluate(struct engine *e, struct str source, bool sloppy)
{
    set_strictness(e, sloppy);
    uint64_t v = value_eval(e, source, AUTHOR_FILE, false);
    if (value_threw(v)) {
        thrown_take(e);
        return;
    }
    value_free(e, v);
    if (!has_class(e)) {
        thrown_ours(e, VERDICT_NO_CLASS, "ReferenceError", "The script has no class Script");
        return;
    }
    v = value_eval(e, STR("new Script()"), OUR_FILE, false);
    if (value_threw(v)) {
        thrown_take(e);
        return;
    }
    engine_roots(e)->script = v;
    if (run_jobs(e))
        end_done(e);
}

/* --- call and resume --- */

/* The call has ended: nothing of it stays. */
static void forget_call(struct engine *e)
{
    uint64_t answer = *answer_of(e);
    *answer_of(e) = VALUE_UNDEFINED;
    value_free(e, answer);
    value_free(e, value_hook(e, HOOK_FORGET, VALUE_UNDEFINED, VALUE_UNDEFINED));
}

/* The fetches begun in this slice. */
static bool take_fetches(struct engine *e, struct buf *out)
{
    uint64_t v = value_hook(e, HOOK_TAKE, VALUE_UNDEFINED, VALUE_UNDEFINED);
    if (value_threw(v)) {
        thrown_take(e);
        return false;
    }
    bool ok = value_print(e, v, out);
    value_free(e, v);
    if (!ok)
        thrown_ours(e, VERDICT_TOO_LARGE, "RangeError", "The bodies of the fetches are too large");
    return ok;
}

static void give_result(struct engine *e, uint64_t result)
{
    if (value_tag(result) == value_tag(VALUE_UNDEFINED))
        return;
    uint64_t json = value_hook(e, HOOK_PLAIN, result, VALUE_UNDEFINED);
    if (value_threw(json)) {
        thrown_take(e);
    } else if (value_is_text(json) &&
               (!value_print(e, json, &e->text) || e->text.len > e->result_bytes)) {
        thrown_ours(e, VERDICT_TOO_LARGE, "RangeError", "The result is larger than it may be");
    }
    value_free(e, json);
}

static bool is_pending(struct engine *e)
{
    uint64_t v = value_hook(e, HOOK_PENDING, VALUE_UNDEFINED, VALUE_UNDEFINED);
    bool pending = value_tag(v) == TAG_INT && (uint32_t)v > 0;
    value_free(e, v);
    return pending;
}

enum { PROMISE_PENDING = 0, PROMISE_FULFILLED = 1, PROMISE_REJECTED = 2 }; /* else: none */

/* The method has returned something that may have to be awaited. */
static void go_on(struct engine *e)
{
    if (!run_jobs(e))
        return;
    uint64_t answer = *answer_of(e);
    uint32_t state = GUEST(&e->box, JS_PromiseState, e->context, answer);
    if (state == PROMISE_PENDING && is_pending(e)) {
        e->end = FRAME_WAIT;
        (void)take_fetches(e, &e->text);
    } else if (state == PROMISE_PENDING) {
        thrown_ours(e, VERDICT_UNSETTLED, "Error",
                    "The promise that the method returned can never settle");
    } else if (state == PROMISE_REJECTED) {
        thrown_reason(e, GUEST(&e->box, JS_PromiseResult, e->context, answer));
    } else {
        bool promise = state == PROMISE_FULFILLED;
        uint64_t result =
            promise ? GUEST(&e->box, JS_PromiseResult, e->context, answer) : value_dup(e, answer);
        give_result(e, result);
        value_free(e, result);
        if (e->end == FRAME_DONE)
            (void)take_fetches(e, &e->fetches);
    }
    if (e->end != FRAME_BAD)
        end_done(e);
}

static void go_on_and_end(struct engine *e)
{
    go_on(e);
    if (e->end != FRAME_WAIT && e->verdict != VERDICT_TIME)
        forget_call(e);
}

/* A promise's own state can be asked; of other things with a `then` a promise is made. False when
 * that failed. */
static bool await(struct engine *e, uint64_t v)
{
    *answer_of(e) = v;
    if (!value_is_object(v) || GUEST(&e->box, JS_IsPromise, v) != 0)
        return true;
    uint64_t promise = value_hook(e, HOOK_AWAIT, v, VALUE_UNDEFINED);
    if (value_threw(promise))
        return false;
    *answer_of(e) = promise;
    value_free(e, v);
    return true;
}

static uint64_t read_argument(struct engine *e, struct str argument, struct str dates)
{
    uint64_t v = value_parse(e, argument);
    if (value_threw(v) || str_empty(dates))
        return v;
    uint64_t paths = value_parse(e, dates);
    if (!value_threw(paths)) {
        uint64_t done = value_hook(e, HOOK_REVIVE, v, paths);
        value_free(e, paths);
        if (!value_threw(done)) {
            value_free(e, done);
            return v;
        }
    }
    value_free(e, v);
    return VALUE_EXCEPTION;
}

void slice_call(struct engine *e, struct str method, struct str argument, struct str dates)
{
    uint64_t script = engine_roots(e)->script;
    uint64_t fn = value_get(e, script, method);
    if (value_threw(fn)) {
        thrown_take(e);
        return;
    }
    if (!value_is_function(e, fn)) {
        value_free(e, fn);
        thrown_ours(e, VERDICT_NO_METHOD, "TypeError", "The script has no such method");
        return;
    }
    uint64_t v = read_argument(e, argument, dates);
    uint64_t result = value_threw(v) ? v : value_call(e, fn, script, v, VALUE_UNDEFINED);
    value_free(e, v);
    value_free(e, fn);
    if (value_threw(result) || !await(e, result)) {
        thrown_take(e);
        if (e->verdict != VERDICT_TIME)
            forget_call(e);
        return;
    }
    go_on_and_end(e);
}

void slice_resume(struct engine *e, struct str fetched)
{
    uint64_t v = value_parse(e, fetched);
    uint64_t done = value_threw(v) ? v : value_hook(e, HOOK_FETCHED, v, VALUE_UNDEFINED);
    value_free(e, v);
    if (value_threw(done)) {
        thrown_take(e);
        if (e->verdict != VERDICT_TIME)
            forget_call(e);
        return;
    }
    value_free(e, done);
    go_on_and_end(e);
}
