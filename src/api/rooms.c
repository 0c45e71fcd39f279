/* channels.*, groups.* and rooms.*: one room at a time. Looking up is in rooms_find.c, creating in
 * rooms_create.c, changing in rooms_change.c, roles and the like in rooms_roles.c, lists are in
 * rooms_lists.c. Questions run on readers, changes on the writer.
 */
#include "api/rooms.h"
#include "api/schemas.h"
#include "domain/fault.h"
#include "domain/team.h"
#include "domain/user.h"

/* --- channels.* and groups.* --- */

static bool info(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!find_room(rd, call, FIND_SEEN, &room, err))
        return false;
    answer_room(rd, call, family_of(call)->key, room);
    return true;
}

static bool join(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room;
    if (!find_room(tx_rd(tx), call, FIND_LIVE, &room, err) ||
        !room_join_with(tx, &by, room, call_param(call, "joinCode"), err))
        return false;
    answer_room(tx_rd(tx), call, family_of(call)->key, room);
    return true;
}

static bool refuse_nobody(const struct family *family, struct err *err)
{
    if (family->type == 'p')
        return fault(err, "error-empty-invite-list",
                     "Cannot invite if no valid users are provided");
    /* The reference has text and type the wrong way round. */
    return refuse_typed(err, "Cannot invite if no users are provided", "invalid-user-invite-list");
}

static bool invite(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct actor by = call_actor(call);
    struct room *room;
    struct found_users users;
    if (!find_room(rd, call, FIND_LIVE, &room, err) || !find_users(rd, call, &users, err))
        return false;
    if (users.count == 0)
        return refuse_nobody(family_of(call), err);
    if (!room_invite(tx, &by, room, users.items, users.count, err))
        return false;
    answer_room(rd, call, family_of(call)->key, room);
    return true;
}

static bool kick(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct actor by = call_actor(call);
    struct room *room;
    if (!find_room(rd, call, FIND_LIVE, &room, err))
        return false;
    const struct user *user = user_selected(rd, call->params, err);
    if (user == NULL || !room_kick(tx, &by, room, user, err))
        return false;
    if (family_of(call)->answers_room)
        answer_room(rd, call, family_of(call)->key, room);
    return true;
}

/* Groups are only found by those who see them; who sees a channel but is not in it is told so. */
static unsigned flags_for(const struct call *call, unsigned flags)
{
    return family_of(call)->hides_unseen ? flags | FIND_SEEN : flags;
}

static bool leave(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room;
    if (!find_room(tx_rd(tx), call, flags_for(call, FIND_LIVE), &room, err) ||
        !room_leave(tx, &by, room, err))
        return false;
    if (family_of(call)->answers_room)
        answer_room(tx_rd(tx), call, family_of(call)->key, room);
    return true;
}

static bool archive(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room;
    return find_room(tx_rd(tx), call, flags_for(call, FIND_LIVE), &room, err) &&
           room_archive(tx, &by, room, err);
}

static bool unarchive(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room;
    if (!find_room(tx_rd(tx), call, flags_for(call, FIND_ANY), &room, err))
        return false;
    if (!room->archived && room->type == 'c')
        return refuse(err, "The channel, %.*s, is not archived", STR_FMT(room->name));
    return room_unarchive(tx, &by, room, err);
}

static bool removal(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room;
    return find_room(tx_rd(tx), call, flags_for(call, FIND_ANY), &room, err) &&
           room_delete(tx, &by, room, err);
}

/* --- rooms.* --- */

static bool refuse_unknown(const struct call *call, struct err *err)
{
    return fault(err, "error-room-not-found", "%.*s", STR_FMT(family_of(call)->not_found));
}

static void put_team(struct call *call, const struct team *team)
{
    struct json_out o = call_members(call);
    json_key(&o, "team");
    struct json_out t = json_begin(&call->out, '{');
    json_member_str(&t, "_id", team->id);
    json_member_str(&t, "name", team->name);
    json_member_i64(&t, "type", team->is_private ? 1 : 0);
    json_member_str(&t, "roomId", team->room_id);
    json_end(&t);
}

