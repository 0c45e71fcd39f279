/* Calls that this program does without. The build includes this file before every other, so that
 * using one of them does not compile, and the message names what to use in its place.
 *
 * The system's own headers come first: they declare the functions, and a later #include of them
 * must find nothing left to do.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef NDEBUG
#error "asserts stay on: a bug must stop the program, in a release too"
#endif

#define BANNED(why)                                                                                \
    sizeof(struct {                                                                                \
        _Static_assert(0, why);                                                                    \
        int never;                                                                                 \
    })

#undef strcpy
#define strcpy(...) BANNED("strcpy is banned: build text with struct buf (base/buf.h)")
#undef strncpy
#define strncpy(...) BANNED("strncpy is banned: it may not terminate; use struct buf (base/buf.h)")
#undef strcat
#define strcat(...) BANNED("strcat is banned: build text with struct buf (base/buf.h)")
#undef strncat
#define strncat(...) BANNED("strncat is banned: build text with struct buf (base/buf.h)")
#undef sprintf
#define sprintf(...) BANNED("sprintf is banned: use snprintf, or struct buf (base/buf.h)")
#undef vsprintf
#define vsprintf(...) BANNED("vsprintf is banned: use vsnprintf, or struct buf (base/buf.h)")
#undef strtok
#define strtok(...) BANNED("strtok is banned: it keeps state; cut a struct str (base/str.h)")
#undef gmtime
#define gmtime(...) BANNED("gmtime is banned: threads share its result; use gmtime_r")
#undef localtime
#define localtime(...) BANNED("localtime is banned: threads share its result; use localtime_r")
#undef ctime
#define ctime(...) BANNED("ctime is banned: threads share its result; use strftime")
#undef asctime
#define asctime(...) BANNED("asctime is banned: threads share its result; use strftime")
