/* The messages of a room: pages, history and counters, of channels and groups here, of direct rooms
 * from direct.c. Runs on readers. */
#include "api/messages.h"

#include "api/schemas.h"
#include "base/clock.h"
#include "domain/fault.h"
#include "store/message_marks.h"
#include "store/subscription.h"

enum { HISTORY_COUNT = 20, IDS_BYTES = 4096 };

/* --- pages --- */

void put_message_list(struct rd *rd, struct call *call, struct json_out *o, const char *key,
                      const struct message_list *messages)
{
    messages_mark_starred(rd, messages, call->user_id);
    json_key(o, key);
    struct json_out list = json_begin(&call->out, '[');
    for (size_t i = 0; i < messages->count; i++) {
        json_item(&list);
        message_put(&call->out, messages->items[i]);
    }
    json_end(&list);
}

void put_messages(struct rd *rd, struct call *call, const struct message_list *messages)
{
    struct json_out o = call_members(call);
    put_message_list(rd, call, &o, "messages", messages);
}

static bool take_order(const struct call *call, struct message_filter *filter, struct err *err)
{
    static const struct sort_column columns[] = {{"ts", "ts"}, {NULL, NULL}};
    struct str order;
    if (!call_sort(call, columns, filter->oldest_first ? "ts ASC" : "ts DESC", &order, err))
        return false;
    filter->oldest_first = str_ends(order, STR("ASC"));
    return true;
}

static void answer_page(struct rd *rd, struct call *call, const struct message_filter *filter)
{
    struct page page = call_page(call);
    struct message_list messages = messages_page(rd, filter, page.offset, page.count);
    put_messages(rd, call, &messages);
    struct json_out o = call_members(call);
    call_page_members(&o, &page, (int64_t)messages.count, messages_total(rd, filter));
}

bool answer_messages(struct rd *rd, struct call *call, struct message_filter *filter,
                     struct err *err)
{
    if (!take_order(call, filter, err))
        return false;
    answer_page(rd, call, filter);
    return true;
}

/* "all" and "here" are noted as one. */
static struct str mentioned_ids(const struct call *call)
{
    struct str rest = call_param(call, "mentionIds"), id;
    BUF(ids, IDS_BYTES);
    if (str_empty(rest))
        return rest;
    while (str_split(&rest, ',', &id)) {
        bool group = str_is(id, "all") || str_is(id, "here");
        if (ids.len > 0)
            buf_add_char(&ids, ',');
        buf_add(&ids, group ? MENTION_ALL : id);
    }
    return arena_str(call->arena, buf_str(&ids));
}

bool answer_room_messages(struct rd *rd, struct call *call, const struct room *room,
                          struct err *err)
{
    struct message_filter filter = {
        .room_seq = room->seq,
        .mentioned = mentioned_ids(call),
        .starred = call_param(call, "starredIds"),
        .pinned = str_eq_nocase(call_param(call, "pinned"), STR("true")),
    };
    return answer_messages(rd, call, &filter, err);
}

/* --- history --- */

static bool is_true(const struct call *call, const char *name)
{
    const struct json *value = json_get(call->params, str_of(name));
    return (json_is(value, JSON_BOOL) && value->boolean) || str_is(call_param(call, name), "true");
}

static bool take_moment(const struct call *call, const char *name, int64_t *out, struct err *err)
{
    struct str text = call_param(call, name);
    if (str_empty(text) || clock_parse_iso(text, out))
        return true;
    return fault_with(err, DETAILS_METHOD("getChannelHistory"), "error-invalid-date",
                      "Invalid date");
}

/* `latest` and `oldest` themselves count only when it is said. */
static bool take_span(const struct call *call, struct message_filter *filter, struct err *err)
{
    int64_t latest_ms = 0, oldest_ms = 0;
    if (!take_moment(call, "latest", &latest_ms, err) ||
        !take_moment(call, "oldest", &oldest_ms, err))
        return false;
    int64_t outside = is_true(call, "inclusive") ? 0 : 1;
    filter->before_ms = latest_ms != 0 ? latest_ms + 1 - outside : 0;
    filter->from_ms = oldest_ms != 0 ? oldest_ms + outside : 0;
    return true;
}

/* What lies between `oldest` and the first message that is answered. */
static void put_unread(struct rd *rd, struct call *call, struct message_filter filter,
                       const struct message_list *answered)
{
    struct json_out o = call_members(call);
    int64_t not_loaded = 0;
    if (filter.from_ms != 0 && answered->count > 0) {
        filter.before_ms = answered->items[answered->count - 1]->ts_ms;
        filter.oldest_first = true;
        struct message_list first = messages_page(rd, &filter, 0, 1);
        not_loaded = messages_total(rd, &filter);
        if (first.count > 0) {
            json_key(&o, "firstUnread");
            message_put(&call->out, first.items[0]);
        }
    }
    json_member_i64(&o, "unreadNotLoaded", not_loaded);
}

