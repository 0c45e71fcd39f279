/* Rows of incoming webhooks: keys of calls, their history, options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"

#include "store/hook_key.h"
#include "store/hook_options.h"
#include "store/integration.h"
#include "store/record.h"

#define DAY_MS INT64_C(86400000)

static void add_integration(struct desk *d, const char *id, const char *token)
{
    struct integration in = {.id = str_of(id),
                             .type = type_incoming,
                             .name = STR("a \"token\":\"trap\" in a name"),
                             .token = str_of(token),
                             .updated_at_ms = start_ms};
    integration_mark(&in, INTEGRATION_ID);
    integration_mark(&in, INTEGRATION_TYPE);
    integration_mark(&in, INTEGRATION_NAME);
    integration_mark(&in, INTEGRATION_TOKEN);
    integration_insert(&d->tx, &in);
}

static int setup(void **state)
{
    struct desk *d = desk_open();
    add_integration(d, "one", "token-of-one");
    add_integration(d, "two", "token-of-two");
    *state = d;
    return 0;
}

static int64_t rows_in(struct desk *d, const char *count_sql)
{
    struct stmt *q = db_stmt_once(d->db, str_of(count_sql));
    assert_true(stmt_next(q));
    int64_t count = col_i64(q, 0);
    stmt_done(q);
    return count;
}

/* --- history --- */

/* `count` calls now, whose documents are "n":1, "n":2 and so on, filled up to `bytes`. */
static void add_calls(struct desk *d, const char *id, int count, size_t bytes)
{
    struct record_row *calls = ARENA_ARRAY(&d->arena, struct record_row, (size_t)count);
    char *filler = arena_alloc(&d->arena, bytes + 1);
    memset(filler, 'x', bytes);
    for (int i = 0; i < count; i++)
        calls[i] = (struct record_row){
            .integration_id = str_of(id),
            .at_ms = d->tx.rd.now_ms,
            .doc = arena_fmt(&d->arena, "\"n\":%d,\"x\":\"%.*s\"", i + 1, (int)bytes, filler)};
    records_add(&d->tx, calls, (size_t)count);
}

/* The numbers of a page, separated by blanks. */
static const char *page(struct desk *d, const char *id, int64_t offset, int64_t count)
{
    BUF(out, 1 << 20);
    buf_add_char(&out, '[');
    int64_t rows = records_page(&d->tx.rd, RECORD_CALL, str_of(id), offset, count, &out);
    buf_add_char(&out, ']');
    const struct json *list = json_parse(&d->arena, buf_str(&out));
    assert_non_null(list);
    assert_int_equal(list->items.count, rows);
    BUF(numbers, 1 << 16);
    for (const struct json *item = list->items.first; item != NULL; item = item->next)
        buf_addf(&numbers, "%s%.0f", numbers.len > 0 ? " " : "",
                 json_get_lit(item, "number")->number);
    return arena_cstr(&d->arena, buf_str(&numbers));
}

static int64_t total(struct desk *d, const char *id)
{
    return records_total(&d->tx.rd, RECORD_CALL, str_of(id));
}

static void sweep_all(struct desk *d)
{
    while (records_to_sweep(&d->tx.rd))
        assert_true(records_sweep(&d->tx));
    assert_false(records_sweep(&d->tx));
}

static void calls_are_numbered_and_paged_newest_first(void **state)
{
    struct desk *d = *state;
    assert_string_equal(page(d, "one", 0, 10), "");
    assert_int_equal(total(d, "one"), 0);
    add_calls(d, "one", 3, 10);
    add_calls(d, "two", 1, 10);
    add_calls(d, "one", 2, 10);
    assert_string_equal(page(d, "one", 0, 10), "5 4 3 2 1");
    assert_string_equal(page(d, "one", 1, 2), "4 3");
    assert_string_equal(page(d, "one", 4, 2), "1");
    assert_string_equal(page(d, "one", 5, 2), "");
    assert_string_equal(page(d, "two", 0, 10), "1");
    assert_int_equal(total(d, "one"), 5);
}

