/* A room: a public channel ('c'), a private group ('p') or a direct room ('d').
 *
 * The struct is a row of the store and what is derived from other rows. Its texts are borrowed from
 * the arena of whoever read it. Any thread.
 */
#pragma once

#include "base/json.h"

#define ROOM_GENERAL_ID STR("GENERAL")

enum { ROOM_DOC_BYTES = 256 * 1024 }; /* ceiling of what `doc` holds: texts and customFields */

struct room {
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
    bool read_only, broadcast, encrypted;
    bool team_main;                   /* the room that was made with its team */
    const struct json *custom_fields; /* an object; NULL: {} */

    int64_t users_count; /* derived; filled by room_complete() */
};

/* The room as the API answers it. It must be complete. */
void room_put(struct buf *out, const struct room *room);

/* The column `doc`, both ways. */
void room_put_doc(struct buf *out, const struct room *room);
void room_take_doc(struct arena *a, struct room *room, struct str doc);
