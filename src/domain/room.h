/* Rooms: who sees them, how they come and go, who is in them.
 *
 * A verb that somebody asks for checks his rights from rows of its own transaction. `by` is the
 * caller. Files: room.c making and deleting, room_member.c who is in,
 * room_role.c what they are there, room_edit.c what changes.
 */
#pragma once

#include "domain/access.h"
#include "model/user.h"
#include "store/room.h"

enum {
    ROOM_USERS_AT_ONCE = 300, /* users that one command puts into a room or takes out of it */
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

/* Makes a channel or group whose creator and owner is `by`; NULL: the server itself, which is no
 * member. The right to create is checked by the caller, for it depends on what the room is for. */
bool room_create(struct tx *tx, const struct actor *by, const struct room_draft *draft,
                 struct room **out, struct err *err);
/* The usual right: create-c or create-p, or that of the team the room shall be in. In a team that
 * is not there everybody may; room_create() says that it is not there. */
bool room_may_create(struct rd *rd, const struct actor *by, char type, struct str team_id);
/* Whether a new room may have that name (trimmed). `except`: the room that has it already. */
bool room_check_name(struct rd *rd, struct str name, const struct room *except, struct err *err);
/* Whether its texts and custom fields together are small enough to be kept. */
bool room_check_size(const struct room *room, struct err *err);

bool room_delete(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
/* Deletes whoever asks. A main room takes its team with it; the team's other rooms stay. */
void room_remove(struct tx *tx, struct room *room);
/* Removes a slice of what deleted rooms left behind; true: there is more. A deletion removes its
 * first slice itself, the rest is done by domain/sweep.h. */
bool rooms_sweep(struct tx *tx);
bool rooms_to_sweep(struct rd *rd);

/* At every start. Makes GENERAL, once in the life of a database: it does not come back after it was
 * deleted. */
void rooms_seed(struct tx *tx);

/* --- Who is in. --- */

/* Puts a new user into every default room he is not in yet. */
void rooms_join_defaults(struct tx *tx, const struct user *user);

/* Rooms that change hands or go when the user is deleted, as the refusal's details:
 * {"shouldBeRemoved":[names],"shouldChangeOwner":[names]}; empty when there are none. */
struct str rooms_last_owned(struct rd *rd, struct str user_id);
/* Takes a user who is being deleted out of his rooms and teams. Where nobody else is owner, the
 * active user who is there longest becomes it; a room without such a user goes, unless it is a
 * default room. True: there is more to do, in another command. */
bool rooms_forget_user(struct tx *tx, struct str user_id);

/* Being in already is no error. Where there is a join code it must be given, unless `by` is one who
 * need not; room_join() gives none. */
bool room_join_with(struct tx *tx, const struct actor *by, struct room *room, struct str code,
                    struct err *err);
bool room_join(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
bool room_invite(struct tx *tx, const struct actor *by, struct room *room,
                 struct user *const *users, size_t count, struct err *err);
/* Invites everybody there is, or who is active. */
bool room_add_all(struct tx *tx, const struct actor *by, struct room *room, bool active_only,
                  struct err *err);
bool room_leave(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
bool room_kick(struct tx *tx, const struct actor *by, struct room *room, const struct user *user,
               struct err *err);

/* --- What they are there. --- */

enum room_role { ROOM_OWNER, ROOM_MODERATOR, ROOM_LEADER, ROOM_ROLES };
struct str room_role_id(enum room_role role);
bool room_add_role(struct tx *tx, const struct actor *by, const struct room *room,
                   const struct user *user, enum room_role role, struct err *err);
bool room_remove_role(struct tx *tx, const struct actor *by, const struct room *room,
                      const struct user *user, enum room_role role, struct err *err);

/* --- What changes. --- */

bool room_archive(struct tx *tx, const struct actor *by, struct room *room, struct err *err);
bool room_unarchive(struct tx *tx, const struct actor *by, struct room *room, struct err *err);

/* These need the right to edit the room. They write, and the room is told. */
enum room_text { ROOM_TOPIC, ROOM_DESCRIPTION, ROOM_ANNOUNCEMENT, ROOM_TEXTS };
struct str room_text(const struct room *room, enum room_text which);
bool room_set_text(struct tx *tx, const struct actor *by, struct room *room, enum room_text which,
                   struct str text, struct err *err);
static inline bool room_set_topic(struct tx *tx, const struct actor *by, struct room *room,
                                  struct str topic, struct err *err)
{
    return room_set_text(tx, by, room, ROOM_TOPIC, topic, err);
}
/* Integrations that name the room go on naming it, and so does the team whose main room it is. */
bool room_rename(struct tx *tx, const struct actor *by, struct room *room, struct str name,
                 struct err *err);
bool room_set_type(struct tx *tx, const struct actor *by, struct room *room, char type,
                   struct err *err);
bool room_set_read_only(struct tx *tx, const struct actor *by, struct room *room, bool read_only,
                        struct err *err);
/* Nobody is told of the following. */
bool room_set_default(struct tx *tx, const struct actor *by, struct room *room, bool is_default,
                      struct err *err);
bool room_set_encrypted(struct tx *tx, const struct actor *by, struct room *room, bool encrypted,
                        struct err *err);
bool room_set_custom_fields(struct tx *tx, const struct actor *by, struct room *room,
                            const struct json *fields, struct err *err);
/* A blank code: none is needed any more. */
bool room_set_join_code(struct tx *tx, const struct actor *by, struct room *room, struct str code,
                        struct err *err);
