/* The two forms of the rule who may do what; see access.h. */
#include "domain/access.h"

#include "store/permission.h"

bool access_has(const struct catalog *catalog, const struct user_entry *user, enum perm perm)
{
    return user != NULL && catalog_allows(catalog, user, perm);
}

bool access_allows(struct rd *rd, struct str user_id, enum perm perm, struct str room_id)
{
    return permission_held(rd, perm, user_id, room_id);
}

bool access_allows_globally(struct rd *rd, struct str user_id, enum perm perm)
{
    return permission_held(rd, perm, user_id, STR(""));
}
