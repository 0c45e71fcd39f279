/* Direct rooms: one for each set of people. Runs in a command. */
#pragma once

#include "domain/room.h"

enum { DIRECT_USERS_MAX = 100 }; /* whatever the setting says */

/* The room of these people, made when there is none. Users named twice count once. `by` need not be
 * among them; he needs create-d, or to be able to see the room that is there already. */
bool room_direct(struct tx *tx, const struct actor *by, struct user *const *users, size_t count,
                 struct room **out, struct err *err);
/* The same people's room if there is one. */
struct room *room_direct_find(struct rd *rd, const struct str *user_ids, size_t count);
/* Hides it from the user's list, or shows it there again. */
bool room_hide(struct tx *tx, const struct actor *by, const struct room *room, struct err *err);
bool room_show(struct tx *tx, const struct actor *by, const struct room *room, struct err *err);
