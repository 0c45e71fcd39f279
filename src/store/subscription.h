/* Rows of subscriptions, with the roles that their users have in the room. Results live in
 * rd->arena; NULL: not there. */
#pragma once

#include "model/subscription.h"
#include "model/user.h"
#include "store/store.h"

bool subscription_exists(struct rd *rd, struct str room_id, struct str user_id);
struct subscription *subscription_find(struct rd *rd, struct str room_id, struct str user_id);
bool subscription_has_role(struct rd *rd, struct str room_id, struct str user_id,
                           struct str role_id);

/* Whether anybody but the user is in the room, or has the role there. */
bool subscription_has_others(struct rd *rd, struct str room_id, struct str user_id);
bool subscription_role_of_others(struct rd *rd, struct str room_id, struct str role_id,
                                 struct str user_id);
/* The active user who has been in the room longest, but for `except`; empty: there is none. */
struct str subscription_oldest_user(struct rd *rd, struct str room_id, struct str except);

/* The user's subscriptions that changed after the moment (0: whenever), oldest first. */
struct subscription_list {
    struct subscription **items;
    size_t count;
};
struct subscription_list subscriptions_of_user(struct rd *rd, struct str user_id,
                                               int64_t changed_after_ms);
/* Of those who have a role in the room, oldest first. */
struct subscription_list subscriptions_with_roles(struct rd *rd, struct str room_id);
/* Ids of rooms the user is in, up to `max`, those that are being erased included. */
size_t subscription_room_ids(struct rd *rd, struct str user_id, struct str *out, size_t max);

/* Who is in a room. */
struct member_filter {
    struct str room_id;
    struct str part;     /* of the username or name, in lower case; empty: all */
    struct str statuses; /* words such as "online away"; empty: all */
    bool descending;     /* by username, after those who are online */
};
struct member_list {
    struct user **items; /* with what others may see of them: no addresses, no roles */
    size_t count;
};
struct member_list members_page(struct rd *rd, const struct member_filter *filter, int64_t offset,
                                int64_t count);
int64_t members_total(struct rd *rd, const struct member_filter *filter);

/* How far somebody who is in a room has read: all up to that message. He sees it in his list again.
 * Nothing when he is not in the room. */
void subscription_read(struct tx *tx, struct str room_id, struct str user_id, int64_t number);
/* He has read no further than that message, which he saw at that moment. Nothing when he has not
 * even read so far. */
void subscription_rewind(struct tx *tx, struct str room_id, struct str user_id, int64_t number,
                         int64_t seen_at_ms);
/* Hides the room from his list until there is a message after that one; or shows it. */
void subscription_hide(struct tx *tx, struct str room_id, struct str user_id, int64_t number);
void subscription_show(struct tx *tx, struct str room_id, struct str user_id);

void subscription_insert(struct tx *tx, const struct subscription *s);
void subscription_add_role(struct tx *tx, struct str room_id, struct str user_id,
                           struct str role_id);
void subscription_remove_role(struct tx *tx, struct str room_id, struct str user_id,
                              struct str role_id);
/* It has changed: its roles have. */
void subscription_touch(struct tx *tx, struct str room_id, struct str user_id);
/* With the roles; nothing when he is not in the room. */
void subscription_erase(struct tx *tx, struct str room_id, struct str user_id);
/* Up to `limit` of the room's; returns how many rows went. */
int64_t subscriptions_erase_some(struct tx *tx, struct str room_id, int64_t limit);
