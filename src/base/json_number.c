/* Numbers between text and double, exactly as ECMAScript has them: Number::toString for printing
 * and Number(text) for reading. The C library's conversions round correctly, and the process never
 * leaves the "C" locale, so the decimal point is a point. Any thread.
 */
#include "base/json_number.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

/* Printing */

enum { MAX_DIGITS = 17 }; /* that many tell any two doubles apart */

/* A positive number as 0.d1 d2 d3... times ten to the power `point`. */
struct decimal {
    char digits[MAX_DIGITS + 1];
    int count;
    int point;
};

/* Adds one to the last digit of "d.ddde-ddd". */
static void round_up(char *text, size_t digits)
{
    for (size_t at = digits > 1 ? digits : 0;; at--) {
        if (text[at] == '.')
            continue;
        text[at] = text[at] == '9' ? '0' : (char)(text[at] + 1);
        if (text[at] != '0' || at == 0)
            return;
    }
}

/* A decimal of `count` digits that reads back as `value`, written "d.ddde-ddd". The nearest one may
 * fail where the one above it does not: a power of two has closer neighbours below than above. */
static bool try_digits(double value, int count, char *text, size_t size)
{
    (void)snprintf(text, size, "%.*e", count - 1, value);
    if (json_number_read(text) == value)
        return true;
    round_up(text, (size_t)count);
    return json_number_read(text) == value;
}

/* The fewest digits that give the number back. 15 always survive the way through a double and back,
 * so fewer need not be tried: their zeros are cut. Subnormal numbers keep less than that. */
static struct decimal shortest(double value)
{
    char text[32];
    int count = value < DBL_MIN ? 1 : DBL_DIG;
    while (!try_digits(value, count, text, sizeof(text)))
        count++;
    assert(count <= MAX_DIGITS);
    struct decimal d = {.digits = {text[0]}, .count = count};
    memcpy(d.digits + 1, text + 2, (size_t)count - 1);
    while (d.count > 1 && d.digits[d.count - 1] == '0')
        d.count--;
    d.point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
    return d;
}

static void put_zeros(struct buf *out, int count)
{
    for (int i = 0; i < count; i++)
        (void)buf_add_char(out, '0');
}

static void put_exponential(struct buf *out, const struct decimal *d)
{
    (void)buf_add_char(out, d->digits[0]);
    if (d->count > 1) {
        (void)buf_add_char(out, '.');
        (void)buf_add(out, str_from(d->digits + 1, (size_t)d->count - 1));
    }
    (void)buf_addf(out, "e%+d", d->point - 1);
}

static void put_positional(struct buf *out, const struct decimal *d)
{
    int whole = d->point < 0 ? 0 : d->point < d->count ? d->point : d->count;
    if (whole == 0)
        (void)buf_add_char(out, '0');
    (void)buf_add(out, str_from(d->digits, (size_t)whole));
    put_zeros(out, d->point - d->count);
    if (whole == d->count)
        return;
    (void)buf_add_char(out, '.');
    put_zeros(out, -d->point);
    (void)buf_add(out, str_from(d->digits + whole, (size_t)(d->count - whole)));
}

void json_put_number(struct buf *out, double number)
{
    if (!isfinite(number)) {
        (void)buf_lit(out, "null");
        return;
    }
    if (fabs(number) < 1e15 && number == trunc(number)) {
        (void)buf_add_i64(out, (int64_t)number); /* -0 becomes 0, as it should */
        return;
    }
    if (number < 0)
        (void)buf_add_char(out, '-');
    struct decimal d = shortest(fabs(number));
    if (d.point > 21 || d.point <= -6)
        put_exponential(out, &d);
    else
        put_positional(out, &d);
}

/* Reading */

double json_number_read(const char *text)
{
    return strtod(text, NULL);
}

static bool is_digit(struct str s, size_t at)
{
    return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

static size_t skip_digits(struct str s, size_t at)
{
    while (is_digit(s, at))
        at++;
    return at;
}

static bool is_one_of(struct str s, size_t at, char a, char b)
{
    return at < s.len && (s.ptr[at] == a || s.ptr[at] == b);
}

/* digits [. digits] [e digits] or . digits [e digits], without a sign and with nothing after it. */
static bool is_decimal(struct str s)
{
    size_t at = skip_digits(s, 0);
    size_t digits = at;
    if (is_one_of(s, at, '.', '.')) {
        size_t end = skip_digits(s, at + 1);
        digits += end - at - 1;
        at = end;
    }
    if (digits == 0)
        return false;
    if (is_one_of(s, at, 'e', 'E')) {
        at++;
        at += is_one_of(s, at, '+', '-');
        if (!is_digit(s, at))
            return false;
        at = skip_digits(s, at);
    }
    return at == s.len;
}

static bool read_decimal(struct str s, double *out)
{
    bool negative = is_one_of(s, 0, '-', '-');
    if (is_one_of(s, 0, '-', '+'))
        s = str_after(s, 1);
    double size = INFINITY;
    if (!str_is(s, "Infinity")) {
        if (!is_decimal(s))
            return false;
        BUF(copy, s.len);
        (void)buf_add(&copy, s);
        size = json_number_read(copy.ptr);
    }
    *out = negative ? -size : size;
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

/* Digits of `bits` bits each. Those beyond 60 bits only matter for rounding: whether any was not
 * zero is kept in the lowest bit. */
static bool read_binary(struct str s, int bits, double *out)
{
    uint64_t head = 0;
    int dropped = 0;
    for (size_t i = 0; i < s.len; i++) {
        int digit = digit_value(s.ptr[i]);
        if (digit >= 1 << bits)
            return false;
        if (head >> 60 == 0) {
            head = head << bits | (uint64_t)digit;
        } else {
            head |= digit != 0;
            dropped += dropped < 4096 ? bits : 0; /* infinite long before that */
        }
    }
    *out = ldexp((double)head, dropped);
    return s.len > 0;
}

bool json_number_of(struct str text, double *out)
{
    struct str s = str_trim(text);
    double value = 0;
    bool ok = true;
    if (s.len >= 2 && s.ptr[0] == '0' && is_one_of(s, 1, 'x', 'X'))
        ok = read_binary(str_after(s, 2), 4, &value);
    else if (s.len >= 2 && s.ptr[0] == '0' && is_one_of(s, 1, 'o', 'O'))
        ok = read_binary(str_after(s, 2), 3, &value);
    else if (s.len >= 2 && s.ptr[0] == '0' && is_one_of(s, 1, 'b', 'B'))
        ok = read_binary(str_after(s, 2), 1, &value);
    else if (s.len > 0)
        ok = read_decimal(s, &value);
    if (ok)
        *out = value;
    return ok;
}
