/* Rows of subscriptions, with the roles that their users have in the room. Results live in
 * rd->arena; NULL: not there. */
#pragma once

#include "model/subscription.h"
#include "store/store.h"

bool subscription_exists(struct rd *rd, struct str room_id, struct str user_id);
struct subscription *subscription_find(struct rd *rd, struct str room_id, struct str user_id);
bool subscription_has_role(struct rd *rd, struct str room_id, struct str user_id,
                           struct str role_id);

int64_t subscriptions_in_room(struct rd *rd, struct str room_id);
/* How many users hold the role in that room. */
int64_t subscriptions_with_role(struct rd *rd, struct str room_id, struct str role_id);
/* The user who has been in the room longest, but for `except`; empty: nobody is left. */
struct str subscription_oldest_user(struct rd *rd, struct str room_id, struct str except);

struct subscription_list {
    struct subscription **items;
    size_t count;
};
/* The user's subscriptions that changed after the moment (0: all), oldest first. */
struct subscription_list subscriptions_of_user(struct rd *rd, struct str user_id,
                                               int64_t changed_after_ms);

/* Who is in a room: ids of users by username, a page at a time. `like` is a part of the username or
 * name in lower case, empty for all. */
struct member_list {
    struct str *user_ids;
    size_t count;
};
struct member_list members_page(struct rd *rd, struct str room_id, struct str like, int64_t offset,
                                int64_t count);
int64_t members_total(struct rd *rd, struct str room_id, struct str like);

void subscription_insert(struct tx *tx, const struct subscription *s);
void subscription_add_role(struct tx *tx, struct str room_id, struct str user_id,
                           struct str role_id);
void subscription_erase(struct tx *tx, struct str room_id, struct str user_id);
/* Up to `limit` subscriptions of the room, or of the user; returns how many there were. */
int64_t subscriptions_erase_of_room(struct tx *tx, struct str room_id, int64_t limit);
int64_t subscriptions_erase_of_user(struct tx *tx, struct str user_id, int64_t limit);
