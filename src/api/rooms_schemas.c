/* What the endpoints of rooms, subscriptions and teams accept, where they say so in a schema. */
#include "api/rooms.h"

#define TEXT_PROPERTY(name)                                                                        \
    {                                                                                              \
        STR_INIT(name), &text                                                                      \
    }
#define END_PROPERTY                                                                               \
    {                                                                                              \
        STR_INIT(""), NULL                                                                         \
    }

static const struct schema text = {.types = {TYPE_STRING}};
static const struct schema nullable_text = {.types = {TYPE_STRING}, .nullable = true};
static const struct schema number = {.types = {TYPE_NUMBER}};

static const char *const needs_room_id[] = {"roomId", NULL};
static const char *const needs_room_name[] = {"roomName", NULL};

/* --- exactly one of roomId and roomName --- */

static const struct schema_property id_alone[] = {TEXT_PROPERTY("roomId"), END_PROPERTY};
static const struct schema_property name_alone[] = {TEXT_PROPERTY("roomName"), END_PROPERTY};
static const struct schema by_id = {
    .types = {TYPE_OBJECT}, .required = needs_room_id, .closed = true, .properties = id_alone};
static const struct schema by_name = {
    .types = {TYPE_OBJECT}, .required = needs_room_name, .closed = true, .properties = name_alone};
static const struct schema *const selectors[] = {&by_id, &by_name, NULL};
const struct schema schema_room_selector = {.one_of = selectors};

const struct schema schema_room_id = {
    .types = {TYPE_OBJECT}, .required = needs_room_id, .properties = id_alone};

/* --- the same with a join code --- */

static const struct schema_property id_and_code[] = {
    TEXT_PROPERTY("roomId"), {STR_INIT("joinCode"), &nullable_text}, END_PROPERTY};
static const struct schema_property name_and_code[] = {
    TEXT_PROPERTY("roomName"), {STR_INIT("joinCode"), &nullable_text}, END_PROPERTY};
static const struct schema join_by_id = {
    .types = {TYPE_OBJECT}, .required = needs_room_id, .closed = true, .properties = id_and_code};
static const struct schema join_by_name = {.types = {TYPE_OBJECT},
                                           .required = needs_room_name,
                                           .closed = true,
                                           .properties = name_and_code};
static const struct schema *const joins[] = {&join_by_id, &join_by_name, NULL};
const struct schema schema_room_join = {.one_of = joins};

/* --- channels.list --- */

static const struct schema_property list_properties[] = {
    TEXT_PROPERTY("_id"),  {STR_INIT("count"), &number}, {STR_INIT("offset"), &number},
    TEXT_PROPERTY("sort"), TEXT_PROPERTY("query"),       TEXT_PROPERTY("fields"),
    END_PROPERTY};
const struct schema schema_rooms_list = {
    .types = {TYPE_OBJECT}, .closed = true, .properties = list_properties};

/* --- teams --- */

static const struct schema texts = {.types = {TYPE_ARRAY}, .items = &text};
static const struct schema any_object = {.types = {TYPE_OBJECT}};
static const struct json public_type = {.kind = JSON_NUMBER, .number = 0};
static const struct json private_type = {.kind = JSON_NUMBER, .number = 1};
static const struct json *const team_types[] = {&public_type, &private_type, NULL};
static const struct schema team_type = {.types = {TYPE_NUMBER}, .choices = team_types};

static const char *const needs_name_and_type[] = {"name", "type", NULL};
static const struct schema_property team_create_properties[] = {
    TEXT_PROPERTY("name"),  {STR_INIT("type"), &team_type},  {STR_INIT("members"), &texts},
    TEXT_PROPERTY("owner"), {STR_INIT("room"), &any_object}, END_PROPERTY};
const struct schema schema_teams_create = {.types = {TYPE_OBJECT},
                                           .required = needs_name_and_type,
                                           .closed = true,
                                           .properties = team_create_properties};

static const char *const needs_team_id[] = {"teamId", NULL};
static const char *const needs_team_name[] = {"teamName", NULL};
static const struct schema rooms_to_remove = {
    .types = {TYPE_ARRAY}, .nullable = true, .min_items = 1, .unique_items = true, .items = &text};
static const struct schema_property delete_by_id_properties[] = {
    TEXT_PROPERTY("teamId"), {STR_INIT("roomsToRemove"), &rooms_to_remove}, END_PROPERTY};
static const struct schema_property delete_by_name_properties[] = {
    TEXT_PROPERTY("teamName"), {STR_INIT("roomsToRemove"), &rooms_to_remove}, END_PROPERTY};
static const struct schema delete_by_id = {.types = {TYPE_OBJECT},
                                           .required = needs_team_id,
                                           .closed = true,
                                           .properties = delete_by_id_properties};
static const struct schema delete_by_name = {.types = {TYPE_OBJECT},
                                             .required = needs_team_name,
                                             .closed = true,
                                             .properties = delete_by_name_properties};
static const struct schema *const deletions[] = {&delete_by_id, &delete_by_name, NULL};
const struct schema schema_teams_delete = {.one_of = deletions};

static const struct schema_property team_id_property[] = {TEXT_PROPERTY("teamId"), END_PROPERTY};
static const struct schema_property team_name_property[] = {TEXT_PROPERTY("teamName"),
                                                            END_PROPERTY};
static const struct schema info_by_id = {.types = {TYPE_OBJECT},
                                         .required = needs_team_id,
                                         .closed = true,
                                         .properties = team_id_property};
static const struct schema info_by_name = {.types = {TYPE_OBJECT},
                                           .required = needs_team_name,
                                           .closed = true,
                                           .properties = team_name_property};
static const struct schema *const infos[] = {&info_by_id, &info_by_name, NULL};
const struct schema schema_teams_info = {.one_of = infos};
