/* Forms of several parts: what is taken from them, and what is refused, however the bytes are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/multipart.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TYPE     "multipart/form-data; boundary=xyz"
#define CD       "Content-Disposition: form-data; "
#define PART(cd) "--xyz\r\n" CD cd "\r\n\r\n"
#define END      "\r\n--xyz--\r\n"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, SIZE_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* "name=data", "name(filename,type)=data" for files; one line each. */
static void note_part(struct buf *out, const struct multipart_part *part)
{
    buf_add(out, part->name);
    if (part->is_file)
        buf_addf(out, "(%.*s,%.*s)", STR_FMT(part->filename), STR_FMT(part->content_type));
    buf_add_char(out, '=');
}

static void note_whole(struct buf *out, struct str type, struct str body)
{
    struct err err = ERR_NONE;
    struct multipart_part *part = NULL;
    if (!multipart_read(&arena, type, body, &part, &err)) {
        assert_int_equal(err.status, 400);
        buf_add(out, str_of(err.text));
        return;
    }
    for (; part != NULL; part = part->next) {
        note_part(out, part);
        buf_add(out, part->data);
        buf_add_char(out, '\n');
    }
}

static bool note_event(struct buf *out, const struct multipart *m, enum multipart_event event,
                       const struct err *err)
{
    switch (event) {
    case MULTIPART_PART:
        note_part(out, m->part);
        return true;
    case MULTIPART_DATA:
        assert_true(m->data.len > 0);
        buf_add(out, m->data);
        return true;
    case MULTIPART_PART_END:
        buf_add_char(out, '\n');
        return true;
    case MULTIPART_BAD:
        buf_clear(out);
        buf_add(out, str_of(err->text));
        return false;
    default:
        return event == MULTIPART_MORE;
    }
}

/* Each piece is given from memory of its own, so that nothing can lean on the one before. */
static void note_pieces(struct buf *out, struct str type, struct str body, size_t step)
{
    struct multipart m;
    struct err err = ERR_NONE;
    if (!multipart_begin(&m, &arena, type, &err)) {
        buf_add(out, str_of(err.text));
        return;
    }
    BUF(held, SIZE_MAX);
    for (size_t at = 0; at <= body.len; at += step) {
        buf_add(&held, str_slice(body, at, at + step));
        char *copy = test_malloc(held.len + 1);
        memcpy(copy, held.ptr, held.len);
        struct str input = str_from(copy, held.len);
        bool last = at + step > body.len, go_on = true;
        enum multipart_event event = MULTIPART_DATA;
        while (go_on && event != MULTIPART_MORE) {
            event = multipart_next(&m, &input, last, &err);
            go_on = note_event(out, &m, event, &err);
        }
        buf_clear(&held);
        buf_add(&held, input);
        test_free(copy);
        if (!go_on)
            return;
    }
}

static void check(struct str type, struct str body, struct str wanted)
{
    BUF(whole, SIZE_MAX);
    note_whole(&whole, type, body);
    assert_string_equal(whole.ptr, wanted.ptr);
    assert_int_equal(whole.len, wanted.len);
    for (size_t step = 1; step <= body.len; step += step < 80 ? 1 : 37) {
        BUF(pieces, SIZE_MAX);
        note_pieces(&pieces, type, body, step);
        assert_string_equal(pieces.ptr, wanted.ptr);
        assert_int_equal(pieces.len, wanted.len);
    }
}

