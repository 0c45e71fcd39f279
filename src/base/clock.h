/* Time: what o'clock it is, how long something took, and how a moment is written.
 *
 * A moment is int64_t milliseconds since 1970 UTC (wall clock, may jump); a deadline is
 * milliseconds of the monotonic clock, which never runs backwards and whose zero means nothing.
 * The steady clock says what the wall clock would say had nobody set it since the program started:
 * what is due at a moment to come is counted by it, and comes in its time. Tests hold all of them
 * still with clock_hold() and move them by hand. Any thread.
 *
 * In builds with GANTRY_CRASH_POINTS the variable GANTRY_WALL_OFFSET names a file of eight bytes:
 * milliseconds, in the machine's byte order, that are added to the wall clock at every look.
 */
#pragma once

#include "base/str.h"

enum {
    CLOCK_ISO_BYTES = 25,  /* "2024-01-10T14:12:52.201Z" and '\0' */
    CLOCK_HTTP_BYTES = 30, /* "Sun, 06 Nov 1994 08:49:37 GMT" and '\0' */
};

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_steady_ms(void);
/* What the wall clock will say, unless it is set, when the steady one says that. */
int64_t clock_steady_to_wall(int64_t steady_ms);
int64_t clock_mono_us(void); /* for how long something took; a held clock stands on whole ms */

/* For tests: the clocks stand still at these values until clock_release(). */
void clock_hold(int64_t wall_ms, int64_t mono_ms);
/* Moves the held clocks. */
void clock_advance(int64_t ms);
/* Moves the held wall clock alone, as an administrator who sets the time does. */
void clock_jump_wall(int64_t ms);
void clock_release(void);

/* "YYYY-MM-DDTHH:mm:ss.sssZ"; moments outside the years 0 to 9999 are the nearest end. */
void clock_format_iso(int64_t ms, char out[CLOCK_ISO_BYTES]);
/* The ISO forms that ECMAScript's Date takes: YYYY, YYYY-MM or YYYY-MM-DD, alone or with a time
 * behind 'T' (or a blank): hh:mm, hh:mm:ss or hh:mm:ss.s with any number of digits, cut at
 * milliseconds; then Z, +hh:mm, +hhmm, or nothing, which means UTC. As there, 24:00:00 is midnight
 * at the day's end, and a day the month does not have (up to 31) runs over into the next. False: no
 * such text. */
bool clock_parse_iso(struct str text, int64_t *out_ms);
/* The form of HTTP's Date header (RFC 9110, IMF-fixdate); the years are bounded as above. */
void clock_http_date(int64_t ms, char out[CLOCK_HTTP_BYTES]);
