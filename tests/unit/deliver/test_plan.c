/* Which destination is asked next: moments, slots, and the breaker. Time is given by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "deliver/plan.h"

static const struct plan_limits limits = {
    .in_flight = 8, .total = 100, .failures = 3, .pause_ms = 1000, .pause_max_ms = 5000};

static int setup(void **state)
{
    static struct plan plan;
    digest_init();
    plan_init(&plan, &limits);
    *state = &plan;
    return 0;
}

static int teardown(void **state)
{
    plan_release(*state);
    return 0;
}

/* The next one must be `id`, for `count`. */
static struct destination *next_is(struct plan *p, int64_t now, const char *id, unsigned count)
{
    unsigned asked = 0;
    struct destination *d = plan_next(p, now, now, &asked);
    assert_non_null(d);
    assert_true(str_is(d->id, id));
    assert_int_equal(asked, count);
    return d;
}

static void claimed(struct plan *p, struct destination *d, unsigned asked, unsigned got,
                    int64_t next_ms, int64_t now)
{
    struct plan_take take = {.asked = asked, .got = got, .next_ms = next_ms};
    plan_claimed(p, d, &take, now);
}

static void assert_nobody(struct plan *p, int64_t now)
{
    unsigned asked;
    assert_null(plan_next(p, now, now, &asked));
}

static void end(struct plan *p, struct destination *d, enum plan_end how, int64_t now)
{
    (void)plan_ended(p, d, how, now);
}

static void the_one_that_is_due_first_is_asked_first(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("late"), 300, 0);
    plan_note(p, STR("soon"), 100, 0);
    plan_note(p, STR("then"), 200, 0);
    assert_nobody(p, 99);
    assert_int_equal(plan_wait_ms(p, 40, 40, 1000), 60);
    next_is(p, 1000, "soon", 8);
    next_is(p, 1000, "then", 8);
    next_is(p, 1000, "late", 8);
    assert_nobody(p, 1000);
}

static void an_earlier_moment_replaces_a_later_one_and_not_the_other_way(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("a"), 300, 0);
    plan_note(p, STR("a"), 100, 0);
    plan_note(p, STR("a"), 500, 0);
    assert_int_equal(plan_wait_ms(p, 0, 0, 1000), 100);
}

static void the_wall_clock_may_jump_and_nothing_is_lost(void **state)
{
    struct plan *p = *state;
    unsigned asked;
    plan_note(p, STR("a"), 1000000, 0);
    assert_int_equal(plan_wait_ms(p, 0, 0, 1000), 1000);
    assert_null(plan_next(p, 0, 5, &asked));
    assert_non_null(plan_next(p, 2000000, 6, &asked));
}

static void it_is_not_asked_again_while_a_claim_is_on_its_way(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("a"), 0, 0);
    struct destination *a = next_is(p, 0, "a", 8);
    plan_note(p, STR("a"), 0, 0);
    assert_nobody(p, 0);
    /* The claim found nothing more, but something was noted behind it. */
    claimed(p, a, 8, 2, PLAN_NEVER, 0);
    next_is(p, 0, "a", 6);
}

static void a_claim_says_when_to_come_again(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("a"), 0, 0);
    struct destination *a = next_is(p, 0, "a", 8);
    claimed(p, a, 8, 1, 700, 0);
    assert_nobody(p, 699);
    next_is(p, 700, "a", 7);
}

static void full_slots_are_asked_for_when_one_is_free(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("a"), 0, 0);
    struct destination *a = next_is(p, 0, "a", 8);
    claimed(p, a, 8, 8, 0, 0);
    assert_nobody(p, 0);
    end(p, a, PLAN_REACHED, 0);
    end(p, a, PLAN_REACHED, 0);
    next_is(p, 0, "a", 2);
}

static void full_slots_of_one_are_nothing_to_another(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("slow"), 0, 0);
    claimed(p, next_is(p, 0, "slow", 8), 8, 8, 0, 0);
    plan_note(p, STR("quick"), 5, 0);
    next_is(p, 5, "quick", 8);
}

