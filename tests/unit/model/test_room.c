/* The documents of rooms, subscriptions and teams, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/room.h"
#include "model/subscription.h"
#include "model/team.h"

static const int64_t moment_ms = 1000000000000; /* 2001-09-09T01:46:40.000Z */

static struct room channel(void)
{
    return (struct room){
        .id = STR("6a0000000000000000000001"),
        .type = 'c',
        .name = STR("ops"),
        .creator_id = STR("u1"),
        .creator_username = STR("bob"),
        .creator_name = STR("Bob"),
        .users_count = 2,
        .created_at_ms = moment_ms,
        .updated_at_ms = moment_ms,
    };
}

static void a_new_channel_has_exactly_the_members_of_the_api(void **state)
{
    (void)state;
    struct room room = channel();
    BUF(out, 4096);
    room_put(&out, &room);
    assert_string_equal(out.ptr,
                        "{\"_id\":\"6a0000000000000000000001\",\"fname\":\"ops\",\"name\":\"ops\","
                        "\"t\":\"c\",\"msgs\":0,\"usersCount\":2,"
                        "\"u\":{\"_id\":\"u1\",\"username\":\"bob\",\"name\":\"Bob\"},"
                        "\"customFields\":{},\"ts\":\"2001-09-09T01:46:40.000Z\",\"ro\":false,"
                        "\"default\":false,\"_updatedAt\":\"2001-09-09T01:46:40.000Z\"}");
}

static void what_is_set_follows_behind(void **state)
{
    (void)state;
    struct room room = channel();
    room.creator_id = STR("");
    room.team_id = STR("t1");
    room.team_main = room.archived = room.read_only = room.is_default = true;
    room.topic = STR("say \"hi\"");
    BUF(out, 4096);
    room_put(&out, &room);
    assert_non_null(strstr(out.ptr, "\"usersCount\":2,\"customFields\":{}"));
    assert_non_null(strstr(out.ptr, "\"ro\":true,\"default\":true,"));
    assert_non_null(strstr(out.ptr, ",\"teamId\":\"t1\",\"teamMain\":true,\"archived\":true,"
                                    "\"topic\":\"say \\\"hi\\\"\"}"));
}

static void a_rooms_doc_comes_back_as_it_was(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct room room = channel(), back = {.id = STR("")};
    room.topic = STR("t");
    room.description = STR("d");
    room.announcement = STR("a");
    room.read_only = room.broadcast = room.encrypted = room.team_main = true;
    room.custom_fields = json_parse(&arena, STR("{\"k\":[1,null]}"));
    BUF(doc, 4096);
    room_put_doc(&doc, &room);
    room_take_doc(&arena, &back, buf_str(&doc));
    assert_true(str_is(back.creator_id, "u1") && str_is(back.creator_username, "bob"));
    assert_true(str_is(back.creator_name, "Bob"));
    assert_true(str_is(back.topic, "t") && str_is(back.description, "d"));
    assert_true(str_is(back.announcement, "a"));
    assert_true(back.read_only && back.broadcast && back.encrypted && back.team_main);
    BUF(custom, 100);
    json_put(&custom, back.custom_fields);
    assert_string_equal(custom.ptr, "{\"k\":[1,null]}");
    arena_release(&arena);
}

static void an_empty_doc_sets_nothing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct room room = {.topic = STR("old"), .read_only = true};
    room_take_doc(&arena, &room, STR("{}"));
    assert_true(str_empty(room.topic) && !room.read_only && room.custom_fields == NULL);
    arena_release(&arena);
}

static void a_subscription_has_exactly_the_members_of_the_api(void **state)
{
    (void)state;
    struct subscription s = {
        .id = STR("s1"),
        .room_id = STR("r1"),
        .user_id = STR("u1"),
        .open = true,
        .fresh = true,
        .created_at_ms = moment_ms,
        .updated_at_ms = moment_ms,
        .roles = {STR("owner")},
        .role_count = 1,
        .room_type = 'p',
        .room_name = STR("ops"),
        .room_fname = STR("ops"),
        .username = STR("bob"),
        .user_name = STR("Bob"),
    };
    BUF(out, 4096);
    subscription_put(&out, &s);
    assert_string_equal(
        out.ptr, "{\"_id\":\"s1\",\"u\":{\"_id\":\"u1\",\"username\":\"bob\",\"name\":\"Bob\"},"
                 "\"rid\":\"r1\",\"t\":\"p\",\"name\":\"ops\",\"fname\":\"ops\",\"open\":true,"
                 "\"alert\":true,\"unread\":1,\"userMentions\":0,\"groupMentions\":0,"
                 "\"ts\":\"2001-09-09T01:46:40.000Z\",\"roles\":[\"owner\"],"
                 "\"_updatedAt\":\"2001-09-09T01:46:40.000Z\"}");
}

