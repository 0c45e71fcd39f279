/* Orders about deliveries; see delivery.h. */
#include "domain/delivery.h"

#include "domain/fault.h"
#include "domain/integration.h"

bool deliveries_visible(struct rd *rd, const struct actor *by, struct str integration_id,
                        struct err *err)
{
    return integration_managed(rd, by, integration_id, false, DETAILS_METHOD("listDeliveries"),
                               err) != NULL;
}

/* Spaced out from now on. */
static int64_t due_of(const struct rd *rd, int64_t place, double per_second)
{
    return rd->now_ms + (int64_t)((double)place * 1000 / per_second);
}

bool deliveries_replay(struct tx *tx, const struct actor *by, const struct replay_order *order,
                       int64_t *out_count, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str details = DETAILS_METHOD("replayDeliveries");
    const struct integration *in =
        integration_managed(rd, by, order->filter.integration_id, false, details, err);
    if (in == NULL)
        return false;
    if (integration_is_incoming(in) || !in->enabled)
        return fault_with(err, details, "error-integration-disabled",
                          "The integration is switched off. Enable it first.");
    struct delivery_filter filter = order->filter;
    filter.state = DELIVERY_DEAD;
    struct delivery_list dead = deliveries_page(rd, &filter, 0, order->limit);
    for (size_t i = 0; i < dead.count; i++)
        (void)delivery_revive(tx, &dead.items[i], due_of(rd, (int64_t)i, order->per_second));
    *out_count = (int64_t)dead.count;
    return true;
}
