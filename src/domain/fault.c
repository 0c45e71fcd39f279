/* The product's refusals; see fault.h. Any thread. */
#define ERR_SETTERS
#include "domain/fault.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 5, 0))) static bool
fill(struct err *err, int status, const char *type, bool suffix, const char *format, va_list args)
{
    char text[ERR_TEXT_BYTES];
    (void)vsnprintf(text, sizeof(text), format, args);
    (void)err_set(err, status, type, "%s", text);
    err->suffix = suffix;
    return false;
}

static int status_of(const char *type)
{
    if (strcmp(type, "error-too-many-requests") == 0)
        return 429;
    if (strcmp(type, "error-unauthorized") == 0 || strcmp(type, "unauthorized") == 0)
        return 403;
    return 400;
}

bool fault(struct err *err, const char *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, status_of(type), type, true, format, args);
    va_end(args);
    return false;
}

bool fault_details(struct err *err, struct str details_json)
{
    err->details = details_json;
    return false;
}

bool fault_with(struct err *err, struct str details_json, const char *type, const char *text)
{
    fault(err, type, "%s", text);
    return fault_details(err, details_json);
}

bool refuse(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, 400, NULL, false, format, args);
    va_end(args);
    return false;
}

bool refuse_typed(struct err *err, const char *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fill(err, 400, type, false, format, args);
    va_end(args);
    return false;
}

bool refuse_bare(struct err *err)
{
    return refuse(err, "%s", "");
}

bool refuse_forbidden(struct err *err)
{
    return err_set(err, 403, NULL, "unauthorized");
}

bool refuse_permission(struct err *err)
{
    return fault(err, "error-unauthorized",
                 "User does not have the permissions required for this action");
}
