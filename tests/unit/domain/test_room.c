/* The rules of rooms: names, who sees, who comes and goes, and what deleting leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/team.h"
#include "world.h"

#define LAST_OWNER "You are the last owner. Please set new owner before leaving the room."

static bool is_in(struct world *w, const struct room *room, struct actor who)
{
    return subscription_exists(&w->tx.rd, room->id, who.id);
}

static bool owns(struct world *w, const struct room *room, struct actor who)
{
    return subscription_has_role(&w->tx.rd, room->id, who.id, STR("owner"));
}

static bool create(struct world *w, const struct actor *by, struct str name)
{
    struct room_draft draft = {.type = 'c', .name = name};
    struct room *room;
    return room_create(&w->tx, by, &draft, &room, &w->err);
}

/* --- making --- */

static void the_creator_owns_the_room_and_is_in_it(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    assert_true(owns(w, room, bob));
    assert_int_equal(room->users_count, 1);
    assert_true(str_is(room->creator_name, "bob's name"));
    assert_int_equal(room->id.len, 24);
}

static void a_creator_may_stay_outside(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room_draft draft = {.type = 'p', .name = STR("ops"), .exclude_self = true};
    struct room *room;
    assert_true(room_create(&w->tx, &bob, &draft, &room, &w->err));
    assert_false(is_in(w, room, bob));
    assert_int_equal(room->users_count, 0);
}

static void named_members_come_along_and_unknown_names_are_skipped(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    const struct str names[] = {STR("eve"), STR("nobody"), STR("eve"), STR("bob")};
    struct room_draft draft = {
        .type = 'p', .name = STR("ops"), .members = names, .member_count = 4};
    struct room *room;
    assert_true(room_create(&w->tx, &bob, &draft, &room, &w->err));
    assert_int_equal(room->users_count, 2);
    assert_true(is_in(w, room, eve) && !owns(w, room, eve) && owns(w, room, bob));
}

