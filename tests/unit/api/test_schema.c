/* The checker: conversions, the order of its rules, its messages. It was compared with the
 * reference's validator on random schemas and values; these rows pin down what was found equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/schema_table.h"
#include "base/digest.h"
#include "checked.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SCHEMA(...) (&(const struct schema){__VA_ARGS__})
#define INTEGER     SCHEMA(.types = {TYPE_INTEGER})
#define NULL_TYPE   SCHEMA(.types = {TYPE_NULL})
#define ARRAY       SCHEMA(.types = {TYPE_ARRAY})
#define WITH(of)                                                                                   \
    IS_OBJECT, .properties = (const struct schema_property[])                                      \
    {                                                                                              \
        of, END_OF_PROPERTIES                                                                      \
    }

/* {"x":<given>}, or the query <given>, is checked by a schema for x; `wanted` is what x is
 * afterwards, or the message. */
struct conversion {
    const struct schema *of;
    const char *given;
    const char *wanted;
};

static const char *converted(struct arena *a, const struct schema *s, enum schema_mode mode,
                             const char *input)
{
    const char *json;
    const char *said = checked(a, s, mode, input, &json);
    if (said[0] != '\0')
        return said;
    struct str whole = str_of(json); /* {"x":...} */
    return arena_cstr(a, str_slice(whole, 5, whole.len - 1));
}

static void assert_conversions(enum schema_mode mode, const struct conversion *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        struct schema_property properties[] = {PROPERTY("x", rows[i].of), END_OF_PROPERTIES};
        struct schema s = {IS_OBJECT, .properties = properties};
        struct str body = arena_fmt(&a, "{\"x\":%s}", rows[i].given);
        const char *input = mode == SCHEMA_QUERY ? rows[i].given : body.ptr;
        const char *got = converted(&a, &s, mode, input);
        assert_string_equal(arena_fmt(&a, "%s -> %s", rows[i].given, got).ptr,
                            arena_fmt(&a, "%s -> %s", rows[i].given, rows[i].wanted).ptr);
        arena_release(&a);
    }
}

static void values_become_strings(void **state)
{
    (void)state;
    const struct conversion rows[] = {
        {STRING, "\"a\"", "\"a\""},       {STRING, "5", "\"5\""},
        {STRING, "0.1", "\"0.1\""},       {STRING, "1e21", "\"1e+21\""},
        {STRING, "-0", "\"0\""},          {STRING, "true", "\"true\""},
        {STRING, "false", "\"false\""},   {STRING, "null", "\"\""},
        {STRING_OR_NULL, "null", "null"}, {STRING_OR_NULL, "5", "\"5\""},
        {STRING_OR_NULL, "\"\"", "\"\""}, {STRING, "{}", "must be string"},
        {STRING, "[]", "must be string"}, {STRING, "[\"a\"]", "must be string"},
    };
    assert_conversions(SCHEMA_BODY, rows, COUNT(rows));
}

static void values_become_numbers(void **state)
{
    (void)state;
    const struct conversion rows[] = {
        {NUMBER, "5", "5"},
        {NUMBER, "\"1\"", "1"},
        {NUMBER, "\"1e3\"", "1000"},
        {NUMBER, "\" 7\"", "7"},
        {NUMBER, "\"0x10\"", "16"},
        {NUMBER, "\" \"", "0"},
        {NUMBER, "true", "1"},
        {NUMBER, "false", "0"},
        {NUMBER, "null", "0"},
        {NUMBER, "\"\"", "must be number"},
        {NUMBER, "\"abc\"", "must be number"},
        {NUMBER, "\"5x\"", "must be number"},
        {NUMBER, "[5]", "must be number"},
        {NUMBER_OR_NULL, "null", "null"},
        {NUMBER_OR_NULL, "\"\"", "null"},
        {INTEGER, "5", "5"},
        {INTEGER, "\"5\"", "5"},
        {INTEGER, "\"5.0\"", "5"},
        {INTEGER, "true", "1"},
        {INTEGER, "1.5", "must be integer"},
        {INTEGER, "\"1.5\"", "must be integer"},
    };
    assert_conversions(SCHEMA_BODY, rows, COUNT(rows));
}

