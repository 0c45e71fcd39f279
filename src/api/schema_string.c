/* What a schema may say about a text: its length, a pattern, a format. The formats accept what the
 * reference's validator accepts (ajv-formats, "full"). Any thread.
 *
 * A format is a function from a text to true or false; inside, a text is eaten from the front by
 * functions that take a `struct str *`.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "api/schema_internal.h"

size_t schema_length(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

bool schema_matches(struct str text, const char *pattern)
{
    struct str literal = str_of(pattern);
    bool at_start = str_starts(literal, STR("^")), at_end = str_ends(literal, STR("$"));
    literal = str_slice(literal, at_start, literal.len - at_end);
    if (at_start && at_end)
        return str_eq(text, literal);
    if (at_start)
        return str_starts(text, literal);
    return at_end ? str_ends(text, literal) : str_find(text, literal) != SIZE_MAX;
}

/* Pieces */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A letter, a digit, or one of `others`. */
static bool is_among(char c, const char *others)
{
    return is_digit(c) || is_alpha(c) || (c != '\0' && strchr(others, c) != NULL);
}

static bool eat(struct str *s, char c)
{
    bool there = s->len > 0 && s->ptr[0] == c;
    *s = str_after(*s, there);
    return there;
}

/* How long the text goes on with characters of that set. */
static size_t run(struct str s, const char *others)
{
    size_t n = 0;
    while (n < s.len && is_among(s.ptr[n], others))
        n++;
    return n;
}

/* Mail addresses */

static const char local_chars[] = "!#$%&'*+/=?^_`{|}~-";

/* Letters, digits and inner hyphens, at most `longest` of them. */
static bool is_label(struct str label, size_t longest)
{
    return label.len > 0 && label.len <= longest && run(label, "-") == label.len &&
           label.ptr[0] != '-' && label.ptr[label.len - 1] != '-';
}

static bool is_domain(struct str domain, size_t least_labels, size_t longest_label)
{
    size_t labels = 0;
    for (struct str label; str_split(&domain, '.', &label); labels++) {
        if (!is_label(label, longest_label))
            return false;
    }
    return labels >= least_labels;
}

static bool is_email(struct str text)
{
    struct str local = str_slice(text, 0, str_find_char(text, '@')), atom;
    struct str domain = str_after(text, local.len + 1);
    while (str_split(&local, '.', &atom)) {
        if (atom.len == 0 || run(atom, local_chars) != atom.len)
            return false;
    }
    return is_domain(domain, 2, SIZE_MAX);
}

static bool is_rfc_email(struct str text)
{
    size_t local = run(text, ".!#$%&'*+/=?^_`{|}~-");
    return local > 0 && local < text.len && text.ptr[local] == '@' &&
           is_domain(str_after(text, local + 1), 1, 63);
}

static bool is_basic_email(struct str text)
{
    size_t at = str_find_char(text, '@');
    struct str domain = str_after(text, at == SIZE_MAX ? text.len : at + 1);
    return at > 0 && domain.len > 0 && str_find_char(domain, '@') == SIZE_MAX;
}

/* URIs */

#define URI_CHARS  "-._~!$&'()*+,;="
#define PATH_CHARS URI_CHARS ":@"

/* As run(), with %XX counted as a character. */
static size_t uri_run(struct str s, const char *others)
{
    size_t n = 0;
    while (n < s.len) {
        if (is_among(s.ptr[n], others))
            n++;
        else if (s.len - n >= 3 && s.ptr[n] == '%' && is_hex(s.ptr[n + 1]) && is_hex(s.ptr[n + 2]))
            n += 3;
        else
            break;
    }
    return n;
}

static bool is_ip_literal(struct str text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (eat(&text, 'v') || eat(&text, 'V')) {
        size_t version = 0;
        while (version < text.len && is_hex(text.ptr[version]))
            version++;
        struct str rest = str_after(text, version);
        return version > 0 && eat(&rest, '.') && rest.len > 0 &&
               run(rest, "-._~!$&'()*+,;=:") == rest.len;
    }
    if (text.len >= sizeof(copy) || str_find_char(text, '\0') != SIZE_MAX)
        return false;
    (void)snprintf(copy, sizeof(copy), "%.*s", STR_FMT(text));
    return inet_pton(AF_INET6, copy, &address) == 1;
}

static bool eat_host(struct str *s)
{
    if (!eat(s, '[')) {
        *s = str_after(*s, uri_run(*s, URI_CHARS));
        return true;
    }
    size_t close = str_find_char(*s, ']');
    bool good = close != SIZE_MAX && is_ip_literal(str_slice(*s, 0, close));
    *s = str_after(*s, close == SIZE_MAX ? close : close + 1);
    return good;
}

