/* What parameters an endpoint accepts, as a constant table, and the one checker that reads it.
 *
 * The tables mean what the JSON schemas of the reference mean, and the checker does what its
 * validator (Ajv 8, draft 2020-12) does with them: it stops at the first error, it converts values
 * ("coercion"), and its messages and their order are part of the API. schema_table.h has the words
 * to write tables with, schemas.h names the tables.
 *
 * One schema is checked in this order; the first failure ends it:
 *   1. its types, after trying to convert the value (SCHEMA_BODY: text, numbers, booleans and null
 *      into each other; SCHEMA_QUERY: also a value into a one-element array and back);
 *   2. constant, choices, not_this, any_of, one_of, all_of;
 *   3. what is said about values of its kind: max, min, then
 *      strings: pattern, format, not_blank; arrays: items, unique_items;
 *      objects: required, closed, properties.
 * All members of any_of are tried; one_of ends with the second that passes. What a member has
 * converted stays converted, also when the member fails.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"

enum schema_mode { SCHEMA_BODY, SCHEMA_QUERY };

enum schema_type {
    TYPE_END,
    TYPE_STRING,
    TYPE_NUMBER,
    TYPE_INTEGER,
    TYPE_BOOLEAN,
    TYPE_NULL,
    TYPE_ARRAY,
    TYPE_OBJECT
};

enum { SCHEMA_MAX_TYPES = 4 };

enum schema_format {
    FORMAT_NONE,
    FORMAT_EMAIL,
    FORMAT_BASIC_EMAIL,
    FORMAT_RFC_EMAIL,
    FORMAT_URI,
    FORMAT_DATE_TIME
};

/* A bound of a number. In a table they stand in the order of this list. */
enum schema_bound { BOUND_END, MAXIMUM, MINIMUM, BELOW, ABOVE, MULTIPLE_OF };
struct schema_limit {
    enum schema_bound bound;
    double of;
};

/* Lists end with NULL, a property list with a row without schema, limits with BOUND_END. A number
 * that is 0 is no limit. Everything in a table is constant. */
struct schema { /* NOLINT(clang-analyzer-optin.performance.Padding): grouped by their subjects */
    unsigned char types[SCHEMA_MAX_TYPES]; /* tried in this order, TYPE_END last; none: any */
    bool nullable;                         /* one type more: null, tried last */

    /* Any value. Constants are text, numbers, booleans or null. */
    const struct json *constant;
    const struct json *const *choices;
    const struct schema *not_this;
    const struct schema *const *any_of;
    const struct schema *const *one_of;
    const struct schema *const *all_of;

    /* Numbers */
    const struct schema_limit *limits;

    /* Strings; lengths in code points */
    size_t max_length, min_length;
    const char *pattern; /* a literal that occurs somewhere; '^' and '$' tie it to the ends */
    enum schema_format format;
    bool not_blank;

    /* Arrays */
    size_t max_items, min_items;
    const struct schema *items;
    bool unique_items; /* after conversion; the items must be scalars */

    /* Objects */
    bool closed; /* no members but the properties */
    size_t max_properties, min_properties;
    const char *const *required;
    const struct schema_property *properties;
};

struct schema_property {
    struct str name;
    const struct schema *schema;
};

/* Checks a tree and converts in place. *value NULL counts as {} and becomes one. False and *err
 * when it does not fit: status 400, type "invalid-params" as suffix, and as text the messages, each
 * on its line and all but the first with a space before; those past ERR_TEXT_BYTES are left out.
 * Text made by conversion comes from the arena. Any thread. */
bool schema_check(const struct schema *schema, struct json **value, enum schema_mode mode,
                  struct arena *a, struct err *err);
/* The same for endpoints of our own, whose refusals name the property: "limits.burst must be >= 1".
 * The first finding is told, of any_of and one_of too. */
bool schema_check_named(const struct schema *schema, struct json **value, enum schema_mode mode,
                        struct arena *a, struct err *err);