static const struct {
    struct str body, wanted;
} good[] = {
    {STR_INIT("--xyz--"), STR_INIT("")},
    {STR_INIT("\r\n--xyz--\r\n"), STR_INIT("")},
    {STR_INIT(PART("name=\"a\"") "1" END), STR_INIT("a=1\n")},
    {STR_INIT("\r\n" PART("name=\"a\"") "1" END), STR_INIT("a=1\n")},
    {STR_INIT(PART("name=a") "1\r\n" PART("name=b") "2" END), STR_INIT("a=1\nb=2\n")},
    {STR_INIT(PART("name=a") END), STR_INIT("a=\n")},
    {STR_INIT(PART("name=a") "1\r\n--xyz-- what follows does not count"), STR_INIT("a=1\n")},
    {STR_INIT("--xyz \t\r\n" CD "name=a\r\n\r\n1" END), STR_INIT("a=1\n")},
    /* binary data, and what nearly is a boundary */
    {STR_INIT(PART("name=a") "\0\xff\r\n\r\n--xy\r\n--\r\nxyz\r\r\n-xyz\n--xyz" END),
     STR_INIT("a=\0\xff\r\n\r\n--xy\r\n--\r\nxyz\r\r\n-xyz\n--xyz\n")},
    {STR_INIT(PART("name=a") "\r\n\r\n" END), STR_INIT("a=\r\n\r\n\n")},
    {STR_INIT(PART("name=a") "--xyz--" END), STR_INIT("a=--xyz--\n")},
    /* files */
    {STR_INIT("--xyz\r\n" CD "name=\"f\"; filename=\"b.png\"\r\nContent-Type: image/png\r\n\r\n"
              "\x89PNG" END),
     STR_INIT("f(b.png,image/png)=\x89PNG\n")},
    {STR_INIT(PART("name=\"f\"; filename=\"\"") END), STR_INIT("f(,)=\n")},
    {STR_INIT("--xyz\r\ncontent-TYPE:text/plain; charset=x\r\nCONTENT-disposition: Form-Data;Name=f"
              ";filename=a.b\r\nX-Other: 1\r\n\r\n1" END),
     STR_INIT("f(a.b,text/plain; charset=x)=1\n")},
    {STR_INIT("--xyz\r\n" CD "name=a\r\nContent-Transfer-Encoding: binary\r\n\r\n1" END),
     STR_INIT("a=1\n")},
    /* names */
    {STR_INIT(PART("name=\"a \\\"b\\\\ c; \xc3\xa4\"") "1" END),
     STR_INIT("a \"b\\ c; \xc3\xa4=1\n")},
    {STR_INIT(PART("name=f; filename=\"C:\\temp\\x.txt\"") "1" END),
     STR_INIT("f(C:\\temp\\x.txt,)=1\n")},
    {STR_INIT(PART("name=f; filename=\"../%22\xff\"") "1" END),
     STR_INIT("f(../%22\xef\xbf\xbd,)=1\n")},
    {STR_INIT(PART("name=f; filename*=UTF-8''%e2%82%ac%20x.txt") "1" END),
     STR_INIT("f(\xe2\x82\xac x.txt,)=1\n")},
    {STR_INIT(PART("name=f; filename=plain; filename*=utf-8'en'better") "1" END),
     STR_INIT("f(better,)=1\n")},
    {STR_INIT(PART("name=f; filename*=iso-8859-1''x; filename=plain") "1" END),
     STR_INIT("f(plain,)=1\n")},
    {STR_INIT(PART("name=f; filename*=UTF-8''%ff; filename=plain") "1" END),
     STR_INIT("f(plain,)=1\n")},
    {STR_INIT(PART("size=3 ; name=a ;  x=\"y\"") "1" END), STR_INIT("a=1\n")},
};

static void a_form_is_read_however_its_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        check(STR(TYPE), good[i].body, good[i].wanted);
}

#define BAD(what) STR_INIT("The form cannot be read: " what ".")

