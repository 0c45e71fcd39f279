/* POST /ext/v1/scripts.test: runs a script as if a call had come, or an event had happened, for
 * whoever may manage such integrations. Nothing is posted and nothing is stored; what the script
 * asks of other servers is asked. */
#include "hooks/hook.h"

#include "api/schema_table.h"
#include "domain/fault.h"
#include "hooks/outcome.h"
#include "hooks/trial.h"
#include "store/user.h"

#define TESTING DETAILS_METHOD("testScript")

struct testing {
    struct trial trial;
    struct str source;
    bool sloppy;
};

/* --- on a reader: whose, and with what --- */

static bool find_integration(struct rd *rd, const struct call *call, struct trial *trial,
                             struct err *err)
{
    struct str id = call_param(call, "integrationId");
    struct actor by = call_actor(call);
    if (str_empty(id))
        return true;
    trial->in = integration_find(rd, id);
    return (trial->in != NULL && integration_may_manage(rd, &by, trial->in)) ||
           fault_with(err, TESTING, "error-invalid-integration", "Invalid integration");
}

static bool choose_method(const struct call *call, struct trial *trial, struct err *err)
{
    trial->method = trial_method(call_param(call, "method"), trial->in);
    if (trial->method == NULL)
        return err_invalid(err, "Scripts have no method of that name. There are "
                                "process_incoming_request, prepare_outgoing_request and "
                                "process_outgoing_response.");
    struct str side = call_param(call, "side");
    bool fits = str_empty(side) || str_is(side, "incoming") == trial_is_incoming(trial);
    if (!fits && !call_has(call, "method") && str_is(side, "outgoing")) {
        trial->method = trial_method(STR("prepare_outgoing_request"), NULL);
        fits = true;
    }
    if (trial->in != NULL && integration_is_incoming(trial->in) != trial_is_incoming(trial))
        fits = false;
    return fits || err_invalid(err, "%s is no method of that side.", trial->method);
}

/* Drafts belong to nobody: whoever manages such integrations may try them. */
static bool may_try(struct rd *rd, const struct call *call, const struct trial *trial,
                    struct err *err)
{
    bool incoming = trial_is_incoming(trial);
    enum perm any =
        incoming ? PERM_MANAGE_INCOMING_INTEGRATIONS : PERM_MANAGE_OUTGOING_INTEGRATIONS;
    enum perm own =
        incoming ? PERM_MANAGE_OWN_INCOMING_INTEGRATIONS : PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS;
    return trial->in != NULL || access_allows_globally(rd, call->user_id, any) ||
           access_allows_globally(rd, call->user_id, own) ||
           fault_with(err, TESTING, "not_authorized", "Unauthorized");
}

static bool take_script(const struct call *call, struct testing *t, struct err *err)
{
    const struct integration *in = t->trial.in;
    if (call->api->frozen_scripts != NULL && call_has(call, "script"))
        return refuse(err, "%s", call->api->frozen_scripts);
    t->source =
        call_has(call, "script") ? call_param(call, "script") : (in != NULL ? in->script : STR(""));
    bool as_is = call_has(call, "skipTranspile") ? json_get_true(call->params, "skipTranspile")
                                                 : in != NULL && in->skip_transpile;
    t->sloppy = !as_is;
    if (str_blank(t->source))
        return err_invalid(err, "There is no script: give one, or the integrationId of one.");
    return t->source.len <= INTEGRATION_SCRIPT_BYTES ||
           err_invalid(err, "The script is larger than 256 KiB");
}

/* In whose name it would post: the integration's user, else the author. */
static void take_user(struct rd *rd, const struct call *call, struct trial *trial)
{
    struct str id = trial->in != NULL ? trial->in->user_id : call->user_id;
    const struct user *user = user_find_names(rd, id);
    trial->user_id = id;
    if (user == NULL)
        return;
    trial->name = user->name;
    trial->username = user->username;
}

/* --- a call of the history as the request --- */

