/* The rules of teams, above all of private ones: their channels are for their members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/team.h"
#include "world.h"

static struct team *make(struct world *w, const struct actor *by, const char *name, bool is_private)
{
    struct team_draft draft = {.name = str_of(name), .is_private = is_private};
    struct team *team;
    assert_true(team_create(&w->tx, by, &draft, &team, &w->err));
    return team;
}

static struct room *channel_of(struct world *w, const struct actor *by, const struct team *team,
                               const char *name)
{
    struct room_draft draft = {.type = 'c', .name = str_of(name), .team_id = team->id};
    struct room *room;
    assert_true(room_create(&w->tx, by, &draft, &room, &w->err));
    return room;
}

static void a_team_comes_with_its_main_room(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    const struct str members[] = {eve.id, STR("bob"), STR("nobody")};
    struct team_draft draft = {
        .name = STR("core"), .is_private = true, .members = members, .member_count = 3};
    struct team *team;
    assert_true(team_create(&w->tx, &bob, &draft, &team, &w->err));

    struct rd *rd = &w->tx.rd;
    struct room *room = room_find(rd, team->room_id);
    assert_true(room->type == 'p' && room->team_main && str_is(room->name, "core"));
    assert_true(str_eq(room->team_id, team->id));
    assert_true(subscription_has_role(rd, room->id, bob.id, STR("owner")));
    assert_true(subscription_exists(rd, room->id, eve.id));
    assert_true(team_has_member(rd, team->id, bob.id) && team_has_member(rd, team->id, eve.id));
    assert_true(str_is(team_find_by_name(rd, STR("core"))->creator_username, "bob"));
}

static void names_of_teams_and_rooms_are_taken_once(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    make(w, &bob, "core", false);
    world_room(w, &bob, 'c', "ops");
    struct team *team;
    struct team_draft again = {.name = STR("core")}, room = {.name = STR("ops")};
    assert_refused(w, team_create(&w->tx, &bob, &again, &team, &w->err), "",
                   "team-name-already-exists");
    assert_refused(w, team_create(&w->tx, &bob, &room, &team, &w->err), "",
                   "room-name-already-exists");
}

static void a_room_can_become_the_main_room_of_a_team(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    struct team_draft draft = {.name = STR("ops"), .room_id = room->id};
    struct team *team;
    assert_refused(w, team_create(&w->tx, &eve, &draft, &team, &w->err), "", "unauthorized");
    assert_true(team_create(&w->tx, &bob, &draft, &team, &w->err));
    assert_true(room_find(&w->tx.rd, room->id)->team_main);
    assert_true(str_eq(team->room_id, room->id));
}

static void channels_of_a_private_team_are_for_its_members(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct actor admin = world_user(w, "root", "admin");
    struct team *team = make(w, &bob, "core", true);
    struct room *room = channel_of(w, &bob, team, "core-dev");
    struct rd *rd = &w->tx.rd;

    assert_true(room_visible(rd, bob.id, room));
    assert_false(room_visible(rd, eve.id, room));
    assert_false(room_visible(rd, admin.id, room));
    assert_refused(w, room_join(&w->tx, &eve, room, &w->err), "error-not-allowed", "Not allowed");

    team_add_member(&w->tx, team->id, eve.id);
    assert_true(room_visible(rd, eve.id, room) && room_join(&w->tx, &eve, room, &w->err));
    team_remove_member(&w->tx, team->id, eve.id);
    assert_true(room_visible(rd, eve.id, room)); /* whoever is in it stays in it */
}

static void channels_of_a_public_team_are_for_all(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct room *room = channel_of(w, &bob, make(w, &bob, "core", false), "core-dev");
    assert_true(room_visible(&w->tx.rd, eve.id, room));
}

static void the_main_room_decides_who_is_in_the_team(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct team *team = make(w, &bob, "core", false);
    struct room *room = room_find(&w->tx.rd, team->room_id);
    assert_true(room_join(&w->tx, &eve, room, &w->err));
    assert_true(team_has_member(&w->tx.rd, team->id, eve.id));
    assert_true(room_leave(&w->tx, &eve, room, &w->err));
    assert_false(team_has_member(&w->tx.rd, team->id, eve.id));
}

static void a_main_room_goes_with_its_team_only(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct team *team = make(w, &bob, "core", false);
    struct room *room = room_find(&w->tx.rd, team->room_id);
    assert_refused(w, room_delete(&w->tx, &bob, room, &w->err), "error-cannot-delete-team-channel",
                   "Cannot delete a team channel");
}

static void rooms_of_a_deleted_team_stay_unless_they_are_named(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct team *team = make(w, &bob, "core", true);
    struct room *kept = channel_of(w, &bob, team, "kept"),
                *gone = channel_of(w, &bob, team, "gone");
    struct room *foreign = world_room(w, &bob, 'c', "foreign");
    const struct str named[] = {gone->id, foreign->id, STR("none"), team->room_id};
    struct rd *rd = &w->tx.rd;

    assert_refused(w, team_delete(&w->tx, &eve, team, named, 4, &w->err), "error-unauthorized",
                   "User does not have the permissions required for this action");
    assert_true(team_delete(&w->tx, &bob, team, named, 4, &w->err));
    assert_null(team_find(rd, team->id));
    assert_null(room_find(rd, team->room_id));
    assert_null(room_find(rd, gone->id));
    assert_non_null(room_find(rd, foreign->id));
    assert_true(str_empty(room_find(rd, kept->id)->team_id));
    assert_true(room_visible(rd, eve.id, room_find(rd, kept->id)));
    assert_false(team_has_member(rd, team->id, bob.id));
    assert_false(rooms_sweep(&w->tx));
}

static void the_right_to_create_in_a_team_is_its_owners(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct team *team = make(w, &bob, "core", false);
    struct rd *rd = &w->tx.rd;
    assert_true(room_may_create(rd, &bob, 'c', team->id));
    assert_false(room_may_create(rd, &eve, 'c', team->id));
    assert_true(room_may_create(rd, &eve, 'c', STR("")) && room_may_create(rd, &eve, 'p', STR("")));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_team_comes_with_its_main_room),
        IN_A_WORLD(names_of_teams_and_rooms_are_taken_once),
        IN_A_WORLD(a_room_can_become_the_main_room_of_a_team),
        IN_A_WORLD(channels_of_a_private_team_are_for_its_members),
        IN_A_WORLD(channels_of_a_public_team_are_for_all),
        IN_A_WORLD(the_main_room_decides_who_is_in_the_team),
        IN_A_WORLD(a_main_room_goes_with_its_team_only),
        IN_A_WORLD(rooms_of_a_deleted_team_stay_unless_they_are_named),
        IN_A_WORLD(the_right_to_create_in_a_team_is_its_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
