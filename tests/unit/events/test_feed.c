/* The feed: what commands did is in it once it was committed, in order, for whoever was awake; and
 * places it does not know are told from those it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "events/feed.h"
#include "store/notice.h"
#include "store_fixture.h"

static struct feed *feed;
static int64_t woken_at;

enum { MOST = 64 };

static bool wake(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    woken_at = feed_wake(feed, tx);
    return true;
}

static bool tell(struct tx *tx, void *arg, struct err *err)
{
    const char *text = arg;
    notice_history(tx, "inserted", str_of(text), STR(""), "data", STR("{\"a\":1}"));
    return !str_is(str_of(text), "refused") || err_invalid(err, "no");
}

static bool change_rights(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    notice_rights(tx, str_of(arg));
    return true;
}

static void run(struct store_fixture *f, bool (*apply)(struct tx *, void *, struct err *),
                const char *arg)
{
    (void)fixture_write(f, apply, (void *)(uintptr_t)arg);
}

static int setup(void **state)
{
    (void)fixture_setup(state);
    feed = feed_open(((struct store_fixture *)*state)->store);
    return 0;
}

static int teardown(void **state)
{
    clock_release();
    int failed = fixture_teardown(state);
    feed_close(feed);
    return failed;
}

/* How many events there are after the place, and the subject of the last one. */
static size_t look(int64_t place, bool *out_lost, char last[64])
{
    struct feed_event *events[MOST];
    size_t count = feed_after(feed, place, events, MOST, out_lost);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(last, 64, "%.*s", STR_FMT(events[i]->subject));
        assert_int_equal(events[i]->number, place + 1 + (int64_t)i);
        feed_unref(events[i]);
    }
    return count;
}

static void nothing_is_kept_while_nobody_has_listened(void **state)
{
    bool lost;
    char last[64];
    int64_t place = feed_newest(feed);
    run(*state, tell, "early");
    assert_int_equal(feed_newest(feed), place);
    run(*state, wake, NULL);
    assert_int_equal(woken_at, place);
    run(*state, tell, "late");
    assert_int_equal(look(woken_at, &lost, last), 1);
    assert_string_equal(last, "late");
}

static void an_event_is_rendered_as_streams_send_it(void **state)
{
    bool lost;
    struct feed_event *event;
    char expected[200];
    run(*state, wake, NULL);
    run(*state, tell, "one");
    assert_int_equal(feed_after(feed, woken_at, &event, 1, &lost), 1);
    (void)snprintf(expected, sizeof(expected),
                   "id: %lld\nevent: integration-history\ndata: {\"action\":\"inserted\","
                   "\"integrationId\":\"one\",\"data\":{\"a\":1}}\n\n",
                   (long long)woken_at + 1);
    assert_true(str_is(event->frame, expected));
    feed_unref(event);
}

static void a_command_that_is_refused_tells_nothing(void **state)
{
    bool lost;
    char last[64];
    run(*state, wake, NULL);
    run(*state, tell, "refused");
    run(*state, tell, "taken");
    assert_int_equal(look(woken_at, &lost, last), 1);
    assert_string_equal(last, "taken");
}

static void changes_of_rights_stand_in_line_and_are_no_events(void **state)
{
    bool lost;
    struct feed_event *events[3];
    run(*state, wake, NULL);
    run(*state, tell, "one");
    run(*state, change_rights, "somebody");
    run(*state, tell, "two");
    assert_int_equal(feed_after(feed, woken_at, events, 3, &lost), 3);
    assert_int_equal(events[1]->kind, NOTICE_RIGHTS);
    assert_true(str_is(events[1]->subject, "somebody"));
    assert_int_equal(events[1]->frame.len, 0);
    for (size_t i = 0; i < 3; i++)
        feed_unref(events[i]);
}