static void calls_of_several_integrations_may_come_together(void **state)
{
    struct desk *d = *state;
    struct record_row calls[] = {
        {.integration_id = STR("one"), .at_ms = start_ms, .doc = STR("\"n\":1")},
        {.integration_id = STR("gone"), .at_ms = start_ms, .doc = STR("\"n\":1")},
        {.integration_id = STR("two"), .at_ms = start_ms, .doc = STR("\"n\":1")},
        {.integration_id = STR("one"), .at_ms = start_ms, .doc = STR("\"n\":2")},
    };
    records_add(&d->tx, calls, 4);
    assert_int_equal(total(d, "one"), 2);
    assert_int_equal(total(d, "two"), 1);
    assert_int_equal(total(d, "gone"), 0);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 3);
}

static void no_more_than_a_thousand_are_kept(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 20; i++)
        add_calls(d, "one", 64, 10);
    assert_int_equal(total(d, "one"), RECORD_CALL_ROWS);
    assert_string_equal(page(d, "one", 998, 10), "282 281");
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), RECORD_CALL_ROWS);
    assert_false(records_to_sweep(&d->tx.rd));
}

static void no_more_than_a_megabyte_is_kept(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 5; i++)
        add_calls(d, "one", 8, 100000);
    assert_int_equal(total(d, "one"), 10);
    assert_int_equal(rows_in(d, "SELECT bytes FROM record_lists"),
                     rows_in(d, "SELECT sum(bytes) FROM records"));
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 10);
    add_calls(d, "one", 1, 2 << 20);
    assert_int_equal(total(d, "one"), 0);
    add_calls(d, "one", 1, 10);
    assert_string_equal(page(d, "one", 0, 10), "42");
}

static void none_is_shown_after_thirty_days_and_the_rows_go(void **state)
{
    struct desk *d = *state;
    add_calls(d, "one", 3, 10);
    d->tx.rd.now_ms += DAY_MS;
    add_calls(d, "one", 2, 10);
    d->tx.rd.now_ms = start_ms + 30 * DAY_MS - 1;
    assert_int_equal(total(d, "one"), 5);
    assert_false(records_to_sweep(&d->tx.rd));
    d->tx.rd.now_ms++;
    assert_string_equal(page(d, "one", 0, 10), "5 4");
    assert_string_equal(page(d, "one", 1, 10), "4");
    assert_int_equal(total(d, "one"), 2);
    sweep_all(d);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 2);
    assert_int_equal(total(d, "one"), 2);
    d->tx.rd.now_ms += 10 * DAY_MS;
    sweep_all(d);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 0);
    assert_int_equal(total(d, "one"), 0);
    add_calls(d, "one", 1, 10);
    assert_string_equal(page(d, "one", 0, 10), "6");
}

static void what_was_cleared_is_gone_at_once_and_its_rows_in_slices(void **state)
{
    struct desk *d = *state;
    add_calls(d, "one", 64, 10);
    db_exec(d->db, "INSERT INTO records SELECT list_seq, number + 64 * n.k, at_ms, bytes, doc"
                   " FROM records, (WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1"
                   " FROM c WHERE k < 79) SELECT k FROM c) n;"
                   "UPDATE record_lists SET last_number = 5120, bytes = bytes * 80");
    assert_int_equal(total(d, "one"), 5120);
    records_clear(&d->tx, RECORD_CALL, STR("one"));
    assert_int_equal(total(d, "one"), 0);
    assert_string_equal(page(d, "one", 0, 10), "");
    add_calls(d, "one", 2, 10);
    assert_string_equal(page(d, "one", 0, 10), "5122 5121");
    int64_t before = rows_in(d, "SELECT count(*) FROM records");
    assert_true(records_sweep(&d->tx));
    int64_t after = rows_in(d, "SELECT count(*) FROM records");
    assert_true(after < before && before - after <= 1000);
    sweep_all(d);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 2);
    assert_string_equal(page(d, "one", 0, 10), "5122 5121");
}

static void runs_of_scripts_have_numbers_and_bounds_of_their_own(void **state)
{
    struct desk *d = *state;
    struct record_row run = {
        .kind = RECORD_RUN, .integration_id = STR("one"), .at_ms = start_ms, .doc = STR("\"n\":1")};
    add_calls(d, "one", 2, 10);
    for (int64_t i = 0; i < RECORD_RUN_ROWS + 5; i++)
        records_add(&d->tx, &run, 1);
    assert_int_equal(records_total(&d->tx.rd, RECORD_RUN, STR("one")), RECORD_RUN_ROWS);
    assert_string_equal(page(d, "one", 0, 10), "2 1");
    d->tx.rd.now_ms += 7 * DAY_MS;
    assert_int_equal(records_total(&d->tx.rd, RECORD_RUN, STR("one")), 0);
    sweep_all(d);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 2);
    assert_int_equal(total(d, "one"), 2);
}

