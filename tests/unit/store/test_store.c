/* The store's promises: durable when answered, all or nothing, one server a folder, full disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/catalog.h"
#include "store/integration.h"
#include "store_fixture.h"

/* --- commands of the tests --- */

struct note {
    struct str id, name;
    bool refuse;
};

static struct integration *integration_of(struct arena *arena, const struct note *note)
{
    struct integration *in = ARENA_NEW(arena, struct integration);
    in->id = note->id;
    in->type = type_incoming;
    in->name = note->name;
    in->user_id = STR("u1");
    in->created_by = (struct user_ref){STR("u1"), STR("bob")};
    integration_mark(in, INTEGRATION_ID);
    integration_mark(in, INTEGRATION_TYPE);
    integration_mark(in, INTEGRATION_NAME);
    integration_mark(in, INTEGRATION_CREATED_BY);
    return in;
}

static bool insert(struct tx *tx, void *arg, struct err *err)
{
    const struct note *note = arg;
    integration_insert(tx, integration_of(tx->rd.arena, note));
    return !note->refuse || err_invalid(err, "refused on purpose");
}

static bool rename_it(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct note *note = arg;
    struct integration *in = integration_find(tx_rd(tx), note->id);
    in->name = note->name;
    integration_save(tx, in);
    return true;
}

static bool erase(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    integration_erase(tx, ((struct note *)arg)->id);
    return true;
}

static bool break_sql(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    integration_insert(
        tx, integration_of(tx->rd.arena, &(struct note){.id = STR("broken"), .name = STR("x")}));
    stmt_run(db_stmt(tx->rd.db, "INSERT INTO no_such_table (x) VALUES (1)"));
    return true; /* it does not look; the store does */
}

static bool find(struct rd *rd, void *arg, struct err *err)
{
    struct note *note = arg;
    struct integration *in = integration_find(rd, note->id);
    if (in == NULL)
        return err_invalid(err, "not there");
    note->name = in->name;
    return true;
}

static bool is_stored(struct store_fixture *f, const char *id)
{
    return fixture_read(f, find, &(struct note){.id = str_of(id)});
}

static bool is_in_catalog(struct store_fixture *f, const char *id)
{
    struct integration_entry *e = catalog_integration(store_catalog(f->store), str_of(id));
    bool found = e != NULL;
    CATALOG_UNREF(e);
    return found;
}

/* --- tests --- */

static void a_command_that_was_answered_is_there_after_a_new_start(void **state)
{
    struct store_fixture *f = *state;
    assert_true(fixture_write(f, insert, &(struct note){.id = STR("a1"), .name = STR("first")}));
    fixture_close(f);
    assert_true(fixture_open(f));
    struct note note = {.id = STR("a1")};
    assert_true(fixture_read(f, find, &note));
    assert_true(str_is(note.name, "first"));
    assert_true(is_in_catalog(f, "a1"));
}

static void what_a_command_changed_is_in_the_catalog_when_it_is_answered(void **state)
{
    struct store_fixture *f = *state;
    assert_true(fixture_write(f, insert, &(struct note){.id = STR("b1"), .name = STR("one")}));
    assert_true(fixture_write(f, rename_it, &(struct note){.id = STR("b1"), .name = STR("two")}));
    struct integration_entry *e = catalog_integration(store_catalog(f->store), STR("b1"));
    assert_non_null(e);
    assert_true(str_find(e->json, STR("\"name\":\"two\"")) != SIZE_MAX);
    CATALOG_UNREF(e);
    assert_true(fixture_write(f, erase, &(struct note){.id = STR("b1")}));
    assert_false(is_in_catalog(f, "b1"));
    assert_false(is_stored(f, "b1"));
}

static void a_refused_command_leaves_no_row_and_no_entry(void **state)
{
    struct store_fixture *f = *state;
    struct note note = {.id = STR("c1"), .name = STR("x"), .refuse = true};
    assert_false(fixture_write(f, insert, &note));
    assert_int_equal(f->err.status, 400);
    assert_false(is_stored(f, "c1"));
    assert_false(is_in_catalog(f, "c1"));
}

static void a_database_error_is_found_by_the_store_and_rolls_the_command_back(void **state)
{
    struct store_fixture *f = *state;
    assert_false(fixture_write(f, break_sql, NULL));
    assert_int_equal(f->err.status, 500);
    assert_false(is_stored(f, "broken"));
    assert_false(is_in_catalog(f, "broken"));
    assert_true(fixture_write(f, insert, &(struct note){.id = STR("c2"), .name = STR("x")}));
}

