/* The table of steps and the order of judgement; see outcome.h. */
#include "deliver/outcome.h"

#include <assert.h>

enum { TEXT_BYTES = 1 << 20 };

enum { ERROR = true, FINISHES = true };

static const struct step_info steps[STEP_COUNT] = {
    [STEP_START] = {"start-execute-trigger-url", false, false},
    [STEP_MAPPED_ARGS] = {"mapped-args-to-data", false, false},
    [STEP_GETTING_SCRIPT] = {"execute-script-getting-script", ERROR, false},
    [STEP_PREPARE_NO_METHOD] = {"execute-script-no-method-" PREPARE, false, false},
    [STEP_PREPARE_BEFORE] = {"execute-script-before-running-" PREPARE, false, false},
    [STEP_PREPARE_ERROR] = {"execute-script-error-running-" PREPARE, ERROR, false},
    [STEP_PREPARED] = {"after-maybe-ran-prepare", false, false},
    [STEP_PREPARE_NO_OPTS] = {"after-prepare-no-opts", false, FINISHES},
    [STEP_PREPARE_MESSAGE_FAILED] = {"after-prepare-send-message-failed", false, FINISHES},
    [STEP_PREPARE_MESSAGE] = {"after-prepare-send-message", false, false},
    [STEP_PREPARE_NO_TARGET] = {"after-prepare-no-url_or_method", false, FINISHES},
    [STEP_PRE_CALL] = {"pre-http-call", false, false},
    [STEP_AFTER_CALL] = {"after-http-call", false, false},
    [STEP_RESPONSE_NO_METHOD] = {"execute-script-no-method-" RESPONSE, false, false},
    [STEP_RESPONSE_BEFORE] = {"execute-script-before-running-" RESPONSE, false, false},
    [STEP_RESPONSE_ERROR] = {"execute-script-error-running-" RESPONSE, ERROR, false},
    [STEP_RESPONSE_MESSAGE_FAILED] = {"after-process-send-message-failed", false, FINISHES},
    [STEP_RESPONSE_MESSAGE] = {"after-process-send-message", false, FINISHES},
    [STEP_RESPONSE_FALSE] = {"after-process-false-result", false, FINISHES},
    [STEP_STATUS_410] = {"after-process-http-status-410", ERROR, FINISHES},
    [STEP_STATUS_500] = {"after-process-http-status-500", ERROR, FINISHES},
    [STEP_GOING_TO_RETRY] = {"going-to-retry-", ERROR, false},
    [STEP_BAD_DELAY] = {"failed-and-retry-delay-is-invalid", ERROR, FINISHES},
    [STEP_TOO_MANY] = {"too-many-retries", ERROR, FINISHES},
    [STEP_NOT_CONFIGURED] = {"failed-and-not-configured-to-retry", ERROR, FINISHES},
    [STEP_REPLY_FAILED] = {"after-http-call-send-message-failed", false, FINISHES},
    [STEP_REPLY] = {"url-response-sent-message", false, FINISHES},
};

const struct step_info *step_info(enum step step)
{
    assert(step < STEP_COUNT);
    return &steps[step];
}

/* --- the judgement --- */

static bool is_message(const struct json *reply)
{
    return json_truthy(json_get_lit(reply, "text")) ||
           json_truthy(json_get_lit(reply, "attachments"));
}

enum verdict_kind answer_verdict(const struct answer_facts *facts)
{
    bool ok = facts->status >= 200 && facts->status < 300;
    if (facts->said == SCRIPT_SAID_CONTENT)
        return VERDICT_POST_CONTENT;
    if (facts->said == SCRIPT_SAID_FALSE)
        return VERDICT_END;
    if (facts->status == 410)
        return VERDICT_GONE;
    if (facts->status == 500)
        return VERDICT_SERVER_ERROR;
    if (!ok || (facts->empty && facts->retry_empty))
        return VERDICT_FAILED;
    return facts->status <= 202 && is_message(facts->reply) ? VERDICT_POST_REPLY
                                                            : VERDICT_DELIVERED;
}

/* --- what the parts mean --- */

const struct json *answer_reply(struct arena *a, struct str content_type, struct str body)
{
    static const struct str types[] = {STR_INIT("application/json"), STR_INIT("text/javascript"),
                                       STR_INIT("application/javascript"),
                                       STR_INIT("application/x-javascript")};
    struct str media = str_trim(str_slice(content_type, 0, str_find_char(content_type, ';')));
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_eq_nocase(media, types[i]))
            return json_parse(a, body);
    }
    return NULL;
}

enum script_word response_word(struct arena *a, const struct json *result,
                               const struct json **out_content)
{
    if (json_is(result, JSON_BOOL) && !result->boolean)
        return SCRIPT_SAID_FALSE;
    const struct json *content = json_get_lit(result, "content");
    if (!json_truthy(content))
        return SCRIPT_SAID_NOTHING;
    *out_content = message_object(a, content);
    return SCRIPT_SAID_CONTENT;
}

const struct json *message_object(struct arena *a, const struct json *value)
{
    if (value->kind == JSON_OBJECT)
        return value;
    struct str text = value->kind == JSON_STRING ? value->string : STR("");
    BUF(printed, TEXT_BYTES);
    if (value->kind != JSON_STRING) {
        json_put(&printed, value);
        text = arena_str(a, buf_str(&printed));
    }
    struct json *object = json_object(a);
    json_set(object, STR("text"), json_string(a, text));
    return object;
}
