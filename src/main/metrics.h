/* GET /metrics: the numbers of base/metric.h, for a monitoring system. Nothing in them is private,
 * but they tell how busy the server is, so not everybody gets them: see docs/operations.md. */
#pragma once

#include "http/http.h"

enum metrics_access { METRICS_OFF, METRICS_LOOPBACK, METRICS_TOKEN, METRICS_OPEN };

struct metrics {
    enum metrics_access access;
    struct str token; /* with METRICS_TOKEN */
};

/* By the words of the option metrics.access. */
enum metrics_access metrics_access_of(struct str word);

/* Adds the route, unless it is off. `metrics` outlives the router. Before there are threads. */
void metrics_routes(struct router *router, const struct metrics *metrics);
