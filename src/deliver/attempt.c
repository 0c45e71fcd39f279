/* One try of one delivery, from the claim to the record. Each stage is a function that ends by
 * handing the try to somebody and returning; what comes home calls the next one.
 *
 *     attempt_start -> [prepare script] -> prepare_came -> [message] -> go_on -> call -> [host's
 * line]
 *        -> start_call -> [receiver] -> attempt_answered -> [response script] -> response_came
 *        -> judge -> [record] -> ended
 *
 * In brackets: who has it meanwhile. Nothing leaves before its claim was committed, and the row
 * stays until what became of it is: so a delivery may be made twice, and is never lost. Runs on the
 * thread `queue`.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "deliver/internal.h"
#include "deliver/retry.h"
#include "domain/fault.h"
#include "events/payload.h"
#include "http/client.h"

enum {
    ARENA_BYTES = 128 << 20,
    ANSWER_BYTES = 10 << 20,        /* of a receiver's body */
    HISTORY_ANSWER_BYTES = 1 << 20, /* of it in the history */
    REDIRECTS = 5,
    TEXT_BYTES = 32 << 20,
    BUSY_WAIT_MS = 1000, /* when too many calls of the script wait */
};

#define PREPARE  "prepare_outgoing_request"
#define RESPONSE "process_outgoing_response"

/* --- ends --- */

static enum plan_end plan_end_of(const struct attempt *a)
{
    if (a->entry.status != 0)
        return PLAN_REACHED;
    return a->silent ? PLAN_UNREACHABLE : PLAN_NOT_CALLED;
}

static void ended(struct attempt *a)
{
    deliveries_ended(a, plan_end_of(a));
}

/* The row waits again as if this try had never been. */
static void give_back(struct attempt *a, int64_t wait_ms)
{
    a->order = (struct order){
        .row = ROW_WAIT, .due_ms = clock_wall_ms() + wait_ms, .tries = a->row->tries};
    attempt_order(a, ended, ended);
}

/* The last order of a try: its entry, and what becomes of the row. */
static void record(struct attempt *a, enum row_end row)
{
    a->order.enters = true;
    a->order.row = row;
    crash_point("before-record");
    attempt_order(a, ended, ended);
}

static void finish(struct attempt *a, enum row_end row)
{
    a->order = (struct order){.content = NULL};
    a->entry.finished = true;
    record(a, row);
}

static void step(struct attempt *a, enum step which)
{
    entry_step(&a->arena, &a->entry, which, 0);
}

/* --- scripts --- */

static void ask_script(struct attempt *a, const char *method, struct str response,
                       void (*came)(struct job *job))
{
    const struct integration *in = a->claim->in;
    struct script_run *run = &a->run.run;
    *run = (struct script_run){
        .arena = &a->arena,
        .ask = SCRIPT_CALL,
        .side = SCRIPT_OUTGOING,
        .sloppy = !in->skip_transpile,
        .id = in->id,
        .revision = in->updated_at_ms,
        .source = integration_runnable(in),
        .method = method,
    };
    run->argument = request_script_argument(&a->arena, a->argument, response, &run->dates);
    job_init(&run->job, &a->home->jobs);
    run->job.finish = came;
    scripts_submit(a->home->config.scripts, run);
}

/* "Name: message" and the stack, each line two blanks further in. */
static struct str error_stack(struct arena *arena, const struct script_error *error)
{
    BUF(out, TEXT_BYTES);
    struct str head = arena_fmt(arena, "%.*s: %.*s\n%.*s", STR_FMT(error->name),
                                STR_FMT(error->message), STR_FMT(error->stack));
    struct str rest = str_trim(head), line;
    for (bool first = true; str_split(&rest, '\n', &line); first = false)
        buf_addf(&out, "%s  %.*s", first ? "" : "\n", STR_FMT(line));
    return arena_str(arena, buf_str(&out));
}

static struct str failure_stack(struct attempt *a)
{
    const struct script_run *run = &a->run.run;
    if (run->end == SCRIPT_SUSPENDED)
        return arena_fmt(&a->arena, "  Error: the script is suspended for %lld more seconds",
                         (long long)run->retry_after_s);
    return error_stack(&a->arena, &run->error);
}

/* --- the call --- */

