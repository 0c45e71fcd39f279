/* A string that grows, up to a ceiling that is given when it is made.
 *
 * What always holds, also after a failure:
 *   - `ptr` is never NULL and ptr[len] is '\0', so it can be printed at any moment;
 *   - `len` <= `max`: no input can make it grow without bound;
 *   - an append that would pass `max` adds nothing at all and sets `full`, which stays set; later
 *     appends add nothing either. So one may append blindly and ask buf_ok() once at the end.
 *
 * One may read `ptr` and `len`, and lower `len` through buf_cut(). Everything else goes through the
 * calls below. An empty buffer has allocated nothing: buf_init() cannot fail, and releasing a
 * buffer twice is harmless. Running out of memory aborts the process. A buf belongs to one thread.
 */
#pragma once

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap; /* bytes allocated, 0 while `ptr` is the shared empty string */
    size_t max; /* ceiling of `len` */
    bool full;  /* an append was refused */
};

/* An empty buffer that will hold at most `max` bytes (the '\0' not counted). */
void buf_init(struct buf *b, size_t max);
/* Gives the memory back; the buffer is empty again and keeps its ceiling. */
void buf_release(struct buf *b);
/* Empties it and clears `full`, but keeps the memory for the next use. */
void buf_clear(struct buf *b);
/* Shortens it to `len` bytes; a larger `len` changes nothing. Clears `full`. */
void buf_cut(struct buf *b, size_t len);
/* Hands the bytes over: the caller frees the result with free(). The buffer is empty again. */
char *buf_detach(struct buf *b);

/* All appends: true when the bytes are in, false when the ceiling refused them. */
bool buf_add(struct buf *b, struct str s);
static inline bool buf_add_char(struct buf *b, char c);
bool buf_add_i64(struct buf *b, int64_t value);
bool buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_addv(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
#define buf_lit(b, literal) buf_add((b), STR(literal))

/* Room for `n` more bytes to be written by hand at ptr + len; then buf_grew(). NULL: no room. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

/* Most of JSON's punctuation comes this way. */
static inline bool buf_add_char(struct buf *b, char c)
{
    if (b->len + 1 >= b->cap || b->len >= b->max || b->full)
        return buf_add(b, str_from(&c, 1));
    b->ptr[b->len++] = c;
    b->ptr[b->len] = '\0';
    return true;
}

static inline bool buf_ok(const struct buf *b)
{
    return !b->full;
}

static inline struct str buf_str(const struct buf *b)
{
    return str_from(b->ptr, b->len);
}

/* For a local: `BUF(text, 4096);` declares a buffer that releases itself at its scope's end. */
#define BUF(name, ceiling)                                                                         \
    __attribute__((cleanup(buf_release))) struct buf name;                                         \
    buf_init(&(name), (ceiling))
