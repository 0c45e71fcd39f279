/* Undoing percent-encoding, for query.c. percent_decode() itself is declared in query.h. */
#pragma once

#include "base/arena.h"

/* The two rules of names and values: '+' is a space in both.
 * Strict: all or nothing, a text with a bad escape stays as it was sent. Lenient: escape by escape.
 * The result is always UTF-8; it is a view into `text` when nothing had to be changed. */
struct str percent_strict(struct arena *a, struct str text);
struct str percent_lenient(struct arena *a, struct str text);
