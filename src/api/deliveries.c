/* GET /ext/v1/deliveries.list and POST /ext/v1/deliveries.replay: what waits to be delivered to an
 * outgoing integration, what was given up, and telling a receiver again. */
#include "domain/delivery.h"

#include "api/endpoint.h"
#include "api/schema_table.h"
#include "base/clock.h"

enum { PER_SECOND = 10, LIMIT = 100 };

/* --- what is asked for --- */

static bool take_moment(const struct call *call, const char *name, int64_t *out_ms, struct err *err)
{
    if (!call_has(call, name) || clock_parse_iso(call_param(call, name), out_ms))
        return true;
    return err_invalid(err, "%s must be a moment such as 2026-01-31T12:00:00.000Z.", name);
}

static bool take_filter(const struct call *call, struct delivery_filter *out, struct err *err)
{
    *out = (struct delivery_filter){
        .integration_id = call_param(call, "integrationId"),
        .state = DELIVERY_DEAD,
        .event = call_param(call, "event"),
        .url = call_param(call, "url"),
    };
    if (call_has(call, "state") && !delivery_state_find(call_param(call, "state"), &out->state))
        return err_invalid(err, "state must be waiting, sending or dead.");
    return take_moment(call, "from", &out->from_ms, err) &&
           take_moment(call, "before", &out->before_ms, err);
}

/* --- list --- */

static bool list(struct rd *rd, struct call *call, struct err *err)
{
    struct delivery_filter filter;
    struct actor by = call_actor(call);
    if (!take_filter(call, &filter, err) ||
        !deliveries_visible(rd, &by, filter.integration_id, err))
        return false;
    struct page page = call_page(call);
    struct delivery_list found = deliveries_page(rd, &filter, page.offset, page.count);
    struct json_out o = call_members(call);
    json_key(&o, "deliveries");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < found.count; i++) {
        json_item(&items);
        delivery_put(&call->out, &found.items[i]);
    }
    json_end(&items);
    call_page_members(&o, &page, (int64_t)found.count, deliveries_total(rd, &filter));
    return true;
}

/* --- replay --- */

static double number_or(const struct call *call, const char *name, double otherwise)
{
    const struct json *given = json_get(call->params, str_of(name));
    return json_is(given, JSON_NUMBER) ? given->number : otherwise;
}

static bool take_source(const struct call *call, bool *of_history, struct err *err)
{
    struct str source = call_param(call, "of");
    *of_history = str_is(source, "history");
    if (!call_has(call, "of") || *of_history || str_is(source, "dead"))
        return true;
    return err_invalid(err, "of must be dead or history.");
}

static bool take_order(const struct call *call, struct replay_order *out, struct err *err)
{
    out->per_second = number_or(call, "perSecond", PER_SECOND);
    out->limit = (int64_t)number_or(call, "limit", LIMIT);
    return take_source(call, &out->of_history, err) && take_filter(call, &out->filter, err);
}

/* How far it is after each round. The command of a round may run again, so it leaves what the one
 * before has reached as it is. */
static struct replay_progress *progress_of(struct call *call)
{
    struct replay_progress *rounds = call->state;
    if (rounds == NULL)
        call->state = rounds = ARENA_ARRAY(call->arena, struct replay_progress, 2);
    unsigned now = call->round % 2;
    rounds[now] = call->round > 0 ? rounds[1 - now] : (struct replay_progress){.count = 0};
    return &rounds[now];
}

static bool replay(struct tx *tx, struct call *call, struct err *err)
{
    struct replay_order order;
    struct actor by = call_actor(call);
    struct replay_progress *progress = progress_of(call);
    call->audit_target = call_param(call, "integrationId");
    if (!take_order(call, &order, err) || !deliveries_replay(tx, &by, &order, progress, err))
        return false;
    call->again = progress->more;
    if (progress->more)
        return true;
    struct json_out o = call_members(call);
    json_member_i64(&o, "replayed", progress->count);
    if (!order.of_history)
        json_member_i64(&o, "left", deliveries_total(tx_rd(tx), &order.filter));
    return true;
}

/* --- the tables --- */

static const struct schema_property list_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    PROPERTY("state", STRING),
    PROPERTY("event", STRING),
    PROPERTY("url", STRING),
    PROPERTY("from", STRING),
    PROPERTY("before", STRING),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("count", NUMBER_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema schema_list = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .closed = true,
    .properties = list_properties,
};

static const struct schema per_second = {
    .types = {TYPE_NUMBER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 1000}, {MINIMUM, 0.01}, {BOUND_END, 0}}};
static const struct schema limit = {
    .types = {TYPE_INTEGER},
    .limits =
        (const struct schema_limit[]){{MAXIMUM, DELIVERY_PAGE_MAX}, {MINIMUM, 1}, {BOUND_END, 0}}};

static const struct schema_property replay_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    PROPERTY("of", STRING),
    PROPERTY("event", STRING),
    PROPERTY("url", STRING),
    PROPERTY("from", STRING),
    PROPERTY("before", STRING),
    PROPERTY("perSecond", &per_second),
    PROPERTY("limit", &limit),
    END_OF_PROPERTIES,
};
static const struct schema schema_replay = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .closed = true,
    .properties = replay_properties,
};

const struct endpoint endpoints_deliveries[] = {
    {
        .method = HTTP_GET,
        .path = "/ext/v1/deliveries.list",
        .any_of = {PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS},
        .schema = &schema_list,
        .steps = {ON_READ(list)},
    },
    {
        .method = HTTP_POST,
        .path = "/ext/v1/deliveries.replay",
        .any_of = {PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS},
        .schema = &schema_replay,
        .audit = true,
        .steps = {ON_WRITE(replay)},
    },
    {.path = NULL},
};
