/* Lists of rooms, of members and of subscriptions: what is in them, in which order, which page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/team.h"
#include "world.h"

static struct str room_names(struct world *w, struct room_list rooms)
{
    BUF(names, 1024);
    for (size_t i = 0; i < rooms.count; i++)
        buf_addf(&names, "%s%.*s", i > 0 ? " " : "", STR_FMT(rooms.items[i]->name));
    return arena_str(&w->arena, buf_str(&names));
}

static struct str member_names(struct world *w, const struct member_filter *filter, int64_t offset,
                               int64_t count)
{
    struct member_list list = members_page(&w->tx.rd, filter, offset, count);
    BUF(names, 1024);
    for (size_t i = 0; i < list.count; i++)
        buf_addf(&names, "%s%.*s", i > 0 ? " " : "", STR_FMT(list.items[i]->username));
    return arena_str(&w->arena, buf_str(&names));
}

#define assert_names(actual, expected) assert_string_equal((actual).ptr, expected)

static struct str page(struct world *w, const struct room_filter *filter, const char *order_by,
                       int64_t offset, int64_t count)
{
    return room_names(w, rooms_page(&w->tx.rd, filter, str_of(order_by), offset, count));
}

static void the_three_sets_of_rooms_hold_what_they_promise(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    world_room(w, &bob, 'c', "b");
    world_room(w, &eve, 'c', "a");
    world_room(w, &bob, 'p', "p1");
    world_room(w, &eve, 'p', "p2");
    struct team_draft draft = {.name = STR("team")};
    struct team *team;
    assert_true(team_create(&w->tx, &eve, &draft, &team, &w->err));

    struct room_filter filter = {.set = ROOMS_LISTED, .type = 'c', .user_id = bob.id};
    assert_names(page(w, &filter, "r.name", 0, INT64_MAX), "a b");
    assert_int_equal(rooms_total(&w->tx.rd, &filter), 2);
    filter.user_id = eve.id;
    assert_names(page(w, &filter, "r.name", 0, INT64_MAX), "a b team");
    filter.set = ROOMS_JOINED;
    assert_names(page(w, &filter, "r.name", 0, INT64_MAX), "a team");
    filter.type = 'p';
    assert_names(page(w, &filter, "r.name", 0, INT64_MAX), "p2");
    filter.set = ROOMS_OF_TYPE;
    assert_names(page(w, &filter, "r.name DESC", 0, INT64_MAX), "p2 p1");
    assert_int_equal(rooms_total(&w->tx.rd, &filter), 2);
}

static void a_page_begins_and_ends_where_it_should(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    const char *const names[] = {"c", "a", "d", "b"};
    for (size_t i = 0; i < 4; i++)
        world_room(w, &bob, 'c', names[i]);
    struct room_filter filter = {.set = ROOMS_OF_TYPE, .type = 'c'};
    assert_names(page(w, &filter, "r.name", 1, 2), "b c");
    assert_names(page(w, &filter, "r.name", 3, 2), "d");
    assert_names(page(w, &filter, "r.name", 9, 2), "");
    assert_names(page(w, &filter, "r.is_default", 0, 9), "c a d b"); /* then as they were made */
    filter.id = room_find_by_name(&w->tx.rd, STR("d"))->id;
    assert_names(page(w, &filter, "r.name", 0, 9), "d");
    assert_int_equal(rooms_total(&w->tx.rd, &filter), 1);
}

static void only_rooms_that_changed_since_then_are_told(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *old = world_room(w, &bob, 'c', "old");
    w->tx.rd.now_ms += 1000;
    world_room(w, &bob, 'p', "new");
    assert_names(room_names(w, rooms_of_user(&w->tx.rd, bob.id, 0)), "old new");
    assert_names(room_names(w, rooms_of_user(&w->tx.rd, bob.id, world_start_ms)), "new");
    w->tx.rd.now_ms += 1000;
    assert_true(room_set_topic(&w->tx, &bob, old, STR("x"), &w->err));
    assert_names(room_names(w, rooms_of_user(&w->tx.rd, bob.id, world_start_ms + 1000)), "old");
    assert_int_equal(subscriptions_of_user(&w->tx.rd, bob.id, world_start_ms + 1000).count, 1);
    assert_int_equal(subscriptions_of_user(&w->tx.rd, bob.id, world_start_ms + 2000).count, 0);
}

static void set_status(struct world *w, struct actor who, const char *status)
{
    struct user *user = user_find(&w->tx.rd, who.id);
    user_set_text(user, &w->arena, "status", str_of(status));
    user_save(&w->tx, user);
}

static void members_who_are_online_come_first_then_by_username(void **state)
{
    struct world *w = *state;
    struct actor dan = world_user(w, "dan", "user"), ann = world_user(w, "Ann", "user");
    struct actor bob = world_user(w, "bob", "user"), cid = world_user(w, "c_d", "user");
    struct room *room = world_room(w, &dan, 'c', "ops");
    assert_true(room_join(&w->tx, &cid, room, &w->err) && room_join(&w->tx, &bob, room, &w->err));
    assert_true(room_join(&w->tx, &ann, room, &w->err));
    set_status(w, cid, "online");
    set_status(w, bob, "away");

    struct member_filter filter = {.room_id = room->id};
    assert_names(member_names(w, &filter, 0, INT64_MAX), "c_d Ann bob dan");
    assert_int_equal(members_total(&w->tx.rd, &filter), 4);
    assert_names(member_names(w, &filter, 1, 2), "Ann bob");
    assert_names(member_names(w, &filter, 7, 2), "");
    filter.descending = true;
    assert_names(member_names(w, &filter, 0, INT64_MAX), "c_d dan bob Ann");
    filter.statuses = STR("online away");
    assert_names(member_names(w, &filter, 0, INT64_MAX), "c_d bob");
    filter.statuses = STR("offline ");
    assert_names(member_names(w, &filter, 0, INT64_MAX), "dan Ann");
}

static void a_part_of_a_name_is_taken_literally(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), cid = world_user(w, "c_d", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    assert_true(room_join(&w->tx, &cid, room, &w->err));
    struct member_filter filter = {.room_id = room->id, .part = STR("_")};
    assert_names(member_names(w, &filter, 0, 9), "c_d");
    filter.part = STR("%");
    assert_names(member_names(w, &filter, 0, 9), "");
    filter.part = STR("\\");
    assert_names(member_names(w, &filter, 0, 9), "");
    filter.part = STR("b's n"); /* of the display name */
    assert_names(member_names(w, &filter, 0, 9), "bob");
}

static void a_creators_new_name_shows_in_his_rooms(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    struct user *user = user_find(&w->tx.rd, bob.id);
    user->username = STR("robert");
    user_save(&w->tx, user);
    room = room_find(&w->tx.rd, room->id);
    room_complete(&w->tx.rd, room);
    assert_true(str_is(room->creator_username, "robert"));
    user_erase(&w->tx, bob.id);
    room = room_find(&w->tx.rd, room->id);
    room_complete(&w->tx.rd, room);
    assert_true(str_is(room->creator_username, "bob")); /* as it was when he made the room */
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_three_sets_of_rooms_hold_what_they_promise),
        IN_A_WORLD(a_page_begins_and_ends_where_it_should),
        IN_A_WORLD(only_rooms_that_changed_since_then_are_told),
        IN_A_WORLD(members_who_are_online_come_first_then_by_username),
        IN_A_WORLD(a_part_of_a_name_is_taken_literally),
        IN_A_WORLD(a_creators_new_name_shows_in_his_rooms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
