/* One try of one delivery. Each stage is a function that ends by handing the try to somebody and
 * returning; what comes home calls the next one. This file has the first half, answer.c the second.
 *
 *     attempt_start -> [script] -> prepare_came -> [message] -> go_on -> call -> [host's line] ->
 *     start_call -> [receiver] -> attempt_answered -> [script] -> response_came ->
 *     judge -> [record]
 *
 * In brackets: who has it meanwhile. Nothing leaves before its claim was committed, and the row
 * stays until what became of it is: so a delivery may be made twice, and is never lost. Runs on the
 * thread `queue`.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/mem.h"
#include "deliver/internal.h"
#include "events/payload.h"
#include "http/client.h"

enum {
    ARENA_BYTES = 128 << 20,
    ANSWER_BYTES = 10 << 20, /* of a receiver's body */
    REDIRECTS = 5,
    TEXT_BYTES = 32 << 20,
    BUSY_WAIT_MS = 1000, /* when too many calls of the script wait */
};

/* --- the call --- */

/* As the script says, else its integration, else the server. */
static int64_t timeout_ms(const struct attempt *a)
{
    if (a->request.timeout_ms != 0)
        return a->request.timeout_ms;
    return a->claim->timeout_ms != 0 ? a->claim->timeout_ms : a->home->config.timeout_ms;
}

static void start_call(struct attempt *a)
{
    const struct deliver_config *config = &a->home->config;
    struct exchange *x = &a->call.exchange;
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
        .timeout_ms = timeout_ms(a),
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
        attempt_give_back(a, 0);
        return;
    }
    request_sign(&a->arena, &a->request, a->row->id, clock_wall_ms(), &a->claim->secrets);
    a->entry.url = a->request.url;
    a->entry.http_call_data = a->request.data;
    attempt_step(a, STEP_PRE_CALL);
    if (hosts_enter(&a->home->hosts, a->request.url, &a->place))
        start_call(a);
}

static struct attempt *attempt_at(struct host_place *place)
{
    return (struct attempt *)(void *)((char *)place - offsetof(struct attempt, place));
}

void attempt_leave_host(struct attempt *a)
{
    struct host_place *place = hosts_leave(&a->home->hosts, &a->place);
    if (place == NULL)
        return;
    struct attempt *next = attempt_at(place);
    if (!a->home->cutting) {
        start_call(next);
        return;
    }
    attempt_leave_host(next);
    attempt_give_back(next, 0);
}

/* --- before the call --- */

static void use_default(struct attempt *a)
{
    a->entry.ran_prepare = true;
    attempt_step(a, STEP_PREPARED);
    request_default(&a->request, a->row->url, a->entry.data);
    call(a);
}

/* After the message that prepare wanted to be posted, if any. */
static void go_on(struct attempt *a)
{
    struct err err = ERR_NONE;
    const struct json *result = a->result, *message;
    if (request_prepared(&a->arena, result, &message) != PREPARED_CALL) {
        attempt_step(a, STEP_PREPARE_NO_TARGET);
        attempt_finish(a, ROW_FINISH);
        return;
    }
    a->argument = a->run.run.result;
    if (request_custom(&a->arena, &a->request, result, &err)) {
        call(a);
        return;
    }
    a->entry.url = a->request.url;
    a->entry.http_call_data = a->request.data;
    attempt_step(a, STEP_PRE_CALL);
    attempt_no_call(a, error_json(&a->arena, arena_str(&a->arena, str_of(err.text)), NULL, "auth"));
}

static void message_posted(struct attempt *a)
{
    attempt_step(a, STEP_PREPARE_MESSAGE);
    go_on(a);
}

static void message_refused(struct attempt *a)
{
    attempt_step(a, STEP_PREPARE_MESSAGE_FAILED);
    attempt_finish(a, ROW_FINISH);
}

