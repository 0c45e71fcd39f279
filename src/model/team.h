/* A team: a named set of users with a main room of the same name. Public channels of a private team
 * are seen by its members only. Any thread.
 */
#pragma once

#include "base/json.h"

struct team {
    struct str id, name;
    bool is_private;
    struct str room_id; /* the main room */
    struct str creator_id;
    struct str creator_username; /* derived */
    int64_t created_at_ms, updated_at_ms;
};

/* The team as the API answers it. */
void team_put(struct buf *out, const struct team *team);
