/* The setters of err.h; all of them end in fill(). */
#define ERR_SETTERS
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

/* A text that was cut must not end inside a UTF-8 sequence. */
static void cut_at_character(char *text, size_t len)
{
    while (len > 0 && !str_utf8(str_from(text, len)) && len > ERR_TEXT_BYTES - 8)
        len--;
    text[len] = '\0';
}

static bool __attribute__((format(printf, 4, 0)))
fill(struct err *err, int status, const char *type, const char *format, va_list args)
{
    *err = (struct err){.status = status, .type = type};
    int len = vsnprintf(err->text, sizeof(err->text), format, args);
    if (len >= (int)sizeof(err->text))
        cut_at_character(err->text, sizeof(err->text) - 1);
    return false;
}

bool err_set(struct err *err, int status, const char *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, status, type, format, args);
    va_end(args);
    return false;
}

bool err_internal(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, 500, NULL, format, args);
    va_end(args);
    return false;
}

bool err_busy(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, 503, NULL, format, args);
    va_end(args);
    err->retry_after_s = 1;
    return false;
}

bool err_timeout(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, 503, NULL, format, args);
    va_end(args);
    return false;
}

bool err_invalid(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, 400, NULL, format, args);
    va_end(args);
    return false;
}
