/* Views of bytes: searching, trimming, splitting. See str.h for the contract. */
#include "base/str.h"

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (from > s.len)
        from = s.len;
    if (to > s.len)
        to = s.len;
    if (to < from)
        to = from;
    return str_from(s.len ? s.ptr + from : s.ptr, to - from);
}

int str_cmp(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower((unsigned char)a.ptr[i]) != lower((unsigned char)b.ptr[i]))
            return false;
    }
    return true;
}

bool str_eq_secret(struct str a, struct str b)
{
    volatile unsigned char differ = a.len != b.len;
    for (size_t i = 0; i < a.len; i++) {
        unsigned char other = b.len ? (unsigned char)b.ptr[i % b.len] : 0;
        differ = (unsigned char)(differ | ((unsigned char)a.ptr[i] ^ other));
    }
    return differ == 0;
}

size_t str_find_char(struct str s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    const char *at = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t str_distance(struct str a, struct str b)
{
    size_t row[STR_DISTANCE_BYTES + 1];
    a = str_slice(a, 0, STR_DISTANCE_BYTES);
    b = str_slice(b, 0, STR_DISTANCE_BYTES);
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = corner + (a.ptr[i - 1] != b.ptr[j - 1]);
            corner = row[j];
            row[j] = smaller(change, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}

/* Length of the white space character that starts at `p`, 0 when there is none. The set is that of
 * ECMAScript: ASCII blanks, NBSP, BOM, the Unicode Zs characters, line and paragraph separators. */
static size_t space_length(const unsigned char *p, size_t len)
{
    if (len >= 1 && (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r')))
        return 1;
    if (len >= 2 && p[0] == 0xc2 && p[1] == 0xa0)
        return 2;
    if (len < 3)
        return 0;
    unsigned code = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
    bool wide = code == 0xe19a80 || (code >= 0xe28080 && code <= 0xe2808a) || code == 0xe280a8 ||
                code == 0xe280a9 || code == 0xe280af || code == 0xe2819f || code == 0xe38080 ||
                code == 0xefbbbf;
    return wide ? 3 : 0;
}

struct str str_trim(struct str s)
{
    size_t cut;
    while ((cut = space_length((const unsigned char *)s.ptr, s.len)) > 0)
        s = str_after(s, cut);
    while (s.len > 0) {
        size_t back = 0;
        for (size_t n = 1; n <= 3 && n <= s.len && back == 0; n++) {
            if (space_length((const unsigned char *)s.ptr + s.len - n, n) == n)
                back = n;
        }
        if (back == 0)
            break;
        s.len -= back;
    }
    return s;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
    if (rest->len == SIZE_MAX)
        return false;
    size_t at = str_find_char(*rest, sep);
    if (at == SIZE_MAX) {
        *part = *rest;
        rest->len = SIZE_MAX; /* used up: told apart from an empty last part */
        return true;
    }
    *part = str_slice(*rest, 0, at);
    *rest = str_after(*rest, at + 1);
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = str_after(s, 1);
    if (s.len == 0)
        return false;
    int64_t value = 0; /* of the sign it will have, for INT64_MIN has no positive twin */
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        int digit = s.ptr[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *out = value;
    return true;
}

const char *str_masked(struct str secret, char space[8])
{
    if (secret.len < 12)
        return "***"; /* four characters of a short secret would be too much of it */
    memcpy(space, secret.ptr, 4);
    memcpy(space + 4, "...", 4);
    return space;
}

/* Length of the well-formed sequence at `p` (RFC 3629), 0 when it is not one. */
static size_t utf8_length(const unsigned char *p, size_t len)
{
    if (p[0] < 0x80)
        return 1;
    size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || len < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : need;
}

bool str_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        size_t step = utf8_length(p + i, s.len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}
