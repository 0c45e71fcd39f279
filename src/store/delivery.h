/* Rows of deliveries: the table is the queue. A row is inserted in the transaction of the change
 * that caused it, and is there until its call succeeded, or was given up.
 *
 *   insert -> waiting -> claim -> sending -> finish          (the row is gone)
 *                ^                   |
 *                +------- wait ------+-----> bury -> dead    (kept, and shown to its owner)
 *
 * A destination is an integration; what is asked of it costs the same with one waiting row and with
 * a million. Switching an integration off, or removing it, drops what waits for it; a call that is
 * under way then ends with its own finish, wait or bury, of which wait drops it.
 *
 * The bell: a command that made rows waiting names their integration by tx_ring(), which the
 * writers here do themselves. After the commit, before the answers, each name is given to whoever
 * asked for it with catalog_on_bell() (store/catalog.h).
 *
 * Functions with a tx are parts of commands; the others run on a reader or in a command. Results
 * live in rd->arena.
 */
#pragma once

#include "model/delivery.h"
#include "store/store.h"

enum {
    DELIVERY_DEAD_MAX = 10000, /* dead ones of an integration that are kept; the oldest go */
    DELIVERY_DEAD_DAYS = 30,
    DELIVERY_PAGE_MAX = 1000,
    DELIVERY_DATA_BYTES = 4 << 20, /* ceiling of `data` */
};

struct delivery_list {
    struct delivery *items;
    size_t count;
};

/* --- into the queue --- */

/* Makes it waiting; url, event, integration_id, due_ms, depth and data are given, the rest is
 * filled in. An empty id is drawn. False: the integration is not there or switched off, and nothing
 * was done. Rings. */
bool delivery_insert(struct tx *tx, struct delivery *d);

/* --- the queue itself --- */

/* Destinations where something waits, for the start: up to `max` of them, and *after is moved; call
 * it with *after 0 first, and again until it is 0 again. */
struct delivery_destination {
    struct str integration_id;
    int64_t due_ms; /* of what is due first there */
};
struct delivery_destinations {
    struct delivery_destination *items;
    size_t count;
};
struct delivery_destinations deliveries_destinations(struct rd *rd, int64_t *after, size_t max);

/* When the first of what waits there is due; INT64_MAX: nothing waits. */
int64_t deliveries_next_due(struct rd *rd, struct str integration_id);

/* Takes up to `limit` of those that are due at tx->rd.now_ms, the one that is due longest first,
 * and marks them as sending until `until_ms`. `tries` stays as it was. */
struct delivery_list deliveries_claim(struct tx *tx, struct str integration_id, size_t limit,
                                      int64_t until_ms);

/* How a claimed one ends. Its call succeeded, or is not to be made: the row goes. */
void delivery_finish(struct tx *tx, const struct delivery *d);
/* It is tried again from `due_ms` on, with that many failed tries. False: its integration was
 * switched off or removed meanwhile, and the row is gone. Rings. */
bool delivery_wait(struct tx *tx, const struct delivery *d, int64_t due_ms, int64_t tries);
/* It is given up: a dead letter. When the integration was removed meanwhile the row goes. */
void delivery_bury(struct tx *tx, const struct delivery *d);

/* At the start, when nobody holds a claim: makes up to `limit` that were being sent wait again, due
 * at once, and drops those whose integration is off or gone. Returns how many it looked at: fewer
 * than `limit` is all. */
size_t deliveries_recover(struct tx *tx, size_t limit);

/* --- looking --- */

struct delivery_filter {
    struct str integration_id;
    enum delivery_state state;
    struct str event, url;      /* exact; empty: any */
    int64_t from_ms, before_ms; /* created; 0: no bound */
};
int64_t deliveries_total(struct rd *rd, const struct delivery_filter *filter);
/* Up to DELIVERY_PAGE_MAX; the one that is due first, or died first, comes first. */
struct delivery_list deliveries_page(struct rd *rd, const struct delivery_filter *filter,
                                     int64_t offset, int64_t count);
int64_t deliveries_count(struct rd *rd, struct str integration_id, enum delivery_state state);

/* How much waits, and since when what is due first is; 0: nothing waits. Looks at every row that
 * waits, in its index. */
struct delivery_backlog {
    int64_t waiting, oldest_due_ms;
};
struct delivery_backlog deliveries_backlog(struct rd *rd);

/* --- the owner's orders --- */

/* A dead one waits again under a new id, as if it had never been tried; false as with insert. */
bool delivery_revive(struct tx *tx, const struct delivery *d, int64_t due_ms);
/* The integration was switched off: nothing waits there any more. Dead ones stay. */
void deliveries_drop(struct tx *tx, struct str integration_id);
/* It was removed: the dead ones go too. */
void deliveries_forget(struct tx *tx, struct str integration_id);

/* Whether there are rows that nobody sees or ought to see; and removing a slice of them: true when
 * there may be more. */
bool deliveries_to_sweep(struct rd *rd);
bool deliveries_sweep(struct tx *tx);
