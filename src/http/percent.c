/* Undoing percent-encoding, and making UTF-8 of what comes out. Any thread.
 *
 * Whoever parses looks first whether a text needs any of this: most do not.
 */
#include "http/percent.h"

#include "base/utf8.h"
#include "http/query.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that an escape at the start of `s` stands for, -1 when there is none. */
static int escaped_byte(struct str s)
{
    if (s.len < 3 || s.ptr[0] != '%')
        return -1;
    int high = hex_value(s.ptr[1]), low = hex_value(s.ptr[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* A copy of `text` with its escapes undone; what is no escape stays, and sets *malformed. */
static struct str unescape(struct arena *a, struct str text, bool *malformed)
{
    char *out = arena_alloc(a, text.len + 1);
    size_t len = 0;
    *malformed = false;
    while (text.len > 0) {
        int byte = escaped_byte(text);
        if (byte < 0 && text.ptr[0] == '%')
            *malformed = true;
        out[len++] = byte < 0 ? text.ptr[0] : (char)byte;
        text = str_after(text, byte < 0 ? 1 : 3);
    }
    return str_from(out, len);
}

static struct str plus_to_space(struct arena *a, struct str text)
{
    if (str_find_char(text, '+') == SIZE_MAX)
        return text;
    char *copy = arena_cstr(a, text);
    for (size_t i = 0; i < text.len; i++) {
        if (copy[i] == '+')
            copy[i] = ' ';
    }
    return str_from(copy, text.len);
}

struct str percent_strict(struct arena *a, struct str text)
{
    text = plus_to_space(a, text);
    struct str decoded;
    return utf8_repair(a, percent_decode(a, text, &decoded) ? decoded : text);
}

struct str percent_lenient(struct arena *a, struct str text)
{
    text = plus_to_space(a, text);
    bool malformed;
    if (str_find_char(text, '%') != SIZE_MAX)
        text = unescape(a, text, &malformed);
    return utf8_repair(a, text);
}

bool percent_decode(struct arena *a, struct str text, struct str *out)
{
    bool malformed = false;
    if (str_find_char(text, '%') != SIZE_MAX)
        text = unescape(a, text, &malformed);
    if (malformed || !str_utf8(text))
        return false;
    *out = text;
    return true;
}
