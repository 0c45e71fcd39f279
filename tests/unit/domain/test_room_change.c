/* The rules of what changes in a room: roles in it, its name, its kind, its code, its texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/integration.h"
#include "domain/message.h"
#include "domain/team.h"
#include "world.h"

static const struct role_words {
    enum room_role role;
    const char *already, *already_text, *lacking, *lacking_text;
} roles[] = {
    {ROOM_OWNER, "error-user-already-owner", "User is already an owner", "error-user-not-owner",
     "User is not an owner"},
    {ROOM_MODERATOR, "error-user-already-moderator", "User is already a moderator",
     "error-user-not-moderator", "User is not a moderator"},
    {ROOM_LEADER, "error-user-already-leader", "User is already a leader", "error-user-not-leader",
     "User is not a leader"},
};
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

static struct user *account(struct world *w, struct actor who)
{
    return user_find(&w->tx.rd, who.id);
}

static struct message *newest(struct world *w, const struct room *room)
{
    struct message_filter filter = {.room_seq = room->seq};
    struct message_list list = messages_page(&w->tx.rd, &filter, 0, 1);
    return list.count > 0 ? list.items[0] : NULL;
}

static void assert_told(struct world *w, const struct room *room, const char *type,
                        const char *text)
{
    const struct message *m = newest(w, room);
    assert_non_null(m);
    assert_true(str_is(m->type, type));
    assert_true(str_is(message_text(m), text));
}

/* bob's room with joe in it, eve beside it. */
struct scene {
    struct actor bob, joe, eve;
    struct room *room;
};

static struct scene scene_of(struct world *w, char type)
{
    struct scene s = {.bob = world_user(w, "bob", "user"),
                      .joe = world_user(w, "joe", "user"),
                      .eve = world_user(w, "eve", "user")};
    s.room = world_room(w, &s.bob, type, "ops");
    struct user *joe = account(w, s.joe);
    assert_true(room_invite(&w->tx, &s.bob, s.room, &joe, 1, &w->err));
    return s;
}

/* --- roles --- */

static void a_role_is_given_once_and_taken_once(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    for (size_t i = 0; i < ROLES; i++) {
        const struct role_words *r = &roles[i];
        struct user *joe = account(w, s.joe);
        assert_refused(w, room_remove_role(&w->tx, &s.bob, s.room, joe, r->role, &w->err),
                       r->lacking, r->lacking_text);
        assert_true(room_add_role(&w->tx, &s.bob, s.room, joe, r->role, &w->err));
        assert_told(w, s.room, "subscription-role-added", "joe");
        struct str told = json_get_str(newest(w, s.room)->doc, "role");
        assert_true(str_eq(told, room_role_id(r->role)));
        assert_refused(w, room_add_role(&w->tx, &s.bob, s.room, joe, r->role, &w->err), r->already,
                       r->already_text);
        assert_true(room_remove_role(&w->tx, &s.bob, s.room, joe, r->role, &w->err));
        assert_told(w, s.room, "subscription-role-removed", "joe");
        assert_false(subscription_has_role(&w->tx.rd, s.room->id, s.joe.id, room_role_id(r->role)));
    }
}

static void roles_are_for_members_and_from_those_who_may(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'p');
    for (size_t i = 0; i < ROLES; i++) {
        enum room_role role = roles[i].role;
        struct user *eve = account(w, s.eve);
        assert_refused(w, room_add_role(&w->tx, &s.bob, s.room, eve, role, &w->err),
                       "error-user-not-in-room", "User is not in this room");
        assert_refused(w, room_remove_role(&w->tx, &s.bob, s.room, eve, role, &w->err),
                       "error-invalid-room", "Invalid room");
        assert_refused(w, room_add_role(&w->tx, &s.joe, s.room, account(w, s.joe), role, &w->err),
                       "error-not-allowed", "Not allowed");
        assert_refused(w,
                       room_remove_role(&w->tx, &s.joe, s.room, account(w, s.bob), role, &w->err),
                       "error-not-allowed", "Not allowed");
    }
}

static void the_last_owner_stays_owner(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    struct user *bob = account(w, s.bob), *joe = account(w, s.joe);
    assert_refused(w, room_remove_role(&w->tx, &s.bob, s.room, bob, ROOM_OWNER, &w->err),
                   "error-remove-last-owner",
                   "This is the last owner. Please set a new owner before removing this one.");
    assert_true(room_add_role(&w->tx, &s.bob, s.room, joe, ROOM_OWNER, &w->err));
    assert_true(room_remove_role(&w->tx, &s.bob, s.room, bob, ROOM_OWNER, &w->err));
    assert_false(room_set_topic(&w->tx, &s.bob, s.room, STR("x"), &w->err));
    assert_true(room_set_topic(&w->tx, &s.joe, s.room, STR("x"), &w->err));
}

