/* The second step of query.c: what the brackets in parameters' names mean. */
#pragma once

#include "base/arena.h"
#include "base/json.h"

/* Unfolds {"a[b]":"1"} into {"a":{"b":"1"}}: `flat` holds strings and arrays of strings by their
 * whole names and is used up. NULL when an array gets too many elements. */
struct json *query_unfold(struct arena *a, struct json *flat);
