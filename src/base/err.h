/* Why something could not be done: one struct that is filled at the place that knows, carried up
 * unchanged, and turned into bytes by api/reply alone.
 *
 * A function that can fail is `bool f(..., struct err *err)`; false means *err is filled. Setters
 * return false, so raising and returning is one line. The text is inline and bounded: raising an
 * error cannot itself fail. Outputs named out_x are untouched on failure. Not finding a thing is no
 * error in `store`; `domain` decides whether it is one.
 *
 * Rooms below `domain` use only the four causes declared here; the product's own error types are
 * named in domain, api and hooks (domain/fault.h). Any thread.
 */
#pragma once

#include "base/str.h"

enum { ERR_TEXT_BYTES = 1024 };

struct err {
    int status;                /* HTTP status that fits, 0 while nothing was raised */
    const char *type;          /* static text, e.g. "error-invalid-room"; NULL when there is none */
    bool suffix;               /* the answer's text ends with " [type]" */
    struct str details;        /* JSON text, static or from the request's arena; empty when none */
    int retry_after_s;         /* seconds for Retry-After with 429 and 503; 0: not sent */
    char text[ERR_TEXT_BYTES]; /* for people; cut at a character border when too long */
};

#define ERR_NONE ((struct err){.status = 0})

/* The general setter, for the rooms that name types. Returns false. */
bool err_set(struct err *err, int status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* 500: the program or its surroundings failed (disk, database); the text says what. */
bool err_internal(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 503 with Retry-After: busy or not able just now; trying again later is right. */
bool err_busy(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 503: the time allowed was used up. */
bool err_timeout(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 400: what was given cannot be used; the text names the field, the rule and the way to fix it. */
bool err_invalid(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An analyzer sees one file at a time. That setters return false it learns here; else it would take
 * failures for successes and find outputs that nobody has filled. ERR_SETTERS is defined where the
 * setters themselves are. */
#if defined(__clang_analyzer__) && !defined(ERR_SETTERS)
static inline bool err_raised(bool returned)
{
    (void)returned;
    return false;
}
#define err_set(...)      err_raised(err_set(__VA_ARGS__))
#define err_internal(...) err_raised(err_internal(__VA_ARGS__))
#define err_busy(...)     err_raised(err_busy(__VA_ARGS__))
#define err_timeout(...)  err_raised(err_timeout(__VA_ARGS__))
#define err_invalid(...)  err_raised(err_invalid(__VA_ARGS__))
#endif
