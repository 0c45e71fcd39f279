/* Making UTF-8 of bytes that may be anything. Any thread. */
#pragma once

#include "base/arena.h"

/* `bytes` with U+FFFD in place of each broken sequence, as browsers and Node.js decode: one for the
 * longest start of a sequence that breaks off, else one for each byte. Bytes that are UTF-8 already
 * come back as they are, without a copy. */
struct str utf8_repair(struct arena *a, struct str bytes);
