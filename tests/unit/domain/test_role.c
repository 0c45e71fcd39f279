/* The rules of roles: who gives and takes which, making and deleting them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "domain/role.h"
#include "world.h"

#define NO_SUCH_USER                                                                               \
    "The required \"userId\" or \"username\" param provided does not match any users"
#define NOT_PERMITTED "User does not have the permissions required for this action"

static bool give(struct world *w, struct actor by, const char *username, const char *role_id,
                 struct str room_id)
{
    struct role_grant grant = {
        .username = str_of(username), .role_id = str_of(role_id), .room_id = room_id};
    struct role *role = NULL;
    bool ok = role_give(&w->tx, &by, &grant, &role, &w->err);
    assert_true(!ok || str_is(role->id, role_id));
    return ok;
}

static bool take(struct world *w, struct actor by, const char *username, const char *role_id,
                 struct str room_id)
{
    struct role_grant grant = {
        .username = str_of(username), .role_id = str_of(role_id), .room_id = room_id};
    struct role *role = NULL;
    bool ok = role_take(&w->tx, &by, &grant, &role, &w->err);
    assert_true(!ok || str_is(role->id, role_id));
    return ok;
}

static bool create(struct world *w, struct actor by, const char *name, const char *scope)
{
    struct role_draft draft = {
        .id = arena_fmt(&w->arena, "id-%s", name), .name = str_of(name), .scope = str_of(scope)};
    struct role *role;
    return role_create(&w->tx, &by, &draft, &role, &w->err);
}

/* --- giving --- */

static void an_administrator_gives_a_role_and_takes_it_again(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_true(give(w, root, "BOB", "bot", STR("")));
    assert_true(user_role_held(tx_rd(&w->tx), bob.id, STR("bot")));
    assert_true(take(w, root, "bob", "bot", STR("")));
    assert_false(user_role_held(tx_rd(&w->tx), bob.id, STR("bot")));
}

static void giving_is_refused_in_this_order(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    assert_refused(w, give(w, bob, " ", "", STR("")), "error-user-param-not-provided",
                   "The required \"userId\" or \"username\" param was not provided");
    assert_refused(w, give(w, bob, "eve", "", STR("")), "error-invalid-user", NO_SUCH_USER);
    assert_refused(w, give(w, bob, "bob", "", STR("")), "", "error-invalid-role-properties");
    assert_refused(w, give(w, bob, "bob", "king", STR("")), "Role not found",
                   "error-role-not-found");
    assert_refused(w, give(w, bob, "bob", "user", STR("")), "error-user-already-in-role",
                   "User already in role");
    assert_refused(w, give(w, bob, "bob", "admin", STR("")), "error-action-not-allowed",
                   "Accessing permissions is not allowed");
    permission_replace(&w->tx, PERM_ACCESS_PERMISSIONS, (struct str[]){STR("user")}, 1);
    assert_refused(w, give(w, bob, "bob", "admin", STR("")), "error-action-not-allowed",
                   "Assigning admin is not allowed");
    assert_true(str_is(w->err.details, "{\"method\":\"authorization:addUserToRole\","
                                       "\"action\":\"Assign_admin\"}"));
    assert_refused(w, give(w, bob, "bob", "bot", STR("nowhere")), "error-invalid-user",
                   "User is not part of given room");
}

static void a_role_for_a_room_is_held_there_alone(void **state)
{
    struct world *w = *state;
    struct rd *rd = tx_rd(&w->tx);
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    const struct room *room = world_room(w, &bob, 'c', "ops");
    assert_true(give(w, root, "bob", "moderator", room->id));
    assert_true(subscription_has_role(rd, room->id, bob.id, STR("moderator")));
    assert_false(user_role_held(rd, bob.id, STR("moderator")));
    assert_refused(w, give(w, root, "bob", "moderator", room->id), "error-user-already-in-role",
                   "User already in role");
    struct role_holder_list holders =
        role_holders_in_room(rd, STR("moderator"), room->id, 0, INT64_MAX);
    assert_int_equal(holders.total, 1);
    assert_true(str_eq(holders.user_ids[0], bob.id));
    assert_refused(w, take(w, root, "bob", "moderator", STR("")), "error-user-not-in-role",
                   "User is not in this role");
    assert_true(take(w, root, "bob", "moderator", room->id));
    assert_false(subscription_has_role(rd, room->id, bob.id, STR("moderator")));
}

static void a_role_for_rooms_given_without_a_room_holds_everywhere(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_true(give(w, root, "bob", "owner", STR("")));
    assert_true(access_allows(tx_rd(&w->tx), bob.id, PERM_ARCHIVE_ROOM, STR("any")));
    assert_true(take(w, root, "bob", "owner", STR("")));
}

/* --- taking --- */

static void taking_is_refused_in_this_order(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_refused(w, take(w, bob, "root", "admin", STR("")), "error-unauthorized", NOT_PERMITTED);
    assert_refused(w, take(w, root, "eve", "", STR("")), "", "error-invalid-role-properties");
    assert_refused(w, take(w, root, "eve", "king", STR("")), "error-invalid-user",
                   "There is no user with this username");
    assert_refused(w, take(w, root, "bob", "king", STR("")), "error-invalid-roleId",
                   "This role does not exist");
    assert_refused(w, take(w, root, "bob", "admin", STR("")), "error-user-not-in-role",
                   "User is not in this role");
    assert_refused(w, take(w, root, "root", "admin", STR("")), "error-admin-required",
                   "You need to have at least one admin");
}

