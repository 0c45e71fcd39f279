/* GET /ext/v1/hooks.history and POST /ext/v1/hooks.clearHistory: what became of the calls to an
 * incoming integration, for whoever manages it. */
#include "hooks/hook.h"

#include "api/schema_table.h"
#include "domain/fault.h"
#include "store/record.h"

static bool visible(struct rd *rd, const struct call *call, struct str id)
{
    struct actor by = {.id = call->user_id, .username = call->username};
    const struct integration *in = integration_find(rd, id);
    return in != NULL && integration_is_incoming(in) && integration_may_manage(rd, &by, in);
}

/* What one may not see is as empty as what is not there. */
static bool history(struct rd *rd, struct call *call, struct err *err)
{
    struct str id = call_param(call, "id");
    if (str_blank(id))
        return err_invalid(err, "Invalid integration id.");
    bool seen = visible(rd, call, id);
    struct page page = call_page(call);
    buf_lit(&call->out, "\"history\":[");
    int64_t rows =
        seen ? records_page(rd, RECORD_CALL, id, page.offset, page.count, &call->out) : 0;
    buf_add_char(&call->out, ']');
    struct json_out o = call_members(call);
    json_member_i64(&o, "offset", page.offset);
    json_member_i64(&o, "items", rows);
    json_member_i64(&o, "count", rows);
    json_member_i64(&o, "total", seen ? records_total(rd, RECORD_CALL, id) : 0);
    return true;
}

static bool clear(struct tx *tx, struct call *call, struct err *err)
{
    call->audit_target = call_param(call, "integrationId");
    if (hook_managed(tx_rd(tx), call, call->audit_target, DETAILS_METHOD("clearHookHistory"),
                     err) == NULL)
        return false;
    records_clear(tx, RECORD_CALL, call->audit_target);
    return true;
}

static const struct schema_property history_properties[] = {
    PROPERTY("id", STRING_NOT_EMPTY),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("count", NUMBER_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema schema_history = {
    IS_OBJECT,
    .required = NAMES("id"),
    .closed = true,
    .properties = history_properties,
};

static const struct schema_property clear_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
static const struct schema schema_clear = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .closed = true,
    .properties = clear_properties,
};

const struct endpoint endpoints_hook_history[] = {
    {
        .method = HTTP_GET,
        .path = "/ext/v1/hooks.history",
        .any_of = {PERM_MANAGE_INCOMING_INTEGRATIONS, PERM_MANAGE_OWN_INCOMING_INTEGRATIONS},
        .schema = &schema_history,
        .steps = {ON_READ(history)},
    },
    {
        .method = HTTP_POST,
        .path = "/ext/v1/hooks.clearHistory",
        .schema = &schema_clear,
        .audit = true,
        .steps = {ON_WRITE(clear)},
    },
    {.path = NULL},
};
