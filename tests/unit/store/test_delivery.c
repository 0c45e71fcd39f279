/* Rows of outgoing webhooks: the queue, dead letters, the history of calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"

#include "store/delivery.h"
#include "store/integration.h"
#include "store/outgoing_history.h"

#define DAY_MS INT64_C(86400000)

static char rung[1024]; /* what the bell was called with, with blanks between */

static struct integration outgoing(const char *id, bool enabled)
{
    struct integration in = {.id = str_of(id),
                             .type = type_outgoing,
                             .name = STR("name"),
                             .enabled = enabled,
                             .created_by = {STR("ana-id"), STR("ana")},
                             .updated_at_ms = start_ms};
    integration_mark(&in, INTEGRATION_ID);
    integration_mark(&in, INTEGRATION_TYPE);
    integration_mark(&in, INTEGRATION_NAME);
    integration_mark(&in, INTEGRATION_ENABLED);
    integration_mark(&in, INTEGRATION_CREATED_BY);
    return in;
}

static void switch_to(struct desk *d, const char *id, bool enabled)
{
    struct integration in = outgoing(id, enabled);
    integration_save(&d->tx, &in);
}

static void note_bell(void *arg, struct str integration_id)
{
    (void)arg;
    size_t used = strlen(rung);
    (void)snprintf(rung + used, sizeof(rung) - used, "%s%.*s", used > 0 ? " " : "",
                   STR_FMT(integration_id));
}

static int setup(void **state)
{
    struct desk *d = desk_open();
    rung[0] = '\0';
    catalog_set_bell(d->catalog, note_bell, NULL);
    struct integration one = outgoing("one", true), two = outgoing("two", true),
                       off = outgoing("off", false);
    integration_insert(&d->tx, &one);
    integration_insert(&d->tx, &two);
    integration_insert(&d->tx, &off);
    *state = d;
    return 0;
}

static void commit(struct desk *d)
{
    catalog_publish(d->catalog, d->tx.changes, 1);
    d->tx.changes = NULL;
}

static int64_t rows(struct desk *d, const char *count_sql)
{
    return stmt_number(db_stmt_once(d->db, str_of(count_sql)));
}

/* --- the queue --- */

static struct delivery add(struct desk *d, const char *id, int64_t due_ms)
{
    struct delivery delivery = {.integration_id = str_of(id),
                                .event = STR("sendMessage"),
                                .url = STR("http://one.example/"),
                                .due_ms = due_ms,
                                .data = STR("{\"text\":\"hello\"}")};
    assert_true(delivery_insert(&d->tx, &delivery));
    return delivery;
}

static struct delivery claim_one(struct desk *d, const char *id)
{
    struct delivery_list list = deliveries_claim(&d->tx, str_of(id), 1, d->tx.rd.now_ms + 60000);
    assert_int_equal(list.count, 1);
    return list.items[0];
}

static int64_t count(struct desk *d, const char *id, enum delivery_state state)
{
    return deliveries_count(&d->tx.rd, str_of(id), state);
}

static void what_is_due_is_claimed_in_order_and_once(void **state)
{
    struct desk *d = *state;
    struct delivery later = add(d, "one", start_ms), first = add(d, "one", start_ms - 5),
                    not_yet = add(d, "one", start_ms + 1);
    add(d, "two", start_ms - 9);
    struct delivery_list list = deliveries_claim(&d->tx, STR("one"), 10, start_ms + 60000);
    assert_int_equal(list.count, 2);
    assert_true(str_eq(list.items[0].id, first.id));
    assert_true(str_eq(list.items[1].id, later.id));
    assert_int_equal(list.items[0].id.len, 24);
    assert_true(str_is(list.items[0].data, "{\"text\":\"hello\"}"));
    assert_int_equal(list.items[0].state, DELIVERY_SENDING);
    assert_int_equal(list.items[0].due_ms, start_ms + 60000);
    assert_int_equal(deliveries_claim(&d->tx, STR("one"), 10, start_ms).count, 0);
    assert_int_equal(deliveries_next_due(&d->tx.rd, STR("one")), not_yet.due_ms);
    assert_int_equal(count(d, "one", DELIVERY_SENDING), 2);
}