enum { CROWD = 60, LARGE = 10000 };

struct crowd {
    struct command command; /* first */
    struct note note;
};

static bool insert_one_of_crowd(struct tx *tx, struct command *self, struct err *err)
{
    return insert(tx, &((struct crowd *)self)->note, err);
}

static void no_wake(void *arg)
{
    (void)arg;
}

static void a_command_that_fails_does_not_spoil_the_others_of_its_batch(void **state)
{
    struct store_fixture *f = *state;
    struct inbox home;
    inbox_init(&home, no_wake, NULL);
    struct crowd *crowd = mem_zalloc(CROWD * sizeof(*crowd));
    for (int i = 0; i < CROWD; i++) {
        struct command *c = &crowd[i].command;
        job_init(&c->job, &home);
        c->arena = ARENA_NEW(&f->arena, struct arena);
        arena_init(c->arena, SIZE_MAX);
        c->apply = insert_one_of_crowd;
        crowd[i].note = (struct note){
            .id = arena_fmt(&f->arena, "d%d", i), .name = STR("n"), .refuse = i % 3 == 0};
        assert_true(store_write(f->store, c, &f->err));
    }
    fixture_close(f); /* finishes what was submitted */
    (void)inbox_take(&home);
    inbox_release(&home);
    assert_true(fixture_open(f));
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].command.ok, i % 3 != 0);
        assert_int_equal(is_stored(f, crowd[i].note.id.ptr), i % 3 != 0);
        arena_release(crowd[i].command.arena);
    }
    free(crowd);
}

static void a_second_server_on_the_same_folder_is_refused_with_a_clear_text(void **state)
{
    struct store_fixture *f = *state;
    struct err err = ERR_NONE;
    assert_null(store_open(&f->config, &err));
    assert_non_null(strstr(err.text, "in use by another gantry"));
}

static bool pretend_newer(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    db_exec(tx->rd.db, "UPDATE meta SET value = '999' WHERE key = 'schema'");
    return true;
}

static void a_schema_that_is_newer_than_the_program_is_refused(void **state)
{
    struct store_fixture *f = *state;
    assert_true(fixture_write(f, pretend_newer, NULL));
    fixture_close(f);
    assert_false(fixture_open(f));
    assert_non_null(strstr(f->err.text, "schema 999"));
}

static void when_the_database_is_full_writes_say_so_and_reads_and_later_writes_work(void **state)
{
    struct store_fixture *f = *state;
    fixture_close(f);
    f->config.file_limit_bytes = 600 << 10;
    assert_true(fixture_open(f));
    struct str large = str_from(memset(mem_alloc(LARGE), 'x', LARGE), LARGE);
    int stored = 0;
    while (stored < 100 &&
           fixture_write(f, insert,
                         &(struct note){.id = arena_fmt(&f->arena, "e%d", stored), .name = large}))
        stored++;
    assert_int_equal(f->err.status, 503);
    assert_non_null(strstr(f->err.text, "full"));
    struct err why = ERR_NONE;
    assert_false(store_healthy(f->store, &why));
    assert_true(stored > 0 && is_stored(f, "e0"));
    assert_true(fixture_write(f, erase, &(struct note){.id = STR("e0")}));
    assert_true(fixture_write(f, insert, &(struct note){.id = STR("e-small"), .name = STR("n")}));
    assert_true(store_healthy(f->store, &why));
    free((void *)(uintptr_t)large.ptr);
}

#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(a_command_that_was_answered_is_there_after_a_new_start),
        SENTENCE(what_a_command_changed_is_in_the_catalog_when_it_is_answered),
        SENTENCE(a_refused_command_leaves_no_row_and_no_entry),
        SENTENCE(a_database_error_is_found_by_the_store_and_rolls_the_command_back),
        SENTENCE(a_command_that_fails_does_not_spoil_the_others_of_its_batch),
        SENTENCE(a_second_server_on_the_same_folder_is_refused_with_a_clear_text),
        SENTENCE(a_schema_that_is_newer_than_the_program_is_refused),
        SENTENCE(when_the_database_is_full_writes_say_so_and_reads_and_later_writes_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
