/* A subscription: that one user is in one room, and how far he has read there. Texts are borrowed
 * from the arena of whoever read it. Any thread.
 */
#pragma once

#include "base/json.h"

enum { SUBSCRIPTION_ROLES = 8 }; /* roles a user can have in one room */

struct subscription {
    struct str id;
    struct str room_id, user_id;
    bool open; /* shown in the user's list */
    int64_t created_at_ms, updated_at_ms;
    struct str roles[SUBSCRIPTION_ROLES]; /* ids of roles in this room: owner, moderator, leader */
    size_t role_count;

    /* Kept as one JSON text, the column `doc`: */
    bool alert; /* something happened that the user has not seen */
    int64_t unread;
    int64_t seen_at_ms; /* 0: never */

    /* Of the room and the user; filled by the reading functions of the store: */
    char room_type;
    struct str room_name;
    bool room_archived;
    struct str username, user_name;
};

/* The subscription as the API answers it. */
void subscription_put(struct buf *out, const struct subscription *s);

/* The column `doc`, both ways. */
void subscription_put_doc(struct buf *out, const struct subscription *s);
void subscription_take_doc(struct arena *a, struct subscription *s, struct str doc);
