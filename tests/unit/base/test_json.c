/* JSON: what is taken and refused, the tree, and texts byte for byte as ECMAScript prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S(literal)   STR_INIT(literal)

enum { PLENTY = 64 * 1024 * 1024 };

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, PLENTY);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static void assert_buf(const struct buf *b, struct str wanted)
{
    assert_true(buf_ok(b));
    assert_string_equal(b->ptr, wanted.ptr);
    assert_int_equal(b->len, wanted.len);
}

static void assert_printed(const struct json *value, const char *wanted)
{
    BUF(out, PLENTY);
    json_put(&out, value);
    assert_buf(&out, str_of(wanted));
}

/* Reading */

static void texts_are_printed_as_javascript_would_after_reading(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"null", "null"},
        {"true", "true"},
        {"false", "false"},
        {" \t\r\n1 \n", "1"},
        {"-0", "0"},
        {"0.10", "0.1"},
        {"1E2", "100"},
        {"1e400", "null"}, /* Infinity */
        {"-1e400", "null"},
        {"1e-400", "0"},
        {"9007199254740993", "9007199254740992"},
        {"18446744073709551615", "18446744073709552000"},
        {"18446744073709551616", "18446744073709552000"},
        {"123456789012345678901234567890", "1.2345678901234568e+29"},
        {"\"\"", "\"\""},
        {"\"a\\u0062\\/\\n\"", "\"ab/\\n\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[ 1 , [ ] , { } ]", "[1,[],{}]"},
        {"{ \"a\" : { \"b\" : [ null ] } }", "{\"a\":{\"b\":[null]}}"},
        {"{\"\":1}", "{\"\":1}"},
        {"{\"a\\\"\\n\":1}", "{\"a\\\"\\n\":1}"},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct json *value = json_parse(a, str_of(cases[i].text));
        assert_non_null(value);
        assert_printed(value, cases[i].wanted);
    }
}