static void a_record_is_found_by_its_number_while_it_is_shown(void **state)
{
    struct desk *d = *state;
    struct str id = STR("one");
    add_calls(d, "one", 2, 1);
    assert_true(str_is(records_find(&d->tx.rd, RECORD_CALL, id, 2), "\"n\":2,\"x\":\"x\""));
    assert_true(str_empty(records_find(&d->tx.rd, RECORD_RUN, id, 2)));
    assert_true(str_empty(records_find(&d->tx.rd, RECORD_CALL, id, 3)));
    records_clear(&d->tx, RECORD_CALL, id);
    assert_true(str_empty(records_find(&d->tx.rd, RECORD_CALL, id, 2)));
}

static void an_integration_that_is_removed_leaves_nothing(void **state)
{
    struct desk *d = *state;
    add_calls(d, "one", 3, 10);
    hook_options_save(&d->tx, &(struct hook_options_row){.integration_id = STR("one")});
    integration_erase(&d->tx, STR("one"));
    sweep_all(d);
    add_calls(d, "one", 3, 10); /* the recorder comes late */
    assert_int_equal(total(d, "one"), 0);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM records"), 0);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM record_lists"), 0);
    assert_int_equal(rows_in(d, "SELECT count(*) FROM integration_options"), 0);
    add_calls(d, "two", 1, 10);
    records_clear(&d->tx, RECORD_CALL, STR("two"));
    sweep_all(d);
    integration_erase(&d->tx, STR("two"));
    assert_int_equal(rows_in(d, "SELECT count(*) FROM record_lists"), 0);
}

/* --- keys --- */

static void remember(struct desk *d, const char *id, const char *key, const char *answer)
{
    hook_key_insert(&d->tx, &(struct hook_key){.integration_id = str_of(id),
                                               .key = str_of(key),
                                               .body_hash = STR("hash"),
                                               .answer = str_of(answer)});
}

