/* The options of integrations as JSON. Any thread. */
#include "model/hook_options.h"

static void put_limits(struct json_out *o, const struct hook_options *options)
{
    json_key(o, "limits");
    struct json_out limits = json_begin(o->buf, '{');
    if (options->rate > 0) {
        json_key(&limits, "ratePerSecond");
        json_put_number(o->buf, options->rate);
        json_member_i64(&limits, "burst", options->burst);
    }
    if (options->in_flight > 0)
        json_member_i64(&limits, "inFlight", options->in_flight);
    if (options->timeout_ms > 0)
        json_member_i64(&limits, "timeoutMs", options->timeout_ms);
    json_end(&limits);
}

void hook_options_put_members(struct json_out *o, const struct hook_options *options)
{
    if (options->rate > 0 || options->in_flight > 0 || options->timeout_ms > 0)
        put_limits(o, options);
    if (options->keeps_headers || options->keeps_body) {
        json_key(o, "history");
        struct json_out history = json_begin(o->buf, '{');
        json_member_bool(&history, "headers", options->keeps_headers);
        json_member_bool(&history, "body", options->keeps_body);
        json_end(&history);
    }
}

static double number_of(const struct json *object, const char *name)
{
    const struct json *member = json_get(object, str_of(name));
    return json_is(member, JSON_NUMBER) ? member->number : 0;
}

struct hook_options hook_options_read(const struct json *doc)
{
    const struct json *limits = json_get_lit(doc, "limits");
    const struct json *history = json_get_lit(doc, "history");
    return (struct hook_options){
        .rate = number_of(limits, "ratePerSecond"),
        .burst = (int64_t)number_of(limits, "burst"),
        .in_flight = (int64_t)number_of(limits, "inFlight"),
        .timeout_ms = (int64_t)number_of(limits, "timeoutMs"),
        .keeps_headers = json_get_true(history, "headers"),
        .keeps_body = json_get_true(history, "body"),
    };
}
