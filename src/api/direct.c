/* im.* and dm.*: direct rooms, each endpoint under both names. Questions run on readers, changes on
 * the writer; a question by username about a room that is not there yet goes on to the writer,
 * which makes it. */
#include "domain/direct.h"

#include "api/files.h"
#include "api/messages.h"
#include "api/schemas.h"
#include "domain/fault.h"
#include "domain/user.h"
#include "store/subscription.h"

/* --- finding one --- */

static bool refuse_unknown(struct err *err)
{
    return fault_with(err, STR(""), "invalid-channel", "");
}

/* By the parameter roomId. */
static bool find_by_id(struct rd *rd, const struct call *call, struct room **out, struct err *err)
{
    struct room *room = room_find(rd, call_param(call, "roomId"));
    if (room == NULL)
        return refuse_unknown(err);
    if (room->type != 'd')
        return fault(err, "error-room-not-found",
                     "The required \"roomId\" param provided does not match any direct message");
    *out = room;
    return true;
}

static bool find_seen_by_id(struct rd *rd, const struct call *call, struct room **out,
                            struct err *err)
{
    if (!find_by_id(rd, call, out, err))
        return false;
    return room_visible(rd, call->user_id, *out) || refuse_forbidden(err);
}

/* The room with the user whom the parameter username names, which is made when it is missing. */
static bool make_by_username(struct tx *tx, const struct call *call, struct room **out,
                             struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct actor by = call_actor(call);
    const struct user *self = user_find(rd, call->user_id);
    const struct user *other = user_find_by_username(rd, call_param(call, "username"));
    if (self == NULL || other == NULL)
        return refuse_unknown(err);
    const struct user *people[] = {self, other};
    return room_direct(tx, &by, people, 2, out, err);
}

static bool names_user(const struct call *call)
{
    return str_empty(call_param(call, "roomId")) && !str_empty(call_param(call, "username"));
}

static bool check_selector(const struct call *call, struct err *err)
{
    if (!str_empty(call_param(call, "roomId")) || !str_empty(call_param(call, "username")))
        return true;
    return fault(err, "error-room-param-not-provided",
                 "Query param \"roomId\" or \"username\" is required");
}

/* --- questions about one --- */

typedef bool room_answer(struct rd *rd, struct call *call, const struct room *room,
                         struct err *err);

/* By id at once. A username is left to the next step. */
static bool answer_by_id(struct rd *rd, struct call *call, room_answer *answer, struct err *err)
{
    struct room *room = NULL;
    if (!check_selector(call, err))
        return false;
    if (names_user(call))
        return true;
    call->finished = true;
    return find_seen_by_id(rd, call, &room, err) && answer(rd, call, room, err);
}

static bool answer_by_username(struct tx *tx, struct call *call, room_answer *answer,
                               struct err *err)
{
    struct room *room = NULL;
    return make_by_username(tx, call, &room, err) && answer(tx_rd(tx), call, room, err);
}

static bool messages(struct rd *rd, struct call *call, struct err *err)
{
    return answer_by_id(rd, call, answer_room_messages, err);
}

static bool messages_with(struct tx *tx, struct call *call, struct err *err)
{
    return answer_by_username(tx, call, answer_room_messages, err);
}

static bool files(struct rd *rd, struct call *call, struct err *err)
{
    return answer_by_id(rd, call, answer_files, err);
}

static bool files_with(struct tx *tx, struct call *call, struct err *err)
{
    return answer_by_username(tx, call, answer_files, err);
}

static bool members(struct rd *rd, struct call *call, struct err *err)
{
    return answer_by_id(rd, call, answer_people, err);
}

static bool members_with(struct tx *tx, struct call *call, struct err *err)
{
    return answer_by_username(tx, call, answer_people, err);
}

static bool history(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room = NULL;
    return check_selector(call, err) && find_seen_by_id(rd, call, &room, err) &&
           answer_history(rd, call, room, err);
}

static bool counters(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room = NULL;
    return check_selector(call, err) && find_by_id(rd, call, &room, err) &&
           (room_visible(rd, call->user_id, room) ||
            access_allows_globally(rd, call->user_id, PERM_VIEW_ROOM_ADMINISTRATION) ||
            refuse_forbidden(err)) &&
           answer_counters(rd, call, room, err);
}

/* What others say to each other, where the server allows that at all. */
static bool messages_of_others(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room = NULL;
    if (!catalog_setting_bool(rd->catalog, SETTING_API_ENABLE_DIRECT_MESSAGE_HISTORY_ENDPOINT))
        return fault(err, "error-endpoint-disabled", "This endpoint is disabled");
    if (!access_allows_globally(rd, call->user_id, PERM_VIEW_ROOM_ADMINISTRATION))
        return refuse_forbidden(err);
    return find_by_id(rd, call, &room, err) && answer_room_messages(rd, call, room, err);
}

static bool list(struct rd *rd, struct call *call, struct err *err)
{
    return answer_room_set(rd, call, ROOMS_JOINED, 'd', "ims", err);
}

static bool list_everyone(struct rd *rd, struct call *call, struct err *err)
{
    return answer_room_set(rd, call, ROOMS_OF_TYPE, 'd', "ims", err);
}

/* --- making one --- */

