/* What the end of a script's run means; see outcome.h. */
#include "hooks/outcome.h"

/* --- what is done --- */

/* Ends that are no result. */
static const struct {
    int status;
    const char *code;
} failures[] = {
    [SCRIPT_BAD] = {400, "error-evaluating-script"},
    [SCRIPT_FAILED] = {400, "error-running-script"},
    [SCRIPT_SUSPENDED] = {503, "error-script-suspended"},
    [SCRIPT_REFUSED] = {503, "Too many calls wait for a script already. Try again."},
};

static struct script_word wrong(const struct script_run *run)
{
    bool later = run->retry_after_s > 0;
    return (struct script_word){.says = SCRIPT_SAYS_WRONG,
                                .status = failures[run->end].status,
                                .code = failures[run->end].code,
                                .retry_after_s = later ? (int)run->retry_after_s : 1};
}

static struct script_word misunderstood(struct script_run *run, const char *why)
{
    run->end = SCRIPT_FAILED;
    run->error = (struct script_error){.name = STR("TypeError"), .message = str_of(why)};
    return wrong(run);
}

static const struct json *object_or_null(const struct json *value)
{
    return json_is(value, JSON_OBJECT) ? value : NULL;
}

/* What the script does not say about separate answers is as the sender said it. */
static void inherit_separation(struct arena *arena, struct json *content,
                               const struct json *received)
{
    if (json_get_lit(content, "separateResponse") == NULL)
        json_set(content, STR("separateResponse"),
                 json_bool(arena, json_get_true(received, "separateResponse")));
}

static struct script_word understand_result(struct script_run *run, const struct json *result,
                                            const struct json *received)
{
    const struct json *error = json_get_lit(result, "error");
    if (json_truthy(error))
        return (struct script_word){.says = SCRIPT_SAYS_REFUSE, .status = 400, .error = error};
    struct json *content = json_get_lit(result, "content");
    if (!json_is(content, JSON_OBJECT))
        return misunderstood(run, "process_incoming_request returned neither nothing nor an object "
                                  "whose content is an object");
    inherit_separation(run->arena, content, received);
    return (struct script_word){.says = SCRIPT_SAYS_POST,
                                .status = 200,
                                .content = content,
                                .response = object_or_null(json_get_lit(result, "response")),
                                .user = object_or_null(json_get_lit(result, "user"))};
}

struct script_word script_understand(struct script_run *run, const struct json *received)
{
    const struct script_word nothing = {.says = SCRIPT_SAYS_NOTHING, .status = 200};
    if (run->end == SCRIPT_NO_METHOD)
        return nothing;
    if (run->end != SCRIPT_RETURNED)
        return wrong(run);
    const struct json *result = str_empty(run->result) ? NULL : json_parse(run->arena, run->result);
    if (result == NULL && !str_empty(run->result))
        return misunderstood(run, "The result is nested too deeply");
    return json_truthy(result) ? understand_result(run, result, received) : nothing;
}

/* --- answers --- */

/* The object with `success` as it must be: where it stands, else at the end. */
static void put_with_success(struct buf *out, const struct json *object, bool success)
{
    struct json_out o = json_begin(out, '{');
    bool had = false;
    for (const struct json *at = object->items.first; at != NULL; at = at->next) {
        bool is_success = str_is(at->key, "success");
        if (is_success && had)
            continue;
        if (o.any)
            buf_add_char(out, ',');
        o.any = true;
        json_put_string(out, at->key);
        buf_add_char(out, ':');
        if (is_success)
            buf_add(out, success ? STR("true") : STR("false"));
        else
            json_put(out, at);
        had = had || is_success;
    }
    if (!had)
        json_member_bool(&o, "success", success);
    json_end(&o);
}

void script_refusal_put(struct buf *out, struct str error)
{
    struct json_out o = json_begin(out, '{');
    json_member_bool(&o, "success", false);
    json_member_str(&o, "error", error);
    json_end(&o);
}

void script_response_put(struct buf *out, const struct json *response)
{
    put_with_success(out, response, true);
}

void script_word_put(struct buf *out, const struct script_word *word)
{
    if (word->says == SCRIPT_SAYS_REFUSE && word->error->kind == JSON_OBJECT) {
        put_with_success(out, word->error, false);
        return;
    }
    if (word->says == SCRIPT_SAYS_WRONG) {
        script_refusal_put(out, str_of(word->code));
        return;
    }
    struct json_out o = json_begin(out, '{');
    json_member_bool(&o, "success", word->says != SCRIPT_SAYS_REFUSE);
    if (word->says == SCRIPT_SAYS_REFUSE)
        json_member_json(&o, "error", word->error);
    json_end(&o);
}
