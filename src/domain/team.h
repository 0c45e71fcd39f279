/* Teams: a name for a group of users, with a main room. Commands run on the writer. */
#pragma once

#include "domain/room.h"
#include "store/team.h"

struct team_draft {
    struct str name;
    bool is_private;
    const struct str *members; /* ids or usernames; what belongs to nobody active is left out */
    size_t member_count;
    struct str owner_id;    /* empty: the caller */
    struct str room_id;     /* this room becomes the main room; empty: a new one */
    struct room_draft room; /* topic and the like of a new main room */
};

/* Needs the permission create-team, which the caller has checked. */
bool team_create(struct tx *tx, const struct actor *by, const struct team_draft *draft,
                 struct team **out, struct err *err);
/* Makes a team of the room's name and members, whose main room it becomes. Needs the right to edit
 * the room, and create-team, which the caller has checked. */
bool team_of_room(struct tx *tx, const struct actor *by, const struct room *room, struct team **out,
                  struct err *err);
/* Deletes the team, its main room, and those of its other rooms that are named by id. */
bool team_delete(struct tx *tx, const struct actor *by, const struct team *team,
                 const struct str *room_ids, size_t room_count, struct err *err);
/* Whether the user may know who is in the team. */
bool team_visible(struct rd *rd, struct str user_id, const struct team *team);
