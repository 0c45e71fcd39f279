/* The document of a delivery, and the names of its states. Memory only; any thread. */
#include "model/delivery.h"

#include "base/clock.h"

static const struct str names[] = {
    [DELIVERY_WAITING] = STR_INIT("waiting"),
    [DELIVERY_SENDING] = STR_INIT("sending"),
    [DELIVERY_DEAD] = STR_INIT("dead"),
};
enum { STATES = sizeof(names) / sizeof(names[0]) };

struct str delivery_state_name(enum delivery_state state)
{
    return names[state];
}

bool delivery_state_find(struct str name, enum delivery_state *out)
{
    for (int i = 0; i < STATES; i++) {
        if (!str_eq(names[i], name))
            continue;
        *out = (enum delivery_state)i;
        return true;
    }
    return false;
}

/* What due_ms means in each state. */
static const char *const moments[] = {
    [DELIVERY_WAITING] = "dueAt",
    [DELIVERY_SENDING] = "claimedUntil",
    [DELIVERY_DEAD] = "diedAt",
};

static int64_t shown_moment(const struct delivery *d)
{
    return d->state == DELIVERY_DEAD ? d->due_ms : clock_steady_to_wall(d->due_ms);
}

void delivery_put(struct buf *out, const struct delivery *d)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", d->id);
    json_member_str(&o, "integrationId", d->integration_id);
    json_member_str(&o, "event", d->event);
    json_member_str(&o, "url", d->url);
    json_member_str(&o, "state", names[d->state]);
    json_member_time(&o, moments[d->state], shown_moment(d));
    json_member_i64(&o, "tries", d->tries);
    json_member_i64(&o, "depth", d->depth);
    json_member_time(&o, "createdAt", d->created_ms);
    json_member_raw(&o, "data", d->data);
    json_end(&o);
}
