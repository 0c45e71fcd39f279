/* The second half of a try: what came of its call, and what is made of that. Runs on the thread
 * `queue`. */
#include "base/clock.h"
#include "base/crash.h"
#include "base/utf8.h"
#include "deliver/internal.h"
#include "deliver/retry.h"
#include "domain/fault.h"
#include "http/client.h"

enum {
    HISTORY_ANSWER_BYTES = 1 << 20, /* of an answer in the history */
    TEXT_BYTES = 32 << 20,
};

/* --- the judgement --- */

static struct str answer_header(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->answer_header_count; i++) {
        if (str_is(x->answer_headers[i].name, name))
            return x->answer_headers[i].value;
    }
    return STR("");
}

/* A number from 0 to the largest part of a wait that is added to it. */
static double spread(const struct deliver_config *config)
{
    enum { FINE = 1 << 20 };
    return config->jitter * digest_random_below(FINE) / FINE;
}

static struct retry next_try(const struct attempt *a)
{
    int64_t asked = 0;
    if (a->entry.status == 429 || a->entry.status == 503)
        asked =
            retry_after_header(answer_header(&a->call.exchange, "retry-after"), clock_wall_ms());
    return retry_after_failure(a->claim->in, a->row->tries, asked, spread(&a->home->config));
}

static void try_again(struct attempt *a, int64_t wait_ms)
{
    entry_step(&a->arena, &a->entry, STEP_GOING_TO_RETRY, a->row->tries + 1);
    a->entry.next_ms = clock_wall_ms() + wait_ms;
    a->order = (struct order){.due_ms = clock_steady_ms() + wait_ms, .tries = a->row->tries + 1};
    attempt_record(a, ROW_WAIT);
}

static void failed(struct attempt *a)
{
    static const enum step steps[] = {[RETRY_NOT_CONFIGURED] = STEP_NOT_CONFIGURED,
                                      [RETRY_TOO_MANY] = STEP_TOO_MANY,
                                      [RETRY_BAD_DELAY] = STEP_BAD_DELAY};
    struct retry retry = next_try(a);
    if (retry.kind == RETRY_LATER) {
        try_again(a, retry.wait_ms);
        return;
    }
    if (retry.kind == RETRY_BAD_DELAY) {
        entry_step(&a->arena, &a->entry, STEP_GOING_TO_RETRY, a->row->tries + 1);
        a->entry.error_stack =
            STR("Error: The integration's retryDelay setting is invalid.\n    It must be one of "
                "powers-of-ten, powers-of-two, increments-of-two.");
    }
    attempt_step(a, steps[retry.kind]);
    attempt_finish(a, ROW_BURY);
}

/* What should have been posted was refused: nothing of the order happened. */
static void post_refused(struct attempt *a)
{
    const struct err *err = &a->command.err;
    bool content = a->order.posted_to == &a->entry.process_sent;
    a->entry = a->before;
    if (a->order.nobody) {
        attempt_step(a, content ? STEP_RESPONSE_MESSAGE_FAILED : STEP_REPLY_FAILED);
    } else {
        a->entry.http_error =
            error_json(&a->arena, arena_str(&a->arena, fault_code(err)), err->type, "message");
        a->entry.error = true;
        attempt_step(a, STEP_AFTER_CALL);
    }
    attempt_finish(a, ROW_FINISH);
}

static void post(struct attempt *a, const struct json *content, enum step which,
                 struct str *posted_to)
{
    a->before = a->entry;
    attempt_step(a, which);
    a->order = (struct order){
        .content = content, .posted_to = posted_to, .enters = true, .row = ROW_FINISH};
    crash_point("before-record");
    attempt_order(a, attempt_ended, post_refused);
}

static void judge(struct attempt *a, enum script_word said, const struct json *content)
{
    const struct exchange *x = &a->call.exchange;
    struct answer_facts facts = {
        .status = a->entry.status,
        .empty = x->answer.len == 0,
        .said = said,
        .reply = answer_reply(&a->arena, answer_header(x, "content-type"), x->answer),
        .retry_empty = catalog_setting_bool(store_catalog(a->home->config.store),
                                            SETTING_INTEGRATIONS_RETRY_ON_EMPTY_RESPONSE),
    };
    switch (answer_verdict(&facts)) {
    case VERDICT_POST_CONTENT:
        post(a, content, STEP_RESPONSE_MESSAGE, &a->entry.process_sent);
        break;
    case VERDICT_END:
        attempt_step(a, STEP_RESPONSE_FALSE);
        attempt_finish(a, ROW_FINISH);
        break;
    case VERDICT_GONE:
        attempt_step(a, STEP_STATUS_410);
        a->order = (struct order){.switches_off = true};
        attempt_record(a, ROW_FINISH);
        break;
    case VERDICT_SERVER_ERROR:
        attempt_step(a, STEP_STATUS_500);
        attempt_finish(a, ROW_BURY);
        break;
    case VERDICT_FAILED:
        failed(a);
        break;
    case VERDICT_POST_REPLY:
        post(a, facts.reply, STEP_REPLY, &a->entry.result_message);
        break;
    case VERDICT_DELIVERED:
        attempt_finish(a, ROW_FINISH);
        break;
    }
}

