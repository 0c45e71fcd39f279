/* Messages: who may send them where, what they may be, and what storing one changes.
 *
 * A post writes the message, its room's counters, the sender's subscription, and a row for each
 * user who is mentioned; everything else is derived when it is read. Files: message.c sending,
 * message_refer.c what a text refers to, message_edit.c changing and deleting, message_system.c
 * what the server notes by itself.
 */
#pragma once

#include "domain/access.h"
#include "domain/room.h"
#include "model/user.h"
#include "store/message.h"

/* Whether the user may post in the room as it is now. */
bool message_may_send(struct rd *rd, const struct user *by, const struct room *room,
                      struct err *err);

/* Checks and stores one message of an ordinary user: the permission, then the message itself, its
 * thread, what it refers to. `m` has what the sender gave: doc, thread_id, id ("" : a new one) and
 * ts_ms (0: now); the rest is filled in. An id that the room has already stores nothing, and *m
 * becomes the message that is there. */
bool message_send(struct tx *tx, const struct user *by, struct room *room, struct message *m,
                  struct err *err);

/* The same where message_may_send() was asked before in this command. */
bool message_store(struct tx *tx, const struct user *by, struct room *room, struct message *m,
                   struct err *err);

/* Notes something in the room in the name of `by`, without asking for rights and without anybody
 * being told by integrations; returns its number. `text` may be empty. */
enum system_message {
    SYSTEM_USER_JOINED,  /* uj; text: his username */
    SYSTEM_USER_LEFT,    /* ul */
    SYSTEM_USER_ADDED,   /* au; text: whom */
    SYSTEM_USER_REMOVED, /* ru; text: whom */
    SYSTEM_ARCHIVED,     /* room-archived */
    SYSTEM_UNARCHIVED,   /* room-unarchived */
    SYSTEM_TOPIC,        /* room_changed_topic; text: the new one */
    SYSTEM_DESCRIPTION,  /* room_changed_description; likewise */
    SYSTEM_ANNOUNCEMENT, /* room_changed_announcement; likewise */
    SYSTEM_PRIVACY,      /* room_changed_privacy; text: public or private */
    SYSTEM_RENAMED,      /* r; text: the new name */
    SYSTEM_READ_ONLY,    /* room-set-read-only */
    SYSTEM_WRITABLE,     /* room-removed-read-only */
    SYSTEM_ROLE_ADDED,   /* subscription-role-added; text: who has it now */
    SYSTEM_ROLE_REMOVED, /* subscription-role-removed; text: who had it */
    SYSTEM_TO_TEAM,      /* user-converted-to-team; text: the name of both */
    SYSTEM_ROOM_IN_TEAM, /* user-added-room-to-team; text: the room's name */
    SYSTEM_PINNED,       /* message_pinned; what was pinned stands in its attachments */
    SYSTEM_REMOVED,      /* rm: in place of a message that was deleted */
    SYSTEM_MESSAGES
};
int64_t message_system(struct tx *tx, const struct room *room, enum system_message what,
                       const struct actor *by, struct str text);
/* The same about a role that somebody has in the room: SYSTEM_ROLE_ADDED, SYSTEM_ROLE_REMOVED. */
int64_t message_system_role(struct tx *tx, const struct room *room, enum system_message what,
                            const struct actor *by, struct str username, struct str role_id);
/* What it is called in documents, which is another name in the main room of a team. */
struct str message_system_type(const struct room *room, enum system_message what);
/* Whether a client may not choose that type for a message of his own. */
bool message_type_is_system(struct str type);

/* Replaces the text. `custom_fields` NULL: they stay. The same text changes nothing. *m becomes
 * what is stored. */
bool message_update(struct tx *tx, const struct user *by, struct message *m, struct str text,
                    struct json *custom_fields, struct err *err);
bool message_delete(struct tx *tx, const struct user *by, struct message *m, struct err *err);

/* Removes a slice of the notes of deletions that are old enough; true: there is more. */
bool messages_sweep(struct tx *tx);
bool messages_to_sweep(struct rd *rd);
