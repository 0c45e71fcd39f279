/* What channels.*, groups.* and subscriptions.* accept, beyond a room's id or name alone.
 *
 * Where an endpoint has words of its own for what is missing or of a wrong type, that is left out
 * here and the schema is open.
 */
#include "api/schema_table.h"
#include "api/schemas.h"

/* .create, .info, .members: everything missing is answered by the endpoint */

static const struct schema_property create_properties[] = {
    PROPERTY("readOnly", BOOLEAN_OR_NULL),
    PROPERTY("excludeSelf", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_rooms_create = {
    IS_OBJECT,
    .properties = create_properties,
};

static const struct schema_property info_properties[] = {
    PROPERTY("roomId", STRING),
    PROPERTY("roomName", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_rooms_info = {
    IS_OBJECT,
    .properties = info_properties,
};

static const struct schema_property members_properties[] = {
    PROPERTY("roomId", STRING),
    PROPERTY("roomName", STRING),
    PROPERTY("filter", STRING_OR_NULL),
    PROPERTY("status", STRINGS_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_rooms_members = {
    IS_OBJECT,
    .properties = members_properties,
};

/* .invite, groups.kick: whom is answered by the endpoint */

static const struct schema_property invite_properties[] = {
    PROPERTY("roomId", STRING),
    PROPERTY("roomName", STRING),
    PROPERTY("userId", STRING_OR_NULL),
    PROPERTY("username", STRING_OR_NULL),
    PROPERTY("user", STRING_OR_NULL),
    PROPERTY("userIds", STRINGS_OR_NULL),
    PROPERTY("usernames", STRINGS_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_rooms_invite = {
    IS_OBJECT,
    .properties = invite_properties,
};

/* channels.kick: from exactly one of roomId and roomName */

#define KICK_FROM(name)                                                                            \
    static const struct schema_property kick_from_##name##_properties[] = {                        \
        PROPERTY(#name, STRING),  PROPERTY("userId", STRING), PROPERTY("username", STRING),        \
        PROPERTY("user", STRING), END_OF_PROPERTIES,                                               \
    };                                                                                             \
    static const struct schema kick_from_##name = {                                                \
        IS_OBJECT,                                                                                 \
        .required = NAMES(#name),                                                                  \
        .closed = true,                                                                            \
        .properties = kick_from_##name##_properties,                                               \
    }

KICK_FROM(roomId);
KICK_FROM(roomName);

const struct schema schema_channels_kick = {.one_of =
                                                SCHEMAS(&kick_from_roomId, &kick_from_roomName)};

/* .messages */

static const struct schema_property messages_properties[] = {
    PROPERTY("roomId", STRING),
    PROPERTY("roomName", STRING),
    PROPERTY("mentionIds", STRING),
    PROPERTY("starredIds", STRING),
    PROPERTY("pinned", STRING),
    PROPERTY("query", STRING),
    PROPERTY("fields", STRING),
    PROPERTY("count", NUMBER_OR_NULL),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("sort", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema names_room_id = {.required = NAMES("roomId")};
static const struct schema names_room_name = {.required = NAMES("roomName")};

const struct schema schema_channels_messages = {
    IS_OBJECT,
    .any_of = SCHEMAS(&names_room_id, &names_room_name),
    .closed = true,
    .properties = messages_properties,
};
const struct schema schema_groups_messages = {
    IS_OBJECT,
    .closed = true,
    .properties = messages_properties,
};

/* subscriptions.* */

static const struct schema_property subscriptions_get_properties[] = {
    PROPERTY("updatedSince", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_subscriptions_get = {
    IS_OBJECT,
    .closed = true,
    .properties = subscriptions_get_properties,
};

static const struct schema_property get_one_properties[] = {
    PROPERTY("roomId", STRING), /* if it is missing the endpoint says so */
    END_OF_PROPERTIES,
};
const struct schema schema_subscriptions_get_one = {
    IS_OBJECT,
    .closed = true,
    .properties = get_one_properties,
};

#define READ_BY(name)                                                                              \
    static const struct schema_property read_by_##name##_properties[] = {                          \
        PROPERTY(#name, STRING),                                                                   \
        PROPERTY("readThreads", BOOLEAN_OR_NULL),                                                  \
        END_OF_PROPERTIES,                                                                         \
    };                                                                                             \
    static const struct schema read_by_##name = {                                                  \
        IS_OBJECT,                                                                                 \
        .required = NAMES(#name),                                                                  \
        .closed = true,                                                                            \
        .properties = read_by_##name##_properties,                                                 \
    }

READ_BY(rid);
READ_BY(roomId);

const struct schema schema_subscriptions_read = {.any_of = SCHEMAS(&read_by_rid, &read_by_roomId)};

static const struct schema_property message_properties[] = {
    PROPERTY("_id", STRING),
    END_OF_PROPERTIES,
};
static const struct schema message = {
    IS_OBJECT,
    .required = NAMES("_id"),
    .closed = true,
    .properties = message_properties,
};
static const struct schema_property unread_from_properties[] = {
    PROPERTY("firstUnreadMessage", &message),
    END_OF_PROPERTIES,
};
static const struct schema unread_from = {
    IS_OBJECT,
    .required = NAMES("firstUnreadMessage"),
    .closed = true,
    .properties = unread_from_properties,
};
static const struct schema unread_in = {
    IS_OBJECT,
    .required = NAMES("roomId"),
    .closed = true,
    .properties = get_one_properties,
};
const struct schema schema_subscriptions_unread = {.any_of = SCHEMAS(&unread_in, &unread_from)};