static void a_claim_takes_no_more_than_it_has_slots_for(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 5; i++)
        add(d, "one", start_ms);
    assert_int_equal(deliveries_claim(&d->tx, STR("one"), 2, start_ms).count, 2);
    assert_int_equal(count(d, "one", DELIVERY_WAITING), 3);
}

static void a_delivery_waits_again_or_is_over(void **state)
{
    struct desk *d = *state;
    add(d, "one", start_ms);
    struct delivery claimed = claim_one(d, "one");
    assert_true(delivery_wait(&d->tx, &claimed, start_ms + 100, 1));
    assert_int_equal(deliveries_claim(&d->tx, STR("one"), 1, start_ms).count, 0);
    desk_set_clocks(d, start_ms + 100);
    struct delivery again = claim_one(d, "one");
    assert_true(str_eq(again.id, claimed.id));
    assert_int_equal(again.tries, 1);
    delivery_finish(&d->tx, &again);
    assert_int_equal(rows(d, "SELECT count(*) FROM deliveries"), 0);
    assert_int_equal(deliveries_next_due(&d->tx.rd, STR("one")), INT64_MAX);
}

static void nothing_is_queued_for_an_integration_that_is_off_or_not_there(void **state)
{
    struct desk *d = *state;
    struct delivery delivery = {.integration_id = STR("off"),
                                .event = STR("sendMessage"),
                                .url = STR("u"),
                                .data = STR("{}")};
    assert_false(delivery_insert(&d->tx, &delivery));
    delivery.integration_id = STR("nobody");
    assert_false(delivery_insert(&d->tx, &delivery));
    assert_int_equal(rows(d, "SELECT count(*) FROM delivery_lines"), 0);
}

static void the_start_finds_every_destination_where_something_waits(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 100; i++) {
        struct integration in = outgoing(arena_fmt(&d->arena, "many-%02d", i).ptr, true);
        integration_insert(&d->tx, &in);
        add(d, in.id.ptr, start_ms + i);
        if (i % 2 == 1)
            (void)deliveries_claim(&d->tx, in.id, 1, start_ms);
    }
    desk_set_clocks(d, start_ms + 1000);
    for (int i = 1; i < 100; i += 2)
        (void)deliveries_claim(&d->tx, arena_fmt(&d->arena, "many-%02d", i), 1, start_ms);
    int64_t after = 0;
    size_t found = 0, rounds = 0;
    do {
        struct delivery_destinations list = deliveries_destinations(&d->tx.rd, &after, 30);
        for (size_t i = 0; i < list.count; i++, found++)
            assert_int_equal(list.items[i].due_ms, start_ms + 2 * (int64_t)found);
        rounds++;
    } while (after != 0);
    assert_int_equal(found, 50);
    assert_int_equal(rounds, 4);
}

static void what_was_being_sent_is_sent_again_after_a_crash(void **state)
{
    struct desk *d = *state;
    add(d, "one", start_ms);
    add(d, "two", start_ms);
    struct delivery held = claim_one(d, "one");
    (void)claim_one(d, "two");
    switch_to(d, "two", false);
    desk_set_clocks(d, start_ms + 5);
    assert_int_equal(deliveries_recover(&d->tx, 10), 2);
    assert_int_equal(deliveries_recover(&d->tx, 10), 0);
    assert_int_equal(count(d, "two", DELIVERY_WAITING), 0);
    struct delivery again = claim_one(d, "one");
    assert_true(str_eq(again.id, held.id));
    assert_int_equal(again.tries, 0);
}

static void sweep_all(struct desk *d)
{
    while (deliveries_to_sweep(&d->tx.rd))
        (void)deliveries_sweep(&d->tx);
}

