/* GET /ext/v1/scripts.runs: how the last runs of an integration's script ended and what they
 * printed, for whoever manages it. */
#include "hooks/hook.h"

#include "api/schema_table.h"

static bool visible(struct rd *rd, const struct call *call, struct str id)
{
    struct actor by = call_actor(call);
    const struct integration *in = integration_find(rd, id);
    return in != NULL && integration_may_manage(rd, &by, in);
}

/* What one may not see is as empty as what is not there. */
static bool runs(struct rd *rd, struct call *call, struct err *err)
{
    struct str id = call_param(call, "id");
    if (str_blank(id))
        return err_invalid(err, "Invalid integration id.");
    bool seen = visible(rd, call, id);
    struct page page = call_page(call);
    buf_lit(&call->out, "\"runs\":[");
    int64_t rows = seen ? records_page(rd, RECORD_RUN, id, page.offset, page.count, &call->out) : 0;
    buf_add_char(&call->out, ']');
    struct json_out o = call_members(call);
    call_page_members(&o, &page, rows, seen ? records_total(rd, RECORD_RUN, id) : 0);
    return true;
}

static const struct schema_property runs_properties[] = {
    PROPERTY("id", STRING_NOT_EMPTY),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("count", NUMBER_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema schema_runs = {
    IS_OBJECT,
    .required = NAMES("id"),
    .closed = true,
    .properties = runs_properties,
};

const struct endpoint endpoints_script_runs[] = {
    {
        .method = HTTP_GET,
        .path = "/ext/v1/scripts.runs",
        .any_of = {PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS,
                   PERM_MANAGE_INCOMING_INTEGRATIONS, PERM_MANAGE_OWN_INCOMING_INTEGRATIONS},
        .schema = &schema_runs,
        .steps = {ON_READ(runs)},
    },
    {.path = NULL},
};
