/* Header lines of forms and their parts: values with parameters. Any thread.
 *
 * A value is a word and parameters behind semicolons: form-data; name="a"; filename="b.txt". Quoted
 * parameters are undone as browsers and curl write them: \" and \\ are escapes, any other backslash
 * is itself (old browsers send whole paths of Windows). Names that are percent-encoded stay so.
 */
#include "http/multipart_head.h"

#include "base/utf8.h"
#include "http/http.h"
#include "http/query.h"

static bool bad(struct err *err, const char *what)
{
    return err_invalid(err, "The form cannot be read: %s.", what);
}

/* --- values and parameters --- */

struct param {
    struct str name, value;
};

static struct str cut_token(struct str *rest)
{
    size_t len = 0;
    while (len < rest->len && http_is_token(rest->ptr[len]))
        len++;
    struct str token = str_slice(*rest, 0, len);
    *rest = str_after(*rest, len);
    return token;
}

static void skip_blanks(struct str *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = str_after(*rest, 1);
}

static bool skip_char(struct str *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c)
        return false;
    *rest = str_after(*rest, 1);
    return true;
}

static bool is_escape(struct str s, size_t at)
{
    return s.ptr[at] == '\\' && at + 1 < s.len && (s.ptr[at + 1] == '"' || s.ptr[at + 1] == '\\');
}

static struct str unescape(struct arena *a, struct str s)
{
    if (str_find_char(s, '\\') == SIZE_MAX)
        return s;
    char *text = arena_alloc(a, s.len);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        i += is_escape(s, i);
        text[len++] = s.ptr[i];
    }
    return str_from(text, len);
}

/* The rest of a quoted text whose opening quote was taken; false when it does not end. */
static bool cut_quoted(struct arena *a, struct str *rest, struct str *out)
{
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != '"')
        end += is_escape(*rest, end) ? 2 : 1;
    if (end == rest->len)
        return false;
    *out = unescape(a, str_slice(*rest, 0, end));
    *rest = str_after(*rest, end + 1);
    return true;
}

/* Cuts the next parameter off the front of *rest. False at the end, or, with *malformed, when there
 * is something else. */
static bool next_param(struct arena *a, struct str *rest, struct param *param, bool *malformed)
{
    skip_blanks(rest);
    if (rest->len == 0)
        return false;
    *malformed = true;
    if (!skip_char(rest, ';'))
        return false;
    skip_blanks(rest);
    param->name = cut_token(rest);
    if (param->name.len == 0 || !skip_char(rest, '='))
        return false;
    if (skip_char(rest, '"')) {
        if (!cut_quoted(a, rest, &param->value))
            return false;
    } else {
        param->value = cut_token(rest);
        if (param->value.len == 0)
            return false;
    }
    *malformed = false;
    return true;
}

/* The parameters a header may have, and where they go. Others are passed over. */
struct wanted {
    const char *name;
    struct str *value;
    bool seen;
};

/* False when the parameters are malformed, or one that is wanted comes twice. */
static bool take_params(struct arena *a, struct str rest, struct wanted *wanted, size_t count)
{
    struct param param;
    bool malformed = false;
    while (next_param(a, &rest, &param, &malformed)) {
        for (size_t i = 0; i < count; i++) {
            if (!str_eq_nocase(param.name, str_of(wanted[i].name)))
                continue;
            if (wanted[i].seen)
                return false;
            wanted[i].seen = true;
            *wanted[i].value = param.value;
        }
    }
    return !malformed;
}

/* --- the form's own header --- */

static bool is_boundary(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL))
            return false;
    }
    return s.len > 0 && s.len <= MULTIPART_BOUNDARY_BYTES && s.ptr[s.len - 1] != ' ';
}

