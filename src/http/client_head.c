/* The head of an answer; see client_head.h. Any thread.
 *
 * What is kept of each line is its text and '\n', so that a '\n' is nothing but a line's end. A
 * line that begins with a blank goes on where the header before it ended, and a '\r' within a line
 * is a blank (RFC 9112, 5.2 and 2.2). Behind the empty line, which is kept too, the head is whole.
 */
#include "http/client_head.h"

#include "base/utf8.h"
#include "http/http.h"

/* --- collecting --- */

static bool is_whole(const struct buf *head)
{
    return str_ends(buf_str(head), STR("\n\n")) || str_is(buf_str(head), "\n");
}

/* Whatever else is in such a line, libcurl's head ends there, too. */
static bool is_empty_line(struct str line)
{
    return str_empty(line) || line.ptr[0] == '\r' || line.ptr[0] == '\n';
}

static bool is_folded(struct str line)
{
    return line.ptr[0] == ' ' || line.ptr[0] == '\t';
}

static struct str without_end(struct str line)
{
    if (str_ends(line, STR("\n")))
        line.len--;
    if (str_ends(line, STR("\r")))
        line.len--;
    return line;
}

static bool add_line(struct buf *head, struct str text)
{
    struct str part;
    (void)str_split(&text, '\r', &part);
    buf_add(head, part);
    while (str_split(&text, '\r', &part)) {
        buf_add_char(head, ' ');
        buf_add(head, part);
    }
    return buf_add_char(head, '\n');
}

/* Puts the line at the end of the last header; a status line has nothing to go on with. */
static bool add_folded(struct buf *head, struct str text)
{
    if (str_find_char(buf_str(head), '\n') + 1 >= head->len)
        return true;
    buf_cut(head, head->len - 1);
    buf_add_char(head, ' ');
    return add_line(head, str_trim(text));
}

bool head_add(struct buf *head, struct str line)
{
    if (!buf_ok(head))
        return false;
    if (is_whole(head)) {
        if (!str_starts(line, STR("HTTP/")))
            return true;
        buf_clear(head);
    }
    if (is_empty_line(line))
        return buf_add_char(head, '\n');
    struct str text = without_end(line);
    return is_folded(line) ? add_folded(head, text) : add_line(head, text);
}

/* --- reading --- */

struct str head_status_text(const struct buf *head)
{
    struct str rest = buf_str(head), line, version, status;
    (void)str_split(&rest, '\n', &line);
    (void)str_split(&line, ' ', &version);
    (void)str_split(&line, ' ', &status);
    return line.len != SIZE_MAX ? str_trim(line) : STR("");
}

/* The lines behind the status line. */
static struct str fields_of(const struct buf *head)
{
    struct str rest = buf_str(head), status_line;
    (void)str_split(&rest, '\n', &status_line);
    return rest;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!http_is_token(s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

/* Cuts the next header off. Lines that are none, as the empty one, are passed over; false when no
 * header is left. */
static bool next_header(struct str *rest, struct client_header *out)
{
    struct str line;
    while (str_split(rest, '\n', &line)) {
        size_t colon = str_find_char(line, ':');
        out->name = str_trim(str_slice(line, 0, colon));
        if (colon != SIZE_MAX && is_name(out->name)) {
            out->value = str_trim(str_after(line, colon + 1));
            return true;
        }
    }
    return false;
}

bool head_find(const struct buf *head, struct str name, struct str *out)
{
    struct str rest = fields_of(head);
    struct client_header header;
    while (next_header(&rest, &header)) {
        if (str_eq_nocase(header.name, name)) {
            *out = header.value;
            return true;
        }
    }
    return false;
}

static size_t count_headers(struct str rest)
{
    size_t count = 0;
    struct client_header header;
    while (next_header(&rest, &header))
        count++;
    return count;
}

size_t head_list(const struct buf *head, struct arena *a, struct client_header **out)
{
    struct str rest = fields_of(head);
    size_t count = count_headers(rest);
    struct client_header header, *list = ARENA_ARRAY(a, struct client_header, count);
    for (size_t i = 0; i < count && next_header(&rest, &header); i++) {
        list[i] = (struct client_header){.name = arena_lower(a, header.name),
                                         .value = arena_str(a, utf8_repair(a, header.value))};
    }
    *out = list;
    return count;
}
