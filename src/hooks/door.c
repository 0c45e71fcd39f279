/* What every call to a hook passes first, in the order of its refusals. Runs on the loop, in
 * memory.
 *
 * An address is a credential: nothing tells whether the id or the token was wrong, neither the
 * answer nor the time it took; both are looked for and compared whatever the id is. Who guesses is
 * slowed down by his address; a call that is right is never refused for that.
 */
#include "hooks/hook.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/fault.h"
#include "http/limit.h"
#include "http/query.h"

/* Of integrations that have not set their own. */
enum { USUAL_RATE = 100, USUAL_BURST = 1000 };

/* --- id and token --- */

/* Compared with where there is no integration: as long as a real one. */
static const struct str nobodys_token =
    STR_INIT("------------------------------------------------");

/* Senders encode it once or twice; a broken one is empty, which no token is. */
static struct str token_of(const struct call *call, const struct http_request *rq)
{
    bool long_form = str_find(str_of(call->endpoint->path), STR("/:userId/")) != SIZE_MAX;
    struct str token = rq->params[long_form ? 2 : 1];
    return percent_decode(call->arena, token, &token) ? token : STR("");
}

static struct integration_entry *find(const struct catalog *catalog, struct str id,
                                      struct str token)
{
    struct integration_entry *entry = catalog_integration(catalog, id);
    bool incoming = entry != NULL && entry->incoming && !str_empty(entry->token);
    bool same = str_eq_secret(incoming ? entry->token : nobodys_token, token);
    if (incoming && same)
        return entry;
    CATALOG_UNREF(entry);
    return NULL;
}

bool hook_unknown(struct err *err)
{
    return err_set(err, 404, NULL, "Invalid integration id or token provided.");
}

/* The token itself is never written down. */
static void log_attempt(struct str peer, struct str id, struct str token)
{
    char hash[DIGEST_HEX_BYTES];
    digest_sha256_hex(token, hash);
    log_event(LOG_INFO, "hook-refused", "integration=%s token_sha256=%.8s peer=%s", LOG_Q(id), hash,
              LOG_Q(peer));
}

static struct limit_verdict count_by_setting(const struct call *call, struct str key)
{
    const struct catalog *catalog = call->api->catalog;
    return limit_hit(
        call->api->limits, key,
        catalog_setting_int(catalog, SETTING_API_ENABLE_RATE_LIMITER_LIMIT_CALLS_DEFAULT),
        catalog_setting_int(catalog, SETTING_API_ENABLE_RATE_LIMITER_LIMIT_TIME_DEFAULT),
        call->now_ms);
}

static bool refuse_guess(struct call *call, struct str peer, struct str id, struct str token,
                         struct err *err)
{
    if (call_is_counted(call)) {
        struct str key = arena_fmt(call->arena, "hook-guess %.*s", STR_FMT(peer));
        struct limit_verdict v = count_by_setting(call, key);
        if (!v.allowed)
            return call_within_limit(call, &v, err);
    }
    log_attempt(peer, id, token);
    return hook_unknown(err);
}

static bool find_integration(struct call *call, const struct http_request *rq, struct err *err)
{
    int64_t begun_us = clock_mono_us();
    struct str id = rq->params[0], token = token_of(call, rq);
    struct integration_entry *entry = find(call->api->catalog, id, token);
    if (entry == NULL)
        return refuse_guess(call, rq->peer, id, token, err);
    struct hook *hook = ARENA_NEW(call->arena, struct hook);
    hook->begun_us = begun_us;
    hook->in = integration_read(call->arena, json_parse(call->arena, entry->json));
    hook->revision = entry->head.revision;
    hook->content_type = arena_str(call->arena, rq->content_type);
    hook->size = rq->body.len;
    CATALOG_UNREF(entry);
    call->state = hook;
    return true;
}

/* --- the user --- */

static bool load_user(struct call *call, struct err *err)
{
    const struct hook *hook = call->state;
    call->user = catalog_user(call->api->catalog, hook->in->user_id);
    if (call->user == NULL)
        return call_unknown(err);
    call->user_id = call->user->head.key;
    call->username = call->user->username;
    return !str_empty(call->username) ||
           fault(err, "error-unauthorized", "Users must have a username");
}

