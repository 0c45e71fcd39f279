/* Who may do what. Two forms of one rule: access_has() looks into the catalog (any thread, memory
 * only: a first refusal), access_allows() reads the rows (commands and questions: the decision). */
#pragma once

#include "store/catalog.h"
#include "store/store.h"

bool access_has(const struct catalog *catalog, const struct user_entry *user, enum perm perm);

/* By the user's global roles and, when `room_id` is not empty, the roles he has in that room. */
bool access_allows(struct rd *rd, struct str user_id, enum perm perm, struct str room_id);
/* By global roles only. */
bool access_allows_globally(struct rd *rd, struct str user_id, enum perm perm);

/* The caller of a command. */
struct actor {
    struct str id, username;
};
