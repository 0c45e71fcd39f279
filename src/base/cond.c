/* The monotonic conditions of cond.h. */
#include "base/cond.h"

#include <assert.h>
#include <errno.h>

void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    int failed = pthread_condattr_init(&monotonic) |
                 pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) |
                 pthread_cond_init(cond, &monotonic);
    assert(!failed);
    (void)pthread_condattr_destroy(&monotonic);
}

struct timespec cond_moment(int64_t after_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + after_ms % 1000 * 1000000;
    at.tv_sec += (time_t)(after_ms / 1000 + ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    return at;
}

bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment)
{
    return pthread_cond_timedwait(cond, lock, moment) != ETIMEDOUT;
}
