/* Named points at which a test lets the process die, to see that nothing acknowledged is lost.
 *
 * In builds with GANTRY_CRASH_POINTS the variable GANTRY_CRASH_AT names one point, or NAME:N for
 * the N-th time it is passed; the process then ends at once, as with kill -9. In a release nothing
 * of this is compiled. Any thread.
 */
#pragma once

#ifdef GANTRY_CRASH_POINTS
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif
