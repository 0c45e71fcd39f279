/* What the room reads out of bytes that arrive in pieces, written down as text. The unit tests look
 * at it, and the fuzz target compares the transcripts of one input cut in different ways.
 *
 * Each piece lies in memory of its own, which is gone when the turn is over, so that a sanitizer
 * sees whoever reads too far or too late. */
#pragma once

#include <stdlib.h>

#include "http/wire.h"

static const struct http_limits transcript_limits = {
    .header_bytes = 2048, .header_count = 10, .body_bytes = 4096, .forwarded_count = 0};

struct transcript {
    const struct http_limits *limits;
    struct reader reader;
    struct draft draft;
    struct http_header *headers;
    struct buf text;
    bool over; /* refused, or the last request of the connection */
};

static inline void transcript_begin(struct transcript *t, const struct http_limits *limits)
{
    *t = (struct transcript){.limits = limits};
    reader_init(&t->reader);
    t->draft.limits = limits;
    t->draft.fields = malloc(limits->header_count * sizeof(struct field));
    t->headers = malloc(limits->header_count * sizeof(struct http_header));
    buf_init(&t->text, 1 << 24);
}

static inline void transcript_end(struct transcript *t)
{
    reader_release(&t->reader);
    free(t->draft.fields);
    free(t->headers);
    buf_release(&t->text);
}

/* "GET /path?query |Name=value|Other=value| body peer\n" */
static inline void transcript_request(struct transcript *t, const struct draft *d)
{
    static const char *const names[] = {"GET",    "HEAD",    "POST",  "PUT",
                                        "DELETE", "OPTIONS", "PATCH", "OTHER"};
    struct http_request rq;
    draft_request(d, t->headers, STR("peer"), &rq);
    buf_addf(&t->text, "%s %.*s?%.*s |", names[rq.head_only ? HTTP_HEAD : rq.method],
             STR_FMT(rq.path), STR_FMT(rq.query));
    for (size_t i = 0; i < rq.header_count; i++)
        buf_addf(&t->text, "%.*s=%.*s|", STR_FMT(rq.headers[i].name), STR_FMT(rq.headers[i].value));
    buf_lit(&t->text, " ");
    buf_add(&t->text, rq.body);
    buf_addf(&t->text, " %.*s%s\n", STR_FMT(rq.peer), d->keep_alive ? "" : " last");
    t->over = !d->keep_alive;
}

static inline void transcript_add(struct transcript *t, const char *bytes, size_t len)
{
    if (t->over || len == 0)
        return;
    char *piece = malloc(len);
    memcpy(piece, bytes, len);
    struct window w = reader_open(&t->reader, &t->draft, piece, len);
    enum reading got = READ_WHOLE;
    while (!t->over && (got = reader_next(&t->reader, &w)) == READ_WHOLE)
        transcript_request(t, w.draft);
    if (got == READ_REFUSED) {
        buf_addf(&t->text, "refused %d %s\n", w.draft->refusal.status, w.draft->refusal.text);
        t->over = true;
    }
    if (t->over)
        reader_release(&t->reader);
    else
        reader_close(&t->reader, &w);
    free(piece);
}
