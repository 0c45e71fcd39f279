/* Changing who may do what. Runs in commands. */
#include "domain/permission.h"

#include "domain/fault.h"
#include "store/role.h"

static bool each_permission_exists_and_once(const struct permission_change *changes, size_t count)
{
    bool seen[PERM_COUNT] = {false};
    for (size_t i = 0; i < count; i++) {
        enum perm perm = perm_find(changes[i].id);
        if (perm == PERM_NONE || seen[perm])
            return false;
        seen[perm] = true;
    }
    return true;
}

static bool each_role_exists(struct rd *rd, const struct permission_change *change)
{
    for (size_t i = 0; i < change->role_count; i++)
        if (role_find(rd, change->roles[i]) == NULL)
            return false;
    return true;
}

bool permissions_change(struct tx *tx, const struct actor *by,
                        const struct permission_change *changes, size_t count, struct err *err)
{
    if (!access_allows_globally(tx_rd(tx), by->id, PERM_ACCESS_PERMISSIONS))
        return refuse_permission(err);
    if (!each_permission_exists_and_once(changes, count))
        return refuse_typed(err, "error-invalid-permission", "Invalid permission");
    for (size_t i = 0; i < count; i++)
        if (!each_role_exists(tx_rd(tx), &changes[i]))
            return refuse_typed(err, "error-invalid-role", "Invalid role");
    for (size_t i = 0; i < count; i++)
        permission_replace(tx, perm_find(changes[i].id), changes[i].roles, changes[i].role_count);
    return true;
}
