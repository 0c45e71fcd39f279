/* The checker's parts, for schema.c. */
#pragma once

#include "api/schema.h"

/* The value that one level of the checker looks at. `now` is usually `home`; it is the element of a
 * one-element array while that array, at `home`, is tried as its element. */
struct schema_place {
    struct json *home; /* where it stands in the tree: conversion writes here */
    struct json *now;
};

/* schema_type.c */

/* Whether the value has one of the schema's types. */
bool schema_has_type(const struct schema *s, const struct json *value);
/* The same after trying to convert it. */
bool schema_take_type(const struct schema *s, enum schema_mode mode, struct arena *a,
                      struct schema_place *at);
/* A schema for objects, or for arrays of a body, has nothing to convert: the reference looks at its
 * type only when it comes to the rules for that kind of value, after step 2. */
bool schema_type_is_late(const struct schema *s, enum schema_mode mode);
/* "string,null" */
void schema_put_types(struct buf *out, const struct schema *s);

/* schema_string.c */

bool schema_has_format(struct str text, enum schema_format format);
const char *schema_format_name(enum schema_format format);
bool schema_matches(struct str text, const char *pattern);
/* Code points. */
size_t schema_length(struct str text);

/* schema_unique.c */

/* Looks for equal elements; they are scalars. False when there are some, and the positions are
 * those of the pair that is met first when looking from the end: *later > *earlier. */
bool schema_unique(const struct json *array, struct arena *a, size_t *later, size_t *earlier);
