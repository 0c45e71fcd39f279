/* What the owner of an outgoing integration may see and order of its deliveries. */
#pragma once

#include "domain/access.h"
#include "store/delivery.h"

/* Whether he may look at them: false and *err. Runs on a reader or in a command. */
bool deliveries_visible(struct rd *rd, const struct actor *by, struct str integration_id,
                        struct err *err);

/* Telling a receiver again, at a pace that it can bear. Either what is dead waits again, under new
 * ids, as if it had never been tried; or what the history knows, delivered or not, is told again as
 * by integration_replay(). The oldest come first. */
struct replay_order {
    struct delivery_filter filter; /* its state does not count */
    double per_second;             /* above 0: no more than so many are due within a second */
    int64_t limit;                 /* how many at most */
    bool of_history;
};
struct replay_progress {
    int64_t begun_ms; /* 0 at first */
    int64_t after;    /* in the history */
    int64_t count;    /* that were made waiting so far */
    bool more;
};
/* Does a part of it; `more` says that there is another one, for another command. */
bool deliveries_replay(struct tx *tx, const struct actor *by, const struct replay_order *order,
                       struct replay_progress *progress, struct err *err);