static void names_are_checked(void **state)
{
    static const struct {
        const char *name, *type, *text;
    } rows[] = {
        {"", "error-invalid-name", "Invalid name"},
        {" \t", "error-invalid-name", "Invalid name"},
        {"a b", "error-invalid-room-name", "a b is not a valid room name."},
        {"a#b", "error-invalid-room-name", "a#b is not a valid room name."},
        {"caf\xc3\xa9", "error-invalid-room-name", "caf\xc3\xa9 is not a valid room name."},
        {"taken", "error-duplicate-channel-name", "A channel with name 'taken' exists"},
        {"private", "error-duplicate-channel-name", "A channel with name 'private' exists"},
        {" taken ", "error-duplicate-channel-name", "A channel with name 'taken' exists"},
        {"old", "error-archived-duplicate-name", "There's an archived channel with name old"},
    };
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    world_room(w, &bob, 'c', "taken");
    world_room(w, &bob, 'p', "private");
    assert_true(room_archive(&w->tx, &bob, world_room(w, &bob, 'c', "old"), &w->err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(w, create(w, &bob, str_of(rows[i].name)), rows[i].type, rows[i].text);
    assert_true(create(w, &bob, STR("Taken")));
    assert_true(create(w, &bob, STR("a-b_c.9")));
}

static void a_refused_name_is_in_the_details(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    assert_false(create(w, &bob, STR("a b")));
    assert_true(str_is(w->err.details,
                       "{\"function\":\"RocketChat.getValidRoomName\",\"channel_name\":\"a b\"}"));
}

static void a_room_in_a_team_needs_the_team(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room_draft draft = {.type = 'c', .name = STR("ops"), .team_id = STR("none")};
    struct room *room;
    assert_refused(w, room_create(&w->tx, &bob, &draft, &room, &w->err), "error-team-not-found",
                   "The \"teamId\" param provided does not match any team");
}

static void fields_without_end_are_refused(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    char *topic = arena_zalloc(&w->arena, ROOM_DOC_BYTES);
    memset(topic, 'x', ROOM_DOC_BYTES);
    struct room_draft draft = {
        .type = 'c', .name = STR("ops"), .topic = str_from(topic, ROOM_DOC_BYTES)};
    struct room *room;
    assert_false(room_create(&w->tx, &bob, &draft, &room, &w->err));
    assert_null(room_find_by_name(&w->tx.rd, STR("ops")));
}

/* --- finding and seeing --- */

static void an_id_is_tried_before_a_name(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *first = world_room(w, &bob, 'c', "first");
    struct room_draft draft = {.type = 'c', .name = STR("second"), .id = STR("first")};
    struct room *second;
    assert_true(room_create(&w->tx, &bob, &draft, &second, &w->err));
    struct rd *rd = &w->tx.rd;
    assert_true(str_is(room_find_by_id_or_name(rd, STR("first"))->name, "second"));
    assert_true(str_eq(room_find_by_name(rd, STR("first"))->id, first->id));
    assert_null(room_find_by_id_or_name(rd, STR("FIRST")));
}

static void who_sees_which_room(void **state)
{
    struct world *w = *state;
    struct actor owner = world_user(w, "owner", "user");
    struct actor user = world_user(w, "user1", "user"), bot = world_user(w, "bot1", "bot");
    struct actor guest = world_user(w, "guest1", "guest"), nobody = world_user(w, "no", "none");
    struct room *c = world_room(w, &owner, 'c', "pub"), *p = world_room(w, &owner, 'p', "priv");
    struct rd *rd = &w->tx.rd;

    assert_true(room_visible(rd, user.id, c) && !room_visible(rd, user.id, p));
    assert_true(room_visible(rd, bot.id, c) && !room_visible(rd, bot.id, p));
    assert_false(room_visible(rd, guest.id, c)); /* view-c-room is not his */
    assert_false(room_visible(rd, nobody.id, c));

    struct actor admin = world_user(w, "root", "admin");
    struct user *all[] = {user_find(rd, guest.id), user_find(rd, nobody.id)};
    assert_true(room_invite(&w->tx, &admin, c, all, 2, &w->err));
    assert_true(room_visible(rd, guest.id, c)); /* but view-joined-room is */
    assert_false(room_visible(rd, nobody.id, c));
}

/* --- default rooms --- */

static void general_is_made_once(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "root", "admin");
    rooms_seed(&w->tx);
    struct room *general = room_find(&w->tx.rd, ROOM_GENERAL_ID);
    assert_true(str_is(general->name, "general") && general->is_default);
    assert_true(str_empty(general->creator_id));
    rooms_seed(&w->tx);
    assert_true(room_delete(&w->tx, &admin, general, &w->err));
    rooms_seed(&w->tx);
    assert_null(room_find(&w->tx.rd, ROOM_GENERAL_ID));
    assert_null(room_find_by_name(&w->tx.rd, STR("general")));
    assert_false(rooms_sweep(&w->tx));
    assert_true(create(w, &admin, STR("general")));
}

static void a_new_user_is_put_into_default_rooms_unread(void **state)
{
    struct world *w = *state;
    rooms_seed(&w->tx);
    struct actor bob = world_user(w, "bob", "user");
    const struct user *user = user_find(&w->tx.rd, bob.id);
    rooms_join_defaults(&w->tx, user);
    rooms_join_defaults(&w->tx, user);
    struct subscription *s = subscription_find(&w->tx.rd, ROOM_GENERAL_ID, bob.id);
    assert_true(s->open && subscription_alert(s) && subscription_unread(s) == 1 &&
                s->role_count == 0);
    assert_true(str_is(s->room_name, "general") && str_is(s->username, "bob"));
}

/* --- coming and going --- */

static void joining_twice_is_no_error_and_a_group_cannot_be_joined(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct room *c = world_room(w, &bob, 'c', "pub"), *p = world_room(w, &bob, 'p', "priv");
    assert_true(room_join(&w->tx, &eve, c, &w->err));
    assert_true(room_join(&w->tx, &eve, c, &w->err));
    assert_refused(w, room_join(&w->tx, &eve, p, &w->err), "error-not-allowed", "Not allowed");
}

static void inviting_needs_the_right(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    struct actor eve = world_user(w, "eve", "user"), joe = world_user(w, "joe", "user");
    struct room *c = world_room(w, &bob, 'c', "pub"), *p = world_room(w, &bob, 'p', "priv");
    struct user *guests[] = {user_find(&w->tx.rd, joe.id)};

    assert_refused(w, room_invite(&w->tx, &eve, c, guests, 1, &w->err), "error-not-allowed",
                   "Not allowed");
    assert_refused(w, room_invite(&w->tx, &admin, p, guests, 1, &w->err), "error-not-allowed",
                   "Not allowed");
    assert_true(room_invite(&w->tx, &admin, c, guests, 1, &w->err)); /* to any channel */
    assert_true(room_invite(&w->tx, &bob, p, guests, 1, &w->err));   /* as the owner */
    assert_true(is_in(w, c, joe) && is_in(w, p, joe));
}

static void leaving_has_its_rules(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct actor guest = world_user(w, "guest1", "guest");
    struct room *c = world_room(w, &bob, 'c', "pub");
    assert_refused(w, room_leave(&w->tx, &guest, c, &w->err), "error-not-allowed", "");
    assert_refused(w, room_leave(&w->tx, &eve, c, &w->err), "error-user-not-in-room",
                   "You are not in this room");
    assert_refused(w, room_leave(&w->tx, &bob, c, &w->err), "error-you-are-last-owner", LAST_OWNER);
    assert_true(room_join(&w->tx, &eve, c, &w->err));
    assert_true(room_leave(&w->tx, &eve, c, &w->err));
    assert_false(is_in(w, c, eve));
    assert_true(room_join(&w->tx, &eve, c, &w->err));
    subscription_add_role(&w->tx, c->id, eve.id, STR("owner"));
    assert_true(room_leave(&w->tx, &bob, c, &w->err));
}

static void kicking_has_its_rules(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    struct actor eve = world_user(w, "eve", "user");
    struct room *c = world_room(w, &bob, 'c', "pub"), *p = world_room(w, &bob, 'p', "priv");
    const struct user *eves = user_find(&w->tx.rd, eve.id), *bobs = user_find(&w->tx.rd, bob.id);

    assert_refused(w, room_kick(&w->tx, &eve, c, bobs, &w->err), "error-not-allowed",
                   "Not allowed");
    assert_refused(w, room_kick(&w->tx, &bob, c, eves, &w->err), "error-user-not-in-room",
                   "User is not in this room");
    assert_refused(w, room_kick(&w->tx, &admin, c, bobs, &w->err), "error-you-are-last-owner",
                   LAST_OWNER);
    assert_refused(w, room_kick(&w->tx, &admin, p, eves, &w->err), "error-room-not-found",
                   "The required \"roomId\" or \"roomName\" param provided does not match any "
                   "group");
    assert_true(room_kick(&w->tx, &admin, c, eves, &w->err)); /* from any channel: not in is fine */
    assert_true(room_join(&w->tx, &eve, c, &w->err));
    subscription_add_role(&w->tx, c->id, eve.id, STR("leader"));
    assert_true(room_kick(&w->tx, &bob, c, eves, &w->err));
    assert_false(is_in(w, c, eve));
    assert_false(subscription_has_role(&w->tx.rd, c->id, eve.id, STR("leader")));
}

/* --- changing --- */

static void archiving_is_the_owners_and_reviving_the_administrators(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    struct actor eve = world_user(w, "eve", "user");
    struct room *c = world_room(w, &bob, 'c', "pub");
    assert_refused(w, room_archive(&w->tx, &eve, c, &w->err), "error-not-authorized",
                   "Not authorized");
    assert_true(room_archive(&w->tx, &bob, c, &w->err));
    assert_true(room_find(&w->tx.rd, c->id)->archived);
    assert_true(subscription_find(&w->tx.rd, c->id, bob.id)->room_archived);
    assert_refused(w, room_unarchive(&w->tx, &bob, c, &w->err), "error-not-authorized",
                   "Not authorized");
    assert_true(room_unarchive(&w->tx, &admin, c, &w->err));
    assert_false(room_find(&w->tx.rd, c->id)->archived);
}

static void a_topic_needs_the_right_to_edit(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct room *c = world_room(w, &bob, 'c', "pub");
    assert_refused(w, room_set_topic(&w->tx, &eve, c, STR("x"), &w->err),
                   "error-action-not-allowed", "Editing room is not allowed");
    assert_true(room_set_topic(&w->tx, &bob, c, STR("hello"), &w->err));
    assert_true(str_is(room_find(&w->tx.rd, c->id)->topic, "hello"));
}

/* --- deleting --- */

static void deleting_needs_the_right_and_frees_the_name(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct room *c = world_room(w, &bob, 'c', "pub");
    assert_refused(w, room_delete(&w->tx, &eve, c, &w->err), "error-not-allowed", "Not allowed");
    assert_true(room_delete(&w->tx, &bob, c, &w->err));
    assert_null(room_find(&w->tx.rd, c->id));
    assert_false(is_in(w, c, bob));
    assert_true(create(w, &eve, STR("pub")));
}

static void fill(struct world *w, const struct room *room, int count)
{
    for (int i = 0; i < count; i++) {
        struct subscription s = {
            .id = arena_fmt(&w->arena, "s%d", i),
            .room_id = room->id,
            .user_id = arena_fmt(&w->arena, "u%d", i),
        };
        subscription_insert(&w->tx, &s);
    }
}

static void a_large_room_is_gone_at_once_and_swept_in_slices(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *c = world_room(w, &bob, 'c', "pub");
    fill(w, c, 1200);
    assert_true(room_delete(&w->tx, &bob, c, &w->err));
    assert_null(room_find(&w->tx.rd, c->id));
    assert_null(room_find_by_name(&w->tx.rd, STR("pub")));
    assert_null(subscription_find(&w->tx.rd, c->id, bob.id));
    assert_int_equal(subscriptions_of_user(&w->tx.rd, STR("u7"), 0).count, 0);
    assert_int_equal(rooms_of_user(&w->tx.rd, STR("u1199"), 0).count, 0);

    int slices = 1;
    while (rooms_sweep(&w->tx))
        slices++;
    assert_in_range(slices, 3, 20);
    assert_false(subscription_exists(&w->tx.rd, c->id, STR("u1199")));
    assert_false(room_id_used(&w->tx.rd, c->id));
}

/* --- the end of an account --- */

static void the_oldest_active_member_inherits_a_room(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), idle = world_user(w, "idle", "user");
    struct actor eve = world_user(w, "eve", "user"), joe = world_user(w, "joe", "user");
    struct room *shared = world_room(w, &bob, 'c', "shared");
    struct room *alone = world_room(w, &bob, 'p', "alone");
    struct room *others = world_room(w, &joe, 'c', "others");
    struct user *sleeper = user_find(&w->tx.rd, idle.id);
    sleeper->active = false;
    user_save(&w->tx, sleeper);
    assert_true(room_join(&w->tx, &idle, shared, &w->err));
    assert_true(room_join(&w->tx, &eve, shared, &w->err));
    assert_true(room_join(&w->tx, &joe, shared, &w->err));
    assert_true(room_join(&w->tx, &bob, others, &w->err));

    assert_true(str_is(rooms_last_owned(&w->tx.rd, bob.id),
                       "{\"shouldBeRemoved\":[\"alone\"],\"shouldChangeOwner\":[\"shared\"]}"));
    assert_true(str_empty(rooms_last_owned(&w->tx.rd, eve.id)));

    assert_false(rooms_forget_user(&w->tx, bob.id));
    assert_true(owns(w, shared, eve) && !owns(w, shared, joe));
    assert_null(room_find(&w->tx.rd, alone->id));
    assert_false(is_in(w, shared, bob) || is_in(w, others, bob));
    assert_true(owns(w, others, joe));
}

