/* Which addresses this server may connect to on behalf of users: by default only public ones.
 *
 * Refused are loopback, private, link-local, unique-local, shared, multicast, unspecified,
 * documentation, benchmarking and all other special ranges of IPv4 and IPv6, also when an IPv4
 * address hides in an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64). The operator allows
 * ranges and hosts with `outbound.allow`. What is judged is the address that is connected to,
 * never a name or a spelling alone.
 *
 * Immutable after it was made; any thread.
 */
#pragma once

#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

struct guard;

/* `allow`: ranges ("127.0.0.0/8", "::1/128"), addresses ("::1", "127.0.0.1:8080", "[::1]:8080"),
 * and hosts ("ci.example", "ci.example:8443") in any case, which are allowed wherever they are.
 * NULL and *err names the first entry that is none. */
struct guard *guard_new(const struct str *allow, size_t count, struct err *err);
void guard_free(struct guard *g);

/* May `host`, which was resolved to `address`, be connected to? False and *err, which names the
 * range and the key `outbound.allow`. */
bool guard_permits(const struct guard *g, struct str host, const struct sockaddr *address,
                   struct err *err);
/* Is it a URL that is asked at all: http or https, a host, and where an address stands in place of
 * a name, in whatever spelling, one that may be connected to? `user:password@` is permitted, as in
 * the reference: the client sends it as Basic and shows it nowhere. */
bool guard_permits_url(const struct guard *g, struct str url, struct err *err);
