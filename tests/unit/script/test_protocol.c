/* Frames: what either side accepts, and every single thing that it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script/protocol.h"

static struct frame good(enum frame_kind kind)
{
    struct frame frame = {
        .kind = kind,
        .state = {.pages = 30, .stack = 1 << 20, .root = (1 << 20) + 64},
        .verdict = kind == FRAME_BAD ? VERDICT_THROWN : VERDICT_NONE,
    };
    return frame;
}

static void every_kind_goes_one_way(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 16; kind++) {
        struct frame frame = good((enum frame_kind)kind);
        bool down = kind >= FRAME_CHECK && kind <= FRAME_RESUME;
        bool up = kind >= FRAME_READY && kind <= FRAME_BAD;
        assert_int_equal(frame_check_down(&frame) == NULL, down);
        assert_int_equal(frame_check_up(&frame) == NULL, up);
    }
    struct frame odd = good(FRAME_CALL);
    odd.kind = UINT32_MAX;
    assert_non_null(frame_check_down(&odd));
    assert_non_null(frame_check_up(&odd));
}

static void a_bad_end_has_a_verdict_and_no_other_has_one(void **state)
{
    (void)state;
    for (uint32_t verdict = 0; verdict <= VERDICT_COUNT + 1; verdict++) {
        struct frame bad = good(FRAME_BAD), done = good(FRAME_DONE), call = good(FRAME_CALL);
        bad.verdict = done.verdict = call.verdict = verdict;
        assert_int_equal(frame_check_up(&bad) == NULL,
                         verdict != VERDICT_NONE && verdict < VERDICT_COUNT);
        assert_int_equal(frame_check_up(&done) == NULL, verdict == VERDICT_NONE);
        assert_int_equal(frame_check_down(&call) == NULL, verdict == VERDICT_NONE);
    }
}

static void texts_lie_within_their_part_of_the_channel(void **state)
{
    (void)state;
    static const struct {
        uint32_t at, len;
        bool fits;
    } rows[] = {
        {0, CHANNEL_UP_BYTES, true},      {CHANNEL_UP_BYTES, 0, true},
        {CHANNEL_UP_BYTES - 1, 1, true},  {CHANNEL_UP_BYTES - 1, 2, false},
        {CHANNEL_UP_BYTES + 1, 0, false}, {0, CHANNEL_UP_BYTES + 1, false},
        {1, UINT32_MAX, false},           {UINT32_MAX, 1, false},
        {UINT32_MAX, UINT32_MAX, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t text = 0; text < FRAME_TEXTS; text++) {
            struct frame done = good(FRAME_DONE), call = good(FRAME_CALL);
            done.texts[text] = call.texts[text] =
                (struct frame_text){.at = rows[i].at, .len = rows[i].len};
            assert_int_equal(frame_check_up(&done) == NULL, rows[i].fits);
            assert_int_equal(frame_check_down(&call) == NULL, rows[i].fits);
        }
}

static void a_kind_has_no_more_texts_than_it_should(void **state)
{
    (void)state;
    struct frame resume = good(FRAME_RESUME), ready = good(FRAME_READY);
    resume.texts[0].len = 5;
    assert_null(frame_check_down(&resume));
    resume.texts[1].len = 5;
    assert_non_null(frame_check_down(&resume));
    ready.texts[0].len = 1;
    assert_non_null(frame_check_up(&ready));
}

static void a_state_is_one_that_an_engine_can_have(void **state)
{
    (void)state;
    enum { MOST = CHANNEL_HEAP_BYTES / CHANNEL_PAGE };
    static const struct {
        struct engine_state state;
        bool fits;
    } rows[] = {
        {{.pages = 1, .stack = 0, .root = 0}, true},
        {{.pages = MOST, .stack = 16, .root = CHANNEL_HEAP_BYTES - 8}, true},
        {{.pages = 0, .stack = 0, .root = 0}, false},
        {{.pages = MOST + 1, .stack = 0, .root = 0}, false},
        {{.pages = UINT32_MAX, .stack = 0, .root = 0}, false},
        {{.pages = 1, .stack = 0, .root = CHANNEL_PAGE}, false},
        {{.pages = 1, .stack = CHANNEL_PAGE, .root = CHANNEL_PAGE}, false},
        {{.pages = 1, .stack = 32, .root = 16}, false},
        {{.pages = 1, .stack = 8, .root = 16}, false},
        {{.pages = 1, .stack = 0, .root = 12}, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct frame done = good(FRAME_DONE), call = good(FRAME_CALL);
        done.state = call.state = rows[i].state;
        assert_int_equal(frame_check_up(&done) == NULL, rows[i].fits);
        assert_int_equal(frame_check_down(&call) == NULL, rows[i].fits);
    }
}

static void unknown_flags_are_refused(void **state)
{
    (void)state;
    struct frame evaluate = good(FRAME_EVALUATE), ready = good(FRAME_READY),
                 done = good(FRAME_DONE);
    evaluate.flags = FRAME_SLOPPY | FRAME_FRESH;
    assert_null(frame_check_down(&evaluate));
    evaluate.flags |= 4;
    assert_non_null(frame_check_down(&evaluate));
    ready.flags = FRAME_FRESH;
    assert_null(frame_check_up(&ready));
    done.flags = FRAME_SLOPPY;
    assert_non_null(frame_check_up(&done));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_goes_one_way),
        cmocka_unit_test(a_bad_end_has_a_verdict_and_no_other_has_one),
        cmocka_unit_test(texts_lie_within_their_part_of_the_channel),
        cmocka_unit_test(a_kind_has_no_more_texts_than_it_should),
        cmocka_unit_test(a_state_is_one_that_an_engine_can_have),
        cmocka_unit_test(unknown_flags_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
