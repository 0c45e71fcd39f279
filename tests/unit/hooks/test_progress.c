/* Deliveries in progress: one hold for each, bounded, and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "hooks/progress.h"

enum { MAX = 2 };

static int setup(void **state)
{
    digest_init();
    *state = progress_new(MAX);
    return 0;
}

static int teardown(void **state)
{
    progress_free(*state);
    return 0;
}

static void a_delivery_is_begun_once_until_it_ends(void **state)
{
    struct progress_hold *hold = NULL, *other = NULL;
    assert_int_equal(progress_begin(*state, STR("a"), STR("k"), &hold), PROGRESS_BEGUN);
    assert_int_equal(progress_begin(*state, STR("a"), STR("k"), &other), PROGRESS_GOES_ON);
    assert_null(other);
    progress_end(*state, hold);
    assert_int_equal(progress_begin(*state, STR("a"), STR("k"), &hold), PROGRESS_BEGUN);
    progress_end(*state, hold);
    progress_end(*state, NULL);
}

static void integrations_and_keys_are_told_apart(void **state)
{
    struct progress_hold *one = NULL, *other = NULL;
    assert_int_equal(progress_begin(*state, STR("a"), STR("bk"), &one), PROGRESS_BEGUN);
    assert_int_equal(progress_begin(*state, STR("ab"), STR("k"), &other), PROGRESS_BEGUN);
    progress_end(*state, one);
    progress_end(*state, other);
}

static void no_more_than_its_most_are_held(void **state)
{
    struct progress_hold *holds[MAX], *more = NULL;
    assert_int_equal(progress_begin(*state, STR("a"), STR("1"), &holds[0]), PROGRESS_BEGUN);
    assert_int_equal(progress_begin(*state, STR("a"), STR("2"), &holds[1]), PROGRESS_BEGUN);
    assert_int_equal(progress_begin(*state, STR("a"), STR("3"), &more), PROGRESS_FULL);
    assert_int_equal(progress_begin(*state, STR("a"), STR("2"), &more), PROGRESS_GOES_ON);
    progress_end(*state, holds[0]);
    assert_int_equal(progress_begin(*state, STR("a"), STR("3"), &more), PROGRESS_BEGUN);
    progress_end(*state, holds[1]);
    progress_end(*state, more);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delivery_is_begun_once_until_it_ends),
        TEST(integrations_and_keys_are_told_apart),
        TEST(no_more_than_its_most_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
