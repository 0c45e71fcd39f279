/* A pattern is compiled into a row of places, each a set of characters with two marks: it may be
 * left out, it may be repeated. Where one can be in the row is a set of bits that every character
 * of the name moves on; nothing is ever tried twice. Any thread. */
#include "domain/name_pattern.h"

#include <assert.h>

enum { PLACES_MAX = 63, RANGES_MAX = 256 };

struct range {
    uint32_t from, to;
};

struct place {
    unsigned first, count; /* its ranges */
    bool negated;
    bool optional, repeats;
};

struct pattern {
    struct range ranges[RANGES_MAX];
    struct place places[PLACES_MAX];
    unsigned range_count, place_count;
    struct str rest; /* what is still to be read */
};

static const struct str default_pattern = STR_INIT("[0-9a-zA-Z-_.]+");

/* Takes a code point off the front; bytes that are no UTF-8 count as U+FFFD each. */
static uint32_t take_char(struct str *s)
{
    static const struct {
        unsigned char mask, lead;
    } forms[] = {{0x80, 0x00}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};
    unsigned char first = (unsigned char)s->ptr[0];
    for (size_t extra = 0; extra < 4; extra++) {
        if ((first & forms[extra].mask) != forms[extra].lead || s->len <= extra)
            continue;
        if (!str_utf8(str_slice(*s, 0, extra + 1)))
            break;
        uint32_t c = first & (unsigned char)~forms[extra].mask;
        for (size_t i = 1; i <= extra; i++)
            c = c << 6 | ((unsigned char)s->ptr[i] & 0x3f);
        *s = str_after(*s, extra + 1);
        return c;
    }
    *s = str_after(*s, 1);
    return 0xfffd;
}

static bool take_if(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_after(*s, 1);
    return true;
}

/* --- compiling: each step returns false when the pattern is not understood --- */

static bool add_range(struct pattern *p, uint32_t from, uint32_t to)
{
    if (p->range_count == RANGES_MAX || from > to)
        return false;
    p->ranges[p->range_count++] = (struct range){from, to};
    p->places[p->place_count].count++;
    return true;
}

static const struct {
    char letter;
    unsigned count;
    struct range ranges[10];
} escapes[] = {
    {'d', 1, {{'0', '9'}}},
    {'D', 2, {{0, '0' - 1}, {'9' + 1, UINT32_MAX}}},
    {'w', 4, {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}}},
    {'W',
     5,
     {{0, '0' - 1}, {'9' + 1, 'A' - 1}, {'Z' + 1, '_' - 1}, {'`', '`'}, {'z' + 1, UINT32_MAX}}},
    {'s',
     9,
     {{9, 13},
      {' ', ' '},
      {0xa0, 0xa0},
      {0x1680, 0x1680},
      {0x2000, 0x200a},
      {0x2028, 0x2029},
      {0x202f, 0x202f},
      {0x205f, 0x205f},
      {0x3000, 0x3000}}},
};

/* Behind a backslash: a named set is added (*is_set), or *c is the character itself. */
static bool read_escape(struct pattern *p, uint32_t *c, bool *is_set)
{
    *is_set = false;
    if (p->rest.len == 0)
        return false;
    *c = take_char(&p->rest);
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        if (*c != (uint32_t)escapes[i].letter)
            continue;
        *is_set = true;
        for (unsigned r = 0; r < escapes[i].count; r++) {
            if (!add_range(p, escapes[i].ranges[r].from, escapes[i].ranges[r].to))
                return false;
        }
        return true;
    }
    bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
    return !letter; /* \b, \u..., \1: not known here */
}

static bool read_class_char(struct pattern *p, uint32_t *c, bool *is_set)
{
    *is_set = false;
    if (p->rest.len == 0)
        return false;
    if (take_if(&p->rest, '\\'))
        return read_escape(p, c, is_set);
    *c = take_char(&p->rest);
    return true;
}

/* A hyphen makes a range when something stands on both sides of it. */
static bool range_follows(struct str rest)
{
    return rest.len >= 2 && rest.ptr[0] == '-' && rest.ptr[1] != ']';
}

static bool read_class_item(struct pattern *p)
{
    uint32_t from, to;
    bool is_set;
    if (!read_class_char(p, &from, &is_set))
        return false;
    if (is_set)
        return true;
    if (!range_follows(p->rest))
        return add_range(p, from, from);
    take_if(&p->rest, '-');
    return read_class_char(p, &to, &is_set) && !is_set && add_range(p, from, to);
}

static bool read_class(struct pattern *p)
{
    p->places[p->place_count].negated = take_if(&p->rest, '^');
    while (!take_if(&p->rest, ']')) {
        if (!read_class_item(p))
            return false;
    }
    return true;
}

