/* Integrations are found by what they are bound to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"

#include "store/integration.h"

static int setup(void **state)
{
    *state = desk_open();
    return 0;
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
                                        desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