static void values_become_booleans_and_null(void **state)
{
    (void)state;
    const struct conversion rows[] = {
        {BOOLEAN, "true", "true"},
        {BOOLEAN, "\"true\"", "true"},
        {BOOLEAN, "\"false\"", "false"},
        {BOOLEAN, "1", "true"},
        {BOOLEAN, "0", "false"},
        {BOOLEAN, "null", "false"},
        {BOOLEAN, "\"1\"", "must be boolean"},
        {BOOLEAN, "\"yes\"", "must be boolean"},
        {BOOLEAN, "\"\"", "must be boolean"},
        {BOOLEAN, "2", "must be boolean"},
        {BOOLEAN_OR_NULL, "null", "null"},
        {BOOLEAN_OR_NULL, "\"\"", "null"},
        {NULL_TYPE, "\"\"", "null"},
        {NULL_TYPE, "0", "null"},
        {NULL_TYPE, "false", "null"},
        {NULL_TYPE, "true", "must be null"},
        {NULL_TYPE, "\"a\"", "must be null"},
    };
    assert_conversions(SCHEMA_BODY, rows, COUNT(rows));
}

static void arrays_and_objects_are_not_made_of_other_values(void **state)
{
    (void)state;
    const struct conversion rows[] = {
        {ARRAY, "[1]", "[1]"},
        {ARRAY, "\"a\"", "must be array"},
        {ARRAY, "{}", "must be array"},
        {ARRAY, "null", "must be array"},
        {STRINGS_OR_NULL, "null", "null"},
        {STRINGS_OR_NULL, "\"\"", "null"},
        {STRINGS_OR_NULL, "false", "null"},
        {STRINGS, "[1,true]", "[\"1\",\"true\"]"},
        {OBJECT, "{}", "{}"},
        {OBJECT, "[]", "must be object"},
        {OBJECT, "\"\"", "must be object"},
        {OBJECT_OR_NULL, "0", "null"},
        {OBJECT_OR_NULL, "\"a\"", "must be object"},
        {ANYTHING, "[{}]", "[{}]"},
        {ANYTHING, "null", "null"},
    };
    assert_conversions(SCHEMA_BODY, rows, COUNT(rows));
}

static void several_types_are_tried_in_their_order(void **state)
{
    (void)state;
    const struct schema *number_or_string =
        SCHEMA(.types = {TYPE_NUMBER, TYPE_STRING}, .nullable = true);
    const struct schema *string_or_boolean = SCHEMA(.types = {TYPE_STRING, TYPE_BOOLEAN});
    const struct conversion rows[] = {
        {number_or_string, "\"5\"", "\"5\""},
        {number_or_string, "true", "1"},
        {number_or_string, "null", "null"},
        {number_or_string, "[]", "must be number,string,null"},
        {string_or_boolean, "null", "\"\""},
        {string_or_boolean, "5", "\"5\""},
        {string_or_boolean, "{}", "must be string,boolean"},
    };
    assert_conversions(SCHEMA_BODY, rows, COUNT(rows));
}

static void in_a_query_a_value_and_an_array_of_one_are_alike(void **state)
{
    (void)state;
    const struct conversion rows[] = {
        {STRING, "x[]=a", "\"a\""},
        {STRING, "x=a&x=b", "must be string"},
        {STRING, "x[k]=a", "must be string"},
        {NUMBER, "x[]=5", "5"},
        {NUMBER, "x[]=a", "must be number"},
        {BOOLEAN, "x[]=true", "true"},
        {STRINGS, "x=a", "[\"a\"]"},
        {STRINGS, "x[]=a&x[]=b", "[\"a\",\"b\"]"},
        {STRINGS, "x", "[\"\"]"},
        {STRINGS, "x[k]=a", "must be array"},
        {OBJECT, "x[k]=a", "{\"k\":\"a\"}"},
        {OBJECT, "x[]=a", "must be object"},
        /* With null or several types the element is taken only if that converts it. */
        {STRING_OR_NULL, "x[]=a", "must be string"},
        {STRING_OR_NULL, "x[]=", "null"},
        {NUMBER_OR_NULL, "x[]=5", "5"},
        {SCHEMA(.types = {TYPE_NUMBER, TYPE_STRING}), "x[]=5", "5"},
        {SCHEMA(.types = {TYPE_STRING, TYPE_ARRAY}), "x[]=5", "[\"5\"]"},
        {SCHEMA(.types = {TYPE_STRING, TYPE_ARRAY}), "x[k]=5", "must be string,array"},
    };
    assert_conversions(SCHEMA_QUERY, rows, COUNT(rows));
}

