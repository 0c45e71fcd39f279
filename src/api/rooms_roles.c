/* channels.* and groups.*: who is what in a room, who is there now, where the caller is mentioned,
 * and which integrations name it.
 * Questions run on readers, changes on the writer.
 */
#include "api/messages.h"
#include "domain/fault.h"
#include "domain/integration.h"
#include "domain/user.h"
#include "store/message.h"
#include "store/subscription.h"

/* --- giving and taking roles --- */

/* By the endpoint's name. */
static const struct role_change {
    const char *verb;
    bool (*change)(struct tx *tx, const struct actor *by, const struct room *room,
                   const struct user *user, enum room_role role, struct err *err);
    enum room_role role;
} role_changes[] = {
    {"addOwner", room_add_role, ROOM_OWNER},
    {"removeOwner", room_remove_role, ROOM_OWNER},
    {"addModerator", room_add_role, ROOM_MODERATOR},
    {"removeModerator", room_remove_role, ROOM_MODERATOR},
    {"addLeader", room_add_role, ROOM_LEADER},
    {"removeLeader", room_remove_role, ROOM_LEADER},
};

bool change_room_role(struct tx *tx, struct call *call, struct err *err)
{
    const struct role_change *row = role_changes;
    while (!str_ends(str_of(call->endpoint->path), str_of(row->verb)))
        row++;
    struct actor by = call_actor(call);
    unsigned seen = family_of(call)->hides_unseen ? FIND_SEEN : FIND_ANY;
    struct room *room;
    if (!find_room(tx_rd(tx), call, seen | FIND_LIVE, &room, err))
        return false;
    const struct user *user = user_selected(tx_rd(tx), call->params, err);
    return user != NULL && row->change(tx, &by, room, user, row->role, err);
}

/* --- asking for them --- */

static void put_moderator(struct json_out *o, const struct subscription *s)
{
    json_member_str(o, "_id", s->user_id);
    json_member_str(o, "username", s->username);
    if (!str_empty(s->user_name))
        json_member_str(o, "name", s->user_name);
}

static bool has_role(const struct subscription *s, enum room_role role)
{
    for (size_t i = 0; i < s->role_count; i++)
        if (str_eq(s->roles[i], room_role_id(role)))
            return true;
    return false;
}

bool list_moderators(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!find_room(rd, call, FIND_SEEN | FIND_LIVE, &room, err))
        return false;
    struct subscription_list list = subscriptions_with_roles(rd, room->id);
    struct json_out o = call_members(call);
    json_key(&o, "moderators");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < list.count; i++) {
        if (!has_role(list.items[i], ROOM_MODERATOR))
            continue;
        json_item(&items);
        struct json_out m = json_begin(&call->out, '{');
        put_moderator(&m, list.items[i]);
        json_end(&m);
    }
    json_end(&items);
    return true;
}

static void put_roles(struct buf *out, const struct subscription *s)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", s->id);
    json_member_str(&o, "rid", s->room_id);
    json_key(&o, "u");
    struct json_out u = json_begin(out, '{');
    put_moderator(&u, s);
    json_end(&u);
    json_key(&o, "roles");
    struct json_out roles = json_begin(out, '[');
    for (size_t i = 0; i < s->role_count; i++) {
        json_item(&roles);
        json_put_string(out, s->roles[i]);
    }
    json_end(&roles);
    json_end(&o);
}

bool list_room_roles(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!find_room(rd, call, FIND_SEEN | FIND_LIVE, &room, err))
        return false;
    struct subscription_list list = subscriptions_with_roles(rd, room->id);
    struct json_out o = call_members(call);
    json_key(&o, "roles");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < list.count; i++) {
        json_item(&items);
        put_roles(&call->out, list.items[i]);
    }
    json_end(&items);
    return true;
}

/* --- where the caller is mentioned --- */

bool list_mentions(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!call_has(call, "roomId"))
        return refuse(err, "The request param \"roomId\" is required");
    if (!find_room(rd, call, FIND_SEEN | FIND_LIVE, &room, err))
        return false;
    struct message_filter filter = {.room_seq = room->seq, .mentioned = call->user_id};
    struct page page = call_page(call);
    struct message_list list = messages_page(rd, &filter, page.offset, page.count);
    struct json_out o = call_members(call);
    put_message_list(rd, call, &o, "mentions", &list);
    call_page_members(&o, &page, (int64_t)list.count, messages_total(rd, &filter));
    return true;
}

/* --- who is there now --- */

/* The room's id: as it is, or in the JSON text that `query` is. */
static struct str asked_id(const struct call *call)
{
    if (call_has(call, "_id"))
        return call_param(call, "_id");
    const struct json *query = json_parse(call->arena, call_param(call, "query"));
    return json_get_str(query, "_id");
}

static void put_online(struct call *call, const struct member_list *members)
{
    struct json_out o = call_members(call);
    json_key(&o, "online");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < members->count; i++) {
        json_item(&items);
        struct json_out m = json_begin(&call->out, '{');
        json_member_str(&m, "_id", members->items[i]->id);
        json_member_str(&m, "username", members->items[i]->username);
        json_end(&m);
    }
    json_end(&items);
}

bool list_online(struct rd *rd, struct call *call, struct err *err)
{
    const struct family *family = family_of(call);
    struct str id = asked_id(call);
    if (str_empty(id))
        return refuse(err, "Invalid query");
    const struct room *room = room_find(rd, id);
    if (room == NULL || room->type != family->type)
        return refuse(err, "%s does not exists", family->type == 'c' ? "Channel" : "Group");
    if (!room_visible(rd, call->user_id, room))
        return fault(err, "error-not-allowed", "Not Allowed");
    struct member_filter filter = {.room_id = room->id, .statuses = STR("online away busy")};
    struct member_list members = members_page(rd, &filter, 0, INT64_MAX);
    put_online(call, &members);
    return true;
}

/* --- integrations that name the room --- */

/* Those of all rooms of its kind are among them unless the caller says otherwise. */
static struct str channel_of_all(const struct call *call, const struct family *family)
{
    bool channel = family->type == 'c';
    const char *param = channel ? "includeAllPublicChannels" : "includeAllPrivateGroups";
    if (str_is(call_param(call, param), "false"))
        return STR("");
    return channel ? STR("all_public_channels") : STR("all_private_groups");
}

bool list_room_integrations(struct rd *rd, struct call *call, struct err *err)
{
    static const struct sort_column columns[] = {
        {"_createdAt", "seq"}, {"_updatedAt", "updated_at_ms"}, {"name", "name"}, {NULL, NULL}};
    struct str order_by;
    struct room *room;
    if (!find_room(rd, call, FIND_SEEN, &room, err) ||
        !call_sort(call, columns, "seq", &order_by, err))
        return false;
    struct integration_filter filter = integrations_visible_to(rd, call->user_id);
    filter.channel = arena_fmt(rd->arena, "#%.*s", STR_FMT(room->name));
    filter.or_channel = channel_of_all(call, family_of(call));
    struct page page = call_page(call);
    struct json_out o = call_members(call);
    json_key(&o, "integrations");
    buf_add_char(&call->out, '[');
    int64_t rows = integration_page(rd, &filter, order_by, page.offset, page.count, &call->out);
    buf_add_char(&call->out, ']');
    call_page_members(&o, &page, rows, integration_count(rd, &filter));
    return true;
}
