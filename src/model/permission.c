/* The table of permissions and the ways to look into it. Constant data: any thread. */
#include "model/permission.h"

#include <assert.h>

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
