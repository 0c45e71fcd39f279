/* The clocks of clock.h and how moments are written and read.
 *
 * Dates are computed from day numbers, without the C library's time zones: the calendar is counted
 * in years that begin in March, so that the leap day is a year's last and months need no table. Any
 * thread; the held values are atomic because tests move them while other threads look.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>
#ifdef GANTRY_CRASH_POINTS
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

/* The clocks */

static atomic_bool held;
static _Atomic int64_t held_wall_ms;
static _Atomic int64_t held_mono_ms;
static _Atomic int64_t held_steady_ms;

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    (void)clock_gettime(which, &now); /* cannot fail for the clocks asked here */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#ifdef GANTRY_CRASH_POINTS
/* What the file that GANTRY_WALL_OFFSET names says at this moment: tests set the clock of a server
 * in that way, and nobody else's. */
static int64_t wall_offset_ms(void)
{
    static _Atomic(const int64_t *) mapped;
    static atomic_bool looked;
    if (!atomic_exchange(&looked, true)) {
        const char *path = getenv("GANTRY_WALL_OFFSET");
        int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *map =
            file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
        if (file >= 0)
            (void)close(file);
        atomic_store(&mapped, map != MAP_FAILED ? map : NULL);
    }
    const int64_t *offset = atomic_load(&mapped);
    return offset != NULL ? __atomic_load_n(offset, __ATOMIC_RELAXED) : 0;
}
#else
static int64_t wall_offset_ms(void)
{
    return 0;
}
#endif

int64_t clock_wall_ms(void)
{
    if (atomic_load(&held))
        return atomic_load(&held_wall_ms);
    return read_clock(CLOCK_REALTIME) + wall_offset_ms();
}

int64_t clock_mono_ms(void)
{
    return atomic_load(&held) ? atomic_load(&held_mono_ms) : read_clock(CLOCK_MONOTONIC);
}

int64_t clock_steady_ms(void)
{
    static _Atomic int64_t start; /* wall less monotonic clock, at the first look */
    int64_t none = 0, mono_ms = read_clock(CLOCK_MONOTONIC);
    if (atomic_load(&held))
        return atomic_load(&held_steady_ms);
    if (atomic_load(&start) == 0)
        (void)atomic_compare_exchange_strong(&start, &none, clock_wall_ms() - mono_ms);
    return atomic_load(&start) + mono_ms;
}

int64_t clock_steady_to_wall(int64_t steady_ms)
{
    return steady_ms + clock_wall_ms() - clock_steady_ms();
}

int64_t clock_mono_us(void)
{
    struct timespec now;
    if (atomic_load(&held))
        return atomic_load(&held_mono_ms) * 1000;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_hold(int64_t wall_ms, int64_t mono_ms)
{
    atomic_store(&held_wall_ms, wall_ms);
    atomic_store(&held_mono_ms, mono_ms);
    atomic_store(&held_steady_ms, wall_ms);
    atomic_store(&held, true);
}

void clock_advance(int64_t ms)
{
    (void)atomic_fetch_add(&held_wall_ms, ms);
    (void)atomic_fetch_add(&held_mono_ms, ms);
    (void)atomic_fetch_add(&held_steady_ms, ms);
}

void clock_jump_wall(int64_t ms)
{
    (void)atomic_fetch_add(&held_wall_ms, ms);
}

void clock_release(void)
{
    atomic_store(&held, false);
}

/* The calendar */

#define DAY_MS   INT64_C(86400000)
#define FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS  INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

enum { ERA_DAYS = 146097, ERA_YEARS = 400, TO_1970_DAYS = 719468 }; /* from 0000-03-01 */

struct moment {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second, ms;
    int weekday; /* 0 is Sunday */
};

/* Days since 1970. A day past the month's end runs over into the next month. */
static int64_t day_number(int year, int month, int day)
{
    int from_march = (month + 9) % 12;
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - (ERA_YEARS - 1)) / ERA_YEARS;
    int64_t of_era = y - era * ERA_YEARS;
    int64_t of_year = (153 * from_march + 2) / 5 + day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970_DAYS;
}

