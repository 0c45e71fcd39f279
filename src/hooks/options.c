/* PUT and GET /ext/v1/integrations.options: what integrations have beyond the documents of the
 * reference, which stay as they are: how calls that come in, or go out, are signed, and how many
 * there may be. Secrets go in and never come out: they are stored sealed, and shown as their last
 * four characters and when they were set; but one that the server makes is told once. */
#include "hooks/hook.h"

#include "api/schema_table.h"
#include "domain/fault.h"
#include "domain/signing.h"
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

/* Members that belong to the other direction are refused, for they would do nothing. */
static bool check_direction(const struct call *call, bool incoming, struct err *err)
{
    static const struct {
        const char *group, *member;
        bool incoming;
    } owners[] = {
        {"verify", NULL, true},        {"history", NULL, true},
        {"signing", NULL, false},      {"limits", "ratePerSecond", true},
        {"limits", "inFlight", false}, {"limits", "timeoutMs", false},
    };
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        const struct json *group = json_get(call->params, str_of(owners[i].group));
        const char *member = owners[i].member;
        bool given = member == NULL ? group != NULL : json_get(group, str_of(member)) != NULL;
        if (given && owners[i].incoming != incoming)
            return err_invalid(err, "%s%s%s is for %s integrations.", owners[i].group,
                               member != NULL ? "." : "", member != NULL ? member : "",
                               owners[i].incoming ? "incoming" : "outgoing");
    }
    return true;
}

/* A rate and a burst mean something only together. */
static bool check_limits(const struct call *call, struct err *err)
{
    const struct json *given = json_get_lit(call->params, "limits");
    if (!json_is(given, JSON_OBJECT))
        return true;
    bool outgoing =
        json_get_lit(given, "inFlight") != NULL || json_get_lit(given, "timeoutMs") != NULL;
    static const char *const pair[] = {"ratePerSecond", "burst"};
    for (size_t i = 0; i < 2; i++) {
        const struct json *other = json_get(given, str_of(pair[1 - i]));
        if (json_get(given, str_of(pair[i])) == NULL && (other != NULL || !outgoing))
            return fault(err, "invalid-params", "limits must have required property '%s'", pair[i]);
    }
    return true;
}

/* *out_new: a secret was made, which the answer tells. */
static bool take_signing(struct call *call, struct hook_options_row *row, struct signing *signing,
                         bool *out_new, struct err *err)
{
    const uint8_t *key = call->api->hooks->key;
    const struct json *given = json_get_lit(call->params, "signing");
    *out_new = false;
    if (json_is(given, JSON_NULL))
        row->signing = STR("");
    bool readable =
        signing_open(call->arena, key, row->integration_id, row->signing, call->now_ms, signing);
    if (!json_is(given, JSON_OBJECT))
        return true;
    if (!readable)
        *signing = (struct signing){.count = 0}; /* another server's key: begun anew */
    if (!signing_change(call->arena, given, call->now_ms, signing, out_new, err))
        return false;
    row->signing = signing_seal(call->arena, key, row->integration_id, signing);
    return true;
}

/* Both groups have passed the schema. */
static void take_groups(const struct call *call, struct hook_options *options)
{
    struct hook_options given = hook_options_read(call->params);
    if (call_has(call, "limits")) {
        options->rate = given.rate;
        options->burst = given.burst;
        options->in_flight = given.in_flight;
        options->timeout_ms = given.timeout_ms;
    }
    if (call_has(call, "history")) {
        options->keeps_headers = given.keeps_headers;
        options->keeps_body = given.keeps_body;
    }
}

static void show_signing(struct call *call, struct json_out *o, const struct hook_options_row *row,
                         const struct signing *signing, bool whole)
{
    if (str_empty(row->signing))
        return;
    json_key(o, "signing");
    if (signing->count > 0)
        signing_put(&call->out, signing, whole);
    else
        buf_lit(&call->out, "{\"unreadable\":true}");
}

static bool show(struct call *call, const struct hook_options_row *row,
                 const struct signing *signing, bool whole, struct err *err)
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
    show_signing(call, &o, row, signing, whole);
    hook_options_put_members(&o, &row->options);
    return true;
}

/* NULL and *err: there is none that he may manage. */
static const struct integration *managed(struct rd *rd, const struct call *call, struct str id,
                                         struct err *err)
{
    const struct integration *in = integration_find(rd, id);
    struct actor by = {.id = call->user_id, .username = call->username};
    if (in != NULL && integration_may_manage(rd, &by, in))
        return in;
    struct integration_filter seen = integrations_visible_to(rd, call->user_id);
    bool manages = seen.all_incoming || seen.all_outgoing || !str_empty(seen.own_incoming_of) ||
                   !str_empty(seen.own_outgoing_of);
    if (manages)
        fault_with(err, OPTIONS, "error-invalid-integration", "Invalid integration");
    else
        fault_with(err, OPTIONS, "not_authorized", "Unauthorized");
    return NULL;
}

static bool change(struct tx *tx, struct call *call, struct err *err)
{
    struct str id = call_param(call, "integrationId");
    call->audit_target = id;
    const struct integration *in;
    if (!check_limits(call, err) || (in = managed(tx_rd(tx), call, id, err)) == NULL ||
        !check_direction(call, integration_is_incoming(in), err))
        return false;
    struct hook_options_row *row = hook_options_find(tx_rd(tx), id);
    struct signing signing;
    bool made;
    if (!take_verify(call, row, err) || !take_signing(call, row, &signing, &made, err))
        return false;
    take_groups(call, &row->options);
    hook_options_save(tx, row);
    return show(call, row, &signing, made, err);
}

static bool get(struct rd *rd, struct call *call, struct err *err)
{
    struct str id = call_param(call, "integrationId");
    if (managed(rd, call, id, err) == NULL)
        return false;
    const struct hook_options_row *row = hook_options_find(rd, id);
    struct signing signing;
    (void)signing_open(call->arena, call->api->hooks->key, id, row->signing, call->now_ms,
                       &signing);
    return show(call, row, &signing, false, err);
}

/* --- the tables --- */

static const struct schema rate = {
    .types = {TYPE_NUMBER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 100000}, {MINIMUM, 0.01}, {BOUND_END, 0}}};
static const struct schema burst = {
    .types = {TYPE_INTEGER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 1000000}, {MINIMUM, 1}, {BOUND_END, 0}}};

static const struct schema in_flight = {
    .types = {TYPE_INTEGER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 64}, {MINIMUM, 1}, {BOUND_END, 0}}};
static const struct schema timeout = {
    .types = {TYPE_INTEGER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 300000}, {MINIMUM, 100}, {BOUND_END, 0}}};

static const struct schema_property limits_properties[] = {
    PROPERTY("ratePerSecond", &rate), PROPERTY("burst", &burst), PROPERTY("inFlight", &in_flight),
    PROPERTY("timeoutMs", &timeout),  END_OF_PROPERTIES,
};
static const struct schema limits = {
    IS_OBJECT,
    .nullable = true,
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

static const struct schema_property signing_properties[] = {
    PROPERTY("secret", STRING),
    PROPERTY("rotate", BOOLEAN),
    PROPERTY("overlapSeconds", NUMBER),
    END_OF_PROPERTIES,
};
static const struct schema signing_order = {IS_OBJECT, .nullable = true, .closed = true,
                                            .properties = signing_properties};

static const struct schema_property change_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    PROPERTY("verify", OBJECT_OR_NULL),
    PROPERTY("signing", &signing_order),
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
