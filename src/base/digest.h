/* Digests, their printed forms, and randomness, by libsodium. Any thread after digest_init(). */
#pragma once

#include "base/arena.h"

enum {
    DIGEST_SHA256_BYTES = 32,
    DIGEST_HEX_BYTES = 65,   /* 64 hexadecimal digits and '\0' */
    DIGEST_TOKEN_BYTES = 45, /* 44 characters of base64 and '\0' */
};

/* First thing in main() and in tests. Calling it again is harmless. Ends the process on failure,
 * for without randomness nothing here is safe. */
void digest_init(void);

void digest_sha256(struct str bytes, uint8_t out[DIGEST_SHA256_BYTES]);
/* In lower-case hexadecimal digits. */
void digest_sha256_hex(struct str bytes, char out[DIGEST_HEX_BYTES]);
/* How a login token is stored: base64 of its SHA-256, with padding. */
void digest_token(struct str token, char out[DIGEST_TOKEN_BYTES]);

/* Standard base64 with padding (RFC 4648, section 4). The first form writes digest_base64_size(n)
 * bytes, '\0' included. */
static inline size_t digest_base64_size(size_t n)
{
    return (n + 2) / 3 * 4 + 1;
}
void digest_base64_to(struct str bytes, char *out, size_t size);
struct str digest_base64(struct arena *a, struct str bytes);

/* Bytes nobody can guess. */
void digest_random(void *out, size_t size);
/* A number below `limit` (not 0), each as likely as any other. */
uint32_t digest_random_below(uint32_t limit);

/* SipHash-2-4 under a key drawn by digest_init(): for hash tables, so that no sender can choose
 * names that collide. Differs from process to process; never store it. */
uint64_t digest_keyed64(struct str bytes);
