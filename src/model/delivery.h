/* A delivery: that one URL of an outgoing integration is to be called because of one event. It
 * stays one through all its tries. Plain data; texts are borrowed from the arena of whoever read
 * it. Any thread. */
#pragma once

#include "base/json.h"

enum delivery_state {
    DELIVERY_WAITING, /* to be called from due_ms on, by the steady clock */
    DELIVERY_SENDING, /* claimed, until due_ms, by the steady clock */
    DELIVERY_DEAD,    /* given up at due_ms, by the wall clock */
};

struct delivery {
    int64_t seq;   /* of the row */
    struct str id; /* 24 hexadecimal digits: what receivers see as webhook-id on every try, and the
                      _id of the first try's entry in the history */
    struct str integration_id, event, url;
    enum delivery_state state;
    int64_t due_ms;
    int64_t tries; /* that failed: 0 while the first is on */
    int64_t depth; /* how many replies of integrations led to the event; 0: people did it */
    int64_t created_ms;
    struct str data; /* JSON, an object: what is told of the event, but for what comes from the
                        integration (token, trigger_word): events/payload.h adds that */
};

/* As deliveries.list answers it. */
void delivery_put(struct buf *out, const struct delivery *d);

/* "waiting", "sending", "dead", both ways. False: there is no such state. */
struct str delivery_state_name(enum delivery_state state);
bool delivery_state_find(struct str name, enum delivery_state *out);
