/* Digests, signatures, sealed secrets, their printed forms, and randomness, by libsodium. Any
 * thread after digest_init(). */
#pragma once

#include "base/arena.h"

enum {
    DIGEST_SHA256_BYTES = 32,
    DIGEST_HEX_BYTES = 65,   /* 64 hexadecimal digits and '\0' */
    DIGEST_TOKEN_BYTES = 45, /* 44 characters of base64 and '\0' */

    DIGEST_MAC_BYTES = 64, /* room for the largest of digest_hmac() */
    DIGEST_ED25519_KEY_BYTES = 32,
    DIGEST_ED25519_SIGNATURE_BYTES = 64,
    DIGEST_SEAL_KEY_BYTES = 32,
    DIGEST_SEAL_BYTES = 40, /* by how much a sealed text is longer */
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

/* The other way. Only the standard alphabet with its padding and nothing around it, so that bytes
 * have one form. False when `text` is something else, or more than `room` bytes. */
bool digest_base64_decode(struct str text, void *out, size_t room, size_t *out_len);
/* Exactly `size` bytes from hexadecimal digits of either case; false when `text` is anything else.
 */
bool digest_hex_decode(struct str text, void *out, size_t size);

enum digest_hash { DIGEST_SHA256, DIGEST_SHA512 };

size_t digest_mac_size(enum digest_hash hash);
/* HMAC (RFC 2104) over the bytes of several views, one after the other, under a key of any length.
 * Writes digest_mac_size() bytes, and returns that. */
size_t digest_hmac(enum digest_hash hash, struct str key, const struct str *parts, size_t count,
                   uint8_t out[DIGEST_MAC_BYTES]);

/* Whether an Ed25519 signature (RFC 8032) of `message` was made by the owner of this public key.
 * False for keys and signatures of another length. */
bool digest_ed25519_verify(struct str public_key, struct str signature, struct str message);

/* Secrets at rest: sealed with the server's key (XChaCha20-Poly1305, a random nonce in front), so
 * that a copy of the database alone tells nothing. `place` says where the secret belongs: what was
 * sealed for one place does not open in another. The results lie in the arena. */
struct str digest_seal(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES], struct str place,
                       struct str plain);
/* False when key or place are others, or a bit was changed. */
bool digest_open(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES], struct str place,
                 struct str sealed, struct str *out);

/* Bytes nobody can guess. */
void digest_random(void *out, size_t size);
/* A number below `limit` (not 0), each as likely as any other. */
uint32_t digest_random_below(uint32_t limit);

/* SipHash-2-4 under a key drawn by digest_init(): for hash tables, so that no sender can choose
 * names that collide. Differs from process to process; never store it. */
uint64_t digest_keyed64(struct str bytes);
/* The same with 128 bits, under a key of its own: two texts that agree in it are the same text. */
enum { DIGEST_KEYED128_BYTES = 16 };
void digest_keyed128(struct str bytes, uint8_t out[DIGEST_KEYED128_BYTES]);
