/* Lists of rooms and of the users in a room. Runs on readers. */
#include "api/rooms.h"
#include "base/clock.h"
#include "domain/fault.h"
#include "store/subscription.h"

enum { STATUSES_BYTES = 256 };

/* --- rooms --- */

static const struct sort_column room_columns[] = {
    {"_id", "r.id"},
    {"name", "r.name"},
    {"fname", "r.name"},
    {"ts", "r.created_at_ms"},
    {"default", "r.is_default"},
    {"_updatedAt", "r.updated_at_ms"},
    {NULL, NULL},
};

static void put_rooms(struct rd *rd, struct call *call, const char *key,
                      const struct room_list *rooms)
{
    struct json_out o = call_members(call);
    json_key(&o, key);
    struct json_out list = json_begin(&call->out, '[');
    for (size_t i = 0; i < rooms->count; i++) {
        room_complete(rd, rooms->items[i]);
        json_item(&list);
        room_put(&call->out, rooms->items[i]);
    }
    json_end(&list);
}

static bool answer_rooms(struct rd *rd, struct call *call, const struct room_filter *filter,
                         const char *key, const char *usual_order, struct err *err)
{
    struct str order_by;
    if (!call_sort(call, room_columns, usual_order, &order_by, err))
        return false;
    struct page page = call_page(call);
    struct room_list rooms = rooms_page(rd, filter, order_by, page.offset, page.count);
    put_rooms(rd, call, key, &rooms);
    struct json_out o = call_members(call);
    call_page_members(&o, &page, (int64_t)rooms.count, rooms_total(rd, filter));
    return true;
}

static bool list_set(struct rd *rd, struct call *call, enum room_set set, struct str id,
                     struct err *err)
{
    const struct family *family = family_of(call);
    struct room_filter filter = {
        .set = set, .type = family->type, .user_id = call->user_id, .id = id};
    return answer_rooms(rd, call, &filter, family->list_key, "r.name", err);
}

bool answer_room_set(struct rd *rd, struct call *call, enum room_set set, char type,
                     const char *key, struct err *err)
{
    struct room_filter filter = {.set = set, .type = type, .user_id = call->user_id};
    return answer_rooms(rd, call, &filter, key, "r.seq", err);
}

bool list_rooms(struct rd *rd, struct call *call, struct err *err)
{
    bool sees_all = access_allows_globally(rd, call->user_id, PERM_VIEW_C_ROOM);
    return list_set(rd, call, sees_all ? ROOMS_LISTED : ROOMS_JOINED, call_param(call, "_id"), err);
}

bool list_joined_rooms(struct rd *rd, struct call *call, struct err *err)
{
    return list_set(rd, call, ROOMS_JOINED, STR(""), err);
}

bool list_all_rooms(struct rd *rd, struct call *call, struct err *err)
{
    return list_set(rd, call, ROOMS_OF_TYPE, STR(""), err);
}

bool get_rooms(struct rd *rd, struct call *call, struct err *err)
{
    struct str since = call_param(call, "updatedSince");
    int64_t since_ms = 0;
    if (!str_empty(since) && !clock_parse_iso(since, &since_ms))
        return fault(err, "error-updatedSince-param-invalid",
                     "The \"updatedSince\" query parameter must be a valid date.");
    struct room_list rooms = rooms_of_user(rd, call->user_id, since_ms);
    put_rooms(rd, call, "update", &rooms);
    struct json_out o = call_members(call);
    json_member_raw(&o, "remove", STR("[]")); /* what was deleted leaves no trace */
    return true;
}

/* --- members --- */

static void put_text(struct json_out *o, const char *name, struct str text)
{
    if (!str_empty(text))
        json_member_str(o, name, text);
}

static void put_membership(struct json_out *o, struct rd *rd, const struct room *room,
                           const struct user *u)
{
    const struct subscription *s = subscription_find(rd, room->id, u->id);
    if (s == NULL)
        return;
    json_key(o, "subscription");
    struct json_out m = json_begin(o->buf, '{');
    json_member_str(&m, "_id", s->id);
    json_member_time(&m, "ts", s->created_at_ms);
    json_end(&m);
}

static void put_member(struct json_out *o, const struct user *u)
{
    json_member_str(o, "_id", u->id);
    json_member_str(o, "username", u->username);
    put_text(o, "name", u->name);
    put_text(o, "status", user_text(u, "status"));
    json_member_time(o, "_updatedAt", u->updated_at_ms);
    put_text(o, "avatarETag", user_text(u, "avatarETag"));
    put_text(o, "nickname", user_text(u, "nickname"));
}

/* status[]=online&status[]=away as one text, "online away". */
static struct str statuses_of(const struct call *call)
{
    const struct json *value = json_get_lit(call->params, "status");
    if (json_is(value, JSON_STRING))
        return value->string;
    if (!json_is(value, JSON_ARRAY))
        return STR("");
    BUF(words, STATUSES_BYTES);
    for (const struct json *item = value->items.first; item != NULL; item = item->next) {
        if (item->kind == JSON_STRING) {
            buf_add(&words, item->string);
            buf_add_char(&words, ' ');
        }
    }
    return arena_str(call->arena, buf_str(&words));
}

static bool member_filter_of(const struct call *call, const struct room *room,
                             struct member_filter *filter, struct err *err)
{
    static const struct sort_column columns[] = {{"username", "username"}, {NULL, NULL}};
    struct str order;
    if (!call_sort(call, columns, "", &order, err))
        return false;
    *filter = (struct member_filter){
        .room_id = room->id,
        .part = arena_lower(call->arena, call_param(call, "filter")),
        .statuses = statuses_of(call),
        .descending = str_ends(order, STR("DESC")),
    };
    return true;
}

static bool answer_page_of_members(struct rd *rd, struct call *call, const struct room *room,
                                   bool with_membership, struct err *err)
{
    struct member_filter filter;
    if (!member_filter_of(call, room, &filter, err))
        return false;
    struct page page = call_page(call);
    struct member_list members = members_page(rd, &filter, page.offset, page.count);
    struct json_out o = call_members(call);
    json_key(&o, "members");
    struct json_out list = json_begin(&call->out, '[');
    for (size_t i = 0; i < members.count; i++) {
        json_item(&list);
        struct json_out member = json_begin(&call->out, '{');
        put_member(&member, members.items[i]);
        if (with_membership)
            put_membership(&member, rd, room, members.items[i]);
        json_end(&member);
    }
    json_end(&list);
    call_page_members(&o, &page, (int64_t)members.count, members_total(rd, &filter));
    return true;
}

bool answer_members(struct rd *rd, struct call *call, const struct room *room, struct err *err)
{
    return answer_page_of_members(rd, call, room, false, err);
}

bool answer_people(struct rd *rd, struct call *call, const struct room *room, struct err *err)
{
    return answer_page_of_members(rd, call, room, true, err);
}

/* The members of an archived group are not shown, those of an archived channel are. In a broadcast
 * room only some may know who listens. */
bool list_members(struct rd *rd, struct call *call, struct err *err)
{
    unsigned flags = family_of(call)->type == 'p' ? FIND_SEEN | FIND_LIVE : FIND_SEEN;
    struct room *room;
    if (!find_room(rd, call, flags, &room, err))
        return false;
    if (room->broadcast &&
        !access_allows(rd, call->user_id, PERM_VIEW_BROADCAST_MEMBER_LIST, room->id))
        return refuse_forbidden(err);
    return answer_members(rd, call, room, err);
}
