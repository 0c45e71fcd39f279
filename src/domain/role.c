/* What may be done with roles, and what must be true before. Runs in commands. */
#include "domain/role.h"

#include "domain/fault.h"
#include "store/subscription.h"
#include "store/user.h"

enum { NAME_MAX_BYTES = 256, DESCRIPTION_MAX_BYTES = 4096 };

#define GIVE_METHOD          "authorization:addUserToRole"
#define DETAILS_GIVE(action) STR("{\"method\":\"" GIVE_METHOD "\",\"action\":\"" action "\"}")

/* A role of scope Subscriptions that is given without a room is held everywhere, like the others.
 */
static bool held_in_room(const struct role *role, const struct role_grant *grant)
{
    return str_is(role->scope, "Subscriptions") && !str_empty(grant->room_id);
}

static bool holds(struct rd *rd, const struct user *user, const struct role *role,
                  const struct role_grant *grant)
{
    return user_role_held(rd, user->id, role->id) ||
           (held_in_room(role, grant) &&
            subscription_has_role(rd, grant->room_id, user->id, role->id));
}

/* --- giving --- */

static bool may_give(struct rd *rd, const struct actor *by, const struct role *role,
                     struct err *err)
{
    if (!access_allows_globally(rd, by->id, PERM_ACCESS_PERMISSIONS))
        return fault_with(err, DETAILS_GIVE("Accessing_permissions"), "error-action-not-allowed",
                          "Accessing permissions is not allowed");
    if (str_is(role->id, "admin") && !access_allows_globally(rd, by->id, PERM_ASSIGN_ADMIN_ROLE))
        return fault_with(err, DETAILS_GIVE("Assign_admin"), "error-action-not-allowed",
                          "Assigning admin is not allowed");
    return true;
}

static struct user *receiver(struct rd *rd, const struct role_grant *grant, struct err *err)
{
    if (str_blank(grant->username)) {
        fault(err, "error-user-param-not-provided",
              "The required \"userId\" or \"username\" param was not provided");
        return NULL;
    }
    struct user *user = user_find_by_username_nocase(rd, grant->username);
    if (user == NULL)
        fault(err, "error-invalid-user",
              "The required \"userId\" or \"username\" param provided does not match any users");
    return user;
}

bool role_give(struct tx *tx, const struct actor *by, const struct role_grant *grant,
               struct role **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct user *user = receiver(rd, grant, err);
    if (user == NULL)
        return false;
    if (str_empty(grant->role_id))
        return refuse(err, "error-invalid-role-properties");
    struct role *role = role_find(rd, grant->role_id);
    if (role == NULL) /* text and type have changed places here, and clients expect it so */
        return refuse_typed(err, "Role not found", "error-role-not-found");
    if (holds(rd, user, role, grant))
        return fault(err, "error-user-already-in-role", "User already in role");
    if (!may_give(rd, by, role, err))
        return false;
    if (!str_empty(grant->room_id) && !subscription_exists(rd, grant->room_id, user->id))
        return fault_with(err, DETAILS_METHOD(GIVE_METHOD), "error-invalid-user",
                          "User is not part of given room");
    if (held_in_room(role, grant))
        subscription_add_role(tx, grant->room_id, user->id, role->id);
    else
        user_add_role(tx, user->id, role->id);
    *out = role;
    return true;
}

/* --- taking --- */

static bool is_last_admin(struct rd *rd, const struct role *role)
{
    const struct user_filter admins = {.role_id = role->id};
    return str_is(role->id, "admin") && users_count(rd, &admins) <= 1;
}

bool role_take(struct tx *tx, const struct actor *by, const struct role_grant *grant,
               struct role **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!access_allows_globally(rd, by->id, PERM_ACCESS_PERMISSIONS))
        return refuse_permission(err);
    if (str_empty(grant->role_id))
        return refuse(err, "error-invalid-role-properties");
    const struct user *user = user_find_by_username_nocase(rd, grant->username);
    if (user == NULL)
        return fault(err, "error-invalid-user", "There is no user with this username");
    struct role *role = role_find(rd, grant->role_id);
    if (role == NULL)
        return fault(err, "error-invalid-roleId", "This role does not exist");
    if (!holds(rd, user, role, grant))
        return fault(err, "error-user-not-in-role", "User is not in this role");
    if (is_last_admin(rd, role))
        return fault(err, "error-admin-required", "You need to have at least one admin");
    if (held_in_room(role, grant))
        role_take_in_room(tx, role->id, grant->room_id, user->id);
    else
        user_remove_role(tx, user->id, role->id);
    *out = role;
    return true;
}

/* --- making and deleting --- */

static bool draft_valid(const struct role_draft *draft)
{
    bool scope_known = str_empty(draft->scope) || str_is(draft->scope, "Users") ||
                       str_is(draft->scope, "Subscriptions");
    return scope_known && !str_blank(draft->name) && draft->name.len <= NAME_MAX_BYTES &&
           draft->description.len <= DESCRIPTION_MAX_BYTES;
}

static bool name_taken(struct rd *rd, struct str name)
{
    return role_find(rd, name) != NULL || role_find_by_name(rd, name) != NULL;
}

bool role_create(struct tx *tx, const struct actor *by, const struct role_draft *draft,
                 struct role **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!access_allows_globally(rd, by->id, PERM_ACCESS_PERMISSIONS))
        return fault(err, "error-action-not-allowed", "Accessing permissions is not allowed");
    if (!draft_valid(draft))
        return fault(err, "error-invalid-role-properties", "The role properties are invalid.");
    if (name_taken(rd, draft->name))
        return fault(err, "error-duplicate-role-names-not-allowed", "Role name already exists");
    if (roles_all(rd).count >= ROLES_MAX)
        return fault(err, "error-too-many-roles", "A server can have %d roles at most", ROLES_MAX);
    struct role *role = ARENA_NEW(rd->arena, struct role);
    *role = (struct role){.id = draft->id,
                          .name = draft->name,
                          .scope = str_empty(draft->scope) ? STR("Users") : draft->scope,
                          .description = draft->description,
                          .mandatory_2fa = draft->mandatory_2fa,
                          .updated_at_ms = rd->now_ms};
    role_insert(tx, role);
    *out = role;
    return true;
}

bool role_delete(struct tx *tx, const struct actor *by, struct str id_or_name, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!access_allows_globally(rd, by->id, PERM_ACCESS_PERMISSIONS))
        return refuse_permission(err);
    const struct role *role = role_find(rd, id_or_name);
    if (role == NULL)
        role = role_find_by_name(rd, id_or_name);
    if (role == NULL)
        return fault(err, "error-invalid-roleId", "This role does not exist");
    if (role->fixed)
        return fault(err, "error-role-protected", "Cannot delete a protected role");
    if (role_in_use(rd, role->id))
        return fault(err, "error-role-in-use", "Cannot delete role because it's in use");
    role_erase(tx, role->id);
    return true;
}
