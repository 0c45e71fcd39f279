/* Orders about deliveries; see delivery.h. */
#include "domain/delivery.h"

#include "domain/fault.h"
#include "domain/integration.h"
#include "events/event.h"
#include "store/outgoing_history.h"

enum { AT_ONCE = 100 }; /* deliveries that one command makes wait */

bool deliveries_visible(struct rd *rd, const struct actor *by, struct str integration_id,
                        struct err *err)
{
    return integration_managed(rd, by, integration_id, false, DETAILS_METHOD("listDeliveries"),
                               err) != NULL;
}

/* Spaced out from the beginning on. */
static int64_t due_of(const struct replay_order *order, const struct replay_progress *p)
{
    return p->begun_ms + (int64_t)((double)p->count * 1000 / order->per_second);
}

static void replay_dead(struct tx *tx, const struct replay_order *order, struct replay_progress *p)
{
    struct delivery_filter filter = order->filter;
    filter.state = DELIVERY_DEAD;
    int64_t left = order->limit - p->count;
    struct delivery_list dead =
        deliveries_page(tx_rd(tx), &filter, 0, left < AT_ONCE ? left : AT_ONCE);
    for (size_t i = 0; i < dead.count; i++) {
        (void)delivery_revive(tx, &dead.items[i], due_of(order, p));
        p->count++;
    }
    p->more = dead.count == AT_ONCE;
}

static bool fits(const struct delivery_filter *filter, const struct event_before *before)
{
    return !str_empty(before->url) && before->data != NULL &&
           (str_empty(filter->event) || str_eq(filter->event, before->name)) &&
           (str_empty(filter->url) || str_eq(filter->url, before->url));
}

static void replay_past(struct tx *tx, const struct integration *in,
                        const struct replay_order *order, struct replay_progress *p)
{
    struct outgoing_walk walk = {.integration_id = in->id,
                                 .from_ms = order->filter.from_ms,
                                 .before_ms = order->filter.before_ms,
                                 .after = p->after};
    struct outgoing_past past = outgoing_history_walk(tx_rd(tx), &walk);
    for (size_t i = 0; i < past.count && p->count < order->limit; i++) {
        const struct json *entry = past.items[i];
        struct event_before before = {.name = json_get_str(entry, "event"),
                                      .url = json_get_str(entry, "url"),
                                      .data = json_get_lit(entry, "data"),
                                      .due_ms = due_of(order, p)};
        bool first_try = str_empty(json_get_str(entry, "retryOf"));
        if (first_try && fits(&order->filter, &before))
            p->count += event_again(tx, in, &before);
    }
    p->after = walk.after;
    p->more = walk.after != 0;
}

/* What is read of a part is needed no longer than that; the memory of the order is not for it. */
static void replay_part(struct tx *tx, const struct integration *in,
                        const struct replay_order *order, struct replay_progress *p)
{
    struct arena scratch, *own = tx->rd.arena;
    arena_init(&scratch, SIZE_MAX);
    tx->rd.arena = &scratch;
    if (order->of_history)
        replay_past(tx, in, order, p);
    else
        replay_dead(tx, order, p);
    tx->rd.arena = own;
    arena_release(&scratch);
    p->more = p->more && p->count < order->limit;
}

bool deliveries_replay(struct tx *tx, const struct actor *by, const struct replay_order *order,
                       struct replay_progress *progress, struct err *err)
{
    struct str details = DETAILS_METHOD("replayDeliveries");
    const struct integration *in =
        integration_managed(tx_rd(tx), by, order->filter.integration_id, false, details, err);
    if (in == NULL)
        return false;
    if (integration_is_incoming(in) || !in->enabled)
        return fault_with(err, details, "error-integration-disabled",
                          "The integration is switched off. Enable it first.");
    if (progress->begun_ms == 0)
        progress->begun_ms = tx->rd.steady_ms;
    replay_part(tx, in, order, progress);
    return true;
}