static const struct {
    struct str body, wanted;
} bad[] = {
    {STR_INIT(""), BAD("it ends before its last boundary")},
    {STR_INIT("--xyz"), BAD("it ends before its last boundary")},
    {STR_INIT("--xyz\r\n"), BAD("it ends before its last boundary")},
    {STR_INIT("--xyz-"), BAD("it ends before its last boundary")},
    {STR_INIT(PART("name=a") "1"), BAD("it ends before its last boundary")},
    {STR_INIT(PART("name=a") "1\r\n--xyz"), BAD("it ends before its last boundary")},
    {STR_INIT(PART("name=a") "1\r\n--xy"), BAD("it ends before its last boundary")},
    {STR_INIT("hello" END), BAD("it does not begin with its boundary")},
    {STR_INIT("\n--xyz--"), BAD("it does not begin with its boundary")},
    {STR_INIT("--XYZ--"), BAD("it does not begin with its boundary")},
    {STR_INIT("--xyz1\r\n"), BAD("something stands behind a boundary")},
    {STR_INIT("--xyz --"), BAD("something stands behind a boundary")},
    {STR_INIT("--xyz\n" CD "name=a\n\n1\n--xyz--"), BAD("something stands behind a boundary")},
    {STR_INIT(PART("name=a") "1\r\n--xyza\r\n"), BAD("something stands behind a boundary")},

    {STR_INIT("--xyz\r\n\r\n1\r\n\r\n" END), BAD("a header line of a part is malformed")},
    {STR_INIT("--xyz\r\n" CD "name=a\r\n folded\r\n\r\n1" END),
     BAD("a header line of a part is malformed")},
    {STR_INIT("--xyz\r\nContent-Disposition : form-data; name=a\r\n\r\n1" END),
     BAD("a header line of a part is malformed")},
    {STR_INIT("--xyz\r\n" CD "name=\"a\0\"\r\n\r\n1" END),
     BAD("a header line of a part is malformed")},
    {STR_INIT("--xyz\r\n" CD "name=\"a\nb\"\r\n\r\n1" END),
     BAD("a header line of a part is malformed")},
    {STR_INIT("--xyz\r\nContent-Type: text/plain\r\n\r\n1" END),
     BAD("a part has no Content-Disposition")},
    {STR_INIT("--xyz\r\n" CD "name=a\r\n" CD "name=b\r\n\r\n1" END),
     BAD("a part has a header line twice")},
    {STR_INIT("--xyz\r\n" CD "name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n1" END),
     BAD("a part has a Content-Transfer-Encoding other than binary")},
    {STR_INIT(PART("filename=a") "1" END), BAD("a part has no name")},
    {STR_INIT(PART("name=\"\"") "1" END), BAD("a part has no name")},
    {STR_INIT(PART("name=") "1" END), BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT(PART("name=\"a") "1" END), BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT(PART("name=\"a\\\"") "1" END), BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT(PART("name=a b") "1" END), BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT(PART("name=a;") "1" END), BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT(PART("name=a; name=b") "1" END),
     BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT(PART("name=a; =b") "1" END), BAD("the Content-Disposition of a part is malformed")},
    {STR_INIT("--xyz\r\nContent-Disposition: attachment; name=a\r\n\r\n1" END),
     BAD("the Content-Disposition of a part is malformed")},
};

static void a_malformed_form_is_refused_however_its_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        check(STR(TYPE), bad[i].body, bad[i].wanted);
}

#define B70 "0123456789012345678901234567890123456789012345678901234567890123456789"

static void the_boundary_comes_from_the_content_type(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        struct str body, wanted;
    } cases[] = {
        {"Multipart/Form-Data; charset=utf-8; Boundary=\"a b?\"",
         STR_INIT("--a b?\r\n" CD "name=n\r\n\r\n1\r\n--a b?--"), STR_INIT("n=1\n")},
        {"multipart/form-data;boundary=" B70, STR_INIT("--" B70 "--"), STR_INIT("")},
        {"multipart/form-data; boundary=" B70 "0", STR_INIT("--" B70 "0--"),
         BAD("its Content-Type gives no boundary that is allowed")},
        {"multipart/form-data", STR_INIT("--"),
         BAD("its Content-Type gives no boundary that is allowed")},
        {"multipart/form-data; boundary=\"\"", STR_INIT("----"),
         BAD("its Content-Type gives no boundary that is allowed")},
        {"multipart/form-data; boundary=\"a \"", STR_INIT("--a --"),
         BAD("its Content-Type gives no boundary that is allowed")},
        {"multipart/form-data; boundary=\"\xc3\xa4\"", STR_INIT("--"),
         BAD("its Content-Type gives no boundary that is allowed")},
        {"multipart/form-data; boundary=a; boundary=b", STR_INIT("--a--"),
         BAD("the parameters of its Content-Type are malformed")},
        {"multipart/form-data boundary=a", STR_INIT("--a--"),
         BAD("the parameters of its Content-Type are malformed")},
        {"multipart/form-data2; boundary=a", STR_INIT("--a--"),
         BAD("the parameters of its Content-Type are malformed")},
        {"multipart/mixed; boundary=a", STR_INIT("--a--"),
         BAD("its Content-Type is not multipart/form-data")},
        {"", STR_INIT("--a--"), BAD("its Content-Type is not multipart/form-data")},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check(str_of(cases[i].type), cases[i].body, cases[i].wanted);
}