static struct json *request_of(struct rd *rd, const struct json *record, struct err *err)
{
    struct arena *a = rd->arena;
    struct payload payload;
    struct json *request = json_object(a);
    struct json *headers = json_get_lit(record, "headers");
    struct str body = json_get_str(record, "body");
    if (!payload_parse(a, HTTP_POST, json_get_str(record, "contentType"), body, &payload, err))
        return NULL;
    json_set(request, STR("content"), payload.content);
    json_set(request, STR("content_raw"), json_string(a, payload.raw));
    if (headers != NULL)
        json_set(request, STR("headers"), headers);
    return request;
}

static bool take_call(struct rd *rd, const struct call *call, struct trial *trial, struct err *err)
{
    const struct json *number = json_get_lit(call->params, "call");
    if (!json_is(number, JSON_NUMBER))
        return true;
    if (trial->in == NULL || !trial_is_incoming(trial))
        return err_invalid(err,
                           "Only incoming integrations have calls; name one by integrationId.");
    struct str doc = records_find(rd, RECORD_CALL, trial->in->id, (int64_t)number->number);
    if (str_empty(doc))
        return err_invalid(err, "There is no such call in the history.");
    struct str parts[] = {STR("{"), doc, STR("}")};
    struct json *record = json_parse(rd->arena, arena_join(rd->arena, parts, 3));
    const struct json *size = json_get_lit(record, "size");
    bool whole = (json_is(size, JSON_NUMBER) && size->number == 0) ||
                 (json_get_lit(record, "body") != NULL && !json_get_true(record, "bodyCut"));
    if (!whole)
        return err_invalid(err, "The history does not have the whole body of that call. Let it "
                                "keep bodies: PUT /ext/v1/integrations.options with "
                                "{\"history\":{\"headers\":true,\"body\":true}}.");
    trial->request = request_of(rd, record, err);
    return trial->request != NULL;
}

static bool prepare(struct rd *rd, struct call *call, struct err *err)
{
    struct testing *t = ARENA_NEW(call->arena, struct testing);
    if (call->api->scripts == NULL)
        return err_invalid(err, "Scripts are switched off on this server.");
    if (!find_integration(rd, call, &t->trial, err) || !choose_method(call, &t->trial, err) ||
        !may_try(rd, call, &t->trial, err) || !take_script(call, t, err))
        return false;
    t->trial.request = json_get_lit(call->params, "request");
    t->trial.response = json_get_lit(call->params, "response");
    take_user(rd, call, &t->trial);
    call->state = t;
    return take_call(rd, call, &t->trial, err);
}

/* --- on the loop --- */

static bool ask(struct call *call, struct err *err)
{
    (void)err;
    struct testing *t = call->state;
    struct script_run *run = call_script(call);
    run->source = t->source;
    run->sloppy = t->sloppy;
    trial_prepare(&t->trial, run);
    return true;
}

static bool tell(struct call *call, struct err *err)
{
    const struct testing *t = call->state;
    if (call->run->end == SCRIPT_REFUSED || call->run->end == SCRIPT_SUSPENDED)
        return err_busy(err, "Too many scripts wait already. Try again.");
    struct json_out o = call_members(call);
    trial_put_members(&o, &t->trial, call->run);
    return true;
}

/* --- the table --- */

static const struct schema side = {.types = {TYPE_STRING},
                                   .choices = CHOICES(TEXT("incoming"), TEXT("outgoing"))};

static const struct schema_property test_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    PROPERTY("script", STRING),
    PROPERTY("skipTranspile", BOOLEAN),
    PROPERTY("side", &side),
    PROPERTY("method", STRING),
    PROPERTY("request", OBJECT),
    PROPERTY("response", OBJECT),
    PROPERTY("call", NUMBER),
    END_OF_PROPERTIES,
};
static const struct schema schema_test = {IS_OBJECT, .closed = true, .properties = test_properties};

const struct endpoint endpoints_script_test[] = {
    {
        .method = HTTP_POST,
        .path = "/ext/v1/scripts.test",
        .any_of = {PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS,
                   PERM_MANAGE_INCOMING_INTEGRATIONS, PERM_MANAGE_OWN_INCOMING_INTEGRATIONS},
        .schema = &schema_test,
        .steps = {ON_READ(prepare), ON_SCRIPT(ask), ON_LOOP(tell)},
    },
    {.path = NULL},
};
