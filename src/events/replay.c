/* Telling somebody again what he was told before. Runs in commands. */
#include "events/event.h"
#include "events/payload.h"
#include "store/delivery.h"
#include "store/message.h"
#include "store/room.h"

/* A message that was deleted may have left its place behind, and says nothing. */
static const struct message *find_message(struct rd *rd, const struct json *data)
{
    const struct message *m = message_find(rd, json_get_str(data, "message_id"));
    return m != NULL && str_empty(m->type) ? m : NULL;
}

static struct event read_event(struct rd *rd, enum event_kind kind, const struct json *data)
{
    struct str owner = json_get_str(json_get_lit(data, "owner"), "_id");
    return (struct event){
        .kind = kind,
        .room = room_find(rd, json_get_str(data, "channel_id")),
        .message = find_message(rd, data),
        .user_id = str_empty(owner) ? json_get_str(data, "user_id") : owner,
        .reaction = json_get_str(data, "reaction"),
    };
}

/* As it was told, but for what comes from the integration. */
static void put_old(struct buf *out, const struct json *data)
{
    struct json_out o = json_begin(out, '{');
    const struct json *at = json_is(data, JSON_OBJECT) ? data->items.first : NULL;
    for (; at != NULL; at = at->next) {
        if (str_is(at->key, "token") || str_is(at->key, "trigger_word"))
            continue;
        json_member_copy(&o, at);
    }
    json_end(&o);
}

bool event_again(struct tx *tx, const struct integration *in, const struct event_before *before)
{
    struct rd *rd = tx_rd(tx);
    const struct outgoing_event *kind = outgoing_event_find(before->name);
    if (kind == NULL)
        return false;
    struct event event = read_event(rd, kind->kind, before->data);
    BUF(data, DELIVERY_DATA_BYTES);
    if (!payload_complete(rd, &event))
        put_old(&data, before->data);
    else if (!payload_put(&data, rd, &event))
        return false;
    struct str word;
    if (!payload_passes(in, before->name, json_parse(rd->arena, buf_str(&data)), &word))
        return false;
    struct delivery d = {
        .integration_id = in->id,
        .event = before->name,
        .url = before->url,
        .due_ms = before->due_ms,
        .data = buf_str(&data),
    };
    return delivery_insert(tx, &d);
}