static bool read_place(struct pattern *p)
{
    p->places[p->place_count] = (struct place){.first = p->range_count};
    if (take_if(&p->rest, '['))
        return read_class(p);
    if (take_if(&p->rest, '.')) {
        p->places[p->place_count].negated = true;
        return add_range(p, '\n', '\n') && add_range(p, '\r', '\r') && add_range(p, 0x2028, 0x2029);
    }
    uint32_t c;
    bool is_set = false;
    if (take_if(&p->rest, '\\'))
        return read_escape(p, &c, &is_set) && (is_set || add_range(p, c, c));
    c = take_char(&p->rest);
    return (c >= 0x80 || strchr("()|^$*+?{}]", (int)c) == NULL) && add_range(p, c, c);
}

/* A number of at most two digits. */
static bool read_number(struct str *s, unsigned *out)
{
    size_t digits = 0;
    *out = 0;
    while (digits < 2 && digits < s->len && s->ptr[digits] >= '0' && s->ptr[digits] <= '9')
        *out = *out * 10 + (unsigned)(s->ptr[digits++] - '0');
    *s = str_after(*s, digits);
    return digits > 0;
}

struct times {
    unsigned least, most;
    bool endless;
};

/* What stands between braces: {m}, {m,} or {m,n}. */
static bool read_braces(struct str *s, struct times *out)
{
    if (!read_number(s, &out->least))
        return false;
    out->most = out->least;
    if (take_if(s, ',') && !read_number(s, &out->most)) {
        out->endless = true;
        out->most = out->least == 0 ? 1 : out->least;
    }
    return take_if(s, '}') && out->least <= out->most;
}

static bool read_times(struct str *s, struct times *out)
{
    *out = (struct times){.least = 1, .most = 1};
    if (take_if(s, '{'))
        return read_braces(s, out);
    if (take_if(s, '?'))
        out->least = 0;
    else if (take_if(s, '*'))
        *out = (struct times){.least = 0, .most = 1, .endless = true};
    else
        out->endless = take_if(s, '+');
    return true;
}

/* Writes the place just read as often as it may occur; the last copy repeats when there is no end.
 */
static bool repeat_place(struct pattern *p, struct times times)
{
    const struct place place = p->places[p->place_count];
    for (unsigned i = 0; i < times.most; i++) {
        if (p->place_count == PLACES_MAX)
            return false;
        p->places[p->place_count] = place;
        p->places[p->place_count].optional = i >= times.least;
        p->places[p->place_count++].repeats = times.endless && i + 1 == times.most;
    }
    return true;
}

static bool compile(struct pattern *p, struct str text)
{
    p->range_count = p->place_count = 0;
    p->rest = text;
    take_if(&p->rest, '^');
    while (p->rest.len > 0 && !str_is(p->rest, "$")) {
        struct times times;
        if (p->place_count == PLACES_MAX || !read_place(p) || !read_times(&p->rest, &times) ||
            !repeat_place(p, times))
            return false;
    }
    return p->place_count > 0;
}

/* --- matching --- */

static bool fits_place(const struct pattern *p, const struct place *place, uint32_t c)
{
    bool found = false;
    for (unsigned i = 0; i < place->count && !found; i++) {
        const struct range *range = &p->ranges[place->first + i];
        found = c >= range->from && c <= range->to;
    }
    return found != place->negated;
}

/* Adds the places that are reached by leaving optional ones out. */
static uint64_t spread(const struct pattern *p, uint64_t at)
{
    for (unsigned i = 0; i < p->place_count; i++) {
        if ((at >> i & 1) != 0 && p->places[i].optional)
            at |= (uint64_t)1 << (i + 1);
    }
    return at;
}

static uint64_t move(const struct pattern *p, uint64_t at, uint32_t c)
{
    uint64_t next = 0;
    for (unsigned i = 0; i < p->place_count; i++) {
        if ((at >> i & 1) == 0 || !fits_place(p, &p->places[i], c))
            continue;
        next |= (uint64_t)1 << (i + 1);
        if (p->places[i].repeats)
            next |= (uint64_t)1 << i;
    }
    return spread(p, next);
}

bool name_fits(struct str pattern, struct str name)
{
    struct pattern p;
    if (!compile(&p, pattern)) {
        bool ok = compile(&p, default_pattern);
        assert(ok);
    }
    uint64_t at = spread(&p, 1);
    while (name.len > 0 && at != 0)
        at = move(&p, at, take_char(&name));
    return (at >> p.place_count & 1) != 0;
}
