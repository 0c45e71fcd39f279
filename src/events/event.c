/* From what happened to the rows of the queue. Runs in commands, but for opening and closing. */
#include "events/event.h"

#include "events/match.h"
#include "events/payload.h"
#include "store/delivery.h"

/* --- rows --- */

static void enqueue(struct tx *tx, const struct target *t, const struct event *event,
                    struct str data)
{
    for (size_t i = 0; i < t->urls.count; i++) {
        struct delivery d = {
            .integration_id = t->id,
            .event = t->event->name,
            .url = t->urls.items[i],
            .due_ms = tx->rd.steady_ms,
            .depth = event->message != NULL ? event->message->depth : 0,
            .data = data,
        };
        (void)delivery_insert(tx, &d); /* false: it was switched off a moment ago */
    }
}

static bool loops(const struct event *event)
{
    return event->message != NULL && event->message->depth >= EVENT_DEPTH_MAX;
}

void event_happened(struct tx *tx, const struct event *event)
{
    struct matcher *matcher = catalog_matcher(tx->rd.catalog);
    if (matcher == NULL || loops(event))
        return;
    struct target_list found = matcher_find(matcher, &tx->rd, event);
    if (found.count == 0)
        return;
    BUF(data, DELIVERY_DATA_BYTES);
    if (!payload_put(&data, &tx->rd, event))
        return;
    for (size_t i = 0; i < found.count; i++)
        enqueue(tx, found.items[i], event, buf_str(&data));
}

/* --- messages --- */

static bool carries_file(const struct message *m)
{
    return json_is(json_get_lit(m->doc, "file"), JSON_OBJECT);
}

void event_message_sent(struct tx *tx, const struct room *room, const struct message *m)
{
    event_happened(tx, &(struct event){.kind = EVENT_MESSAGE_SENT, .room = room, .message = m});
    if (carries_file(m))
        event_happened(tx,
                       &(struct event){.kind = EVENT_FILE_UPLOADED, .room = room, .message = m});
}

void event_message_edited(struct tx *tx, const struct room *room, const struct message *m)
{
    event_happened(tx, &(struct event){.kind = EVENT_MESSAGE_SENT, .room = room, .message = m});
    event_happened(tx, &(struct event){.kind = EVENT_MESSAGE_EDITED, .room = room, .message = m});
}

/* --- opening --- */

static void follow_first(void *arg, const struct integration_entry *entry)
{
    matcher_follow(arg, entry->head.key, entry);
}

struct matcher *events_open(struct store *store)
{
    struct matcher *matcher = matcher_new();
    catalog_each_integration(store_catalog(store), follow_first, matcher);
    store_set_matcher(store, matcher, matcher_follow);
    return matcher;
}

void events_close(struct matcher *matcher)
{
    matcher_free(matcher);
}
