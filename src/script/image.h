/* Images: what a script's engine holds between two calls, kept by the pool outside every worker.
 *
 * An image is the used part of a heap (protocol.h) and where its engine stands. Those used lately
 * lie in memory, up to a bound; others lie in a file without a name, which is gone with the
 * process, for an image is only good for the very program that made it. The pool's thread alone.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "script/protocol.h"

struct image {
    struct engine_state state;
    size_t len;  /* bytes from state.stack on; 0: there is no image */
    char *bytes; /* NULL: it lies in the file, at `at` */
    off_t at;
};

/* A place in the file that an image has left, waiting for another one of the same size. */
struct image_hole {
    struct image_hole *next;
    size_t len;
    off_t at;
};

struct image_store {
    size_t hot;  /* bytes in memory; may be read */
    size_t cold; /* bytes in the file */
    int file;    /* -1: not yet opened */
    off_t end;
    struct image_hole *holes;
    const char *folder;
};

void images_init(struct image_store *store, const char *folder);
/* Every image must have been dropped. */
void images_release(struct image_store *store);

static inline bool image_is(const struct image *image)
{
    return image->len > 0;
}

/* Makes it a copy of this heap, whatever it was before; it lies in memory then. */
void image_copy(struct image_store *store, struct image *image, const struct engine_state *state,
                const char *heap);
/* Brings it into memory. False when the file cannot be read; the image is gone then. */
bool image_warm(struct image_store *store, struct image *image);
/* Moves it to the file. False when it cannot be written; it stays in memory then. */
bool image_cool(struct image_store *store, struct image *image);
/* Forgets it; there may be none. */
void image_drop(struct image_store *store, struct image *image);