static void put_parent(struct call *call, const struct room *parent)
{
    struct json_out o = call_members(call);
    json_key(&o, "parent");
    struct json_out p = json_begin(&call->out, '{');
    json_member_str(&p, "_id", parent->id);
    json_member_str(&p, "name", parent->name);
    json_member_str(&p, "fname", parent->name);
    json_member_str(&p, "t", str_from(&parent->type, 1));
    json_end(&p);
}

static void answer_team(struct rd *rd, struct call *call, const struct room *room)
{
    const struct team *team = str_empty(room->team_id) ? NULL : team_find(rd, room->team_id);
    if (team == NULL)
        return;
    put_team(call, team);
    const struct room *parent = room->team_main ? NULL : room_find(rd, team->room_id);
    if (parent != NULL)
        put_parent(call, parent);
}

static bool room_info(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room = selected_room(rd, call);
    if (room == NULL)
        return refuse_unknown(call, err);
    if (!room_visible(rd, call->user_id, room))
        return refuse_typed(err, "Not Allowed", "not-allowed");
    answer_room(rd, call, "room", room);
    answer_team(rd, call, room);
    return true;
}

static bool room_removal(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room = room_find(tx_rd(tx), call_param(call, "roomId"));
    if (room == NULL)
        return fault_with(err, DETAILS_METHOD("eraseRoom"), "error-invalid-room", "Invalid room");
    return room_delete(tx, &by, room, err);
}

static bool room_leaving(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room = room_find(tx_rd(tx), call_param(call, "roomId"));
    return room != NULL ? room_leave(tx, &by, room, err) : refuse_unknown(call, err);
}

/* --- the table --- */

#define ANY_MANAGER                                                                                \
    {                                                                                              \
        PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS,                  \
            PERM_MANAGE_INCOMING_INTEGRATIONS, PERM_MANAGE_OWN_INCOMING_INTEGRATIONS               \
    }

#define GET_ROOM(name, ...)                                                                        \
    {                                                                                              \
        .method = HTTP_GET, .path = "/api/v1/" name, __VA_ARGS__                                   \
    }
#define POST_ROOM(name, ...)                                                                       \
    {                                                                                              \
        .method = HTTP_POST, .path = "/api/v1/" name, __VA_ARGS__                                  \
    }

/* What changes a room is the same in both families. */
#define CHANGES(family)                                                                            \
    POST_ROOM(family ".addOwner", .steps = {ON_WRITE(change_room_role)}),                          \
        POST_ROOM(family ".removeOwner", .steps = {ON_WRITE(change_room_role)}),                   \
        POST_ROOM(family ".addModerator", .steps = {ON_WRITE(change_room_role)}),                  \
        POST_ROOM(family ".removeModerator", .steps = {ON_WRITE(change_room_role)}),               \
        POST_ROOM(family ".addLeader", .steps = {ON_WRITE(change_room_role)}),                     \
        POST_ROOM(family ".removeLeader", .steps = {ON_WRITE(change_room_role)}),                  \
        GET_ROOM(family ".moderators", .steps = {ON_READ(list_moderators)}),                       \
        GET_ROOM(family ".roles", .steps = {ON_READ(list_room_roles)}),                            \
        GET_ROOM(family ".online", .steps = {ON_READ(list_online)}),                               \
        GET_ROOM(family ".getIntegrations", .any_of = ANY_MANAGER,                                 \
                 .steps = {ON_READ(list_room_integrations)}),                                      \
        POST_ROOM(family ".rename", .steps = {ON_WRITE(rename_room)}),                             \
        POST_ROOM(family ".setTopic", .steps = {ON_WRITE(set_room_text)}),                         \
        POST_ROOM(family ".setDescription", .steps = {ON_WRITE(set_room_text)}),                   \
        POST_ROOM(family ".setPurpose", .steps = {ON_WRITE(set_room_text)}),                       \
        POST_ROOM(family ".setAnnouncement", .steps = {ON_WRITE(set_room_text)}),                  \
        POST_ROOM(family ".setReadOnly", .steps = {ON_WRITE(set_room_read_only)}),                 \
        POST_ROOM(family ".setType", .steps = {ON_WRITE(set_room_type)}),                          \
        POST_ROOM(family ".setCustomFields", .steps = {ON_WRITE(set_room_custom_fields)}),         \
        POST_ROOM(family ".open", .steps = {ON_WRITE(open_room)}),                                 \
        POST_ROOM(family ".close", .steps = {ON_WRITE(close_room)}),                               \
        POST_ROOM(family ".addAll", .steps = {ON_WRITE(add_everybody)})

