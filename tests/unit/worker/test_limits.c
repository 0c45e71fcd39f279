/* What a script may use, and what becomes of one that uses more; also what becomes of the worker.
 */
#include "worker/fixture.h"

enum { SHORT_CPU_US = 50000 };

static const struct row endless[] = {
    {"a loop", M("for (;;);"), "{}", "!TimeoutError", BOTH},
    {"a loop that catches everything",
     M("for (;;) try { for (;;); } catch {} finally { continue; }"), "{}", "!TimeoutError", BOTH},
    {"a getter", M("return { get x() { for (;;); } };"), "{}", "!TimeoutError", BOTH},
    {"toJSON", M("return { toJSON() { for (;;); } };"), "{}", "!TimeoutError", BOTH},
    {"a then", M("return { then() { for (;;); } };"), "{}", "!TimeoutError", BOTH},
    {"a comparison", M("[1, 2].sort(() => { for (;;); });"), "{}", "!TimeoutError", BOTH},
    {"a pattern", M("/^(a+)+$/.test('a'.repeat(40) + 'b');"), "{}", "!TimeoutError", BOTH},
    {"a pattern that looks behind", M("/(?<=^x(a+)+)b/.test('a'.repeat(40) + 'b');"), "{}",
     "!TimeoutError", BOTH},
    {"promises without end", "class Script { async m() { for (;;) await null; } }", "{}",
     "!TimeoutError", BOTH},
    {"an error's name", M("throw { get message() { for (;;); } };"), "{}", "!TimeoutError", BOTH},
    {"the evaluation", "for (;;);", "{}", "!TimeoutError", BOTH},
    {"the constructor", "class Script { constructor() { for (;;); } }", "{}", "!TimeoutError",
     BOTH},
    {"the method's getter", "class Script { get m() { for (;;); } }", "{}", "!TimeoutError", BOTH},
};

static const struct row greedy[] = {
    {"objects", M("const l = []; for (;;) l.push({x: 1});"), "{}", "!RangeError", BOTH},
    {"a text", M("let t = 'x'; for (;;) t = (t + t).replace('x', 'y');"), "{}", "!RangeError",
     BOTH},
    {"bytes", M("return new ArrayBuffer(2 ** 30);"), "{}", "!RangeError", BOTH},
    {"a promise's chain",
     "class Script { m() { let p = Promise.resolve(); const f = () => "
     "{ p = p.then(f).then(f); }; p.then(f); return new Promise(() => 0); } }",
     "{}", "!Error" /* a job's error is its promise's */, BOTH},
    {"the evaluation", "const l = []; for (;;) l.push({x: 1});", "{}", "!RangeError", BOTH},
};

static const struct row deep[] = {
    {"calls", M("const f = () => f() + 1; return f();"), "{}", "!RangeError", BOTH},
    {"calls that are caught",
     M("const f = () => f() + 1; try { f(); } catch (e) { return e.name; }"), "{}",
     "\"RangeError\"", BOTH},
    {"JSON", M("let t = '['.repeat(1e5); JSON.parse(t);"), "{}", "!RangeError", BOTH},
    {"nesting", M("let o = {}; for (let i = 0; i < 1e5; i++) o = {o}; return o;"), "{}",
     "!RangeError", BOTH},
    {"a pattern", M("new RegExp('('.repeat(1e5));"), "{}", "!SyntaxError", BOTH},
    {"source", M("eval('('.repeat(1e5));"), "{}", "!RangeError", BOTH},
    {"proxies", M("let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x;"),
     "{}", "!RangeError", BOTH},
    {"bound functions", M("let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); f();"),
     "{}", "!RangeError", BOTH},
    {"flat", M("let l = []; for (let i = 0; i < 1e5; i++) l = [l]; l.flat(Infinity);"), "{}",
     "!RangeError", BOTH},
    {"generators", M("function* g() { yield* g(); } [...g()];"), "{}", "!RangeError", BOTH},
    {"getters", M("const o = { get x() { return this.x; } }; o.x;"), "{}", "!RangeError", BOTH},
    {"texts of things", M("const o = { toString() { return `${o}`; } }; `${o}`;"), "{}",
     "!RangeError", BOTH},
};

static void endless_work_ends_at_its_time(void **state)
{
    struct rig *rig = *state;
    rig->limits.cpu_us = SHORT_CPU_US;
    TRY_ALL(rig, endless);
    assert_int_equal(rig->up.verdict, VERDICT_TIME);
    assert_true(rig->up.cpu_us >= SHORT_CPU_US);
    rig->limits.cpu_us = 3000000;
}

static void greed_ends_at_the_memory_it_may_use(void **state)
{
    struct rig *rig = *state;
    TRY_ALL(rig, greedy);
    rig_load(rig, M("const l = []; for (;;) l.push({x: 1});"));
    rig_call(rig, "m", "{}");
    rig_expect_bad(rig, VERDICT_MEMORY);
    assert_true(rig->up.heap_bytes <= rig->limits.heap_bytes);
    assert_true((size_t)rig->up.state.pages * CHANNEL_PAGE < 16 << 20);
}

static void memory_that_is_used_up_may_be_caught(void **state)
{
    struct rig *rig = *state;
    rig_load(rig,
             M("try { const l = []; for (;;) l.push({x: 1}); } catch (e) { return e.message; }"));
    rig_call(rig, "m", "{}");
    rig_expect(rig, "\"out of memory\"");
    rig_call(rig, "m", "{}");
    rig_expect(rig, "\"out of memory\"");
}

static void depth_ends_with_an_error_and_not_with_the_worker(void **state)
{
    TRY_ALL(*state, deep);
}

