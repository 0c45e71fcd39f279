/* Rows of teams and of who is in them. Results live in rd->arena; NULL: not there. */
#pragma once

#include "model/team.h"
#include "store/store.h"

struct team *team_find(struct rd *rd, struct str id);
struct team *team_find_by_name(struct rd *rd, struct str name);
bool team_has_member(struct rd *rd, struct str team_id, struct str user_id);
/* Usernames of up to `max` members; returns how many were written. */
size_t team_usernames(struct rd *rd, struct str team_id, struct str *out, size_t max);

void team_insert(struct tx *tx, const struct team *team);
void team_rename(struct tx *tx, struct str id, struct str name);
/* The team alone; its members stay until team_members_erase(). */
void team_erase(struct tx *tx, struct str id);

/* Adding one who is in it changes nothing. */
void team_add_member(struct tx *tx, struct str team_id, struct str user_id);
void team_remove_member(struct tx *tx, struct str team_id, struct str user_id);
/* Takes the user out of up to `limit` teams; returns of how many. */
int64_t team_remove_from_all(struct tx *tx, struct str user_id, int64_t limit);
/* Up to `limit` of the team's members; returns how many rows went. */
int64_t team_members_erase(struct tx *tx, struct str team_id, int64_t limit);
