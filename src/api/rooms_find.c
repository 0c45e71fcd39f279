/* How the endpoints of rooms find what their parameters name. Runs on readers and on the writer. */
#include "api/rooms.h"
#include "domain/fault.h"
#include "store/user.h"

#define NOT_FOUND "The required \"roomId\" or \"roomName\" param provided does not match any "

static const struct family channels = {
    .type = 'c',
    .key = "channel",
    .list_key = "channels",
    .label = "channel",
    .not_found = STR_INIT(NOT_FOUND "channel"),
    .answers_room = true,
};

static const struct family groups = {
    .type = 'p',
    .key = "group",
    .list_key = "groups",
    .label = "private group",
    .not_found = STR_INIT(NOT_FOUND "group"),
    .asks_for_selector = true,
    .hides_unseen = true,
};

const struct family *family_of(const struct call *call)
{
    bool group = str_starts(str_of(call->endpoint->path), STR("/api/v1/groups."));
    return group ? &groups : &channels;
}

bool text_list(struct arena *a, const struct json *array, struct str **out, size_t *out_count)
{
    size_t count = 0;
    struct str *texts = ARENA_ARRAY(a, struct str, array->items.count);
    for (const struct json *item = array->items.first; item != NULL; item = item->next) {
        if (item->kind != JSON_STRING)
            return false;
        texts[count++] = item->string;
    }
    *out = texts;
    *out_count = count;
    return true;
}

void answer_room(struct rd *rd, struct call *call, const char *key, struct room *room)
{
    room_complete(rd, room);
    struct json_out o = call_members(call);
    json_key(&o, key);
    room_put(&call->out, room);
}

/* --- rooms --- */

struct room *selected_room(struct rd *rd, const struct call *call)
{
    if (call_has(call, "roomId"))
        return room_find(rd, call_param(call, "roomId"));
    return room_find_by_name(rd, call_param(call, "roomName"));
}

static bool refuse_unknown(const struct family *family, struct err *err)
{
    return fault(err, "error-room-not-found", "%.*s", STR_FMT(family->not_found));
}

static bool refuse_unseen(const struct family *family, struct err *err)
{
    return family->hides_unseen ? refuse_unknown(family, err) : refuse_forbidden(err);
}

static bool refuse_archived(const struct family *family, const struct room *room, struct err *err)
{
    return fault(err, "error-room-archived", "The %s, %.*s, is archived", family->label,
                 STR_FMT(room->name));
}

bool find_room(struct rd *rd, const struct call *call, unsigned flags, struct room **out,
               struct err *err)
{
    const struct family *family = family_of(call);
    if (family->asks_for_selector && str_blank(call_param(call, "roomId")) &&
        str_blank(call_param(call, "roomName")))
        return fault(err, "error-room-param-not-provided",
                     "The parameter \"roomId\" or \"roomName\" is required");
    struct room *room = selected_room(rd, call);
    if (room == NULL || room->type != family->type)
        return refuse_unknown(family, err);
    bool unseen = (flags & FIND_SEEN) != 0 && !room_visible(rd, call->user_id, room);
    if (unseen && family->hides_unseen)
        return refuse_unseen(family, err);
    if ((flags & FIND_LIVE) != 0 && room->archived)
        return refuse_archived(family, room, err);
    if (unseen)
        return refuse_unseen(family, err);
    *out = room;
    return true;
}

/* --- users --- */

static struct str sole_user(const struct call *call)
{
    static const char *const names[] = {"userId", "username", "user"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!str_empty(call_param(call, names[i])))
            return call_param(call, names[i]);
    return STR("");
}

static void add_found(struct rd *rd, struct found_users *found, struct str name, bool by_id)
{
    struct user *user = by_id ? user_find(rd, name) : user_find_by_username_nocase(rd, name);
    if (user != NULL)
        found->items[found->count++] = user;
}

bool find_users(struct rd *rd, const struct call *call, struct found_users *out, struct err *err)
{
    const struct json *ids = json_get_lit(call->params, "userIds");
    const struct json *list = json_truthy(ids) ? ids : json_get_lit(call->params, "usernames");
    struct str sole = sole_user(call);
    struct str *names = NULL;
    size_t count = 0;
    bool usable = !json_is(list, JSON_ARRAY) || text_list(rd->arena, list, &names, &count);
    if (!usable || (count == 0 && str_empty(sole)))
        return fault(err, "error-users-params-not-provided",
                     "Please provide \"userId\" or \"username\" or \"userIds\" or \"usernames\" as "
                     "param");
    if (count >= ROOM_USERS_AT_ONCE)
        return refuse(err, "At most %d users can be named at once.", ROOM_USERS_AT_ONCE);
    bool by_id = json_truthy(ids) || !str_empty(call_param(call, "userId"));
    struct found_users found = {.items = ARENA_ARRAY(rd->arena, struct user *, count + 1)};
    for (size_t i = 0; i < count; i++)
        add_found(rd, &found, names[i], by_id);
    if (!str_empty(sole))
        add_found(rd, &found, sole, by_id);
    *out = found;
    return true;
}
