/* A call to a hook: from the request to the message and the answer. The order of checks and their
 * texts are the reference's; docs/webhooks.md tells them to people who send.
 *
 *   loop    door.c -> enabled? policy? -> the content -> where may it go?
 *   (with a script: reader  was this key here before? -> the script -> loop  what it says)
 *   writer  still so? -> was this key here before? -> message_post() -> the key, beside the message
 */
#include "hooks/hook.h"
#include "hooks/outcome.h"

#include "domain/fault.h"
#include "store/hook_key.h"
#include "store/user.h"

/* --- on the loop --- */

static bool enabled(struct hook *hook, const struct integration *in, struct err *err)
{
    if (in->enabled)
        return true;
    hook->outcome = "disabled";
    return err_set(err, 503, NULL, "Service Unavailable");
}

/* Newer servers ask for the right at each call; older ones gave it when the hook was made. */
static bool policy_met(const struct call *call, struct err *err)
{
    const struct catalog *catalog = call->api->catalog;
    struct str policy =
        catalog_setting_text(catalog, SETTING_INTEGRATIONS_POST_AS_POLICY, call->arena);
    return !str_is(policy, "require") ||
           access_has(catalog, call->user, PERM_MESSAGE_IMPERSONATE) ||
           refuse(err, "error-user-lacks-message-impersonate-permission");
}

/* What is to be posted. */
static bool content_of(struct call *call, const struct http_request *rq, struct err *err)
{
    struct hook *hook = call->state;
    struct str body = arena_str(call->arena, rq->body);
    if (!payload_parse(call->arena, rq->method, hook->content_type, body, &hook->payload, err))
        return false;
    hook->content = hook->payload.content;
    return true;
}

bool hook_destination_allowed(const struct hook *hook, struct err *err)
{
    bool named = json_truthy(json_get_lit(hook->content, "channel")) ||
                 json_truthy(json_get_lit(hook->content, "roomId"));
    return !named || hook->in->override_destination ||
           refuse(err, "overriding destination channel is disabled for this integration");
}

static void note_key(struct call *call, const struct http_request *rq)
{
    struct hook *hook = call->state;
    hook->key = delivery_key(rq, hook->delivery_id, call->arena);
    if (str_empty(hook->key))
        return;
    char digest[DIGEST_TOKEN_BYTES];
    digest_token(rq->body, digest);
    hook->body_hash = arena_str(call->arena, str_of(digest));
}

/* A script runs once for each delivery; the second of two at once has to come again. */
static bool hold_delivery(struct call *call, struct err *err)
{
    struct hook *hook = call->state;
    if (str_empty(hook->key))
        return true;
    switch (progress_begin(call->api->hooks->progress, hook->in->id, hook->key, &hook->hold)) {
    case PROGRESS_BEGUN:
        return true;
    case PROGRESS_GOES_ON:
        (void)err_set(err, 409, NULL,
                      "This delivery is being worked on just now. Send it again in a moment for "
                      "its answer.");
        err->retry_after_s = 1;
        return false;
    default:
        return err_busy(err, "Too many deliveries are being worked on. Try again.");
    }
}

static bool scripted_door(struct call *call, const struct http_request *rq, struct err *err)
{
    if (!hold_delivery(call, err))
        return false;
    hook_prepare_script(call, rq);
    return true;
}

/* Nothing is to be posted, and no script might change that. */
static bool ignore(struct call *call, const struct http_request *rq)
{
    struct hook *hook = call->state;
    hook->outcome = "ignored";
    if (str_empty(hook->reason))
        hook->reason =
            payload_why_empty(call->arena, rq->method, hook->content_type, hook->payload.raw);
    call->finished = true;
    return true;
}

static void find_script(struct call *call, const struct http_request *rq)
{
    struct hook *hook = call->state;
    if (call->api->scripts == NULL || rq->head_only) /* whoever asks for a head wants no deeds */
        return;
    hook->script = integration_runnable(hook->in);
    if (hook->in->script_enabled && integration_has(hook->in, INTEGRATION_SCRIPT_ERROR))
        hook->reason = STR("the script was not run: it has an error, see scriptError");
}

