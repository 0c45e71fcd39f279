/* What is told of each event, and the rows of the queue that it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"
#include "events/payload.h"
#include "store/delivery.h"
#include "store/integration.h"
#include "store/setting.h"

static struct room *add_room(struct desk *d, char type)
{
    struct room *room = ARENA_NEW(&d->arena, struct room);
    *room = (struct room){.id = STR("room-id"),
                          .type = type,
                          .name = type == 'd' ? STR("") : STR("lab"),
                          .created_at_ms = start_ms - 5000,
                          .updated_at_ms = start_ms - 5000};
    room_insert(&d->tx, room);
    return room;
}

static void add_integration(struct desk *d, const char *id, const char *event, bool enabled)
{
    struct str *urls = ARENA_ARRAY(&d->arena, struct str, 2);
    urls[0] = STR("http://a.example/");
    urls[1] = STR("http://b.example/");
    struct integration in = {.id = str_of(id),
                             .type = type_outgoing,
                             .name = STR(""),
                             .event = str_of(event),
                             .enabled = enabled,
                             .urls = {urls, 2},
                             .updated_at_ms = start_ms};
    static const enum integration_field has[] = {INTEGRATION_ID,      INTEGRATION_TYPE,
                                                 INTEGRATION_NAME,    INTEGRATION_EVENT,
                                                 INTEGRATION_ENABLED, INTEGRATION_URLS};
    for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
        integration_mark(&in, has[i]);
    integration_insert(&d->tx, &in);
    desk_commit(d);
}

/* --- payloads --- */

/* The payload, its documents shortened to their ids. */
static const char *payload(struct desk *d, const struct event *event)
{
    BUF(out, 1 << 20);
    assert_true(payload_put(&out, &d->tx.rd, event));
    struct json *data = json_parse(&d->arena, buf_str(&out));
    static const char *const documents[] = {"user", "room", "message", "owner"};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        struct json *document = json_get(data, str_of(documents[i]));
        if (document == NULL)
            continue;
        document->string = json_get_str(document, "_id");
        document->kind = JSON_STRING;
    }
    BUF(text, 1 << 20);
    json_put(&text, data);
    return arena_cstr(&d->arena, buf_str(&text));
}

#define SENT "\"timestamp\":\"2023-11-14T22:13:20.000Z\","
#define MADE "\"timestamp\":\"2023-11-14T22:13:15.000Z\","
#define LAB  "\"channel_id\":\"room-id\",\"channel_name\":\"lab\","