const struct endpoint endpoints_rooms[] = {
    POST_ROOM("channels.create", .schema = &schema_rooms_create, .steps = {ON_WRITE(create_room)}),
    GET_ROOM("channels.info", .schema = &schema_rooms_info, .steps = {ON_READ(info)}),
    GET_ROOM("channels.list", .any_of = {PERM_VIEW_C_ROOM, PERM_VIEW_JOINED_ROOM},
             .schema = &schema_rooms_list, .steps = {ON_READ(list_rooms)}),
    GET_ROOM("channels.list.joined", .steps = {ON_READ(list_joined_rooms)}),
    GET_ROOM("channels.members", .schema = &schema_rooms_members, .steps = {ON_READ(list_members)}),
    POST_ROOM("channels.invite", .schema = &schema_rooms_invite, .steps = {ON_WRITE(invite)}),
    POST_ROOM("channels.kick", .schema = &schema_channels_kick, .steps = {ON_WRITE(kick)}),
    POST_ROOM("channels.join", .schema = &schema_room_join, .steps = {ON_WRITE(join)}),
    POST_ROOM("channels.leave", .schema = &schema_room_selector, .steps = {ON_WRITE(leave)}),
    POST_ROOM("channels.archive", .schema = &schema_room_selector, .steps = {ON_WRITE(archive)}),
    POST_ROOM("channels.unarchive", .schema = &schema_room_selector,
              .steps = {ON_WRITE(unarchive)}),
    POST_ROOM("channels.delete", .schema = &schema_room_selector, .steps = {ON_WRITE(removal)}),
    POST_ROOM("channels.setDefault", .steps = {ON_WRITE(set_room_default)}),
    POST_ROOM("channels.setJoinCode", .steps = {ON_WRITE(set_room_join_code)}),
    GET_ROOM("channels.getAllUserMentionsByChannel", .steps = {ON_READ(list_mentions)}),
    CHANGES("channels"),

    POST_ROOM("groups.create", .schema = &schema_rooms_create, .steps = {ON_WRITE(create_room)}),
    GET_ROOM("groups.info", .schema = &schema_rooms_info, .steps = {ON_READ(info)}),
    GET_ROOM("groups.list", .steps = {ON_READ(list_joined_rooms)}),
    GET_ROOM("groups.listAll", .all_of = {PERM_VIEW_ROOM_ADMINISTRATION},
             .steps = {ON_READ(list_all_rooms)}),
    GET_ROOM("groups.members", .schema = &schema_rooms_members, .steps = {ON_READ(list_members)}),
    POST_ROOM("groups.invite", .schema = &schema_rooms_invite, .steps = {ON_WRITE(invite)}),
    POST_ROOM("groups.kick", .schema = &schema_rooms_invite, .steps = {ON_WRITE(kick)}),
    POST_ROOM("groups.leave", .steps = {ON_WRITE(leave)}),
    POST_ROOM("groups.archive", .steps = {ON_WRITE(archive)}),
    POST_ROOM("groups.unarchive", .steps = {ON_WRITE(unarchive)}),
    POST_ROOM("groups.delete", .steps = {ON_WRITE(removal)}),
    POST_ROOM("groups.setEncrypted", .steps = {ON_WRITE(set_room_encrypted)}),
    POST_ROOM("groups.convertToTeam", .all_of = {PERM_CREATE_TEAM},
              .steps = {ON_WRITE(convert_to_team)}),
    CHANGES("groups"),

    GET_ROOM("rooms.info", .steps = {ON_READ(room_info)}),
    GET_ROOM("rooms.get", .steps = {ON_READ(get_rooms)}),
    POST_ROOM("rooms.delete", .schema = &schema_room_id, .steps = {ON_WRITE(room_removal)}),
    POST_ROOM("rooms.leave", .schema = &schema_room_id, .steps = {ON_WRITE(room_leaving)}),
    {.path = NULL},
};
