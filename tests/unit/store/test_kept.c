/* Lists that keep their newest, with tables of this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"

#include "store/integration.h"
#include "store/kept.h"

#define DAY_MS INT64_C(86400000)

#define MAKE_SQL(kind)                                                                             \
    "INSERT INTO note_lists (kind, integration_id, stored_from, shown_from, last_number, bytes)"   \
    " VALUES (" kind ", $1, 1, 1, 0, 0)"
#define NOTE_SQL(kind) KEPT_SQL("note_lists", "kind", kind, "notes", "list_seq", "at_ms")

enum { SHORT, LONG, KINDS };
static const struct kept_kind kinds[KINDS] = {
    [SHORT] = {.rows = 4,
               .bytes = 100,
               .days = 1,
               .delete_with_write = 2,
               .delete_with_sweep = 3,
               .allow = "SELECT 1 FROM integrations WHERE id = $1 AND name <> 'closed'",
               .make = MAKE_SQL("0"),
               .sql = NOTE_SQL("0")},
    [LONG] = {.rows = 50,
              .bytes = 1000,
              .days = 10,
              .delete_with_write = 1,
              .delete_with_sweep = 1000,
              .allow = "SELECT 1 FROM integrations WHERE id = $1",
              .make = MAKE_SQL("1"),
              .sql = NOTE_SQL("1")},
};

static void add_integration(struct desk *d, const char *id, const char *name)
{
    struct integration in = {.id = str_of(id),
                             .type = type_incoming,
                             .name = str_of(name),
                             .token = str_of(id),
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
    assert_true(db_exec(d->db, "CREATE TABLE note_lists (seq INTEGER PRIMARY KEY, kind INTEGER,"
                               " integration_id TEXT, stored_from BIGINT, shown_from BIGINT,"
                               " last_number BIGINT, bytes BIGINT, oldest_ms BIGINT);"
                               "CREATE TABLE notes (list_seq BIGINT, number BIGINT, at_ms BIGINT,"
                               " bytes BIGINT)"));
    add_integration(d, "one", "open");
    add_integration(d, "two", "closed");
    *state = d;
    return 0;
}

static void insert_note(struct desk *d, struct kept_list *list, int64_t bytes)
{
    struct stmt *q = db_stmt(d->db, "INSERT INTO notes (list_seq, number, at_ms, bytes)"
                                    " VALUES ($1, $2, $3, $4)");
    stmt_i64(q, 1, list->seq);
    stmt_i64(q, 2, ++list->last_number);
    stmt_i64(q, 3, d->tx.rd.now_ms);
    stmt_i64(q, 4, bytes);
    stmt_run(q);
    list->bytes += bytes;
}

/* `count` notes of `bytes` each, one write for all. */
static void add_notes(struct desk *d, int kind, int count, int64_t bytes)
{
    struct kept_list list;
    assert_true(kept_open(&d->tx, &kinds[kind], STR("one"), &list));
    for (int i = 0; i < count; i++)
        insert_note(d, &list, bytes);
    kept_save(&d->tx, &list);
}

static struct kept_list list_of(struct desk *d, int kind)
{
    struct kept_list list;
    assert_true(kept_find(&d->tx.rd, &kinds[kind], STR("one"), &list));
    return list;
}

static int64_t total(struct desk *d, int kind)
{
    struct kept_list list = list_of(d, kind);
    return kept_total(&d->tx.rd, &list);
}

static int64_t rows_in(struct desk *d, const char *table)
{
    return stmt_number(db_stmt_once(d->db, arena_fmt(&d->arena, "SELECT count(*) FROM %s", table)));
}

static bool to_sweep(struct desk *d)
{
    return kept_to_sweep(&d->tx.rd, kinds, KINDS);
}

static bool sweep(struct desk *d)
{
    return kept_sweep(&d->tx, kinds, KINDS);
}

static void a_list_is_made_by_its_first_writer_where_it_is_allowed(void **state)
{
    struct desk *d = *state;
    struct kept_list list;
    assert_false(kept_find(&d->tx.rd, &kinds[SHORT], STR("one"), &list));
    assert_false(kept_open(&d->tx, &kinds[SHORT], STR("two"), &list));
    assert_false(kept_open(&d->tx, &kinds[LONG], STR("gone"), &list));
    assert_int_equal(rows_in(d, "note_lists"), 0);
    assert_true(kept_open(&d->tx, &kinds[SHORT], STR("one"), &list));
    assert_true(kept_open(&d->tx, &kinds[SHORT], STR("one"), &list));
    assert_true(list.empty);
    assert_int_equal(kept_total(&d->tx.rd, &list), 0);
    assert_false(kept_find(&d->tx.rd, &kinds[LONG], STR("one"), &list));
    assert_int_equal(rows_in(d, "note_lists"), 1);
}

static void each_kind_has_numbers_and_bounds_of_its_own(void **state)
{
    struct desk *d = *state;
    add_notes(d, SHORT, 5, 10);
    add_notes(d, LONG, 5, 10);
    assert_int_equal(total(d, SHORT), 4);
    assert_int_equal(total(d, LONG), 5);
    struct kept_list list = list_of(d, SHORT);
    assert_ptr_equal(list.kind, &kinds[SHORT]);
    assert_int_equal(kept_shown_from(&d->tx.rd, &list), 2);
    assert_int_equal(list.bytes, 40);
}

