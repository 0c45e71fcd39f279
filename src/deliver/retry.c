/* The schedules of retry.h: a table of what they are called, and a function each. */
#include "deliver/retry.h"

#include <time.h>

/* No wait is longer, so that no moment overflows. */
#define WAIT_MAX_MS (INT64_C(3650) * 86400000)

enum { HTTP_DATE_BYTES = 64 };

/* --- schedules: the wait before retry n = 1, 2, ... --- */

/* unit * base^exponent, as far as waits go. */
static int64_t power(int64_t unit, int64_t base, int64_t exponent)
{
    int64_t wait = unit;
    for (int64_t i = 0; i < exponent && wait < WAIT_MAX_MS; i++)
        wait *= base;
    return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static int64_t powers_of_ten(int64_t n)
{
    return power(10, 10, n);
}

static int64_t powers_of_two(int64_t n)
{
    return power(1000, 2, n);
}

static int64_t increments_of_two(int64_t n)
{
    return n < WAIT_MAX_MS / 2000 ? 2000 * n : WAIT_MAX_MS;
}

static const struct schedule {
    struct str name;
    int64_t (*wait)(int64_t n);
} schedules[] = {
    {STR_INIT("powers-of-ten"), powers_of_ten},
    {STR_INIT("powers-of-two"), powers_of_two},
    {STR_INIT("increments-of-two"), increments_of_two},
};

static const struct schedule *schedule_find(struct str name)
{
    for (size_t i = 0; i < sizeof(schedules) / sizeof(schedules[0]); i++) {
        if (str_eq(schedules[i].name, name))
            return &schedules[i];
    }
    return NULL;
}

static struct retry never(enum retry_kind kind)
{
    return (struct retry){.kind = kind};
}

struct retry retry_after_failure(const struct integration *in, int64_t tries, int64_t asked_ms,
                                 double spread)
{
    if (!in->retry_failed_calls || !(in->retry_count > 0))
        return never(RETRY_NOT_CONFIGURED);
    if ((double)tries >= in->retry_count || str_empty(in->retry_delay))
        return never(RETRY_TOO_MANY);
    const struct schedule *schedule = schedule_find(in->retry_delay);
    if (schedule == NULL)
        return never(RETRY_BAD_DELAY);
    int64_t wait = schedule->wait(tries + 1);
    if (wait < asked_ms)
        wait = asked_ms;
    return (struct retry){.kind = RETRY_LATER, .wait_ms = wait + (int64_t)((double)wait * spread)};
}

/* --- Retry-After --- */

static int64_t at_most_a_day(int64_t ms)
{
    if (ms <= 0)
        return 0;
    return ms < RETRY_AFTER_MAX_MS ? ms : RETRY_AFTER_MAX_MS;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return s.len > 0;
}

static int64_t seconds_ms(struct str digits)
{
    int64_t seconds;
    if (!str_to_i64(digits, &seconds) || seconds > RETRY_AFTER_MAX_MS / 1000)
        return RETRY_AFTER_MAX_MS;
    return seconds * 1000;
}

/* A date in the form of today's senders, or in one of the two that RFC 9110 keeps for old ones. */
static bool http_date(struct str text, int64_t *out_ms)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %d %H:%M:%S %Y"};
    char copy[HTTP_DATE_BYTES];
    if (text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0};
        const char *end = strptime(copy, forms[i], &tm);
        if (end == copy + text.len) {
            *out_ms = (int64_t)timegm(&tm) * 1000;
            return true;
        }
    }
    return false;
}

int64_t retry_after_header(struct str value, int64_t now_ms)
{
    struct str text = str_trim(value);
    int64_t at_ms;
    if (all_digits(text))
        return at_most_a_day(seconds_ms(text));
    return text.len > 0 && http_date(text, &at_ms) ? at_most_a_day(at_ms - now_ms) : 0;
}
