/* Counting calls per key in windows of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/buf.h"
#include "base/digest.h"
#include "http/limit.h"

static void check(struct limit_table *table, const char *key, int64_t now_ms, bool allowed,
                  int64_t remaining, int64_t reset_ms)
{
    struct limit_verdict v = limit_hit(table, str_of(key), 3, 1000, now_ms);
    assert_int_equal(v.allowed, allowed);
    assert_int_equal(v.limit, 3);
    assert_int_equal(v.remaining, remaining);
    assert_int_equal(v.reset_ms, reset_ms);
}

static void calls_above_the_number_are_refused_until_the_window_ends(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    check(table, "a", 5000, true, 2, 6000);
    check(table, "a", 5001, true, 1, 6000);
    check(table, "a", 5999, true, 0, 6000);
    check(table, "a", 5999, false, 0, 6000);
    check(table, "a", 5999, false, 0, 6000);
    check(table, "a", 6000, true, 2, 7000);
    limit_free(table);
}

static void keys_are_counted_apart(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    for (int i = 0; i < 3; i++)
        check(table, "a", 0, true, 2 - i, 1000);
    check(table, "a", 0, false, 0, 1000);
    check(table, "b", 500, true, 2, 1500);
    check(table, "", 500, true, 2, 1500);
    limit_free(table);
}

static void a_clock_that_is_set_back_begins_a_new_window(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    check(table, "a", 100000, true, 2, 101000);
    check(table, "a", 5000, true, 2, 6000);
    limit_free(table);
}

static void a_number_that_was_lowered_counts_at_once(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    for (int i = 0; i < 3; i++)
        limit_hit(table, STR("a"), 3, 1000, 0);
    struct limit_verdict v = limit_hit(table, STR("a"), 1, 1000, 0);
    assert_false(v.allowed);
    assert_int_equal(v.remaining, 0);
    assert_false(limit_hit(table, STR("b"), 0, 1000, 0).allowed);
    limit_free(table);
}

static struct limit_verdict hit_number(struct limit_table *table, int number, int64_t now_ms)
{
    BUF(key, 100);
    buf_addf(&key, "key %d", number);
    return limit_hit(table, buf_str(&key), 1, 1000, now_ms);
}

/* In a table for one key in each of its parts, every new key drives another one out. */
static void a_full_table_forgets_the_window_that_ends_first(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1);
    for (int i = 0; i < 1000; i++)
        assert_true(hit_number(table, i, i).allowed);
    assert_false(hit_number(table, 999, 1000).allowed);
    assert_true(hit_number(table, 0, 1000).allowed);
    limit_free(table);
}

static void a_large_table_keeps_all_that_it_has_room_for(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(100000);
    for (int i = 0; i < 10000; i++)
        assert_true(hit_number(table, i, 0).allowed);
    for (int i = 0; i < 10000; i++)
        assert_false(hit_number(table, i, 999).allowed);
    for (int i = 0; i < 10000; i++)
        assert_true(hit_number(table, i, 1000).allowed);
    limit_free(table);
}

enum { HITS = 20000, THREADS = 4 };

struct hitter {
    struct limit_table *table;
    int allowed;
};

static void *hit_many(void *arg)
{
    struct hitter *hitter = arg;
    for (int i = 0; i < HITS; i++)
        hitter->allowed += limit_hit(hitter->table, STR("one"), HITS, 1000, 0).allowed;
    return NULL;
}

static void threads_share_the_count(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(100);
    struct hitter hitters[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        hitters[i] = (struct hitter){.table = table};
        assert_int_equal(pthread_create(&threads[i], NULL, hit_many, &hitters[i]), 0);
    }
    int allowed = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        allowed += hitters[i].allowed;
    }
    assert_int_equal(allowed, HITS);
    limit_free(table);
    limit_free(NULL);
}

/* --- buckets --- */

