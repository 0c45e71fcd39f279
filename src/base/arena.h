/* Memory that lives and dies together: one request, one job, one start-up.
 *
 * Pieces are handed out by moving a pointer and are never freed singly; arena_release() frees all,
 * arena_reset() makes it empty for the next use and keeps the first block. Allocation never fails:
 * out of memory ends the process (mem.h). The cap is a promise that is checked at the edges:
 * passing it sets `over`, and whoever feeds the arena from outside (api, hooks) looks at
 * arena_over() and refuses the request. Under AddressSanitizer each piece is its own heap block, so
 * that an overrun or a use after reset is seen. An arena has one holder at a time; it is not
 * locked.
 */
#pragma once

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out since the last reset */
    size_t cap;                 /* promise, in bytes */
    bool over;                  /* the promise was broken */
};

void arena_init(struct arena *a, size_t cap);
void arena_release(struct arena *a);
void arena_reset(struct arena *a);

/* `size` bytes aligned for any type, not cleared; arena_zalloc() clears them. Never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
void *arena_zalloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
#define ARENA_NEW(a, type)      ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (n)))

/* Copies that end with '\0' (which is not counted in the view). */
struct str arena_str(struct arena *a, struct str s);
char *arena_cstr(struct arena *a, struct str s);
struct str arena_fmt(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The bytes of several views, one after the other. */
struct str arena_join(struct arena *a, const struct str *parts, size_t count);
/* A copy with ASCII letters in lower case. */
struct str arena_lower(struct arena *a, struct str s);

static inline bool arena_over(const struct arena *a)
{
    return a->over;
}