/* What a schema says about a whole value. */
struct row {
    const struct schema *schema;
    const char *input;
    const char *wanted;
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        const char *said = checked(&a, rows[i].schema, SCHEMA_BODY, rows[i].input, NULL);
        assert_string_equal(arena_fmt(&a, "%zu: %s -> %s", i, rows[i].input, said).ptr,
                            arena_fmt(&a, "%zu: %s -> %s", i, rows[i].input, rows[i].wanted).ptr);
        arena_release(&a);
    }
}

#define LIMITS(...) ((const struct schema_limit[]){__VA_ARGS__, {BOUND_END, 0}})

static void every_rule_has_its_message(void **state)
{
    (void)state;
    const struct schema *color = SCHEMA(.choices = CHOICES(TEXT("red"), NUMERAL(1)));
    const struct schema *length = SCHEMA(.types = {TYPE_STRING}, .min_length = 2, .max_length = 3);
    const struct schema *bounds =
        SCHEMA(.types = {TYPE_NUMBER}, .limits = LIMITS({MAXIMUM, 100}, {MINIMUM, 0.5}));
    const struct schema *open_bounds =
        SCHEMA(.types = {TYPE_NUMBER}, .limits = LIMITS({BELOW, 2}, {ABOVE, -2}));
    const struct schema *even = SCHEMA(.types = {TYPE_NUMBER}, .limits = LIMITS({MULTIPLE_OF, 2}));
    const struct schema *items = SCHEMA(.types = {TYPE_ARRAY}, .min_items = 1, .max_items = 2);
    const struct schema *count = SCHEMA(IS_OBJECT, .min_properties = 1, .max_properties = 2);
    const struct row rows[] = {
        {STRING, "[]", "must be string"},
        {SCHEMA(IS_OBJECT, .required = NAMES("a", "b")), "{\"a\":1}",
         "must have required property 'b'"},
        {SCHEMA(IS_OBJECT, .closed = true), "{\"a\":1}", "must NOT have additional properties"},
        {SCHEMA(.constant = TEXT("red")), "\"blue\"", "must be equal to constant"},
        {SCHEMA(.constant = TEXT("red")), "\"red\"", ""},
        {color, "\"blue\"", "must be equal to one of the allowed values"},
        {color, "1", ""},
        {color, "\"1\"", "must be equal to one of the allowed values"},
        {SCHEMA(.types = {TYPE_STRING}, .nullable = true, .choices = CHOICES(TEXT("red"))), "null",
         "must be equal to one of the allowed values"},
        {SCHEMA(.not_this = STRING), "\"a\"", "must NOT be valid"},
        {SCHEMA(.not_this = STRING), "[]", ""},
        {SCHEMA(.any_of = SCHEMAS(ARRAY, OBJECT)), "1",
         "must be array|must be object|must match a schema in anyOf"},
        {SCHEMA(.one_of = SCHEMAS(ARRAY, OBJECT)), "1",
         "must be array|must be object|must match exactly one schema in oneOf"},
        {length, "\"a\"", "must NOT have fewer than 2 characters"},
        {length, "\"abcd\"", "must NOT have more than 3 characters"},
        {length, "\"\xf0\x9f\x98\x80\xc3\xa9\"", ""},
        {bounds, "0", "must be >= 0.5"},
        {bounds, "101", "must be <= 100"},
        {bounds, "100", ""},
        {open_bounds, "2", "must be < 2"},
        {open_bounds, "-2", "must be > -2"},
        {even, "3", "must be multiple of 2"},
        {even, "-4", ""},
        {items, "[]", "must NOT have fewer than 1 items"},
        {items, "[1,2,3]", "must NOT have more than 2 items"},
        {count, "{}", "must NOT have fewer than 1 properties"},
        {count, "{\"a\":1,\"b\":2,\"c\":3}", "must NOT have more than 2 properties"},
        {SCHEMA(.types = {TYPE_STRING}, .pattern = "ab"), "\"a b\"", "must match pattern \"ab\""},
        {SCHEMA(.types = {TYPE_STRING}, .format = FORMAT_BASIC_EMAIL), "\"a\"",
         "must match format \"basic_email\""},
        {SCHEMA(.types = {TYPE_STRING}, .not_blank = true), "\" \\n\"",
         "must pass \"isNotEmpty\" keyword validation"},
    };
    assert_rows(rows, COUNT(rows));
}

