/* Internet addresses and ranges of them, as the guard compares them: plain bytes, without ports.
 * An IPv4 address that is mapped into IPv6 (::ffff:a.b.c.d) is that IPv4 address, for this is what
 * the kernel connects to. Pure; any thread.
 */
#pragma once

#include <sys/socket.h>

#include "base/str.h"

struct address {
    unsigned width; /* bytes: 4 or 16 */
    unsigned char bytes[16];
};

struct address_range {
    struct address first; /* bits behind `bits` do not count */
    unsigned bits;
};

enum { ADDRESS_TEXT_BYTES = 48 };

/* The strict forms alone ("10.0.0.1", "fe80::1"): no brackets, no zone, no octal or short forms. */
bool address_parse(struct str text, struct address *out);
/* Those, and the forms in which the resolver takes IPv4 addresses: short, octal, hexadecimal. */
bool address_parse_loose(const char *text, struct address *out);
/* False: of neither IPv4 nor IPv6. */
bool address_of(const struct sockaddr *from, struct address *out, unsigned *out_port);
const char *address_text(const struct address *a, char space[ADDRESS_TEXT_BYTES]);

/* "10.0.0.0/8", or an address alone. */
bool address_range_parse(struct str text, struct address_range *out);
bool address_in(const struct address *a, const struct address_range *range);
