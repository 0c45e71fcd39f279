/* Rows of teams and of who is in them. Results live in rd->arena; NULL: not there. */
#pragma once

#include "model/team.h"
#include "store/store.h"

struct team *team_find(struct rd *rd, struct str id);
struct team *team_find_by_name(struct rd *rd, struct str name);
bool team_has_member(struct rd *rd, struct str team_id, struct str user_id);

void team_insert(struct tx *tx, const struct team *team);
void team_erase(struct tx *tx, struct str id);
void team_add_member(struct tx *tx, struct str team_id, struct str user_id);
void team_remove_member(struct tx *tx, struct str team_id, struct str user_id);
/* Up to `limit` memberships of the team, or of the user; returns how many there were. */
int64_t team_members_erase(struct tx *tx, struct str team_id, int64_t limit);
int64_t team_members_erase_of_user(struct tx *tx, struct str user_id, int64_t limit);