/* --- the limit --- */

/* The reference's rule: so many calls from one address to one URL in a window. */
static struct limit_verdict count_as_reference(const struct call *call, struct str peer)
{
    const struct hook *hook = call->state;
    struct str key = arena_fmt(call->arena, "hook %.*s %.*s %d %s", STR_FMT(hook->in->id),
                               STR_FMT(peer), (int)call->endpoint->method, call->endpoint->path);
    return count_by_setting(call, key);
}

static struct limit_verdict count_by_bucket(const struct call *call)
{
    const struct hook *hook = call->state;
    bool own = hook->options.rate > 0;
    struct str key = arena_fmt(call->arena, "hook %.*s", STR_FMT(hook->in->id));
    return limit_take(call->api->limits, key, own ? hook->options.rate : USUAL_RATE,
                      own ? hook->options.burst : USUAL_BURST, call->now_ms);
}

static bool within_rate(struct call *call, struct str peer, struct err *err)
{
    if (!call_is_counted(call))
        return true;
    bool as_reference =
        catalog_setting_bool(call->api->catalog, SETTING_INTEGRATIONS_HOOKS_USE_API_LIMITER);
    struct limit_verdict v = as_reference ? count_as_reference(call, peer) : count_by_bucket(call);
    return call_within_limit(call, &v, err);
}

/* --- the signature --- */

static struct str place_of(struct arena *arena, struct str integration_id)
{
    return arena_fmt(arena, "verify %.*s", STR_FMT(integration_id));
}

struct str secrets_seal(const struct hooks *hooks, struct arena *arena, struct str integration_id,
                        struct str plain)
{
    struct str place = place_of(arena, integration_id);
    return digest_base64(arena, digest_seal(arena, hooks->key, place, plain));
}

bool secrets_open(const struct hooks *hooks, struct arena *arena, struct str integration_id,
                  struct str sealed, struct str *out_plain)
{
    size_t len;
    char *bytes = arena_alloc(arena, sealed.len + 1);
    return digest_base64_decode(sealed, bytes, sealed.len, &len) &&
           digest_open(arena, hooks->key, place_of(arena, integration_id), str_from(bytes, len),
                       out_plain);
}

/* The same for every reason; which it was is told to the owner, by the history. */
static bool refuse_signature(struct hook *hook, struct str reason, struct err *err)
{
    hook->outcome = "invalid-signature";
    hook->reason = reason;
    return err_set(err, 401, "error-invalid-signature", "Invalid signature");
}

static bool check_signature(struct call *call, const struct http_request *rq, struct str sealed,
                            struct err *err)
{
    struct hook *hook = call->state;
    struct str plain;
    if (!secrets_open(call->api->hooks, call->arena, hook->in->id, sealed, &plain))
        return refuse_signature(
            hook, STR("this server's key does not open the secret; set it again"), err);
    struct verify_rule *rule = verify_load(call->arena, json_parse(call->arena, plain), err);
    if (rule == NULL)
        return false;
    struct verify_outcome outcome;
    hook->verified = rule->form.names;
    if (!verify_signature(rule, rq->headers, rq->header_count, rq->body, call->now_ms, &outcome))
        return refuse_signature(hook, arena_str(call->arena, str_of(outcome.reason)), err);
    hook->delivery_id = arena_str(call->arena, outcome.id);
    return true;
}

bool hook_door(struct call *call, const struct http_request *rq, struct err *err)
{
    if (!find_integration(call, rq, err))
        return false;
    struct hook *hook = call->state;
    struct hook_options_entry *entry = catalog_hook_options(call->api->catalog, hook->in->id);
    struct str sealed = STR("");
    if (entry != NULL) {
        hook->options = entry->options;
        sealed = entry->verify;
    }
    bool ok = load_user(call, err) && within_rate(call, rq->peer, err) &&
              (str_empty(sealed) || check_signature(call, rq, sealed, err));
    CATALOG_UNREF(entry);
    if (hook->options.keeps_headers)
        hook->headers = record_headers(rq, hook->verified, call->arena);
    if (hook->options.keeps_body)
        hook->body = record_body(rq, call->arena);
    return ok;
}
