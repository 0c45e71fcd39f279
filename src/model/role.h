/* A role: a name that permissions are given to and users hold, on the whole server (scope Users) or
 * in single rooms (scope Subscriptions). */
#pragma once

#include "base/buf.h"

struct role {
    struct str id, name;
    struct str scope; /* "Users" or "Subscriptions" */
    struct str description;
    bool fixed; /* comes with the program: it cannot be deleted ("protected" on the wire) */
    int64_t updated_at_ms;
};

/* Appends the role as a JSON object: with "_updatedAt" where one role is answered, without it in
 * lists of all roles. */
enum role_view { ROLE_LISTED, ROLE_CHANGED };
void role_put(struct buf *out, const struct role *role, enum role_view view);

/* The roles every server has; ids are the names, updated_at_ms is 0. */
extern const struct role default_roles[];
extern const size_t default_role_count;
