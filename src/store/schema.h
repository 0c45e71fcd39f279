/* The steps of the database's schema, made from store/schema/NNNN_*.sql by the build. A step is
 * never changed once it was released; a new one is added. */
#pragma once

#include <stddef.h>

struct schema_step {
    int version; /* the number in the file's name: 1, 2, 3 ... without gaps */
    const char *name;
    const char *sql;
};

extern const struct schema_step schema_steps[];
extern const size_t schema_step_count;
