/* Queries, forms and pieces of paths. The rows marked "as qs" were compared with the parser that
 * the reference uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "http/query.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
    const char *text;
    const char *wanted; /* the tree as JSON */
};

static const char *printed(struct arena *a, const struct json *tree)
{
    BUF(text, 1 << 20);
    json_put(&text, tree);
    return arena_cstr(a, buf_str(&text));
}

static const char *query_as_json(struct arena *a, struct str query)
{
    struct err err = ERR_NONE;
    struct json *tree = query_parse(a, query, &err);
    if (tree != NULL)
        return printed(a, tree);
    assert_int_equal(err.status, 400);
    assert_null(err.type);
    return arena_cstr(a, str_of(err.text));
}

static void assert_queries(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        assert_string_equal(query_as_json(&a, str_of(rows[i].text)), rows[i].wanted);
        arena_release(&a);
    }
}

static void a_query_is_an_object_of_strings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "{}"},
        {"a=1", "{\"a\":\"1\"}"},
        {"integrationId=659ea5e42dd9f928ada3e451",
         "{\"integrationId\":\"659ea5e42dd9f928ada3e451\"}"},
        {"a=1&b=x=y", "{\"a\":\"1\",\"b\":\"x=y\"}"},
        {"a", "{\"a\":\"\"}"},
        {"a=", "{\"a\":\"\"}"},
        {"&a=1&&b=2&", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"=1&=", "{}"},
        {"a=b?c", "{\"a\":\"b?c\"}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void a_repeated_name_makes_an_array(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=1&a=2", "{\"a\":[\"1\",\"2\"]}"},
        {"a=1&b=x&a=2&a=", "{\"a\":[\"1\",\"2\",\"\"],\"b\":\"x\"}"},
        {"a&a", "{\"a\":[\"\",\"\"]}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void names_and_values_are_decoded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=x+y%20z", "{\"a\":\"x y z\"}"},
        {"a+b=1", "{\"a b\":\"1\"}"},
        {"%61=%41%42", "{\"a\":\"AB\"}"},
        {"a=%2B%26%3D%25", "{\"a\":\"+&=%\"}"},
        {"a=%C3%A9&b=caf\xc3\xa9", "{\"a\":\"\xc3\xa9\",\"b\":\"caf\xc3\xa9\"}"},
        {"a=%e2%82%ac", "{\"a\":\"\xe2\x82\xac\"}"},
        {"sort=%7B%22ts%22%3A-1%7D", "{\"sort\":\"{\\\"ts\\\":-1}\"}"},
        {"a=%00", "{\"a\":\"\\u0000\"}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void what_does_not_decode_stays_as_it_was_sent(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=%", "{\"a\":\"%\"}"},
        {"a=%4", "{\"a\":\"%4\"}"},
        {"a=%zz%41", "{\"a\":\"%zz%41\"}"},
        {"a=%zz+x", "{\"a\":\"%zz x\"}"},
        {"a=%ff", "{\"a\":\"%ff\"}"},
        {"a=%c3%28", "{\"a\":\"%c3%28\"}"},
        {"a=%ed%a0%80", "{\"a\":\"%ed%a0%80\"}"},
        {"%zz=%41", "{\"%zz\":\"A\"}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void raw_bytes_that_are_no_utf8_become_replacement_characters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=\xff", "{\"a\":\"\xef\xbf\xbd\"}"},
        {"a=x\xe2\x82y", "{\"a\":\"x\xef\xbf\xbdy\"}"},
        {"\xc3=1", "{\"\xef\xbf\xbd\":\"1\"}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void brackets_nest(void **state) /* as qs */
{
    (void)state;
    static const struct row rows[] = {
        {"a[]=x&a[]=y", "{\"a\":[\"x\",\"y\"]}"},
        {"a[]=x", "{\"a\":[\"x\"]}"},
        {"a[]=", "{\"a\":[\"\"]}"},
        {"a[b]=c", "{\"a\":{\"b\":\"c\"}}"},
        {"a[b]=1&a[c]=2", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}"},
        {"a[b]=1&a[b]=2", "{\"a\":{\"b\":[\"1\",\"2\"]}}"},
        {"a[0]=x&a[1]=y", "{\"a\":[\"x\",\"y\"]}"},
        {"a[1]=y&a[0]=x", "{\"a\":[\"x\",\"y\"]}"},
        {"a[7]=y&a[3]=x", "{\"a\":[\"x\",\"y\"]}"},
        {"a[01]=x", "{\"a\":{\"01\":\"x\"}}"},
        {"a%5B%5D=x&a%5b%5d=y", "{\"a\":[\"x\",\"y\"]}"},
        {"a%5bb%5D=c", "{\"a\":{\"b\":\"c\"}}"},
        {"a[b=c]=d", "{\"a\":{\"b=c\":\"d\"}}"},
        {"[a]=1", "{\"a\":\"1\"}"},
        {"a[b][c][]=1&a[b][c][]=2", "{\"a\":{\"b\":{\"c\":[\"1\",\"2\"]}}}"},
        {"p[][q]=1&p[][r]=2", "{\"p\":[{\"q\":\"1\",\"r\":\"2\"}]}"},
        {"a[0]=1&a[0]=2", "{\"a\":[[\"1\",\"2\"]]}"},
        {"a[b]c[d]=1", "{\"a\":{\"b\":{\"d\":\"1\"}}}"},
        {"a[b[c]]=1", "{\"a\":{\"b[c]\":\"1\"}}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void brackets_that_do_not_match_are_part_of_a_name(void **state) /* as qs */
{
    (void)state;
    static const struct row rows[] = {
        {"a[=1", "{\"a\":{\"[\":\"1\"}}"},  {"a[b=1", "{\"a\":{\"[b\":\"1\"}}"},
        {"a]=1", "{\"a]\":\"1\"}"},         {"[=1", "{\"[\":\"1\"}"},
        {"]b=1=1]=", "{\"]b=1=1]\":\"\"}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void the_sixth_bracket_is_not_looked_into(void **state) /* as qs */
{
    (void)state;
    static const struct row rows[] = {
        {"k[a][b][c][d][e]=1", "{\"k\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":\"1\"}}}}}}"},
        {"k[a][b][c][d][e][f][g]=1",
         "{\"k\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"[f][g]\":\"1\"}}}}}}}"},
    };
    assert_queries(rows, COUNT(rows));
}

static void names_that_contradict_each_other_are_all_kept(void **state) /* as qs */
{
    (void)state;
    static const struct row rows[] = {
        {"a=1&a[]=2", "{\"a\":[\"1\",\"2\"]}"},
        {"a[]=1&a=2", "{\"a\":[\"1\",\"2\"]}"},
        {"a=1&a[b]=2", "{\"a\":[\"1\",{\"b\":\"2\"}]}"},
        {"a[b]=1&a=2", "{\"a\":[{\"b\":\"1\"},\"2\"]}"},
        {"a[]=1&a[b]=2", "{\"a\":{\"0\":\"1\",\"b\":\"2\"}}"},
        {"a[b]=2&a[]=1", "{\"a\":{\"b\":\"2\",\"0\":\"1\"}}"},
        {"a[]=1&a[0]=2", "{\"a\":[\"1\",\"2\"]}"},
        {"a[b]=1&a=", "{\"a\":{\"b\":\"1\"}}"},
        {"[]=1", "{\"0\":\"1\"}"},
    };
    assert_queries(rows, COUNT(rows));
}

/* "name=1" `count` times, each time with its number inside the name. */
static struct str repeated(struct arena *a, const char *before, const char *after, int count)
{
    BUF(text, 1 << 20);
    for (int i = 0; i < count; i++)
        (void)buf_addf(&text, "%s%s%d%s=1", i > 0 ? "&" : "", before, i, after);
    return arena_str(a, buf_str(&text));
}

static void limits_are_kept(void **state)
{
    (void)state;
    static const char refused[] = "Invalid query parameters";
    static const struct {
        const char *before, *after;
        int most;
    } cases[] = {
        {"k", "", QUERY_MAX_PARAMETERS},    {"k", "[x]", QUERY_MAX_PARAMETERS},
        {"a[k", "]", QUERY_MAX_PARAMETERS}, {"a[", "]", QUERY_MAX_ELEMENTS},
        {"a=", "", QUERY_MAX_ELEMENTS},     {"a[]=", "", QUERY_MAX_ELEMENTS},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena a;
        struct err err;
        arena_init(&a, 1 << 24);
        int most = cases[i].most;
        assert_non_null(query_parse(&a, repeated(&a, cases[i].before, cases[i].after, most), &err));
        assert_string_equal(
            query_as_json(&a, repeated(&a, cases[i].before, cases[i].after, most + 1)), refused);
        arena_release(&a);
    }
    static const struct row rows[] = {{"a[499]=x", "{\"a\":[\"x\"]}"}, {"a[500]=x", refused}};
    assert_queries(rows, COUNT(rows));
}

static void many_parameters_are_found_again_as_few_are(void **state)
{
    (void)state;
    struct arena a;
    struct err err;
    arena_init(&a, 1 << 24);
    BUF(text, 1 << 20);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 100; i++)
            (void)buf_addf(&text, "p%d=%d&o[m%d][%d]=x&", i, round, i, round);
    }
    struct json *tree = query_parse(&a, buf_str(&text), &err);
    assert_non_null(tree);
    assert_int_equal(tree->items.count, 101);
    const struct json *object = json_get_lit(tree, "o");
    assert_int_equal(object->items.count, 100);
    for (const struct json *member = object->items.first; member != NULL; member = member->next)
        assert_int_equal(member->items.count, 2);
    assert_string_equal(printed(&a, json_get_lit(tree, "p99")), "[\"0\",\"1\"]");
    arena_release(&a);
}

static void a_plain_value_is_a_view_into_the_query(void **state)
{
    (void)state;
    struct arena a;
    struct err err;
    arena_init(&a, 1 << 16);
    struct str query = STR("name=value");
    struct json *tree = query_parse(&a, query, &err);
    assert_ptr_equal(json_get_str(tree, "name").ptr, query.ptr + 5);
    arena_release(&a);
}

static void a_form_is_flat_and_the_last_value_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "{}"},
        {"a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"a[b]=1&a[]=2", "{\"a[b]\":\"1\",\"a[]\":\"2\"}"},
        {"&&a&=x", "{\"a\":\"\",\"\":\"x\"}"},
        {"a=x+y%20%C3%A9", "{\"a\":\"x y \xc3\xa9\"}"},
        {"a=%zz%41%", "{\"a\":\"%zzA%\"}"},
        {"a=%ff%41", "{\"a\":\"\xef\xbf\xbd"
                     "A\"}"},
        {"a=%e2%82%41", "{\"a\":\"\xef\xbf\xbd"
                        "A\"}"},
        {"a=%ed%a0%80", "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}"},
        {"a=%f0%90%80x", "{\"a\":\"\xef\xbf\xbdx\"}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a;
        arena_init(&a, 1 << 16);
        struct json *tree = form_parse(&a, str_of(rows[i].text));
        assert_string_equal(printed(&a, tree), rows[i].wanted);
        arena_release(&a);
    }
    struct arena a;
    arena_init(&a, 1 << 16);
    struct json *tree = form_parse(&a, STR("a=1&b=x&a=2"));
    assert_true(str_is(json_get_str(tree, "a"), "2"));
    arena_release(&a);
}

static void a_form_does_not_grow_past_the_promise_of_its_arena(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    BUF(body, 1 << 20);
    for (int i = 0; i < 10000; i++)
        (void)buf_lit(&body, "a&");
    struct json *tree = form_parse(&a, buf_str(&body));
    assert_true(arena_over(&a));
    assert_true(tree->items.count < 100);
    arena_release(&a);
}

static void a_piece_of_a_path_decodes_or_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted; /* NULL: malformed */
    } cases[] = {
        {"Site_Url", "Site_Url"},
        {"a%20b", "a b"},
        {"a+b", "a+b"},
        {"%C3%A9", "\xc3\xa9"},
        {"", ""},
        {"%2F%2e", "/."},
        {"%", NULL},
        {"%4", NULL},
        {"a%zz", NULL},
        {"%ff", NULL},
        {"%c3%28", NULL},
        {"%ed%a0%80", NULL},
        {"\xff", NULL},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena a;
        arena_init(&a, 1 << 16);
        struct str out = STR("untouched");
        bool good = percent_decode(&a, str_of(cases[i].text), &out);
        assert_int_equal(good, cases[i].wanted != NULL);
        assert_true(str_is(out, good ? cases[i].wanted : "untouched"));
        arena_release(&a);
    }
}

int main(void)
{
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_an_object_of_strings),
        cmocka_unit_test(a_repeated_name_makes_an_array),
        cmocka_unit_test(names_and_values_are_decoded),
        cmocka_unit_test(what_does_not_decode_stays_as_it_was_sent),
        cmocka_unit_test(raw_bytes_that_are_no_utf8_become_replacement_characters),
        cmocka_unit_test(brackets_nest),
        cmocka_unit_test(brackets_that_do_not_match_are_part_of_a_name),
        cmocka_unit_test(the_sixth_bracket_is_not_looked_into),
        cmocka_unit_test(names_that_contradict_each_other_are_all_kept),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(many_parameters_are_found_again_as_few_are),
        cmocka_unit_test(a_plain_value_is_a_view_into_the_query),
        cmocka_unit_test(a_form_is_flat_and_the_last_value_counts),
        cmocka_unit_test(a_form_does_not_grow_past_the_promise_of_its_arena),
        cmocka_unit_test(a_piece_of_a_path_decodes_or_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
