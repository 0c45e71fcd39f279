/* When a delivery that failed is tried again: the schedules that integrations choose from, and what
 * a receiver asked for with Retry-After. Pure: no clock, no chance of its own. Any thread. */
#pragma once

#include "model/integration.h"

/* The longest wait a receiver may ask for. */
#define RETRY_AFTER_MAX_MS INT64_C(86400000)

enum retry_kind {
    RETRY_LATER,          /* in wait_ms */
    RETRY_NOT_CONFIGURED, /* retryFailedCalls is off, or retryCount is 0 or absent */
    RETRY_TOO_MANY,       /* all tries were made, or there is no retryDelay */
    RETRY_BAD_DELAY,      /* a retryDelay nobody knows */
};

struct retry {
    enum retry_kind kind;
    int64_t wait_ms;
};

/* After the try number `tries` (the first is 0) has failed. `asked_ms`: what the receiver asked
 * for, 0 for nothing; the longer wait counts. `spread`, from 0 to 1, is the part of the wait that
 * is added to it, so that receivers that come back are not met by all at once. */
struct retry retry_after_failure(const struct integration *in, int64_t tries, int64_t asked_ms,
                                 double spread);

/* The value of a Retry-After header in milliseconds from `now_ms` (wall clock) on: seconds, or one
 * of the three forms of HTTP's dates; at most RETRY_AFTER_MAX_MS. 0: it is neither, or over. */
int64_t retry_after_header(struct str value, int64_t now_ms);
