/* Building requests; see request.h. What scripts give is read as JavaScript would: what is falsy is
 * absent. */
#include "deliver/request.h"

#include <assert.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "deliver/outcome.h"
#include "events/payload.h"

enum { TEXT_BYTES = 64 << 20, SECRET_BYTES = 1024 };

/* Receivers tell chat servers by it. */
#define USER_AGENT                                                                                 \
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 "   \
    "Safari/537.36"

/* --- headers --- */

static void drop_header(struct request *rq, struct str name)
{
    size_t kept = 0;
    for (size_t i = 0; i < rq->header_count; i++) {
        if (!str_eq_nocase(rq->headers[i].name, name))
            rq->headers[kept++] = rq->headers[i];
    }
    rq->header_count = kept;
}

/* Over what was there. The last places are kept for the headers that are ours. */
static void set_header(struct request *rq, struct str name, struct str value)
{
    drop_header(rq, name);
    assert(rq->header_count < REQUEST_HEADERS);
    rq->headers[rq->header_count++] = (struct client_header){.name = name, .value = value};
}

/* --- what scripts get --- */

struct str request_argument(struct arena *a, struct str url, struct str data)
{
    BUF(out, TEXT_BYTES);
    struct json_out o = json_begin(&out, '{');
    json_member_raw(&o, "params", STR("{}"));
    json_member_str(&o, "method", STR("POST"));
    json_member_str(&o, "url", url);
    json_member_raw(&o, "data", data);
    json_member_raw(&o, "headers", STR("{\"User-Agent\":\"" USER_AGENT "\"}"));
    json_end(&o);
    return arena_str(a, buf_str(&out));
}

struct str request_script_argument(struct arena *a, struct str request, struct str response,
                                   struct str *out_dates)
{
    static const char *const prefix[] = {"request", "data"};
    BUF(dates, TEXT_BYTES);
    BUF(out, TEXT_BYTES);
    struct json *tree = json_parse(a, request), *data = json_get_lit(tree, "data");
    if (json_is(data, JSON_OBJECT))
        json_put(&dates, payload_take_moments(a, data, prefix, 2));
    struct json_out o = json_begin(&out, '{');
    json_member_json(&o, "request", tree);
    if (!str_empty(response))
        json_member_raw(&o, "response", response);
    json_end(&o);
    *out_dates = arena_str(a, buf_str(&dates));
    return arena_str(a, buf_str(&out));
}

struct str request_response(struct arena *a, const struct exchange *x)
{
    BUF(out, TEXT_BYTES);
    struct str content = utf8_repair(a, x->answer);
    struct json_out o = json_begin(&out, '{');
    json_member_raw(&o, "error", STR("null"));
    json_member_i64(&o, "status_code", x->status);
    json_member_str(&o, "content", content);
    json_member_str(&o, "content_raw", content);
    json_key(&o, "headers");
    struct json_out headers = json_begin(&out, '{');
    for (size_t i = 0; i < x->answer_header_count; i++)
        json_member_str(&headers, arena_cstr(a, x->answer_headers[i].name),
                        x->answer_headers[i].value);
    json_end(&headers);
    json_end(&o);
    return arena_str(a, buf_str(&out));
}

/* --- what they return --- */

enum prepared request_prepared(struct arena *a, const struct json *result,
                               const struct json **out_message)
{
    *out_message = NULL;
    if (!json_truthy(result))
        return PREPARED_CANCELLED;
    const struct json *message = json_get_lit(result, "message");
    if (json_truthy(message))
        *out_message = message_object(a, message);
    bool target =
        json_truthy(json_get_lit(result, "url")) && json_truthy(json_get_lit(result, "method"));
    return target ? PREPARED_CALL : PREPARED_NO_TARGET;
}

/* A value as a text, as JavaScript would make one of it. */
static struct str text_of(struct arena *a, const struct json *value)
{
    if (value->kind == JSON_STRING)
        return value->string;
    BUF(out, TEXT_BYTES);
    json_put(&out, value);
    return arena_str(a, buf_str(&out));
}

