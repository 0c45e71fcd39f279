/* Repairing text, against what the WHATWG decoder gives for the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define R "\xef\xbf\xbd"

static const struct {
    struct str bytes, wanted;
} broken[] = {
    {STR_INIT("\xff"), STR_INIT(R)},
    {STR_INIT("a\x80z"), STR_INIT("a" R "z")},
    {STR_INIT("\xc3"), STR_INIT(R)},
    {STR_INIT("\xc3("), STR_INIT(R "(")},
    {STR_INIT("\xe2\x82"), STR_INIT(R)},
    {STR_INIT("\xe2\x82 x"), STR_INIT(R " x")},
    {STR_INIT("\xf0\x9f\x98"), STR_INIT(R)},
    {STR_INIT("\xf0\x9f\x98\xf0\x9f\x98\x80"), STR_INIT(R "\xf0\x9f\x98\x80")},
    {STR_INIT("\xc0\xaf"), STR_INIT(R R)},             /* overlong */
    {STR_INIT("\xe0\x80\xaf"), STR_INIT(R R R)},       /* overlong */
    {STR_INIT("\xed\xa0\x80"), STR_INIT(R R R)},       /* a surrogate */
    {STR_INIT("\xf4\x90\x80\x80"), STR_INIT(R R R R)}, /* past U+10FFFF */
    {STR_INIT("\0\xff\0"), STR_INIT("\0" R "\0")},     /* NUL is a character */
    {STR_INIT("\xc3\xa4\xc3\xc3\xa4"), STR_INIT("\xc3\xa4" R "\xc3\xa4")},
};

static void each_broken_sequence_becomes_a_replacement_character(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct str text = utf8_repair(&a, broken[i].bytes);
        assert_int_equal(text.len, broken[i].wanted.len);
        assert_memory_equal(text.ptr, broken[i].wanted.ptr, text.len);
        assert_true(str_utf8(text));
    }
    arena_release(&a);
}

static void text_that_is_well_formed_is_not_copied(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    struct str text = STR("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbb\xbf");
    assert_ptr_equal(utf8_repair(&a, text).ptr, text.ptr);
    assert_int_equal(utf8_repair(&a, STR("")).len, 0);
    assert_int_equal(a.used, 0);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_broken_sequence_becomes_a_replacement_character),
        cmocka_unit_test(text_that_is_well_formed_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
