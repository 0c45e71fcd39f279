/* Direct rooms: one for each set of people. Commands run on the writer. */
#pragma once

#include "domain/room.h"

enum { DIRECT_USERS_MAX = 100 }; /* whatever the setting says */

/* The room of these people, of whom there is at least one; made when there is none. Who is named
 * twice counts once. `by` need not be among them; to make a room he needs create-d, to be given one
 * that is there, that or view-d-room. */
bool room_direct(struct tx *tx, const struct actor *by, const struct user *const *users,
                 size_t count, struct room **out, struct err *err);

/* Hides a room from the list of somebody who is in it, until there is a new message; or shows it.
 */
void room_hide(struct tx *tx, const struct actor *by, const struct room *room);
void room_show(struct tx *tx, const struct actor *by, const struct room *room);
