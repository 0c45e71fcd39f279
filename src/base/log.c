/* Log lines of log.h. A line is built on the stack and leaves by one write(2); there is no lock and
 * no buffer between, so nothing is lost when the process dies. Any thread.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static atomic_int threshold = LOG_INFO;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
enum { LEVELS = sizeof(level_names) / sizeof(level_names[0]) };

void log_init(enum log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&threshold, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_of(struct str name, enum log_level *out)
{
    for (int i = 0; i < LEVELS; i++) {
        if (str_is(name, level_names[i])) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Text of bounded length. What does not fit whole is left out, and so is everything after it. */
struct text {
    char *ptr;
    size_t len;
    size_t max;
    bool cut;
};

static void add(struct text *t, struct str s)
{
    t->cut = t->cut || s.len > t->max - t->len;
    if (t->cut)
        return;
    memcpy(t->ptr + t->len, s.ptr, s.len);
    t->len += s.len;
}

/* Length of the UTF-8 sequence at the front of `s`, 0 when there is none. */
static size_t character_length(struct str s)
{
    for (size_t len = 1; len <= 4 && len <= s.len; len++) {
        if (str_utf8(str_slice(s, 0, len)))
            return len;
    }
    return 0;
}

/* Control characters are those of ASCII and the C1 set (U+0080 to U+009F), which terminals obey. */
static bool is_control(struct str character)
{
    unsigned char first = (unsigned char)character.ptr[0];
    return first < 0x20 || first == 0x7f ||
           (first == 0xc2 && (unsigned char)character.ptr[1] < 0xa0);
}

static void add_escape(struct text *t, unsigned char byte)
{
    char hex[8];
    switch (byte) {
    case '\n':
        add(t, STR("\\n"));
        break;
    case '\r':
        add(t, STR("\\r"));
        break;
    case '\t':
        add(t, STR("\\t"));
        break;
    default:
        (void)snprintf(hex, sizeof(hex), "\\x%02x", byte);
        add(t, str_of(hex));
        break;
    }
}

/* Adds `s`, with control characters and broken UTF-8 escaped; inside quotes also those that would
 * end them. */
static void add_safely(struct text *t, struct str s, bool in_quotes)
{
    while (s.len > 0 && !t->cut) {
        size_t len = character_length(s);
        struct str character = str_slice(s, 0, len > 0 ? len : 1);
        s = str_after(s, character.len);
        if (len == 0 || is_control(character)) {
            for (size_t i = 0; i < character.len; i++)
                add_escape(t, (unsigned char)character.ptr[i]);
        } else if (in_quotes && (character.ptr[0] == '"' || character.ptr[0] == '\\')) {
            add(t, str_from((char[]){'\\', character.ptr[0]}, 2));
        } else {
            add(t, character);
        }
    }
}

/* Printable ASCII without the characters that give a line its form. */
static bool is_plain_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || strchr("\"=\\", s.ptr[i]) != NULL)
            return false;
    }
    return s.len > 0;
}

const char *log_quote(struct str value, char space[LOG_VALUE_BYTES])
{

    struct text t = {.ptr = space, .max = LOG_VALUE_BYTES - sizeof("...\"")};
    if (is_plain_word(value) && value.len <= t.max) {
        add(&t, value);
    } else {
        add(&t, STR("\""));
        add_safely(&t, value, true);
        struct str end = t.cut ? STR("...\"") : STR("\"");
        memcpy(space + t.len, end.ptr, end.len);
        t.len += end.len;
    }
    space[t.len] = '\0';
    return space;
}

static void write_line(const char *line, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, line, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return; /* there is nowhere to complain to */
        line += written;
        len -= (size_t)written;
    }
}

static void __attribute__((format(printf, 2, 0)))
add_tail(struct text *t, const char *format, va_list args)
{
    char tail[LOG_LINE_BYTES];
    int len = vsnprintf(tail, sizeof(tail), format, args);
    bool longer = len >= (int)sizeof(tail);
    add(t, STR(" "));
    add_safely(t, str_from(tail, longer ? sizeof(tail) - 1 : (size_t)len), false);
    t->cut = t->cut || longer;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    int saved_errno = errno;
    char line[LOG_LINE_BYTES], now[CLOCK_ISO_BYTES];
    struct text t = {.ptr = line, .max = sizeof(line) - sizeof("...")}; /* and the newline */

    clock_format_iso(clock_wall_ms(), now);
    add(&t, STR("ts="));
    add(&t, str_of(now));
    add(&t, STR(" level="));
    add(&t, str_of(level_names[level]));
    add(&t, STR(" event="));
    add(&t, str_of(event));
    if (format != NULL) {
        va_list args;
        va_start(args, format);
        add_tail(&t, format, args);
        va_end(args);
    }
    struct str end = t.cut ? STR("...\n") : STR("\n");
    memcpy(line + t.len, end.ptr, end.len);
    write_line(line, t.len + end.len);
    errno = saved_errno;
}
