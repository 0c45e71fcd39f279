/* From URL to endpoint: every family's table goes into the router, and what fits none is answered
 * here. Runs at start, and on the loop. */
#include <assert.h>

#include "api/serve.h"

#include "base/metric.h"

enum { ENDPOINTS_MAX = 256 };

static const struct endpoint *const families[] = {
    endpoints_integrations, endpoints_login,         endpoints_users,    endpoints_tokens,
    endpoints_roles,        endpoints_permissions,   endpoints_settings, endpoints_info,
    endpoints_rooms,        endpoints_subscriptions, endpoints_teams,    endpoints_chat,
    endpoints_chat_marks,   endpoints_chat_lists,    endpoints_messages, endpoints_direct,
    endpoints_files,        endpoints_deliveries,    endpoints_events,
};

static bool takes_pieces(const struct endpoint *endpoint)
{
    assert(endpoint->steps[0].lane != STEP_PIECES);
    for (size_t i = 0; i < ENDPOINT_STEPS; i++)
        if (endpoint->steps[i].lane == STEP_PIECES)
            return true;
    return false;
}

static bool leaves_loop(const struct endpoint *endpoint)
{
    for (size_t i = 0; i < ENDPOINT_STEPS; i++) {
        if (endpoint->steps[i].lane > STEP_LOOP)
            return true;
    }
    return false;
}

/* "chat" of /api/v1/chat.postMessage, "hooks" of /hooks/…, "ext" of all that is only ours. */
static struct str family_of(struct str path)
{
    static const struct str prefixes[] = {STR_INIT("/api/v1/"), STR_INIT("/api/"), STR_INIT("/")};
    size_t end = 0;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_starts(path, prefixes[i])) {
            path = str_after(path, prefixes[i].len);
            break;
        }
    }
    while (end < path.len && path.ptr[end] != '.' && path.ptr[end] != '/')
        end++;
    return str_slice(path, 0, end);
}

static void add(struct router *router, const struct api *api, const struct endpoint *endpoint)
{
    static struct served served[ENDPOINTS_MAX];
    static size_t count;
    assert(count < ENDPOINTS_MAX);
    served[count] = (struct served){.api = api,
                                    .endpoint = endpoint,
                                    .leaves_loop = leaves_loop(endpoint),
                                    .family = metric_family(family_of(str_of(endpoint->path)))};
    /* What an address without sense means is for a door to say. */
    if (takes_pieces(endpoint))
        router_add_stream(router, endpoint->method, endpoint->path, serve, &served[count]);
    else if (endpoint->door != NULL)
        router_add_tolerant(router, endpoint->method, endpoint->path, serve, &served[count]);
    else
        router_add(router, endpoint->method, endpoint->path, serve, &served[count]);
    count++;
}

void api_add(struct router *router, const struct api *api, const struct endpoint *family)
{
    for (; family->path != NULL; family++)
        add(router, api, family);
}

/* {"status":"ok"}, or 503 and why nothing can be stored just now. */
static void health(struct http_request *rq, const void *arg)
{
    const struct api *api = arg;
    struct err err = ERR_NONE;
    bool healthy = store_healthy(api->store, &err);
    BUF(body, 4096);
    struct json_out o = json_begin(&body, '{');
    json_member_str(&o, "status", healthy ? STR("ok") : STR("failing"));
    if (!healthy)
        json_member_str(&o, "store", str_of(err.text));
    json_end(&o);
    struct str whole = buf_str(&body);
    http_answer(
        rq, &(struct http_answer){.status = healthy ? 200 : 503, .parts = &whole, .part_count = 1});
}

static void send_text(struct http_request *rq, int status, const char *type, struct str headers,
                      struct str body)
{
    metric_count(METRIC_REQUESTS, metric_request_label(metric_family(STR("other")), status));
    http_answer(rq, &(struct http_answer){.status = status,
                                          .content_type = type,
                                          .headers = headers,
                                          .parts = &body,
                                          .part_count = 1});
}

/* Below these every path answers OPTIONS, for browsers that ask before they send. */
static bool has_options(struct str path)
{
    return str_starts(path, STR("/api/")) || str_starts(path, STR("/hooks/")) ||
           str_starts(path, STR("/ext/"));
}

static void no_route(struct http_request *rq, const void *arg)
{
    struct str cors;
    bool allowed = cors_headers(arg, rq, rq->arena, &cors);
    if (!allowed)
        send_text(rq, 403, NULL, STR(""), STR("{\"success\":false,\"error\":\"unauthorized\"}"));
    else if (rq->method == HTTP_OPTIONS && has_options(rq->path))
        send_text(rq, 200, "text/plain", cors, STR("OK"));
    else
        send_text(rq, 404, NULL, cors, STR("{\"success\":false,\"error\":\"Resource not found\"}"));
}

void api_routes(struct router *router, const struct api *api)
{
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
        api_add(router, api, families[f]);
    router_add(router, HTTP_GET, "/health", health, api);
    router_fallback(router, no_route, api);
}
