/* Parameters in text form: the query of a URL, a urlencoded body, a segment of a path.
 *
 * A query becomes a tree as the reference's parser (the `qs` package) makes it:
 *
 *   a=1          {"a":"1"}               a[b]=1       {"a":{"b":"1"}}
 *   a=1&a=2      {"a":["1","2"]}         a[]=1        {"a":["1"]}
 *   a            {"a":""}                a[1]=y&a[0]=x {"a":["x","y"]}
 *
 * '+' is a space. A name or value whose escapes are malformed, or do not spell UTF-8, stays as it
 * was sent. Up to QUERY_MAX_DEPTH brackets are looked into, the rest of the name is one more name.
 * Bytes of no valid UTF-8 become U+FFFD, so every string of a tree is UTF-8.
 *
 * The trees borrow: a string that needs no decoding is a view into the text, which must live as
 * long as the arena. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

enum { QUERY_MAX_DEPTH = 5, QUERY_MAX_PARAMETERS = 1000, QUERY_MAX_ELEMENTS = 500 };

/* The text after the '?'. An object; all its leaves are strings. NULL and *err (400, no type) when
 * there are too many parameters, or too many elements in an array. */
struct json *query_parse(struct arena *a, struct str query, struct err *err);

/* An application/x-www-form-urlencoded body: a flat object of strings. Of a name sent twice the
 * last one counts (json_get). A malformed escape stays, alone. Ends early when the arena's promise
 * is broken: the caller looks at arena_over() anyway. */
struct json *form_parse(struct arena *a, struct str body);

/* A piece of a path; '+' is no space here. False when an escape is malformed or the result is not
 * UTF-8. The result may be a view into `text`. */
bool percent_decode(struct arena *a, struct str text, struct str *out);
