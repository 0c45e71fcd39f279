/* The clocks when held still, and moments written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int release(void **state)
{
    (void)state;
    clock_release();
    return 0;
}

static void a_held_clock_moves_only_by_hand(void **state)
{
    (void)state;
    clock_hold(1000, 50);
    assert_int_equal(clock_wall_ms(), 1000);
    assert_int_equal(clock_mono_ms(), 50);
    clock_advance(7);
    assert_int_equal(clock_wall_ms(), 1007);
    assert_int_equal(clock_mono_ms(), 57);
    clock_jump_wall(-500);
    assert_int_equal(clock_wall_ms(), 507);
    assert_int_equal(clock_mono_ms(), 57);
    assert_int_equal(clock_steady_ms(), 1007);
    assert_int_equal(clock_steady_to_wall(1010), 510);
    clock_hold(1, 2);
    assert_int_equal(clock_wall_ms(), 1);
    assert_int_equal(clock_mono_ms(), 2);
}

static void released_clocks_run_again(void **state)
{
    (void)state;
    clock_hold(1000, -50);
    clock_release();
    assert_true(clock_wall_ms() > 1700000000000);
    int64_t before = clock_mono_ms();
    assert_true(before >= 0);
    assert_true(clock_mono_ms() >= before);
}

static void moments_are_written_in_iso_form(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *wanted;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {1704895972201, "2024-01-10T14:12:52.201Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {4107456000000, "2100-02-28T00:00:00.000Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {2147483647000, "2038-01-19T03:14:07.000Z"},
        {-2203891200001, "1900-02-28T23:59:59.999Z"},
        {-62135596800000, "0001-01-01T00:00:00.000Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {-62167219200001, "0000-01-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CLOCK_ISO_BYTES];
        clock_format_iso(cases[i].ms, text);
        assert_string_equal(text, cases[i].wanted);
    }
}

static void moments_are_written_for_http(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *wanted;
    } cases[] = {
        {784111777000, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {1709164800999, "Thu, 29 Feb 2024 00:00:00 GMT"},
        {1704895972201, "Wed, 10 Jan 2024 14:12:52 GMT"},
        {253402300799999, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {-62167219200000, "Sat, 01 Jan 0000 00:00:00 GMT"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CLOCK_HTTP_BYTES];
        clock_http_date(cases[i].ms, text);
        assert_string_equal(text, cases[i].wanted);
    }
}

static void every_day_of_ten_thousand_years_reads_back(void **state)
{
    (void)state;
    for (int64_t ms = -62167219200000; ms <= 253402300799999; ms += 86400000 + 12345) {
        char text[CLOCK_ISO_BYTES];
        int64_t back;
        clock_format_iso(ms, text);
        assert_true(clock_parse_iso(str_of(text), &back));
        assert_true(back == ms);
    }
}

static void iso_texts_are_read_as_javascript_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t wanted;
    } cases[] = {
        {"2024-01-10T14:12:52.201Z", 1704895972201},
        {"2024-01-10T14:12:52Z", 1704895972000},
        {"2024-01-10T14:12Z", 1704895920000},
        {"2024-01-10", 1704844800000},
        {"2024-05", 1714521600000},
        {"2024", 1704067200000},
        {"2024T10:00Z", 1704103200000},
        {"2024-05T10:00Z", 1714557600000},
        {"2024-01-10T14:12:52.2Z", 1704895972200},
        {"2024-01-10T14:12:52.2019999Z", 1704895972201},
        {"2024-01-10T14:12:52.201+01:00", 1704892372201},
        {"2024-01-10T14:12:52.201+0100", 1704892372201},
        {"2024-01-10T14:12:52.201-05:30", 1704915772201},
        {"2024-01-10T14:12:52.201-00:00", 1704895972201},
        {"2024-01-10T14:12+23:59", 1704809580000},
        {"2024-01-10T14:12:52.201", 1704895972201},
        {"2024-01-10 14:12:52Z", 1704895972000},
        {"2024-01-10t14:12:52z", 1704895972000},
        {"2024-01-10T24:00:00Z", 1704931200000},
        {"2024-02-30", 1709251200000},
        {"2023-02-29", 1677628800000},
        {"2024-04-31", 1714521600000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"0000-01-01", -62167219200000},
        {"9999-12-31T23:59:59.999-23:59", 253402387139999},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 0;
        assert_true(clock_parse_iso(str_of(cases[i].text), &ms));
        assert_true(ms == cases[i].wanted);
    }
}

static void other_texts_are_no_moments(void **state)
{
    (void)state;
    static const struct str cases[] = {
        STR_INIT(""),
        STR_INIT("now"),
        STR_INIT("202"),
        STR_INIT("20240110"),
        STR_INIT("2024-"),
        STR_INIT("2024-1-1"),
        STR_INIT("2024-13-01"),
        STR_INIT("2024-00-01"),
        STR_INIT("2024-01-00"),
        STR_INIT("2024-01-32"),
        STR_INIT("2024-01-10T"),
        STR_INIT("2024-01-10T14Z"),
        STR_INIT("2024-01-10T1:00Z"),
        STR_INIT("2024-01-10T25:00Z"),
        STR_INIT("2024-01-10T24:00:01Z"),
        STR_INIT("2024-01-10T14:60Z"),
        STR_INIT("2024-01-10T14:12:60Z"),
        STR_INIT("2024-01-10T14:12:Z"),
        STR_INIT("2024-01-10T14:12:52.Z"),
        STR_INIT("2024-01-10T14:12:52,201Z"),
        STR_INIT("2024-01-10T14:12:52.201+01"),
        STR_INIT("2024-01-10T14:12:52.201+24:00"),
        STR_INIT("2024-01-10T14:12:52.201+01:60"),
        STR_INIT("2024-01-10T14:12:52.201ZZ"),
        STR_INIT("2024-01-10T14:12:52.201Z "),
        STR_INIT("2024-01-10T14:12:52.201Z\0"),
        STR_INIT("2024-01-10\0"),
        STR_INIT("2024-01-10X14:12Z"),
        STR_INIT("-2024-01-10"),
    };
    int64_t ms = 77;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_false(clock_parse_iso(cases[i], &ms));
    assert_int_equal(ms, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_held_clock_moves_only_by_hand, release),
        cmocka_unit_test_teardown(released_clocks_run_again, release),
        cmocka_unit_test(moments_are_written_in_iso_form),
        cmocka_unit_test(moments_are_written_for_http),
        cmocka_unit_test(every_day_of_ten_thousand_years_reads_back),
        cmocka_unit_test(iso_texts_are_read_as_javascript_reads_them),
        cmocka_unit_test(other_texts_are_no_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
