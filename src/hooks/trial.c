/* Trying a script; see trial.h. What the author gives of a request is laid over a usual one, so
 * that he need not write what his script does not read. */
#include "hooks/trial.h"

#include "domain/fault.h"
#include "domain/post.h"
#include "hooks/argument.h"
#include "hooks/outcome.h"

enum { ARGUMENT_BYTES = 7 << 20, CONSOLE_BYTES = 512 << 10 };

/* --- methods --- */

static const char *const methods[] = {
    "process_incoming_request", /* the only incoming one */
    "prepare_outgoing_request",
    "process_outgoing_response",
};
enum { INCOMING, PREPARE, PROCESS, METHODS };

const char *trial_method(struct str name, const struct integration *in)
{
    if (str_empty(name))
        return methods[in != NULL && !integration_is_incoming(in) ? PREPARE : INCOMING];
    for (size_t i = 0; i < METHODS; i++) {
        if (str_is(name, methods[i]))
            return methods[i];
    }
    return NULL;
}

bool trial_is_incoming(const struct trial *trial)
{
    return trial->method == methods[INCOMING];
}

/* --- laying one object over another --- */

static struct json *copy_of(struct arena *a, const struct json *value)
{
    struct json *copy = ARENA_NEW(a, struct json);
    *copy = *value;
    copy->next = NULL;
    return copy;
}

/* The members of both; those of `given` count. */
static struct json *overlay(struct arena *a, const struct json *base, const struct json *given)
{
    struct json *both = json_object(a);
    for (const struct json *at = base->items.first; at != NULL; at = at->next) {
        const struct json *value = json_get(given, at->key);
        json_set(both, at->key, copy_of(a, value != NULL ? value : at));
    }
    const struct json *at = json_is(given, JSON_OBJECT) ? given->items.first : NULL;
    for (; at != NULL; at = at->next) {
        if (json_get(both, at->key) == NULL)
            json_set(both, at->key, copy_of(a, at));
    }
    return both;
}

static struct str text_of(struct arena *a, const struct json *value)
{
    BUF(text, ARGUMENT_BYTES);
    json_put(&text, value);
    return arena_str(a, buf_str(&text));
}

/* --- the usual requests --- */

static struct json *usual_incoming(struct arena *a, const struct trial *trial)
{
    const struct json *content = trial->received;
    struct str id = trial->in != NULL ? trial->in->id : STR("draft");
    struct str token = trial->in != NULL ? trial->in->token : STR("token");
    struct str path[] = {STR("/hooks/"), id, STR("/"), token};
    struct incoming_request request = {
        .path = arena_join(a, path, 4),
        .id = id,
        .token = token,
        .content = content,
        .content_raw = content->items.count > 0 ? text_of(a, content) : STR(""),
        .headers = STR("{}"),
        .user_id = trial->user_id,
        .name = trial->name,
        .username = trial->username,
    };
    BUF(text, ARGUMENT_BYTES);
    (void)incoming_request_put(&text, a, &request);
    return json_parse(a, buf_str(&text));
}

static struct json *incoming_argument(struct arena *a, struct trial *trial)
{
    struct json *content = json_get_lit(trial->request, "content");
    trial->received = json_is(content, JSON_OBJECT) ? content : json_object(a);
    struct json *usual = usual_incoming(a, trial);
    if (usual == NULL)
        return NULL;
    struct json *request = overlay(a, usual, trial->request);
    const struct json *url = json_get_lit(trial->request, "url");
    if (json_is(url, JSON_OBJECT))
        json_set(request, STR("url"), overlay(a, json_get_lit(usual, "url"), url));
    return request;
}

static const struct str usual_outgoing = STR_INIT(
    "{\"params\":{},\"method\":\"POST\",\"url\":\"\",\"data\":{},\"headers\":{\"User-Agent\":"
    "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 "
    "Safari/537.36\"}}");
static const struct str usual_response = STR_INIT(
    "{\"error\":null,\"status_code\":200,\"content\":\"\",\"content_raw\":\"\",\"headers\":{}}");

static struct json *outgoing_argument(struct arena *a, const struct trial *trial)
{
    struct json *usual = json_parse(a, usual_outgoing);
    if (trial->in != NULL && trial->in->urls.count > 0)
        json_get_lit(usual, "url")->string = trial->in->urls.items[0];
    return overlay(a, usual, trial->request);
}

static struct json *response_argument(struct arena *a, const struct trial *trial)
{
    struct json *response = overlay(a, json_parse(a, usual_response), trial->response);
    struct json *content = json_get_lit(response, "content");
    if (json_get_lit(trial->response, "content_raw") == NULL)
        json_get_lit(response, "content_raw")->string = content->string;
    return response;
}