static void an_administrator_may_go_when_another_stays(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    world_user(w, "second", "admin");
    assert_true(take(w, root, "root", "admin", STR("")));
    struct actor second = {.id = STR("id-second"), .username = STR("second")};
    assert_refused(w, take(w, second, "second", "admin", STR("")), "error-admin-required",
                   "You need to have at least one admin");
}

/* --- making and deleting --- */

static void a_role_of_ones_own_can_be_made_given_granted_and_deleted(void **state)
{
    struct world *w = *state;
    struct rd *rd = tx_rd(&w->tx);
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_true(create(w, root, "auditors", ""));
    permission_replace(&w->tx, PERM_VIEW_LOGS, (struct str[]){STR("admin"), STR("id-auditors")}, 2);
    assert_true(give(w, root, "bob", "id-auditors", STR("")));
    assert_true(access_allows_globally(rd, bob.id, PERM_VIEW_LOGS));
    assert_refused(w, role_delete(&w->tx, &root, STR("auditors"), &w->err), "error-role-in-use",
                   "Cannot delete role because it's in use");
    assert_true(take(w, root, "bob", "id-auditors", STR("")));
    assert_true(role_delete(&w->tx, &root, STR("auditors"), &w->err));
    assert_null(role_find(rd, STR("id-auditors")));
    assert_int_equal(permission_load(rd, PERM_VIEW_LOGS)->role_count, 1);
}

static void a_deleted_role_leaves_a_trace(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_true(create(w, root, "auditors", "Subscriptions"));
    w->tx.rd.now_ms++;
    assert_true(role_delete(&w->tx, &root, STR("id-auditors"), &w->err));
    struct role_trace_list traces = roles_deleted_since(tx_rd(&w->tx), w->tx.rd.now_ms);
    assert_int_equal(traces.count, 1);
    assert_true(str_is(traces.items[0].id, "id-auditors"));
    assert_int_equal(traces.items[0].deleted_at_ms, w->tx.rd.now_ms);
    assert_int_equal(roles_deleted_since(tx_rd(&w->tx), w->tx.rd.now_ms + 1).count, 0);
}

static void making_a_role_has_its_rules(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_refused(w, create(w, bob, "x", ""), "error-action-not-allowed",
                   "Accessing permissions is not allowed");
    assert_refused(w, create(w, root, " ", ""), "error-invalid-role-properties",
                   "The role properties are invalid.");
    assert_refused(w, create(w, root, "x", "World"), "error-invalid-role-properties",
                   "The role properties are invalid.");
    assert_refused(w, create(w, root, "admin", ""), "error-duplicate-role-names-not-allowed",
                   "Role name already exists");
    assert_true(create(w, root, "x", "Subscriptions"));
    assert_refused(w, create(w, root, "id-x", ""), "error-duplicate-role-names-not-allowed",
                   "Role name already exists");
}

static void deleting_a_role_has_its_rules(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_refused(w, role_delete(&w->tx, &bob, STR("bot"), &w->err), "error-unauthorized",
                   NOT_PERMITTED);
    assert_refused(w, role_delete(&w->tx, &root, STR("king"), &w->err), "error-invalid-roleId",
                   "This role does not exist");
    assert_refused(w, role_delete(&w->tx, &root, STR("bot"), &w->err), "error-role-protected",
                   "Cannot delete a protected role");
}

static void there_is_an_end_to_roles(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    for (size_t n = default_role_count; n < ROLES_MAX; n++)
        assert_true(create(w, root, arena_fmt(&w->arena, "role%zu", n).ptr, ""));
    assert_refused(w, create(w, root, "one-more", ""), "error-too-many-roles",
                   "A server can have 256 roles at most");
    assert_int_equal(roles_all(tx_rd(&w->tx)).count, ROLES_MAX);
}

static void holders_of_described_roles_are_listed_once_and_by_name(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    world_user(w, "bob", "user");
    world_user(w, "ann", "livechat-agent");
    assert_true(give(w, root, "ann", "livechat-manager", STR("")));
    struct role_holder_list holders = role_holders_described(tx_rd(&w->tx));
    assert_int_equal(holders.count, 2);
    assert_true(str_is(holders.user_ids[0], "id-ann"));
    assert_true(str_is(holders.user_ids[1], "id-root"));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(an_administrator_gives_a_role_and_takes_it_again),
        IN_A_WORLD(giving_is_refused_in_this_order),
        IN_A_WORLD(a_role_for_a_room_is_held_there_alone),
        IN_A_WORLD(a_role_for_rooms_given_without_a_room_holds_everywhere),
        IN_A_WORLD(taking_is_refused_in_this_order),
        IN_A_WORLD(an_administrator_may_go_when_another_stays),
        IN_A_WORLD(a_role_of_ones_own_can_be_made_given_granted_and_deleted),
        IN_A_WORLD(a_deleted_role_leaves_a_trace),
        IN_A_WORLD(making_a_role_has_its_rules),
        IN_A_WORLD(deleting_a_role_has_its_rules),
        IN_A_WORLD(there_is_an_end_to_roles),
        IN_A_WORLD(holders_of_described_roles_are_listed_once_and_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
