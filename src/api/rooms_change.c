/* channels.* and groups.*: what changes a room that stays, and whether the caller has it in his
 * list. Runs on the writer. One implementation serves both families, and all endpoints that set a
 * text; which text is asked of the endpoint's name.
 */
#include "api/rooms.h"
#include "domain/direct.h"
#include "domain/fault.h"
#include "domain/team.h"
#include "store/subscription.h"

static bool refuse_missing(const char *param, struct err *err)
{
    return refuse(err, "The bodyParam \"%s\" is required", param);
}

static bool refuse_same(const struct family *family, const char *what, struct err *err)
{
    return refuse(err, "The %s %s is the same as what it would be changed to.", family->label,
                  what);
}

static bool find_changeable(struct rd *rd, const struct call *call, struct room **out,
                            struct err *err)
{
    unsigned seen = family_of(call)->hides_unseen ? FIND_SEEN : FIND_ANY;
    return find_room(rd, call, seen | FIND_LIVE, out, err);
}

static bool answer_changed(struct rd *rd, struct call *call, struct room *room)
{
    answer_room(rd, call, family_of(call)->key, room);
    return true;
}

/* --- texts --- */

static const struct text_setter {
    const char *verb;
    const char *param; /* and the answer's member */
    enum room_text which;
    const char *refuses_same; /* of a channel, by this name; NULL: the same text is set again */
} text_setters[] = {
    {"setTopic", "topic", ROOM_TOPIC, "topic"},
    {"setDescription", "description", ROOM_DESCRIPTION, "description"},
    {"setPurpose", "purpose", ROOM_DESCRIPTION, "description"},
    {"setAnnouncement", "announcement", ROOM_ANNOUNCEMENT, NULL},
};

static const struct text_setter *setter_of(const struct call *call)
{
    const struct text_setter *setter = text_setters;
    while (!str_ends(str_of(call->endpoint->path), str_of(setter->verb)))
        setter++;
    return setter;
}

bool set_room_text(struct tx *tx, struct call *call, struct err *err)
{
    const struct text_setter *setter = setter_of(call);
    struct actor by = call_actor(call);
    struct str text = call_param(call, setter->param);
    struct room *room;
    if (!call_has(call, setter->param))
        return refuse_missing(setter->param, err);
    if (!find_changeable(tx_rd(tx), call, &room, err))
        return false;
    if (room->type == 'c' && setter->refuses_same != NULL &&
        str_eq(room_text(room, setter->which), text))
        return refuse_same(family_of(call), setter->refuses_same, err);
    if (!room_set_text(tx, &by, room, setter->which, text, err))
        return false;
    struct json_out o = call_members(call);
    json_member_str(&o, setter->param, text);
    return true;
}

/* --- name, type, flags --- */

bool rename_room(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct str name = call_param(call, "name");
    struct room *room;
    if (str_blank(name))
        return refuse_missing("name", err);
    if (!find_changeable(tx_rd(tx), call, &room, err))
        return false;
    if (room->type == 'c' && str_eq(room->name, name))
        return refuse(err, "The channel name is the same as what it would be renamed to.");
    return room_rename(tx, &by, room, name, err) && answer_changed(tx_rd(tx), call, room);
}

bool set_room_type(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct str type = call_param(call, "type");
    struct room *room;
    if (str_blank(type))
        return refuse_missing("type", err);
    if (!find_changeable(tx_rd(tx), call, &room, err))
        return false;
    if (str_eq(type, str_from(&room->type, 1)))
        return refuse_same(family_of(call), "type", err);
    if (!str_is(type, "c") && !str_is(type, "p"))
        return fault_with(err, DETAILS_FUNCTION("RocketChat.saveRoomType"),
                          "error-invalid-room-type", "error-invalid-room-type");
    return room_set_type(tx, &by, room, type.ptr[0], err) && answer_changed(tx_rd(tx), call, room);
}

bool set_room_read_only(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct json *value = json_get_lit(call->params, "readOnly");
    struct room *room;
    if (!json_is(value, JSON_BOOL))
        return refuse_missing("readOnly", err);
    if (!find_changeable(tx_rd(tx), call, &room, err))
        return false;
    if (room->read_only == value->boolean)
        return refuse_same(family_of(call), "read only setting", err);
    return room_set_read_only(tx, &by, room, value->boolean, err) &&
           answer_changed(tx_rd(tx), call, room);
}

