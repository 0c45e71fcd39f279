/* Who calls, whether he may, and how often: the first three checks of every call. Runs on the loop,
 * in memory. */
#include "api/serve.h"

#include "base/digest.h"
#include "domain/access.h"
#include "domain/fault.h"
#include "http/limit.h"
#include "store/catalog.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, TOKENS_REMEMBERED = 512 };

bool call_unknown(struct err *err)
{
    return err_set(err, 401, NULL, "You must be logged in to do this.");
}

static bool expired(const struct catalog *catalog, const struct session_entry *session,
                    int64_t now_ms)
{
    int64_t days = catalog_setting_int(catalog, SETTING_ACCOUNTS_LOGINEXPIRATION);
    return !session->personal && days > 0 && now_ms > session->created_at_ms + days * DAY_MS;
}

/* The SHA-256 of a token, which clients send again and again: remembered under a keyed hash of 128
 * bits, whose key nobody outside knows, for a tenth of the cost. Each loop has a table of its own.
 */
static struct str hash_of(struct str token)
{
    static _Thread_local struct {
        uint8_t name[DIGEST_KEYED128_BYTES];
        uint8_t hash[DIGEST_SHA256_BYTES];
        bool used;
    } known[TOKENS_REMEMBERED];
    uint8_t name[DIGEST_KEYED128_BYTES];
    digest_keyed128(token, name);
    size_t at = (name[0] | (size_t)name[1] << 8) % TOKENS_REMEMBERED;
    if (!known[at].used || memcmp(known[at].name, name, sizeof(name)) != 0) {
        digest_sha256(token, known[at].hash);
        memcpy(known[at].name, name, sizeof(name));
        known[at].used = true;
    }
    return str_from((const char *)known[at].hash, DIGEST_SHA256_BYTES);
}

struct user_entry *session_user(const struct catalog *catalog, struct str token_hash,
                                struct str user_id, int64_t now_ms)
{
    struct session_entry *session = catalog_session(catalog, token_hash);
    struct user_entry *user = NULL;
    if (session != NULL && str_eq(session->user_id, user_id) && !expired(catalog, session, now_ms))
        user = catalog_user(catalog, user_id);
    CATALOG_UNREF(session);
    if (user != NULL && !user->active) {
        CATALOG_UNREF(user);
        user = NULL;
    }
    return user;
}

bool call_identify(struct call *call, struct str user_id, struct err *err)
{
    if (!str_empty(call->auth_token) && !str_empty(user_id))
        call->user =
            session_user(call->api->catalog, hash_of(call->auth_token), user_id, call->now_ms);
    if (call->user == NULL)
        return call->endpoint->auth == AUTH_OPTIONAL || call_unknown(err);
    call->user_id = call->user->head.key;
    call->username = call->user->username;
    if (str_empty(call->username) && call->endpoint->auth == AUTH_REQUIRED)
        return fault(err, "error-unauthorized", "Users must have a username");
    return true;
}

static bool holds_any(const struct call *call, const enum perm *list)
{
    for (size_t i = 0; i < ENDPOINT_PERMS && list[i] != PERM_NONE; i++) {
        if (access_has(call->api->catalog, call->user, list[i]))
            return true;
    }
    return list[0] == PERM_NONE;
}

static bool holds_all(const struct call *call, const enum perm *list)
{
    for (size_t i = 0; i < ENDPOINT_PERMS && list[i] != PERM_NONE; i++) {
        if (!access_has(call->api->catalog, call->user, list[i]))
            return false;
    }
    return true;
}

bool call_permitted(const struct call *call, struct err *err)
{
    return (holds_any(call, call->endpoint->any_of) && holds_all(call, call->endpoint->all_of)) ||
           refuse_permission(err);
}

/* --- the rate limiter --- */

bool call_is_counted(const struct call *call)
{
    return !call->api->test_mode &&
           catalog_setting_bool(call->api->catalog, SETTING_API_ENABLE_RATE_LIMITER);
}

static bool rate_counts(const struct call *call)
{
    const struct catalog *catalog = call->api->catalog;
    return !call->endpoint->unlimited && call_is_counted(call) &&
           !(call->user && access_has(catalog, call->user, PERM_API_BYPASS_RATE_LIMIT));
}

static int64_t calls_allowed(const struct call *call)
{
    enum setting_id own = call->endpoint->calls_setting;
    enum setting_id id =
        own != SETTING_NONE ? own : SETTING_API_ENABLE_RATE_LIMITER_LIMIT_CALLS_DEFAULT;
    return catalog_setting_int(call->api->catalog, id);
}

bool call_within_limit(struct call *call, const struct limit_verdict *v, struct err *err)
{
    call->headers = arena_fmt(call->arena,
                              "%.*sX-RateLimit-Limit: %lld\r\nX-RateLimit-Remaining: %lld\r\n"
                              "X-RateLimit-Reset: %lld\r\n",
                              STR_FMT(call->headers), (long long)v->limit, (long long)v->remaining,
                              (long long)v->reset_ms);
    if (v->allowed)
        return true;
    int64_t wait_s = (v->wait_ms + 999) / 1000;
    fault(
        err, "error-too-many-requests",
        "Error, too many requests. Please slow down. You must wait %lld seconds before trying this "
        "endpoint again.",
        (long long)wait_s);
    err->retry_after_s = (int)wait_s;
    return false;
}

bool call_within_rate(struct call *call, struct err *err)
{
    if (!rate_counts(call))
        return true;
    int64_t window_ms =
        catalog_setting_int(call->api->catalog, SETTING_API_ENABLE_RATE_LIMITER_LIMIT_TIME_DEFAULT);
    struct str key = arena_fmt(call->arena, "%.*s %d %s", STR_FMT(call->peer),
                               (int)call->endpoint->method, call->endpoint->path);
    struct limit_verdict v =
        limit_hit(call->api->limits, key, calls_allowed(call), window_ms, call->now_ms);
    return call_within_limit(call, &v, err);
}
