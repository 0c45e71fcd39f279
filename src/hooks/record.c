/* What the history keeps of a call. Headers and body only where the owner asked for them, and then
 * without what could be a secret: a history is read by more people than an integration's address.
 * Runs on the loop. */
#include "hooks/hook.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "http/limit.h"

enum {
    DOC_BYTES = 256 << 10,
    HEADERS_BYTES = 64 << 10,
    BODY_BYTES = 64 << 10, /* of a body that is kept; the rest is cut */
};

struct str record_body(const struct http_request *rq, struct arena *arena)
{
    return utf8_repair(arena, arena_str(arena, str_slice(rq->body, 0, BODY_BYTES)));
}

/* --- headers --- */

/* A header with one of these in its name is not shown. */
static const struct str secret_words[] = {
    STR_INIT("auth"),      STR_INIT("cookie"),  STR_INIT("token"),   STR_INIT("secret"),
    STR_INIT("signature"), STR_INIT("hmac"),    STR_INIT("api-key"), STR_INIT("apikey"),
    STR_INIT("password"),  STR_INIT("session"),
};

static bool is_secret(struct str lower_name, const struct verify_names *verified)
{
    for (size_t i = 0; i < sizeof(secret_words) / sizeof(secret_words[0]); i++) {
        if (str_find(lower_name, secret_words[i]) != SIZE_MAX)
            return true;
    }
    return verified != NULL && (str_eq_nocase(lower_name, verified[0].signature) ||
                                str_eq_nocase(lower_name, verified[1].signature));
}

static bool came_before(const struct http_request *rq, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq_nocase(rq->headers[i].name, rq->headers[at].name))
            return true;
    }
    return false;
}

/* The values of all headers of that name, from this one on. */
static struct str values_of(const struct http_request *rq, size_t at, struct arena *arena)
{
    struct str all = rq->headers[at].value;
    for (size_t i = at + 1; i < rq->header_count; i++) {
        if (str_eq_nocase(rq->headers[i].name, rq->headers[at].name))
            all = arena_join(arena, (struct str[]){all, STR(", "), rq->headers[i].value}, 3);
    }
    return utf8_repair(arena, all);
}

struct str record_headers(const struct http_request *rq, const struct verify_names *verified,
                          struct arena *arena)
{
    BUF(text, HEADERS_BYTES);
    struct json_out o = json_begin(&text, '{');
    for (size_t i = 0; i < rq->header_count; i++) {
        if (came_before(rq, i))
            continue;
        struct str name = arena_lower(arena, rq->headers[i].name);
        bool hidden = is_secret(name, verified);
        json_member_str(&o, arena_cstr(arena, name), hidden ? STR("***") : values_of(rq, i, arena));
    }
    json_end(&o);
    return buf_ok(&text) ? arena_str(arena, buf_str(&text)) : STR("");
}

/* --- the document --- */

/* What a status means where nothing more exact was noted. */
static const struct {
    int status; /* this one and those below the next row's */
    const char *outcome;
} outcomes[] = {
    {0, "posted"}, {400, "refused"}, {429, "limited"}, {430, "refused"}, {500, "failed"},
};

static const char *outcome_of(const struct hook *hook, int status)
{
    if (hook->outcome != NULL)
        return hook->outcome;
    if (hook->replayed && status == 200)
        return "replayed";
    size_t at = 0;
    while (at + 1 < sizeof(outcomes) / sizeof(outcomes[0]) && outcomes[at + 1].status <= status)
        at++;
    return outcomes[at].outcome;
}

static void put_messages(struct json_out *o, const struct posted *posted)
{
    if (posted->count == 0)
        return;
    json_key(o, "messages");
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < posted->count; i++) {
        const struct post_result *result = &posted->results[i];
        json_item(&list);
        struct json_out item = json_begin(o->buf, '{');
        json_member_str(&item, "channel", result->channel);
        if (result->message != NULL)
            json_member_str(&item, "_id", result->message->id);
        else
            json_member_str(&item, "error", result->error);
        json_end(&item);
    }
    json_end(&list);
}

/* What broke inside the server is in its log. */
static struct str error_of(const struct err *err)
{
    return err->status == 500 ? STR("Internal server error") : str_of(err->text);
}

static void put_kept(struct json_out *o, const struct hook *hook)
{
    if (!str_empty(hook->headers))
        json_member_raw(o, "headers", hook->headers);
    if (str_empty(hook->body))
        return;
    json_member_str(o, "body", hook->body);
    if (hook->size > BODY_BYTES)
        json_member_bool(o, "bodyCut", true);
}

/* The members of the document, behind its number. */
static void put_call(struct buf *out, const struct call *call, const struct err *err)
{
    const struct hook *hook = call->state;
    int status = err != NULL ? err->status : call->status;
    struct json_out o = json_continue(out, false);
    json_member_time(&o, "at", call->now_ms);
    json_member_str(&o, "outcome", str_of(outcome_of(hook, status)));
    json_member_i64(&o, "status", status);
    json_key(&o, "durationMs");
    json_put_number(out, (double)(clock_mono_us() - hook->begun_us) / 1000);
    json_member_i64(&o, "size", (int64_t)hook->size);
    if (!str_empty(hook->content_type))
        json_member_str(&o, "contentType", utf8_repair(call->arena, hook->content_type));
    if (err == NULL)
        put_messages(&o, &hook->posted);
    else
        json_member_str(&o, "error", error_of(err));
    if (!str_empty(hook->reason))
        json_member_str(&o, "reason", hook->reason);
    put_kept(&o, hook);
}

/* Calls over the limit come as fast as they like: one a second stands for all of them. */
static bool worth_recording(const struct call *call, const struct err *err)
{
    const struct hook *hook = call->state;
    if (err == NULL || err->status != 429)
        return true;
    struct str key = arena_fmt(call->arena, "hook-limited %.*s", STR_FMT(hook->in->id));
    return limit_take(call->api->limits, key, 1, 1, call->now_ms).allowed;
}

void hook_over(struct call *call, const struct err *err)
{
    const struct hook *hook = call->state;
    bool unheard = err != NULL && call->command.ok; /* the sender left while it was being posted */
    if (hook == NULL || !worth_recording(call, err))
        return;
    BUF(doc, DOC_BYTES);
    put_call(&doc, call, unheard ? NULL : err);
    if (unheard)
        buf_lit(&doc, ",\"unheard\":true");
    if (buf_ok(&doc))
        recorder_put(call->api->hooks->recorder, hook->in->id, call->now_ms, buf_str(&doc));
}
