/* Addresses as bytes; see guard_address.h. Any thread. */
#include "http/guard_address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>

enum { MAPPED_BYTES = 12 }; /* of ::ffff:a.b.c.d, in front of the IPv4 address */

static const unsigned char mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

static void set_bytes(struct address *out, unsigned width, const void *bytes)
{
    *out = (struct address){.width = width};
    memcpy(out->bytes, bytes, width);
}

/* Keeps the address but for a mapped one, which becomes what it stands for. */
static void set_ipv6(struct address *out, const unsigned char bytes[16])
{
    if (memcmp(bytes, mapped, MAPPED_BYTES) == 0)
        set_bytes(out, 4, bytes + MAPPED_BYTES);
    else
        set_bytes(out, 16, bytes);
}

static bool terminated(struct str text, char out[ADDRESS_TEXT_BYTES])
{
    if (text.len == 0 || text.len >= ADDRESS_TEXT_BYTES || str_find_char(text, '\0') != SIZE_MAX)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

/* As it is written, with a mapped address left in its 16 bytes. */
static bool parse_as_written(struct str text, struct address *out)
{
    char space[ADDRESS_TEXT_BYTES];
    unsigned char bytes[16];
    if (!terminated(text, space))
        return false;
    if (inet_pton(AF_INET, space, bytes) == 1)
        set_bytes(out, 4, bytes);
    else if (inet_pton(AF_INET6, space, bytes) == 1)
        set_bytes(out, 16, bytes);
    else
        return false;
    return true;
}

bool address_parse(struct str text, struct address *out)
{
    struct address written;
    if (!parse_as_written(text, &written))
        return false;
    if (written.width == 16)
        set_ipv6(out, written.bytes);
    else
        *out = written;
    return true;
}

bool address_parse_loose(const char *text, struct address *out)
{
    struct in_addr in;
    if (address_parse(str_of(text), out))
        return true;
    if (inet_aton(text, &in) == 0)
        return false;
    set_bytes(out, 4, &in);
    return true;
}

bool address_of(const struct sockaddr *from, struct address *out, unsigned *out_port)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof(in));
        set_bytes(out, 4, &in.sin_addr);
        *out_port = ntohs(in.sin_port);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof(in6));
        set_ipv6(out, in6.sin6_addr.s6_addr);
        *out_port = ntohs(in6.sin6_port);
        return true;
    }
    return false;
}

const char *address_text(const struct address *a, char space[ADDRESS_TEXT_BYTES])
{
    const char *text =
        inet_ntop(a->width == 4 ? AF_INET : AF_INET6, a->bytes, space, ADDRESS_TEXT_BYTES);
    assert(text != NULL);
    return text;
}

/* A range of mapped addresses is one of IPv4, as a single mapped address is. */
static void unmap_range(struct address_range *range)
{
    if (range->first.width != 16 || range->bits < MAPPED_BYTES * 8)
        return;
    struct address written = range->first;
    set_ipv6(&range->first, written.bytes);
    if (range->first.width == 4)
        range->bits -= MAPPED_BYTES * 8;
}

bool address_range_parse(struct str text, struct address_range *out)
{
    struct address_range range;
    size_t slash = str_find_char(text, '/');
    if (!parse_as_written(str_slice(text, 0, slash), &range.first))
        return false;
    int64_t bits = (int64_t)range.first.width * 8;
    if (slash != SIZE_MAX) {
        struct str number = str_after(text, slash + 1);
        int64_t most = bits;
        if (number.len == 0 || number.ptr[0] < '0' || number.ptr[0] > '9' ||
            !str_to_i64(number, &bits) || bits > most)
            return false;
    }
    range.bits = (unsigned)bits;
    unmap_range(&range);
    *out = range;
    return true;
}

bool address_in(const struct address *a, const struct address_range *range)
{
    if (a->width != range->first.width)
        return false;
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(a->bytes, range->first.bytes, whole) != 0)
        return false;
    return rest == 0 || (a->bytes[whole] ^ range->first.bytes[whole]) >> (8 - rest) == 0;
}