static void check_limit(const struct buf *body, const char *error)
{
    BUF(text, SIZE_MAX);
    note_whole(&text, STR(TYPE), buf_str(body));
    if (error != NULL)
        assert_string_equal(text.ptr, error);
    else
        assert_null(strstr(text.ptr, "cannot be read"));
}

static void limits_are_kept(void **state)
{
    (void)state;
    BUF(body, 1000000);
    for (size_t i = 0; i < MULTIPART_PARTS; i++)
        buf_lit(&body, PART("name=a") "1\r\n");
    size_t parts = body.len;
    buf_lit(&body, "--xyz--");
    check_limit(&body, NULL);
    buf_cut(&body, parts);
    buf_lit(&body, PART("name=a") "1" END);
    check_limit(&body, "The form cannot be read: it has too many parts.");

    buf_clear(&body);
    buf_lit(&body, "--xyz\r\n" CD "name=a");
    for (size_t i = 1; i < MULTIPART_HEADERS; i++)
        buf_lit(&body, "\r\nX: 1");
    size_t lines = body.len;
    buf_lit(&body, "\r\n\r\n1" END);
    check_limit(&body, NULL);
    buf_cut(&body, lines);
    buf_lit(&body, "\r\nX: 1\r\n\r\n1" END);
    check_limit(&body, "The form cannot be read: a part has too many header lines.");

    for (size_t over = 0; over < 2; over++) {
        buf_clear(&body);
        buf_lit(&body, "--xyz\r\n" CD "name=a\r\nX: ");
        while (body.len - strlen("--xyz\r\n") < MULTIPART_HEAD_BYTES + over)
            buf_add_char(&body, 'x');
        buf_lit(&body, "\r\n\r\n1" END);
        check_limit(&body,
                    over ? "The form cannot be read: the head of a part is too long." : NULL);
    }

    buf_clear(&body);
    buf_lit(&body, "--xyz");
    for (size_t i = 0; i < 1000; i++)
        buf_add_char(&body, ' ');
    buf_lit(&body, "\r\n" CD "name=a\r\n\r\n1" END);
    check_limit(&body, "The form cannot be read: too many blanks stand behind a boundary.");
}

static void parts_are_found_by_name(void **state)
{
    (void)state;
    struct multipart_part *first;
    struct err err = ERR_NONE;
    struct str body = STR(PART("name=a") "1\r\n" PART("name=b") "2\r\n" PART("name=a") "3" END);
    assert_true(multipart_read(&arena, STR(TYPE), body, &first, &err));
    assert_true(str_is(multipart_find(first, "a")->data, "1"));
    assert_true(str_is(multipart_find(first, "b")->data, "2"));
    assert_null(multipart_find(first, "c"));
    assert_null(multipart_find(NULL, "a"));
    assert_ptr_equal(multipart_find(first, "a")->data.ptr, body.ptr + strlen(PART("name=a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read_however_its_bytes_are_cut),
        cmocka_unit_test(a_malformed_form_is_refused_however_its_bytes_are_cut),
        cmocka_unit_test(the_boundary_comes_from_the_content_type),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(parts_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
