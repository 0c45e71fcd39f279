/* Integrations are found by what they are bound to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "store/integration.h"
#include "store/internal.h"

struct desk {
    struct db *db;
    struct catalog *catalog;
    struct arena arena;
    struct tx tx;
};

static int setup(void **state)
{
    static struct desk d;
    struct err err = ERR_NONE;
    digest_init();
    d = (struct desk){.catalog = catalog_new()};
    d.db = db_open(":memory:", DB_WRITER, &err);
    assert_non_null(d.db);
    assert_true(schema_apply(d.db, &err));
    arena_init(&d.arena, SIZE_MAX);
    d.tx = (struct tx){.rd = {.db = d.db, .arena = &d.arena, .catalog = d.catalog}};
    *state = &d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    bool failed = db_failed(d->db);
    changes_drop(&d->tx, NULL);
    db_close(d->db);
    catalog_free(d->catalog);
    arena_release(&d->arena);
    return failed ? -1 : 0;
}

static struct integration bound_to(struct desk *d, const char *id, const char *channels)
{
    struct integration in = {.id = str_of(id),
                             .type = type_outgoing,
                             .name = STR(""),
                             .channel = channel_list_split(&d->arena, str_of(channels), true)};
    integration_mark(&in, INTEGRATION_ID);
    integration_mark(&in, INTEGRATION_TYPE);
    integration_mark(&in, INTEGRATION_NAME);
    integration_mark(&in, INTEGRATION_CHANNEL);
    return in;
}

/* Ids with blanks between. */
static const char *found(struct desk *d, const char *channel)
{
    struct text_list ids = integration_ids_of_channel(&d->tx.rd, str_of(channel), 10);
    BUF(text, 1024);
    for (size_t i = 0; i < ids.count; i++)
        buf_addf(&text, "%s%.*s", i > 0 ? " " : "", STR_FMT(ids.items[i]));
    struct integration_filter filter = {.all_outgoing = true, .channel = str_of(channel)};
    assert_int_equal(integration_count(&d->tx.rd, &filter), ids.count);
    return arena_cstr(&d->arena, buf_str(&text));
}

static void those_of_a_channel_are_found_as_they_are_now(void **state)
{
    struct desk *d = *state;
    struct integration one = bound_to(d, "one", "#a,@bob,#a"), two = bound_to(d, "two", "#a");
    integration_insert(&d->tx, &one);
    integration_insert(&d->tx, &two);
    assert_string_equal(found(d, "#a"), "one two");
    assert_string_equal(found(d, "@bob"), "one");
    assert_string_equal(found(d, "#A"), "");
    one = bound_to(d, "one", "#b");
    integration_save(&d->tx, &one);
    assert_string_equal(found(d, "#a"), "two");
    assert_string_equal(found(d, "#b"), "one");
    integration_erase(&d->tx, STR("one"));
    assert_string_equal(found(d, "#b"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(those_of_a_channel_are_found_as_they_are_now, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
