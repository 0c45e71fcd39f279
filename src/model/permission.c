/* The table of permissions, the ways to look into it, and a permission as clients see it. Any
 * thread. */
#include "model/permission.h"

#include <assert.h>

#include "base/json.h"

static const struct {
    struct str id, roles;
} table[PERM_COUNT] = {
#define PERMISSION(name, id, roles) [PERM_##name] = {STR_INIT(id), STR_INIT(roles)},
#include "model/permission.def"
};

struct str perm_id(enum perm perm)
{
    assert(perm < PERM_COUNT);
    return table[perm].id;
}

enum perm perm_find(struct str id)
{
    for (enum perm perm = PERM_NONE + 1; perm < PERM_COUNT; perm++)
        if (str_eq(table[perm].id, id))
            return perm;
    return PERM_NONE;
}

struct str perm_default_roles(enum perm perm)
{
    assert(perm < PERM_COUNT);
    return table[perm].roles;
}

bool perm_next_role(struct str *rest, struct str *role)
{
    return !str_empty(*rest) && str_split(rest, ' ', role);
}

static void put_roles(struct buf *out, const struct permission *permission)
{
    struct json_out list = json_begin(out, '[');
    for (size_t i = 0; i < permission->role_count; i++) {
        json_item(&list);
        json_put_string(out, permission->roles[i]);
    }
    json_end(&list);
}

void permission_put(struct buf *out, const struct permission *permission)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", perm_id(permission->perm));
    json_key(&o, "roles");
    put_roles(out, permission);
    json_member_time(&o, "_updatedAt", permission->updated_at_ms);
    json_end(&o);
}