static void who_has_a_role_is_listed_with_all_he_has(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    struct user *joe = account(w, s.joe);
    assert_true(room_add_role(&w->tx, &s.bob, s.room, joe, ROOM_LEADER, &w->err));
    assert_true(room_add_role(&w->tx, &s.bob, s.room, joe, ROOM_MODERATOR, &w->err));
    struct subscription_list list = subscriptions_with_roles(&w->tx.rd, s.room->id);
    assert_int_equal(list.count, 2);
    assert_true(str_is(list.items[0]->username, "bob"));
    assert_int_equal(list.items[0]->role_count, 1);
    assert_true(str_is(list.items[1]->username, "joe"));
    assert_int_equal(list.items[1]->role_count, 2);
}

/* --- the name --- */

static struct integration *hook(struct world *w, const char *id, const char *channel,
                                const char *other)
{
    struct integration *in = ARENA_NEW(&w->arena, struct integration);
    *in = (struct integration){.id = str_of(id), .type = type_incoming, .name = str_of(id)};
    in->channel = (struct text_list){.items = ARENA_ARRAY(&w->arena, struct str, 2), .count = 2};
    in->channel.items[0] = str_of(channel);
    in->channel.items[1] = str_of(other);
    integration_mark(in, INTEGRATION_ID);
    integration_mark(in, INTEGRATION_TYPE);
    integration_mark(in, INTEGRATION_NAME);
    integration_mark(in, INTEGRATION_CHANNEL);
    integration_insert(&w->tx, in);
    return in;
}

static bool has_channels(struct world *w, const char *id, const char *channel, const char *other)
{
    const struct integration *in = integration_find(&w->tx.rd, str_of(id));
    return in->channel.count == 2 && str_is(in->channel.items[0], channel) &&
           str_is(in->channel.items[1], other);
}

static void integrations_follow_a_room_that_is_renamed(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    hook(w, "h1", "#ops", "@ops");
    hook(w, "h2", "#ops2", "#ops");
    hook(w, "#ops", "#other", "ops");
    assert_true(room_rename(&w->tx, &s.bob, s.room, STR(" dev "), &w->err));
    assert_told(w, s.room, "r", "dev");
    assert_true(str_is(room_find(&w->tx.rd, s.room->id)->name, "dev"));
    assert_true(has_channels(w, "h1", "#dev", "@ops"));
    assert_true(has_channels(w, "h2", "#ops2", "#dev"));
    assert_true(has_channels(w, "#ops", "#other", "ops"));
}

static void a_new_name_is_checked_as_the_first_was(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    world_room(w, &s.bob, 'p', "taken");
    assert_refused(w, room_rename(&w->tx, &s.bob, s.room, STR("taken"), &w->err),
                   "error-duplicate-channel-name", "A channel with name 'taken' exists");
    assert_refused(w, room_rename(&w->tx, &s.bob, s.room, STR("two words"), &w->err),
                   "error-invalid-room-name", "two words is not a valid room name.");
    assert_refused(w, room_rename(&w->tx, &s.joe, s.room, STR("dev"), &w->err),
                   "error-action-not-allowed", "Editing room is not allowed");
    assert_true(room_rename(&w->tx, &s.bob, s.room, STR("ops"), &w->err));
    assert_told(w, s.room, "au", "joe");
}

static void a_team_is_called_as_its_main_room(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct team_draft drafts[] = {{.name = STR("blue")}, {.name = STR("red")}};
    struct team *team, *other;
    assert_true(team_create(&w->tx, &bob, &drafts[0], &team, &w->err));
    assert_true(team_create(&w->tx, &bob, &drafts[1], &other, &w->err));
    struct room *room = room_find(&w->tx.rd, team->room_id);
    assert_true(room_rename(&w->tx, &bob, room, STR("green"), &w->err));
    assert_non_null(team_find_by_name(&w->tx.rd, STR("green")));
    assert_null(team_find_by_name(&w->tx.rd, STR("blue")));
}

/* --- the kind, the flags, the texts --- */

static void a_room_changes_its_kind_for_who_may_make_one_of_that(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    assert_true(room_visible(&w->tx.rd, s.eve.id, s.room));
    assert_true(room_set_type(&w->tx, &s.bob, s.room, 'p', &w->err));
    assert_told(w, s.room, "room_changed_privacy", "private");
    assert_false(room_visible(&w->tx.rd, s.eve.id, room_find(&w->tx.rd, s.room->id)));
    assert_true(room_set_type(&w->tx, &s.bob, s.room, 'c', &w->err));
    assert_told(w, s.room, "room_changed_privacy", "public");

    struct actor guest = world_user(w, "guest", "guest");
    struct user *user = account(w, guest);
    assert_true(room_invite(&w->tx, &s.bob, s.room, &user, 1, &w->err));
    assert_true(room_add_role(&w->tx, &s.bob, s.room, user, ROOM_OWNER, &w->err));
    assert_refused(w, room_set_type(&w->tx, &guest, s.room, 'p', &w->err),
                   "error-action-not-allowed",
                   "Changing a public channel to a private room is not allowed");
}

static void a_default_room_is_made_by_administrators(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    struct actor root = world_user(w, "root", "admin");
    assert_refused(w, room_set_default(&w->tx, &s.bob, s.room, true, &w->err),
                   "error-action-not-allowed", "Viewing room administration is not allowed");
    assert_true(room_set_default(&w->tx, &root, s.room, true, &w->err));
    assert_int_equal(rooms_default(&w->tx.rd, 10).count, 1);
}

