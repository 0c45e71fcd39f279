/* What the endpoints of rooms and teams accept where a room's or a team's id or name is all there
 * is to say, or nearly; the larger ones are in schema_rooms.c. */
#include "api/rooms.h"
#include "api/schema_table.h"

/* An object of a name that must be there and what else may be; nothing more. */
#define BY_NAME(variable, name, ...)                                                               \
    static const struct schema_property variable##_properties[] = {PROPERTY(name, STRING),         \
                                                                   __VA_ARGS__};                   \
    static const struct schema variable = {IS_OBJECT, .required = NAMES(name), .closed = true,     \
                                           .properties = variable##_properties}

/* --- rooms --- */

BY_NAME(select_by_id, "roomId", END_OF_PROPERTIES);
BY_NAME(select_by_name, "roomName", END_OF_PROPERTIES);
const struct schema schema_room_selector = {.one_of = SCHEMAS(&select_by_id, &select_by_name)};

BY_NAME(join_by_id, "roomId", PROPERTY("joinCode", STRING_OR_NULL), END_OF_PROPERTIES);
BY_NAME(join_by_name, "roomName", PROPERTY("joinCode", STRING_OR_NULL), END_OF_PROPERTIES);
const struct schema schema_room_join = {.one_of = SCHEMAS(&join_by_id, &join_by_name)};

const struct schema schema_room_id = {IS_OBJECT, .required = NAMES("roomId"),
                                      .properties = select_by_id_properties};

static const struct schema_property list_properties[] = {
    PROPERTY("_id", STRING),  PROPERTY("count", NUMBER), PROPERTY("offset", NUMBER),
    PROPERTY("sort", STRING), PROPERTY("query", STRING), PROPERTY("fields", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_rooms_list = {IS_OBJECT, .closed = true, .properties = list_properties};

/* --- teams --- */

static const struct schema team_type = {.types = {TYPE_NUMBER},
                                        .choices = CHOICES(NUMERAL(0), NUMERAL(1))};
static const struct schema_property team_create_properties[] = {
    PROPERTY("name", STRING),  PROPERTY("type", &team_type), PROPERTY("members", STRINGS),
    PROPERTY("owner", STRING), PROPERTY("room", OBJECT),     END_OF_PROPERTIES,
};
const struct schema schema_teams_create = {IS_OBJECT, .required = NAMES("name", "type"),
                                           .closed = true, .properties = team_create_properties};

static const struct schema removed_rooms = {
    .types = {TYPE_ARRAY}, .nullable = true, .min_items = 1, .unique_items = true, .items = STRING};
BY_NAME(delete_by_id, "teamId", PROPERTY("roomsToRemove", &removed_rooms), END_OF_PROPERTIES);
BY_NAME(delete_by_name, "teamName", PROPERTY("roomsToRemove", &removed_rooms), END_OF_PROPERTIES);
const struct schema schema_teams_delete = {.one_of = SCHEMAS(&delete_by_id, &delete_by_name)};

BY_NAME(show_by_id, "teamId", END_OF_PROPERTIES);
BY_NAME(show_by_name, "teamName", END_OF_PROPERTIES);
const struct schema schema_teams_info = {.one_of = SCHEMAS(&show_by_id, &show_by_name)};
