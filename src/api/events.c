/* GET /ext/v1/events: what happens, as it happens, as Server-Sent Events. This file is the way in:
 * who asks, for what, and may he; streams.c is the stream. Runs on the loop, but for the steps. */
#include "api/streams.h"

#include "api/serve.h"
#include "domain/fault.h"

enum { NAMES_MAX = 100 };

/* --- what is asked for --- */

static const struct {
    const char *name;
    enum notice_kind kind;
} types[] = {
    {"message", NOTICE_MESSAGE},
    {"message-updated", NOTICE_MESSAGE_UPDATED},
    {"message-deleted", NOTICE_MESSAGE_DELETED},
    {"integration-history", NOTICE_HISTORY},
};

#define USUAL_TYPES STR("message,message-updated,message-deleted")
#define ALL_TYPES   STR("message, message-updated, message-deleted, integration-history")

static bool take_type(struct str name, unsigned *kinds)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(name, types[i].name)) {
            *kinds |= 1U << types[i].kind;
            return true;
        }
    }
    return false;
}

static bool take_types(const struct call *call, struct wish *wish, struct err *err)
{
    struct str name, list = call_param(call, "types");
    if (str_empty(list))
        list = USUAL_TYPES;
    while (str_split(&list, ',', &name)) {
        if (!take_type(str_trim(name), &wish->kinds))
            return refuse(err, "types: each must be one of %.*s [error-invalid-params]",
                          STR_FMT(ALL_TYPES));
    }
    return true;
}

/* A list without empty parts, or nothing at all. */
static bool take_list(const struct call *call, const char *parameter, struct str *out,
                      struct err *err)
{
    struct str part, list = call_param(call, parameter);
    *out = list;
    size_t count = 0;
    while (!str_empty(*out) && str_split(&list, ',', &part)) {
        if (str_blank(part) || ++count > NAMES_MAX)
            return refuse(err,
                          "%s: up to %d with commas between, none empty [error-invalid-params]",
                          parameter, NAMES_MAX);
    }
    return true;
}

/* A browser that connects again says it in a header, and repeats the URL that it began with. */
static void take_place(struct call *call, const struct http_request *rq, struct wish *wish)
{
    struct str text = http_header(rq, STR("last-event-id"));
    if (str_empty(text))
        text = call_param(call, "lastEventId");
    wish->resumes = !str_empty(text);
    if (!feed_place_parse(text, &wish->place))
        wish->place = -1;
}

/* --- may he --- */

static bool check_integrations(const struct call *call, struct wish *wish, struct err *err)
{
    struct str id, list = wish->integrations;
    if (str_is(list, "*"))
        list = wish->integrations = STR("");
    if (!wish_has(wish, NOTICE_HISTORY))
        return true;
    bool may = integrations_followable(call->api->catalog, call->user);
    while (may && !str_empty(wish->integrations) && str_split(&list, ',', &id))
        may = integration_followable(call->api->catalog, call->user, str_trim(id));
    return may || refuse_forbidden(err);
}

static bool read_wish(struct call *call, const struct http_request *rq, struct err *err)
{
    struct wish *wish = ARENA_NEW(call->arena, struct wish);
    call->state = wish;
    digest_sha256(call->auth_token, wish->session);
    take_place(call, rq, wish);
    return take_types(call, wish, err) && take_list(call, "rooms", &wish->rooms, err) &&
           take_list(call, "integrations", &wish->integrations, err) &&
           check_integrations(call, wish, err);
}

/* Browsers cannot set headers on an event source: they say in the query who they are. */
static bool door(struct call *call, const struct http_request *rq, struct err *err)
{
    struct str user_id = rq->user_id;
    if (!call_parse(call, arena_str(call->arena, rq->query), STR(""), STR(""), err))
        return false;
    call->auth_token = arena_str(call->arena, rq->auth_token);
    if (str_empty(call->auth_token) && str_empty(user_id)) {
        call->auth_token = call_param(call, "authToken");
        user_id = call_param(call, "userId");
    }
    return call_identify(call, user_id, err) && read_wish(call, rq, err);
}

/* --- the steps --- */

/* First the feed must be awake, and then the rights are read: whatever changes them from here on is
 * in the feed. */
static bool wake(struct tx *tx, struct call *call, struct err *err)
{
    (void)err;
    struct wish *wish = call->state;
    wish->woken_at = feed_wake(streams_feed(call->api->streams), tx);
    return true;
}

static bool find_rooms(struct rd *rd, struct call *call, struct err *err)
{
    struct wish *wish = call->state;
    bool missing = false;
    if (wish_has_messages(wish))
        wish->scope = rooms_readable(rd, call->user_id, wish->rooms, &missing);
    return !missing || refuse_forbidden(err);
}

const struct endpoint endpoints_events[] = {
    {
        .method = HTTP_GET,
        .path = "/ext/v1/events",
        .door = door,
        .steps = {ON_WRITE(wake), ON_READ(find_rooms)},
        .stream = stream_open,
    },
    {.path = NULL},
};
