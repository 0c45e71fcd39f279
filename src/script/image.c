/* Images in memory and in their file. Runs on the pool's thread.
 *
 * Heaps grow by pages of 64 KiB, so there are few sizes: a place in the file that one image leaves
 * fits the next of its size, and the file does not need to be tidied. */
#include "script/image.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

void images_init(struct image_store *store, const char *folder)
{
    *store = (struct image_store){.file = -1, .folder = folder};
}

void images_release(struct image_store *store)
{
    assert(store->hot == 0 && store->cold == 0);
    while (store->holes != NULL) {
        struct image_hole *hole = store->holes;
        store->holes = hole->next;
        free(hole);
    }
    if (store->file >= 0)
        (void)close(store->file);
    store->file = -1;
}

/* --- places in the file --- */

static bool open_file(struct image_store *store)
{
    if (store->file < 0)
        store->file = open(store->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (store->file < 0)
        log_event(LOG_WARN, "script-states", "folder=%s error=%s", LOG_Q(str_of(store->folder)),
                  LOG_Q(str_of(strerrorname_np(errno))));
    return store->file >= 0;
}

static off_t place_take(struct image_store *store, size_t len)
{
    for (struct image_hole **at = &store->holes; *at != NULL; at = &(*at)->next) {
        struct image_hole *hole = *at;
        if (hole->len == len) {
            off_t place = hole->at;
            *at = hole->next;
            free(hole);
            return place;
        }
    }
    off_t place = store->end;
    store->end += (off_t)len;
    return place;
}

static void place_give(struct image_store *store, off_t at, size_t len)
{
    struct image_hole *hole = mem_alloc(sizeof(*hole));
    *hole = (struct image_hole){.next = store->holes, .len = len, .at = at};
    store->holes = hole;
}

static bool write_all(int file, const char *bytes, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(file, bytes, len, at);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
        at += n;
    }
    return true;
}

static bool read_all(int file, char *bytes, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t n = pread(file, bytes, len, at);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
        at += n;
    }
    return true;
}

/* --- images --- */

void image_drop(struct image_store *store, struct image *image)
{
    if (!image_is(image))
        return;
    if (image->bytes != NULL) {
        store->hot -= image->len;
        free(image->bytes);
    } else {
        store->cold -= image->len;
        place_give(store, image->at, image->len);
    }
    *image = (struct image){.len = 0};
}

void image_copy(struct image_store *store, struct image *image, const struct engine_state *state,
                const char *heap)
{
    size_t len = (size_t)state->pages * CHANNEL_PAGE - state->stack;
    if (image->bytes == NULL || image->len != len) {
        image_drop(store, image);
        image->bytes = mem_alloc(len);
        image->len = len;
        store->hot += len;
    }
    image->state = *state;
    memcpy(image->bytes, heap + state->stack, len);
}

bool image_cool(struct image_store *store, struct image *image)
{
    assert(image_is(image) && image->bytes != NULL);
    if (!open_file(store))
        return false;
    off_t at = place_take(store, image->len);
    if (!write_all(store->file, image->bytes, image->len, at)) {
        log_event(LOG_WARN, "script-states", "error=%s", strerrorname_np(errno));
        place_give(store, at, image->len);
        return false;
    }
    free(image->bytes);
    image->bytes = NULL;
    image->at = at;
    store->hot -= image->len;
    store->cold += image->len;
    return true;
}

bool image_warm(struct image_store *store, struct image *image)
{
    assert(image_is(image));
    if (image->bytes != NULL)
        return true;
    char *bytes = mem_alloc(image->len);
    if (!read_all(store->file, bytes, image->len, image->at)) {
        log_event(LOG_WARN, "script-states", "error=%s", strerrorname_np(errno));
        free(bytes);
        image_drop(store, image);
        return false;
    }
    place_give(store, image->at, image->len);
    store->cold -= image->len;
    store->hot += image->len;
    image->bytes = bytes;
    return true;
}