static void start_call(struct attempt *a)
{
    const struct deliver_config *config = &a->home->config;
    struct exchange *x = &a->call.exchange;
    int64_t timeout = a->request.timeout_ms;
    if (timeout == 0)
        timeout = a->claim->timeout_ms != 0 ? a->claim->timeout_ms : config->timeout_ms;
    *x = (struct exchange){
        .home = &a->home->answers,
        .arena = &a->arena,
        .method = a->request.method,
        .url = a->request.url,
        .headers = a->request.headers,
        .header_count = a->request.header_count,
        .body = a->request.body,
        .has_body = a->request.has_body,
        .insecure = catalog_setting_bool(store_catalog(config->store),
                                         SETTING_ALLOW_INVALID_SELFSIGNED_CERTS),
        .timeout_ms = timeout,
        .max_body = ANSWER_BYTES,
        .redirects = REDIRECTS,
    };
    a->calling = true;
    crash_point("before-send");
    client_start(config->client, x);
}

/* Signed as late as can be, for the moment is signed too. */
static void call(struct attempt *a)
{
    if (a->home->cutting) {
        give_back(a, 0);
        return;
    }
    request_sign(&a->arena, &a->request, a->row->id, clock_wall_ms(), &a->claim->secrets);
    a->entry.url = a->request.url;
    a->entry.http_call_data = a->request.data;
    step(a, STEP_PRE_CALL);
    if (hosts_enter(&a->home->hosts, a->request.url, &a->place))
        start_call(a);
}

static struct attempt *attempt_at(struct host_place *place)
{
    return (struct attempt *)(void *)((char *)place - offsetof(struct attempt, place));
}

/* Who is next in line may call, or does not call any more. */
static void leave_host(struct attempt *a)
{
    struct host_place *place = hosts_leave(&a->home->hosts, &a->place);
    if (place == NULL)
        return;
    struct attempt *next = attempt_at(place);
    if (!a->home->cutting) {
        start_call(next);
        return;
    }
    leave_host(next);
    give_back(next, 0);
}

static struct str error_json(struct arena *arena, struct str message, const char *code,
                             const char *type)
{
    BUF(out, TEXT_BYTES);
    struct json_out o = json_begin(&out, '{');
    json_member_str(&o, "message", message);
    if (code != NULL)
        json_member_str(&o, "code", str_of(code));
    json_member_str(&o, "type", str_of(type));
    json_end(&o);
    return arena_str(arena, buf_str(&out));
}

/* There is no answer, and there never will be one. */
static void no_call(struct attempt *a, struct str error)
{
    a->entry.http_error = error;
    a->entry.http_result = STR("null");
    a->entry.error = true;
    step(a, STEP_AFTER_CALL);
    finish(a, ROW_BURY);
}

/* --- before the call --- */

static void use_default(struct attempt *a)
{
    a->entry.ran_prepare = true;
    step(a, STEP_PREPARED);
    request_default(&a->request, a->row->url, a->entry.data);
    call(a);
}

/* After the message that prepare wanted to be posted, if any. */
static void go_on(struct attempt *a)
{
    struct err err = ERR_NONE;
    const struct json *result = a->result, *message;
    if (request_prepared(&a->arena, result, &message) != PREPARED_CALL) {
        step(a, STEP_PREPARE_NO_TARGET);
        finish(a, ROW_FINISH);
        return;
    }
    a->argument = a->run.run.result;
    if (request_custom(&a->arena, &a->request, result, &err)) {
        call(a);
        return;
    }
    a->entry.url = a->request.url;
    a->entry.http_call_data = a->request.data;
    step(a, STEP_PRE_CALL);
    no_call(a, error_json(&a->arena, arena_str(&a->arena, str_of(err.text)), NULL, "auth"));
}

static void message_posted(struct attempt *a)
{
    step(a, STEP_PREPARE_MESSAGE);
    go_on(a);
}

static void message_refused(struct attempt *a)
{
    step(a, STEP_PREPARE_MESSAGE_FAILED);
    finish(a, ROW_FINISH);
}

static void heed_prepare(struct attempt *a)
{
    const struct json *message;
    struct str result = a->run.run.result;
    a->result = str_empty(result) ? NULL : json_parse(&a->arena, result);
    a->entry.ran_prepare = true;
    step(a, STEP_PREPARED);
    if (request_prepared(&a->arena, a->result, &message) == PREPARED_CANCELLED) {
        step(a, STEP_PREPARE_NO_OPTS);
        finish(a, ROW_FINISH);
    } else if (message != NULL) {
        a->order = (struct order){.content = message, .posted_to = &a->entry.prepare_sent};
        attempt_order(a, message_posted, message_refused);
    } else {
        go_on(a);
    }
}

