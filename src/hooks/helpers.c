/* What services that set up their own hooks call beside the hook itself (Zapier does): sample,
 * info, add, remove. They ask for the same credentials and pass the same door, enabled or not. */
#include "hooks/hook.h"

#include "api/schema_table.h"
#include "base/id.h"
#include "domain/fault.h"

enum { SAMPLES = 3, TOKEN_LENGTH = 24, DOC_BYTES = 64 << 10 };

static bool door_with_body(struct call *call, const struct http_request *rq, struct err *err)
{
    return hook_door(call, rq, err) && call_take_body(call, rq, err);
}

/* --- info and sample --- */

static bool info(struct call *call, struct err *err)
{
    (void)call;
    (void)err;
    return true;
}

/* What outgoing hooks will look like to whoever asks. */
static void put_sample(struct call *call, int number)
{
    struct arena *a = call->arena;
    struct json_out o = json_begin(&call->out, '{');
    json_member_str(&o, "token", id_random(a, TOKEN_LENGTH));
    json_member_str(&o, "channel_id", id_short(a));
    json_member_str(&o, "channel_name", STR("general"));
    json_member_time(&o, "timestamp", call->now_ms);
    json_member_str(&o, "user_id", id_short(a));
    json_member_str(&o, "user_name", STR("rocket.cat"));
    json_member_str(&o, "text", arena_fmt(a, "Sample text %d", number));
    json_member_str(&o, "trigger_word", STR("Sample"));
    json_end(&o);
}

static bool sample(struct call *call, struct err *err)
{
    (void)err;
    struct json_out o = json_begin(&call->out, '[');
    for (int number = 1; number <= SAMPLES; number++) {
        json_item(&o);
        put_sample(call, number);
    }
    json_end(&o);
    call->raw = true;
    return true;
}

/* --- add --- */

static struct integration_change change_of(const struct call *call, const struct json *body)
{
    return (struct integration_change){
        .by = {.id = call->user_id, .username = call->username},
        .body = body,
        .frozen_scripts = call->api->frozen_scripts,
    };
}

/* Where each event is looked for: a member of `data`, and the sign that its value begins with. */
static const struct source {
    struct str event, member;
    char sign;
    const char *absent; /* the refusal when it is missing; NULL: the usual checks find it */
} sources[] = {
    {STR_INIT("newMessageOnChannel"), STR_INIT("channel_name"), '#', NULL},
    {STR_INIT("newMessageToUser"), STR_INIT("username"), '@', "username-required"},
};

static const struct source *source_of(struct str event)
{
    const struct source *source = sources;
    while (!str_eq(source->event, event)) /* the schema knows no other */
        source++;
    return source;
}

static bool take_channel(const struct call *call, struct json *body, struct err *err)
{
    const struct source *source = source_of(call_param(call, "event"));
    const struct json *data = json_get_lit(call->params, "data");
    struct json *given = json_get(data, source->member);
    struct str name = json_is(given, JSON_STRING) ? given->string : STR("");
    if (str_blank(name) && source->absent != NULL)
        return refuse(err, "%s", source->absent);
    if (!str_blank(name) && str_find_char(name, source->sign) == SIZE_MAX)
        name = arena_fmt(call->arena, "%c%.*s", source->sign, STR_FMT(name));
    json_set(body, STR("channel"), json_string(call->arena, name));
    return true;
}

/* A list, or one text with commas. */
static void take_trigger_words(struct arena *arena, const struct json *data, struct json *body)
{
    const struct json *given = json_get_lit(data, "trigger_words");
    struct json *words = json_array(arena);
    struct str rest, word;
    if (json_is(given, JSON_STRING)) {
        rest = given->string;
        while (str_split(&rest, ',', &word))
            json_append(words, json_string(arena, str_trim(word)));
    } else if (json_is(given, JSON_ARRAY)) {
        for (const struct json *item = given->items.first; item != NULL; item = item->next)
            json_append(words, json_string(arena, item->string));
    }
    if (words->items.count > 0)
        json_set(body, STR("triggerWords"), words);
}

static void set_text(struct arena *arena, struct json *body, const char *name, struct str value)
{
    json_set(body, str_of(name), json_string(arena, value));
}