static void rules_are_asked_in_their_order(void **state)
{
    (void)state;
    static const struct schema_property a_number[] = {PROPERTY("a", NUMBER), END_OF_PROPERTIES};
    const struct schema *closed =
        SCHEMA(IS_OBJECT, .min_properties = 2, .required = NAMES("b", "c"), .closed = true,
               .properties = a_number);
    const struct schema *with_choice =
        SCHEMA(IS_OBJECT,
               .one_of = SCHEMAS(SCHEMA(.required = NAMES("x")), SCHEMA(.required = NAMES("y"))),
               .required = NAMES("z"), .properties = a_number);
    const struct schema *text = SCHEMA(.types = {TYPE_STRING}, .choices = CHOICES(TEXT("x")),
                                       .min_length = 3, .pattern = "x", .not_blank = true);
    const struct row rows[] = {
        {closed, "{\"a\":[]}", "must NOT have fewer than 2 properties"},
        {closed, "{\"a\":[],\"d\":1}", "must have required property 'b'"},
        {closed, "{\"a\":[],\"b\":1}", "must have required property 'c'"},
        {closed, "{\"a\":[],\"b\":1,\"c\":1}", "must NOT have additional properties"},
        {with_choice, "{}",
         "must have required property 'x'|must have required property 'y'|"
         "must match exactly one schema in oneOf"},
        {with_choice, "{\"x\":1,\"a\":[]}", "must have required property 'z'"},
        {with_choice, "{\"x\":1,\"z\":1,\"a\":[]}", "must be number"},
        {text, "\" \"", "must be equal to one of the allowed values"},
        {text, "\"x\"", "must NOT have fewer than 3 characters"},
        {SCHEMA(.types = {TYPE_ARRAY}, .min_items = 3, .unique_items = true, .items = NUMBER),
         "[1,1]", "must NOT have fewer than 3 items"},
        {SCHEMA(.types = {TYPE_ARRAY}, .unique_items = true, .items = NUMBER), "[1,1,\"x\"]",
         "must be number"},
        {SCHEMA(.types = {TYPE_ARRAY}, .items = NUMBER), "[1,[],{}]", "must be number"},
    };
    assert_rows(rows, COUNT(rows));
}

/* An object's own type is asked after its alternatives. */
static void the_type_of_an_object_may_come_late(void **state)
{
    (void)state;
    const struct schema *needs_x = SCHEMA(IS_OBJECT, .required = NAMES("x"));
    const struct row rows[] = {
        {SCHEMA(IS_OBJECT, .closed = true, .one_of = SCHEMAS(needs_x)), "[]",
         "must be object|must match exactly one schema in oneOf"},
        {SCHEMA(IS_OBJECT, .closed = true, .any_of = SCHEMAS(ARRAY)), "[]", "must be object"},
        {SCHEMA(IS_OBJECT, .one_of = SCHEMAS(needs_x)), "[]", "must be object"},
    };
    assert_rows(rows, COUNT(rows));
}

static void alternatives_leave_only_the_findings_that_count(void **state)
{
    (void)state;
    const struct schema *x = SCHEMA(IS_OBJECT, .required = NAMES("x"));
    const struct schema *y = SCHEMA(IS_OBJECT, .required = NAMES("y"));
    const struct schema *z = SCHEMA(IS_OBJECT, .required = NAMES("z"));
    const struct schema *nested = SCHEMA(.any_of = SCHEMAS(SCHEMA(.one_of = SCHEMAS(x, y)), z));
    const struct schema *flag = SCHEMA(.types = {TYPE_BOOLEAN}, .choices = CHOICES(TEXT("x")));
    const struct row rows[] = {
        {SCHEMA(.one_of = SCHEMAS(x, y, z)), "{\"y\":1}", ""},
        {SCHEMA(.one_of = SCHEMAS(x, y, z)), "{\"y\":1,\"z\":1}",
         "must have required property 'x'|must match exactly one schema in oneOf"},
        {SCHEMA(.one_of = SCHEMAS(x, y, z)), "{\"x\":1,\"y\":1}",
         "must match exactly one schema in oneOf"},
        {nested, "{\"z\":1}", ""},
        {nested, "{}",
         "must have required property 'x'|must have required property 'y'|must match exactly one "
         "schema in oneOf|must have required property 'z'|must match a schema in anyOf"},
        {SCHEMA(.all_of = SCHEMAS(x, y, z)), "{\"x\":1}", "must have required property 'y'"},
        {SCHEMA(.not_this = nested), "{}", ""},
        /* Inside an alternative a wrong type does not hide the rules for any value. */
        {SCHEMA(.any_of = SCHEMAS(flag)), "\"yes\"",
         "must be boolean|must be equal to one of the allowed values|must match a schema in anyOf"},
        {flag, "\"yes\"", "must be boolean"},
    };
    assert_rows(rows, COUNT(rows));
}

