/* Which names a pattern allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/name_pattern.h"

struct vector {
    const char *pattern, *name;
    bool fits;
};

static void check(const struct vector *vectors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (name_fits(str_of(vectors[i].pattern), str_of(vectors[i].name)) != vectors[i].fits)
            fail_msg("%s with %s", vectors[i].pattern, vectors[i].name);
    }
}
#define CHECK(v) check((v), sizeof(v) / sizeof((v)[0]))

static void the_default_allows_letters_digits_and_three_signs(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"[0-9a-zA-Z-_.]+", "test.cat", true}, {"[0-9a-zA-Z-_.]+", "A-b_C.9", true},
        {"[0-9a-zA-Z-_.]+", "", false},        {"[0-9a-zA-Z-_.]+", "two words", false},
        {"[0-9a-zA-Z-_.]+", "umläut", false},  {"[0-9a-zA-Z-_.]+", "a\nb", false},
        {"[0-9a-zA-Z-_.]+", "x@y", false},     {"[0-9a-zA-Z-_.]+", "-", true},
        {"[0-9a-zA-Z-_.]+", "a/b", false},
    };
    CHECK(vectors);
}

static void classes_know_ranges_negation_escapes_and_other_alphabets(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"[0-9a-zа-я]+", "иван7", true}, {"[0-9a-zа-я]+", "ivan-7", false},
        {"[^ @]+", "whatever!", true},   {"[^ @]+", "what ever", false},
        {"[\\w-]+", "a_b-c", true},      {"[\\w-]+", "a.b", false},
        {"\\d+", "123", true},           {"\\D+", "123", false},
        {"[a\\]\\-z]+", "a]-z", true},   {"[a\\]\\-z]+", "b", false},
        {"[-a]+", "a-", true},           {"[a-]+", "-a", true},
        {".+", "anything at all", true}, {".+", "two\nlines", false},
        {"[\\s]", "\xc2\xa0", true},
    };
    CHECK(vectors);
}

static void places_may_be_counted(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"[a-z]{3,5}", "ab", false},     {"[a-z]{3,5}", "abc", true}, {"[a-z]{3,5}", "abcde", true},
        {"[a-z]{3,5}", "abcdef", false}, {"[a-z]{2}", "ab", true},    {"[a-z]{2}", "abc", false},
        {"[a-z]{2,}", "abcdefgh", true}, {"[a-z]{2,}", "a", false},   {"[a-z][0-9]*", "a", true},
        {"[a-z][0-9]*", "a1b", false},   {"u-?[0-9]+", "u-12", true}, {"u-?[0-9]+", "u12", true},
        {"^[a-z]+$", "abc", true},       {"[a-z]*", "", true},        {"a{0,2}b", "aab", true},
        {"a{0,2}b", "aaab", false},
    };
    CHECK(vectors);
}

static void a_pattern_that_is_not_understood_means_the_default(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"(a|b)+", "test.cat", true}, {"(a|b)+", "two words", false},
        {"[z-a]+", "test", true},     {"[abc", "test", true},
        {"", "test", true},           {"", "t t", false},
        {"a++", "test", true},        {"[a-z]{3", "test.cat", true},
        {"\\bfoo", "test.cat", true}, {"[a-z]{99}", "test.cat", true},
        {"a+{2}", "test.cat", true},
    };
    CHECK(vectors);
}

static void a_pattern_made_to_be_slow_is_not(void **state)
{
    (void)state;
    static char name[100001];
    memset(name, 'a', sizeof(name) - 1);
    assert_false(name_fits(STR("a*a*a*a*a*a*a*a*a*a*b"), str_of(name)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_allows_letters_digits_and_three_signs),
        cmocka_unit_test(classes_know_ranges_negation_escapes_and_other_alphabets),
        cmocka_unit_test(places_may_be_counted),
        cmocka_unit_test(a_pattern_that_is_not_understood_means_the_default),
        cmocka_unit_test(a_pattern_made_to_be_slow_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
