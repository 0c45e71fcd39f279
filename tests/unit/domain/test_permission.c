/* Who may do what, and changing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "domain/permission.h"
#include "world.h"

static bool may(struct world *w, struct actor who, enum perm perm)
{
    return access_allows_globally(tx_rd(&w->tx), who.id, perm);
}

static bool change(struct world *w, const struct actor *by, const char *id, const char *role)
{
    struct str roles[] = {str_of(role)};
    struct permission_change c = {
        .id = str_of(id), .roles = roles, .role_count = *role == '\0' ? 0 : 1};
    return permissions_change(&w->tx, by, &c, 1, &w->err);
}

static void rights_come_from_the_roles_a_user_has(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_true(may(w, root, PERM_MANAGE_INCOMING_INTEGRATIONS));
    assert_false(may(w, bob, PERM_MANAGE_INCOMING_INTEGRATIONS));
    assert_true(may(w, bob, PERM_CREATE_C));
    assert_false(may(w, root, PERM_ADD_USER_TO_ANY_P_ROOM));
    assert_false(may(w, root, PERM_NONE));
    struct actor nobody = {.id = STR("")};
    assert_false(may(w, nobody, PERM_CREATE_C));
}

static void a_role_in_a_room_counts_there_and_nowhere_else(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    const struct room *own = world_room(w, &bob, 'c', "own");
    struct rd *rd = tx_rd(&w->tx);
    assert_true(access_allows(rd, bob.id, PERM_ARCHIVE_ROOM, own->id));
    assert_false(access_allows(rd, bob.id, PERM_ARCHIVE_ROOM, STR("elsewhere")));
    assert_false(access_allows(rd, bob.id, PERM_ARCHIVE_ROOM, STR("")));
}

static void a_new_list_replaces_the_old_one_at_once(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_true(change(w, &root, "manage-incoming-integrations", "user"));
    assert_true(may(w, bob, PERM_MANAGE_INCOMING_INTEGRATIONS));
    assert_false(may(w, root, PERM_MANAGE_INCOMING_INTEGRATIONS));
    assert_true(change(w, &root, "manage-incoming-integrations", ""));
    assert_false(may(w, bob, PERM_MANAGE_INCOMING_INTEGRATIONS));
}

static void the_order_of_a_list_is_kept(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    struct str roles[] = {STR("user"), STR("admin"), STR("bot")};
    struct permission_change c = {.id = STR("create-team"), .roles = roles, .role_count = 3};
    w->tx.rd.now_ms += 5;
    assert_true(permissions_change(&w->tx, &root, &c, 1, &w->err));
    const struct permission *p = permission_load(tx_rd(&w->tx), PERM_CREATE_TEAM);
    assert_int_equal(p->role_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(str_eq(p->roles[i], roles[i]));
    assert_int_equal(p->updated_at_ms, w->tx.rd.now_ms);
}

static void one_can_lock_everybody_out(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_true(change(w, &root, "access-permissions", ""));
    assert_refused(w, change(w, &root, "access-permissions", "admin"), "error-unauthorized",
                   "User does not have the permissions required for this action");
    assert_int_equal(w->err.status, 403);
}

static void who_may_not_change_permissions_is_refused(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    assert_refused(w, change(w, &bob, "create-c", "user"), "error-unauthorized",
                   "User does not have the permissions required for this action");
}

static void unknown_names_are_refused(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    assert_refused(w, change(w, &root, "no-such-permission", "no-such-role"),
                   "error-invalid-permission", "Invalid permission");
    assert_refused(w, change(w, &root, "create-c", "no-such-role"), "error-invalid-role",
                   "Invalid role");
    assert_false(w->err.suffix);
}

static void one_bad_entry_spoils_the_whole_change(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    struct str roles[] = {STR("admin")}, unknown[] = {STR("nobody")};
    struct permission_change c[] = {
        {.id = STR("create-c"), .roles = roles, .role_count = 1},
        {.id = STR("create-p"), .roles = unknown, .role_count = 1},
    };
    assert_refused(w, permissions_change(&w->tx, &root, c, 2, &w->err), "error-invalid-role",
                   "Invalid role");
    assert_true(may(w, bob, PERM_CREATE_C));
    c[1].id = STR("create-c");
    assert_refused(w, permissions_change(&w->tx, &root, c, 2, &w->err), "error-invalid-permission",
                   "Invalid permission");
    assert_true(may(w, bob, PERM_CREATE_C));
}

static void seeding_again_keeps_what_was_changed_and_adds_what_is_missing(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin"), bob = world_user(w, "bob", "user");
    assert_true(change(w, &root, "create-c", "admin"));
    db_exec(w->db, "DELETE FROM permissions WHERE id = 'create-d';"
                   "DELETE FROM permission_roles WHERE permission_id = 'create-d'");
    assert_false(may(w, bob, PERM_CREATE_D));
    permissions_seed(&w->tx);
    assert_false(may(w, bob, PERM_CREATE_C));
    assert_true(may(w, bob, PERM_CREATE_D));
}

static void a_list_since_a_moment_holds_what_changed_after_it(void **state)
{
    struct world *w = *state;
    struct actor root = world_user(w, "root", "admin");
    int64_t before_ms = w->tx.rd.now_ms++;
    assert_true(change(w, &root, "create-c", "admin"));
    struct permission_list list;
    permissions_load(tx_rd(&w->tx), before_ms, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0]->perm, PERM_CREATE_C);
    permissions_load(tx_rd(&w->tx), INT64_MIN, &list);
    assert_int_equal(list.count, PERM_COUNT - 1);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(rights_come_from_the_roles_a_user_has),
        IN_A_WORLD(a_role_in_a_room_counts_there_and_nowhere_else),
        IN_A_WORLD(a_new_list_replaces_the_old_one_at_once),
        IN_A_WORLD(the_order_of_a_list_is_kept),
        IN_A_WORLD(one_can_lock_everybody_out),
        IN_A_WORLD(who_may_not_change_permissions_is_refused),
        IN_A_WORLD(unknown_names_are_refused),
        IN_A_WORLD(one_bad_entry_spoils_the_whole_change),
        IN_A_WORLD(seeding_again_keeps_what_was_changed_and_adds_what_is_missing),
        IN_A_WORLD(a_list_since_a_moment_holds_what_changed_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