static void unread_are_mentions_and_in_a_direct_room_all_messages(void **state)
{
    (void)state;
    struct subscription s = {
        .room_type = 'c', .open = true, .read_number = 4, .last_number = 7, .mention_messages = 2};
    assert_int_equal(subscription_unread(&s), 2);
    assert_true(subscription_alert(&s));
    s.room_type = 'd';
    assert_int_equal(subscription_unread(&s), 3);
    s.read_number = 7;
    assert_int_equal(subscription_unread(&s), 0);
    assert_false(subscription_alert(&s));
}

static void a_hidden_room_is_shown_again_by_a_newer_message(void **state)
{
    (void)state;
    struct subscription s = {.room_type = 'd', .hidden_number = 7, .last_number = 7};
    assert_false(subscription_open(&s));
    s.last_number = 8;
    assert_true(subscription_open(&s));
}

static void a_direct_room_has_people_instead_of_a_name(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const struct str people[] = {STR("u1"), STR("u2")};
    struct str usernames[] = {STR("bob"), STR("eve")};
    struct room room = {.id = STR("u1u2"),
                        .type = 'd',
                        .people = people,
                        .people_count = 2,
                        .usernames = usernames,
                        .users_count = 2,
                        .messages = 5,
                        .created_at_ms = moment_ms,
                        .updated_at_ms = moment_ms};
    BUF(out, 4096);
    room_put(&out, &room);
    assert_string_equal(out.ptr, "{\"_id\":\"u1u2\",\"t\":\"d\",\"msgs\":5,\"usersCount\":2,"
                                 "\"ts\":\"2001-09-09T01:46:40.000Z\",\"uids\":[\"u1\",\"u2\"],"
                                 "\"usernames\":[\"bob\",\"eve\"],"
                                 "\"_updatedAt\":\"2001-09-09T01:46:40.000Z\"}");
    BUF(doc, 4096);
    room_put_doc(&doc, &room);
    struct room back = {.id = STR("")};
    room_take_doc(&arena, &back, buf_str(&doc));
    assert_int_equal(back.people_count, 2);
    assert_true(str_is(back.people[1], "u2"));
    arena_release(&arena);
}

static void a_team_says_whether_it_is_private_by_a_number(void **state)
{
    (void)state;
    struct team team = {
        .id = STR("t1"),
        .name = STR("core"),
        .is_private = true,
        .room_id = STR("r1"),
        .creator_id = STR("u1"),
        .creator_username = STR("bob"),
        .created_at_ms = moment_ms,
        .updated_at_ms = moment_ms,
    };
    BUF(out, 4096);
    team_put(&out, &team);
    assert_string_equal(out.ptr,
                        "{\"_id\":\"t1\",\"name\":\"core\",\"type\":1,"
                        "\"createdAt\":\"2001-09-09T01:46:40.000Z\","
                        "\"createdBy\":{\"_id\":\"u1\",\"username\":\"bob\"},\"roomId\":\"r1\","
                        "\"_updatedAt\":\"2001-09-09T01:46:40.000Z\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_channel_has_exactly_the_members_of_the_api),
        cmocka_unit_test(what_is_set_follows_behind),
        cmocka_unit_test(a_rooms_doc_comes_back_as_it_was),
        cmocka_unit_test(an_empty_doc_sets_nothing),
        cmocka_unit_test(a_subscription_has_exactly_the_members_of_the_api),
        cmocka_unit_test(unread_are_mentions_and_in_a_direct_room_all_messages),
        cmocka_unit_test(a_hidden_room_is_shown_again_by_a_newer_message),
        cmocka_unit_test(a_direct_room_has_people_instead_of_a_name),
        cmocka_unit_test(a_team_says_whether_it_is_private_by_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
