/* What metric.c reads of the table; nobody else includes it. */
#pragma once

#include "base/metric.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_row {
    const char *name, *help;
    enum metric_kind kind;
    double scale; /* what a value is multiplied by when it is printed; 0: by nothing */
    struct {
        const char *name, *words; /* NULL: no such label; no words: a family of endpoints */
    } labels[2];
    const int64_t *bounds; /* of a histogram: upper ends, rising, the last one 0 */
};

extern const struct metric_row metric_rows[METRIC_COUNT];
