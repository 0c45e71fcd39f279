/* Conditions that are waited for until a moment. The moment is one of the monotonic clock, the true
 * one: clock_hold() does not stop it. Any thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* In place of pthread_cond_init(), for a condition that cond_wait_until() waits for. */
void cond_init(pthread_cond_t *cond);

/* The moment so many milliseconds from now. */
struct timespec cond_moment(int64_t after_ms);
/* As pthread_cond_wait(). False: the moment has come. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment);