static void what_an_alternative_converts_stays_converted(void **state)
{
    (void)state;
    const struct schema *as_number = SCHEMA(WITH(PROPERTY("x", NUMBER)), .required = NAMES("y"));
    const struct schema *as_flag = SCHEMA(WITH(PROPERTY("x", BOOLEAN)));
    const struct schema *number_then_fails =
        SCHEMA(WITH(PROPERTY("x", NUMBER)), .not_this = SCHEMA(.required = NAMES("x")));
    struct arena a;
    arena_init(&a, 1 << 20);
    const char *json;
    /* The first member fails before it comes to x, the second makes it a boolean. */
    const struct schema *s = SCHEMA(.any_of = SCHEMAS(as_number, as_flag));
    assert_string_equal(checked(&a, s, SCHEMA_BODY, "{\"x\":\"true\"}", &json), "");
    assert_string_equal(json, "{\"x\":true}");
    /* All members of any_of are tried, also after one has passed. */
    s = SCHEMA(.any_of = SCHEMAS(SCHEMA(WITH(PROPERTY("x", STRING))),
                                 SCHEMA(WITH(PROPERTY("x", NUMBER)))));
    assert_string_equal(checked(&a, s, SCHEMA_BODY, "{\"x\":\"1\"}", &json), "");
    assert_string_equal(json, "{\"x\":1}");
    /* A member that converts and then fails. */
    s = SCHEMA(.any_of = SCHEMAS(SCHEMA(.all_of = SCHEMAS(as_flag, number_then_fails)), as_number));
    assert_string_not_equal(checked(&a, s, SCHEMA_BODY, "{\"x\":\"true\"}", &json), "");
    assert_string_equal(json, "{\"x\":true}");
    arena_release(&a);
}

static void equal_items_are_named_by_their_places(void **state)
{
    (void)state;
#define TWICE(later, earlier)                                                                      \
    "must NOT have duplicate items (items ## " later " and " earlier " are identical)"
    const struct schema *strings =
        SCHEMA(.types = {TYPE_ARRAY}, .unique_items = true, .items = STRING);
    const struct schema *flags =
        SCHEMA(.types = {TYPE_ARRAY}, .unique_items = true, .items = BOOLEAN);
    const struct row rows[] = {
        {strings, "[]", ""},
        {strings, "[\"a\"]", ""},
        {strings, "[\"a\",\"b\",\"ab\",\"\"]", ""},
        {strings, "[\"a\",\"a\"]", TWICE("1", "0")},
        {strings, "[\"a\",\"b\",\"a\",\"b\"]", TWICE("3", "1")},
        {strings, "[\"a\",\"a\",\"a\"]", TWICE("2", "1")},
        {strings, "[\"b\",\"b\",\"c\",\"a\",\"x\",\"a\"]", TWICE("5", "3")},
        {strings, "[\"x\",1,\"1\"]", TWICE("2", "1")}, /* compared as what they become */
        {flags, "[true,false,true]", TWICE("2", "0")},
    };
    assert_rows(rows, COUNT(rows));
}

static void many_items_are_compared_in_little_time(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 28);
    BUF(text, 1 << 24);
    (void)buf_lit(&text, "[");
    for (int i = 0; i < 200000; i++)
        (void)buf_addf(&text, "\"item%d\",", i);
    (void)buf_lit(&text, "\"item7\"]");
    const struct schema *strings =
        SCHEMA(.types = {TYPE_ARRAY}, .unique_items = true, .items = STRING);
    assert_string_equal(checked(&a, strings, SCHEMA_BODY, text.ptr, NULL), TWICE("200000", "7"));
    arena_release(&a);
}