bool multipart_boundary(struct arena *a, struct str content_type, struct str *out, struct err *err)
{
    static const struct str type = STR_INIT("multipart/form-data");
    struct str boundary = STR("");
    struct wanted wanted[] = {{"boundary", &boundary, false}};
    if (!str_eq_nocase(str_slice(content_type, 0, type.len), type))
        return bad(err, "its Content-Type is not multipart/form-data");
    if (!take_params(a, str_after(content_type, type.len), wanted, 1))
        return bad(err, "the parameters of its Content-Type are malformed");
    if (!is_boundary(boundary))
        return bad(err, "its Content-Type gives no boundary that is allowed");
    *out = boundary;
    return true;
}

/* --- the header lines of a part --- */

struct part_reader {
    struct arena *arena;
    struct multipart_part *part;
    unsigned seen; /* a bit for each row of `lines` */
    struct err *err;
};

/* The value of filename*: UTF-8''percent-encoded (RFC 8187). Empty when it is another character
 * set, or malformed; then the plain filename counts. */
static struct str extended_value(struct arena *a, struct str value)
{
    static const struct str charset = STR_INIT("UTF-8'");
    struct str text = STR("");
    if (!str_eq_nocase(str_slice(value, 0, charset.len), charset))
        return text;
    struct str rest = str_after(value, charset.len);
    size_t language_end = str_find_char(rest, '\'');
    if (language_end != SIZE_MAX)
        (void)percent_decode(a, str_after(rest, language_end + 1), &text);
    return text;
}

static bool take_disposition(struct part_reader *r, struct str value)
{
    struct str name = STR(""), filename = STR(""), extended = STR("");
    struct wanted wanted[] = {
        {"name", &name, false}, {"filename", &filename, false}, {"filename*", &extended, false}};
    struct str word = cut_token(&value);
    if (!str_eq_nocase(word, STR("form-data")) || !take_params(r->arena, value, wanted, 3))
        return bad(r->err, "the Content-Disposition of a part is malformed");
    if (name.len == 0)
        return bad(r->err, "a part has no name");
    extended = extended_value(r->arena, extended);
    r->part->name = utf8_repair(r->arena, name);
    r->part->filename = utf8_repair(r->arena, extended.len > 0 ? extended : filename);
    r->part->is_file = wanted[1].seen || wanted[2].seen;
    return true;
}

static bool take_type(struct part_reader *r, struct str value)
{
    r->part->content_type = utf8_repair(r->arena, value);
    return true;
}

static bool take_encoding(struct part_reader *r, struct str value)
{
    return str_eq_nocase(value, STR("7bit")) || str_eq_nocase(value, STR("8bit")) ||
           str_eq_nocase(value, STR("binary")) ||
           bad(r->err, "a part has a Content-Transfer-Encoding other than binary");
}

/* Others are passed over. */
static const struct line {
    const char *name;
    bool (*take)(struct part_reader *r, struct str value);
} lines[] = {
    {"Content-Disposition", take_disposition},
    {"Content-Type", take_type},
    {"Content-Transfer-Encoding", take_encoding},
};

static bool is_clean(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool take_line(struct part_reader *r, struct str line)
{
    struct str name = cut_token(&line);
    if (name.len == 0 || !skip_char(&line, ':') || !is_clean(line))
        return bad(r->err, "a header line of a part is malformed");
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!str_eq_nocase(name, str_of(lines[i].name)))
            continue;
        if (r->seen & 1u << i)
            return bad(r->err, "a part has a header line twice");
        r->seen |= 1u << i;
        return lines[i].take(r, str_trim(line));
    }
    return true;
}

bool multipart_head(struct arena *a, struct str head, struct multipart_part *part, struct err *err)
{
    struct part_reader r = {.arena = a, .part = part, .err = err};
    for (size_t count = 0; head.len > 0; count++) {
        size_t end = str_find(head, STR("\r\n"));
        if (count == MULTIPART_HEADERS)
            return bad(err, "a part has too many header lines");
        if (!take_line(&r, str_slice(head, 0, end)))
            return false;
        head = str_after(head, end + 2);
    }
    return (r.seen & 1u) != 0 || bad(err, "a part has no Content-Disposition");
}
