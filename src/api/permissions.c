/* permissions.*: which roles hold which permission. The list is read on a reader, changes are
 * commands.
 */
#include "api/endpoint.h"
#include "api/schemas.h"
#include "base/clock.h"
#include "domain/fault.h"
#include "domain/permission.h"

enum { AUDIT_BYTES = 512 };

static void put_permissions(struct call *call, const char *key, const struct permission_list *list)
{
    struct json_out o = call_members(call);
    json_key(&o, key);
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < list->count; i++) {
        json_item(&items);
        permission_put(&call->out, list->items[i]);
    }
    json_end(&items);
}

/* --- permissions.listAll --- */

static bool list_all(struct rd *rd, struct call *call, struct err *err)
{
    struct str since = call_param(call, "updatedSince");
    int64_t since_ms = INT64_MIN;
    if (!str_empty(since) && !clock_parse_iso(since, &since_ms))
        return fault(err, "error-roomId-param-invalid",
                     "The \"updatedSince\" query parameter must be a valid date.");
    struct permission_list list;
    permissions_load(rd, since_ms, &list);
    put_permissions(call, "update", &list);
    struct json_out o = call_members(call);
    json_member_raw(&o, "remove", STR("[]")); /* permissions come with the program and stay */
    return true;
}

/* --- permissions.update --- */

static struct permission_change read_change(struct arena *arena, const struct json *entry)
{
    const struct json *roles = json_get_lit(entry, "roles");
    struct str *ids = ARENA_ARRAY(arena, struct str, roles->items.count);
    struct permission_change change = {.id = json_get_str(entry, "_id"), .roles = ids};
    for (const struct json *role = roles->items.first; role != NULL; role = role->next)
        ids[change.role_count++] = role->string;
    return change;
}

/* For the audit log: the ids, as many as a line shows. */
static void note_targets(struct call *call, const struct permission_change *changes, size_t count)
{
    BUF(ids, AUDIT_BYTES);
    for (size_t i = 0; i < count && buf_ok(&ids); i++)
        buf_addf(&ids, "%s%.*s", i > 0 ? "," : "", STR_FMT(changes[i].id));
    call->audit_target = arena_str(call->arena, buf_str(&ids));
}

/* The body has been checked against its schema. */
static bool update(struct tx *tx, struct call *call, struct err *err)
{
    const struct json *body = json_get_lit(call->params, "permissions");
    struct permission_change *changes =
        ARENA_ARRAY(call->arena, struct permission_change, body->items.count);
    size_t count = 0;
    for (const struct json *entry = body->items.first; entry != NULL; entry = entry->next)
        changes[count++] = read_change(call->arena, entry);
    struct actor by = {.id = call->user_id, .username = call->username};
    if (!permissions_change(tx, &by, changes, count, err))
        return false;
    note_targets(call, changes, count);
    struct permission_list all;
    permissions_load(tx_rd(tx), INT64_MIN, &all);
    put_permissions(call, "permissions", &all);
    return true;
}

const struct endpoint endpoints_permissions[] = {
    {
        .method = HTTP_GET,
        .path = "/api/v1/permissions.listAll",
        .schema = &schema_permissions_list_all,
        .steps = {ON_READ(list_all)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/permissions.update",
        .all_of = {PERM_ACCESS_PERMISSIONS},
        .schema = &schema_permissions_update,
        .audit = true,
        .steps = {ON_WRITE(update)},
    },
    {.path = NULL},
};