static void read_only_and_texts_are_told(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'p');
    assert_true(room_set_read_only(&w->tx, &s.bob, s.room, true, &w->err));
    assert_told(w, s.room, "room-set-read-only", "");
    assert_true(room_set_read_only(&w->tx, &s.bob, s.room, false, &w->err));
    assert_told(w, s.room, "room-removed-read-only", "");
    static const char *const types[ROOM_TEXTS] = {"room_changed_topic", "room_changed_description",
                                                  "room_changed_announcement"};
    for (size_t i = 0; i < ROOM_TEXTS; i++) {
        enum room_text which = (enum room_text)i;
        assert_true(room_set_text(&w->tx, &s.bob, s.room, which, STR("new"), &w->err));
        assert_told(w, s.room, types[i], "new");
        assert_true(str_is(room_text(room_find(&w->tx.rd, s.room->id), which), "new"));
        assert_refused(w, room_set_text(&w->tx, &s.joe, s.room, which, STR("x"), &w->err),
                       "error-action-not-allowed", "Editing room is not allowed");
    }
}

static void encryption_is_a_flag_that_a_setting_allows(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'p');
    assert_refused(w, room_set_encrypted(&w->tx, &s.bob, s.room, true, &w->err),
                   "error-action-not-allowed",
                   "Only groups or direct channels can enable encryption");
    assert_false(s.room->encrypted);
}

/* --- the join code --- */

static void a_join_code_is_asked_of_strangers(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    struct actor root = world_user(w, "root", "admin");
    assert_true(room_set_join_code(&w->tx, &s.bob, s.room, STR("sesame"), &w->err));
    struct room *room = room_find(&w->tx.rd, s.room->id);
    assert_refused(w, room_join(&w->tx, &s.eve, room, &w->err), "error-code-required",
                   "Code required");
    assert_refused(w, room_join_with(&w->tx, &s.eve, room, STR("x"), &w->err), "error-code-invalid",
                   "Invalid code");
    assert_true(room_join(&w->tx, &s.joe, room, &w->err));
    assert_true(room_join(&w->tx, &root, room, &w->err));
    assert_true(room_join_with(&w->tx, &s.eve, room, STR("sesame"), &w->err));
    assert_true(subscription_exists(&w->tx.rd, room->id, s.eve.id));
}

static void the_join_code_is_kept_and_not_shown(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    assert_true(room_set_join_code(&w->tx, &s.bob, s.room, STR("sesame"), &w->err));
    struct room *room = room_find(&w->tx.rd, s.room->id);
    room_complete(&w->tx.rd, room);
    BUF(out, 4096);
    room_put(&out, room);
    assert_true(str_find(buf_str(&out), STR("sesame")) == SIZE_MAX);
    assert_true(str_find(buf_str(&out), STR("\"joinCodeRequired\":true")) != SIZE_MAX);
    assert_true(room_set_join_code(&w->tx, &s.bob, room, STR(" "), &w->err));
    assert_true(room_join(&w->tx, &s.eve, room_find(&w->tx.rd, room->id), &w->err));
}

/* --- everybody --- */

static void everybody_is_added_by_administrators_and_up_to_a_number(void **state)
{
    struct world *w = *state;
    struct scene s = scene_of(w, 'c');
    struct actor root = world_user(w, "root", "admin");
    assert_refused(w, room_add_all(&w->tx, &s.bob, s.room, false, &w->err), "error-not-allowed",
                   "Not allowed");
    assert_true(room_add_all(&w->tx, &root, s.room, false, &w->err));
    struct member_filter filter = {.room_id = s.room->id};
    assert_int_equal(members_total(&w->tx.rd, &filter), 4);
    for (int i = 4; i <= ROOM_USERS_AT_ONCE; i++)
        world_user(w, arena_fmt(&w->arena, "u%d", i).ptr, "user");
    assert_refused(w, room_add_all(&w->tx, &root, s.room, false, &w->err),
                   "error-user-limit-exceeded", "User count exceeds limit");
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_role_is_given_once_and_taken_once),
        IN_A_WORLD(roles_are_for_members_and_from_those_who_may),
        IN_A_WORLD(the_last_owner_stays_owner),
        IN_A_WORLD(who_has_a_role_is_listed_with_all_he_has),
        IN_A_WORLD(integrations_follow_a_room_that_is_renamed),
        IN_A_WORLD(a_new_name_is_checked_as_the_first_was),
        IN_A_WORLD(a_team_is_called_as_its_main_room),
        IN_A_WORLD(a_room_changes_its_kind_for_who_may_make_one_of_that),
        IN_A_WORLD(a_default_room_is_made_by_administrators),
        IN_A_WORLD(read_only_and_texts_are_told),
        IN_A_WORLD(encryption_is_a_flag_that_a_setting_allows),
        IN_A_WORLD(a_join_code_is_asked_of_strangers),
        IN_A_WORLD(the_join_code_is_kept_and_not_shown),
        IN_A_WORLD(everybody_is_added_by_administrators_and_up_to_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
