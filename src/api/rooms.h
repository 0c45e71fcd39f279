/* What the endpoints of rooms share; private to them. channels.* and groups.* are one family of
 * endpoints for two types of rooms: they differ in words, in how a room is looked up, and in little
 * else. */
#pragma once

#include "api/endpoint.h"
#include "domain/room.h"

struct family {
    char type;
    const char *key, *list_key; /* of the room and of rooms in answers */
    const char *label;          /* in the text about archived rooms */
    struct str not_found;       /* the text */
    bool asks_for_selector;     /* an error of its own when neither id nor name is given */
    bool hides_unseen;          /* a room the caller may not see is not found; else: forbidden */
    bool answers_room;          /* kick and leave answer with the room; else: with nothing */
};

/* By the endpoint's path. */
const struct family *family_of(const struct call *call);

enum find_flags {
    FIND_ANY = 0,
    FIND_LIVE = 1, /* an archived room is refused */
    FIND_SEEN = 2, /* so is one that the caller may not see */
};
/* The room, of any type, that roomId or roomName names; NULL: there is none. */
struct room *selected_room(struct rd *rd, const struct call *call);
/* The same of the family's type; what is missing or not allowed is refused. */
bool find_room(struct rd *rd, const struct call *call, unsigned flags, struct room **out,
               struct err *err);
/* All that userIds, usernames, userId, username and user name; who does not exist is left out. */
struct found_users {
    struct user **items;
    size_t count;
};
bool find_users(struct rd *rd, const struct call *call, struct found_users *out, struct err *err);

/* The texts of an array; false when it holds anything else. */
bool text_list(struct arena *a, const struct json *array, struct str **out, size_t *out_count);
/* Adds "<key>":<room> to the answer, after completing the room. */
void answer_room(struct rd *rd, struct call *call, const char *key, struct room *room);

/* rooms_create.c */
bool create_room(struct tx *tx, struct call *call, struct err *err);
/* Fields of a room that a client gives as "extraData", and the like. */
void draft_take_extra(struct room_draft *draft, const struct json *extra);

/* rooms_lists.c */
bool list_rooms(struct rd *rd, struct call *call, struct err *err);
bool list_joined_rooms(struct rd *rd, struct call *call, struct err *err);
bool list_all_rooms(struct rd *rd, struct call *call, struct err *err);
bool list_members(struct rd *rd, struct call *call, struct err *err);
/* Adds a page of the users in the room to the answer. */
bool answer_members(struct rd *rd, struct call *call, const struct room *room, struct err *err);
/* The same for those who are in a direct room, with what their subscription is. */
bool answer_people(struct rd *rd, struct call *call, const struct room *room, struct err *err);
/* Adds a page of a set of the user's rooms, or of all. */
bool answer_room_set(struct rd *rd, struct call *call, enum room_set set, char type,
                     const char *key, struct err *err);
bool get_rooms(struct rd *rd, struct call *call, struct err *err);

/* rooms_change.c */
bool set_room_text(struct tx *tx, struct call *call, struct err *err);
bool rename_room(struct tx *tx, struct call *call, struct err *err);
bool set_room_type(struct tx *tx, struct call *call, struct err *err);
bool set_room_read_only(struct tx *tx, struct call *call, struct err *err);
bool set_room_default(struct tx *tx, struct call *call, struct err *err);
bool set_room_encrypted(struct tx *tx, struct call *call, struct err *err);
bool set_room_custom_fields(struct tx *tx, struct call *call, struct err *err);
bool set_room_join_code(struct tx *tx, struct call *call, struct err *err);
bool add_everybody(struct tx *tx, struct call *call, struct err *err);
bool convert_to_team(struct tx *tx, struct call *call, struct err *err);
bool open_room(struct tx *tx, struct call *call, struct err *err);
bool close_room(struct tx *tx, struct call *call, struct err *err);

/* rooms_roles.c */
bool change_room_role(struct tx *tx, struct call *call, struct err *err);
bool list_moderators(struct rd *rd, struct call *call, struct err *err);
bool list_room_roles(struct rd *rd, struct call *call, struct err *err);
bool list_mentions(struct rd *rd, struct call *call, struct err *err);
bool list_online(struct rd *rd, struct call *call, struct err *err);
bool list_room_integrations(struct rd *rd, struct call *call, struct err *err);

/* rooms_schemas.c */
extern const struct schema schema_room_selector; /* exactly one of roomId and roomName */
extern const struct schema schema_room_join;     /* the same, perhaps with joinCode */
extern const struct schema schema_room_id;       /* roomId, and anything else */
extern const struct schema schema_rooms_list;
extern const struct schema schema_teams_create, schema_teams_delete, schema_teams_info;
