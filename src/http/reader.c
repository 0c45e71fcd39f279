/* What is left over between two reads of a connection; see wire.h.
 *
 * A held request keeps its own draft, for its positions must live as long as its bytes. Whatever
 * was parsed and is not needed any more (sizes of chunks, requests already handled) is cut out, so
 * what is held is bounded by the limits of head and body and what one read can bring.
 *
 * Runs on the connection's loop.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/wire.h"

struct held {
    struct buf bytes;
    size_t parsed; /* how many of them */
    struct draft draft;
    struct field fields[]; /* of the draft */
};

void reader_init(struct reader *r)
{
    draft_parser_init(&r->parser);
    r->held = NULL;
}

void reader_release(struct reader *r)
{
    if (r->held != NULL)
        buf_release(&r->held->bytes);
    free(r->held);
    r->held = NULL;
}

/* Makes room for what is left over. `draft` tells how the bytes are to be read further. */
static struct held *hold(struct reader *r, const struct draft *draft)
{
    size_t room = draft->limits->header_count * sizeof(struct field);
    struct held *held = mem_alloc(sizeof(*held) + room);
    held->parsed = 0;
    held->draft = *draft;
    held->draft.fields = held->fields;
    if (draft->field_count > 0)
        memcpy(held->fields, draft->fields, draft->field_count * sizeof(struct field));
    buf_init(&held->bytes, SIZE_MAX / 2);
    r->held = held;
    return held;
}

struct window reader_open(struct reader *r, struct draft *draft, char *bytes, size_t len)
{
    struct held *held = r->held;
    if (held == NULL) {
        draft_begin(draft);
        return (struct window){.draft = draft, .bytes = bytes, .len = len};
    }
    (void)buf_add(&held->bytes, str_from(bytes, len));
    return (struct window){.draft = &held->draft,
                           .bytes = held->bytes.ptr,
                           .parsed = held->parsed,
                           .len = held->bytes.len};
}

enum reading reader_next(struct reader *r, struct window *w)
{
    if (w->draft->stage == STAGE_WHOLE)
        draft_begin(w->draft);
    if (w->parsed == w->len)
        return READ_MORE;
    if (llhttp_get_errno(&r->parser) == HPE_PAUSED)
        llhttp_resume(&r->parser);
    size_t end = 0;
    enum reading got =
        draft_feed(w->draft, &r->parser, w->bytes + w->at, w->parsed - w->at, w->len - w->at, &end);
    bool ends = got == READ_WHOLE || got == READ_HEAD;
    if (ends)
        w->at += end;
    w->parsed = ends ? w->at : w->len;
    return got;
}

void reader_close(struct reader *r, const struct window *w)
{
    if (w->draft->stage == STAGE_WHOLE)
        draft_begin(w->draft);
    size_t left = w->len - w->at, parsed = w->parsed - w->at;
    if (left == 0) {
        reader_release(r);
        return;
    }
    assert(parsed == 0 || parsed == left);
    if (parsed > 0)
        left = parsed = draft_needs(w->draft, left);
    struct held *held = r->held;
    if (held == NULL) {
        held = hold(r, w->draft);
        (void)buf_add(&held->bytes, str_from(w->bytes + w->at, left));
    } else {
        memmove(held->bytes.ptr, held->bytes.ptr + w->at, left);
        buf_cut(&held->bytes, left);
    }
    held->parsed = parsed;
}

void reader_store(struct reader *r, struct draft *draft, const char *bytes, size_t len)
{
    if (r->held == NULL) {
        draft_begin(draft);
        hold(r, draft);
    }
    (void)buf_add(&r->held->bytes, str_from(bytes, len));
}

/* What stands behind a body is the beginning of the next request. */
static void keep_rest(struct reader *r, const struct draft *draft, const char *bytes, size_t len)
{
    struct held *held = r->held;
    struct draft next = *draft;
    if (len == 0) {
        reader_release(r);
    } else if (held == NULL) {
        reader_store(r, &next, bytes, len);
    } else {
        memmove(held->bytes.ptr, bytes, len);
        buf_cut(&held->bytes, len);
        draft_begin(&held->draft);
        held->parsed = 0;
    }
}

enum reading reader_body(struct reader *r, struct draft *draft, char *bytes, size_t len,
                         struct buf *body)
{
    if (r->held != NULL) {
        (void)buf_add(&r->held->bytes, str_from(bytes, len));
        bytes = r->held->bytes.ptr;
        len = r->held->bytes.len;
    }
    if (len == 0)
        return READ_MORE;
    if (llhttp_get_errno(&r->parser) == HPE_PAUSED)
        llhttp_resume(&r->parser);
    size_t end = len;
    draft->body_at = draft->body_len = 0;
    enum reading got = draft_feed(draft, &r->parser, bytes, 0, len, &end);
    if (got != READ_REFUSED)
        (void)buf_add(body, str_from(bytes + draft->body_at, draft->body_len));
    keep_rest(r, draft, bytes + end, len - end);
    return got;
}

size_t reader_holds(const struct reader *r)
{
    return r->held ? r->held->bytes.len : 0;
}

enum stage reader_stage(const struct reader *r)
{
    return r->held ? r->held->draft.stage : STAGE_HEAD;
}