static void each_event_is_told_with_its_own_fields(void **state)
{
    struct desk *d = *state;
    struct room *lab = add_room(d, 'c');
    struct message m = desk_message(d, "hello");
    setting_save(&d->tx, SETTING_SITE_URL, STR("\"https://chat.example\""));
    desk_commit(d);
    const struct {
        struct event event;
        const char *data;
    } cases[] = {
        {{.kind = EVENT_MESSAGE_SENT, .room = lab, .message = &m},
         "{\"bot\":false," LAB "\"message_id\":\"m1\"," SENT
         "\"user_id\":\"ana-id\",\"user_name\":\"ana\",\"text\":\"hello\","
         "\"siteUrl\":\"https://chat.example\"}"},
        {{.kind = EVENT_FILE_UPLOADED, .room = lab, .message = &m},
         "{\"bot\":false," LAB "\"message_id\":\"m1\"," SENT
         "\"user_id\":\"ana-id\",\"user_name\":\"ana\",\"text\":\"hello\","
         "\"user\":\"ana-id\",\"room\":\"room-id\",\"message\":\"m1\"}"},
        {{.kind = EVENT_ROOM_CREATED, .room = lab, .user_id = STR("bob-id")},
         "{\"bot\":false," LAB MADE "\"user_id\":\"bob-id\",\"user_name\":\"bob\","
         "\"room\":\"room-id\",\"owner\":\"bob-id\"}"},
        {{.kind = EVENT_ROOM_ARCHIVED, .room = lab, .user_id = STR("ana-id")},
         "{\"bot\":false," LAB SENT "\"user_id\":\"ana-id\",\"user_name\":\"ana\","
         "\"user\":\"ana-id\",\"room\":\"room-id\"}"},
        {{.kind = EVENT_ROOM_JOINED, .room = lab, .user_id = STR("bob-id")},
         "{\"bot\":true," LAB SENT "\"user_id\":\"bob-id\",\"user_name\":\"bob\","
         "\"user\":\"bob-id\",\"room\":\"room-id\"}"},
        {{.kind = EVENT_ROOM_LEFT, .room = lab, .user_id = STR("ana-id")},
         "{\"bot\":false," LAB SENT "\"user_id\":\"ana-id\",\"user_name\":\"ana\","
         "\"user\":\"ana-id\",\"room\":\"room-id\"}"},
        {{.kind = EVENT_USER_CREATED, .user_id = STR("bob-id")},
         "{\"bot\":true," SENT "\"user_id\":\"bob-id\",\"user_name\":\"bob\","
         "\"user\":\"bob-id\"}"},
        {{.kind = EVENT_ROOM_CREATED, .room = lab}, "{\"bot\":false}"},
        {{.kind = EVENT_ROOM_LEFT, .room = lab, .user_id = STR("nobody")}, "{\"bot\":false}"},
        {{.kind = EVENT_MESSAGE_DELETED, .room = lab, .message = &m, .user_id = STR("bob-id")},
         "{\"bot\":false," LAB "\"message_id\":\"m1\"," SENT
         "\"user_id\":\"bob-id\",\"user_name\":\"bob\",\"text\":\"hello\","
         "\"sender\":{\"_id\":\"ana-id\",\"username\":\"ana\"}}"},
        {{.kind = EVENT_REACTION_ADDED,
          .room = lab,
          .message = &m,
          .user_id = STR("bob-id"),
          .reaction = STR(":smile:")},
         "{\"bot\":false," LAB "\"message_id\":\"m1\"," SENT
         "\"user_id\":\"bob-id\",\"user_name\":\"bob\",\"text\":\"hello\","
         "\"reaction\":\":smile:\",\"sender\":{\"_id\":\"ana-id\",\"username\":\"ana\"}}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(payload(d, &cases[i].event), cases[i].data);
}

static void what_a_message_has_beyond_its_text_is_told(void **state)
{
    struct desk *d = *state;
    struct room *direct = add_room(d, 'd');
    struct message m = desk_message(d, "hello");
    m.thread_id = STR("m0");
    message_set(&m, "alias", json_string(&d->arena, STR("Hal")));
    message_set(&m, "bot", json_parse(&d->arena, STR("{\"i\":\"x\"}")));
    message_set(&m, "editedAt", json_string(&d->arena, STR("2024-01-01T00:00:00.000Z")));
    struct event event = {.kind = EVENT_MESSAGE_SENT, .room = direct, .message = &m};
    assert_string_equal(payload(d, &event),
                        "{\"bot\":true,\"channel_id\":\"room-id\",\"message_id\":\"m1\"," SENT
                        "\"user_id\":\"ana-id\",\"user_name\":\"ana\",\"text\":\"hello\","
                        "\"siteUrl\":\"\",\"alias\":\"Hal\",\"isEdited\":true,\"tmid\":\"m0\"}");
    message_set(&m, "alias", json_string(&d->arena, STR("")));
    assert_null(strstr(payload(d, &event), "alias"));
}

static void a_user_is_told_of_without_what_is_his_own(void **state)
{
    struct desk *d = *state;
    BUF(out, 1 << 20);
    struct event event = {.kind = EVENT_USER_CREATED, .user_id = STR("ana-id")};
    assert_true(payload_put(&out, &d->tx.rd, &event));
    assert_non_null(strstr(out.ptr, "\"createdAt\""));
    assert_non_null(strstr(out.ptr, "\"bio\":\"hi\""));
    assert_null(strstr(out.ptr, "settings"));
    assert_null(strstr(out.ptr, "services"));
    assert_null(strstr(out.ptr, "secret"));
}

static void token_and_word_are_those_of_the_integration_as_it_is(void **state)
{
    struct desk *d = *state;
    struct integration in = {.token = STR("k9")};
    struct str data = STR("{\"bot\":false,\"text\":\"!ci\"}");
    BUF(out, 1024);
    json_put(&out, payload_for(&d->arena, &in, data, STR("")));
    assert_string_equal(out.ptr, "{\"bot\":false,\"text\":\"!ci\"}");
    integration_mark(&in, INTEGRATION_TOKEN);
    buf_clear(&out);
    json_put(&out, payload_for(&d->arena, &in, data, STR("!ci")));
    assert_string_equal(
        out.ptr, "{\"token\":\"k9\",\"bot\":false,\"trigger_word\":\"!ci\",\"text\":\"!ci\"}");
}

static void scripts_get_moments_as_numbers_with_their_paths(void **state)
{
    struct desk *d = *state;
    struct json *data = json_parse(&d->arena, STR("{\"timestamp\":\"1970-01-01T00:00:01.000Z\","
                                                  "\"text\":\"1970-01-01T00:00:01.000Z\","
                                                  "\"room\":{\"lastMessage\":{\"ts\":"
                                                  "\"1970-01-01T00:00:02.000Z\"}}}"));
    static const char *const prefix[] = {"request", "data"};
    BUF(out, 1024);
    json_put(&out, payload_take_moments(&d->arena, data, prefix, 2));
    assert_string_equal(out.ptr, "[[\"request\",\"data\",\"timestamp\"],[\"request\",\"data\","
                                 "\"room\",\"lastMessage\",\"ts\"]]");
    buf_clear(&out);
    json_put(&out, data);
    assert_string_equal(out.ptr, "{\"timestamp\":1000,\"text\":\"1970-01-01T00:00:01.000Z\","
                                 "\"room\":{\"lastMessage\":{\"ts\":2000}}}");
}

static void a_later_try_asks_the_integration_as_it_is(void **state)
{
    struct desk *d = *state;
    struct str words[] = {STR("!ci")}, word;
    struct integration in = {
        .enabled = true, .event = STR("sendMessage"), .trigger_words = {words, 1}};
    struct json *data = json_parse(&d->arena, STR("{\"text\":\"!ci run\"}"));
    assert_true(payload_passes(&in, STR("sendMessage"), data, &word));
    assert_true(str_is(word, "!ci"));
    words[0] = STR("!cd");
    assert_false(payload_passes(&in, STR("sendMessage"), data, &word));
    in.trigger_words.count = 0;
    assert_true(payload_passes(&in, STR("sendMessage"), data, &word));
    assert_false(payload_passes(&in, STR("roomLeft"), data, &word));
    json_set(data, STR("isEdited"), json_bool(&d->arena, true));
    assert_false(payload_passes(&in, STR("sendMessage"), data, &word));
    in.run_on_edits = true;
    assert_true(payload_passes(&in, STR("sendMessage"), data, &word));
    in.enabled = false;
    assert_false(payload_passes(&in, STR("sendMessage"), data, &word));
}

/* --- rows --- */

static int64_t waiting(struct desk *d, const char *id)
{
    return deliveries_count(&d->tx.rd, str_of(id), DELIVERY_WAITING);
}

static void every_address_gets_a_row_in_the_same_transaction(void **state)
{
    struct desk *d = *state;
    struct room *lab = add_room(d, 'c');
    struct message m = desk_message(d, "hello");
    add_integration(d, "one", "sendMessage", true);
    add_integration(d, "off", "sendMessage", false);
    add_integration(d, "other", "roomLeft", true);
    event_message_sent(&d->tx, lab, &m);
    struct delivery_filter filter = {.integration_id = STR("one")};
    struct delivery_list list = deliveries_page(&d->tx.rd, &filter, 0, 10);
    assert_int_equal(list.count, 2);
    assert_true(str_is(list.items[0].url, "http://a.example/"));
    assert_true(str_is(list.items[1].url, "http://b.example/"));
    assert_true(str_eq(list.items[0].data, list.items[1].data));
    assert_false(str_eq(list.items[0].id, list.items[1].id));
    assert_int_equal(list.items[0].due_ms, start_ms);
    assert_int_equal(waiting(d, "off"), 0);
    assert_int_equal(waiting(d, "other"), 0);
}

static void a_message_with_a_file_is_two_events(void **state)
{
    struct desk *d = *state;
    struct room *lab = add_room(d, 'c');
    struct message m = desk_message(d, "hello");
    add_integration(d, "texts", "sendMessage", true);
    add_integration(d, "files", "fileUploaded", true);
    event_message_sent(&d->tx, lab, &m);
    assert_int_equal(waiting(d, "files"), 0);
    message_set(&m, "file", json_object(&d->arena));
    event_message_sent(&d->tx, lab, &m);
    assert_int_equal(waiting(d, "texts"), 4);
    assert_int_equal(waiting(d, "files"), 2);
}

static void replies_to_replies_come_to_an_end(void **state)
{
    struct desk *d = *state;
    struct room *lab = add_room(d, 'c');
    struct message m = desk_message(d, "hello");
    add_integration(d, "one", "sendMessage", true);
    m.depth = EVENT_DEPTH_MAX - 1;
    event_message_sent(&d->tx, lab, &m);
    assert_int_equal(waiting(d, "one"), 2);
    struct delivery_filter filter = {.integration_id = STR("one")};
    assert_int_equal(deliveries_page(&d->tx.rd, &filter, 0, 1).items[0].depth, m.depth);
    m.depth = EVENT_DEPTH_MAX;
    event_message_sent(&d->tx, lab, &m);
    assert_int_equal(waiting(d, "one"), 2);
}

static void one_that_was_switched_off_in_the_same_batch_gets_nothing(void **state)
{
    struct desk *d = *state;
    struct room *lab = add_room(d, 'c');
    struct message m = desk_message(d, "hello");
    add_integration(d, "one", "sendMessage", true);
    struct integration *in = integration_find(&d->tx.rd, STR("one"));
    in->enabled = false;
    integration_save(&d->tx, in);
    event_message_sent(&d->tx, lab, &m);
    assert_int_equal(waiting(d, "one"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_event_is_told_with_its_own_fields),
        TEST(what_a_message_has_beyond_its_text_is_told),
        TEST(a_user_is_told_of_without_what_is_his_own),
        TEST(token_and_word_are_those_of_the_integration_as_it_is),
        TEST(scripts_get_moments_as_numbers_with_their_paths),
        TEST(a_later_try_asks_the_integration_as_it_is),
        TEST(every_address_gets_a_row_in_the_same_transaction),
        TEST(a_message_with_a_file_is_two_events),
        TEST(replies_to_replies_come_to_an_end),
        TEST(one_that_was_switched_off_in_the_same_batch_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
