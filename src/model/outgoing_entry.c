/* The document of an entry in the history. Memory only; any thread. */
#include "model/outgoing_entry.h"

enum { SUMMARY_BYTES = 1 << 20 };

static void put_list(struct json_out *o, const char *key, const struct text_list *list)
{
    json_key(o, key);
    struct json_out items = json_begin(o->buf, '[');
    for (size_t i = 0; i < list->count; i++) {
        json_item(&items);
        json_put_string(items.buf, list->items[i]);
    }
    json_end(&items);
}

struct str outgoing_entry_integration(struct arena *a, const struct integration *in)
{
    BUF(text, SUMMARY_BYTES);
    struct json_out o = json_begin(&text, '{');
    json_member_str(&o, "_id", in->id);
    json_member_str(&o, "type", in->type);
    json_member_str(&o, "name", in->name);
    json_member_bool(&o, "enabled", in->enabled);
    json_member_str(&o, "event", in->event);
    json_member_str(&o, "username", in->username);
    put_list(&o, "channel", &in->channel);
    put_list(&o, "urls", &in->urls);
    if (integration_has(in, INTEGRATION_CREATED_BY)) {
        json_key(&o, "_createdBy");
        struct json_out by = json_begin(o.buf, '{');
        json_member_str(&by, "_id", in->created_by.id);
        json_member_str(&by, "username", in->created_by.username);
        json_end(&by);
    }
    json_member_time(&o, "_updatedAt", in->updated_at_ms);
    json_end(&o);
    return buf_ok(&text) ? arena_str(a, buf_str(&text))
                         : arena_fmt(a, "{\"_id\":\"%.*s\"}", STR_FMT(in->id));
}

static void put_text(struct json_out *o, const char *key, struct str text)
{
    if (!str_empty(text))
        json_member_str(o, key, text);
}

static void put_json(struct json_out *o, const char *key, struct str json)
{
    if (!str_empty(json))
        json_member_raw(o, key, json);
}

static void put_true(struct json_out *o, const char *key, bool value)
{
    if (value)
        json_member_bool(o, key, true);
}

void outgoing_entry_put_doc(struct buf *out, const struct outgoing_entry *e)
{
    struct json_out o = json_continue(out, false);
    json_member_str(&o, "type", STR("outgoing-webhook"));
    json_member_str(&o, "step", e->step);
    json_member_str(&o, "event", e->event);
    put_json(&o, "integration", e->integration);
    put_text(&o, "triggerWord", e->trigger_word);
    put_true(&o, "ranPrepareScript", e->ran_prepare);
    put_json(&o, "prepareSentMessage", e->prepare_sent);
    put_json(&o, "processSentMessage", e->process_sent);
    put_json(&o, "resultMessage", e->result_message);
    put_text(&o, "url", e->url);
    put_json(&o, "httpCallData", e->http_call_data);
    put_text(&o, "httpResult", e->http_result);
    put_json(&o, "httpError", e->http_error);
    put_true(&o, "error", e->error);
    put_text(&o, "errorStack", e->error_stack);
    put_true(&o, "finished", e->finished);
    json_member_i64(&o, "tries", e->tries);
    put_text(&o, "retryOf", e->retry_of);
    if (e->status != 0)
        json_member_i64(&o, "status", e->status);
    put_json(&o, "timings", e->timings);
    if (e->next_ms != 0)
        json_member_time(&o, "nextTryAt", e->next_ms);
    if (!str_empty(e->steps)) {
        json_key(&o, "steps");
        buf_addf(o.buf, "[%.*s]", STR_FMT(e->steps));
    }
}
