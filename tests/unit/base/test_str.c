/* Views: cutting, comparing, searching, trimming, numbers, UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For views in tables that hold '\0' or broken UTF-8. */
#define S(literal) STR_INIT(literal)

static void assert_str(struct str got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    if (got.len > 0)
        assert_memory_equal(got.ptr, wanted, got.len);
}

static void a_slice_ends_where_the_bytes_end(void **state)
{
    (void)state;
    static const struct {
        size_t from, to;
        const char *wanted;
    } cases[] = {
        {0, 5, "hello"}, {0, 0, ""},  {1, 3, "el"}, {3, 99, "lo"},
        {5, 5, ""},      {9, 99, ""}, {4, 2, ""},   {0, SIZE_MAX, "hello"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(str_slice(STR("hello"), cases[i].from, cases[i].to), cases[i].wanted);
    assert_str(str_after(STR("hello"), 2), "llo");
    assert_str(str_slice(str_of(NULL), 1, 2), "");
}

static void order_is_by_byte_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("b"), STR("a")) > 0);
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("Z"), STR("a")) < 0);
    assert_true(str_cmp(STR("\xc3"), STR("a")) > 0);
    assert_true(str_cmp(STR(""), str_of(NULL)) == 0);
    assert_true(str_cmp(STR("a\0b"), STR("a\0c")) < 0);
}

static void equality_sees_every_byte(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_eq(STR(""), str_of(NULL)));
    assert_true(str_is(STR("word"), "word"));
    assert_false(str_is(STR("word"), "words"));
}

static void the_case_of_ascii_letters_alone_can_be_ignored(void **state)
{
    (void)state;
    assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));
    assert_false(str_eq_nocase(STR("["), STR("{")));
    assert_false(str_eq_nocase(STR("ab"), STR("abc")));
}

static void secrets_are_equal_only_when_they_are(void **state)
{
    (void)state;
    assert_true(str_eq_secret(STR("token"), STR("token")));
    assert_false(str_eq_secret(STR("token"), STR("tokeN")));
    assert_false(str_eq_secret(STR("token"), STR("toke")));
    assert_false(str_eq_secret(STR("toke"), STR("token")));
    assert_false(str_eq_secret(STR("token"), STR("")));
    assert_false(str_eq_secret(STR(""), STR("token")));
    assert_true(str_eq_secret(STR(""), STR("")));
    assert_false(str_eq_secret(STR("abab"), STR("ab")));
}

static void starts_and_ends_are_found(void **state)
{
    (void)state;
    assert_true(str_starts(STR("/api/v1"), STR("/api")));
    assert_true(str_starts(STR("a"), STR("")));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("file.sql"), STR(".sql")));
    assert_true(str_ends(STR("a"), STR("")));
    assert_false(str_ends(STR("l"), STR(".sql")));
}

static void searching_gives_the_first_place_or_none(void **state)
{
    (void)state;
    assert_int_equal(str_find_char(STR("a=b=c"), '='), 1);
    assert_true(str_find_char(STR("abc"), '=') == SIZE_MAX);
    assert_true(str_find_char(str_of(NULL), '=') == SIZE_MAX);
    assert_int_equal(str_find_char(STR("a\0b"), 'b'), 2);
    assert_int_equal(str_find(STR("one two two"), STR("two")), 4);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_true(str_find(STR("abc"), STR("abcd")) == SIZE_MAX);
    assert_true(str_find(str_of(NULL), STR("a")) == SIZE_MAX);
}

