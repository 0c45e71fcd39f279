/* The head of an answer, line by line: what is kept, found and listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/client_head.h"

struct scene {
    struct arena arena;
    struct buf head;
};

static int setup(void **state)
{
    static struct scene scene;
    arena_init(&scene.arena, SIZE_MAX);
    buf_init(&scene.head, 1000);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    buf_release(&s->head);
    arena_release(&s->arena);
    return 0;
}

/* False as soon as a line is refused. */
static bool add(struct buf *head, struct str lines)
{
    while (lines.len > 0) {
        size_t end = str_find_char(lines, '\n');
        size_t len = end == SIZE_MAX ? lines.len : end + 1;
        if (!head_add(head, str_slice(lines, 0, len)))
            return false;
        lines = str_after(lines, len);
    }
    return true;
}

#define FIRST "HTTP/1.1 200 OK\r\n"

/* The headers as "name=value;" one behind the other. */
static struct str listed(struct scene *s)
{
    BUF(out, 2000);
    struct client_header *headers;
    size_t count = head_list(&s->head, &s->arena, &headers);
    for (size_t i = 0; i < count; i++)
        buf_addf(&out, "%.*s=%.*s;", STR_FMT(headers[i].name), STR_FMT(headers[i].value));
    return arena_str(&s->arena, buf_str(&out));
}

static void check_listed(struct scene *s, const char *lines, const char *expected)
{
    buf_clear(&s->head);
    assert_true(add(&s->head, str_of(lines)));
    assert_string_equal(listed(s).ptr, expected);
}

static void check_status_text(struct scene *s, const char *lines, const char *expected)
{
    buf_clear(&s->head);
    assert_true(add(&s->head, str_of(lines)));
    assert_string_equal(arena_cstr(&s->arena, head_status_text(&s->head)), expected);
}

static void headers_are_listed_in_their_order_with_names_in_lower_case(void **state)
{
    struct scene *s = *state;
    check_listed(s, FIRST "X-B: 1\r\nx-a:2\r\nX-b: \t3 4 \r\nEmpty:\r\n\r\n",
                 "x-b=1;x-a=2;x-b=3 4;empty=;");
    check_listed(s, "HTTP/1.1 200 OK\nA: 1\nB: x:y\n\n", "a=1;b=x:y;");
    check_listed(s, FIRST "\r\n", "");
    check_listed(s, "", "");
}

static void a_line_without_a_proper_name_is_no_header(void **state)
{
    struct scene *s = *state;
    check_listed(s, FIRST "nothing\r\n: 1\r\nA B: 2\r\n\xc3\xa4: 3\r\nC: 4\r\n\r\n", "c=4;");
}

static void a_blank_before_the_colon_does_not_count(void **state)
{
    check_listed(*state, FIRST "Retry-After : 5\r\n\r\n", "retry-after=5;");
}

static void values_are_mended_to_utf8(void **state)
{
    check_listed(*state, FIRST "A: \xc3\xa9\r\nB: \xe9\r\n\r\n", "a=\xc3\xa9;b=\xef\xbf\xbd;");
}

static void a_folded_header_is_one_line(void **state)
{
    struct scene *s = *state;
    check_listed(s, FIRST "A: 1\r\n  2: 3\r\n\t4\r\nB: 5\r\n\r\n", "a=1 2: 3 4;b=5;");
    check_listed(s, FIRST "A: 1\r\n \r\nB: 2\r\n\r\n", "a=1;b=2;");
}

static void a_status_line_is_not_gone_on_with(void **state)
{
    struct scene *s = *state;
    check_listed(s, FIRST " A: 1\r\nB: 2\r\n\r\n", "b=2;");
    check_listed(s, " A: 1\r\n" FIRST "B: 2\r\n\r\n", "b=2;");
    check_status_text(s, FIRST " then\r\n\r\n", "OK");
}

static void a_carriage_return_within_a_line_is_a_blank(void **state)
{
    check_listed(*state, FIRST "A: 1\r2\r\r\nB\r: 3\r\n\r\n", "a=1 2;b=3;");
}

static void the_empty_line_ends_the_head(void **state)
{
    struct scene *s = *state;
    check_listed(s, FIRST "A: 1\r\n\r\nTrailer: 2\r\n 3\r\n\r\n", "a=1;");
    check_listed(s, FIRST "A: 1\r\n\rB: 2\r\nC: 3\r\n\r\n", "a=1;");
}

static void the_head_of_an_interim_answer_is_forgotten(void **state)
{
    struct scene *s = *state;
    check_listed(s, "HTTP/1.1 100 Continue\r\nA: 1\r\n\r\n" FIRST "B: 2\r\n\r\n", "b=2;");
    check_status_text(s, "HTTP/1.1 100 Continue\r\n\r\n" FIRST "\r\n", "OK");
}

static void what_is_behind_the_number_is_the_status_text(void **state)
{
    struct scene *s = *state;
    check_status_text(s, "HTTP/1.1 404 Not  Found \r\n\r\n", "Not  Found");
    check_status_text(s, "HTTP/1.1 404 \r\n\r\n", "");
    check_status_text(s, "HTTP/1.1 404\r\n\r\n", "");
    check_status_text(s, "HTTP/1.1\r\n\r\n", "");
    check_status_text(s, "", "");
}

static void the_first_header_of_a_name_is_found_in_whatever_case(void **state)
{
    struct scene *s = *state;
    struct str value = STR("as it was");
    assert_true(add(&s->head, STR(FIRST "Location: /a\xe9\r\nlocation: /b\r\n\r\n")));
    assert_false(head_find(&s->head, STR("loc"), &value));
    assert_false(head_find(&s->head, STR("http/1.1 200 ok"), &value));
    assert_true(str_is(value, "as it was"));
    assert_true(head_find(&s->head, STR("LOCATION"), &value));
    assert_true(str_is(value, "/a\xe9"));
}

static void a_head_beyond_its_ceiling_is_refused_for_good(void **state)
{
    struct scene *s = *state;
    buf_release(&s->head);
    buf_init(&s->head, 24);
    assert_true(add(&s->head, STR(FIRST "A: 12\r\n\r\n")));
    assert_int_equal(s->head.len, 23);
    buf_clear(&s->head);
    assert_false(add(&s->head, STR(FIRST "A: 12345\r\n")));
    assert_false(head_add(&s->head, STR(" x\r\n")));
    assert_false(head_add(&s->head, STR("\r\n")));
    assert_false(head_add(&s->head, STR("HTTP/1.1 200 OK\r\n")));
    assert_false(buf_ok(&s->head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(headers_are_listed_in_their_order_with_names_in_lower_case,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_without_a_proper_name_is_no_header, setup, teardown),
        cmocka_unit_test_setup_teardown(a_blank_before_the_colon_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(values_are_mended_to_utf8, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folded_header_is_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_status_line_is_not_gone_on_with, setup, teardown),
        cmocka_unit_test_setup_teardown(a_carriage_return_within_a_line_is_a_blank, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_empty_line_ends_the_head, setup, teardown),
        cmocka_unit_test_setup_teardown(the_head_of_an_interim_answer_is_forgotten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_behind_the_number_is_the_status_text, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_first_header_of_a_name_is_found_in_whatever_case, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_head_beyond_its_ceiling_is_refused_for_good, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