/* What is no text, number or truth is left out, and so is what does not fit. */
static void take_headers(struct arena *a, struct request *rq, const struct json *headers)
{
    enum { OURS = 5 };
    if (!json_is(headers, JSON_OBJECT))
        return;
    for (const struct json *at = headers->items.first; at != NULL; at = at->next) {
        bool plain = at->kind == JSON_STRING || at->kind == JSON_NUMBER || at->kind == JSON_BOOL;
        if (plain && rq->header_count < REQUEST_HEADERS - OURS)
            set_header(rq, at->key, text_of(a, at));
    }
}

static bool has_no_body(struct str method)
{
    return str_eq_nocase(method, STR("GET")) || str_eq_nocase(method, STR("HEAD"));
}

static void take_data(struct arena *a, struct request *rq, const struct json *data)
{
    if (!json_truthy(data))
        return;
    BUF(printed, TEXT_BYTES);
    json_put(&printed, data);
    rq->data = arena_str(a, buf_str(&printed));
    if (has_no_body(rq->method))
        return;
    rq->has_body = true;
    rq->body = data->kind == JSON_STRING ? data->string : rq->data;
    set_header(rq, STR("Content-Type"), STR("application/json"));
}

static bool take_auth(struct arena *a, struct request *rq, const struct json *auth, struct err *err)
{
    if (!json_truthy(auth))
        return true;
    if (auth->kind != JSON_STRING || str_find_char(auth->string, ':') == SIZE_MAX)
        return err_invalid(err, "auth option should be of the form \"username:password\"");
    struct str encoded = digest_base64(a, auth->string);
    set_header(rq, STR("Authorization"), arena_fmt(a, "Basic %.*s", STR_FMT(encoded)));
    return true;
}

static int64_t timeout_of(const struct json *timeout)
{
    if (!json_is(timeout, JSON_NUMBER) || !(timeout->number >= 1))
        return 0;
    double most = (double)REQUEST_TIMEOUT_MAX_MS;
    return (int64_t)(timeout->number < most ? timeout->number : most);
}

bool request_custom(struct arena *a, struct request *rq, const struct json *opts, struct err *err)
{
    *rq = (struct request){.method = text_of(a, json_get_lit(opts, "method")),
                           .url = text_of(a, json_get_lit(opts, "url")),
                           .timeout_ms = timeout_of(json_get_lit(opts, "timeout"))};
    take_headers(a, rq, json_get_lit(opts, "headers"));
    take_data(a, rq, json_get_lit(opts, "data"));
    return take_auth(a, rq, json_get_lit(opts, "auth"), err);
}

void request_default(struct request *rq, struct str url, struct str data)
{
    *rq = (struct request){
        .method = STR("POST"), .url = url, .body = data, .has_body = true, .data = data};
    set_header(rq, STR("User-Agent"), STR(USER_AGENT));
    set_header(rq, STR("Content-Type"), STR("application/json"));
}

/* --- signing --- */

/* One token: v1,base64(HMAC-SHA256). A secret in another form than ours signs as its own text. */
static void add_signature(struct buf *out, struct str secret, const struct str parts[5])
{
    uint8_t key[SECRET_BYTES], mac[DIGEST_MAC_BYTES];
    size_t len = 0;
    struct str raw = secret;
    if (str_starts(secret, STR("whsec_")) &&
        digest_base64_decode(str_after(secret, strlen("whsec_")), key, sizeof(key), &len))
        raw = str_from((const char *)key, len);
    size_t size = digest_hmac(DIGEST_SHA256, raw, parts, 5, mac);
    char printed[DIGEST_TOKEN_BYTES];
    digest_base64_to(str_from((const char *)mac, size), printed, sizeof(printed));
    buf_addf(out, "%sv1,%s", out->len > 0 ? " " : "", printed);
}

void request_sign(struct arena *a, struct request *rq, struct str id, int64_t now_ms,
                  const struct signing_secrets *secrets)
{
    struct str timestamp = arena_fmt(a, "%lld", (long long)(now_ms / 1000));
    const struct str parts[] = {id, STR("."), timestamp, STR("."), rq->body};
    BUF(signatures, TEXT_BYTES);
    for (size_t i = 0; i < secrets->count; i++)
        add_signature(&signatures, secrets->keys[i], parts);
    set_header(rq, STR("webhook-id"), id);
    set_header(rq, STR("webhook-timestamp"), timestamp);
    drop_header(rq, STR("webhook-signature"));
    if (signatures.len > 0)
        set_header(rq, STR("webhook-signature"), arena_str(a, buf_str(&signatures)));
}
