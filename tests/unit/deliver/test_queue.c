/* The queue with a store, a client and a receiver of its own, under a clock that the test moves:
 * moments that are stored are kept, whatever the clock does, and nothing is lost between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "deliver/deliver.h"
#include "http/client_scene.h"
#include "store/delivery.h"
#include "store/integration.h"
#include "store_fixture.h"

enum { START_MONO_MS = 1000000 };
static const int64_t start_ms = 1700000000000;

struct stage {
    struct store_fixture *store;
    struct scene *scene;
    struct deliveries *queue;
};

static struct stage stage;

static void open_queue(struct stage *s)
{
    struct err err = ERR_NONE;
    struct deliver_config config = {.store = s->store->store,
                                    .client = s->scene->client,
                                    .in_flight = 8,
                                    .per_host = 16,
                                    .total = 100,
                                    .timeout_ms = 60000,
                                    .breaker_failures = 10,
                                    .breaker_pause_ms = 1000,
                                    .breaker_pause_max_ms = 60000};
    s->queue = deliver_open(&config, &err);
    assert_non_null(s->queue);
}

static int setup(void **state)
{
    void *store = NULL;
    clock_hold(start_ms, START_MONO_MS);
    if (fixture_setup(&store) != 0)
        return -1;
    stage = (struct stage){.store = store, .scene = usual_scene()};
    receiver_say(stage.scene->receiver, 1, STR("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                 THEN_KEEP);
    receiver_say(stage.scene->receiver, 2, STR(""), THEN_HANG);
    *state = &stage;
    return 0;
}

/* In the order of the server. */
static int teardown(void **state)
{
    struct stage *s = *state;
    void *store = s->store;
    deliver_drain(s->queue, 0);
    scene_close(s->scene);
    deliver_stop(s->queue);
    fixture_close(s->store);
    deliver_free(s->queue);
    int failed = fixture_teardown(&store);
    clock_release();
    return failed;
}

/* --- rows --- */

