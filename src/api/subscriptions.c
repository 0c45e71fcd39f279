/* subscriptions.*: which rooms the caller is in, and how far he has read. Questions run on readers,
 * changes on the writer. */
#include "api/endpoint.h"
#include "api/schemas.h"
#include "base/clock.h"
#include "domain/fault.h"
#include "store/message.h"
#include "store/room.h"
#include "store/subscription.h"

static bool get(struct rd *rd, struct call *call, struct err *err)
{
    struct str since = call_param(call, "updatedSince");
    int64_t since_ms = 0;
    if (!str_empty(since) && !clock_parse_iso(since, &since_ms))
        return fault(err, "error-roomId-param-invalid",
                     "The \"lastUpdate\" query parameter must be a valid date.");
    struct subscription_list list = subscriptions_of_user(rd, call->user_id, since_ms);
    struct json_out o = call_members(call);
    json_key(&o, "update");
    struct json_out update = json_begin(&call->out, '[');
    for (size_t i = 0; i < list.count; i++) {
        json_item(&update);
        subscription_put(&call->out, list.items[i]);
    }
    json_end(&update);
    json_member_raw(&o, "remove", STR("[]")); /* what was left or deleted leaves no trace */
    return true;
}

static bool get_one(struct rd *rd, struct call *call, struct err *err)
{
    struct str room_id = call_param(call, "roomId");
    if (str_empty(room_id))
        return refuse(err, "The 'roomId' param is required");
    const struct subscription *s = subscription_find(rd, room_id, call->user_id);
    struct json_out o = call_members(call);
    json_key(&o, "subscription");
    if (s == NULL)
        buf_lit(&call->out, "null");
    else
        subscription_put(&call->out, s);
    return true;
}

/* He has seen all that is in the room now. */
static bool read_all(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str id = call_param(call, call_has(call, "rid") ? "rid" : "roomId");
    const struct room *room = room_find(rd, id);
    if (room == NULL || !subscription_exists(rd, id, call->user_id))
        return refuse(err, "error-invalid-subscription");
    struct room_counters c = room_counters_find(rd, room->seq);
    subscription_read(tx, id, call->user_id, c.last_number);
    return true;
}

/* --- unread again --- */

static bool refuse_unread(struct err *err, const char *type, const char *text)
{
    return fault_with(err, DETAILS_METHOD("unreadMessages"), type, text);
}

/* The message from which on he wants to read again: the newest of the room, or one he names. */
static struct message *first_unread(struct rd *rd, const struct call *call, struct err *err)
{
    struct message *m = NULL;
    struct str room_id = call_param(call, "roomId");
    const struct room *room = str_empty(room_id) ? NULL : room_find(rd, room_id);
    if (room != NULL) {
        struct message_filter filter = {.room_seq = room->seq};
        struct message_list newest = messages_page(rd, &filter, 0, 1);
        m = newest.count > 0 ? newest.items[0] : NULL;
    } else if (str_empty(room_id)) {
        m = message_find(rd, json_get_str(json_get_lit(call->params, "firstUnreadMessage"), "_id"));
    }
    bool inside = m != NULL && subscription_exists(rd, m->room_id, call->user_id);
    if (inside && (room != NULL || !str_eq(m->user_id, call->user_id)))
        return m;
    if (inside)
        refuse_unread(err, "error-action-not-allowed", "Not allowed");
    else
        refuse_unread(err, "error-no-message-for-unread", "There are no messages to mark unread");
    return NULL;
}

static bool unread(struct tx *tx, struct call *call, struct err *err)
{
    const struct message *m = first_unread(tx_rd(tx), call, err);
    if (m == NULL)
        return false;
    subscription_rewind(tx, m->room_id, call->user_id, m->number - 1, m->ts_ms - 1);
    return true;
}

const struct endpoint endpoints_subscriptions[] = {
    {
        .method = HTTP_GET,
        .path = "/api/v1/subscriptions.get",
        .schema = &schema_subscriptions_get,
        .steps = {ON_READ(get)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/subscriptions.getOne",
        .schema = &schema_subscriptions_get_one,
        .steps = {ON_READ(get_one)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/subscriptions.read",
        .schema = &schema_subscriptions_read,
        .steps = {ON_WRITE(read_all)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/subscriptions.unread",
        .schema = &schema_subscriptions_unread,
        .steps = {ON_WRITE(unread)},
    },
    {.path = NULL},
};