static void patterns_are_literals_that_may_be_tied_to_the_ends(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool wanted;
    } cases[] = {
        {"ab", "xabx", true},  {"ab", "a b", false},   {"^ab", "abx", true},
        {"^ab", "xab", false}, {"ab$", "xab", true},   {"ab$", "abx", false},
        {"^ab$", "ab", true},  {"^ab$", "abb", false}, {"ab", "ab\xc3\xa9", true},
        {"ab", "", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct schema s = {.types = {TYPE_STRING}, .pattern = cases[i].pattern};
        struct json text = {.kind = JSON_STRING, .string = str_of(cases[i].text)};
        struct json *value = &text;
        struct err err;
        assert_int_equal(schema_check(&s, &value, SCHEMA_BODY, NULL, &err), cases[i].wanted);
    }
}

static void formats_accept_what_they_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum schema_format format;
        bool wanted;
    } cases[] = {
        {"john.doe+x@ex-ample.co.uk", FORMAT_EMAIL, true},
        {"a@b", FORMAT_EMAIL, false},
        {"a..b@c.d", FORMAT_EMAIL, false},
        {"a@-b.c", FORMAT_EMAIL, false},
        {"a@b.c@d.e", FORMAT_EMAIL, false},
        {"@b.c", FORMAT_EMAIL, false},
        {"", FORMAT_EMAIL, false},
        {"a@b", FORMAT_BASIC_EMAIL, true},
        {"a b@\xc3\xa9", FORMAT_BASIC_EMAIL, true},
        {"a@", FORMAT_BASIC_EMAIL, false},
        {"@a", FORMAT_BASIC_EMAIL, false},
        {"a@b@c", FORMAT_BASIC_EMAIL, false},
        {"a", FORMAT_BASIC_EMAIL, false},
        {"a@b", FORMAT_RFC_EMAIL, true},
        {".a.@b.c", FORMAT_RFC_EMAIL, true},
        {"a@b-.c", FORMAT_RFC_EMAIL, false},
        {"a@0123456789012345678901234567890123456789012345678901234567890123", FORMAT_RFC_EMAIL,
         false},
        {"https://user:pw@host:80/p/a?x=%20&y#f", FORMAT_URI, true},
        {"mailto:a@b", FORMAT_URI, true},
        {"a://[::1]:8/x", FORMAT_URI, true},
        {"a://[v1.x]", FORMAT_URI, true},
        {"urn:x:y", FORMAT_URI, true},
        {"a:/", FORMAT_URI, true},
        {"a:", FORMAT_URI, false},
        {"a://[::g]/", FORMAT_URI, false},
        {"a://[1:2]/", FORMAT_URI, false},
        {"http://exa mple", FORMAT_URI, false},
        {"http://x/%zz", FORMAT_URI, false},
        {"//host/path", FORMAT_URI, false},
        {"1a:b", FORMAT_URI, false},
        {"2024-01-10T14:12:52.201Z", FORMAT_DATE_TIME, true},
        {"2024-02-29 23:59:59+01:00", FORMAT_DATE_TIME, true},
        {"2024-01-01T00:00:00+0530", FORMAT_DATE_TIME, true},
        {"2024-12-31T18:59:60-05", FORMAT_DATE_TIME, true},
        {"2024-12-31T12:59:60Z", FORMAT_DATE_TIME, false},
        {"2023-02-29T00:00:00Z", FORMAT_DATE_TIME, false},
        {"2024-01-10T24:00:00Z", FORMAT_DATE_TIME, false},
        {"2024-01-10T14:12:52", FORMAT_DATE_TIME, false},
        {"2024-01-10T14:12:52.Z", FORMAT_DATE_TIME, false},
        {"2024-01-10T14:12:52+24:00", FORMAT_DATE_TIME, false},
        {"2024-1-10T14:12:52Z", FORMAT_DATE_TIME, false},
        {"", FORMAT_DATE_TIME, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct schema s = {.types = {TYPE_STRING}, .format = cases[i].format};
        struct json text = {.kind = JSON_STRING, .string = str_of(cases[i].text)};
        struct json *value = &text;
        struct err err;
        bool accepted = schema_check(&s, &value, SCHEMA_BODY, NULL, &err);
        if (accepted != cases[i].wanted)
            fail_msg("%s was %s", cases[i].text, accepted ? "accepted" : "refused");
    }
}

