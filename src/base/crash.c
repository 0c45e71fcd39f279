/* The crash points of crash.h; an empty file in a release. */
#include "base/crash.h"

#ifdef GANTRY_CRASH_POINTS
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

void crash_point(const char *name)
{
    static atomic_llong passed;
    struct str rest = str_of(getenv("GANTRY_CRASH_AT")), point, count;
    if (!str_split(&rest, ':', &point) || !str_is(point, name))
        return;
    int64_t nth = 1;
    if (str_split(&rest, ':', &count))
        (void)str_to_i64(count, &nth);
    if (atomic_fetch_add(&passed, 1) + 1 == nth)
        _exit(137);
}
#else
typedef int crash_points_are_absent;
#endif
