/* What the endpoints accept that mark messages, and the lists of chat.*. */
#include "api/schema_table.h"
#include "api/schemas.h"

#define PAGE_PROPERTIES                                                                            \
    PROPERTY("count", NUMBER_OR_NULL), PROPERTY("offset", NUMBER_OR_NULL),                         \
        PROPERTY("sort", STRING_OR_NULL), PROPERTY("query", STRING_OR_NULL),                       \
        PROPERTY("fields", STRING_OR_NULL)

/* --- marks --- */

static const struct schema_property react_properties[] = {
    PROPERTY("messageId", STRING_NOT_EMPTY),
    PROPERTY("emoji", STRING_OR_NULL),
    PROPERTY("reaction", STRING_OR_NULL),
    PROPERTY("shouldReact", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_react = {
    IS_OBJECT,
    .required = NAMES("messageId"),
    .closed = true,
    .properties = react_properties,
};

static const struct schema_property message_id_properties[] = {
    PROPERTY("messageId", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_message_id = {
    IS_OBJECT,
    .required = NAMES("messageId"),
    .closed = true,
    .properties = message_id_properties,
};

static const struct schema_property follow_properties[] = {
    PROPERTY("mid", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_follow = {
    IS_OBJECT,
    .required = NAMES("mid"),
    .closed = true,
    .properties = follow_properties,
};

static const struct schema_property report_properties[] = {
    PROPERTY("messageId", STRING_NOT_EMPTY),
    PROPERTY("description", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_report = {
    IS_OBJECT,
    .required = NAMES("messageId", "description"),
    .closed = true,
    .properties = report_properties,
};

static const struct schema_property ignore_user_properties[] = {
    PROPERTY("rid", STRING_NOT_EMPTY),
    PROPERTY("userId", STRING_NOT_EMPTY),
    PROPERTY("ignore", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_ignore_user = {
    IS_OBJECT,
    .required = NAMES("rid", "userId"),
    .closed = true,
    .properties = ignore_user_properties,
};

/* --- lists --- */

static const struct schema_property room_page_properties[] = {
    PROPERTY("roomId", STRING_NOT_EMPTY),
    PROPERTY("text", STRING_OR_NULL),
    PAGE_PROPERTIES,
    END_OF_PROPERTIES,
};
const struct schema schema_chat_room_page = {
    IS_OBJECT,
    .required = NAMES("roomId"),
    .closed = true,
    .properties = room_page_properties,
};

static const struct schema_property room_since_properties[] = {
    PROPERTY("roomId", STRING_NOT_EMPTY),
    PROPERTY("since", STRING_NOT_EMPTY),
    PAGE_PROPERTIES,
    END_OF_PROPERTIES,
};
const struct schema schema_chat_room_since = {
    IS_OBJECT,
    .required = NAMES("roomId", "since"),
    .closed = true,
    .properties = room_since_properties,
};

static const struct schema_property search_properties[] = {
    PROPERTY("roomId", STRING_NOT_EMPTY),
    PROPERTY("searchText", STRING_NOT_EMPTY),
    PAGE_PROPERTIES,
    END_OF_PROPERTIES,
};
const struct schema schema_chat_search = {
    IS_OBJECT,
    .required = NAMES("roomId", "searchText"),
    .closed = true,
    .properties = search_properties,
};

static const struct schema_property threads_list_properties[] = {
    PROPERTY("rid", STRING_NOT_EMPTY),
    PROPERTY("type", STRING_OR_NULL),
    PROPERTY("text", STRING_OR_NULL),
    PAGE_PROPERTIES,
    END_OF_PROPERTIES,
};
const struct schema schema_chat_threads_list = {
    IS_OBJECT,
    .required = NAMES("rid"),
    .closed = true,
    .properties = threads_list_properties,
};

static const struct schema_property sync_threads_list_properties[] = {
    PROPERTY("rid", STRING_NOT_EMPTY),
    PROPERTY("updatedSince", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_sync_threads_list = {
    IS_OBJECT,
    .required = NAMES("rid", "updatedSince"),
    .closed = true,
    .properties = sync_threads_list_properties,
};

static const struct schema_property sync_thread_messages_properties[] = {
    PROPERTY("tmid", STRING_NOT_EMPTY),
    PROPERTY("updatedSince", STRING_NOT_EMPTY),
    PAGE_PROPERTIES,
    END_OF_PROPERTIES,
};
const struct schema schema_chat_sync_thread_messages = {
    IS_OBJECT,
    .required = NAMES("tmid", "updatedSince"),
    .closed = true,
    .properties = sync_thread_messages_properties,
};

/* What is missing is told by the endpoint. */
static const struct schema_property sync_messages_properties[] = {
    PROPERTY("roomId", STRING_OR_NULL),
    PROPERTY("lastUpdate", STRING_OR_NULL),
    PROPERTY("type", STRING_OR_NULL),
    PROPERTY("next", STRING_OR_NULL),
    PROPERTY("previous", STRING_OR_NULL),
    PROPERTY("count", NUMBER_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_sync_messages = {
    IS_OBJECT,
    .closed = true,
    .properties = sync_messages_properties,
};

static const struct schema_property url_preview_properties[] = {
    PROPERTY("roomId", STRING_NOT_EMPTY),
    PROPERTY("url", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_chat_url_preview = {
    IS_OBJECT,
    .required = NAMES("roomId", "url"),
    .closed = true,
    .properties = url_preview_properties,
};