static void distance_counts_what_was_mistyped(void **state)
{
    (void)state;
    char long_text[2 * STR_DISTANCE_BYTES];
    memset(long_text, 'x', sizeof(long_text));
    assert_int_equal(str_distance(STR(""), STR("")), 0);
    assert_int_equal(str_distance(STR("listen"), STR("listen")), 0);
    assert_int_equal(str_distance(STR(""), STR("abc")), 3);
    assert_int_equal(str_distance(STR("abc"), STR("")), 3);
    assert_int_equal(str_distance(STR("listen"), STR("lsten")), 1);
    assert_int_equal(str_distance(STR("lsten"), STR("listen")), 1);
    assert_int_equal(str_distance(STR("listen"), STR("lisden")), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(str_distance(str_from(long_text, sizeof(long_text)), STR("")),
                     STR_DISTANCE_BYTES);
}

static void trimming_knows_the_white_space_of_javascript(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"  \t\r\n\v\f ", ""},
        {" a b ", "a b"},
        {"\xc2\xa0"
         "a\xc2\xa0",
         "a"}, /* no-break space */
        {"\xef\xbb\xbf"
         "a\xef\xbb\xbf",
         "a"}, /* byte order mark */
        {"\xe2\x80\x80\xe2\x80\x8a"
         "a\xe1\x9a\x80",
         "a"}, /* en quad, hair space, ogham */
        {"\xe2\x80\xa8"
         "a\xe2\x80\xa9",
         "a"}, /* line and paragraph separator */
        {"\xe2\x80\xaf\xe2\x81\x9f\xe3\x80\x80", ""},
        {"\xe2\x80\x8b"
         "a",
         "\xe2\x80\x8b"
         "a"},                            /* zero width space is none */
        {"\xe1\xa0\x8e", "\xe1\xa0\x8e"}, /* nor is the Mongolian vowel separator */
        {"\xc3\xa0", "\xc3\xa0"},
        {"\xa0", "\xa0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(str_trim(str_of(cases[i].text)), cases[i].wanted);
    assert_true(str_blank(STR(" \n")));
    assert_true(str_blank(str_of(NULL)));
    assert_false(str_blank(STR(" .")));
}

static void splitting_gives_every_part_empty_ones_too(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *parts[4];
    } cases[] = {
        {"a,b", 2, {"a", "b"}}, {"a,,b", 3, {"a", "", "b"}}, {"", 1, {""}},
        {",", 2, {"", ""}},     {"a,", 2, {"a", ""}},        {",a", 2, {"", "a"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str rest = str_of(cases[i].text), part;
        for (size_t j = 0; j < cases[i].count; j++) {
            assert_true(str_split(&rest, ',', &part));
            assert_str(part, cases[i].parts[j]);
        }
        assert_false(str_split(&rest, ',', &part));
        assert_false(str_split(&rest, ',', &part));
    }
}

static void whole_numbers_are_read_up_to_the_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t wanted;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"00000000000000000000001", 1},
        {"-42", -42},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {"",
                                      "+",
                                      "-",
                                      "--1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    int64_t value;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(str_to_i64(str_of(good[i].text), &value));
        assert_true(value == good[i].wanted);
    }
    value = 77;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(str_to_i64(str_of(bad[i]), &value));
    assert_int_equal(value, 77);
}

static void a_mask_shows_little_of_a_secret(void **state)
{
    (void)state;
    char space[8];
    assert_string_equal(str_masked(STR("abcdefghijkl"), space), "abcd...");
    assert_string_equal(str_masked(STR("abcdefghijk"), space), "***");
    assert_string_equal(str_masked(STR(""), space), "***");
}

static void only_well_formed_utf8_is_utf8(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool wanted;
    } cases[] = {
        {S(""), true},
        {S("plain\0text"), true},
        {S("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), true},
        {S("\xf4\x8f\xbf\xbf"), true},  /* U+10FFFF */
        {S("\xf4\x90\x80\x80"), false}, /* past the end */
        {S("\xed\x9f\xbf"), true},
        {S("\xed\xa0\x80"), false}, /* a surrogate */
        {S("\xc0\x80"), false},     /* overlong */
        {S("\xe0\x9f\xbf"), false},
        {S("\xf0\x8f\xbf\xbf"), false},
        {S("\x80"), false},
        {S("\xc3"), false},
        {S("\xe2\x82"), false},
        {S("\xc3("), false},
        {S("\xff"), false},
        {S("\xf5\x80\x80\x80"), false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(str_utf8(cases[i].text), cases[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_ends_where_the_bytes_end),
        cmocka_unit_test(order_is_by_byte_and_a_prefix_comes_first),
        cmocka_unit_test(equality_sees_every_byte),
        cmocka_unit_test(the_case_of_ascii_letters_alone_can_be_ignored),
        cmocka_unit_test(secrets_are_equal_only_when_they_are),
        cmocka_unit_test(starts_and_ends_are_found),
        cmocka_unit_test(searching_gives_the_first_place_or_none),
        cmocka_unit_test(distance_counts_what_was_mistyped),
        cmocka_unit_test(trimming_knows_the_white_space_of_javascript),
        cmocka_unit_test(splitting_gives_every_part_empty_ones_too),
        cmocka_unit_test(whole_numbers_are_read_up_to_the_limits),
        cmocka_unit_test(a_mask_shows_little_of_a_secret),
        cmocka_unit_test(only_well_formed_utf8_is_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
