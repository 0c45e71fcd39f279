/* The integrations family: parameters in, domain, documents out. */
#include "domain/integration.h"

#include "api/api.h"
#include "api/endpoint.h"
#include "api/schemas.h"
#include "base/log.h"
#include "store/outgoing_history.h"

/* --- get --- */

static bool get(struct call *call, struct err *err)
{
    struct integration_entry *found;
    if (!integration_get(call->api->catalog, call->user, call_param(call, "integrationId"),
                         call_param(call, "createdBy"), &found, err))
        return false;
    call->lent[0] = STR("\"integration\":");
    call->lent[1] = found->json;
    call->lender = &found->head;
    return true;
}

/* --- create, update, remove --- */

/* The call's state is how many integrations share the URL that named the one. */
static struct integration_change change_of(struct call *call)
{
    int64_t *same_url = ARENA_NEW(call->arena, int64_t);
    call->state = same_url;
    return (struct integration_change){
        .by = {.id = call->user_id, .username = call->username},
        .body = call->params,
        .frozen_scripts = call->api->frozen_scripts,
        .out_same_url = same_url,
    };
}

/* Who names one of several by their URL may have meant another: the oldest was taken. */
static void warn_of_shared_url(struct call *call, const struct err *failure)
{
    const int64_t *same_url = call->state;
    if (failure == NULL && same_url != NULL && *same_url > 1)
        log_event(LOG_WARN, "shared-target-url", "action=%s taken=%s sharing=%lld",
                  call->endpoint->path, LOG_Q(call->audit_target), (long long)*same_url);
}

static bool show(struct call *call, const struct integration *in)
{
    struct json_out o = call_members(call);
    json_key(&o, "integration");
    integration_put(&call->out, in);
    call->audit_target = in->id;
    return true;
}

static bool create(struct tx *tx, struct call *call, struct err *err)
{
    struct integration_change change = change_of(call);
    struct integration *in;
    return integration_create(tx, &change, &in, err) && show(call, in);
}

static bool update(struct tx *tx, struct call *call, struct err *err)
{
    struct integration_change change = change_of(call);
    struct integration *in;
    return integration_update(tx, &change, &in, err) && show(call, in);
}

static bool removal(struct tx *tx, struct call *call, struct err *err)
{
    struct integration_change change = change_of(call);
    struct integration *in;
    return integration_remove(tx, &change, &in, err) && show(call, in);
}

/* --- list --- */

/* Both lists of this family say how long their page is twice. */
static void end_page(struct call *call, const struct page *page, int64_t rows, int64_t total)
{
    struct json_out o = call_members(call);
    json_member_i64(&o, "offset", page->offset);
    json_member_i64(&o, "items", rows);
    json_member_i64(&o, "count", rows);
    json_member_i64(&o, "total", total);
}

static const struct sort_column list_columns[] = {
    {"_id", "id"},         {"name", "name"},      {"type", "incoming"},
    {"userId", "user_id"}, {"_createdAt", "seq"}, {"_updatedAt", "updated_at_ms"},
    {NULL, NULL},
};

static bool list(struct rd *rd, struct call *call, struct err *err)
{
    struct str order_by;
    if (!call_sort(call, list_columns, "seq", &order_by, err))
        return false;
    struct integration_filter filter = integrations_visible_to(rd, call->user_id);
    filter.type = call_param(call, "type");
    filter.name = call_param(call, "name");
    struct page page = call_page(call);
    buf_lit(&call->out, "\"integrations\":[");
    int64_t rows = integration_page(rd, &filter, order_by, page.offset, page.count, &call->out);
    buf_add_char(&call->out, ']');
    end_page(call, &page, rows, integration_count(rd, &filter));
    return true;
}

/* --- history --- */

static const struct sort_column history_columns[] = {
    {"_id", "id"},
    {"_createdAt", "created_ms"},
    {"_updatedAt", "updated_ms"},
    {NULL, NULL},
};

static bool history(struct rd *rd, struct call *call, struct err *err)
{
    struct str id = call_param(call, "id"), order_by, creator_id;
    if (str_blank(id))
        return err_invalid(err, "Invalid integration id.");
    if (!call_sort(call, history_columns, OUTGOING_HISTORY_ORDER, &order_by, err))
        return false;
    history_visible_to(rd, call->user_id, &creator_id);
    struct page page = call_page(call);
    buf_lit(&call->out, "\"history\":[");
    int64_t rows =
        outgoing_history_page(rd, id, creator_id, order_by, page.offset, page.count, &call->out);
    buf_add_char(&call->out, ']');
    end_page(call, &page, rows, outgoing_history_total(rd, id, creator_id));
    return true;
}

static bool clear_history(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    call->audit_target = call_param(call, "integrationId");
    return integration_clear_history(tx, &by, call->audit_target, err);
}

static bool replay(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    call->audit_target = call_param(call, "integrationId");
    return integration_replay(tx, &by, call->audit_target, call_param(call, "historyId"), err);
}

/* --- the table --- */

#define ANY_MANAGER                                                                                \
    {                                                                                              \
        PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS,                  \
            PERM_MANAGE_INCOMING_INTEGRATIONS, PERM_MANAGE_OWN_INCOMING_INTEGRATIONS               \
    }

const struct endpoint endpoints_integrations[] = {
    {
        .method = HTTP_GET,
        .path = "/api/v1/integrations.get",
        .schema = &schema_integrations_get,
        .steps = {ON_LOOP(get)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/integrations.list",
        .any_of = ANY_MANAGER,
        .schema = &schema_integrations_list,
        .steps = {ON_READ(list)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/integrations.create",
        .schema = &schema_integrations_create,
        .audit = true,
        .steps = {ON_WRITE(create)},
    },
    {
        .method = HTTP_PUT,
        .path = "/api/v1/integrations.update",
        .schema = &schema_integrations_update,
        .audit = true,
        .steps = {ON_WRITE(update)},
        .over = warn_of_shared_url,
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/integrations.remove",
        .any_of = ANY_MANAGER,
        .schema = &schema_integrations_remove,
        .audit = true,
        .steps = {ON_WRITE(removal)},
        .over = warn_of_shared_url,
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/integrations.history",
        .any_of = {PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS},
        .schema = &schema_integrations_history,
        .steps = {ON_READ(history)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/integrations.clearHistory",
        .schema = &schema_integrations_clear_history,
        .audit = true,
        .steps = {ON_WRITE(clear_history)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/integrations.replayOutgoing",
        .schema = &schema_integrations_replay_outgoing,
        .audit = true,
        .steps = {ON_WRITE(replay)},
    },
    {.path = NULL},
};