/* --- after the call --- */

static void heed_response(struct attempt *a)
{
    const struct json *content = NULL;
    struct str result = a->run.run.result;
    attempt_step(a, STEP_RESPONSE_BEFORE);
    enum script_word said = response_word(
        &a->arena, str_empty(result) ? NULL : json_parse(&a->arena, result), &content);
    judge(a, said, content);
}

static void response_came(struct job *job)
{
    struct attempt *a = ((struct attempt_run *)job)->attempt;
    if (a->home->cutting) {
        attempt_give_back(a, 0);
        return;
    }
    attempt_note_run(a);
    switch (a->run.run.end) {
    case SCRIPT_RETURNED:
        heed_response(a);
        break;
    case SCRIPT_NO_METHOD:
        judge(a, SCRIPT_SAID_NOTHING, NULL);
        break;
    case SCRIPT_BAD:
        a->entry.error_stack = attempt_script_stack(a);
        attempt_step(a, STEP_GETTING_SCRIPT);
        judge(a, SCRIPT_SAID_NOTHING, NULL);
        break;
    case SCRIPT_FAILED:
    case SCRIPT_SUSPENDED:
    case SCRIPT_REFUSED:
        attempt_step(a, STEP_RESPONSE_BEFORE);
        a->entry.error_stack = attempt_script_stack(a);
        attempt_step(a, STEP_RESPONSE_ERROR);
        judge(a, SCRIPT_SAID_NOTHING, NULL);
        break;
    }
}

static void put_ms(struct json_out *o, const char *key, int64_t us)
{
    if (us == 0)
        return;
    json_key(o, key);
    json_put_number(o->buf, (double)us / 1000);
}

static struct str timings_json(struct arena *arena, const struct client_timings *t)
{
    BUF(out, 1024);
    struct json_out o = json_begin(&out, '{');
    put_ms(&o, "nameMs", t->name_us);
    put_ms(&o, "connectMs", t->connect_us);
    put_ms(&o, "tlsMs", t->tls_us);
    put_ms(&o, "firstByteMs", t->first_byte_us);
    put_ms(&o, "totalMs", t->total_us);
    json_end(&o);
    return arena_str(arena, buf_str(&out));
}

static struct str answer_json(struct arena *arena, struct str answer)
{
    BUF(out, TEXT_BYTES);
    json_put_string(&out, utf8_repair(arena, str_slice(answer, 0, HISTORY_ANSWER_BYTES)));
    return arena_str(arena, buf_str(&out));
}

static void note_answer(struct attempt *a)
{
    const struct exchange *x = &a->call.exchange;
    a->entry.timings = timings_json(&a->arena, &x->timings);
    if (x->end == CLIENT_ANSWERED) {
        a->entry.status = x->status;
        a->entry.http_result = answer_json(&a->arena, x->answer);
    } else {
        a->entry.http_result = STR("null");
        a->entry.http_error = error_json(&a->arena, x->error, x->code,
                                         x->end == CLIENT_TIMEOUT ? "request-timeout" : "system");
    }
    attempt_step(a, STEP_AFTER_CALL);
}

void attempt_answered(struct attempt *a)
{
    const struct exchange *x = &a->call.exchange;
    a->calling = false;
    attempt_leave_host(a);
    crash_point("after-send");
    if (x->end == CLIENT_CANCELLED) {
        attempt_give_back(a, 0);
        return;
    }
    if (x->end == CLIENT_REFUSED) {
        attempt_no_call(a, error_json(&a->arena, x->error, x->code, "refused"));
        return;
    }
    note_answer(a);
    a->silent = x->end != CLIENT_ANSWERED;
    if (a->silent)
        failed(a);
    else if (a->scripted)
        attempt_ask_script(a, RESPONSE, request_response(&a->arena, x), response_came);
    else
        judge(a, SCRIPT_SAID_NOTHING, NULL);
}