static void heed_prepare(struct attempt *a)
{
    const struct json *message;
    struct str result = a->run.run.result;
    a->result = str_empty(result) ? NULL : json_parse(&a->arena, result);
    a->entry.ran_prepare = true;
    attempt_step(a, STEP_PREPARED);
    if (request_prepared(&a->arena, a->result, &message) == PREPARED_CANCELLED) {
        attempt_step(a, STEP_PREPARE_NO_OPTS);
        attempt_finish(a, ROW_FINISH);
    } else if (message != NULL) {
        a->order = (struct order){.content = message, .posted_to = &a->entry.prepare_sent};
        attempt_order(a, message_posted, message_refused);
    } else {
        go_on(a);
    }
}

static void prepare_failed(struct attempt *a)
{
    attempt_step(a, STEP_PREPARE_BEFORE);
    a->entry.error_stack = attempt_script_stack(a);
    attempt_step(a, STEP_PREPARE_ERROR);
    a->run.run.result = STR(""); /* as if it had returned nothing */
    heed_prepare(a);
}

static void prepare_came(struct job *job)
{
    struct attempt *a = ((struct attempt_run *)job)->attempt;
    if (a->home->cutting) {
        attempt_give_back(a, 0);
        return;
    }
    attempt_note_run(a);
    switch (a->run.run.end) {
    case SCRIPT_RETURNED:
        attempt_step(a, STEP_PREPARE_BEFORE);
        heed_prepare(a);
        break;
    case SCRIPT_NO_METHOD:
        use_default(a);
        break;
    case SCRIPT_BAD: /* neither method can be asked */
        a->entry.error_stack = attempt_script_stack(a);
        a->scripted = false;
        attempt_step(a, STEP_GETTING_SCRIPT);
        use_default(a);
        break;
    case SCRIPT_FAILED:
    case SCRIPT_SUSPENDED:
        prepare_failed(a);
        break;
    case SCRIPT_REFUSED:
        attempt_give_back(a, BUSY_WAIT_MS);
        break;
    }
}

/* --- being cut --- */

void attempt_cut(struct attempt *a)
{
    if (a->calling) {
        client_cancel(a->home->config.client, &a->call.exchange);
    } else if (a->place.waiting) {
        attempt_leave_host(a);
        attempt_give_back(a, 0);
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

/* The delivery's own for the first try. The others follow from it, so that a try which a crash has
 * cut finds the entry that it left behind. */
static struct str entry_id(struct attempt *a)
{
    enum { SECONDS = 8 }; /* digits that an id begins with */
    char hex[DIGEST_HEX_BYTES];
    struct str id = a->row->id;
    if (a->row->tries == 0)
        return id;
    digest_sha256_hex(arena_fmt(&a->arena, "%.*s %lld", STR_FMT(id), (long long)a->row->tries),
                      hex);
    struct str parts[] = {str_slice(id, 0, SECONDS), str_from(hex, ID_HEX_LEN - SECONDS)};
    return arena_join(&a->arena, parts, 2);
}

static void begin_entry(struct attempt *a)
{
    const struct delivery *row = a->row;
    bool first = row->tries == 0;
    a->entry = (struct outgoing_entry){
        .id = entry_id(a),
        .integration_id = row->integration_id,
        .event = row->event,
        .integration = outgoing_entry_integration(&a->arena, a->claim->in),
        .created_ms = clock_wall_ms(),
        .tries = row->tries,
        .retry_of = first ? STR("") : row->id,
    };
    attempt_step(a, STEP_START);
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
        attempt_give_back(a, 0);
        return;
    }
    begin_entry(a);
    if (!complete_payload(a)) {
        a->order = (struct order){.row = ROW_FINISH};
        attempt_order(a, attempt_ended, attempt_ended);
        return;
    }
    attempt_step(a, STEP_MAPPED_ARGS);
    a->argument = request_argument(&a->arena, row->url, a->entry.data);
    a->scripted = a->home->config.scripts != NULL && !str_empty(integration_runnable(claim->in));
    if (a->scripted)
        attempt_ask_script(a, PREPARE, STR(""), prepare_came);
    else
        use_default(a);
}
