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

    bool fresh;            /* he came in and has read nothing yet */
    int64_t read_number;   /* the newest message he has read, by its number */
    int64_t hidden_number; /* the newest one when he hid the room: a newer one shows it again */
    int64_t seen_at_ms;    /* 0: never */
    struct json *ignored;  /* ids of users whose messages he does not want to see; NULL: none */

    /* Of the room, the user and the messages; filled by the reading functions of the store: */
    char room_type;
    struct str room_name, room_fname; /* of a direct room: the names of the others */
    bool room_archived;
    struct str username, user_name;
    int64_t room_seq, last_number, changed_at_ms; /* the last change of the room's messages */
    int64_t mention_messages, user_mentions, group_mentions; /* above read_number */
};

/* How far he is behind, as clients are told. */
bool subscription_open(const struct subscription *s);
bool subscription_alert(const struct subscription *s);
int64_t subscription_unread(const struct subscription *s);

/* The subscription as the API answers it. */
void subscription_put(struct buf *out, const struct subscription *s);