static void what_is_not_json_is_refused(void **state)
{
    static const struct str cases[] = {
        S(""),
        S(" "),
        S("nul"),
        S("True"),
        S("01"),
        S("+1"),
        S(".5"),
        S("1."),
        S("1e"),
        S("0x10"),
        S("NaN"),
        S("Infinity"),
        S("[1,]"),
        S("[1 2]"),
        S("[,]"),
        S("["),
        S("]"),
        S("{\"a\"}"),
        S("{\"a\":1,}"),
        S("{a:1}"),
        S("{'a':1}"),
        S("\"a"),
        S("\"\t\""),
        S("\"\n\""),
        S("\"\\x41\""),
        S("\"\\u12\""),
        S("\"\\ud800\""),
        S("\"\\ude00\""),
        S("\"\\ud800\\u0041\""),
        S("\"\\ude00\\ud83d\""),
        S("\"\xff\""),
        S("\"\xed\xa0\x80\""),
        S("\"\xc0\x80\""),
        S("1 2"),
        S("{}{}"),
        S("// c\n1"),
        S("1/* c */"),
        S("\xef\xbb\xbf"
          "1"),
        S("1\0"),
        S("\"\0\""),
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_null(json_parse(a, cases[i]));
    assert_null(json_parse(a, str_of(NULL)));
}

static void zero_bytes_in_strings_and_names_are_kept(void **state)
{
    struct arena *a = *state;
    const struct json *value = json_parse(a, STR("{\"k\\u0000y\":\"a\\u0000b\"}"));
    const struct json *member = json_get(value, STR("k\0y"));
    assert_true(json_is(member, JSON_STRING));
    assert_int_equal(member->string.len, 3);
    assert_memory_equal(member->string.ptr, "a\0b", 4);
    assert_null(json_get(value, STR("k")));
    assert_printed(value, "{\"k\\u0000y\":\"a\\u0000b\"}");
}

static void strings_do_not_point_into_the_text(void **state)
{
    struct arena *a = *state;
    char text[] = "{\"name\":\"value\"}";
    const struct json *value = json_parse(a, str_of(text));
    memset(text, '#', sizeof(text) - 1);
    assert_printed(value, "{\"name\":\"value\"}");
}

/* A text of `depth` containers, one in the other. */
static struct str nested(struct arena *a, size_t depth, const char *open, const char *close)
{
    size_t width = strlen(open);
    char *text = arena_alloc(a, depth * (width + 1) + 1);
    for (size_t i = 0; i < depth * width; i++)
        text[i] = open[i % width];
    memset(text + depth * width, close[0], depth);
    return str_from(text, depth * (width + 1));
}

static void depth_is_bounded(void **state)
{
    struct arena *a = *state;
    assert_non_null(json_parse(a, nested(a, JSON_MAX_DEPTH, "[", "]")));
    assert_null(json_parse(a, nested(a, JSON_MAX_DEPTH + 1, "[", "]")));
    assert_null(json_parse(a, nested(a, JSON_MAX_DEPTH + 1, "{\"a\":", "}")));
    assert_null(json_parse(a, nested(a, 1000000, "[", "]")));
    assert_null(json_parse(a, str_slice(nested(a, 1000000, "[", "]"), 0, 1000000)));
}

static void a_tree_of_the_greatest_depth_is_printed(void **state)
{
    struct arena *a = *state;
    struct str text = nested(a, JSON_MAX_DEPTH, "[", "]");
    BUF(out, PLENTY);
    json_put(&out, json_parse(a, text));
    assert_int_equal(out.len, text.len);
    assert_memory_equal(out.ptr, text.ptr, text.len);
}

static void siblings_do_not_count_as_depth(void **state)
{
    struct arena *a = *state;
    const struct json *value = json_parse(a, STR("[[],[],[],{},{},[[]]]"));
    assert_int_equal(value->items.count, 6);
}

/* The tree */

static void of_members_with_one_name_the_last_counts(void **state)
{
    struct arena *a = *state;
    const struct json *value = json_parse(a, STR("{\"a\":1,\"b\":2,\"a\":3}"));
    assert_true(json_get_lit(value, "a")->number == 3);
    assert_true(json_get_lit(value, "b")->number == 2);
    assert_null(json_get_lit(value, "c"));
}

static void asking_what_is_no_object_gives_nothing(void **state)
{
    struct arena *a = *state;
    const struct json *value = json_parse(a, STR("[\"a\"]"));
    assert_null(json_get_lit(value, "a"));
    assert_null(json_get_lit(NULL, "a"));
    assert_int_equal(json_get_str(value, "a").len, 0);
    assert_false(json_get_true(NULL, "a"));
    assert_false(json_is(NULL, JSON_NULL));
}

static void members_are_asked_by_kind(void **state)
{
    struct arena *a = *state;
    const struct json *value =
        json_parse(a, STR("{\"s\":\"x\",\"t\":true,\"f\":false,\"one\":1,\"word\":\"true\"}"));
    assert_true(str_is(json_get_str(value, "s"), "x"));
    assert_int_equal(json_get_str(value, "t").len, 0);
    assert_int_equal(json_get_str(value, "one").len, 0);
    assert_true(json_get_true(value, "t"));
    assert_false(json_get_true(value, "f"));
    assert_false(json_get_true(value, "one"));
    assert_false(json_get_true(value, "word"));
    assert_false(json_get_true(value, "absent"));
}

static void values_are_conditions_as_in_javascript(void **state)
{
    struct arena *a = *state;
    const char *no[] = {"null", "false", "0", "-0", "\"\""};
    const char *yes[] = {"true", "-1", "0.1", "\"0\"", "\" \"", "[]", "{}"};
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(json_truthy(json_parse(a, str_of(no[i]))));
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(json_truthy(json_parse(a, str_of(yes[i]))));
    assert_false(json_truthy(json_number(a, NAN)));
    assert_false(json_truthy(NULL));
}

static void trees_are_built_by_hand(void **state)
{
    struct arena *a = *state;
    struct json *list = json_array(a);
    json_append(list, json_number(a, 1.5));
    json_append(list, json_null(a));
    json_append(list, json_bool(a, false));
    struct json *object = json_object(a);
    json_set(object, STR("list"), list);
    json_set(object, STR("text"), json_string(a, STR("x\"y")));
    json_set(object, STR("none"), json_object(a));
    assert_int_equal(list->items.count, 3);
    assert_int_equal(object->items.count, 3);
    assert_printed(object, "{\"list\":[1.5,null,false],\"text\":\"x\\\"y\",\"none\":{}}");
}

/* Printing */

static void numbers_are_printed_as_ecmascript_does(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *wanted;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1, "-1"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {-1.5, "-1.5"},
        {100, "100"},
        {123.456, "123.456"},
        {5e-324, "5e-324"},
        {-5e-324, "-5e-324"},
        {1e-323, "1e-323"},
        {2.2250738585072009e-308, "2.225073858507201e-308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_EPSILON, "2.220446049250313e-16"},
        {0.001, "0.001"},
        {0.000001, "0.000001"},
        {0.0000015, "0.0000015"},
        {1e-7, "1e-7"},
        {1.5e-7, "1.5e-7"},
        {-1.25e-9, "-1.25e-9"},
        {1e15, "1000000000000000"},
        {1e16, "10000000000000000"},
        {123456789012345680, "123456789012345680"},
        {1e20, "100000000000000000000"},
        {999999999999999900000.0, "999999999999999900000"},
        {1e21, "1e+21"},
        {1.5e21, "1.5e+21"},
        {-1e21, "-1e+21"},
        {1e100, "1e+100"},
        {1e23, "1e+23"},
        {4294967296.5, "4294967296.5"},
        {1234567890123456.8, "1234567890123456.8"},
        {9007199254740991, "9007199254740991"},
        {9007199254740992, "9007199254740992"},
        {9007199254740994, "9007199254740994"},
        {9223372036854775808.0, "9223372036854776000"},
        {18446744073709551616.0, "18446744073709552000"},
        {1704895972201, "1704895972201"},
        {999999999999999.9, "999999999999999.9"},
        /* Powers of two, where the nearest decimal of 16 digits is not the shortest that works. */
        {0x1p-1017, "7.120236347223045e-307"},
        {0x1p-957, "8.209073602596753e-289"},
        {0x1p-44, "5.684341886080802e-14"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    BUF(out, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&out);
        json_put_number(&out, cases[i].number);
        assert_buf(&out, str_of(cases[i].wanted));
    }
}

static void every_printed_number_reads_back_as_itself(void **state)
{
    struct arena *a = *state;
    uint64_t seed = 88172645463325252u;
    BUF(out, 100);
    for (size_t i = 0; i < 20000; i++) {
        double number;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&number, &seed, sizeof(number));
        if (!isfinite(number))
            continue;
        buf_clear(&out);
        json_put_number(&out, number);
        assert_true(json_parse(a, buf_str(&out))->number == number);
    }
}

static void strings_are_escaped_as_json_stringify_does(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *wanted;
    } cases[] = {
        {S(""), "\"\""},
        {S("plain"), "\"plain\""},
        {S("\"\\/"), "\"\\\"\\\\/\""},
        {S("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {S("\0\x01\x0b\x1f"), "\"\\u0000\\u0001\\u000b\\u001f\""},
        {S("\x7f \xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80"),
         "\"\x7f \xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80\""},
        {S("exactly8"), "\"exactly8\""},
        {S("1234567\"12345678\n"), "\"1234567\\\"12345678\\n\""},
        {S("a longer text with an end\\"), "\"a longer text with an end\\\\\""},
    };
    BUF(out, 1000);
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&out);
        json_put_string(&out, cases[i].text);
        assert_buf(&out, str_of(cases[i].wanted));
    }
}