static bool run_door(struct call *call, const struct http_request *rq, struct err *err)
{
    if (!hook_door(call, rq, err))
        return false;
    struct hook *hook = call->state;
    if (!enabled(hook, hook->in, err) || !policy_met(call, err) || !content_of(call, rq, err))
        return false;
    find_script(call, rq);
    if (str_empty(hook->script) && hook->content->items.count == 0)
        return ignore(call, rq);
    note_key(call, rq);
    return str_empty(hook->script) ? hook_destination_allowed(hook, err)
                                   : scripted_door(call, rq, err);
}

/* --- on the writer, and on a reader --- */

/* The integration as it is in this transaction. Usually nobody has changed it in the meantime, and
 * a look at its moment is enough. */
static const struct integration *still_open(struct rd *rd, struct hook *hook, struct err *err)
{
    if (integration_updated_at(rd, hook->in->id) == hook->in->updated_at_ms)
        return hook->in;
    const struct integration *now = integration_find(rd, hook->in->id);
    if (now == NULL || !str_eq(now->token, hook->in->token)) {
        (void)hook_unknown(err);
        return NULL;
    }
    return enabled(hook, now, err) ? now : NULL;
}

/* The same key and body: *out is the first answer. Another body: false and *err. */
static bool look_for_key(struct rd *rd, const struct hook *hook, const struct hook_key **out,
                         struct err *err)
{
    *out = str_empty(hook->key) ? NULL : hook_key_find(rd, hook->in->id, hook->key);
    return *out == NULL || str_eq((*out)->body_hash, hook->body_hash) ||
           err_set(err, 422, NULL,
                   "This delivery's key was used with another body in the last 24 hours. Send a "
                   "new delivery with a new key, or the first one with the same body.");
}

static void answer_again(struct call *call, const struct hook_key *seen)
{
    struct hook *hook = call->state;
    hook->replayed = true;
    call->raw = true;
    call->status = 200;
    buf_add(&call->out, seen->answer);
}

static void put_responses(struct json_out *o, const struct posted *posted)
{
    json_key(o, "responses");
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < posted->count; i++) {
        const struct post_result *result = &posted->results[i];
        json_item(&list);
        struct json_out item = json_begin(o->buf, '{');
        json_member_str(&item, "channel", result->channel);
        if (result->message != NULL) {
            json_key(&item, "message");
            message_put(o->buf, result->message);
        } else {
            json_member_str(&item, "error", result->error);
        }
        json_end(&item);
    }
    json_end(&list);
}

/* Before a script is run for a delivery that may have its answer already. */
static bool is_known_by_key(const struct call *call)
{
    const struct hook *hook = call->state;
    return !str_empty(hook->script) && !str_empty(hook->key);
}

static bool find_answer(struct rd *rd, struct call *call, struct err *err)
{
    const struct hook_key *seen;
    if (!look_for_key(rd, call->state, &seen, err))
        return false;
    if (seen != NULL)
        answer_again(call, seen);
    return true;
}

/* Who posts: the integration's user, or whom the script names. */
static const struct user *poster_of(struct rd *rd, struct hook *hook, const struct integration *in,
                                    struct err *err)
{
    const struct user *usual = user_find_names(rd, in->user_id);
    if (usual == NULL)
        (void)call_unknown(err);
    if (usual == NULL || hook->posts_as == NULL)
        return usual;
    struct str id = json_get_str(hook->posts_as, "_id");
    const struct user *named =
        str_empty(id) ? user_find_by_username(rd, json_get_str(hook->posts_as, "username"))
                      : user_find(rd, id);
    bool allowed =
        named != NULL && (str_eq(named->id, usual->id) ||
                          access_allows_globally(rd, usual->id, PERM_MESSAGE_IMPERSONATE));
    if (allowed)
        return named;
    hook->reason = STR("the script names a user who is not there, or as whom it may not post");
    (void)refuse(err, "error-running-script");
    return NULL;
}

