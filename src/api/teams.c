/* teams.*: making, showing and deleting them. Changes run on the writer. */
#include "api/rooms.h"
#include "domain/fault.h"
#include "domain/team.h"

/* --- create --- */

static struct room_draft main_room_of(const struct call *call)
{
    const struct json *room = json_get_lit(call->params, "room");
    struct room_draft draft = {.read_only = json_get_true(room, "readOnly")};
    draft_take_extra(&draft, json_get_lit(room, "extraData"));
    return draft;
}

static struct team_draft draft_of(const struct call *call)
{
    const struct json *type = json_get_lit(call->params, "type");
    return (struct team_draft){
        .name = call_param(call, "name"),
        .is_private = json_is(type, JSON_NUMBER) && type->number == 1,
        .owner_id = call_param(call, "owner"),
        .room_id = json_get_str(json_get_lit(call->params, "room"), "id"),
        .room = main_room_of(call),
    };
}

/* The schema has seen to it that they are texts. */
static void take_texts(struct arena *a, const struct json *array, const struct str **out,
                       size_t *out_count)
{
    struct str *texts;
    if (json_is(array, JSON_ARRAY) && text_list(a, array, &texts, out_count))
        *out = texts;
}

static bool create(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct team_draft draft = draft_of(call);
    take_texts(tx_rd(tx)->arena, json_get_lit(call->params, "members"), &draft.members,
               &draft.member_count);
    struct team *team;
    if (!team_create(tx, &by, &draft, &team, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "team");
    team_put(&call->out, team);
    return true;
}

/* --- info, delete --- */

static struct team *selected_team(struct rd *rd, const struct call *call)
{
    if (call_has(call, "teamId"))
        return team_find(rd, call_param(call, "teamId"));
    return team_find_by_name(rd, call_param(call, "teamName"));
}

static bool info(struct rd *rd, struct call *call, struct err *err)
{
    const struct team *team = selected_team(rd, call);
    if (team == NULL)
        return refuse(err, "Team not found");
    if (!team_visible(rd, call->user_id, team))
        return refuse_forbidden(err);
    struct json_out o = call_members(call);
    json_key(&o, "teamInfo");
    team_put(&call->out, team);
    return true;
}

static bool removal(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct team *team = selected_team(tx_rd(tx), call);
    if (team == NULL)
        return refuse(err, "team-does-not-exist");
    const struct str *room_ids = NULL;
    size_t room_count = 0;
    take_texts(tx_rd(tx)->arena, json_get_lit(call->params, "roomsToRemove"), &room_ids,
               &room_count);
    return team_delete(tx, &by, team, room_ids, room_count, err);
}

const struct endpoint endpoints_teams[] = {
    {
        .method = HTTP_POST,
        .path = "/api/v1/teams.create",
        .all_of = {PERM_CREATE_TEAM},
        .schema = &schema_teams_create,
        .steps = {ON_WRITE(create)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/teams.info",
        .schema = &schema_teams_info,
        .steps = {ON_READ(info)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/teams.delete",
        .schema = &schema_teams_delete,
        .steps = {ON_WRITE(removal)},
    },
    {.path = NULL},
};
