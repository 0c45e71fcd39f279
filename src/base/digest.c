/* libsodium behind digest.h. The only state is the process's hash key, drawn once by digest_init()
 * before the threads start and constant afterwards.
 */
#include "base/digest.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

static unsigned char hash_key[crypto_shorthash_KEYBYTES];
static unsigned char wide_key[crypto_shorthash_siphashx24_KEYBYTES];
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
    randombytes_buf(wide_key, sizeof(wide_key));
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

bool digest_base64_decode(struct str text, void *out, size_t room, size_t *out_len)
{
    return sodium_base642bin(out, room, text.ptr, text.len, NULL, out_len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool digest_hex_decode(struct str text, void *out, size_t size)
{
    return text.len == 2 * size &&
           sodium_hex2bin(out, size, text.ptr, text.len, NULL, NULL, NULL) == 0;
}

size_t digest_mac_size(enum digest_hash hash)
{
    return hash == DIGEST_SHA512 ? crypto_auth_hmacsha512_BYTES : crypto_auth_hmacsha256_BYTES;
}

static void hmac_sha256(struct str key, const struct str *parts, size_t count, uint8_t *out)
{
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, bytes_of(key), key.len); /* all three: always 0 */
    for (size_t i = 0; i < count; i++)
        (void)crypto_auth_hmacsha256_update(&state, bytes_of(parts[i]), parts[i].len);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

static void hmac_sha512(struct str key, const struct str *parts, size_t count, uint8_t *out)
{
    crypto_auth_hmacsha512_state state;
    (void)crypto_auth_hmacsha512_init(&state, bytes_of(key), key.len); /* all three: always 0 */
    for (size_t i = 0; i < count; i++)
        (void)crypto_auth_hmacsha512_update(&state, bytes_of(parts[i]), parts[i].len);
    (void)crypto_auth_hmacsha512_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

size_t digest_hmac(enum digest_hash hash, struct str key, const struct str *parts, size_t count,
                   uint8_t out[DIGEST_MAC_BYTES])
{
    if (hash == DIGEST_SHA512)
        hmac_sha512(key, parts, count, out);
    else
        hmac_sha256(key, parts, count, out);
    return digest_mac_size(hash);
}

bool digest_ed25519_verify(struct str public_key, struct str signature, struct str message)
{
    return public_key.len == DIGEST_ED25519_KEY_BYTES &&
           signature.len == DIGEST_ED25519_SIGNATURE_BYTES &&
           crypto_sign_ed25519_verify_detached(bytes_of(signature), bytes_of(message), message.len,
                                               bytes_of(public_key)) == 0;
}

/* A sealed text: nonce, then the bytes and their tag. */
enum { NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
_Static_assert(DIGEST_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES &&
                   DIGEST_SEAL_BYTES == NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "XChaCha20-Poly1305's sizes");

struct str digest_seal(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES], struct str place,
                       struct str plain)
{
    size_t len = plain.len + DIGEST_SEAL_BYTES;
    unsigned char *nonce = arena_alloc(a, len);
    digest_random(nonce, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, bytes_of(plain),
                                                     plain.len, bytes_of(place), place.len, NULL,
                                                     nonce, key); /* always 0 */
    return str_from((const char *)nonce, len);
}

bool digest_open(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES], struct str place,
                 struct str sealed, struct str *out)
{
    if (sealed.len < DIGEST_SEAL_BYTES)
        return false;
    const unsigned char *nonce = bytes_of(sealed);
    size_t len = sealed.len - DIGEST_SEAL_BYTES;
    unsigned char *plain = arena_alloc(a, len + 1);
    plain[len] = '\0';
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, nonce + NONCE_BYTES,
                                                   sealed.len - NONCE_BYTES, bytes_of(place),
                                                   place.len, nonce, key) != 0)
        return false;
    *out = str_from((const char *)plain, len);
    return true;
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

void digest_keyed128(struct str bytes, uint8_t out[DIGEST_KEYED128_BYTES])
{
    _Static_assert(DIGEST_KEYED128_BYTES == crypto_shorthash_siphashx24_BYTES, "128 bits");
    assert(ready);
    (void)crypto_shorthash_siphashx24(out, bytes_of(bytes), bytes.len, wide_key);
}

uint64_t digest_keyed64(struct str bytes)
{
    uint64_t hash;
    _Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "SipHash gives 64 bits");
    assert(ready);
    (void)crypto_shorthash((unsigned char *)&hash, bytes_of(bytes), bytes.len, hash_key);
    return hash;
}
