/* Roles: making them, giving them to users and taking them away. Rules and their order are those of
 * the API. Results live in the command's arena. */
#pragma once

#include "domain/access.h"
#include "store/role.h"

/* Who is to get or lose which role, as the caller named them. Empty: not given. */
struct role_grant {
    struct str username;
    struct str role_id;
    struct str room_id; /* a role of scope Subscriptions is held in this room only */
};

bool role_give(struct tx *tx, const struct actor *by, const struct role_grant *grant,
               struct role **out, struct err *err);
/* The last admin stays admin. */
bool role_take(struct tx *tx, const struct actor *by, const struct role_grant *grant,
               struct role **out, struct err *err);

struct role_draft {
    struct str id; /* drawn before the command */
    struct str name;
    struct str scope; /* empty: Users */
    struct str description;
    bool mandatory_2fa;
};

bool role_create(struct tx *tx, const struct actor *by, const struct role_draft *draft,
                 struct role **out, struct err *err);
/* By id or name. A role that comes with the program, or that somebody holds, stays. */
bool role_delete(struct tx *tx, const struct actor *by, struct str id_or_name, struct err *err);
