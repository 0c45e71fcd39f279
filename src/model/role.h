/* A role: a name that permissions are given to and users hold, on the whole server (scope Users) or
 * in single rooms (scope Subscriptions). */
#pragma once

#include "base/buf.h"

struct role {
    struct str id, name;
    struct str scope; /* "Users" or "Subscriptions" */
    struct str description;
    bool mandatory_2fa; /* its holders ought to log in with a second factor */
    bool fixed;         /* comes with the program: it cannot be deleted ("protected" on the wire) */
    int64_t updated_at_ms;
};

/* Appends the role as a JSON object: as an item of the list of all roles, as one that was given,
 * taken or looked at, or as one that was just made. */
enum role_view { ROLE_LISTED, ROLE_CHANGED, ROLE_CREATED };
void role_put(struct buf *out, const struct role *role, enum role_view view);

/* The roles every server has; ids are the names, updated_at_ms is 0. */
extern const struct role default_roles[];
extern const size_t default_role_count;