static void switching_off_drops_what_waits_and_nothing_that_comes_later(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 600; i++)
        add(d, "one", start_ms);
    struct delivery under_way = claim_one(d, "one");
    switch_to(d, "one", false);
    assert_int_equal(deliveries_next_due(&d->tx.rd, STR("one")), INT64_MAX);
    assert_int_equal(deliveries_claim(&d->tx, STR("one"), 10, start_ms).count, 0);
    switch_to(d, "one", true);
    struct delivery newer = add(d, "one", start_ms);
    for (int i = 0; i < 5 && deliveries_to_sweep(&d->tx.rd); i++)
        (void)deliveries_sweep(&d->tx);
    assert_int_equal(rows(d, "SELECT count(*) FROM deliveries"), 2);
    assert_int_equal(rows(d, "SELECT count(*) FROM delivery_lines"), 2);
    assert_false(delivery_wait(&d->tx, &under_way, start_ms, 1));
    sweep_all(d);
    assert_int_equal(rows(d, "SELECT count(*) FROM delivery_lines"), 1);
    assert_true(str_eq(claim_one(d, "one").id, newer.id));
}

static void removing_takes_dead_ones_too(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 300; i++)
        add(d, "one", start_ms);
    struct delivery_list list = deliveries_claim(&d->tx, STR("one"), 280, start_ms);
    for (size_t i = 1; i < list.count; i++)
        delivery_bury(&d->tx, &list.items[i]);
    assert_int_equal(count(d, "one", DELIVERY_DEAD), 279);
    integration_erase(&d->tx, STR("one"));
    delivery_bury(&d->tx, &list.items[0]);
    sweep_all(d);
    assert_int_equal(rows(d, "SELECT count(*) FROM deliveries"), 0);
    assert_int_equal(rows(d, "SELECT count(*) FROM delivery_lines"), 0);
    assert_int_equal(rows(d, "SELECT count(*) FROM dead_letters"), 0);
}

/* --- dead letters --- */

static struct delivery bury(struct desk *d, const char *id)
{
    add(d, id, d->tx.rd.now_ms);
    struct delivery claimed = claim_one(d, id);
    delivery_bury(&d->tx, &claimed);
    return claimed;
}

static void a_dead_one_can_be_sent_as_if_it_were_new(void **state)
{
    struct desk *d = *state;
    struct delivery dead = bury(d, "one");
    assert_int_equal(count(d, "one", DELIVERY_DEAD), 1);
    struct delivery_filter filter = {.integration_id = STR("one"), .state = DELIVERY_DEAD};
    struct delivery_list list = deliveries_page(&d->tx.rd, &filter, 0, 10);
    assert_int_equal(list.count, 1);
    assert_true(delivery_revive(&d->tx, &list.items[0], start_ms));
    assert_int_equal(count(d, "one", DELIVERY_DEAD), 0);
    assert_int_equal(rows(d, "SELECT count FROM dead_letters"), 0);
    struct delivery again = claim_one(d, "one");
    assert_false(str_eq(again.id, dead.id));
    assert_int_equal(again.tries, 0);
}

static void the_oldest_dead_ones_go(void **state)
{
    struct desk *d = *state;
    struct delivery oldest = bury(d, "one");
    desk_set_clocks(d, d->tx.rd.now_ms + DAY_MS);
    (void)bury(d, "one");
    desk_set_clocks(d, start_ms + DELIVERY_DEAD_DAYS * DAY_MS);
    sweep_all(d);
    struct delivery_filter filter = {.integration_id = STR("one"), .state = DELIVERY_DEAD};
    struct delivery_list list = deliveries_page(&d->tx.rd, &filter, 0, 10);
    assert_int_equal(list.count, 1);
    assert_false(str_eq(list.items[0].id, oldest.id));
    stmt_run(db_stmt_once(d->db, STR("UPDATE dead_letters SET count = 10000")));
    struct delivery newest = bury(d, "one");
    list = deliveries_page(&d->tx.rd, &filter, 0, 10);
    assert_int_equal(list.count, 1);
    assert_true(str_eq(list.items[0].id, newest.id));
}