static bool add_integration(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    (void)arg;
    struct integration in = {.id = STR("one"),
                             .type = type_outgoing,
                             .event = STR("sendMessage"),
                             .enabled = true,
                             .retry_failed_calls = true,
                             .retry_count = 4,
                             .retry_delay = STR("powers-of-ten")};
    static const enum integration_field fields[] = {
        INTEGRATION_ID,          INTEGRATION_TYPE,        INTEGRATION_EVENT,
        INTEGRATION_ENABLED,     INTEGRATION_RETRY_COUNT, INTEGRATION_RETRY_FAILED_CALLS,
        INTEGRATION_RETRY_DELAY,
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        integration_mark(&in, fields[i]);
    integration_insert(tx, &in);
    return true;
}

static bool add_delivery(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct str *url = arg;
    struct delivery d = {.integration_id = STR("one"),
                         .event = STR("sendMessage"),
                         .url = *url,
                         .due_ms = tx->rd.steady_ms,
                         .data = STR("{\"bot\":false,\"text\":\"hello\"}")};
    return delivery_insert(tx, &d);
}

static void deliver_to(struct stage *s, const char *path)
{
    struct str url = url_of(s->scene, path);
    assert_true(fixture_write(s->store, add_delivery, &url));
}

static bool claim_all(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    *(size_t *)arg = deliveries_claim(tx, STR("one"), 100, tx->rd.now_ms + 1).count;
    return true;
}

struct look {
    enum delivery_state state;
    size_t count;
    struct delivery first;
};

static bool look_at(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct look *look = arg;
    struct delivery_filter filter = {.integration_id = STR("one"), .state = look->state};
    struct delivery_list list = deliveries_page(rd, &filter, 0, 100);
    look->count = list.count;
    if (list.count > 0)
        look->first = list.items[0];
    return true;
}

/* Waits until so many rows are in that state; the first of them. */
static struct delivery wait_for_rows(struct stage *s, enum delivery_state state, size_t count)
{
    struct look look = {.state = state, .count = SIZE_MAX};
    while (look.count != count) {
        assert_true(fixture_read(s->store, look_at, &look));
        (void)sched_yield();
    }
    return look.first;
}

static void wait_for_calls(struct stage *s, unsigned count)
{
    receiver_wait(s->scene->receiver, &s->scene->receiver->requests, count);
}

/* --- tests --- */

static void a_retry_comes_at_its_moment(void **state)
{
    struct stage *s = *state;
    assert_true(fixture_write(s->store, add_integration, NULL));
    open_queue(s);
    deliver_to(s, "/1");
    static const int64_t waits[] = {100, 1000, 10000, 100000};
    for (unsigned tries = 1; tries <= 4; tries++) {
        wait_for_calls(s, tries);
        struct delivery row = {.tries = 0};
        while (row.tries != tries)
            row = wait_for_rows(s, DELIVERY_WAITING, 1);
        assert_int_equal(row.due_ms, clock_steady_ms() + waits[tries - 1]);
        clock_advance(waits[tries - 1]);
    }
    wait_for_calls(s, 5);
    assert_int_equal(wait_for_rows(s, DELIVERY_DEAD, 1).tries, 4);
}

/* A retry waits 100 ms; meanwhile somebody sets the time, and something else happens. */
static void set_the_time(struct stage *s, int64_t by_ms)
{
    assert_true(fixture_write(s->store, add_integration, NULL));
    open_queue(s);
    deliver_to(s, "/1");
    wait_for_calls(s, 1);
    int64_t due_ms = clock_steady_ms() + 100;
    (void)wait_for_rows(s, DELIVERY_WAITING, 1);
    clock_jump_wall(by_ms);
    deliver_to(s, "/0");
    wait_for_calls(s, 2);
    assert_int_equal(wait_for_rows(s, DELIVERY_WAITING, 1).due_ms, due_ms);
    clock_advance(100);
    wait_for_calls(s, 3);
}

static void a_clock_that_jumps_ahead_moves_no_retry(void **state)
{
    set_the_time(*state, INT64_C(86400000));
}

static void a_clock_that_jumps_back_moves_no_retry(void **state)
{
    set_the_time(*state, -INT64_C(86400000));
}

static void what_was_being_sent_when_the_server_ended_is_sent(void **state)
{
    struct stage *s = *state;
    size_t claimed = 0;
    assert_true(fixture_write(s->store, add_integration, NULL));
    for (int i = 0; i < 20; i++)
        deliver_to(s, "/0");
    assert_true(fixture_write(s->store, claim_all, &claimed));
    assert_int_equal(claimed, 20);
    open_queue(s);
    wait_for_calls(s, 20);
    (void)wait_for_rows(s, DELIVERY_SENDING, 0);
    (void)wait_for_rows(s, DELIVERY_WAITING, 0);
}

static void what_an_end_cuts_waits_as_if_it_had_never_been_tried(void **state)
{
    struct stage *s = *state;
    assert_true(fixture_write(s->store, add_integration, NULL));
    open_queue(s);
    for (int i = 0; i < 20; i++)
        deliver_to(s, "/2");
    receiver_wait(s->scene->receiver, &s->scene->receiver->hanging, 8);
    deliver_drain(s->queue, 0);
    deliver_stop(s->queue);
    assert_int_equal(wait_for_rows(s, DELIVERY_WAITING, 20).tries, 0);
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(a_retry_comes_at_its_moment),
        QUEUE_TEST(a_clock_that_jumps_ahead_moves_no_retry),
        QUEUE_TEST(a_clock_that_jumps_back_moves_no_retry),
        QUEUE_TEST(what_was_being_sent_when_the_server_ended_is_sent),
        QUEUE_TEST(what_an_end_cuts_waits_as_if_it_had_never_been_tried),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
