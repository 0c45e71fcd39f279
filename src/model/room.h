/* A room: a public channel ('c'), a private group ('p') or a direct room ('d').
 *
 * The struct is a row of the store and what is derived from other rows. Its texts are borrowed from
 * the arena of whoever read it. Any thread.
 */
#pragma once

#include "base/json.h"
#include "model/message.h"

#define ROOM_GENERAL_ID STR("GENERAL")

enum { ROOM_DOC_BYTES = 256 * 1024 }; /* ceiling of what `doc` holds: texts and customFields */

struct room {
    int64_t seq; /* of the row: messages hang on it */
    struct str id;
    char type;          /* 'c', 'p' or 'd' */
    struct str name;    /* empty for 'd'; the display name is the same */
    struct str team_id; /* empty: in no team */
    bool archived, is_default;
    int64_t created_at_ms, updated_at_ms;

    /* Kept as one JSON text, the column `doc`: */
    struct str creator_id;                       /* empty: made by the server itself */
    struct str creator_username, creator_name;   /* room_complete() brings them up to date */
    struct str topic, description, announcement; /* empty: not set */
    struct str join_code; /* who joins a channel must know it; empty: none. Never shown */
    bool read_only, broadcast, encrypted;
    bool encryption_chosen;           /* it was switched: documents say so even when it is off */
    bool team_main;                   /* the room that was made with its team */
    const struct json *custom_fields; /* an object; NULL: {} */
    const struct str *people;         /* ids of those in a direct room, the one who made it first */
    size_t people_count;
    struct str people_key; /* the same sorted: a column */

    /* Derived; filled by room_complete(): */
    int64_t users_count;
    int64_t messages;             /* how many are kept */
    int64_t changed_at_ms;        /* the last change of its messages */
    struct message *last_message; /* the newest that is shown in the room; NULL: none */
    struct str *usernames;        /* of people */
};

/* The room as the API answers it. It must be complete. */
void room_put(struct buf *out, const struct room *room);
/* Its members only, into an object that is being written. */
void room_put_members(struct json_out *o, const struct room *room);

/* The column `doc`, both ways. */
void room_put_doc(struct buf *out, const struct room *room);
void room_take_doc(struct arena *a, struct room *room, struct str doc);
