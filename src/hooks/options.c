/* PUT and GET /ext/v1/integrations.options: what incoming integrations have beyond the documents of
 * the reference, which stay as they are. Secrets go in and never come out: they are stored sealed,
 * and shown as their last four characters and when they were set. */
#include "hooks/hook.h"

#include "api/schema_table.h"
#include "domain/fault.h"
#include "store/hook_options.h"

enum { RULE_BYTES = 64 << 10 };

#define OPTIONS DETAILS_METHOD("integrationOptions")

/* --- the rule of signatures, between its row and its struct --- */

/* *out is NULL when there is none, or when it cannot be opened any more. */
static bool open_rule(const struct call *call, const struct hook_options_row *row,
                      struct verify_rule **out, struct err *err)
{
    struct str plain;
    *out = NULL;
    if (str_empty(row->verify) ||
        !secrets_open(call->api->hooks, call->arena, row->integration_id, row->verify, &plain))
        return true;
    *out = verify_load(call->arena, json_parse(call->arena, plain), err);
    return *out != NULL;
}

static bool seal_rule(const struct call *call, struct hook_options_row *row,
                      const struct verify_rule *rule, struct err *err)
{
    BUF(plain, RULE_BYTES);
    verify_put(&plain, rule, VERIFY_STORED);
    if (!buf_ok(&plain))
        return err_invalid(err, "The secrets are too long together.");
    row->verify = secrets_seal(call->api->hooks, call->arena, row->integration_id, buf_str(&plain));
    return true;
}

/* --- changing: an absent member stays, null removes --- */

static bool take_verify(struct call *call, struct hook_options_row *row, struct err *err)
{
    const struct json *given = json_get_lit(call->params, "verify");
    struct verify_rule *old, *rule;
    if (given == NULL)
        return true;
    if (given->kind == JSON_NULL) {
        row->verify = STR("");
        return true;
    }
    if (!open_rule(call, row, &old, err) ||
        (rule = verify_read(call->arena, given, call->now_ms, err)) == NULL)
        return false;
    verify_keep_dates(rule, old);
    return seal_rule(call, row, rule, err);
}

/* Both groups have passed the schema. */
static void take_groups(const struct call *call, struct hook_options *options)
{
    struct hook_options given = hook_options_read(call->params);
    if (call_has(call, "limits")) {
        options->rate = given.rate;
        options->burst = given.burst;
    }
    if (call_has(call, "history")) {
        options->keeps_headers = given.keeps_headers;
        options->keeps_body = given.keeps_body;
    }
}

static bool show(struct call *call, const struct hook_options_row *row, struct err *err)
{
    struct verify_rule *rule;
    if (!open_rule(call, row, &rule, err))
        return false;
    struct json_out o = call_members(call);
    json_member_str(&o, "integrationId", row->integration_id);
    if (rule != NULL) {
        json_key(&o, "verify");
        verify_put(&call->out, rule, VERIFY_SHOWN);
    } else if (!str_empty(row->verify)) { /* another server's key: every call is refused */
        json_key(&o, "verify");
        buf_lit(&call->out, "{\"unreadable\":true}");
    }
    hook_options_put_members(&o, &row->options);
    return true;
}

static bool change(struct tx *tx, struct call *call, struct err *err)
{
    struct str id = call_param(call, "integrationId");
    call->audit_target = id;
    if (hook_managed(tx_rd(tx), call, id, OPTIONS, err) == NULL)
        return false;
    struct hook_options_row *row = hook_options_find(tx_rd(tx), id);
    if (!take_verify(call, row, err))
        return false;
    take_groups(call, &row->options);
    hook_options_save(tx, row);
    return show(call, row, err);
}

static bool get(struct rd *rd, struct call *call, struct err *err)
{
    struct str id = call_param(call, "integrationId");
    return hook_managed(rd, call, id, OPTIONS, err) != NULL &&
           show(call, hook_options_find(rd, id), err);
}

/* --- the tables --- */

static const struct schema rate = {
    .types = {TYPE_NUMBER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 100000}, {MINIMUM, 0.01}, {BOUND_END, 0}}};
static const struct schema burst = {
    .types = {TYPE_INTEGER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 1000000}, {MINIMUM, 1}, {BOUND_END, 0}}};

static const struct schema_property limits_properties[] = {
    PROPERTY("ratePerSecond", &rate),
    PROPERTY("burst", &burst),
    END_OF_PROPERTIES,
};
static const struct schema limits = {
    IS_OBJECT,
    .nullable = true,
    .required = NAMES("ratePerSecond", "burst"),
    .closed = true,
    .properties = limits_properties,
};

static const struct schema_property kept_properties[] = {
    PROPERTY("headers", BOOLEAN),
    PROPERTY("body", BOOLEAN),
    END_OF_PROPERTIES,
};
static const struct schema kept = {IS_OBJECT, .nullable = true, .closed = true,
                                   .properties = kept_properties};

static const struct schema_property change_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    PROPERTY("verify", OBJECT_OR_NULL),
    PROPERTY("limits", &limits),
    PROPERTY("history", &kept),
    END_OF_PROPERTIES,
};
static const struct schema schema_change = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .closed = true,
    .properties = change_properties,
};

static const struct schema_property get_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
static const struct schema schema_get = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .properties = get_properties,
};

const struct endpoint endpoints_hook_options[] = {
    {
        .method = HTTP_PUT,
        .path = "/ext/v1/integrations.options",
        .schema = &schema_change,
        .audit = true,
        .steps = {ON_WRITE(change)},
    },
    {
        .method = HTTP_GET,
        .path = "/ext/v1/integrations.options",
        .schema = &schema_get,
        .steps = {ON_READ(get)},
    },
    {.path = NULL},
};
