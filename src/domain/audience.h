/* Who may follow what: the rooms whose messages a user's stream of events shows, and the
 * integrations whose calls it shows. */
#pragma once

#include "domain/access.h"

/* Rooms by the numbers of their rows, rising. */
struct room_scope {
    int64_t *seqs; /* in the arena */
    size_t count;
};

/* All rooms the user is in and may read; or, of those that `names` lists (ids, or names behind '#',
 * with commas between), the ones he may read, member or not. *out_missing: not all of them. */
struct room_scope rooms_readable(struct rd *rd, struct str user_id, struct str names,
                                 bool *out_missing);
bool room_in_scope(const struct room_scope *scope, int64_t seq);

/* Whether he manages this integration; whether he manages any. Memory only, any thread. */
bool integration_followable(const struct catalog *catalog, const struct user_entry *user,
                            struct str integration_id);
bool integrations_followable(const struct catalog *catalog, const struct user_entry *user);
