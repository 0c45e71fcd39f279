/* Bodies in pieces, between http and the steps of a call: a piece is brought to the disk lane, and
 * the next one is asked for when the step has come back; and the same the other way. So there is
 * one piece of each call in memory, whatever the body's size. Runs on the loop.
 */
#include "api/serve.h"

#include "base/lane.h"

/* --- in --- */

static void submit(struct call *call)
{
    struct err err = ERR_NONE;
    call->command.job.bytes = sizeof(*call) + call->arena->used + call->piece.len;
    call_renew(call);
    if (!lane_submit(call->api->disk, &call->command.job, &err))
        call_fail(call, &err);
}

static void take(void *arg, const struct http_piece *piece)
{
    struct call *call = arg;
    struct err err = ERR_NONE;
    if (piece->status != 0) {
        (void)err_set(&err, piece->status, NULL, "%s", piece->text);
        call_fail(call, &err);
        return;
    }
    buf_clear(&call->piece);
    (void)buf_add(&call->piece, piece->bytes);
    call->last_piece = piece->last;
    submit(call);
}

void pieces_pull(struct call *call)
{
    if (call->body_follows)
        http_pull(call->conn, take, call);
    else
        take(call, &(struct http_piece){.last = true});
}

/* --- out --- */

static void write_more(void *arg)
{
    submit(arg);
}

void pieces_send(struct call *call)
{
    bool begun = call->begun;
    call->begun = true;
    atomic_store(&call->command.job.abandoned, false); /* from here on http says who has gone */
    bool wanted = begun ? http_push(call->conn, buf_str(&call->out)) : reply_long(call, write_more);
    if (!wanted)
        call_over(call, call->status, NULL);
}