bool answer_history(struct rd *rd, struct call *call, const struct room *room, struct err *err)
{
    struct message_filter filter = {.room_seq = room->seq,
                                    .without_asides = !is_true(call, "showThreadMessages")};
    if (!take_span(call, &filter, err))
        return false;
    struct page page = call_page(call);
    if (!call_has(call, "count"))
        page.count = HISTORY_COUNT;
    struct message_list messages = messages_page(rd, &filter, page.offset, page.count);
    put_messages(rd, call, &messages);
    if (is_true(call, "unreads"))
        put_unread(rd, call, filter, &messages);
    return true;
}

/* --- counters --- */

static void put_number_or_null(struct json_out *o, const char *key, bool known, int64_t number)
{
    if (known)
        json_member_i64(o, key, number);
    else
        json_member_raw(o, key, STR("null"));
}

static void put_moment_or_null(struct json_out *o, const char *key, bool known, int64_t ms)
{
    if (known)
        json_member_time(o, key, ms);
    else
        json_member_raw(o, key, STR("null"));
}

static int64_t latest_of(const struct room *room)
{
    return room->last_message != NULL ? room->last_message->ts_ms : room->updated_at_ms;
}

/* Somebody else's counters, and the room's to who is not in it, are for administrators. */
bool answer_counters(struct rd *rd, struct call *call, struct room *room, struct err *err)
{
    bool sees_all = access_allows_globally(rd, call->user_id, PERM_VIEW_ROOM_ADMINISTRATION);
    struct str user_id = call_param(call, "userId");
    if (!str_empty(user_id) && !sees_all)
        return refuse_forbidden(err);
    const struct subscription *s =
        subscription_find(rd, room->id, str_empty(user_id) ? call->user_id : user_id);
    bool joined = s != NULL && subscription_open(s), seen = joined && s->seen_at_ms != 0;
    bool knows = sees_all || joined;
    room_complete(rd, room);
    struct json_out o = call_members(call);
    json_member_bool(&o, "joined", joined);
    put_number_or_null(&o, "members", knows, room->users_count);
    put_number_or_null(&o, "unreads", joined, joined ? s->last_number - s->read_number : 0);
    put_moment_or_null(&o, "unreadsFrom", seen, seen ? s->seen_at_ms : 0);
    put_number_or_null(&o, "msgs", knows, room->messages);
    put_moment_or_null(&o, "latest", knows, latest_of(room));
    put_number_or_null(&o, "userMentions", joined, joined ? s->user_mentions : 0);
    return true;
}

/* --- channels.* and groups.* --- */

/* Archived groups are not found, but for their history; archived channels are. */
static unsigned flags_of(const struct call *call)
{
    return family_of(call)->type == 'p' ? FIND_SEEN | FIND_LIVE : FIND_SEEN;
}

static bool messages(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!find_room(rd, call, flags_of(call), &room, err))
        return false;
    bool must_be_in =
        room->type == 'c' && access_allows_globally(rd, call->user_id, PERM_VIEW_JOINED_ROOM);
    if (must_be_in && !subscription_exists(rd, room->id, call->user_id))
        return refuse_forbidden(err);
    return answer_room_messages(rd, call, room, err);
}

static bool history(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    return find_room(rd, call, FIND_SEEN, &room, err) && answer_history(rd, call, room, err);
}

static bool counters(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    return find_room(rd, call, FIND_SEEN | FIND_LIVE, &room, err) &&
           answer_counters(rd, call, room, err);
}

#define GET(name, ...)                                                                             \
    {                                                                                              \
        .method = HTTP_GET, .path = "/api/v1/" name, __VA_ARGS__                                   \
    }

const struct endpoint endpoints_messages[] = {
    GET("channels.messages", .all_of = {PERM_VIEW_C_ROOM}, .schema = &schema_channels_messages,
        .steps = {ON_READ(messages)}),
    GET("channels.history", .schema = &schema_channels_history, .steps = {ON_READ(history)}),
    GET("channels.counters", .steps = {ON_READ(counters)}),
    GET("groups.messages", .schema = &schema_groups_messages, .steps = {ON_READ(messages)}),
    GET("groups.history", .steps = {ON_READ(history)}),
    GET("groups.counters", .steps = {ON_READ(counters)}),
    {.path = NULL},
};