/* "?query" and "#fragment", and then the end. */
static bool is_uri_tail(struct str s)
{
    if (eat(&s, '?'))
        s = str_after(s, uri_run(s, PATH_CHARS "/?"));
    if (eat(&s, '#'))
        s = str_after(s, uri_run(s, PATH_CHARS "/?"));
    return s.len == 0;
}

/* user@host:port/path and the tail */
static bool is_authority_part(struct str s)
{
    size_t user = uri_run(s, "-._~!$&'()*+,;=:");
    if (user < s.len && s.ptr[user] == '@')
        s = str_after(s, user + 1);
    if (!eat_host(&s))
        return false;
    if (eat(&s, ':')) {
        while (s.len > 0 && is_digit(s.ptr[0]))
            s = str_after(s, 1);
    }
    if (s.len > 0 && s.ptr[0] == '/')
        s = str_after(s, uri_run(s, PATH_CHARS "/"));
    return is_uri_tail(s);
}

/* A path alone; its first segment may be empty only after a slash. */
static bool is_path_part(struct str s)
{
    bool rooted = eat(&s, '/');
    size_t first = uri_run(s, PATH_CHARS);
    if (first == 0 && !rooted)
        return false;
    return is_uri_tail(str_after(s, first > 0 ? uri_run(s, PATH_CHARS "/") : 0));
}

static bool is_uri(struct str text)
{
    size_t scheme = run(text, "+-.");
    if (scheme == 0 || !is_alpha(text.ptr[0]))
        return false;
    text = str_after(text, scheme);
    if (!eat(&text, ':'))
        return false;
    return (str_starts(text, STR("//")) && is_authority_part(str_after(text, 2))) ||
           (str_starts(text, STR("/")) && is_authority_part(str_after(text, 1))) ||
           is_path_part(text);
}

/* Moments */

/* Exactly `count` digits. */
static bool eat_number(struct str *s, size_t count, int *out)
{
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if (i >= s->len || !is_digit(s->ptr[i]))
            return false;
        number = number * 10 + (s->ptr[i] - '0');
    }
    *s = str_after(*s, count);
    *out = number;
    return true;
}

static bool eat_date(struct str *s)
{
    static const int days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!eat_number(s, 4, &year) || !eat(s, '-') || !eat_number(s, 2, &month) || !eat(s, '-') ||
        !eat_number(s, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= (month == 2 && leap ? 29 : days[month]);
}

/* "Z", "+hh", "+hhmm" or "+hh:mm"; in minutes. */
static bool eat_zone(struct str *s, int *hours, int *minutes)
{
    *hours = *minutes = 0;
    if (eat(s, 'z') || eat(s, 'Z'))
        return true;
    int sign = eat(s, '-') ? -1 : 1;
    if ((sign > 0 && !eat(s, '+')) || !eat_number(s, 2, hours))
        return false;
    bool colon = eat(s, ':');
    if ((colon || s->len > 0) && !eat_number(s, 2, minutes))
        return false;
    bool good = *hours <= 23 && *minutes <= 59;
    *hours *= sign;
    *minutes *= sign;
    return good;
}

static bool is_time(struct str s)
{
    int hour, minute, second, zone_hours, zone_minutes;
    if (!eat_number(&s, 2, &hour) || !eat(&s, ':') || !eat_number(&s, 2, &minute) ||
        !eat(&s, ':') || !eat_number(&s, 2, &second))
        return false;
    if (eat(&s, '.')) {
        size_t start = s.len;
        while (s.len > 0 && is_digit(s.ptr[0]))
            s = str_after(s, 1);
        if (s.len == start)
            return false;
    }
    if (!eat_zone(&s, &zone_hours, &zone_minutes) || s.len > 0)
        return false;
    if (hour <= 23 && minute <= 59 && second <= 59)
        return true;
    /* A leap second is the last of a day in UTC. */
    minute -= zone_minutes;
    hour -= zone_hours + (minute < 0 ? 1 : 0);
    return (hour == 23 || hour == -1) && (minute == 59 || minute == -1) && second <= 60;
}

static bool is_date_time(struct str s)
{
    if (!eat_date(&s) || s.len == 0 || strchr("tT \t\n\v\f\r", s.ptr[0]) == NULL)
        return false;
    return is_time(str_after(s, 1));
}

/* All of them */

static const struct {
    const char *name;
    bool (*accepts)(struct str text);
} formats[] = {
    [FORMAT_EMAIL] = {"email", is_email},
    [FORMAT_BASIC_EMAIL] = {"basic_email", is_basic_email},
    [FORMAT_RFC_EMAIL] = {"rfc_email", is_rfc_email},
    [FORMAT_URI] = {"uri", is_uri},
    [FORMAT_DATE_TIME] = {"date-time", is_date_time},
};

bool schema_has_format(struct str text, enum schema_format format)
{
    return formats[format].accepts(text);
}

const char *schema_format_name(enum schema_format format)
{
    return formats[format].name;
}
