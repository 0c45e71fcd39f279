/* What the history keeps of a call. Headers and body only where the owner asked for them, and then
 * without what could be a secret: a history is read by more people than an integration's address.
 * Runs on the loop. */
#include "hooks/argument.h"
#include "hooks/hook.h"
#include "hooks/outcome.h"

#include "base/clock.h"
#include "base/metric.h"
#include "base/utf8.h"
#include "http/limit.h"

enum {
    DOC_BYTES = 512 << 10,
    BODY_BYTES = 64 << 10,       /* of a body that is kept; the rest is cut */
    CONSOLE_BYTES = 8 << 10,     /* of what a script printed, in the history ... */
    RUN_CONSOLE_BYTES = 64 << 10 /* ... and among its runs */
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

static bool is_secret(struct str lower_name, const void *arg)
{
    const struct verify_names *verified = arg;
    for (size_t i = 0; i < sizeof(secret_words) / sizeof(secret_words[0]); i++) {
        if (str_find(lower_name, secret_words[i]) != SIZE_MAX)
            return true;
    }
    return verified != NULL && (str_eq_nocase(lower_name, verified[0].signature) ||
                                str_eq_nocase(lower_name, verified[1].signature));
}

struct str record_headers(const struct http_request *rq, const struct verify_names *verified,
                          struct arena *arena)
{
    return request_headers(rq, is_secret, verified, arena);
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

static void put_script(struct json_out *o, const struct call *call)
{
    json_key(o, "script");
    struct json_out script = json_begin(o->buf, '{');
    script_run_put_members(&script, call->arena, call->run, CONSOLE_BYTES);
    json_end(&script);
}

/* Microseconds as milliseconds. */
static void put_ms(struct buf *out, int64_t us)
{
    buf_addf(out, "%lld.%03lld", (long long)(us / 1000), (long long)(us % 1000));
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
    put_ms(out, clock_mono_us() - hook->begun_us);
    json_member_i64(&o, "size", (int64_t)hook->size);
    if (!str_empty(hook->content_type))
        json_member_str(&o, "contentType", utf8_repair(call->arena, hook->content_type));
    if (err == NULL)
        put_messages(&o, &hook->posted);
    else
        json_member_str(&o, "error", error_of(err));
    if (!str_empty(hook->reason))
        json_member_str(&o, "reason", hook->reason);
    if (call->run != NULL)
        put_script(&o, call);
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

static void record_call(const struct call *call, const struct err *err)
{
    const struct hook *hook = call->state;
    bool unheard = err != NULL && call->command.ok; /* the sender left while it was being posted */
    if (!worth_recording(call, err))
        return;
    BUF(doc, DOC_BYTES);
    put_call(&doc, call, unheard ? NULL : err);
    if (unheard)
        buf_lit(&doc, ",\"unheard\":true");
    if (buf_ok(&doc))
        recorder_put(call->api->hooks->recorder,
                     &(struct record_row){.kind = RECORD_CALL,
                                          .integration_id = hook->in->id,
                                          .at_ms = call->now_ms,
                                          .doc = buf_str(&doc)});
}

static void record_run(const struct call *call)
{
    const struct script_run *run = call->run;
    BUF(doc, DOC_BYTES);
    struct json_out o = json_continue(&doc, false);
    json_member_time(&o, "at", call->now_ms);
    json_member_str(&o, "method", str_of(run->method));
    script_run_put_members(&o, call->arena, run, RUN_CONSOLE_BYTES);
    if (buf_ok(&doc))
        recorder_put(call->api->hooks->recorder, &(struct record_row){.kind = RECORD_RUN,
                                                                      .integration_id = run->id,
                                                                      .at_ms = call->now_ms,
                                                                      .doc = buf_str(&doc)});
    script_run_log(call->arena, run);
}

/* An address that nobody has is no hook. */
static void count(const struct call *call, const struct err *err)
{
    int status = err != NULL ? err->status : call->status;
    const char *outcome = call->state != NULL ? outcome_of(call->state, status) : "unknown";
    metric_count(METRIC_HOOK_CALLS, metric_word(METRIC_HOOK_CALLS, str_of(outcome)));
}

void hook_over(struct call *call, const struct err *err)
{
    struct hook *hook = call->state;
    count(call, err);
    if (hook == NULL)
        return;
    hook_let_go(call);
    if (call->run != NULL && err != NULL && atomic_load(&call->command.job.abandoned))
        hook->reason = STR("the sender left before the script had ended");
    record_call(call, err);
    if (call->run != NULL)
        record_run(call);
}
