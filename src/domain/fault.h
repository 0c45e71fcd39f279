/* The product's ways to refuse, over base/err.h. All return false, so raising is one line:
 *
 *   thrown    fault(err, "error-invalid-room", "Invalid room")  -> 400, "Invalid room
 * [error-invalid-room]" and errorType; an empty text gives "[error-invalid-room]". The types
 * "error-unauthorized" and "unauthorized" are 403, "error-too-many-requests" 429 (both without
 * errorType). returned  refuse(err, "The integration does not exists.")   -> 400 with the bare text
 *             refuse_typed(err, "error-invalid-role", "Invalid role") -> bare text and errorType
 *             refuse_bare(err)                                  -> 400 {"success":false}
 */
#pragma once

#include "base/err.h"

bool fault(struct err *err, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds the thrown error's details: JSON text that lives as long as the request. Returns false. */
bool fault_details(struct err *err, struct str details_json);
/* Both at once, for a constant text. */
bool fault_with(struct err *err, struct str details_json, const char *type, const char *text);
bool refuse(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool refuse_typed(struct err *err, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool refuse_bare(struct err *err);
/* 403 {"success":false,"error":"unauthorized"}: the reference's word for forbidden. */
bool refuse_forbidden(struct err *err);
/* 403, the text of a declared permission that is missing. */
bool refuse_permission(struct err *err);

/* As in err.h. */
#if defined(__clang_analyzer__) && !defined(ERR_SETTERS)
#define fault(...)             err_raised(fault(__VA_ARGS__))
#define fault_details(...)     err_raised(fault_details(__VA_ARGS__))
#define fault_with(...)        err_raised(fault_with(__VA_ARGS__))
#define refuse(...)            err_raised(refuse(__VA_ARGS__))
#define refuse_typed(...)      err_raised(refuse_typed(__VA_ARGS__))
#define refuse_bare(err)       err_raised(refuse_bare(err))
#define refuse_forbidden(err)  err_raised(refuse_forbidden(err))
#define refuse_permission(err) err_raised(refuse_permission(err))
#endif

#define DETAILS_METHOD(name)   STR("{\"method\":\"" name "\"}")
#define DETAILS_FUNCTION(name) STR("{\"function\":\"" name "\"}")
