/* The integrations family: parameters in, domain, documents out. */
#include "domain/integration.h"

#include "api/api.h"
#include "api/endpoint.h"
#include "api/schemas.h"
#include "base/log.h"
#include "script/script.h"
#include "store/outgoing_history.h"

enum { ERROR_TEXT_BYTES = 4 << 10, ERROR_BYTES = 128 << 10 };

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

/* --- what changes have in common --- */

/* What the steps of a change leave for each other, in call->state. */
struct changing {
    int64_t same_url; /* how many share the URL that named the one */
    struct script_check checked;
    struct str script_error; /* of the document afterwards: its message; empty: none */
};

static struct changing *changing_of(struct call *call)
{
    if (call->state == NULL)
        call->state = ARENA_NEW(call->arena, struct changing);
    return call->state;
}

static struct str error_json(struct arena *arena, const struct script_error *error)
{
    BUF(text, ERROR_BYTES);
    struct json_out o = json_begin(&text, '{');
    json_member_str(&o, "name", str_slice(error->name, 0, ERROR_TEXT_BYTES));
    json_member_str(&o, "message", str_slice(error->message, 0, ERROR_TEXT_BYTES));
    json_member_str(&o, "stack", str_slice(error->stack, 0, ERROR_TEXT_BYTES));
    json_end(&o);
    return arena_str(arena, buf_str(&text));
}

/* A script that could not be looked at just now is looked at when it is run. */
static const struct script_check *checked_of(struct call *call)
{
    const struct script_run *run = call->run;
    if (run == NULL || run->end == SCRIPT_REFUSED || run->end == SCRIPT_SUSPENDED)
        return NULL;
    struct script_check *checked = &changing_of(call)->checked;
    checked->source = run->source;
    checked->ok = run->end == SCRIPT_RETURNED;
    if (!checked->ok)
        checked->error = error_json(call->arena, &run->error);
    return checked;
}

static struct integration_change change_of(struct call *call)
{
    return (struct integration_change){
        .by = {.id = call->user_id, .username = call->username},
        .body = call->params,
        .frozen_scripts = call->api->frozen_scripts,
        .checked = checked_of(call),
        .out_same_url = &changing_of(call)->same_url,
    };
}

/* Who names one of several by their URL may have meant another: the oldest was taken. And the
 * author of a broken script should hear of it early. */
static void warn_of_change(struct call *call, const struct err *failure)
{
    const struct changing *changing = call->state;
    if (failure != NULL || changing == NULL)
        return;
    if (changing->same_url > 1)
        log_event(LOG_WARN, "shared-target-url", "action=%s taken=%s sharing=%lld",
                  call->endpoint->path, LOG_Q(call->audit_target), (long long)changing->same_url);
    if (!str_empty(changing->script_error))
        log_event(LOG_WARN, "script-not-compiled", "integration=%s error=%s",
                  LOG_Q(call->audit_target), LOG_Q(changing->script_error));
}

static bool show(struct call *call, const struct integration *in)
{
    struct json_out o = call_members(call);
    json_key(&o, "integration");
    integration_put(&call->out, in);
    call->audit_target = in->id;
    if (integration_has(in, INTEGRATION_SCRIPT_ERROR))
        changing_of(call)->script_error = json_get_str(in->script_error, "message");
    return true;
}

/* --- the look at a script before it is stored --- */

/* Others are refused by the command. */
static bool may_change_some(const struct call *call, bool incoming)
{
    const struct catalog *catalog = call->api->catalog;
    enum perm any =
        incoming ? PERM_MANAGE_INCOMING_INTEGRATIONS : PERM_MANAGE_OUTGOING_INTEGRATIONS;
    enum perm own =
        incoming ? PERM_MANAGE_OWN_INCOMING_INTEGRATIONS : PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS;
    return access_has(catalog, call->user, any) || access_has(catalog, call->user, own);
}

/* The script as it will be: that of the body, else the stored one. */
static struct str script_after(struct call *call)
{
    if (call_has(call, "script"))
        return call_param(call, "script");
    struct integration_entry *entry =
        catalog_integration(call->api->catalog, call_param(call, "integrationId"));
    if (entry == NULL)
        return STR("");
    const struct json *doc = json_parse(call->arena, entry->json);
    CATALOG_UNREF(entry);
    return json_get_str(doc, "script");
}

static bool check_script(struct call *call, struct err *err)
{
    (void)err;
    bool incoming = str_eq(call_param(call, "type"), type_incoming);
    if (call->api->scripts == NULL || call->api->frozen_scripts != NULL ||
        !json_get_true(call->params, "scriptEnabled") || !may_change_some(call, incoming))
        return true;
    struct str source = script_after(call);
    if (str_blank(source) || source.len > INTEGRATION_SCRIPT_BYTES)
        return true;
    struct script_run *run = call_script(call);
    run->ask = SCRIPT_CHECK;
    run->side = incoming ? SCRIPT_INCOMING : SCRIPT_OUTGOING;
    run->sloppy = !json_get_true(call->params, "skipTranspile");
    run->source = source;
    return true;
}

/* --- create, update, remove: the commands --- */

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
        .steps = {ON_SCRIPT(check_script), ON_WRITE(create)},
        .over = warn_of_change,
    },
    {
        .method = HTTP_PUT,
        .path = "/api/v1/integrations.update",
        .schema = &schema_integrations_update,
        .audit = true,
        .steps = {ON_SCRIPT(check_script), ON_WRITE(update)},
        .over = warn_of_change,
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/integrations.remove",
        .any_of = ANY_MANAGER,
        .schema = &schema_integrations_remove,
        .audit = true,
        .steps = {ON_WRITE(removal)},
        .over = warn_of_change,
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
