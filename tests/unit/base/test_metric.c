/* Metrics: what threads add is printed as one sum, in the form that Prometheus reads. Numbers are
 * the process's, so each test looks at metrics of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#include "base/metric.h"

enum { PRINT_BYTES = 1 << 20, THREADS = 4, TIMES = 10000 };

static bool prints(const char *line)
{
    BUF(out, PRINT_BYTES);
    metric_print(&out);
    assert_true(buf_ok(&out));
    return str_find(buf_str(&out), str_of(line)) != SIZE_MAX;
}

static void what_nobody_has_counted_is_nought_and_not_missing(void **state)
{
    (void)state;
    assert_true(prints("# HELP gantry_store_batches_lost_total Batches that were not committed\n"
                       "# TYPE gantry_store_batches_lost_total counter\n"
                       "gantry_store_batches_lost_total 0\n"));
    assert_true(prints("gantry_script_kills_total{why=\"crash\"} 0\n"));
}

static void *count_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < TIMES; i++)
        metric_count(METRIC_REFUSED, 0);
    return NULL;
}

static void counts_of_threads_are_summed_up_and_outlive_them(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_true(prints("\ngantry_http_refused_total 80000\n"));
}

static void *leave(void *arg)
{
    (void)arg;
    metric_add(METRIC_CONNECTIONS, 0, -3);
    return NULL;
}

static void what_one_thread_adds_another_may_take_away(void **state)
{
    (void)state;
    pthread_t thread;
    metric_add(METRIC_CONNECTIONS, 0, 5);
    assert_int_equal(pthread_create(&thread, NULL, leave, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(prints("# TYPE gantry_http_connections gauge\ngantry_http_connections 2\n"));
}

static void a_histogram_counts_each_value_in_every_bucket_above_it(void **state)
{
    (void)state;
    metric_observe(METRIC_BATCH_COMMANDS, 0, 1);
    metric_observe(METRIC_BATCH_COMMANDS, 0, 3);
    metric_observe(METRIC_BATCH_COMMANDS, 0, 1000);
    assert_true(prints("gantry_store_batch_commands_bucket{le=\"1\"} 1\n"
                       "gantry_store_batch_commands_bucket{le=\"2\"} 1\n"
                       "gantry_store_batch_commands_bucket{le=\"4\"} 2\n"));
    assert_true(prints("gantry_store_batch_commands_bucket{le=\"256\"} 2\n"
                       "gantry_store_batch_commands_bucket{le=\"+Inf\"} 3\n"
                       "gantry_store_batch_commands_sum 1004\n"
                       "gantry_store_batch_commands_count 3\n"));
}

static void times_are_counted_in_microseconds_and_printed_in_seconds(void **state)
{
    (void)state;
    metric_observe(METRIC_COMMIT_TIME, 0, 250);
    assert_true(prints("gantry_store_commit_seconds_bucket{le=\"0.0001\"} 0\n"
                       "gantry_store_commit_seconds_bucket{le=\"0.00025\"} 1\n"));
    assert_true(prints("gantry_store_commit_seconds_sum 0.00025\n"));
    metric_set(METRIC_CPU_US, 0, 1500000);
    assert_true(prints("process_cpu_seconds_total 1.5\n"));
}

static void a_level_is_the_last_that_was_set(void **state)
{
    (void)state;
    metric_set(METRIC_LANE_WAITING, 1, 7);
    metric_set(METRIC_LANE_WAITING, 1, 4);
    assert_true(prints("gantry_lane_waiting{lane=\"work\"} 0\n"
                       "gantry_lane_waiting{lane=\"reader\"} 4\n"
                       "gantry_lane_waiting{lane=\"writer\"} 0\n"));
}

static void a_word_that_is_none_of_the_label_stands_for_all_others(void **state)
{
    (void)state;
    metric_count(METRIC_HOOK_CALLS, metric_word(METRIC_HOOK_CALLS, STR("replayed")));
    metric_count(METRIC_HOOK_CALLS, metric_word(METRIC_HOOK_CALLS, STR("a new one")));
    assert_true(prints("gantry_hook_calls_total{outcome=\"replayed\"} 1\n"));
    assert_true(prints("gantry_hook_calls_total{outcome=\"other\"} 1\n"));
}

static void requests_have_a_family_and_a_class(void **state)
{
    (void)state;
    unsigned chat = metric_family(STR("chat")), quiet = metric_family(STR("quiet"));
    assert_int_equal(metric_family(STR("chat")), chat);
    assert_int_not_equal(quiet, chat);
    metric_count(METRIC_REQUESTS, metric_request_label(chat, 200));
    metric_count(METRIC_REQUESTS, metric_request_label(chat, 429));
    metric_count(METRIC_REQUESTS, metric_request_label(chat, 404));
    metric_observe(METRIC_REQUEST_TIME, chat, 100);
    assert_true(prints("gantry_http_requests_total{family=\"chat\",class=\"2xx\"} 1\n"
                       "gantry_http_requests_total{family=\"chat\",class=\"4xx\"} 2\n"));
    assert_true(prints("gantry_http_request_seconds_bucket{family=\"chat\",le=\"0.0001\"} 1\n"));
    assert_true(prints("gantry_http_request_seconds_count{family=\"chat\"} 1\n"));
    assert_false(prints("quiet"));
}

static void families_beyond_the_room_for_them_share_the_last(void **state)
{
    (void)state;
    static char names[METRIC_FAMILIES_MAX + 1][8];
    unsigned last = 0;
    for (size_t i = 0; i <= METRIC_FAMILIES_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "f%zu", i);
        last = metric_family(str_of(names[i]));
        assert_true(last < METRIC_FAMILIES_MAX);
    }
    assert_int_equal(last, METRIC_FAMILIES_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_has_counted_is_nought_and_not_missing),
        cmocka_unit_test(counts_of_threads_are_summed_up_and_outlive_them),
        cmocka_unit_test(what_one_thread_adds_another_may_take_away),
        cmocka_unit_test(a_histogram_counts_each_value_in_every_bucket_above_it),
        cmocka_unit_test(times_are_counted_in_microseconds_and_printed_in_seconds),
        cmocka_unit_test(a_level_is_the_last_that_was_set),
        cmocka_unit_test(a_word_that_is_none_of_the_label_stands_for_all_others),
        cmocka_unit_test(requests_have_a_family_and_a_class),
        cmocka_unit_test(families_beyond_the_room_for_them_share_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
