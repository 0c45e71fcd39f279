/* When guessing passwords is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/digest.h"
#include "domain/login_guard.h"

static const struct guard_rule rule = {.limit = 3, .unblock_ms = 1000};

static bool blocked(struct login_guard *g, int64_t at_ms)
{
    return login_guard_blocked(g, GUARD_USER, STR("u1"), rule, at_ms);
}

static void failed(struct login_guard *g, int64_t at_ms)
{
    login_guard_failed(g, GUARD_USER, STR("u1"), at_ms);
}

static int set_up(void **state)
{
    digest_init();
    *state = login_guard_new(1000);
    return 0;
}

static int tear_down(void **state)
{
    login_guard_free(*state);
    return 0;
}

static void the_limit_blocks_until_the_time_has_passed(void **state)
{
    struct login_guard *g = *state;
    assert_false(blocked(g, 1));
    for (int64_t at = 10; at < 13; at++) {
        assert_false(blocked(g, at));
        failed(g, at);
    }
    assert_true(blocked(g, 13));
    assert_true(blocked(g, 1011));
    assert_false(blocked(g, 1012));
}

static void after_the_block_one_failure_blocks_again(void **state)
{
    struct login_guard *g = *state;
    for (int64_t at = 10; at < 13; at++)
        failed(g, at);
    assert_false(blocked(g, 5000));
    failed(g, 5001);
    assert_true(blocked(g, 5002));
}

static void a_blocked_attempt_prolongs_the_block(void **state)
{
    struct login_guard *g = *state;
    for (int64_t at = 10; at < 13; at++)
        failed(g, at);
    failed(g, 900);
    assert_true(blocked(g, 1500));
}

static void success_starts_the_count_again(void **state)
{
    struct login_guard *g = *state;
    failed(g, 10);
    failed(g, 11);
    login_guard_succeeded(g, GUARD_USER, STR("u1"));
    failed(g, 12);
    assert_false(blocked(g, 13));
}

static void attempts_in_progress_do_not_block_each_other(void **state)
{
    struct login_guard *g = *state;
    for (int64_t at = 100; at < 103; at++)
        failed(g, at);
    /* The block has just ended; three begin together, their failures are noted one by one. */
    for (int64_t at = 1300; at < 1303; at++) {
        assert_false(blocked(g, 1200));
        failed(g, at);
    }
    assert_false(blocked(g, 1200));
    assert_true(blocked(g, 1303));
}

static void users_and_addresses_are_counted_apart(void **state)
{
    struct login_guard *g = *state;
    for (int64_t at = 10; at < 13; at++)
        failed(g, at);
    assert_false(login_guard_blocked(g, GUARD_ADDRESS, STR("u1"), rule, 20));
    assert_false(login_guard_blocked(g, GUARD_USER, STR("u2"), rule, 20));
}

static void a_limit_of_zero_is_no_rule(void **state)
{
    struct login_guard *g = *state;
    failed(g, 10);
    struct guard_rule off = {.limit = 0, .unblock_ms = 1000};
    assert_false(login_guard_blocked(g, GUARD_USER, STR("u1"), off, 20));
}

static void a_full_table_forgets_the_oldest(void **state)
{
    (void)state;
    struct login_guard *g = login_guard_new(16);
    struct guard_rule one = {.limit = 1, .unblock_ms = 1000000};
    char name[32];
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(name, sizeof(name), "10.0.%d.%d", i / 256, i % 256);
        login_guard_failed(g, GUARD_ADDRESS, str_of(name), i);
    }
    assert_true(login_guard_blocked(g, GUARD_ADDRESS, str_of(name), one, 10000));
    assert_false(login_guard_blocked(g, GUARD_ADDRESS, STR("10.0.0.0"), one, 10000));
    login_guard_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_limit_blocks_until_the_time_has_passed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(after_the_block_one_failure_blocks_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_blocked_attempt_prolongs_the_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(success_starts_the_count_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attempts_in_progress_do_not_block_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(users_and_addresses_are_counted_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_limit_of_zero_is_no_rule, set_up, tear_down),
        cmocka_unit_test(a_full_table_forgets_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