static bool post_content(struct tx *tx, const struct call *call, const struct integration *in,
                         struct posted *out, struct err *err)
{
    struct hook *hook = call->state;
    const struct user *user = poster_of(tx_rd(tx), hook, in, err);
    if (user == NULL)
        return false;
    struct poster poster = {.user = user,
                            .integration_id = in->id,
                            .alias = in->alias,
                            .avatar = in->avatar,
                            .emoji = in->emoji,
                            .channels = in->channel.items,
                            .channel_count = in->channel.count};
    struct post_draft draft = {.content = hook->content,
                               .separate = json_get_true(hook->content, "separateResponse")};
    if (message_post(tx, &poster, &draft, out, err))
        return out->count > 0 || refuse(err, "unknown-error");
    if (err->status >= 500)
        return false;
    return refuse(err, "%.*s", STR_FMT(arena_str(call->arena, fault_code(err))));
}

/* The whole body, as it is also remembered. */
static void put_answer(struct call *call, const struct posted *posted)
{
    const struct hook *hook = call->state;
    bool ok = posted->sent > 0 || hook->content == NULL;
    call->raw = true;
    call->status = ok ? 200 : 400;
    if (ok && hook->response != NULL) {
        script_response_put(&call->out, hook->response);
        return;
    }
    struct json_out o = json_begin(&call->out, '{');
    if (json_get_true(hook->content, "separateResponse"))
        put_responses(&o, posted);
    json_member_bool(&o, "success", ok);
    json_end(&o);
}

static void remember(struct tx *tx, const struct call *call, const struct integration *in)
{
    const struct hook *hook = call->state;
    if (call->status == 200 && !str_empty(hook->key) && buf_ok(&call->out))
        hook_key_insert(tx, &(struct hook_key){.integration_id = in->id,
                                               .key = hook->key,
                                               .body_hash = hook->body_hash,
                                               .answer = buf_str(&call->out)});
}

/* Whether something is to be stored: a message, or that a script was run for this delivery. */
static bool is_to_store(const struct call *call)
{
    const struct hook *hook = call->state;
    return !hook->replayed && (hook->content != NULL || !str_empty(hook->key));
}

static bool post(struct tx *tx, struct call *call, struct err *err)
{
    struct hook *hook = call->state;
    const struct integration *in = still_open(tx_rd(tx), hook, err);
    const struct hook_key *seen;
    hook->replayed = false;
    hook->posted = (struct posted){0};
    if (in == NULL || !look_for_key(tx_rd(tx), hook, &seen, err))
        return false;
    if (seen != NULL) {
        answer_again(call, seen);
        return true;
    }
    struct posted posted = {0};
    if (hook->content != NULL && !post_content(tx, call, in, &posted, err))
        return false;
    hook->posted = posted;
    put_answer(call, &posted);
    remember(tx, call, in);
    return true;
}

/* --- on the loop again --- */

/* The delivery is over before its answer leaves: whoever has it may send it again at once. */
static bool end_delivery(struct call *call, struct err *err)
{
    (void)err;
    struct hook *hook = call->state;
    hook_let_go(call);
    if (hook->replayed)
        call->headers =
            arena_fmt(call->arena, "%.*sIdempotency-Replayed: true\r\n", STR_FMT(call->headers));
    return true;
}

/* --- the table --- */

#define RUN(verb, address)                                                                         \
    {                                                                                              \
        .method = (verb), .path = (address), .auth = AUTH_OPTIONAL, .door = run_door,              \
        .steps = {ON_READ_WHEN(is_known_by_key, find_answer), ON_SCRIPT(hook_ask_script),          \
                  ON_LOOP(hook_heed_script), ON_WRITE_WHEN(is_to_store, post),                     \
                  ON_LOOP(end_delivery)},                                                          \
        .over = hook_over                                                                          \
    }

const struct endpoint endpoints_incoming[] = {
    RUN(HTTP_POST, "/hooks/:integrationId/:token"),
    RUN(HTTP_GET, "/hooks/:integrationId/:token"),
    RUN(HTTP_POST, "/hooks/:integrationId/:userId/:token"),
    RUN(HTTP_GET, "/hooks/:integrationId/:userId/:token"),
    {.path = NULL},
};
