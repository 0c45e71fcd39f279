/* The growing string of buf.h. Growth is by half, so appending n bytes one by one costs O(n). */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_CAP = 256 }; /* a small document, without growing on the way */

/* What an unused buffer points to: always terminated, never written. */
static char empty_text[1] = "";

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.ptr = empty_text, .max = max};
}

void buf_release(struct buf *b)
{
    if (b->cap > 0)
        free(b->ptr);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    buf_cut(b, 0);
}

void buf_cut(struct buf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->ptr[len] = '\0';
    }
    b->full = false;
}

char *buf_detach(struct buf *b)
{
    char *text = b->cap > 0 ? b->ptr : mem_alloc(1);
    text[b->len] = '\0';
    buf_init(b, b->max);
    return text;
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->len) {
        b->full = true;
        return NULL;
    }
    size_t need = b->len + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap + b->cap / 2;
        if (cap < need)
            cap = need < FIRST_CAP ? FIRST_CAP : need;
        b->ptr = mem_resize(b->cap > 0 ? b->ptr : NULL, cap);
        b->cap = cap;
        b->ptr[b->len] = '\0';
    }
    return b->ptr + b->len;
}

void buf_grew(struct buf *b, size_t n)
{
    assert(b->len + n < b->cap);
    b->len += n;
    b->ptr[b->len] = '\0';
}

bool buf_add(struct buf *b, struct str s)
{
    if (s.len == 0)
        return buf_ok(b);
    char *room = buf_room(b, s.len);
    if (room == NULL)
        return false;
    memcpy(room, s.ptr, s.len);
    buf_grew(b, s.len);
    return true;
}

bool buf_add_i64(struct buf *b, int64_t value)
{
    char digits[24];
    char *end = digits + sizeof(digits), *at = end;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    return buf_add(b, str_from(at, (size_t)(end - at)));
}

bool buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = buf_addv(b, format, args);
    va_end(args);
    return ok;
}

bool buf_addv(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    assert(need >= 0);
    char *room = buf_room(b, (size_t)need);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)need + 1, format, again);
        buf_grew(b, (size_t)need);
    }
    va_end(again);
    return room != NULL;
}
