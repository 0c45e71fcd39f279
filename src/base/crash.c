/* The crash points of crash.h; an empty file in a release. */
#include "base/crash.h"

#ifdef GANTRY_CRASH_POINTS
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crash_point(const char *name)
{
    static atomic_int passed;
    const char *at = getenv("GANTRY_CRASH_AT");
    if (at == NULL)
        return;
    size_t len = strcspn(at, ":");
    if (strlen(name) != len || memcmp(at, name, len) != 0)
        return;
    int nth = at[len] == ':' ? atoi(at + len + 1) : 1;
    if (atomic_fetch_add(&passed, 1) + 1 == nth)
        _exit(137);
}
#else
typedef int crash_points_are_absent;
#endif