/* The body of the integrations.create that this call stands for. */
static bool creation_of(const struct call *call, struct json **out, struct err *err)
{
    struct arena *a = call->arena;
    struct json *body = json_object(a), *urls = json_array(a);
    json_append(urls, json_string(a, call_param(call, "target_url")));
    set_text(a, body, "type", type_outgoing);
    set_text(a, body, "name", call_param(call, "name"));
    set_text(a, body, "event", STR("sendMessage"));
    set_text(a, body, "username", STR("rocket.cat"));
    set_text(a, body, "token", id_random(a, TOKEN_LENGTH));
    json_set(body, STR("urls"), urls);
    json_set(body, STR("enabled"), json_bool(a, true));
    json_set(body, STR("scriptEnabled"), json_bool(a, false));
    take_trigger_words(a, json_get_lit(call->params, "data"), body);
    *out = body;
    return take_channel(call, body, err);
}

static bool add(struct tx *tx, struct call *call, struct err *err)
{
    struct json *body;
    struct integration *in;
    if (!creation_of(call, &body, err))
        return false;
    struct integration_change change = change_of(call, body);
    if (!integration_create(tx, &change, &in, err))
        return false;
    call->audit_target = in->id;
    BUF(doc, DOC_BYTES);
    integration_put(&doc, in);
    buf_add(&call->out, str_slice(buf_str(&doc), 1, doc.len - 1)); /* without its braces */
    return buf_ok(&doc) || err_invalid(err, "The name or the words are too long.");
}

/* --- remove --- */

static bool removal(struct tx *tx, struct call *call, struct err *err)
{
    struct str url = call_param(call, "target_url");
    int64_t same_url;
    if (integration_find_by_url(tx_rd(tx), url, &same_url) == NULL)
        return refuse(err, "integration-not-found");
    struct json *body = json_object(call->arena);
    set_text(call->arena, body, "type", type_outgoing);
    set_text(call->arena, body, "target_url", url);
    struct integration_change change = change_of(call, body);
    struct integration *in;
    if (!integration_remove(tx, &change, &in, err))
        return false;
    call->audit_target = in->id;
    return true;
}

/* --- the tables --- */

static const struct schema event = {
    .types = {TYPE_STRING},
    .choices = CHOICES(TEXT("newMessageOnChannel"), TEXT("newMessageToUser"))};
static const struct schema words = {.types = {TYPE_STRING, TYPE_ARRAY}, .items = STRING};

static const struct schema_property data_properties[] = {
    PROPERTY("channel_name", STRING),
    PROPERTY("trigger_words", &words),
    PROPERTY("username", STRING),
    END_OF_PROPERTIES,
};
static const struct schema data_of_event = {IS_OBJECT, .closed = true,
                                            .properties = data_properties};

static const struct schema_property add_properties[] = {
    PROPERTY("event", &event),        PROPERTY("name", STRING), PROPERTY("target_url", STRING),
    PROPERTY("data", &data_of_event), END_OF_PROPERTIES,
};
static const struct schema schema_add = {
    IS_OBJECT,
    .required = NAMES("event", "name", "target_url"),
    .closed = true,
    .properties = add_properties,
};

static const struct schema_property remove_properties[] = {
    PROPERTY("target_url", STRING),
    END_OF_PROPERTIES,
};
static const struct schema schema_remove = {
    IS_OBJECT,
    .required = NAMES("target_url"),
    .closed = true,
    .properties = remove_properties,
};

#define ASK(address, step)                                                                         \
    {                                                                                              \
        .method = HTTP_GET, .path = (address), .auth = AUTH_OPTIONAL, .door = hook_door,           \
        .steps = {                                                                                 \
            ON_LOOP(step)                                                                          \
        }                                                                                          \
    }
#define CHANGE(address, parameters, step)                                                          \
    {                                                                                              \
        .method = HTTP_POST, .path = (address), .auth = AUTH_OPTIONAL, .door = door_with_body,     \
        .schema = &(parameters), .audit = true, .steps = {                                         \
            ON_WRITE(step)                                                                         \
        }                                                                                          \
    }

const struct endpoint endpoints_helpers[] = {
    ASK("/hooks/sample/:integrationId/:token", sample),
    ASK("/hooks/sample/:integrationId/:userId/:token", sample),
    ASK("/hooks/info/:integrationId/:token", info),
    ASK("/hooks/info/:integrationId/:userId/:token", info),
    CHANGE("/hooks/add/:integrationId/:token", schema_add, add),
    CHANGE("/hooks/add/:integrationId/:userId/:token", schema_add, add),
    CHANGE("/hooks/remove/:integrationId/:token", schema_remove, removal),
    CHANGE("/hooks/remove/:integrationId/:userId/:token", schema_remove, removal),
    {.path = NULL},
};