static void nothing_counts_as_an_empty_object(void **state)
{
    (void)state;
    struct arena a;
    struct err err;
    arena_init(&a, 1 << 16);
    struct json *value = NULL;
    assert_true(schema_check(OBJECT, &value, SCHEMA_BODY, &a, &err));
    assert_true(json_is(value, JSON_OBJECT));
    value = NULL;
    assert_false(
        schema_check(SCHEMA(IS_OBJECT, .required = NAMES("a")), &value, SCHEMA_BODY, &a, &err));
    assert_string_equal(err.text, "must have required property 'a'");
    arena_release(&a);
}

static void a_member_given_twice_counts_by_its_last_value(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 16);
    const struct schema *s = SCHEMA(WITH(PROPERTY("x", NUMBER)), .closed = true);
    assert_string_equal(checked(&a, s, SCHEMA_BODY, "{\"x\":[],\"x\":1}", NULL), "");
    assert_string_equal(checked(&a, s, SCHEMA_BODY, "{\"x\":1,\"x\":[]}", NULL), "must be number");
    arena_release(&a);
}

static void a_refusal_of_our_own_endpoints_names_the_property(void **state)
{
    (void)state;
    const struct schema *inner = SCHEMA(WITH(PROPERTY("y", NUMBER)), .closed = true);
    const struct schema *whole = SCHEMA(WITH(PROPERTY("x", inner)));
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"{\"x\":{\"y\":{}}}", "x.y must be number"},
        {"{\"x\":{\"z\":1}}", "x must NOT have additional properties ('z')"},
        {"{\"x\":[]}", "x must be object"},
        {"[]", "must be object"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a;
        struct err err;
        arena_init(&a, 1 << 16);
        struct json *value = json_parse(&a, str_of(rows[i].json));
        assert_false(schema_check_named(whole, &value, SCHEMA_BODY, &a, &err));
        assert_string_equal(err.text, rows[i].says);
        arena_release(&a);
    }
}

static void messages_that_do_not_fit_are_left_out_whole(void **state)
{
    (void)state;
    const struct schema *array = ARRAY, *members[301] = {NULL};
    for (size_t i = 0; i < COUNT(members) - 1; i++)
        members[i] = array;
    struct schema s = {.any_of = members};
    struct json number = {.kind = JSON_NUMBER, .number = 1};
    struct json *value = &number;
    struct err err;
    assert_false(schema_check(&s, &value, SCHEMA_BODY, NULL, &err));
    size_t len = strlen(err.text);
    assert_true(len < ERR_TEXT_BYTES && len > ERR_TEXT_BYTES - 20);
    assert_int_equal((len + 2) % strlen("must be array\n "), 0);
}

int main(void)
{
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_strings),
        cmocka_unit_test(values_become_numbers),
        cmocka_unit_test(values_become_booleans_and_null),
        cmocka_unit_test(arrays_and_objects_are_not_made_of_other_values),
        cmocka_unit_test(several_types_are_tried_in_their_order),
        cmocka_unit_test(in_a_query_a_value_and_an_array_of_one_are_alike),
        cmocka_unit_test(every_rule_has_its_message),
        cmocka_unit_test(rules_are_asked_in_their_order),
        cmocka_unit_test(the_type_of_an_object_may_come_late),
        cmocka_unit_test(alternatives_leave_only_the_findings_that_count),
        cmocka_unit_test(what_an_alternative_converts_stays_converted),
        cmocka_unit_test(equal_items_are_named_by_their_places),
        cmocka_unit_test(many_items_are_compared_in_little_time),
        cmocka_unit_test(patterns_are_literals_that_may_be_tied_to_the_ends),
        cmocka_unit_test(formats_accept_what_they_name),
        cmocka_unit_test(nothing_counts_as_an_empty_object),
        cmocka_unit_test(a_member_given_twice_counts_by_its_last_value),
        cmocka_unit_test(a_refusal_of_our_own_endpoints_names_the_property),
        cmocka_unit_test(messages_that_do_not_fit_are_left_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