static void the_bytes_of_what_is_shown_stay_within_their_bound(void **state)
{
    struct desk *d = *state;
    add_notes(d, SHORT, 2, 50);
    assert_int_equal(total(d, SHORT), 2);
    add_notes(d, SHORT, 1, 1);
    assert_int_equal(total(d, SHORT), 2);
    assert_int_equal(list_of(d, SHORT).bytes, 51);
    add_notes(d, SHORT, 1, 101);
    assert_int_equal(total(d, SHORT), 0);
    assert_int_equal(list_of(d, SHORT).bytes, 0);
    add_notes(d, SHORT, 1, 100);
    assert_int_equal(total(d, SHORT), 1);
    assert_int_equal(list_of(d, SHORT).shown_from, 5);
}

static void an_entry_that_grows_hides_the_oldest(void **state)
{
    struct desk *d = *state;
    add_notes(d, SHORT, 3, 30);
    struct kept_list list = list_of(d, SHORT);
    db_exec(d->db, "UPDATE notes SET bytes = 50 WHERE number = 3");
    list.bytes += 20;
    kept_save(&d->tx, &list);
    assert_int_equal(list_of(d, SHORT).shown_from, 2);
    assert_int_equal(list_of(d, SHORT).bytes, 80);
}

static void what_grew_too_old_is_hidden_without_a_write(void **state)
{
    struct desk *d = *state;
    add_notes(d, SHORT, 1, 10);
    d->tx.rd.now_ms += 1;
    add_notes(d, SHORT, 1, 10);
    d->tx.rd.now_ms = start_ms + DAY_MS - 1;
    assert_int_equal(total(d, SHORT), 2);
    assert_false(to_sweep(d));
    d->tx.rd.now_ms = start_ms + DAY_MS;
    assert_int_equal(total(d, SHORT), 1);
    assert_int_equal(list_of(d, SHORT).shown_from, 1);
    assert_true(to_sweep(d));
    assert_true(sweep(d));
    assert_int_equal(list_of(d, SHORT).shown_from, 2);
    assert_int_equal(list_of(d, SHORT).bytes, 10);
    assert_int_equal(rows_in(d, "notes"), 1);
    assert_false(to_sweep(d));
    assert_false(sweep(d));
}

static void rows_go_by_as_many_as_the_kind_says(void **state)
{
    struct desk *d = *state;
    add_notes(d, SHORT, 11, 1);
    assert_int_equal(rows_in(d, "notes"), 9);
    add_notes(d, SHORT, 1, 1);
    assert_int_equal(rows_in(d, "notes"), 8);
    assert_true(sweep(d));
    assert_int_equal(rows_in(d, "notes"), 5);
    assert_true(sweep(d));
    assert_int_equal(rows_in(d, "notes"), 4);
    assert_false(sweep(d));
    assert_int_equal(list_of(d, SHORT).stored_from, 9);
}

static void waste_of_any_kind_goes_by_that_kinds_slices(void **state)
{
    struct desk *d = *state;
    add_notes(d, LONG, 20, 1);
    assert_true(kept_clear(&d->tx, &kinds[LONG], STR("one")));
    assert_int_equal(total(d, LONG), 0);
    assert_int_equal(rows_in(d, "notes"), 20);
    assert_true(sweep(d));
    assert_int_equal(rows_in(d, "notes"), 0);
    assert_false(to_sweep(d));
    add_notes(d, LONG, 1, 1);
    assert_int_equal(list_of(d, LONG).last_number, 21);
}

static void what_is_cleared_twice_or_was_never_there_does_no_harm(void **state)
{
    struct desk *d = *state;
    assert_false(kept_clear(&d->tx, &kinds[SHORT], STR("one")));
    add_notes(d, SHORT, 1, 1);
    assert_true(kept_clear(&d->tx, &kinds[SHORT], STR("one")));
    assert_true(kept_clear(&d->tx, &kinds[SHORT], STR("one")));
    assert_int_equal(total(d, SHORT), 0);
}

static void a_list_goes_with_its_last_row_when_its_integration_is_gone(void **state)
{
    struct desk *d = *state;
    add_notes(d, SHORT, 4, 1);
    add_notes(d, LONG, 1, 1);
    integration_erase(&d->tx, STR("one"));
    assert_true(kept_clear(&d->tx, &kinds[SHORT], STR("one")));
    assert_true(sweep(d));
    assert_int_equal(rows_in(d, "note_lists"), 2);
    assert_true(sweep(d));
    assert_int_equal(rows_in(d, "note_lists"), 1);
    d->tx.rd.now_ms += 10 * DAY_MS;
    assert_true(sweep(d));
    assert_int_equal(rows_in(d, "note_lists"), 0);
    assert_int_equal(rows_in(d, "notes"), 0);
    assert_false(to_sweep(d));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_is_made_by_its_first_writer_where_it_is_allowed),
        TEST(each_kind_has_numbers_and_bounds_of_its_own),
        TEST(the_bytes_of_what_is_shown_stay_within_their_bound),
        TEST(an_entry_that_grows_hides_the_oldest),
        TEST(what_grew_too_old_is_hidden_without_a_write),
        TEST(rows_go_by_as_many_as_the_kind_says),
        TEST(waste_of_any_kind_goes_by_that_kinds_slices),
        TEST(what_is_cleared_twice_or_was_never_there_does_no_harm),
        TEST(a_list_goes_with_its_last_row_when_its_integration_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
