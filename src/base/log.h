/* Log lines on stderr: one line is one fact.
 *
 *     ts=2024-01-10T14:12:52.201Z level=info event=listening address=0.0.0.0 port=3000
 *
 * A line is one write(2) of at most 4096 bytes, so lines of several threads and processes never
 * mix. Control characters in the tail are escaped, so nobody can forge a line; a value that comes
 * from outside also goes through LOG_Q(), so that it cannot forge a key. Secrets are never logged
 * (str_masked). Only the edges log; rooms below them return a struct err. Any thread.
 */
#pragma once

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum { LOG_LINE_BYTES = 4096, LOG_VALUE_BYTES = 512 };

/* Lines below `level` are not written. May be called again at any time. Without it: LOG_INFO. */
void log_init(enum log_level level);
bool log_enabled(enum log_level level);
/* "debug", "info", "warn", "error". */
const char *log_level_name(enum log_level level);
bool log_level_of(struct str name, enum log_level *out);

/* `event` is one word (several joined by '-'), `format` makes the tail "key=value key=value"; NULL
 * when there is nothing to add. A line that is too long is cut and ends with "...". */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A value as a log line may show it: as it is when it is one plain word, otherwise in quotes with
 * quotes, backslashes, control characters and broken UTF-8 escaped. Cut with "..." when it does not
 * fit. The result lies in `space`. */
const char *log_quote(struct str value, char space[LOG_VALUE_BYTES]);
/* The same for the arguments of log_event(); lives until the end of the enclosing block. */
#define LOG_Q(value) log_quote((value), (char[LOG_VALUE_BYTES]){0})