static void its_owner_may_want_more_or_fewer_slots(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("a"), 0, 0);
    struct plan_take few = {.asked = 8, .got = 2, .limit = 2, .next_ms = 0};
    struct destination *a = next_is(p, 0, "a", 8);
    plan_claimed(p, a, &few, 0);
    assert_nobody(p, 0);
    end(p, a, PLAN_REACHED, 0);
    struct plan_take many = {.asked = 1, .got = 1, .limit = 50, .next_ms = 0};
    plan_claimed(p, next_is(p, 0, "a", 1), &many, 0);
    next_is(p, 0, "a", 48);
}

/* Takes what there is; how much that was. */
static unsigned take_all(struct plan *p, int64_t now)
{
    unsigned asked, all = 0;
    for (struct destination *d; (d = plan_next(p, now, now, &asked)) != NULL; all += asked)
        claimed(p, d, asked, asked, PLAN_NEVER, now);
    return all;
}

static void all_together_have_a_limit_too(void **state)
{
    struct plan *p = *state;
    struct destination *proven[20];
    for (int i = 0; i < 40; i++) {
        char id[] = {(char)('A' + i), '\0'};
        plan_note(p, str_of(id), i, 0);
        if (i >= 20)
            continue;
        proven[i] = next_is(p, 50, id, 8);
        claimed(p, proven[i], 8, 1, PLAN_NEVER, 50);
        end(p, proven[i], PLAN_REACHED, 50);
        plan_note(p, proven[i]->id, 60, 50);
    }
    assert_int_equal(take_all(p, 59), 48); /* 8 for each of four, and one for each of the rest */
    assert_int_equal(take_all(p, 60), 52);
    end(p, proven[0], PLAN_REACHED, 60);
    assert_int_equal(take_all(p, 60), 1);
}

/* A destination with something always due, and all its slots in use. */
static struct destination *busy(struct plan *p)
{
    plan_note(p, STR("a"), 0, 0);
    struct destination *a = next_is(p, 0, "a", 8);
    claimed(p, a, 8, 8, 0, 0);
    return a;
}

static void after_failures_in_a_row_one_is_tried_at_a_time(void **state)
{
    struct plan *p = *state;
    struct destination *a = busy(p);
    end(p, a, PLAN_UNREACHABLE, 10);
    end(p, a, PLAN_NOT_CALLED, 10);
    end(p, a, PLAN_UNREACHABLE, 10);
    assert_false(plan_suspects(p, a));
    assert_int_equal(plan_ended(p, a, PLAN_UNREACHABLE, 10), PLAN_SUSPECTED);
    assert_true(plan_suspects(p, a));
    for (int i = 0; i < 4; i++)
        end(p, a, PLAN_UNREACHABLE, 10);
    assert_nobody(p, 1009);
    assert_int_equal(plan_wait_ms(p, 1000, 1000, 1000), 10);
    next_is(p, 1010, "a", 1);
}

static void each_failure_of_a_suspect_makes_the_pause_longer(void **state)
{
    static const int64_t pauses[] = {1000, 2000, 4000, 5000, 5000};
    struct plan *p = *state;
    struct destination *a = busy(p);
    int64_t now = 10;
    for (int i = 0; i < 8; i++)
        end(p, a, PLAN_UNREACHABLE, now);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        assert_nobody(p, now + pauses[i] - 1);
        now += pauses[i];
        claimed(p, next_is(p, now, "a", 1), 1, 1, 0, now);
        end(p, a, PLAN_UNREACHABLE, now);
    }
}

static void the_first_answer_gives_all_slots_back(void **state)
{
    struct plan *p = *state;
    struct destination *a = busy(p);
    for (int i = 0; i < 8; i++)
        end(p, a, PLAN_UNREACHABLE, 10);
    claimed(p, next_is(p, 1010, "a", 1), 1, 1, 0, 1010);
    assert_int_equal(plan_ended(p, a, PLAN_REACHED, 1010), PLAN_TRUSTED);
    assert_false(plan_suspects(p, a));
    next_is(p, 1010, "a", 8);
}

