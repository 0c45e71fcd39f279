/* libsodium behind digest.h. The only state is the process's hash key, drawn once by digest_init()
 * before the threads start and constant afterwards.
 */
#include "base/digest.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

static unsigned char hash_key[crypto_shorthash_KEYBYTES];
static bool ready;

void digest_init(void)
{
    if (ready)
        return;
    if (sodium_init() < 0) {
        (void)fprintf(stderr, "level=fatal msg=\"libsodium finds no source of randomness\"\n");
        abort();
    }
    crypto_shorthash_keygen(hash_key);
    ready = true;
}

static const unsigned char *bytes_of(struct str s)
{
    return s.len > 0 ? (const unsigned char *)s.ptr : (const unsigned char *)"";
}

void digest_sha256(struct str bytes, uint8_t out[DIGEST_SHA256_BYTES])
{
    (void)crypto_hash_sha256(out, bytes_of(bytes), bytes.len); /* always 0 */
}

void digest_sha256_hex(struct str bytes, char out[DIGEST_HEX_BYTES])
{
    uint8_t hash[DIGEST_SHA256_BYTES];
    digest_sha256(bytes, hash);
    (void)sodium_bin2hex(out, DIGEST_HEX_BYTES, hash, sizeof(hash));
}

void digest_token(struct str token, char out[DIGEST_TOKEN_BYTES])
{
    uint8_t hash[DIGEST_SHA256_BYTES];
    digest_sha256(token, hash);
    digest_base64_to(str_from((const char *)hash, sizeof(hash)), out, DIGEST_TOKEN_BYTES);
}

void digest_base64_to(struct str bytes, char *out, size_t size)
{
    assert(size >= digest_base64_size(bytes.len));
    (void)sodium_bin2base64(out, size, bytes_of(bytes), bytes.len, sodium_base64_VARIANT_ORIGINAL);
}

struct str digest_base64(struct arena *a, struct str bytes)
{
    size_t size = digest_base64_size(bytes.len);
    char *text = arena_alloc(a, size);
    digest_base64_to(bytes, text, size);
    return str_from(text, size - 1);
}

void digest_random(void *out, size_t size)
{
    assert(ready);
    randombytes_buf(out, size);
}

uint32_t digest_random_below(uint32_t limit)
{
    assert(ready && limit > 0);
    return randombytes_uniform(limit);
}

uint64_t digest_keyed64(struct str bytes)
{
    uint64_t hash;
    _Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "SipHash gives 64 bits");
    assert(ready);
    (void)crypto_shorthash((unsigned char *)&hash, bytes_of(bytes), bytes.len, hash_key);
    return hash;
}