static void a_list_shows_what_its_filter_says(void **state)
{
    struct desk *d = *state;
    add(d, "one", start_ms + 2);
    desk_set_clocks(d, d->tx.rd.now_ms + 10);
    struct delivery other = {.integration_id = STR("one"),
                             .event = STR("roomCreated"),
                             .url = STR("http://other.example/"),
                             .due_ms = start_ms + 1,
                             .data = STR("{}")};
    assert_true(delivery_insert(&d->tx, &other));
    struct delivery_filter filter = {.integration_id = STR("one")};
    assert_int_equal(deliveries_total(&d->tx.rd, &filter), 2);
    struct delivery_list all = deliveries_page(&d->tx.rd, &filter, 0, 10);
    assert_true(str_eq(all.items[0].id, other.id));
    assert_int_equal(deliveries_page(&d->tx.rd, &filter, 1, 10).count, 1);
    filter.event = STR("roomCreated");
    assert_int_equal(deliveries_total(&d->tx.rd, &filter), 1);
    filter.url = STR("http://one.example/");
    assert_int_equal(deliveries_total(&d->tx.rd, &filter), 0);
    filter = (struct delivery_filter){.integration_id = STR("one"), .before_ms = start_ms + 10};
    assert_int_equal(deliveries_total(&d->tx.rd, &filter), 1);
    filter = (struct delivery_filter){.integration_id = STR("one"), .from_ms = start_ms + 10};
    assert_int_equal(deliveries_total(&d->tx.rd, &filter), 1);
}

/* --- the bell --- */

static void the_bell_rings_after_the_commit(void **state)
{
    struct desk *d = *state;
    commit(d);
    for (int i = 0; i < 3; i++)
        add(d, "one", start_ms);
    add(d, "two", start_ms);
    assert_string_equal(rung, "");
    commit(d);
    assert_string_equal(rung, "one two");
    add(d, "one", start_ms);
    changes_drop(&d->tx, NULL);
    commit(d);
    assert_string_equal(rung, "one two");
}

/* --- the history --- */

static struct outgoing_entry entry(struct desk *d, const char *id, const char *integration_id)
{
    struct outgoing_entry e = {.id = str_of(id),
                               .integration_id = str_of(integration_id),
                               .event = STR("sendMessage"),
                               .integration = STR("{\"_id\":\"one\"}"),
                               .created_ms = d->tx.rd.now_ms,
                               .step = STR("start-execute-trigger-url")};
    return e;
}

static void add_entries(struct desk *d, const char *integration_id, int from, int to)
{
    for (int i = from; i <= to; i++) {
        struct outgoing_entry e =
            entry(d, arena_fmt(&d->arena, "%s-%d", integration_id, i).ptr, integration_id);
        assert_true(outgoing_history_insert(&d->tx, &e));
    }
}

/* The ids of a page, with blanks between. */
static const char *page(struct desk *d, const char *creator, int64_t offset, int64_t count_max)
{
    BUF(out, 1 << 20);
    buf_add_char(&out, '[');
    int64_t n = outgoing_history_page(&d->tx.rd, STR("one"), str_of(creator),
                                      STR(OUTGOING_HISTORY_ORDER), offset, count_max, &out);
    buf_add_char(&out, ']');
    const struct json *list = json_parse(&d->arena, buf_str(&out));
    assert_non_null(list);
    assert_int_equal(list->items.count, n);
    BUF(ids, 1 << 16);
    for (const struct json *item = list->items.first; item != NULL; item = item->next)
        buf_addf(&ids, "%s%.*s", ids.len > 0 ? " " : "", STR_FMT(json_get_str(item, "_id")));
    return arena_cstr(&d->arena, buf_str(&ids));
}