static void places_outside_of_the_feed_are_not_known(void **state)
{
    bool lost;
    char last[64];
    run(*state, wake, NULL);
    run(*state, tell, "one");
    int64_t newest = feed_newest(feed);
    assert_true(feed_knows(feed, woken_at));
    assert_true(feed_knows(feed, newest));
    assert_false(feed_knows(feed, woken_at - 1));
    assert_false(feed_knows(feed, newest + 1));
    assert_int_equal(look(newest, &lost, last), 0);
    assert_false(lost);
    static const int64_t unknown[] = {0, 1, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(look(unknown[i], &lost, last), 0);
        assert_true(lost);
    }
}

static void the_oldest_events_go_when_there_are_too_many(void **state)
{
    bool lost;
    char last[64];
    run(*state, wake, NULL);
    for (int i = 0; i < FEED_EVENTS + 10; i++)
        run(*state, tell, "many");
    assert_false(feed_knows(feed, woken_at + 9));
    assert_true(feed_knows(feed, woken_at + 10));
    assert_int_equal(look(woken_at + 10, &lost, last), MOST);
}

static bool tell_much(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    static char much[1 << 20];
    memset(much, '1', sizeof(much));
    notice_history(tx, "inserted", STR("large"), STR(""), "data", str_from(much, sizeof(much)));
    return true;
}

static void the_oldest_events_go_when_they_are_too_large(void **state)
{
    run(*state, wake, NULL);
    int count = FEED_BYTES / (1 << 20) + 4;
    for (int i = 0; i < count; i++)
        run(*state, tell_much, NULL);
    assert_false(feed_knows(feed, woken_at));
    assert_true(feed_knows(feed, feed_newest(feed) - 10));
}

static void a_feed_that_nobody_has_listened_to_forgets_and_sleeps(void **state)
{
    clock_hold(INT64_C(1700000000000), 1000);
    run(*state, wake, NULL);
    run(*state, tell, "one");
    int64_t newest = feed_newest(feed);
    clock_advance(FEED_SLEEP_MS - 1);
    run(*state, tell, "two");
    assert_true(feed_knows(feed, newest));
    feed_stay_awake(feed);
    clock_advance(FEED_SLEEP_MS);
    run(*state, tell, "three");
    int64_t asleep = feed_newest(feed);
    run(*state, tell, "four");
    assert_int_equal(feed_newest(feed), asleep);
    run(*state, wake, NULL);
    assert_false(feed_knows(feed, asleep - 1));
    assert_true(feed_knows(feed, woken_at));
}

static unsigned times_heard;

static void count_heard(struct feed_ear *ear)
{
    (void)ear;
    times_heard++;
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static void an_ear_is_rung_once_until_it_is_heard(void **state)
{
    struct inbox home;
    static struct feed_ear ear;
    times_heard = 0;
    inbox_init(&home, do_nothing, NULL);
    feed_listen(feed, &ear, &home, count_heard);
    run(*state, wake, NULL);
    run(*state, tell, "one");
    run(*state, tell, "two");
    jobs_finish(inbox_take(&home));
    assert_int_equal(times_heard, 1);
    run(*state, tell, "three");
    jobs_finish(inbox_take(&home));
    assert_int_equal(times_heard, 2);
    inbox_release(&home);
}

static void only_a_decimal_number_is_a_place(void **state)
{
    (void)state;
    int64_t place = 0;
    assert_true(feed_place_parse(STR("1700000000000123"), &place));
    assert_true(place == INT64_C(1700000000000123));
    assert_true(feed_place_parse(STR("0"), &place));
    static const char *const wrong[] = {
        "", " 1", "1 ", "-1", "+1", "1.0", "0x1", "1e3", "12345678901234567", "one"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(feed_place_parse(str_of(wrong[i]), &place));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_kept_while_nobody_has_listened),
        TEST(an_event_is_rendered_as_streams_send_it),
        TEST(a_command_that_is_refused_tells_nothing),
        TEST(changes_of_rights_stand_in_line_and_are_no_events),
        TEST(places_outside_of_the_feed_are_not_known),
        TEST(the_oldest_events_go_when_there_are_too_many),
        TEST(the_oldest_events_go_when_they_are_too_large),
        TEST(a_feed_that_nobody_has_listened_to_forgets_and_sleeps),
        TEST(an_ear_is_rung_once_until_it_is_heard),
        TEST(only_a_decimal_number_is_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
