/* The growing string: what it promises holds after every single step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What buf.h promises at any moment. */
static void check(const struct buf *b)
{
    assert_non_null(b->ptr);
    assert_true(b->len <= b->max);
    assert_true(b->cap == 0 ? b->len == 0 : b->len < b->cap);
    assert_int_equal(b->ptr[b->len], '\0');
    assert_int_equal(buf_ok(b), !b->full);
}

static void check_text(const struct buf *b, const char *wanted)
{
    check(b);
    assert_int_equal(b->len, strlen(wanted));
    assert_string_equal(b->ptr, wanted);
}

static void an_empty_buffer_has_allocated_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    check_text(&b, "");
    assert_int_equal(b.cap, 0);
    assert_true(buf_add(&b, STR("")));
    assert_int_equal(b.cap, 0);
    buf_release(&b);
    buf_release(&b);
    check_text(&b, "");
}

static void appends_follow_one_another(void **state)
{
    (void)state;
    BUF(b, 1000);
    assert_true(buf_lit(&b, "one"));
    check_text(&b, "one");
    assert_true(buf_add_char(&b, ','));
    check_text(&b, "one,");
    assert_true(buf_add_i64(&b, -2));
    check_text(&b, "one,-2");
    assert_true(buf_addf(&b, ",%s=%d", "x", 3));
    check_text(&b, "one,-2,x=3");
    assert_true(buf_addf(&b, "%s", ""));
    check_text(&b, "one,-2,x=3");
    assert_true(str_eq(buf_str(&b), STR("one,-2,x=3")));
}

static void it_grows_byte_by_byte_to_its_ceiling_and_not_further(void **state)
{
    (void)state;
    enum { MAX = 5000 };
    BUF(b, MAX);
    for (size_t i = 0; i < MAX; i++) {
        assert_true(buf_add_char(&b, (char)('a' + i % 26)));
        check(&b);
    }
    assert_false(buf_add_char(&b, '!'));
    check(&b);
    assert_int_equal(b.len, MAX);
    for (size_t i = 0; i < MAX; i++)
        assert_int_equal(b.ptr[i], (char)('a' + i % 26));
}

static void a_refused_append_adds_nothing_and_neither_do_later_ones(void **state)
{
    (void)state;
    BUF(b, 5);
    assert_true(buf_lit(&b, "abc"));
    assert_false(buf_lit(&b, "def"));
    check_text(&b, "abc");
    assert_false(buf_ok(&b));
    assert_false(buf_add_char(&b, 'd'));
    assert_false(buf_add_i64(&b, 1));
    assert_false(buf_addf(&b, "%d", 1));
    assert_false(buf_add(&b, STR("")));
    assert_null(buf_room(&b, 1));
    check_text(&b, "abc");
}

static void every_kind_of_append_may_fill_it_to_the_last_byte(void **state)
{
    (void)state;
    BUF(b, 4);
    assert_true(buf_lit(&b, "abcd"));
    check_text(&b, "abcd");
    buf_clear(&b);
    assert_true(buf_addf(&b, "%04d", 7));
    check_text(&b, "0007");
    buf_clear(&b);
    assert_true(buf_add_i64(&b, -123));
    check_text(&b, "-123");
    buf_clear(&b);
    assert_false(buf_add_i64(&b, -1234));
    check_text(&b, "");
}

static void a_ceiling_of_zero_takes_only_nothing(void **state)
{
    (void)state;
    BUF(b, 0);
    assert_true(buf_lit(&b, ""));
    check_text(&b, "");
    assert_false(buf_add_char(&b, 'a'));
    check_text(&b, "");
}

static void cutting_shortens_and_makes_it_usable_again(void **state)
{
    (void)state;
    BUF(b, 5);
    (void)buf_lit(&b, "abc");
    buf_cut(&b, 9);
    check_text(&b, "abc");
    assert_false(buf_lit(&b, "def"));
    buf_cut(&b, 1);
    check_text(&b, "a");
    assert_true(buf_lit(&b, "bcde"));
    check_text(&b, "abcde");
    buf_clear(&b);
    check_text(&b, "");
    buf_clear(&b);
    check_text(&b, "");
}

static void whole_numbers_are_written_up_to_the_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *wanted;
    } cases[] = {
        {0, "0"},
        {9, "9"},
        {10, "10"},
        {-1, "-1"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    BUF(b, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&b);
        assert_true(buf_add_i64(&b, cases[i].value));
        check_text(&b, cases[i].wanted);
    }
}

static void room_is_written_by_hand(void **state)
{
    (void)state;
    BUF(b, 100);
    (void)buf_lit(&b, "ab");
    char *room = buf_room(&b, 98);
    assert_non_null(room);
    check_text(&b, "ab");
    room[0] = 'c';
    room[1] = 'd';
    buf_grew(&b, 2);
    check_text(&b, "abcd");
    assert_null(buf_room(&b, 97));
    check_text(&b, "abcd");
    assert_false(buf_ok(&b));
}

static void detaching_hands_the_bytes_over(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    char *nothing = buf_detach(&b);
    assert_string_equal(nothing, "");
    free(nothing);
    (void)buf_lit(&b, "text");
    char *text = buf_detach(&b);
    check_text(&b, "");
    assert_string_equal(text, "text");
    assert_true(buf_lit(&b, "other"));
    assert_string_equal(text, "text");
    free(text);
    buf_release(&b);
    check_text(&b, "");
}

static void bytes_of_all_values_are_kept(void **state)
{
    (void)state;
    BUF(b, 256);
    for (int i = 0; i < 256; i++) {
        assert_true(buf_add_char(&b, (char)i));
        check(&b);
    }
    for (int i = 0; i < 256; i++)
        assert_int_equal((unsigned char)b.ptr[i], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_has_allocated_nothing),
        cmocka_unit_test(appends_follow_one_another),
        cmocka_unit_test(it_grows_byte_by_byte_to_its_ceiling_and_not_further),
        cmocka_unit_test(a_refused_append_adds_nothing_and_neither_do_later_ones),
        cmocka_unit_test(every_kind_of_append_may_fill_it_to_the_last_byte),
        cmocka_unit_test(a_ceiling_of_zero_takes_only_nothing),
        cmocka_unit_test(cutting_shortens_and_makes_it_usable_again),
        cmocka_unit_test(whole_numbers_are_written_up_to_the_limits),
        cmocka_unit_test(room_is_written_by_hand),
        cmocka_unit_test(detaching_hands_the_bytes_over),
        cmocka_unit_test(bytes_of_all_values_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
