/* The arena: pieces do not overlap, are aligned, and the promise about the total is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

enum { CAP = 1024 * 1024 };

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, CAP);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static void pieces_are_aligned_and_apart(void **state)
{
    struct arena *a = *state;
    enum { PIECES = 500 };
    unsigned char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(a, i * 7);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)(i % 251), i * 7);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < i * 7; j++)
            assert_int_equal(pieces[i][j], i % 251);
    }
}

static void cleared_pieces_are_zero_even_in_used_memory(void **state)
{
    struct arena *a = *state;
    memset(arena_alloc(a, 3000), 0xff, 3000);
    arena_reset(a);
    const char *piece = arena_zalloc(a, 3000);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(piece[i], 0);
}

static void typed_pieces_come_cleared(void **state)
{
    struct arena *a = *state;
    struct pair {
        int64_t first;
        void *second;
    };
    const struct pair *one = ARENA_NEW(a, struct pair);
    assert_int_equal(one->first, 0);
    assert_null(one->second);
    const struct pair *many = ARENA_ARRAY(a, struct pair, 100);
    assert_null(many[99].second);
}

static void passing_the_cap_is_noted_but_never_refused(void **state)
{
    struct arena *a = *state;
    (void)arena_alloc(a, CAP / 2);
    assert_false(arena_over(a));
    (void)arena_alloc(a, CAP / 2);
    assert_false(arena_over(a));
    assert_int_equal(a->used, CAP);
    memset(arena_alloc(a, 1), 1, 1);
    assert_true(arena_over(a));
    arena_reset(a);
    assert_false(arena_over(a));
    assert_int_equal(a->used, 0);
}

static void it_can_be_reset_and_released_at_any_time(void **state)
{
    struct arena *a = *state;
    arena_reset(a);
    arena_release(a);
    for (size_t round = 0; round < 10; round++) {
        for (size_t i = 0; i < 100; i++)
            memset(arena_alloc(a, 100), (int)i, 100);
        (void)arena_alloc(a, 10000 * (round % 2)); /* larger than a block, or nothing */
        arena_reset(a);
    }
    arena_release(a);
    arena_release(a);
    assert_int_equal(a->cap, CAP);
}

static void copies_end_with_a_zero_that_is_not_counted(void **state)
{
    struct arena *a = *state;
    struct str copy = arena_str(a, STR("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(arena_cstr(a, str_slice(STR("hello"), 0, 4)), "hell");
    assert_string_equal(arena_cstr(a, str_of(NULL)), "");
    assert_int_equal(arena_str(a, STR("")).ptr[0], '\0');
}

static void text_is_formatted_at_any_length(void **state)
{
    struct arena *a = *state;
    struct str text = arena_fmt(a, "%s-%05d", "x", 42);
    assert_string_equal(text.ptr, "x-00042");
    assert_int_equal(text.len, 7);
    text = arena_fmt(a, "%9000d", 1);
    assert_int_equal(text.len, 9000);
    assert_int_equal(text.ptr[8999], '1');
    assert_int_equal(arena_fmt(a, "%s", "").len, 0);
}

static void joining_puts_views_one_after_the_other(void **state)
{
    struct arena *a = *state;
    const struct str parts[] = {STR("ab"), STR(""), str_of(NULL), STR("c")};
    struct str joined = arena_join(a, parts, 4);
    assert_int_equal(joined.len, 3);
    assert_string_equal(joined.ptr, "abc");
    assert_int_equal(arena_join(a, parts, 0).len, 0);
}

static void lower_case_touches_ascii_letters_alone(void **state)
{
    struct arena *a = *state;
    assert_string_equal(arena_lower(a, STR("AZaz@[09\xc3\x84")).ptr, "azaz@[09\xc3\x84");
    assert_int_equal(arena_lower(a, STR("")).len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_are_aligned_and_apart),
        TEST(cleared_pieces_are_zero_even_in_used_memory),
        TEST(typed_pieces_come_cleared),
        TEST(passing_the_cap_is_noted_but_never_refused),
        TEST(it_can_be_reset_and_released_at_any_time),
        TEST(copies_end_with_a_zero_that_is_not_counted),
        TEST(text_is_formatted_at_any_length),
        TEST(joining_puts_views_one_after_the_other),
        TEST(lower_case_touches_ascii_letters_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
