/* The message's documents, what its text refers to, and what senders may give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/message.h"

static const int64_t moment_ms = 1000000000000;

static int arena_setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, SIZE_MAX);
    *state = &arena;
    return 0;
}

static int arena_teardown(void **state)
{
    arena_release(*state);
    return 0;
}

static struct message message(struct arena *a, const char *doc)
{
    return (struct message){
        .id = STR("m1"),
        .room_id = STR("r1"),
        .user_id = STR("u1"),
        .username = STR("bob"),
        .user_name = STR("Bob"),
        .ts_ms = moment_ms,
        .updated_at_ms = moment_ms,
        .doc = json_parse(a, str_of(doc)),
    };
}

/* --- documents --- */

#define TAIL                                                                                       \
    "\"ts\":\"2001-09-09T01:46:40.000Z\",\"u\":{\"_id\":\"u1\",\"username\":\"bob\","              \
    "\"name\":\"Bob\"},\"_updatedAt\":\"2001-09-09T01:46:40.000Z\"}"

static void a_message_shows_its_doc_between_what_is_in_columns(void **state)
{
    struct message m = message(*state, "{\"msg\":\"hi\",\"groupable\":false}");
    BUF(out, 4096);
    message_put(&out, &m);
    assert_string_equal(out.ptr,
                        "{\"_id\":\"m1\",\"rid\":\"r1\",\"msg\":\"hi\",\"groupable\":false," TAIL);
    buf_clear(&out);
    m.type = STR("uj");
    m.thread_id = STR("m0");
    message_put(&out, &m);
    assert_string_equal(out.ptr, "{\"_id\":\"m1\",\"rid\":\"r1\",\"t\":\"uj\",\"msg\":\"hi\","
                                 "\"groupable\":false,\"tmid\":\"m0\"," TAIL);
}

static void the_senders_names_are_kept_for_the_time_after_him(void **state)
{
    struct arena *a = *state;
    struct message m = message(a, "{\"msg\":\"hi\"}"), back = {.id = STR("m1")};
    BUF(doc, 4096);
    message_put_doc(&doc, &m);
    message_take_doc(a, &back, buf_str(&doc));
    assert_true(str_is(back.username, "bob") && str_is(back.user_name, "Bob"));
    assert_true(str_is(message_text(&back), "hi"));
    assert_null(json_get_lit(back.doc, "u"));

    struct message renamed = {.username = STR("robert")};
    message_take_doc(a, &renamed, buf_str(&doc));
    assert_true(str_is(renamed.username, "robert") && str_empty(renamed.user_name));
}

static const char *printed(const struct message *m)
{
    static char text[256];
    BUF(out, sizeof(text) - 1);
    json_put(&out, m->doc);
    memcpy(text, out.ptr, out.len + 1);
    return text;
}

static void a_member_is_set_in_its_place(void **state)
{
    struct arena *a = *state;
    struct message m = message(a, "{\"a\":1,\"b\":2}");
    message_set(&m, "c", json_bool(a, true));
    assert_string_equal(printed(&m), "{\"a\":1,\"b\":2,\"c\":true}");
    message_set(&m, "a", json_string(a, STR("x")));
    message_set(&m, "c", json_null(a));
    assert_string_equal(printed(&m), "{\"a\":\"x\",\"b\":2,\"c\":null}");
    message_set(&m, "c", NULL);
    message_set(&m, "nothing", NULL);
    assert_string_equal(printed(&m), "{\"a\":\"x\",\"b\":2}");
    message_set(&m, "a", NULL);
    message_set(&m, "b", NULL);
    message_set(&m, "d", json_number(a, 4));
    assert_string_equal(printed(&m), "{\"d\":4}");
    assert_int_equal(m.doc->items.count, 1);
}

/* --- references --- */

static const char *joined(struct arena *a, const struct str *items, size_t count)
{
    BUF(out, 1 << 16);
    for (size_t i = 0; i < count; i++)
        (void)buf_addf(&out, "%s%.*s", i > 0 ? " " : "", STR_FMT(items[i]));
    return arena_cstr(a, buf_str(&out));
}

static void a_text_refers_to_addresses_users_and_rooms(void **state)
{
    static const struct {
        const char *text, *urls, *users, *rooms;
    } rows[] = {
        {"", "", "", ""},
        {"http:// https://", "", "", ""},
        {"http://a.b", "http://a.b", "", ""},
        {"see https://a.b/c?d=e#f, and http://g.h.", "https://a.b/c?d=e#f http://g.h", "", ""},
        {"xhttp://a.b", "", "", ""},
        {"<http://a.b|text> [t](http://c.d)", "http://a.b http://c.d", "", ""},
        {"http://a.b/(c) (http://a.b/d)", "http://a.b/(c) http://a.b/d", "", ""},
        {"http://a.b/x[1] [http://a.b/y]", "http://a.b/x[1] http://a.b/y", "", ""},
        {"http://a.b http://a.b", "http://a.b", "", ""},
        {"http://a.b/@bob#c", "http://a.b/@bob#c", "", ""},
        {"@bob", "", "bob", ""},
        {"@bob @eve @bob", "", "bob eve", ""},
        {"(@bob) >@eve", "", "bob eve", ""},
        {"a@bob @@eve \xc3\xa9@dan", "", "", ""},
        {"@bob. @e-v_e.", "", "bob. e-v_e.", ""},
        {"@ # @! #?", "", "", ""},
        {"#ops and #dev-1", "", "", "ops dev-1"},
        {"`@bob` @eve `#x` #y", "", "eve", "y"},
        {"```@bob\n@dan``` @eve", "", "eve", ""},
        {"``` @bob", "", "bob", ""},
        {"` @bob\n`", "", "bob", ""},
        {"`` @bob", "", "bob", ""},
    };
    static struct references found;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        message_parse(str_of(rows[i].text), &found);
        assert_string_equal(joined(*state, found.urls, found.url_count), rows[i].urls);
        assert_string_equal(joined(*state, found.users, found.user_count), rows[i].users);
        assert_string_equal(joined(*state, found.rooms, found.room_count), rows[i].rooms);
    }
}

