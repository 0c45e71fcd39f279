/* When a failed delivery is tried again: the tables of waits, where they end, and Retry-After. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/retry.h"

static struct integration with_delay(const char *delay)
{
    return (struct integration){
        .retry_failed_calls = true, .retry_count = 1000, .retry_delay = str_of(delay)};
}

static void the_waits_are_those_of_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *delay;
        int64_t waits_ms[6];
    } rows[] = {
        {"powers-of-ten", {100, 1000, 10000, 100000, 1000000, 10000000}},
        {"powers-of-two", {2000, 4000, 8000, 16000, 32000, 64000}},
        {"increments-of-two", {2000, 4000, 6000, 8000, 10000, 12000}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct integration in = with_delay(rows[i].delay);
        for (int64_t tries = 0; tries < 6; tries++) {
            struct retry retry = retry_after_failure(&in, tries, 0, 0);
            assert_int_equal(retry.kind, RETRY_LATER);
            assert_int_equal(retry.wait_ms, rows[i].waits_ms[tries]);
        }
    }
}

static void a_wait_never_overflows(void **state)
{
    (void)state;
    static const char *const delays[] = {"powers-of-ten", "powers-of-two", "increments-of-two"};
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct integration in = with_delay(delays[i]);
        in.retry_count = 1e18;
        struct retry retry = retry_after_failure(&in, INT64_C(1) << 40, 0, 1);
        assert_int_equal(retry.kind, RETRY_LATER);
        assert_in_range(retry.wait_ms, 1, INT64_C(7300) * 86400000);
    }
}

static void the_end_of_tries_has_three_names(void **state)
{
    (void)state;
    static const struct {
        double count;
        const char *delay;
        int64_t tries;
        enum retry_kind kind;
        bool on;
    } rows[] = {
        {4, "powers-of-ten", 0, RETRY_NOT_CONFIGURED, false},
        {0, "powers-of-ten", 0, RETRY_NOT_CONFIGURED, true},
        {-1, "powers-of-ten", 0, RETRY_NOT_CONFIGURED, true},
        {4, "powers-of-ten", 3, RETRY_LATER, true},
        {4, "powers-of-ten", 4, RETRY_TOO_MANY, true},
        {4, "powers-of-ten", 5, RETRY_TOO_MANY, true},
        {4, "", 0, RETRY_TOO_MANY, true},
        {4, "powers-of-three", 0, RETRY_BAD_DELAY, true},
        {4, "powers-of-three", 4, RETRY_TOO_MANY, true},
        {0, "powers-of-three", 0, RETRY_NOT_CONFIGURED, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct integration in = {.retry_failed_calls = rows[i].on,
                                 .retry_count = rows[i].count,
                                 .retry_delay = str_of(rows[i].delay)};
        assert_int_equal(retry_after_failure(&in, rows[i].tries, 0, 0).kind, rows[i].kind);
    }
}

static void the_longer_wait_counts(void **state)
{
    (void)state;
    struct integration in = with_delay("powers-of-ten");
    assert_int_equal(retry_after_failure(&in, 0, 5000, 0).wait_ms, 5000);
    assert_int_equal(retry_after_failure(&in, 2, 5000, 0).wait_ms, 10000);
}

static void a_spread_is_added_to_the_wait(void **state)
{
    (void)state;
    struct integration in = with_delay("powers-of-ten");
    assert_int_equal(retry_after_failure(&in, 1, 0, 0.25).wait_ms, 1250);
}

/* 2026-01-02T03:04:05.000Z */
#define NOW_MS INT64_C(1767323045000)

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t wait_ms;
    } rows[] = {
        {"0", 0},
        {"120", 120000},
        {" 7 ", 7000},
        {"86400", 86400000},
        {"86401", 86400000},
        {"99999999999999999999999", 86400000},
        {"-1", 0},
        {"1.5", 0},
        {"soon", 0},
        {"", 0},
        {"Fri, 02 Jan 2026 03:04:35 GMT", 30000},
        {"Friday, 02-Jan-26 03:04:35 GMT", 30000},
        {"Fri Jan  2 03:04:35 2026", 30000},
        {"Fri, 02 Jan 2026 03:04:04 GMT", 0},
        {"Fri, 02 Jan 2036 03:04:05 GMT", 86400000},
        {"Fri, 02 Jan 2026 03:04:35 GMT and more", 0},
        {"Fri, 02 Jan 2026 03:04:35 GMT                                                     ",
         30000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(retry_after_header(str_of(rows[i].header), NOW_MS), rows[i].wait_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_waits_are_those_of_the_table),
        cmocka_unit_test(a_wait_never_overflows),
        cmocka_unit_test(the_end_of_tries_has_three_names),
        cmocka_unit_test(the_longer_wait_counts),
        cmocka_unit_test(a_spread_is_added_to_the_wait),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