static void set_date(struct moment *m, int64_t days)
{
    int64_t since = days + TO_1970_DAYS;
    int64_t era = (since >= 0 ? since : since - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t of_era = since - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    m->day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    m->month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    m->year = (int)(year + era * ERA_YEARS + (m->month <= 2));
    m->weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970 began on a Thursday */
}

static struct moment moment_of(int64_t ms)
{
    struct moment m;
    ms = ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
    int64_t days = (ms - FIRST_MS) / DAY_MS + FIRST_MS / DAY_MS;
    int rest = (int)(ms - days * DAY_MS);
    set_date(&m, days);
    m.ms = rest % 1000;
    m.second = rest / 1000 % 60;
    m.minute = rest / 60000 % 60;
    m.hour = rest / 3600000;
    return m;
}

/* Writing */

/* `digits` digits of `value`, with zeros in front; returns the place behind them. */
static char *put(char *at, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + digits;
}

static char *put_char(char *at, char c)
{
    *at = c;
    return at + 1;
}

static char *put_text(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

void clock_format_iso(int64_t ms, char out[CLOCK_ISO_BYTES])
{
    struct moment m = moment_of(ms);
    char *at = put_char(put(out, m.year, 4), '-');
    at = put_char(put(at, m.month, 2), '-');
    at = put_char(put(at, m.day, 2), 'T');
    at = put_char(put(at, m.hour, 2), ':');
    at = put_char(put(at, m.minute, 2), ':');
    at = put_char(put(at, m.second, 2), '.');
    at = put_char(put(at, m.ms, 3), 'Z');
    *at = '\0';
}

void clock_http_date(int64_t ms, char out[CLOCK_HTTP_BYTES])
{
    static const char weekdays[] = "Sun, Mon, Tue, Wed, Thu, Fri, Sat, ";
    static const char months[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
    struct moment m = moment_of(ms);
    char *at = put_text(out, weekdays + (size_t)m.weekday * 5, 5);
    at = put(at, m.day, 2);
    at = put_text(at, months + (size_t)(m.month - 1) * 5, 5);
    at = put_char(put(at, m.year, 4), ' ');
    at = put_char(put(at, m.hour, 2), ':');
    at = put_char(put(at, m.minute, 2), ':');
    at = put_text(put(at, m.second, 2), " GMT", 4);
    *at = '\0';
}

/* Reading. Each of these takes its part off the front of *rest, or says false. */

static bool take_number(struct str *rest, size_t digits, int *out)
{
    int value = 0;
    if (rest->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (rest->ptr[i] < '0' || rest->ptr[i] > '9')
            return false;
        value = value * 10 + (rest->ptr[i] - '0');
    }
    *out = value;
    *rest = str_after(*rest, digits);
    return true;
}

static bool take_char(struct str *rest, const char *any_of)
{
    if (rest->len == 0 || rest->ptr[0] == '\0' || strchr(any_of, rest->ptr[0]) == NULL)
        return false;
    *rest = str_after(*rest, 1);
    return true;
}

static bool take_date(struct str *rest, struct moment *m)
{
    m->month = m->day = 1;
    if (!take_number(rest, 4, &m->year))
        return false;
    if (take_char(rest, "-") && !take_number(rest, 2, &m->month))
        return false;
    if (take_char(rest, "-") && !take_number(rest, 2, &m->day))
        return false;
    return m->month >= 1 && m->month <= 12 && m->day >= 1 && m->day <= 31;
}

/* Digits behind the point: the first three count. */
static bool take_fraction(struct str *rest, int *out_ms)
{
    int digit, unit = 100;
    if (!take_number(rest, 1, &digit))
        return false;
    do {
        *out_ms += digit * unit;
        unit /= 10;
    } while (take_number(rest, 1, &digit));
    return true;
}

static bool take_time(struct str *rest, struct moment *m)
{
    if (!take_number(rest, 2, &m->hour) || !take_char(rest, ":") ||
        !take_number(rest, 2, &m->minute))
        return false;
    if (take_char(rest, ":")) {
        if (!take_number(rest, 2, &m->second))
            return false;
        if (take_char(rest, ".") && !take_fraction(rest, &m->ms))
            return false;
    }
    bool midnight = m->hour == 24 && m->minute == 0 && m->second == 0 && m->ms == 0;
    return midnight || (m->hour <= 23 && m->minute <= 59 && m->second <= 59);
}

static bool take_offset(struct str *rest, int *out_minutes)
{
    int hours, minutes;
    if (take_char(rest, "Zz") || rest->len == 0)
        return true;
    bool west = rest->ptr[0] == '-';
    if (!take_char(rest, "+-") || !take_number(rest, 2, &hours))
        return false;
    (void)take_char(rest, ":");
    if (!take_number(rest, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *out_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

bool clock_parse_iso(struct str text, int64_t *out_ms)
{
    struct moment m = {0};
    int offset = 0;
    if (!take_date(&text, &m))
        return false;
    if (take_char(&text, "Tt ") && !(take_time(&text, &m) && take_offset(&text, &offset)))
        return false;
    if (text.len > 0)
        return false;
    int64_t minutes = m.hour * 60 + m.minute - offset;
    int64_t ms = (minutes * 60 + m.second) * 1000 + m.ms;
    *out_ms = day_number(m.year, m.month, m.day) * DAY_MS + ms;
    return true;
}
