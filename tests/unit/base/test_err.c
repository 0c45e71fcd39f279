/* Errors: each setter says no and fills everything, whatever was there before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static void assert_plain(const struct err *err, int status, int retry_after_s)
{
    assert_int_equal(err->status, status);
    assert_null(err->type);
    assert_false(err->suffix);
    assert_int_equal(err->details.len, 0);
    assert_int_equal(err->retry_after_s, retry_after_s);
    assert_string_equal(err->text, "because of 7");
}

/* An error as another one may have left it. */
static struct err used(void)
{
    return (struct err){
        .status = 1, .type = "old", .suffix = true, .details = STR("{}"), .retry_after_s = 9};
}

static void each_cause_has_its_status(void **state)
{
    (void)state;
    struct err err = used();
    assert_false(err_internal(&err, "because of %d", 7));
    assert_plain(&err, 500, 0);
    err = used();
    assert_false(err_busy(&err, "because of %d", 7));
    assert_plain(&err, 503, 1);
    err = used();
    assert_false(err_timeout(&err, "because of %d", 7));
    assert_plain(&err, 503, 0);
    err = used();
    assert_false(err_invalid(&err, "because of %d", 7));
    assert_plain(&err, 400, 0);
}

static void the_general_setter_names_a_type(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    assert_int_equal(err.status, 0);
    assert_false(err_set(&err, 404, "error-not-there", "no %s", "room"));
    assert_int_equal(err.status, 404);
    assert_string_equal(err.type, "error-not-there");
    assert_string_equal(err.text, "no room");
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    struct err err;
    char text[3000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof(text); i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 5);
        assert_false(err_invalid(&err, "%s", text));
        size_t len = strlen(err.text);
        assert_true(len < ERR_TEXT_BYTES && len >= ERR_TEXT_BYTES - 4);
        assert_true(str_utf8(str_of(err.text)));
        assert_memory_equal(err.text, text, len);
    }
}

static void the_longest_text_that_fits_is_whole(void **state)
{
    (void)state;
    struct err err;
    char text[ERR_TEXT_BYTES];
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(err_internal(&err, "%s", text));
    assert_string_equal(err.text, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause_has_its_status),
        cmocka_unit_test(the_general_setter_names_a_type),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
        cmocka_unit_test(the_longest_text_that_fits_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
