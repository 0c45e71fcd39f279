/* Answers as bytes: the envelope of success, and the only place where an err becomes a body. Runs
 * on the loop. */
#include "api/serve.h"

#include "base/log.h"

enum { ERROR_BODY_MAX = 64 << 10 };

static void send(struct call *call, struct http_request *rq, const struct http_answer *answer)
{
    if (rq != NULL)
        http_answer(rq, answer);
    else
        http_answer_parked(call->conn, answer);
}

/* The line of the audit log: who did what to which. */
static void audit(const struct call *call)
{
    if (call->endpoint->audit)
        log_event(LOG_INFO, "audit", "action=%s actor=%s target=%s", call->endpoint->path,
                  LOG_Q(call->user_id), LOG_Q(call->audit_target));
}

void reply_success(struct call *call, struct http_request *rq)
{
    struct str none = STR(""), comma = STR(","), out = buf_str(&call->out);
    bool lent = !str_empty(call->lent[0]);
    struct str parts[] = {STR("{"),
                          out,
                          lent && !str_empty(out) ? comma : none,
                          call->lent[0],
                          call->lent[1],
                          lent || !str_empty(out) ? comma : none,
                          STR("\"success\":true}")};
    audit(call);
    send(call, rq,
         &(struct http_answer){
             .status = call->status,
             .content_type = call->content_type,
             .headers = call->headers,
             .parts = call->raw ? &parts[1] : parts,
             .part_count = call->raw ? 1 : sizeof(parts) / sizeof(parts[0]),
         });
}

bool reply_long(struct call *call, http_ready *ready)
{
    struct str first = buf_str(&call->out);
    return http_answer_long(call->conn,
                            &(struct http_answer){.status = call->status,
                                                  .content_type = call->content_type,
                                                  .headers = call->headers,
                                                  .parts = &first,
                                                  .part_count = 1},
                            call->left, ready, call);
}

/* The reference's text for people: with the type behind it for errors that were thrown. */
static struct str error_text(struct arena *arena, const struct err *err)
{
    struct str text = str_of(err->text);
    if (!err->suffix)
        return text;
    if (str_empty(text))
        return arena_fmt(arena, "[%s]", err->type);
    return arena_join(arena, (struct str[]){text, STR(" ["), str_of(err->type), STR("]")}, 4);
}

/* The 401 of somebody nobody knows has a body of its own; what is thrown with 401, 403 and 429
 * names no errorType. */
static void put_error(struct buf *body, struct arena *arena, const struct err *err)
{
    struct json_out o = json_begin(body, '{');
    if (err->status == 401 && err->type == NULL) {
        json_member_str(&o, "status", STR("error"));
        json_member_str(&o, "message", str_of(err->text));
        json_end(&o);
        return;
    }
    json_member_bool(&o, "success", false);
    struct str text = error_text(arena, err);
    if (!str_empty(text))
        json_member_str(&o, "error", text);
    bool typed =
        err->type != NULL && err->status != 401 && err->status != 403 && err->status != 429;
    if (typed)
        json_member_str(&o, "errorType", str_of(err->type));
    if (typed && !str_empty(err->details))
        json_member_raw(&o, "details", err->details);
    json_end(&o);
}

void reply_failure(struct call *call, struct http_request *rq, const struct err *err)
{
    struct err shown = *err;
    if (err->status == 500) { /* what broke inside is for the operator, not for the caller */
        log_event(LOG_ERROR, "internal_error", "endpoint=%s error=%s", call->endpoint->path,
                  LOG_Q(str_of(err->text)));
        (void)err_set(&shown, 500, NULL, "Internal server error");
    }
    BUF(body, ERROR_BODY_MAX);
    put_error(&body, call->arena, &shown);
    struct str headers = call->headers;
    if (err->retry_after_s > 0)
        headers =
            arena_fmt(call->arena, "%.*sRetry-After: %d\r\n", STR_FMT(headers), err->retry_after_s);
    struct str whole = buf_str(&body);
    send(call, rq,
         &(struct http_answer){
             .status = err->status, .headers = headers, .parts = &whole, .part_count = 1});
}