static void assert_answer(struct desk *d, const char *id, const char *key, const char *answer)
{
    const struct hook_key *found = hook_key_find(&d->tx.rd, str_of(id), str_of(key));
    if (answer == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_true(str_is(found->body_hash, "hash"));
    assert_true(str_is(found->answer, answer));
}

static void a_key_counts_for_its_integration_for_a_day(void **state)
{
    struct desk *d = *state;
    assert_answer(d, "one", "k", NULL);
    remember(d, "one", "k", "first");
    assert_answer(d, "one", "k", "first");
    assert_answer(d, "two", "k", NULL);
    d->tx.rd.now_ms += HOOK_KEY_MS - 1;
    assert_answer(d, "one", "k", "first");
    d->tx.rd.now_ms++;
    assert_answer(d, "one", "k", NULL);
    remember(d, "one", "k", "second");
    assert_answer(d, "one", "k", "second");
    assert_int_equal(rows_in(d, "SELECT count(*) FROM hook_keys"), 1);
}

static void keys_that_count_no_more_go_in_slices(void **state)
{
    struct desk *d = *state;
    char key[16];
    for (int i = 0; i < 1500; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        remember(d, "one", key, "answer");
    }
    assert_false(hook_keys_to_sweep(&d->tx.rd));
    d->tx.rd.now_ms += HOOK_KEY_MS;
    remember(d, "one", "k0", "again");
    remember(d, "two", "new", "answer");
    assert_true(hook_keys_to_sweep(&d->tx.rd));
    assert_true(hook_keys_sweep(&d->tx));
    assert_false(hook_keys_sweep(&d->tx));
    assert_false(hook_keys_to_sweep(&d->tx.rd));
    assert_int_equal(rows_in(d, "SELECT count(*) FROM hook_keys"), 2);
    assert_answer(d, "one", "k0", "again");
}

/* --- options and the catalog --- */

static void options_are_what_was_saved(void **state)
{
    struct desk *d = *state;
    const struct hook_options_row *none = hook_options_find(&d->tx.rd, STR("one"));
    assert_true(none->options.rate == 0 && str_empty(none->verify));
    struct hook_options_row row = {
        .integration_id = STR("one"),
        .options = {.rate = 0.5, .burst = 7, .keeps_body = true},
        .verify = STR("sealed"),
    };
    hook_options_save(&d->tx, &row);
    row.options.burst = 8;
    hook_options_save(&d->tx, &row);
    const struct hook_options_row *found = hook_options_find(&d->tx.rd, STR("one"));
    assert_true(found->options.rate == 0.5);
    assert_int_equal(found->options.burst, 8);
    assert_true(found->options.keeps_body);
    assert_false(found->options.keeps_headers);
    assert_true(str_is(found->verify, "sealed"));
}

static void publish(struct desk *d)
{
    catalog_publish(d->catalog, d->tx.changes, 1);
    d->tx.changes = NULL;
}

static void the_catalog_has_options_while_they_are_set(void **state)
{
    struct desk *d = *state;
    struct hook_options_row row = {
        .integration_id = STR("one"), .options = {.rate = 3, .burst = 4}, .verify = STR("sealed")};
    hook_options_save(&d->tx, &row);
    publish(d);
    struct hook_options_entry *entry = catalog_hook_options(d->catalog, STR("one"));
    assert_non_null(entry);
    assert_int_equal(entry->options.burst, 4);
    assert_true(str_is(entry->verify, "sealed"));
    CATALOG_UNREF(entry);
    assert_null(catalog_hook_options(d->catalog, STR("two")));
    integration_erase(&d->tx, STR("one"));
    publish(d);
    assert_null(catalog_hook_options(d->catalog, STR("one")));
}

static void the_start_fills_the_catalog(void **state)
{
    struct desk *d = *state;
    struct hook_options_row row = {.integration_id = STR("two"),
                                   .options = {.rate = 3, .burst = 4}};
    hook_options_save(&d->tx, &row);
    changes_drop(&d->tx, NULL);
    integrations_publish_all(&d->tx);
    hook_options_publish_all(&d->tx);
    publish(d);
    struct integration_entry *in = catalog_integration(d->catalog, STR("two"));
    assert_true(str_is(in->token, "token-of-two"));
    CATALOG_UNREF(in);
    struct hook_options_entry *entry = catalog_hook_options(d->catalog, STR("two"));
    assert_true(entry->options.rate == 3);
    CATALOG_UNREF(entry);
}

static void the_token_is_found_behind_texts_that_look_like_it(void **state)
{
    struct desk *d = *state;
    struct integration in = {.id = STR("three"),
                             .type = type_incoming,
                             .script = STR("x = {\"token\":\"not this\", 'token':\"nor this\"}"),
                             .token = STR("the token")};
    integration_mark(&in, INTEGRATION_ID);
    integration_mark(&in, INTEGRATION_TYPE);
    integration_mark(&in, INTEGRATION_SCRIPT);
    integration_mark(&in, INTEGRATION_TOKEN);
    integration_insert(&d->tx, &in);
    in.id = STR("four");
    integration_drop(&in, INTEGRATION_TOKEN);
    integration_insert(&d->tx, &in);
    publish(d);
    struct integration_entry *with = catalog_integration(d->catalog, STR("three"));
    struct integration_entry *without = catalog_integration(d->catalog, STR("four"));
    assert_true(str_is(with->token, "the token"));
    assert_true(str_empty(without->token));
    CATALOG_UNREF(with);
    CATALOG_UNREF(without);
}

static void an_integrations_moment_is_that_of_its_last_change(void **state)
{
    struct desk *d = *state;
    assert_int_equal(integration_updated_at(&d->tx.rd, STR("one")), start_ms);
    assert_int_equal(integration_updated_at(&d->tx.rd, STR("nothing")), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_are_numbered_and_paged_newest_first),
        TEST(calls_of_several_integrations_may_come_together),
        TEST(no_more_than_a_thousand_are_kept),
        TEST(no_more_than_a_megabyte_is_kept),
        TEST(none_is_shown_after_thirty_days_and_the_rows_go),
        TEST(what_was_cleared_is_gone_at_once_and_its_rows_in_slices),
        TEST(runs_of_scripts_have_numbers_and_bounds_of_their_own),
        TEST(a_record_is_found_by_its_number_while_it_is_shown),
        TEST(an_integration_that_is_removed_leaves_nothing),
        TEST(a_key_counts_for_its_integration_for_a_day),
        TEST(keys_that_count_no_more_go_in_slices),
        TEST(options_are_what_was_saved),
        TEST(the_catalog_has_options_while_they_are_set),
        TEST(the_start_fills_the_catalog),
        TEST(the_token_is_found_behind_texts_that_look_like_it),
        TEST(an_integrations_moment_is_that_of_its_last_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
