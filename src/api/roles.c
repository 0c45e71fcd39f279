/* roles.*: which roles there are, who holds them, and changing both. Questions run on a reader,
 * changes are commands. */
#include "api/api.h"
#include "api/endpoint.h"
#include "api/schemas.h"
#include "base/clock.h"
#include "base/id.h"
#include "domain/fault.h"
#include "domain/role.h"
#include "store/user.h"

static bool answer_role(struct call *call, const struct role *role, enum role_view view)
{
    struct json_out o = call_members(call);
    json_key(&o, "role");
    role_put(&call->out, role, view);
    return true;
}

/* --- lists --- */

/* The roles that changed at that moment or after it, as an array. */
static void put_roles(struct rd *rd, struct buf *out, int64_t since_ms, enum role_view view)
{
    struct role_list roles = roles_all(rd);
    struct json_out items = json_begin(out, '[');
    for (size_t i = 0; i < roles.count; i++) {
        if (roles.items[i].updated_at_ms < since_ms)
            continue;
        json_item(&items);
        role_put(out, &roles.items[i], view);
    }
    json_end(&items);
}

static bool list(struct rd *rd, struct call *call, struct err *err)
{
    (void)err;
    struct json_out o = call_members(call);
    json_key(&o, "roles");
    put_roles(rd, &call->out, INT64_MIN, ROLE_LISTED);
    return true;
}

static void put_deleted(struct rd *rd, struct buf *out, int64_t since_ms)
{
    struct role_trace_list traces = roles_deleted_since(rd, since_ms);
    struct json_out items = json_begin(out, '[');
    for (size_t i = 0; i < traces.count; i++) {
        json_item(&items);
        struct json_out o = json_begin(out, '{');
        json_member_str(&o, "_id", traces.items[i].id);
        json_member_time(&o, "_deletedAt", traces.items[i].deleted_at_ms);
        json_end(&o);
    }
    json_end(&items);
}

/* What changed since a moment; everything that is there when none is given. */
static bool sync_list(struct rd *rd, struct call *call, struct err *err)
{
    struct str since = call_param(call, "updatedSince");
    int64_t since_ms = INT64_MIN;
    if (!str_empty(since) && !clock_parse_iso(since, &since_ms))
        return fault(err, "error-invalid-param", "updatedSince must be a valid date string");
    struct json_out o = call_members(call);
    json_key(&o, "roles");
    struct json_out roles = json_begin(&call->out, '{');
    json_key(&roles, "update");
    put_roles(rd, &call->out, since_ms, ROLE_CHANGED);
    json_key(&roles, "remove");
    put_deleted(rd, &call->out, str_empty(since) ? INT64_MAX : since_ms);
    json_end(&roles);
    return true;
}

/* --- giving and taking --- */

/* `room` is the name of the parameter that says in which room. */
static struct role_grant read_grant(const struct call *call, const char *room)
{
    return (struct role_grant){.username = call_param(call, "username"),
                               .role_id = call_param(call, "roleId"),
                               .room_id = call_param(call, room)};
}

/* For the audit log: who got or lost what. */
static void note_target(struct call *call, const struct role_grant *grant)
{
    call->audit_target =
        arena_fmt(call->arena, "%.*s:%.*s", STR_FMT(grant->username), STR_FMT(grant->role_id));
}

static bool add_user(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct role_grant grant = read_grant(call, "roomId");
    struct role *role;
    note_target(call, &grant);
    return role_give(tx, &by, &grant, &role, err) && answer_role(call, role, ROLE_CHANGED);
}

static bool remove_user(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct role_grant grant = read_grant(call, "scope");
    struct role *role;
    note_target(call, &grant);
    return role_take(tx, &by, &grant, &role, err) && answer_role(call, role, ROLE_CHANGED);
}

/* --- holders --- */

/* A page of users, and how many there are in all. */
static struct user_list holders(struct rd *rd, const struct role *role, struct str room_id,
                                struct page page)
{
    if (str_empty(room_id) || !str_is(role->scope, "Subscriptions")) {
        const struct user_filter filter = {.role_id = role->id};
        return users_list(rd, &filter, STR("u.username_key ASC"), page.offset, page.count);
    }
    struct role_holder_list ids =
        role_holders_in_room(rd, role->id, room_id, page.offset, page.count);
    struct user_list list = {.items = ARENA_ARRAY(rd->arena, struct user *, ids.count),
                             .total = ids.total};
    for (size_t i = 0; i < ids.count; i++) {
        struct user *user = user_find(rd, ids.user_ids[i]);
        if (user != NULL)
            list.items[list.count++] = user;
    }
    return list;
}

