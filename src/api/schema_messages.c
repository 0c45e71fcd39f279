/* What chat.*, the histories of rooms and im.* accept. Where an endpoint has words of its own for
 * what is missing, that is left out here. */
#include "api/schema_table.h"
#include "api/schemas.h"

/* --- chat.postMessage: to rooms by id, or to channels by name --- */

static const struct schema texts = {.types = {TYPE_STRING, TYPE_ARRAY}, .items = STRING};
static const struct schema objects = {.types = {TYPE_ARRAY}, .nullable = true, .items = OBJECT};

#define POST_PROPERTIES                                                                            \
    PROPERTY("text", STRING_OR_NULL), PROPERTY("alias", STRING_OR_NULL),                           \
        PROPERTY("emoji", STRING_OR_NULL), PROPERTY("avatar", STRING_OR_NULL),                     \
        PROPERTY("attachments", &objects), PROPERTY("parseUrls", BOOLEAN_OR_NULL),                 \
        PROPERTY("customFields", OBJECT_OR_NULL)

static const struct schema_property post_to_rooms_properties[] = {
    PROPERTY("roomId", &texts),
    POST_PROPERTIES,
    PROPERTY("tmid", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema post_to_rooms = {
    IS_OBJECT,
    .required = NAMES("roomId"),
    .closed = true,
    .properties = post_to_rooms_properties,
};
static const struct schema_property post_to_channels_properties[] = {
    PROPERTY("channel", &texts),
    POST_PROPERTIES,
    END_OF_PROPERTIES,
};
static const struct schema post_to_channels = {
    IS_OBJECT,
    .required = NAMES("channel"),
    .closed = true,
    .properties = post_to_channels_properties,
};
const struct schema schema_chat_post_message = {.one_of =
                                                    SCHEMAS(&post_to_rooms, &post_to_channels)};

/* --- chat.sendMessage --- */

static const struct schema id = {.types = {TYPE_STRING}, .nullable = true, .max_length = 255};

static const struct schema_property message_properties[] = {
    PROPERTY("rid", STRING),
    PROPERTY("_id", &id),
    PROPERTY("msg", STRING_OR_NULL),
    PROPERTY("alias", STRING_OR_NULL),
    PROPERTY("emoji", STRING_OR_NULL),
    PROPERTY("avatar", STRING_OR_NULL),
    PROPERTY("tmid", STRING_OR_NULL),
    PROPERTY("tshow", BOOLEAN_OR_NULL),
    PROPERTY("attachments", &objects),
    PROPERTY("blocks", &objects),
    PROPERTY("customFields", OBJECT_OR_NULL),
    PROPERTY("groupable", BOOLEAN_OR_NULL),
    PROPERTY("parseUrls", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema message = {
    IS_OBJECT,
    .required = NAMES("rid"),
    .properties = message_properties,
};
static const struct schema_property send_properties[] = {
    PROPERTY("message", &message),
    PROPERTY("previewUrls", STRINGS_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_send_message = {
    IS_OBJECT,
    .required = NAMES("message"),
    .closed = true,
    .properties = send_properties,
};

/* --- one message --- */

static const struct schema_property get_properties[] = {
    PROPERTY("msgId", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_get_message = {
    IS_OBJECT,
    .required = NAMES("msgId"),
    .closed = true,
    .properties = get_properties,
};

static const struct schema_property update_properties[] = {
    PROPERTY("roomId", STRING),
    PROPERTY("msgId", STRING),
    PROPERTY("text", STRING),
    PROPERTY("previewUrls", STRINGS_OR_NULL),
    PROPERTY("customFields", OBJECT_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_update = {
    IS_OBJECT,
    .required = NAMES("roomId", "msgId", "text"),
    .closed = true,
    .properties = update_properties,
};

#define DELETE_BY(name)                                                                            \
    static const struct schema_property delete_by_##name##_properties[] = {                        \
        PROPERTY(#name, STRING),                                                                   \
        PROPERTY("roomId", STRING),                                                                \
        PROPERTY("asUser", BOOLEAN_OR_NULL),                                                       \
        END_OF_PROPERTIES,                                                                         \
    };                                                                                             \
    static const struct schema delete_by_##name = {                                                \
        IS_OBJECT,                                                                                 \
        .required = NAMES(#name, "roomId"),                                                        \
        .closed = true,                                                                            \
        .properties = delete_by_##name##_properties,                                               \
    }

DELETE_BY(msgId);
DELETE_BY(fileId);

const struct schema schema_chat_delete = {.one_of = SCHEMAS(&delete_by_msgId, &delete_by_fileId)};

/* --- lists --- */

static const struct schema_property thread_properties[] = {
    PROPERTY("tmid", STRING_NOT_EMPTY),
    PROPERTY("count", NUMBER_OR_NULL),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("sort", STRING_OR_NULL),
    PROPERTY("query", STRING_OR_NULL),
    PROPERTY("fields", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_get_thread_messages = {
    IS_OBJECT,
    .required = NAMES("tmid"),
    .closed = true,
    .properties = thread_properties,
};

static const struct schema names_room_id = {.required = NAMES("roomId")};
static const struct schema names_room_name = {.required = NAMES("roomName")};
static const struct schema_property history_properties[] = {
    PROPERTY("roomId", STRING), PROPERTY("roomName", STRING),
    PROPERTY("latest", STRING), PROPERTY("oldest", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_channels_history = {
    IS_OBJECT,
    .any_of = SCHEMAS(&names_room_id, &names_room_name),
    .properties = history_properties,
};

/* --- im.* --- */

#define CREATE_BY(name)                                                                            \
    static const struct schema_property create_by_##name##_properties[] = {                        \
        PROPERTY(#name, STRING),                                                                   \
        PROPERTY("excludeSelf", BOOLEAN_OR_NULL),                                                  \
        END_OF_PROPERTIES,                                                                         \
    };                                                                                             \
    static const struct schema create_by_##name = {                                                \
        IS_OBJECT,                                                                                 \
        .required = NAMES(#name),                                                                  \
        .closed = true,                                                                            \
        .properties = create_by_##name##_properties,                                               \
    }

CREATE_BY(username);
CREATE_BY(usernames);

const struct schema schema_im_create = {.one_of =
                                            SCHEMAS(&create_by_username, &create_by_usernames)};

static const struct schema_property im_room_properties[] = {
    PROPERTY("roomId", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_im_room = {
    IS_OBJECT,
    .required = NAMES("roomId"),
    .properties = im_room_properties,
};

static const struct schema_property im_topic_properties[] = {
    PROPERTY("roomId", STRING),
    PROPERTY("topic", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_im_set_topic = {
    IS_OBJECT,
    .required = NAMES("roomId"),
    .properties = im_topic_properties,
};
