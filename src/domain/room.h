/* Rooms: who sees them, how they come and go, who is in them.
 *
 * Every verb that somebody asks for checks his rights from rows of its own transaction. `by` is the
 * caller; NULL is the server itself, which may do everything.
 */
#pragma once

#include "domain/access.h"
#include "store/room.h"

struct user;

enum {
    ROOM_MEMBERS_AT_ONCE = 500, /* users that one command puts into a room */
};

/* Whether the user may see the room and what is in it. */
bool room_visible(struct rd *rd, struct str user_id, const struct room *room);

struct room_draft {
    struct str id; /* empty: a new one is drawn */
    char type;     /* 'c' or 'p' */
    struct str name;
    struct str topic, description;
    bool is_default, read_only, broadcast, encrypted;
    const struct json *custom_fields; /* an object; NULL: none */
    struct str team_id;               /* empty: in no team */
    bool team_main;
    const struct str *members; /* usernames; those that nobody has are left out */
    size_t member_count;
    bool exclude_self; /* the creator does not become a member */
};

/* Makes a channel or group whose creator is `by` (NULL: none) and its owner. The right to create is
 * checked by the caller, for it depends on what the room is made for. */
bool room_create(struct tx *tx, const struct actor *by, const struct room_draft *draft,
                 struct room **out, struct err *err);

/* Makes GENERAL, once in the life of a database: it does not come back after it was deleted. */
void rooms_seed(struct tx *tx);
/* Puts a new user into every default room he is not in yet. */
void rooms_join_defaults(struct tx *tx, const struct user *user);

/* Rooms that nobody else owns: their names are told before such a user may be deleted. */
struct room_list rooms_last_owned(struct rd *rd, struct str user_id);
/* Takes a user who is being deleted out of his rooms and teams. The oldest member becomes owner of
 * rooms he alone owned. True: there is more to do, in another command. */
bool rooms_forget_user(struct tx *tx, struct str user_id);

/* Removes a slice of what deleted rooms left behind; true: there is more. For start-up and for
 * whoever has time. */
bool rooms_sweep(struct tx *tx);

bool room_delete(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
bool room_join(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
bool room_leave(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
bool room_invite(struct tx *tx, const struct actor *by, struct room *room, const struct user *user,
                 struct err *err);
bool room_kick(struct tx *tx, const struct actor *by, struct room *room, const struct user *user,
               struct err *err);
