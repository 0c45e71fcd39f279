/* Permissions: who may do what is a list of roles for each of them. The list of permissions itself
 * is part of the program (permission.def); which roles hold one is decided by administrators and
 * stored. Any thread. */
#pragma once

#include "base/buf.h"

enum perm {
    PERM_NONE, /* no permission: ends lists, and is the answer for an unknown id */
#define PERMISSION(name, id, roles) PERM_##name,
#include "model/permission.def"
    PERM_COUNT /* one more than the last */
};

/* "manage-incoming-integrations"; empty for PERM_NONE. */
struct str perm_id(enum perm perm);
/* PERM_NONE when there is no such permission. */
enum perm perm_find(struct str id);
/* The ids of the roles that hold it on a new server, separated by blanks; may be empty. To walk:
 *     struct str rest = perm_default_roles(perm), role;
 *     while (perm_next_role(&rest, &role)) ... */
struct str perm_default_roles(enum perm perm);
bool perm_next_role(struct str *rest, struct str *role);

/* A permission as it is stored. */
struct permission {
    enum perm perm;
    struct str *roles; /* ids, in the order they were given */
    size_t role_count;
    int64_t updated_at_ms;
};

/* Appends it as a JSON object. */
void permission_put(struct buf *out, const struct permission *permission);
