/* What the owner of an outgoing integration may see and order of its deliveries. */
#pragma once

#include "domain/access.h"
#include "store/delivery.h"

/* Whether he may look at them: false and *err. Runs on a reader or in a command. */
bool deliveries_visible(struct rd *rd, const struct actor *by, struct str integration_id,
                        struct err *err);

struct replay_order {
    struct delivery_filter filter; /* of dead ones; its state does not count */
    double per_second;             /* above 0: no more than so many are due within a second */
    int64_t limit;                 /* up to DELIVERY_PAGE_MAX, those that died first */
};
/* Dead ones wait again, under new ids, as if they had never been tried. In a command. */
bool deliveries_replay(struct tx *tx, const struct actor *by, const struct replay_order *order,
                       int64_t *out_count, struct err *err);
