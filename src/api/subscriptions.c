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
    {.path = NULL},
};