static void put_holders(struct call *call, const struct user_list *users)
{
    struct json_out o = call_members(call);
    json_key(&o, "users");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < users->count; i++) {
        json_item(&items);
        user_put(&call->out, users->items[i], USER_VIEW_IN_ROLE);
    }
    json_end(&items);
    json_member_i64(&o, "total", users->total);
}

static bool get_users(struct rd *rd, struct call *call, struct err *err)
{
    struct str asked = call_param(call, "role"), room_id = call_param(call, "roomId");
    if (str_empty(asked))
        return fault(err, "error-param-not-provided", "Query param \"role\" is required");
    if (!str_empty(room_id) &&
        !access_allows_globally(rd, call->user_id, PERM_VIEW_OTHER_USER_CHANNELS))
        return fault(err, "error-not-allowed", "Not allowed");
    const struct role *role = role_find(rd, asked);
    if (role == NULL)
        role = role_find_by_name(rd, asked);
    if (role == NULL)
        return fault(err, "error-invalid-roleId", "%s", "");
    struct user_list users = holders(rd, role, room_id, call_page(call));
    put_holders(call, &users);
    return true;
}

static void put_with_roles(struct buf *out, const struct user *user)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", user->id);
    json_member_str(&o, "username", user->username);
    json_key(&o, "roles");
    struct json_out roles = json_begin(out, '[');
    for (size_t i = 0; i < user->role_count; i++) {
        json_item(&roles);
        json_put_string(out, user->roles[i]);
    }
    json_end(&roles);
    json_end(&o);
}

/* Who holds a role that clients show beside his name. */
static bool get_users_in_public_roles(struct rd *rd, struct call *call, struct err *err)
{
    (void)err;
    struct role_holder_list ids = role_holders_described(rd);
    struct json_out o = call_members(call);
    json_key(&o, "users");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < ids.count; i++) {
        const struct user *user = user_find(rd, ids.user_ids[i]);
        if (user == NULL)
            continue;
        json_item(&items);
        put_with_roles(&call->out, user);
    }
    json_end(&items);
    return true;
}

/* --- making and deleting --- */

/* Who may not is told so before his body is looked at; then one text stands for all that is wrong
 * with it. */
static bool create_allowed(struct call *call, struct err *err)
{
    if (!access_has(call->api->catalog, call->user, PERM_ACCESS_PERMISSIONS))
        return fault(err, "error-action-not-allowed", "Accessing permissions is not allowed");
    struct err why;
    return schema_check(&schema_roles_create, &call->params, SCHEMA_BODY, call->arena, &why) ||
           fault(err, "error-invalid-role-properties", "The role properties are invalid.");
}

static bool create(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct role_draft draft = {.id = id_hex(call->arena, call->now_ms),
                               .name = call_param(call, "name"),
                               .scope = call_param(call, "scope"),
                               .description = call_param(call, "description"),
                               .mandatory_2fa = json_get_true(call->params, "mandatory2fa")};
    struct role *role;
    call->audit_target = draft.id;
    return role_create(tx, &by, &draft, &role, err) && answer_role(call, role, ROLE_CREATED);
}

static bool delete_role(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    call->audit_target = call_param(call, "roleId");
    return role_delete(tx, &by, call->audit_target, err);
}

const struct endpoint endpoints_roles[] = {
    {
        .method = HTTP_GET,
        .path = "/api/v1/roles.list",
        .steps = {ON_READ(list)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/roles.sync",
        .schema = &schema_roles_sync,
        .steps = {ON_READ(sync_list)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/roles.getUsersInRole",
        .all_of = {PERM_ACCESS_PERMISSIONS},
        .schema = &schema_roles_get_users_in_role,
        .steps = {ON_READ(get_users)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/roles.getUsersInPublicRoles",
        .steps = {ON_READ(get_users_in_public_roles)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/roles.create",
        .audit = true,
        .steps = {ON_LOOP(create_allowed), ON_WRITE(create)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/roles.delete",
        .all_of = {PERM_ACCESS_PERMISSIONS},
        .schema = &schema_roles_delete,
        .audit = true,
        .steps = {ON_WRITE(delete_role)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/roles.addUserToRole",
        .schema = &schema_roles_add_user_to_role,
        .audit = true,
        .steps = {ON_WRITE(add_user)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/roles.removeUserFromRole",
        .all_of = {PERM_ACCESS_PERMISSIONS},
        .schema = &schema_roles_remove_user_from_role,
        .audit = true,
        .steps = {ON_WRITE(remove_user)},
    },
    {.path = NULL},
};
