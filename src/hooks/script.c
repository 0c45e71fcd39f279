/* The script of a call to a hook: what it is given, and what is done with its result. Runs on the
 * loop, in memory; the script itself runs elsewhere (script/script.h). */
#include "hooks/argument.h"
#include "hooks/hook.h"
#include "hooks/outcome.h"

enum { ARGUMENT_BYTES = 7 << 20 }; /* what fits into an engine, and more */

void hook_prepare_script(struct call *call, const struct http_request *rq)
{
    struct hook *hook = call->state;
    bool long_form = str_find(str_of(call->endpoint->path), STR("/:userId/")) != SIZE_MAX;
    struct str headers = request_headers(rq, NULL, NULL, call->arena);
    struct incoming_request request = {
        .path = rq->path,
        .query = rq->query,
        .id = hook->in->id,
        .token = rq->params[long_form ? 2 : 1],
        .user_segment = long_form ? rq->params[1] : STR(""),
        .content = hook->content,
        .content_raw = hook->payload.raw,
        .headers = str_empty(headers) ? STR("{}") : headers,
        .user_id = call->user_id,
        .name = call->user->name,
        .username = call->username,
    };
    BUF(text, ARGUMENT_BYTES);
    size_t likely = 4 * request.content_raw.len; /* the content twice, and escaped once */
    if (likely < ARGUMENT_BYTES)
        (void)buf_room(&text, likely);
    buf_lit(&text, "{\"request\":");
    bool fits = incoming_request_put(&text, call->arena, &request);
    buf_add_char(&text, '}');
    if (fits && buf_ok(&text))
        hook->argument = arena_str(call->arena, buf_str(&text));
}

void hook_let_go(struct call *call)
{
    struct hook *hook = call->state;
    progress_end(call->api->hooks->progress, hook->hold);
    hook->hold = NULL;
}

bool hook_ask_script(struct call *call, struct err *err)
{
    const struct hook *hook = call->state;
    if (str_empty(hook->script) || hook->replayed)
        return true;
    if (str_empty(hook->argument))
        return err_set(err, 413, NULL, "A script can be given requests of up to %d MB.",
                       ARGUMENT_BYTES >> 20);
    struct script_run *run = call_script(call);
    run->ask = SCRIPT_CALL;
    run->side = SCRIPT_INCOMING;
    run->sloppy = !hook->in->skip_transpile;
    run->id = hook->in->id;
    run->revision = hook->revision;
    run->source = hook->script;
    run->method = "process_incoming_request";
    run->argument = hook->argument;
    return true;
}

/* --- its result --- */

/* A refusal or a failure. What went wrong inside is for the owner, not for the sender. */
static bool answer_word(struct call *call, const struct script_word *word)
{
    struct hook *hook = call->state;
    if (word->says == SCRIPT_SAYS_REFUSE)
        hook->reason = STR("the script refused the call");
    else if (word->status == 503)
        call->headers = arena_fmt(call->arena, "%.*sRetry-After: %d\r\n", STR_FMT(call->headers),
                                  word->retry_after_s);
    script_word_put(&call->out, word);
    call->raw = true;
    call->status = word->status;
    call->finished = true;
    hook_let_go(call);
    return true;
}

bool hook_heed_script(struct call *call, struct err *err)
{
    struct hook *hook = call->state;
    if (call->run == NULL)
        return true;
    struct script_word word = script_understand(call->run, hook->payload.content);
    hook->content = word.content;
    hook->response = word.response;
    hook->posts_as = word.user;
    if (word.says == SCRIPT_SAYS_NOTHING) {
        hook->outcome = "ignored";
        hook->reason = STR("the script returned nothing to post");
    }
    if (word.says == SCRIPT_SAYS_NOTHING || word.says == SCRIPT_SAYS_POST)
        return hook_destination_allowed(hook, err);
    return answer_word(call, &word);
}
