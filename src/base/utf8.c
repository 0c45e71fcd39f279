/* The decoder of utf8.h. Any thread.
 *
 * Two walks over the bytes: one counts what is broken, so that the copy has its size; the other
 * writes it. Text that is well-formed, nearly all there is, sees neither.
 */
#include "base/utf8.h"

static const char replacement[] = {'\xef', '\xbf', '\xbd'};

/* How many bytes follow the first one of a sequence, -1 when no sequence starts so; and the bounds
 * of the first follower, which shut out overlong forms and surrogates (those after it: 80..BF). */
static int followers(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 0;
    if (lead < 0xc2 || lead > 0xf4)
        return -1;
    return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

/* Cuts the sequence at the front of *rest off; false when it is broken off, or none. */
static bool take_sequence(struct str *rest, struct str *sequence)
{
    unsigned char low, high;
    int missing = followers((unsigned char)rest->ptr[0], &low, &high);
    size_t len = 1;
    for (; missing > 0 && len < rest->len; len++, missing--) {
        unsigned char c = (unsigned char)rest->ptr[len];
        if (c < low || c > high)
            break;
        low = 0x80;
        high = 0xbf;
    }
    *sequence = str_slice(*rest, 0, len);
    *rest = str_after(*rest, len);
    return missing == 0;
}

static size_t repaired_size(struct str rest)
{
    size_t size = 0;
    for (struct str sequence; rest.len > 0;)
        size += take_sequence(&rest, &sequence) ? sequence.len : sizeof(replacement);
    return size;
}

struct str utf8_repair(struct arena *a, struct str bytes)
{
    if (str_utf8(bytes))
        return bytes;
    char *out = arena_alloc(a, repaired_size(bytes));
    size_t len = 0;
    for (struct str rest = bytes, sequence; rest.len > 0;) {
        if (!take_sequence(&rest, &sequence))
            sequence = str_from(replacement, sizeof(replacement));
        memcpy(out + len, sequence.ptr, sequence.len);
        len += sequence.len;
    }
    return str_from(out, len);
}