static void prepare_failed(struct attempt *a)
{
    step(a, STEP_PREPARE_BEFORE);
    a->entry.error_stack = failure_stack(a);
    step(a, STEP_PREPARE_ERROR);
    a->run.run.result = STR(""); /* as if it had returned nothing */
    heed_prepare(a);
}

static void prepare_came(struct job *job)
{
    struct attempt *a = ((struct attempt_run *)job)->attempt;
    if (a->home->cutting) {
        give_back(a, 0);
        return;
    }
    attempt_note_run(a);
    switch (a->run.run.end) {
    case SCRIPT_RETURNED:
        step(a, STEP_PREPARE_BEFORE);
        heed_prepare(a);
        break;
    case SCRIPT_NO_METHOD:
        use_default(a);
        break;
    case SCRIPT_BAD: /* neither method can be asked */
        a->entry.error_stack = failure_stack(a);
        a->scripted = false;
        step(a, STEP_GETTING_SCRIPT);
        use_default(a);
        break;
    case SCRIPT_FAILED:
    case SCRIPT_SUSPENDED:
        prepare_failed(a);
        break;
    case SCRIPT_REFUSED:
        give_back(a, BUSY_WAIT_MS);
        break;
    }
}

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

static struct retry next_try(const struct attempt *a, int64_t now_ms)
{
    int64_t asked = 0;
    if (a->entry.status == 429 || a->entry.status == 503)
        asked = retry_after_header(answer_header(&a->call.exchange, "retry-after"), now_ms);
    return retry_after_failure(a->claim->in, a->row->tries, asked, spread(&a->home->config));
}

static void try_again(struct attempt *a, int64_t due_ms)
{
    entry_step(&a->arena, &a->entry, STEP_GOING_TO_RETRY, a->row->tries + 1);
    a->entry.next_ms = due_ms;
    a->order = (struct order){.due_ms = due_ms, .tries = a->row->tries + 1};
    record(a, ROW_WAIT);
}

static void failed(struct attempt *a)
{
    static const enum step steps[] = {[RETRY_NOT_CONFIGURED] = STEP_NOT_CONFIGURED,
                                      [RETRY_TOO_MANY] = STEP_TOO_MANY,
                                      [RETRY_BAD_DELAY] = STEP_BAD_DELAY};
    int64_t now_ms = clock_wall_ms();
    struct retry retry = next_try(a, now_ms);
    if (retry.kind == RETRY_LATER) {
        try_again(a, now_ms + retry.wait_ms);
        return;
    }
    if (retry.kind == RETRY_BAD_DELAY) {
        entry_step(&a->arena, &a->entry, STEP_GOING_TO_RETRY, a->row->tries + 1);
        a->entry.error_stack =
            STR("Error: The integration's retryDelay setting is invalid.\n    It must be one of "
                "powers-of-ten, powers-of-two, increments-of-two.");
    }
    step(a, steps[retry.kind]);
    finish(a, ROW_BURY);
}

/* What should have been posted was refused: nothing of the order happened. */
static void post_refused(struct attempt *a)
{
    const struct err *err = &a->command.err;
    bool content = a->order.posted_to == &a->entry.process_sent;
    a->entry = a->before;
    if (a->order.nobody) {
        step(a, content ? STEP_RESPONSE_MESSAGE_FAILED : STEP_REPLY_FAILED);
    } else {
        a->entry.http_error =
            error_json(&a->arena, arena_str(&a->arena, fault_code(err)), err->type, "message");
        a->entry.error = true;
        step(a, STEP_AFTER_CALL);
    }
    finish(a, ROW_FINISH);
}

static void post(struct attempt *a, const struct json *content, enum step which,
                 struct str *posted_to)
{
    a->before = a->entry;
    step(a, which);
    a->order = (struct order){
        .content = content, .posted_to = posted_to, .enters = true, .row = ROW_FINISH};
    crash_point("before-record");
    attempt_order(a, ended, post_refused);
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
        step(a, STEP_RESPONSE_FALSE);
        finish(a, ROW_FINISH);
        break;
    case VERDICT_GONE:
        step(a, STEP_STATUS_410);
        a->order = (struct order){.switches_off = true};
        record(a, ROW_FINISH);
        break;
    case VERDICT_SERVER_ERROR:
        step(a, STEP_STATUS_500);
        finish(a, ROW_BURY);
        break;
    case VERDICT_FAILED:
        failed(a);
        break;
    case VERDICT_POST_REPLY:
        post(a, facts.reply, STEP_REPLY, &a->entry.result_message);
        break;
    case VERDICT_DELIVERED:
        finish(a, ROW_FINISH);
        break;
    }
}

/* --- after the call --- */

