/* A room: a public channel ('c'), a private group ('p') or a direct room ('d').
 *
 * The struct is a row of the store and what is derived from other rows. Its texts are borrowed from
 * the arena of whoever read it. Any thread.
 */
#pragma once

#include "base/json.h"

#define ROOM_GENERAL_ID STR("GENERAL")

struct room {
    struct str id;
    char type;              /* 'c', 'p' or 'd' */
    struct str name, fname; /* empty for 'd' */
    struct str creator_id;  /* empty: made by the server itself */
    struct str team_id;     /* empty: in no team */
    bool archived, is_default;
    int64_t created_at_ms, updated_at_ms;

    /* Kept as one JSON text, the column `doc`: */
    struct str topic, description, announcement; /* empty: not set */
    bool read_only, broadcast, encrypted;
    bool team_main;                   /* the room that was made with its team */
    const struct json *custom_fields; /* an object; NULL: {} */

    /* Derived; filled by room_complete(): */
    struct str creator_username, creator_name;
    int64_t users_count;
};

/* The room as the API answers it. Needs the derived fields. */
void room_put(struct buf *out, const struct room *room);

/* The column `doc`, both ways. room_take_doc() leaves what it does not know and what is absent. */
void room_put_doc(struct buf *out, const struct room *room);
void room_take_doc(struct arena *a, struct room *room, struct str doc);