/* Strings are scanned eight bytes at a time; each byte must be seen at each place of the eight. */
static void every_byte_is_judged_alike_at_every_place(void **state)
{
    (void)state;
    BUF(out, 1000);
    for (int byte = 0; byte < 256; byte++) {
        bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
        for (size_t place = 0; place < 16; place++) {
            char text[16];
            memset(text, place % 2 ? 0x21 : 0xff, sizeof(text));
            text[place] = (char)byte;
            buf_clear(&out);
            json_put_string(&out, str_from(text, sizeof(text)));
            assert_int_equal(out.ptr[1 + place], escaped ? '\\' : (char)byte);
            if (!escaped)
                assert_int_equal(out.len, sizeof(text) + 2);
        }
    }
}

static void a_full_buffer_is_noticed_at_the_end(void **state)
{
    struct arena *a = *state;
    BUF(out, 10);
    json_put(&out, json_parse(a, STR("[\"0123456789\",{\"a\":1e300}]")));
    assert_false(buf_ok(&out));
    assert_true(out.len <= 10);
}

static void writing_goes_member_by_member(void **state)
{
    struct arena *a = *state;
    BUF(out, 1000);
    struct json_out o = json_begin(&out, '{');
    json_member_str(&o, "text", STR("a\"b"));
    json_member_bool(&o, "yes", true);
    json_member_bool(&o, "no", false);
    json_member_i64(&o, "big", INT64_MAX);
    json_member_time(&o, "at", 1704895972201);
    json_member_json(&o, "tree", json_parse(a, STR("[1]")));
    json_member_json(&o, "none", NULL);
    json_member_raw(&o, "raw", STR("{\"x\":1}"));
    json_key(&o, "list");
    struct json_out list = json_begin(&out, '[');
    json_item(&list);
    json_put_number(&out, 1);
    json_item(&list);
    json_put_string(&out, STR("two"));
    json_end(&list);
    json_end(&o);
    assert_buf(&out, STR("{\"text\":\"a\\\"b\",\"yes\":true,\"no\":false,"
                         "\"big\":9223372036854775807,\"at\":\"2024-01-10T14:12:52.201Z\","
                         "\"tree\":[1],\"none\":null,\"raw\":{\"x\":1},\"list\":[1,\"two\"]}"));
}

static void a_member_is_copied_with_its_name(void **state)
{
    const struct json *from = json_parse(*state, STR("{\"a\":1,\"say \\\"b\\\"\":[true]}"));
    BUF(out, 100);
    struct json_out o = json_begin(&out, '{');
    json_member_copy(&o, from->items.first->next);
    json_member_copy(&o, from->items.first);
    json_end(&o);
    assert_buf(&out, STR("{\"say \\\"b\\\"\":[true],\"a\":1}"));
}