static struct json *argument_of(struct arena *a, struct trial *trial)
{
    struct json *argument = json_object(a);
    struct json *request =
        trial_is_incoming(trial) ? incoming_argument(a, trial) : outgoing_argument(a, trial);
    if (request == NULL)
        return NULL;
    json_set(argument, STR("request"), request);
    if (trial->method == methods[PROCESS])
        json_set(argument, STR("response"), response_argument(a, trial));
    return argument;
}

void trial_prepare(struct trial *trial, struct script_run *run)
{
    struct json *argument = argument_of(run->arena, trial);
    run->ask = SCRIPT_TRY;
    run->side = trial_is_incoming(trial) ? SCRIPT_INCOMING : SCRIPT_OUTGOING;
    run->method = trial->method;
    if (argument == NULL)
        argument = json_object(run->arena);
    if (!trial_is_incoming(trial))
        run->dates = outgoing_moments(argument, run->arena);
    run->argument = text_of(run->arena, argument);
}

/* --- what it would do --- */

static void put_message(struct json_out *list, const struct post_result *result)
{
    json_item(list);
    struct json_out o = json_begin(list->buf, '{');
    if (!str_empty(result->channel))
        json_member_str(&o, "channel", result->channel);
    for (const struct json *at = result->message->doc->items.first; at != NULL; at = at->next) {
        if (o.any)
            buf_add_char(list->buf, ',');
        o.any = true;
        json_put_string(list->buf, at->key);
        buf_add_char(list->buf, ':');
        json_put(list->buf, at);
    }
    json_end(&o);
}

static bool preview(const struct trial *trial, struct script_run *run, const struct json *content,
                    struct posted *posted, struct err *err)
{
    static const struct str nowhere = STR_INIT("");
    const struct integration *in = trial->in;
    struct poster poster = {.channels = &nowhere, .channel_count = 1};
    if (in != NULL) {
        poster.integration_id = in->id;
        poster.alias = in->alias;
        poster.avatar = in->avatar;
        poster.emoji = in->emoji;
    }
    if (in != NULL && integration_is_incoming(in)) {
        poster.channels = in->channel.items;
        poster.channel_count = in->channel.count;
    }
    struct post_draft draft = {.content = content};
    return message_preview(run->arena, &poster, &draft, posted, err);
}

static void put_would_post(struct json_out *o, const struct posted *posted)
{
    json_key(o, "wouldPost");
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < posted->count; i++)
        put_message(&list, &posted->results[i]);
    json_end(&list);
}

static bool destination_allowed(const struct trial *trial, const struct json *content)
{
    bool named = json_truthy(json_get_lit(content, "channel")) ||
                 json_truthy(json_get_lit(content, "roomId"));
    return !named || trial->in == NULL || trial->in->override_destination;
}

/* The answer that the sender would get, and the messages. */
static void put_incoming(struct json_out *o, const struct trial *trial, struct script_run *run)
{
    struct script_word word = script_understand(run, trial->received);
    struct posted posted = {.count = 0};
    struct err err = ERR_NONE;
    bool ok = true;
    if (word.says == SCRIPT_SAYS_POST && !destination_allowed(trial, word.content))
        ok = refuse(&err, "overriding destination channel is disabled for this integration");
    else if (word.says == SCRIPT_SAYS_POST)
        ok = preview(trial, run, word.content, &posted, &err);
    json_member_i64(o, "status", ok ? word.status : err.status);
    json_key(o, "response");
    if (!ok)
        script_refusal_put(o->buf, fault_code(&err));
    else if (word.response != NULL)
        script_response_put(o->buf, word.response);
    else
        script_word_put(o->buf, &word);
    put_would_post(o, &posted);
}

/* Of an outgoing method's result: the message in it. */
static void put_outgoing(struct json_out *o, const struct trial *trial, struct script_run *run)
{
    const struct json *result =
        run->end == SCRIPT_RETURNED ? json_parse(run->arena, run->result) : NULL;
    const struct json *content =
        json_get(result, trial->method == methods[PREPARE] ? STR("message") : STR("content"));
    struct posted posted = {.count = 0};
    struct err err = ERR_NONE;
    if (json_is(content, JSON_OBJECT) && !preview(trial, run, content, &posted, &err))
        json_member_str(o, "postError", fault_code(&err));
    put_would_post(o, &posted);
}

void trial_put_members(struct json_out *o, const struct trial *trial, struct script_run *run)
{
    if (run->end == SCRIPT_RETURNED && !str_empty(run->result))
        json_member_raw(o, "result", run->result);
    if (trial_is_incoming(trial))
        put_incoming(o, trial, run);
    else
        put_outgoing(o, trial, run);
    script_run_put_members(o, run->arena, run, CONSOLE_BYTES);
}