static void a_text_refers_to_so_many_at_most(void **state)
{
    (void)state;
    BUF(text, 1 << 16);
    for (int i = 0; i < 300; i++)
        (void)buf_addf(&text, "@u%d #r%d http://a.b/%d ", i, i, i);
    static struct references found;
    message_parse(buf_str(&text), &found);
    assert_int_equal(found.user_count, MESSAGE_REFERENCES);
    assert_int_equal(found.room_count, MESSAGE_REFERENCES);
    assert_int_equal(found.url_count, MESSAGE_REFERENCES);
}

static void a_name_gets_shorter_by_the_signs_at_its_end(void **state)
{
    (void)state;
    assert_true(str_is(message_shorter_name(STR("bob.-")), "bob."));
    assert_true(str_empty(message_shorter_name(STR("bob"))));
    assert_true(str_empty(message_shorter_name(STR("."))));
}

/* --- what senders may give --- */

#define HREF   "Invalid href value provided"
#define FIELD  "Invalid attachment field, title and value is required"
#define ONE_OF "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation in field "

static void what_does_not_fit_is_refused_in_the_apis_words(void **state)
{
    static const struct {
        const char *doc, *text;
    } rows[] = {
        {"{}", ""},
        {"{\"alias\":null,\"attachments\":null}", ""},
        {"{\"alias\":5}", "Match error: Expected string, got number in field alias"},
        {"{\"emoji\":[]}", "Match error: Expected string, got array in field emoji"},
        {"{\"avatar\":\"/a.png\"}", ""},
        {"{\"avatar\":\"a:b\"}", HREF},
        {"{\"avatar\":\"a/b:c\"}", ""},
        {"{\"avatar\":\"\"}", HREF},
        {"{\"avatar\":\"//a.b\"}", HREF},
        {"{\"avatar\":\"java\\nscript:x\"}", HREF},
        {"{\"avatar\":\" javascript:x\"}", HREF},
        {"{\"attachments\":{}}", "Match error: Expected array, got object in field attachments"},
        {"{\"attachments\":[5]}",
         "Match error: Expected object, got number in field attachments[0]"},
        {"{\"attachments\":[{},{\"color\":true}]}",
         "Match error: Expected string, got boolean in field attachments[1].color"},
        {"{\"attachments\":[{\"ts\":\"x\"},{\"ts\":5}]}", ""},
        {"{\"attachments\":[{\"ts\":{}}]}", ONE_OF "attachments[0].ts"},
        {"{\"attachments\":[{\"collapsed\":\"yes\"}]}",
         "Match error: Expected boolean, got string in field attachments[0].collapsed"},
        {"{\"attachments\":[{\"unknown\":\"javascript:x\"}]}", ""},
        {"{\"attachments\":[{\"image_url\":\"data:image/png;x\"}]}", ""},
        {"{\"attachments\":[{\"image_url\":\"/file-upload/x\"}]}", ""},
        {"{\"attachments\":[{\"image_url\":\"JAVASCRIPT:x\"}]}", HREF},
        {"{\"attachments\":[{\"fields\":[{\"title\":\"t\",\"value\":true}]}]}", ""},
        {"{\"attachments\":[{\"fields\":[{\"title\":\"t\",\"value\":false}]}]}", FIELD},
        {"{\"attachments\":[{\"fields\":[{\"title\":\"t\",\"value\":{}}]}]}",
         ONE_OF "attachments[0].fields[0].value"},
        {"{\"attachments\":[{\"fields\":[{\"value\":\"v\"}]}]}", FIELD},
        {"{\"attachments\":[{\"actions\":[{\"url\":\"x\"}]}]}", HREF},
        {"{\"attachments\":[{\"actions\":[{\"image_url\":\"x\"}]}]}", HREF},
        {"{\"attachments\":[{\"attachments\":[{\"thumb_url\":\"x\"}]}]}", HREF},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = ERR_NONE;
        bool fits = message_check(json_parse(*state, str_of(rows[i].doc)), &err);
        assert_string_equal(err.text, rows[i].text);
        assert_int_equal(fits, rows[i].text[0] == '\0');
    }
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_message_shows_its_doc_between_what_is_in_columns),
        WITH_ARENA(the_senders_names_are_kept_for_the_time_after_him),
        WITH_ARENA(a_member_is_set_in_its_place),
        WITH_ARENA(a_text_refers_to_addresses_users_and_rooms),
        cmocka_unit_test(a_text_refers_to_so_many_at_most),
        cmocka_unit_test(a_name_gets_shorter_by_the_signs_at_its_end),
        WITH_ARENA(what_does_not_fit_is_refused_in_the_apis_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
