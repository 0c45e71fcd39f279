/* Reading requests whose bodies are wanted in pieces: POST to any path below /take/. Whether the
 * bytes come at once or cut, the same requests must be read, with the same bodies, and refused in
 * the same place. The first byte of an input says how it is cut. */
#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "unit/http/transcript.h"

/* What conn.c is to the reader: a body is read on until it is whole. */
struct reading_state {
    struct transcript t;
    bool in_body;
    struct draft draft; /* of the body */
    struct buf body;
};

static void on_nothing(struct http_request *rq, const void *arg)
{
    (void)rq;
    (void)arg;
}

static struct router *pieces_router(void)
{
    static struct router *router;
    if (router == NULL) {
        digest_init();
        router = router_new();
        router_add_stream(router, HTTP_POST, "/take/:what", on_nothing, NULL);
    }
    return router;
}

static void begin(struct reading_state *s)
{
    transcript_begin(&s->t, &transcript_limits);
    s->t.draft.router = pieces_router();
    s->in_body = false;
    buf_init(&s->body, 1 << 24);
}

static void end(struct reading_state *s)
{
    transcript_end(&s->t);
    buf_release(&s->body);
}

static void refused(struct reading_state *s)
{
    buf_lit(&s->t.text, "refused\n");
    s->t.over = true;
}

static void begin_body(struct reading_state *s, struct draft *draft)
{
    transcript_request(&s->t, draft);
    s->t.over = false;
    s->in_body = true;
    s->draft = *draft;
    s->draft.fields = NULL;
    s->draft.field_count = 0;
    draft_begin(draft);
}

static void read_body(struct reading_state *s, char *bytes, size_t len)
{
    enum reading got = reader_body(&s->t.reader, &s->draft, bytes, len, &s->body);
    if (got == READ_REFUSED)
        refused(s);
    if (got != READ_WHOLE)
        return;
    buf_add(&s->t.text, buf_str(&s->body));
    buf_lit(&s->t.text, " end\n");
    buf_clear(&s->body);
    s->in_body = false;
    s->t.over = !s->draft.keep_alive;
}

static void read_requests(struct reading_state *s, char *bytes, size_t len)
{
    struct window w = reader_open(&s->t.reader, &s->t.draft, bytes, len);
    enum reading got = READ_WHOLE;
    while (!s->t.over && !s->in_body && got != READ_MORE) {
        got = reader_next(&s->t.reader, &w);
        if (got == READ_WHOLE)
            transcript_request(&s->t, w.draft);
        else if (got == READ_HEAD)
            begin_body(s, w.draft);
        else if (got == READ_REFUSED)
            refused(s);
    }
    if (!s->t.over)
        reader_close(&s->t.reader, &w);
}

static void add(struct reading_state *s, const char *bytes, size_t len)
{
    char *piece = malloc(len);
    memcpy(piece, bytes, len);
    bool was_in_body = s->in_body;
    if (!was_in_body)
        read_requests(s, piece, len);
    while (s->in_body && !s->t.over) {
        size_t before = s->t.text.len;
        read_body(s, was_in_body ? piece : NULL, was_in_body ? len : 0);
        was_in_body = false;
        if (s->in_body || s->t.over || s->t.text.len == before)
            break;
        if (reader_holds(&s->t.reader) > 0)
            read_requests(s, NULL, 0);
    }
    if (s->t.over)
        reader_release(&s->t.reader);
    free(piece);
}

static void read_pieces(struct reading_state *s, const char *bytes, size_t size, size_t piece)
{
    begin(s);
    for (size_t at = 0; at < size && !s->t.over; at += piece)
        add(s, bytes + at, piece < size - at ? piece : size - at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    struct reading_state whole, cut;
    read_pieces(&whole, bytes, size - 1, size - 1);
    read_pieces(&cut, bytes, size - 1, (size_t)data[0] + 1);
    assert(str_eq(buf_str(&whole.t.text), buf_str(&cut.t.text)));
    end(&whole);
    end(&cut);
    return 0;
}