static void heed_response(struct attempt *a)
{
    const struct json *content = NULL;
    struct str result = a->run.run.result;
    step(a, STEP_RESPONSE_BEFORE);
    enum script_word said = response_word(
        &a->arena, str_empty(result) ? NULL : json_parse(&a->arena, result), &content);
    judge(a, said, content);
}

static void response_came(struct job *job)
{
    struct attempt *a = ((struct attempt_run *)job)->attempt;
    if (a->home->cutting) {
        give_back(a, 0);
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
        a->entry.error_stack = failure_stack(a);
        step(a, STEP_GETTING_SCRIPT);
        judge(a, SCRIPT_SAID_NOTHING, NULL);
        break;
    case SCRIPT_FAILED:
    case SCRIPT_SUSPENDED:
    case SCRIPT_REFUSED:
        step(a, STEP_RESPONSE_BEFORE);
        a->entry.error_stack = failure_stack(a);
        step(a, STEP_RESPONSE_ERROR);
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
    step(a, STEP_AFTER_CALL);
}

void attempt_answered(struct attempt *a)
{
    const struct exchange *x = &a->call.exchange;
    a->calling = false;
    leave_host(a);
    crash_point("after-send");
    if (x->end == CLIENT_CANCELLED) {
        give_back(a, 0);
        return;
    }
    if (x->end == CLIENT_REFUSED) {
        no_call(a, error_json(&a->arena, x->error, x->code, "refused"));
        return;
    }
    note_answer(a);
    a->silent = x->end != CLIENT_ANSWERED;
    if (a->silent)
        failed(a);
    else if (a->scripted)
        ask_script(a, RESPONSE, request_response(&a->arena, x), response_came);
    else
        judge(a, SCRIPT_SAID_NOTHING, NULL);
}

void attempt_cut(struct attempt *a)
{
    if (a->calling) {
        client_cancel(a->home->config.client, &a->call.exchange);
    } else if (a->place.waiting) {
        leave_host(a);
        give_back(a, 0);
    }
}

/* --- the start --- */

static struct attempt *attempt_new(struct claim *claim, const struct delivery *row)
{
    struct deliveries *d = claim->home;
    struct attempt *a = mem_zalloc(sizeof(*a));
    a->home = d;
    a->claim = claim;
    a->row = row;
    a->run.attempt = a->call.attempt = a;
    a->began_us = clock_mono_us();
    arena_init(&a->arena, ARENA_BYTES);
    claim->refs++;
    a->next = d->alive;
    if (d->alive != NULL)
        d->alive->prev = a;
    d->alive = a;
    return a;
}

static void begin_entry(struct attempt *a)
{
    const struct delivery *row = a->row;
    int64_t now_ms = clock_wall_ms();
    bool first = row->tries == 0;
    a->entry = (struct outgoing_entry){
        .id = first ? row->id : id_hex(&a->arena, now_ms),
        .integration_id = row->integration_id,
        .event = row->event,
        .integration = outgoing_entry_integration(&a->arena, a->claim->in),
        .created_ms = now_ms,
        .tries = row->tries,
        .retry_of = first ? STR("") : row->id,
    };
    step(a, STEP_START);
}

/* What is told, with what comes from the integration as it is now. False: its rules let the event
 * pass no longer. */
static bool complete_payload(struct attempt *a)
{
    const struct integration *in = a->claim->in;
    struct str word;
    const struct json *data = json_parse(&a->arena, a->row->data);
    if (data == NULL || !payload_passes(in, a->row->event, data, &word))
        return false;
    BUF(printed, TEXT_BYTES);
    json_put(&printed, payload_for(&a->arena, in, a->row->data, word));
    a->entry.data = arena_str(&a->arena, buf_str(&printed));
    a->entry.trigger_word = arena_str(&a->arena, word);
    return true;
}

void attempt_start(struct claim *claim, const struct delivery *row)
{
    struct attempt *a = attempt_new(claim, row);
    if (a->home->cutting) {
        give_back(a, 0);
        return;
    }
    begin_entry(a);
    if (!complete_payload(a)) {
        a->order = (struct order){.row = ROW_FINISH};
        attempt_order(a, ended, ended);
        return;
    }
    step(a, STEP_MAPPED_ARGS);
    a->argument = request_argument(&a->arena, row->url, a->entry.data);
    a->scripted = a->home->config.scripts != NULL && !str_empty(integration_runnable(claim->in));
    if (a->scripted)
        ask_script(a, PREPARE, STR(""), prepare_came);
    else
        use_default(a);
}