/* A boolean, or its name. */
static bool take_flag(const struct json *value, bool *out)
{
    bool named = json_is(value, JSON_STRING);
    *out = named ? str_is(value->string, "true") : json_truthy(value);
    return json_is(value, JSON_BOOL) || *out || (named && str_is(value->string, "false"));
}

/* The reference has the two types the wrong way round. */
bool set_room_default(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    bool is_default;
    struct room *room;
    if (!take_flag(json_get_lit(call->params, "default"), &is_default))
        return refuse_typed(err, "error-channels-setdefault-is-same",
                            "The bodyParam \"default\" is required");
    if (!find_changeable(tx_rd(tx), call, &room, err))
        return false;
    if (room->is_default == is_default)
        return refuse_typed(
            err, "error-channels-setdefault-missing-default-param",
            "The channel default setting is the same as what it would be changed to.");
    return room_set_default(tx, &by, room, is_default, err) &&
           answer_changed(tx_rd(tx), call, room);
}

bool set_room_encrypted(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct json *value = json_get_lit(call->params, "encrypted");
    struct room *room;
    if (!json_is(value, JSON_BOOL))
        return refuse_missing("encrypted", err);
    return find_changeable(tx_rd(tx), call, &room, err) &&
           room_set_encrypted(tx, &by, room, value->boolean, err) &&
           answer_changed(tx_rd(tx), call, room);
}

bool set_room_custom_fields(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct json *fields = json_get_lit(call->params, "customFields");
    struct room *room;
    if (!json_is(fields, JSON_OBJECT))
        return refuse(err, "The bodyParam \"customFields\" is required with a type like object.");
    return find_changeable(tx_rd(tx), call, &room, err) &&
           room_set_custom_fields(tx, &by, room, fields, err) &&
           answer_changed(tx_rd(tx), call, room);
}

bool set_room_join_code(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct str code = call_param(call, "joinCode");
    struct room *room;
    if (str_empty(code))
        return refuse_missing("joinCode", err);
    return find_changeable(tx_rd(tx), call, &room, err) &&
           room_set_join_code(tx, &by, room, code, err) && answer_changed(tx_rd(tx), call, room);
}

bool add_everybody(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    bool active_only = json_truthy(json_get_lit(call->params, "activeUsersOnly"));
    struct room *room;
    return find_changeable(tx_rd(tx), call, &room, err) &&
           room_add_all(tx, &by, room, active_only, err) && answer_changed(tx_rd(tx), call, room);
}

bool convert_to_team(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room;
    struct team *team;
    if (!find_changeable(tx_rd(tx), call, &room, err) || !team_of_room(tx, &by, room, &team, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "team");
    team_put(&call->out, team);
    return true;
}

/* --- in the caller's list or not --- */

/* Archived rooms too. The text lacks a quote where a channel is hidden, as the reference's does. */
static bool find_own(struct rd *rd, const struct call *call, const char *end, struct room **room,
                     const struct subscription **out, struct err *err)
{
    unsigned seen = family_of(call)->hides_unseen ? FIND_SEEN : FIND_ANY;
    if (!find_room(rd, call, seen, room, err))
        return false;
    *out = subscription_find(rd, (*room)->id, call->user_id);
    return *out != NULL || refuse(err, "The user/callee is not in the %s \"%.*s%s",
                                  family_of(call)->label, STR_FMT((*room)->name), end);
}

bool open_room(struct tx *tx, struct call *call, struct err *err)
{
    const struct family *family = family_of(call);
    struct actor by = call_actor(call);
    struct room *room;
    const struct subscription *s;
    if (!find_own(tx_rd(tx), call, "\".", &room, &s, err))
        return false;
    if (subscription_open(s))
        return refuse(err, "The %s, %.*s, is already open %s the sender", family->label,
                      STR_FMT(room->name), family->type == 'c' ? "to" : "for");
    room_show(tx, &by, room);
    return true;
}

bool close_room(struct tx *tx, struct call *call, struct err *err)
{
    const struct family *family = family_of(call);
    struct actor by = call_actor(call);
    struct room *room;
    const struct subscription *s;
    if (!find_own(tx_rd(tx), call, ".", &room, &s, err))
        return false;
    if (!subscription_open(s))
        return refuse(err, "The %s, %.*s, is already closed to the sender", family->label,
                      STR_FMT(room->name));
    room_hide(tx, &by, room);
    return true;
}
