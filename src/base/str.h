/* A view of bytes that somebody else owns: pointer and length, passed by value.
 *
 * A view never owns, never grows and need not be terminated. The empty view has length 0; its
 * pointer may be anything, NULL included. Text is UTF-8; comparisons are by byte. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

/* A view of a string literal; its length is known while compiling. */
#define STR(literal) ((struct str){.ptr = ("" literal), .len = sizeof(literal) - 1})
/* The same for tables of constants, where a compound literal is not allowed. */
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        .ptr = ("" literal), .len = sizeof(literal) - 1                                            \
    }
/* For printf's "%.*s"; the length is cut at INT_MAX by the caller's own limits. */
#define STR_FMT(s) (int)(s).len, (s).ptr

static inline struct str str_of(const char *text)
{
    return (struct str){.ptr = text, .len = text ? strlen(text) : 0};
}

static inline struct str str_from(const char *ptr, size_t len)
{
    return (struct str){.ptr = ptr, .len = len};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
    return str_eq(a, str_of(text));
}

static inline bool str_empty(struct str a)
{
    return a.len == 0;
}

static inline bool str_starts(struct str a, struct str prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool str_ends(struct str a, struct str suffix)
{
    return a.len >= suffix.len &&
           (suffix.len == 0 || memcmp(a.ptr + a.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* The bytes from `from` on, or from `from` up to `to`; positions past the end mean the end. */
struct str str_slice(struct str s, size_t from, size_t to);
static inline struct str str_after(struct str s, size_t from)
{
    return str_slice(s, from, s.len);
}

/* Byte order: negative, 0 or positive, as memcmp. */
int str_cmp(struct str a, struct str b);
/* Equality that ignores the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);
/* Equality whose time tells the length of `a` only: for tokens and hashes. */
bool str_eq_secret(struct str a, struct str b);

/* Position of the first `c`, or of the first place of `needle`; SIZE_MAX when there is none. */
size_t str_find_char(struct str s, char c);
size_t str_find(struct str s, struct str needle);

/* How many bytes must be put in, taken out or changed to make `a` of `b` (Levenshtein), for "did
 * you mean". Only the first STR_DISTANCE_BYTES of each count. */
enum { STR_DISTANCE_BYTES = 200 };
size_t str_distance(struct str a, struct str b);

/* Without white space at both ends, as ECMAScript's trim() sees it (Unicode spaces and BOM too). */
struct str str_trim(struct str s);
static inline bool str_blank(struct str s)
{
    return str_trim(s).len == 0;
}

/* Cuts the next part off the front of *rest, up to `sep` (not included). False when *rest was used
 * up before: "a,,b" gives "a", "", "b"; "" gives one empty part; start with *rest = the whole. */
bool str_split(struct str *rest, char sep, struct str *part);

/* A whole decimal number with an optional sign and nothing else around it, that fits. */
bool str_to_i64(struct str s, int64_t *out);

/* What a log line may show of a secret: its first four characters and "...", or "***". The result
 * lies in `space`, which must hold 8 bytes. */
const char *str_masked(struct str secret, char space[8]);

/* True when the bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool str_utf8(struct str s);
