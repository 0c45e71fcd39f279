/* The events of a form; see multipart.h. Any thread.
 *
 * A small machine: each state is a function that looks at the front of the input and either uses
 * some of it, or finds that it cannot tell yet. It never looks back: what is left in the input when
 * more is asked for is the beginning of a boundary, of a boundary's line, or of a part's head, all
 * of which are bounded.
 */
#include "http/multipart.h"

#include <assert.h>

#include "http/multipart_head.h"

enum state { AT_START, BEHIND_DELIMITER, IN_HEAD, IN_DATA, DONE, STATES };

/* Not an event for the caller: the state has changed, look again. */
enum { AGAIN = MULTIPART_BAD + 1 };

enum { LINE_PADDING = 256 }; /* blanks behind a boundary */

static enum multipart_event bad(struct multipart *m, struct err *err, const char *what)
{
    m->state = DONE;
    (void)err_invalid(err, "The form cannot be read: %s.", what);
    return MULTIPART_BAD;
}

/* More bytes could still make `input` begin with `wanted`. */
static bool could_begin(struct str input, struct str wanted)
{
    return input.len < wanted.len && str_starts(wanted, input);
}

static void enter(struct multipart *m, enum state state, struct str *input, size_t used)
{
    m->state = state;
    *input = str_after(*input, used);
}

/* --- one function for each state --- */

/* The first delimiter has no line before it; some senders begin with the line's end all the same.
 */
static int at_start(struct multipart *m, struct str *input, struct err *err)
{
    struct str bare = str_after(m->delimiter, 2);
    if (str_starts(*input, m->delimiter) || str_starts(*input, bare)) {
        bool line_end = input->ptr[0] == '\r';
        enter(m, BEHIND_DELIMITER, input, line_end ? m->delimiter.len : bare.len);
        return AGAIN;
    }
    if (could_begin(*input, m->delimiter) || could_begin(*input, bare))
        return MULTIPART_MORE;
    return bad(m, err, "it does not begin with its boundary");
}

/* Behind a boundary: two dashes at the form's end, else the rest of its line. */
static int behind_delimiter(struct multipart *m, struct str *input, struct err *err)
{
    if (str_starts(*input, STR("--"))) {
        enter(m, DONE, input, input->len);
        return MULTIPART_END;
    }
    size_t blanks = 0;
    while (blanks < input->len && (input->ptr[blanks] == ' ' || input->ptr[blanks] == '\t'))
        blanks++;
    struct str rest = str_after(*input, blanks);
    if (blanks > LINE_PADDING)
        return bad(m, err, "too many blanks stand behind a boundary");
    if (str_starts(rest, STR("\r\n"))) {
        enter(m, IN_HEAD, input, blanks + 2);
        return AGAIN;
    }
    bool open = could_begin(rest, STR("\r\n")) || could_begin(*input, STR("--"));
    return open ? MULTIPART_MORE : bad(m, err, "something stands behind a boundary");
}

/* The header lines of a part, all of them at once. */
static int in_head(struct multipart *m, struct str *input, struct err *err)
{
    static const struct str head_end = STR_INIT("\r\n\r\n");
    size_t end = str_find(str_slice(*input, 0, MULTIPART_HEAD_BYTES + head_end.len), head_end);
    if (end == SIZE_MAX && input->len < MULTIPART_HEAD_BYTES + head_end.len)
        return MULTIPART_MORE;
    if (end == SIZE_MAX)
        return bad(m, err, "the head of a part is too long");
    if (++m->parts > MULTIPART_PARTS)
        return bad(m, err, "it has too many parts");
    m->part = ARENA_NEW(m->arena, struct multipart_part);
    struct str lines = arena_str(m->arena, str_slice(*input, 0, end + 2)); /* names point there */
    if (!multipart_head(m->arena, lines, m->part, err)) {
        m->state = DONE;
        return MULTIPART_BAD;
    }
    enter(m, IN_DATA, input, end + head_end.len);
    return MULTIPART_PART;
}

/* How many bytes at the end of `input` may be the beginning of the delimiter. */
static size_t open_end(struct str input, struct str delimiter)
{
    size_t from = input.len < delimiter.len ? 0 : input.len - delimiter.len + 1;
    for (; from < input.len; from++) {
        if (could_begin(str_after(input, from), delimiter))
            break;
    }
    return input.len - from;
}

/* Bytes up to the delimiter, and when that is at the front, the end of the part. */
static int in_data(struct multipart *m, struct str *input, struct err *err)
{
    (void)err;
    size_t end = str_find(*input, m->delimiter);
    if (end == 0) {
        enter(m, BEHIND_DELIMITER, input, m->delimiter.len);
        return MULTIPART_PART_END;
    }
    size_t len = end != SIZE_MAX ? end : input->len - open_end(*input, m->delimiter);
    if (len == 0)
        return MULTIPART_MORE;
    m->data = str_slice(*input, 0, len);
    *input = str_after(*input, len);
    return MULTIPART_DATA;
}

/* --- the machine --- */

bool multipart_begin(struct multipart *m, struct arena *a, struct str content_type, struct err *err)
{
    struct str boundary;
    if (!multipart_boundary(a, content_type, &boundary, err))
        return false;
    struct str delimiter = arena_fmt(a, "\r\n--%.*s", STR_FMT(boundary));
    *m = (struct multipart){.arena = a, .delimiter = delimiter, .state = AT_START};
    return true;
}

enum multipart_event multipart_next(struct multipart *m, struct str *input, bool last,
                                    struct err *err)
{
    static int (*const states[STATES])(struct multipart *, struct str *, struct err *) = {
        [AT_START] = at_start,
        [BEHIND_DELIMITER] = behind_delimiter,
        [IN_HEAD] = in_head,
        [IN_DATA] = in_data,
    };
    int event = AGAIN;
    while (event == AGAIN) {
        assert(m->state < DONE);
        event = states[m->state](m, input, err);
    }
    if (event == MULTIPART_MORE && last)
        return bad(m, err, "it ends before its last boundary");
    return (enum multipart_event)event;
}

/* --- whole forms --- */

bool multipart_read(struct arena *a, struct str content_type, struct str body,
                    struct multipart_part **out, struct err *err)
{
    struct multipart m;
    struct multipart_part *first = NULL, **end = &first;
    if (!multipart_begin(&m, a, content_type, err))
        return false;
    enum multipart_event event;
    while ((event = multipart_next(&m, &body, true, err)) != MULTIPART_END) {
        if (event == MULTIPART_BAD)
            return false;
        if (event == MULTIPART_DATA)
            m.part->data = m.data; /* once for each part: all of it is there */
        if (event == MULTIPART_PART) {
            *end = m.part;
            end = &m.part->next;
        }
    }
    *out = first;
    return true;
}

const struct multipart_part *multipart_find(const struct multipart_part *first, const char *name)
{
    while (first != NULL && !str_is(first->name, name))
        first = first->next;
    return first;
}