static void an_object_that_was_begun_elsewhere_is_continued(void **state)
{
    (void)state;
    BUF(out, 100);
    (void)buf_lit(&out, "{");
    struct json_out o = json_continue(&out, false);
    json_member_i64(&o, "a", 1);
    o = json_continue(&out, true);
    json_member_i64(&o, "b", 2);
    json_end(&o);
    assert_buf(&out, STR("{\"a\":1,\"b\":2}"));
}

/* Number(text) */

static void texts_are_numbers_as_in_ecmascript(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double wanted;
    } cases[] = {
        {"0", 0},
        {"-0", -0.0},
        {"42", 42},
        {"+42", 42},
        {"-1.5", -1.5},
        {"  7\n\t", 7},
        {"\xc2\xa0"
         "7\xef\xbb\xbf",
         7},
        {"", 0},
        {"   ", 0},
        {"007", 7},
        {"5.", 5},
        {".5", 0.5},
        {"-.5e1", -5},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"1e-3", 0.001},
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"Infinity", INFINITY},
        {"+Infinity", INFINITY},
        {"-Infinity", -INFINITY},
        {"0x1F", 31},
        {"0Xff", 255},
        {"0o17", 15},
        {"0O7", 7},
        {"0b101", 5},
        {"0B1", 1},
        {"0x20000000000001", 9007199254740992.0}, /* half way: to the even one */
        {"0x20000000000003", 9007199254740996.0},
        {"0x200000000000010000000000000001", 0x1.0000000000001p117}, /* a little more */
        {"9007199254740993", 9007199254740992.0},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double number = 99;
        assert_true(json_number_of(str_of(cases[i].text), &number));
        assert_true(number == cases[i].wanted);
        assert_int_equal(signbit(number) != 0, signbit(cases[i].wanted) != 0);
    }
}

static void other_texts_are_no_numbers(void **state)
{
    (void)state;
    static const struct str cases[] = {
        S("a"),    S("1a"),  S("1 2"),      S("."),         S("+"),    S("-"),     S("--1"),
        S("1e"),   S("1e+"), S("e1"),       S("1.2.3"),     S("1,5"),  S("1_0"),   S("0x"),
        S("0xg"),  S("0b2"), S("0o8"),      S("-0x10"),     S("+0b1"), S("0x1.8"), S("0x1p3"),
        S("inf"),  S("NaN"), S("infinity"), S("Infinity1"), S("1n"),   S("1\0"),   S("\0"),
        S("true"), S("1d"),  S("1f"),       S(".e1"),
    };
    double number = 99;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_false(json_number_of(cases[i], &number));
    assert_true(number == 99);
}

static void very_long_numbers_are_read(void **state)
{
    struct arena *a = *state;
    double number;
    char *digits = arena_alloc(a, 100002);
    memset(digits, '1', 100002);
    digits[0] = '0';
    digits[1] = 'x';
    assert_true(json_number_of(str_from(digits, 100002), &number));
    assert_true(isinf(number));
    assert_true(json_number_of(str_from(digits + 2, 100000), &number));
    assert_true(isinf(number));
    memset(digits, '0', 100001); /* and the last one is 1 */
    digits[1] = 'b';
    assert_true(json_number_of(str_from(digits, 100002), &number));
    assert_true(number == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts_are_printed_as_javascript_would_after_reading),
        TEST(what_is_not_json_is_refused),
        TEST(zero_bytes_in_strings_and_names_are_kept),
        TEST(strings_do_not_point_into_the_text),
        TEST(depth_is_bounded),
        TEST(a_tree_of_the_greatest_depth_is_printed),
        TEST(siblings_do_not_count_as_depth),
        TEST(of_members_with_one_name_the_last_counts),
        TEST(asking_what_is_no_object_gives_nothing),
        TEST(members_are_asked_by_kind),
        TEST(values_are_conditions_as_in_javascript),
        TEST(trees_are_built_by_hand),
        TEST(numbers_are_printed_as_ecmascript_does),
        TEST(every_printed_number_reads_back_as_itself),
        TEST(strings_are_escaped_as_json_stringify_does),
        TEST(every_byte_is_judged_alike_at_every_place),
        TEST(a_full_buffer_is_noticed_at_the_end),
        TEST(writing_goes_member_by_member),
        TEST(a_member_is_copied_with_its_name),
        TEST(an_object_that_was_begun_elsewhere_is_continued),
        TEST(texts_are_numbers_as_in_ecmascript),
        TEST(other_texts_are_no_numbers),
        TEST(very_long_numbers_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