static void an_entry_grows_and_its_data_is_written_once(void **state)
{
    struct desk *d = *state;
    struct outgoing_entry e = entry(d, "e1", "one");
    assert_true(outgoing_history_insert(&d->tx, &e));
    desk_set_clocks(d, d->tx.rd.now_ms + 10);
    e.step = STR("mapped-args-to-data");
    e.data = STR("{\"text\":\"first\"}");
    assert_true(outgoing_history_update(&d->tx, &e));
    e.step = STR("url-response-sent-message");
    e.data = STR("{}");
    e.ran_prepare = e.finished = true;
    e.url = STR("http://one.example/");
    e.http_result = STR("\"ok\"");
    assert_true(outgoing_history_update(&d->tx, &e));
    const struct json *found = outgoing_history_find(&d->tx.rd, STR("one"), STR("e1"));
    BUF(text, 4096);
    json_put(&text, found);
    assert_string_equal(text.ptr,
                        "{\"_id\":\"e1\",\"type\":\"outgoing-webhook\","
                        "\"step\":\"url-response-sent-message\",\"event\":\"sendMessage\","
                        "\"integration\":{\"_id\":\"one\"},\"ranPrepareScript\":true,"
                        "\"url\":\"http://one.example/\",\"httpResult\":\"\\\"ok\\\"\","
                        "\"finished\":true,\"tries\":0,\"data\":{\"text\":\"first\"},"
                        "\"_createdAt\":\"2023-11-14T22:13:20.000Z\","
                        "\"_updatedAt\":\"2023-11-14T22:13:20.010Z\"}");
    assert_null(outgoing_history_find(&d->tx.rd, STR("two"), STR("e1")));
}

static void a_try_that_a_crash_cut_short_is_told_once(void **state)
{
    struct desk *d = *state;
    add_entries(d, "one", 1, 1);
    add_entries(d, "one", 1, 1);
    assert_int_equal(outgoing_history_total(&d->tx.rd, STR("one"), STR("")), 1);
    assert_string_equal(page(d, "", 0, 10), "one-1");
}

static void the_last_change_comes_first_and_others_see_only_their_own(void **state)
{
    struct desk *d = *state;
    add_entries(d, "one", 1, 3);
    add_entries(d, "two", 1, 1);
    desk_set_clocks(d, d->tx.rd.now_ms + 10);
    struct outgoing_entry e = entry(d, "one-1", "one");
    assert_true(outgoing_history_update(&d->tx, &e));
    assert_string_equal(page(d, "", 0, 10), "one-1 one-3 one-2");
    assert_string_equal(page(d, "ana-id", 1, 1), "one-3");
    assert_string_equal(page(d, "bob-id", 0, 10), "");
    assert_int_equal(outgoing_history_total(&d->tx.rd, STR("one"), STR("ana-id")), 3);
    assert_int_equal(outgoing_history_total(&d->tx.rd, STR("one"), STR("bob-id")), 0);
}

static void history_sweep_all(struct desk *d)
{
    while (outgoing_history_to_sweep(&d->tx.rd))
        (void)outgoing_history_sweep(&d->tx);
}

static void a_cleared_history_is_empty_at_once_and_its_rows_go(void **state)
{
    struct desk *d = *state;
    add_entries(d, "one", 1, 250);
    outgoing_history_clear(&d->tx, STR("one"));
    assert_int_equal(outgoing_history_total(&d->tx.rd, STR("one"), STR("")), 0);
    assert_string_equal(page(d, "", 0, 10), "");
    struct outgoing_entry e = entry(d, "one-250", "one");
    assert_false(outgoing_history_update(&d->tx, &e));
    assert_null(outgoing_history_find(&d->tx.rd, STR("one"), STR("one-250")));
    add_entries(d, "one", 300, 300);
    history_sweep_all(d);
    assert_string_equal(page(d, "", 0, 10), "one-300");
    assert_int_equal(rows(d, "SELECT count(*) FROM outgoing_history"), 1);
    integration_erase(&d->tx, STR("one"));
    history_sweep_all(d);
    assert_int_equal(rows(d, "SELECT count(*) FROM outgoing_history"), 0);
    assert_int_equal(rows(d, "SELECT count(*) FROM outgoing_histories"), 0);
    assert_false(outgoing_history_insert(&d->tx, &e));
}