static void an_answer_between_failures_starts_the_count_anew(void **state)
{
    struct plan *p = *state;
    struct destination *a = busy(p);
    for (int i = 0; i < 7; i++)
        end(p, a, i % 3 == 2 ? PLAN_REACHED : PLAN_UNREACHABLE, 10);
    assert_false(plan_suspects(p, a));
}

static void what_has_nothing_to_do_is_forgotten_unless_it_has_answered(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("a"), 0, 0);
    struct destination *a = next_is(p, 0, "a", 8);
    claimed(p, a, 8, 2, PLAN_NEVER, 0);
    end(p, a, PLAN_NOT_CALLED, 0);
    assert_int_equal(p->destinations.count, 1);
    end(p, a, PLAN_NOT_CALLED, 0);
    assert_int_equal(p->destinations.count, 0);
    plan_note(p, STR("b"), 0, 0);
    struct destination *b = next_is(p, 0, "b", 8);
    claimed(p, b, 8, 1, PLAN_NEVER, 0);
    end(p, b, PLAN_REACHED, 0);
    assert_int_equal(p->destinations.count, 1);
    assert_int_equal(p->groups[PLAN_PROVEN].in_flight, 0);
    assert_int_equal(p->groups[PLAN_UNPROVEN].in_flight, 0);
}

static void who_is_due_takes_turns_with_the_others(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("old"), 0, 0);
    plan_note(p, STR("new"), 50, 0);
    struct destination *old = next_is(p, 100, "old", 8);
    claimed(p, old, 8, 1, 0, 100); /* more waits there, and has for long */
    next_is(p, 100, "new", 8);
    next_is(p, 100, "old", 7);
}

static void the_silent_leave_room_for_those_that_answer(void **state)
{
    struct plan *p = *state;
    plan_note(p, STR("live"), 0, 0);
    struct destination *live = next_is(p, 0, "live", 8);
    claimed(p, live, 8, 1, PLAN_NEVER, 0);
    end(p, live, PLAN_REACHED, 0);
    for (int i = 0; i < 200; i++) {
        char id[] = {'s', (char)('a' + i / 20), (char)('a' + i % 20), '\0'};
        plan_note(p, str_of(id), i, 0);
    }
    unsigned asked, all = 0, most = 0;
    for (struct destination *d; (d = plan_next(p, 1000, 1000, &asked)) != NULL;) {
        claimed(p, d, asked, asked, 0, 1000);
        all += asked;
        most += asked > 1;
    }
    assert_int_equal(all, 75); /* three quarters of 100 */
    assert_int_equal(most, 4); /* 8 each; then they hold a quarter, and each gets one */
    plan_note(p, STR("live"), 1000, 1000);
    next_is(p, 1000, "live", 8);
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(the_one_that_is_due_first_is_asked_first),
        PLAN_TEST(an_earlier_moment_replaces_a_later_one_and_not_the_other_way),
        PLAN_TEST(the_wall_clock_may_jump_and_nothing_is_lost),
        PLAN_TEST(it_is_not_asked_again_while_a_claim_is_on_its_way),
        PLAN_TEST(a_claim_says_when_to_come_again),
        PLAN_TEST(full_slots_are_asked_for_when_one_is_free),
        PLAN_TEST(full_slots_of_one_are_nothing_to_another),
        PLAN_TEST(its_owner_may_want_more_or_fewer_slots),
        PLAN_TEST(all_together_have_a_limit_too),
        PLAN_TEST(after_failures_in_a_row_one_is_tried_at_a_time),
        PLAN_TEST(each_failure_of_a_suspect_makes_the_pause_longer),
        PLAN_TEST(the_first_answer_gives_all_slots_back),
        PLAN_TEST(an_answer_between_failures_starts_the_count_anew),
        PLAN_TEST(what_has_nothing_to_do_is_forgotten_unless_it_has_answered),
        PLAN_TEST(who_is_due_takes_turns_with_the_others),
        PLAN_TEST(the_silent_leave_room_for_those_that_answer),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
