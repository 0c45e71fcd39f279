/* All that a script is between two slices lies in the heap: whoever copies it has the script. */
#include "worker/fixture.h"

static void a_state_goes_on_in_another_worker(void **state)
{
    struct rig *one = *state, two;
    rig_start(&two);
    one->sloppy = true;
    rig_load(one,
             "let top = 0; class Script { n = 0; m(a) { implicit = a.x; return [++this.n, ++top, "
             "Store.set('k', (Store.get('k') || 0) + 1), implicit]; } }");
    rig_call(one, "m", "{\"x\":\"a\"}");
    rig_expect(one, "[1,1,1,\"a\"]");
    struct image image = rig_save(one);

    /* Strictness comes along; the frame's flag is about what is evaluated. */
    rig_load(&two, M("return 'somebody else';"));
    rig_place(&two, &image);
    rig_call(&two, "m", "{\"x\":\"b\"}");
    rig_expect(&two, "[2,2,2,\"b\"]");
    rig_call(one, "m", "{\"x\":\"c\"}");
    rig_expect(one, "[2,2,2,\"c\"]");
    one->sloppy = false;
    free(image.bytes);
    rig_stop(&two);
}

static void states_take_turns_in_one_worker(void **state)
{
    enum { SCRIPTS = 5 };
    struct rig *rig = *state;
    struct image images[SCRIPTS];
    for (int i = 0; i < SCRIPTS; i++) {
        char source[256];
        /* Of different sizes: pages come and go. */
        (void)snprintf(source, sizeof(source),
                       "const l = new Array(%d).fill({}).map(() => ({x: 1}));"
                       "class Script { n = %d; m() { return [this.n++, l.length]; } }",
                       i * 3000, i * 100);
        rig_load(rig, source);
        images[i] = rig_save(rig);
    }
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < SCRIPTS; i++) {
            char expected[64];
            (void)snprintf(expected, sizeof(expected), "[%d,%d]", i * 100 + round, i * 3000);
            rig_place(rig, &images[i]);
            rig_call(rig, "m", "{}");
            rig_expect(rig, expected);
            free(images[i].bytes);
            images[i] = rig_save(rig);
        }
    for (int i = 0; i < SCRIPTS; i++)
        free(images[i].bytes);
}

static void random_numbers_do_not_repeat_with_the_state(void **state)
{
    struct rig *rig = *state;
    char first[64];
    rig_load(rig, M("return Math.random();"));
    struct image image = rig_save(rig);
    rig_call(rig, "m", "{}");
    (void)snprintf(first, sizeof(first), "%s", rig_cstr(rig, 0));
    rig_place(rig, &image);
    rig_call(rig, "m", "{}");
    assert_string_not_equal(rig_cstr(rig, 0), first);
    free(image.bytes);
}

static void a_state_from_before_a_failure_is_whole(void **state)
{
    struct rig *rig = *state;
    rig->limits.cpu_us = 20000;
    rig_load(rig, "class Script { n = 0; async m(a) { this.n++; "
                  "if (a.loop) for (;;) await null; return this.n; } }");
    struct image image = rig_save(rig);
    for (int i = 0; i < 3; i++) {
        rig_place(rig, &image);
        rig_call(rig, "m", "{\"loop\":true}");
        rig_expect_bad(rig, VERDICT_TIME);
        rig_place(rig, &image);
        rig_call(rig, "m", "{}");
        rig_expect(rig, "1");
    }
    rig->limits.cpu_us = 3000000;
    free(image.bytes);
}

static void many_calls_leave_no_garbage(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { async m(a) { console.log(a); if (a.bad) throw new Error('x'); "
                  "return {...a, d: new Date()}; } }");
    const char *arguments[] = {"{\"x\":[1,2,3]}", "{\"bad\":true}"};
    uint32_t after_ten = 0;
    for (int i = 0; i < 2000; i++) {
        rig_call(rig, i % 3 == 2 ? "none" : "m", arguments[i % 2]);
        if (i == 10)
            after_ten = rig->up.heap_bytes;
    }
    assert_true(rig->up.heap_bytes < after_ten + 20000);
}

static void what_is_told_of_time_and_memory_is_true(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, M("if (a.n) Store.set('x', new Uint8Array(a.n)); "
                    "for (let i = 0; i < a.loops; i++); return 1;"));
    rig_call(rig, "m", "{}");
    uint32_t before = rig->up.heap_bytes;
    rig_call(rig, "m", "{\"n\":1000000}");
    assert_true(rig->up.heap_bytes >= before + 1000000);
    assert_true(rig->up.heap_bytes < before + 1100000);
    rig_call(rig, "m", "{\"loops\":1000000}");
    assert_true(rig->up.cpu_us >= 1000);
}

int main(int argc, char **argv)
{
    FIXTURE_WORKER(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_goes_on_in_another_worker),
        cmocka_unit_test(states_take_turns_in_one_worker),
        cmocka_unit_test(random_numbers_do_not_repeat_with_the_state),
        cmocka_unit_test(a_state_from_before_a_failure_is_whole),
        cmocka_unit_test(many_calls_leave_no_garbage),
        cmocka_unit_test(what_is_told_of_time_and_memory_is_true),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