static void entries_are_kept_for_thirty_days_and_up_to_a_size(void **state)
{
    struct desk *d = *state;
    add_entries(d, "one", 1, 2);
    desk_set_clocks(d, d->tx.rd.now_ms + 29 * DAY_MS);
    add_entries(d, "one", 3, 3);
    desk_set_clocks(d, d->tx.rd.now_ms + DAY_MS);
    assert_string_equal(page(d, "", 0, 10), "one-3");
    assert_int_equal(outgoing_history_total(&d->tx.rd, STR("one"), STR("")), 1);
    char *large = arena_alloc(&d->arena, 11 << 20);
    memset(large, 'x', 11 << 20);
    for (int i = 4; i <= 7; i++) {
        struct outgoing_entry e = entry(d, arena_fmt(&d->arena, "one-%d", i).ptr, "one");
        e.http_result = str_from(large, 11 << 20);
        assert_true(outgoing_history_insert(&d->tx, &e));
    }
    assert_int_equal(outgoing_history_total(&d->tx.rd, STR("one"), STR("")), 2);
    history_sweep_all(d);
    assert_int_equal(rows(d, "SELECT count(*) FROM outgoing_history"), 2);
}

static void a_walk_meets_each_entry_once_and_in_parts(void **state)
{
    struct desk *d = *state;
    add_entries(d, "one", 1, 150);
    desk_set_clocks(d, d->tx.rd.now_ms + 10);
    add_entries(d, "one", 151, 250);
    struct outgoing_walk walk = {.integration_id = STR("one")};
    size_t met = 0, parts = 0;
    do {
        struct outgoing_past past = outgoing_history_walk(&d->tx.rd, &walk);
        for (size_t i = 0; i < past.count; i++) {
            struct str id = arena_fmt(&d->arena, "one-%zu", ++met);
            assert_true(str_eq(json_get_str(past.items[i], "_id"), id));
        }
        parts++;
    } while (walk.after != 0);
    assert_int_equal(met, 250);
    assert_int_equal(parts, 3);
    walk = (struct outgoing_walk){
        .integration_id = STR("one"), .before_ms = start_ms + 10, .after = 100};
    assert_int_equal(outgoing_history_walk(&d->tx.rd, &walk).count, 50);
    walk = (struct outgoing_walk){
        .integration_id = STR("one"), .from_ms = start_ms + 10, .after = 200};
    assert_int_equal(outgoing_history_walk(&d->tx.rd, &walk).count, 50);
    walk = (struct outgoing_walk){.integration_id = STR("two")};
    assert_int_equal(outgoing_history_walk(&d->tx.rd, &walk).count, 0);
    assert_int_equal(walk.after, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_due_is_claimed_in_order_and_once),
        TEST(a_claim_takes_no_more_than_it_has_slots_for),
        TEST(a_delivery_waits_again_or_is_over),
        TEST(nothing_is_queued_for_an_integration_that_is_off_or_not_there),
        TEST(the_start_finds_every_destination_where_something_waits),
        TEST(what_was_being_sent_is_sent_again_after_a_crash),
        TEST(switching_off_drops_what_waits_and_nothing_that_comes_later),
        TEST(removing_takes_dead_ones_too),
        TEST(a_dead_one_can_be_sent_as_if_it_were_new),
        TEST(the_oldest_dead_ones_go),
        TEST(a_list_shows_what_its_filter_says),
        TEST(the_bell_rings_after_the_commit),
        TEST(an_entry_grows_and_its_data_is_written_once),
        TEST(a_try_that_a_crash_cut_short_is_told_once),
        TEST(the_last_change_comes_first_and_others_see_only_their_own),
        TEST(a_cleared_history_is_empty_at_once_and_its_rows_go),
        TEST(a_walk_meets_each_entry_once_and_in_parts),
        TEST(entries_are_kept_for_thirty_days_and_up_to_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
