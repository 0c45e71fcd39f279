/* Files as documents and headers: what is kept of a name and a type, and what clients are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

static void check(struct str is, const char *wanted)
{
    if (!str_is(is, wanted))
        fail_msg("%.*s is not %s", STR_FMT(is), wanted);
}

static void a_name_is_the_last_part_of_what_was_given(void **state)
{
    (void)state;
    static const struct {
        const char *given, *kept;
    } rows[] = {
        {"a.txt", "a.txt"},
        {"../../etc/passwd", "passwd"},
        {"C:\\a\\b.txt", "b.txt"},
        {"  a b  ", "a b"},
        {"", "file"},
        {"/", "file"},
        {"..", "file"},
        {"a/.", "file"},
        {".profile", ".profile"},
        {"a\\../b", "b"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(file_name_of(&arena, str_of(rows[i].given)), rows[i].kept);
}

static void a_long_name_is_cut_between_two_characters(void **state)
{
    (void)state;
    char given[400];
    for (size_t i = 0; i < sizeof(given); i += 2) {
        given[i] = '\xc3';
        given[i + 1] = '\xa4';
    }
    struct str name = file_name_of(&arena, str_from(given, sizeof(given)));
    assert_int_equal(name.len, 254);
    assert_true(str_utf8(name));
}

static void a_type_is_what_the_sender_says_or_what_the_name_tells(void **state)
{
    (void)state;
    static const struct {
        const char *given, *name, *kept;
    } rows[] = {
        {"image/png", "a.txt", "image/png"},
        {"IMAGE/PNG", "a.txt", "image/png"},
        {"text/plain; charset=utf-8", "a", "text/plain; charset=utf-8"},
        {"application/vnd.a+json", "a", "application/vnd.a+json"},
        {"", "a.PNG", "image/png"},
        {"", "archive.tar.zip", "application/zip"},
        {"application/octet-stream", "a.pdf", "application/pdf"},
        {"", "png", "application/octet-stream"},
        {"", ".png", "application/octet-stream"},
        {"image", "a", "application/octet-stream"},
        {"/png", "a", "application/octet-stream"},
        {"image/", "a", "application/octet-stream"},
        {"image/p/g", "a", "application/octet-stream"},
        {"image/png\r\nA: b", "a", "application/octet-stream"},
        {"text/plain; a=\xc3\xa4", "a", "application/octet-stream"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(file_type_of(&arena, str_of(rows[i].given), str_of(rows[i].name)), rows[i].kept);
}

static void an_address_has_nothing_in_it_that_a_url_would_read_otherwise(void **state)
{
    (void)state;
    struct file file = {.id = STR("65f0"), .name = STR("a b?#%\"\xc3\xa4-._~")};
    check(file_path(&arena, &file), "/file-upload/65f0/a%20b%3F%23%25%22%C3%A4-._~");
}

static void a_disposition_shows_only_what_cannot_act(void **state)
{
    (void)state;
    static const struct {
        const char *type, *begins;
        bool download;
    } rows[] = {
        {"image/png", "inline; ", false},         {"image/png", "attachment; ", true},
        {"text/plain; a=b", "inline; ", false},   {"audio/ogg", "inline; ", false},
        {"image/svg+xml", "attachment; ", false}, {"text/html", "attachment; ", false},
        {"text/plainly", "attachment; ", false},  {"audio", "attachment; ", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct file file = {.name = STR("a\"b"), .type = str_of(rows[i].type)};
        struct str says = file_disposition(&arena, &file, rows[i].download);
        assert_true(str_starts(says, str_of(rows[i].begins)));
        assert_true(str_ends(says, STR("; filename=\"a_b\"; filename*=UTF-8''a%22b")));
    }
}

static void a_message_carries_the_file(void **state)
{
    (void)state;
    struct file file = {
        .id = STR("65f0"), .name = STR("a.tar.gz"), .type = STR("application/gzip"), .size = 7};
    struct str description = STR("what");
    struct message m = {.doc = json_object(&arena)};
    file_attach(&arena, &file, &description, &m);
    BUF(doc, 10000);
    json_put(&doc, m.doc);
    assert_string_equal(
        doc.ptr,
        "{\"file\":{\"_id\":\"65f0\",\"name\":\"a.tar.gz\",\"type\":\"application/gzip\","
        "\"size\":7,\"format\":\"GZ\"},"
        "\"files\":[{\"_id\":\"65f0\",\"name\":\"a.tar.gz\",\"type\":\"application/gzip\","
        "\"size\":7,\"format\":\"GZ\"}],"
        "\"attachments\":[{\"title\":\"a.tar.gz\",\"type\":\"file\",\"description\":\"what\","
        "\"title_link\":\"/file-upload/65f0/a.tar.gz\",\"title_link_download\":true,"
        "\"format\":\"GZ\",\"size\":7,\"fileId\":\"65f0\"}]}");
    struct err err = ERR_NONE;
    assert_true(message_check(m.doc, &err));
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(a_name_is_the_last_part_of_what_was_given),
        EACH(a_long_name_is_cut_between_two_characters),
        EACH(a_type_is_what_the_sender_says_or_what_the_name_tells),
        EACH(an_address_has_nothing_in_it_that_a_url_would_read_otherwise),
        EACH(a_disposition_shows_only_what_cannot_act),
        EACH(a_message_carries_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