static void an_argument_that_does_not_fit_is_no_crash(void **state)
{
    struct rig *rig = *state;
    size_t len = (size_t)CHANNEL_DOWN_BYTES - 10;
    char *argument = mem_alloc(len + 1);
    rig_load(rig, M("return a.length;"));
    memset(argument, 'x', len);
    argument[0] = argument[len - 1] = '"';
    argument[len] = '\0';
    rig_call(rig, "m", argument);
    rig_expect_bad(rig, VERDICT_MEMORY);
    argument[4 << 20] = '"';
    argument[(4 << 20) + 1] = '\0';
    rig_call(rig, "m", argument);
    rig_expect(rig, "4194303");
    free(argument);
}

static void a_result_that_is_too_long_is_refused(void **state)
{
    struct rig *rig = *state;
    rig->limits.result_bytes = 100;
    rig_load(rig, M("return 'x'.repeat(a.n);"));
    rig_call(rig, "m", "{\"n\":98}");
    assert_int_equal(rig->up.kind, FRAME_DONE);
    assert_int_equal(rig->up.texts[0].len, 100);
    rig_call(rig, "m", "{\"n\":99}");
    rig_expect_bad(rig, VERDICT_TOO_LARGE);
    rig->limits.result_bytes = 1 << 20;
    rig_call(rig, "m", "{\"n\":2000000}");
    rig_expect_bad(rig, VERDICT_TOO_LARGE);
}

static void a_promise_that_cannot_settle_ends_the_call(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { m() { return new Promise(() => 0); } "
                  "async n() { await { then() {} }; } o() { return 1; } }");
    rig_call(rig, "m", "{}");
    rig_expect_bad(rig, VERDICT_UNSETTLED);
    rig_call(rig, "n", "{}");
    rig_expect_bad(rig, VERDICT_UNSETTLED);
    rig_call(rig, "o", "{}");
    rig_expect(rig, "1");
}

static void what_cannot_be_copied_has_a_verdict_of_its_own(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, M("return {f() {}};"));
    rig_call(rig, "m", "{}");
    rig_expect_bad(rig, VERDICT_NOT_PLAIN);
    rig_load(rig, M("throw new TypeError('my own');"));
    rig_call(rig, "m", "{}");
    rig_expect_bad(rig, VERDICT_THROWN);
}

static void time_that_is_used_up_already_lets_nothing_run(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, M("return 1;"));
    rig->limits.cpu_us = 0;
    rig_call(rig, "m", "{}");
    rig_expect_bad(rig, VERDICT_TIME);
    rig->limits.cpu_us = 3000000;
}

/* Some of the engine's functions never ask whether they may go on. The pool kills such a worker;
 * what it had kept is good for the next one. */
static void a_worker_that_is_killed_takes_nothing_along(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig);
    rig_load(&rig, "class Script { n = 0; m({bad}) { this.n++; "
                   "if (bad) new Array(2 ** 32 - 2).join(); return this.n; } }");
    rig_call(&rig, "m", "{}");
    rig_expect(&rig, "1");
    struct image kept = rig_save(&rig);

    struct frame frame = rig.limits;
    frame.kind = FRAME_CALL;
    frame.state = rig.up.state;
    frame.texts[0] = (struct frame_text){.at = 0, .len = 1};
    frame.texts[1] = (struct frame_text){.at = 1, .len = 12};
    memcpy(rig.channel + CHANNEL_DOWN, "m{\"bad\":true}", 13);
    assert_int_equal(send(rig.socket, &frame, sizeof(frame), 0), sizeof(frame));
    assert_int_equal(kill(rig.pid, SIGKILL), 0);
    assert_true(WIFSIGNALED(rig_wait(&rig)));

    rig_start_again(&rig);
    rig_place(&rig, &kept);
    rig_call(&rig, "m", "{}");
    rig_expect(&rig, "2");
    free(kept.bytes);
    rig_stop(&rig);
}

/* A frame that makes no sense ends the worker; it never becomes an answer. */
static void an_odd_frame_ends_the_worker(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct rig rig;
        rig_start(&rig);
        rig_load(&rig, M("return 1;"));
        struct frame frame = rig.limits;
        frame.kind = i == 0 ? FRAME_DONE : FRAME_CALL;
        frame.state = rig.up.state;
        if (i == 1)
            frame.state.pages = 1 << 20;
        if (i == 2)
            frame.texts[1].len = CHANNEL_DOWN_BYTES + 1;
        if (i == 3)
            frame.flags = 1u << 31;
        size_t size = i == 4 ? sizeof(frame) - 4 : sizeof(frame);
        assert_int_equal(send(rig.socket, &frame, size, 0), size);
        assert_false(rig_hear(&rig));
        int status = rig_wait(&rig);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
        free(rig.fresh.bytes);
    }
}

int main(int argc, char **argv)
{
    FIXTURE_WORKER(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_work_ends_at_its_time),
        cmocka_unit_test(greed_ends_at_the_memory_it_may_use),
        cmocka_unit_test(memory_that_is_used_up_may_be_caught),
        cmocka_unit_test(depth_ends_with_an_error_and_not_with_the_worker),
        cmocka_unit_test(an_argument_that_does_not_fit_is_no_crash),
        cmocka_unit_test(a_result_that_is_too_long_is_refused),
        cmocka_unit_test(a_promise_that_cannot_settle_ends_the_call),
        cmocka_unit_test(what_cannot_be_copied_has_a_verdict_of_its_own),
        cmocka_unit_test(time_that_is_used_up_already_lets_nothing_run),
        cmocka_unit_test(a_worker_that_is_killed_takes_nothing_along),
        cmocka_unit_test(an_odd_frame_ends_the_worker),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