struct named {
    const struct user *users[DIRECT_USERS_MAX + 1];
    size_t count;
};

static bool add_named(struct rd *rd, struct named *named, struct str username, struct err *err)
{
    const struct user *user = user_find_by_username(rd, str_trim(username));
    if (user == NULL)
        return fault_with(err, DETAILS_METHOD("createDirectMessage"), "error-invalid-user", "");
    if (named->count <= DIRECT_USERS_MAX)
        named->users[named->count++] = user;
    return true;
}

/* Who makes it is the first, unless he wants to stay outside. */
static bool find_named(struct rd *rd, const struct call *call, struct named *named, struct err *err)
{
    struct str rest = call_param(call, "usernames"), username = call_param(call, "username");
    named->count = 0;
    if (!json_get_true(call->params, "excludeSelf") && !add_named(rd, named, call->username, err))
        return false;
    if (str_empty(rest))
        return add_named(rd, named, username, err);
    while (str_split(&rest, ',', &username))
        if (!add_named(rd, named, username, err))
            return false;
    return true;
}

static bool create(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct actor by = call_actor(call);
    struct named named;
    struct room *room = NULL;
    if (!find_named(rd, call, &named, err) ||
        !room_direct(tx, &by, named.users, named.count, &room, err))
        return false;
    room_complete(rd, room);
    struct json_out o = call_members(call);
    json_key(&o, "room");
    struct json_out r = json_begin(&call->out, '{');
    json_member_str(&r, "rid", room->id);
    room_put_members(&r, room);
    json_end(&r);
    return true;
}

/* --- changes --- */

static bool show(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room = NULL;
    if (!find_by_id(tx_rd(tx), call, &room, err))
        return false;
    if (!subscription_exists(tx_rd(tx), room->id, by.id))
        return refuse(err, "The user is not subscribed to the room");
    room_show(tx, &by, room);
    return true;
}

static bool hide(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct room *room = NULL;
    if (!find_by_id(tx_rd(tx), call, &room, err))
        return false;
    const struct subscription *s = subscription_find(tx_rd(tx), room->id, by.id);
    if (s == NULL)
        return refuse(err, "The user is not subscribed to the room");
    if (!subscription_open(s))
        return refuse(err, "The direct message room, is already closed to the sender");
    room_hide(tx, &by, room);
    return true;
}

static bool set_topic(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct str topic = call_param(call, "topic");
    struct room *room = NULL;
    if (!call_has(call, "topic"))
        return refuse(err, "The bodyParam \"topic\" is required");
    if (!find_seen_by_id(tx_rd(tx), call, &room, err) || !room_set_topic(tx, &by, room, topic, err))
        return false;
    struct json_out o = call_members(call);
    json_member_str(&o, "topic", topic);
    return true;
}

static bool removal(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct actor by = call_actor(call);
    struct room *room = NULL;
    if (!check_selector(call, err))
        return false;
    if (names_user(call) ? !make_by_username(tx, call, &room, err)
                         : !find_by_id(rd, call, &room, err))
        return false;
    if (!room_visible(rd, by.id, room) &&
        !access_allows_globally(rd, by.id, PERM_VIEW_ROOM_ADMINISTRATION))
        return refuse_forbidden(err);
    if (!access_allows(rd, by.id, PERM_DELETE_D, room->id))
        return fault_with(err, STR(""), "error-not-allowed", "");
    return room_delete(tx, &by, room, err);
}

/* --- the table --- */

#define UNDER(prefix, verb, name, ...)                                                             \
    {                                                                                              \
        .method = HTTP_##verb, .path = "/api/v1/" prefix name, __VA_ARGS__                         \
    }
#define BOTH(verb, name, ...)                                                                      \
    UNDER("im.", verb, name, __VA_ARGS__), UNDER("dm.", verb, name, __VA_ARGS__)

const struct endpoint endpoints_direct[] = {
    BOTH(POST, "create", .schema = &schema_im_create, .steps = {ON_WRITE(create)}),
    BOTH(GET, "list", .steps = {ON_READ(list)}),
    BOTH(GET, "list.everyone", .all_of = {PERM_VIEW_ROOM_ADMINISTRATION},
         .steps = {ON_READ(list_everyone)}),
    BOTH(GET, "messages", .steps = {ON_READ(messages), ON_WRITE(messages_with)}),
    BOTH(GET, "messages.others", .schema = &schema_im_room, .steps = {ON_READ(messages_of_others)}),
    BOTH(GET, "members", .steps = {ON_READ(members), ON_WRITE(members_with)}),
    BOTH(GET, "files", .steps = {ON_READ(files), ON_WRITE(files_with)}),
    BOTH(GET, "history", .steps = {ON_READ(history)}),
    BOTH(GET, "counters", .steps = {ON_READ(counters)}),
    BOTH(POST, "open", .schema = &schema_im_room, .steps = {ON_WRITE(show)}),
    BOTH(POST, "close", .schema = &schema_im_room, .steps = {ON_WRITE(hide)}),
    BOTH(POST, "setTopic", .schema = &schema_im_set_topic, .steps = {ON_WRITE(set_topic)}),
    BOTH(POST, "delete", .steps = {ON_WRITE(removal)}),
    {.path = NULL},
};