static void a_default_room_survives_its_last_member(void **state)
{
    struct world *w = *state;
    rooms_seed(&w->tx);
    struct actor bob = world_user(w, "bob", "user");
    rooms_join_defaults(&w->tx, user_find(&w->tx.rd, bob.id));
    assert_true(str_empty(rooms_last_owned(&w->tx.rd, bob.id)));
    assert_false(rooms_forget_user(&w->tx, bob.id));
    assert_non_null(room_find(&w->tx.rd, ROOM_GENERAL_ID));
}

static void a_user_of_many_rooms_is_forgotten_in_parts(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    for (int i = 0; i < 230; i++)
        world_room(w, &bob, 'c', arena_fmt(&w->arena, "r%d", i).ptr);
    int parts = 1;
    while (rooms_forget_user(&w->tx, bob.id))
        parts++;
    assert_int_equal(parts, 3);
    assert_int_equal(rooms_of_user(&w->tx.rd, bob.id, 0).count, 0);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_creator_owns_the_room_and_is_in_it),
        IN_A_WORLD(a_creator_may_stay_outside),
        IN_A_WORLD(named_members_come_along_and_unknown_names_are_skipped),
        IN_A_WORLD(names_are_checked),
        IN_A_WORLD(a_refused_name_is_in_the_details),
        IN_A_WORLD(a_room_in_a_team_needs_the_team),
        IN_A_WORLD(fields_without_end_are_refused),
        IN_A_WORLD(an_id_is_tried_before_a_name),
        IN_A_WORLD(who_sees_which_room),
        IN_A_WORLD(general_is_made_once),
        IN_A_WORLD(a_new_user_is_put_into_default_rooms_unread),
        IN_A_WORLD(joining_twice_is_no_error_and_a_group_cannot_be_joined),
        IN_A_WORLD(inviting_needs_the_right),
        IN_A_WORLD(leaving_has_its_rules),
        IN_A_WORLD(kicking_has_its_rules),
        IN_A_WORLD(archiving_is_the_owners_and_reviving_the_administrators),
        IN_A_WORLD(a_topic_needs_the_right_to_edit),
        IN_A_WORLD(deleting_needs_the_right_and_frees_the_name),
        IN_A_WORLD(a_large_room_is_gone_at_once_and_swept_in_slices),
        IN_A_WORLD(the_oldest_active_member_inherits_a_room),
        IN_A_WORLD(a_default_room_survives_its_last_member),
        IN_A_WORLD(a_user_of_many_rooms_is_forgotten_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