static void take(struct limit_table *table, double rate, int64_t burst, int64_t now_ms,
                 struct limit_verdict expected)
{
    struct limit_verdict v = limit_take(table, STR("bucket"), rate, burst, now_ms);
    assert_int_equal(v.allowed, expected.allowed);
    assert_int_equal(v.limit, burst);
    assert_int_equal(v.remaining, expected.remaining);
    assert_int_equal(v.reset_ms, expected.reset_ms);
    assert_int_equal(v.wait_ms, expected.wait_ms);
}

#define YES(left, reset)                                                                           \
    (struct limit_verdict)                                                                         \
    {                                                                                              \
        .allowed = true, .remaining = (left), .reset_ms = (reset)                                  \
    }
#define NO(reset, wait)                                                                            \
    (struct limit_verdict)                                                                         \
    {                                                                                              \
        .reset_ms = (reset), .wait_ms = (wait)                                                     \
    }

static void a_bucket_takes_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    take(table, 10, 3, 5000, YES(2, 5100));
    take(table, 10, 3, 5000, YES(1, 5200));
    take(table, 10, 3, 5000, YES(0, 5300));
    take(table, 10, 3, 5000, NO(5300, 100));
    take(table, 10, 3, 5099, NO(5300, 1));
    take(table, 10, 3, 5100, YES(0, 5400));
    take(table, 10, 3, 5100, NO(5400, 100));
    take(table, 10, 3, 9000, YES(2, 9100));
    limit_free(table);
}

static void a_bucket_may_be_slower_than_a_call_a_second(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    take(table, 0.5, 1, 0, YES(0, 2000));
    take(table, 0.5, 1, 500, NO(2000, 1500));
    take(table, 0.5, 1, 2000, YES(0, 4000));
    limit_free(table);
}

static void
a_clock_that_is_set_back_does_not_close_a_bucket_for_longer_than_it_takes_to_fill(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    take(table, 10, 3, 1000000, YES(2, 1000100));
    take(table, 10, 3, 5000, NO(5300, 100));
    take(table, 10, 3, 5100, YES(0, 5400));
    limit_free(table);
}

static void a_bucket_made_smaller_counts_at_once(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1000);
    for (int i = 0; i < 10; i++)
        take(table, 10, 100, 0, YES(99 - i, INT64_C(100) * (i + 1)));
    take(table, 10, 2, 0, NO(200, 100));
    limit_free(table);
}

static void a_full_table_of_buckets_forgets_those_that_are_full_first(void **state)
{
    (void)state;
    struct limit_table *table = limit_new(1);
    take(table, 1, 1, 0, YES(0, 1000));
    take(table, 1, 1, 0, NO(1000, 1000));
    char key[16];
    for (int i = 0; i < 1000; i++) {
        int length = snprintf(key, sizeof(key), "other %d", i);
        struct limit_verdict v = limit_take(table, str_from(key, (size_t)length), 1, 1, 0);
        assert_true(v.allowed);
    }
    take(table, 1, 1, 0, YES(0, 1000));
    limit_free(table);
}

int main(void)
{
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_above_the_number_are_refused_until_the_window_ends),
        cmocka_unit_test(keys_are_counted_apart),
        cmocka_unit_test(a_clock_that_is_set_back_begins_a_new_window),
        cmocka_unit_test(a_number_that_was_lowered_counts_at_once),
        cmocka_unit_test(a_full_table_forgets_the_window_that_ends_first),
        cmocka_unit_test(a_large_table_keeps_all_that_it_has_room_for),
        cmocka_unit_test(threads_share_the_count),
        cmocka_unit_test(a_bucket_takes_its_burst_and_then_its_rate),
        cmocka_unit_test(a_bucket_may_be_slower_than_a_call_a_second),
        cmocka_unit_test(
            a_clock_that_is_set_back_does_not_close_a_bucket_for_longer_than_it_takes_to_fill),
        cmocka_unit_test(a_bucket_made_smaller_counts_at_once),
        cmocka_unit_test(a_full_table_of_buckets_forgets_those_that_are_full_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
