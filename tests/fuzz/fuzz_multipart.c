/* Forms of several parts. An input is a byte that says how the body is cut, the Content-Type, a
 * line's end, and the body. In one piece and cut in pieces the same must be read, or refused for
 * the same reason. */
#include <assert.h>

#include "base/buf.h"
#include "http/multipart.h"

/* False at the end. */
static bool note(struct buf *out, const struct multipart *m, enum multipart_event event,
                 const struct err *err)
{
    switch (event) {
    case MULTIPART_PART:
        assert(m->part->name.len > 0 && str_utf8(m->part->name) && str_utf8(m->part->filename));
        buf_addf(out, "\n%.*s(%d,%.*s,%.*s)=", STR_FMT(m->part->name), m->part->is_file,
                 STR_FMT(m->part->filename), STR_FMT(m->part->content_type));
        return true;
    case MULTIPART_DATA:
        assert(m->data.len > 0);
        buf_add(out, m->data);
        return true;
    case MULTIPART_BAD:
        assert(err->status == 400);
        buf_addf(out, "\n%s", err->text);
        return false;
    default:
        return event != MULTIPART_END;
    }
}

static void read_pieces(struct buf *out, struct str type, struct str body, size_t step)
{
    struct arena a;
    struct multipart m;
    struct err err = ERR_NONE;
    arena_init(&a, SIZE_MAX);
    BUF(held, SIZE_MAX);
    bool go_on = multipart_begin(&m, &a, type, &err);
    for (size_t at = 0; go_on && at <= body.len; at += step) {
        buf_add(&held, str_slice(body, at, at + step));
        struct str input = buf_str(&held);
        bool last = at + step > body.len;
        enum multipart_event event = MULTIPART_DATA;
        while (go_on && event != MULTIPART_MORE) {
            event = multipart_next(&m, &input, last, &err);
            go_on = note(out, &m, event, &err);
        }
        struct str rest = arena_str(&a, input);
        buf_clear(&held);
        buf_add(&held, rest);
    }
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct str rest = str_from((const char *)data + 1, size - 1), type;
    (void)str_split(&rest, '\n', &type);
    struct str body = rest.len == SIZE_MAX ? STR("") : rest;
    BUF(whole, SIZE_MAX);
    BUF(cut, SIZE_MAX);
    read_pieces(&whole, type, body, body.len + 1);
    read_pieces(&cut, type, body, (size_t)data[0] + 1);
    assert(str_eq(buf_str(&whole), buf_str(&cut)));
    return 0;
}
