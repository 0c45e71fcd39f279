/* Identifiers of id.h, drawn from the system's generator. Keeps nothing. Any thread. */
#include "base/id.h"

#include "base/digest.h"

static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
static const char token_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { LETTERS = sizeof(letters) - 1, TOKEN_LETTERS = sizeof(token_letters) - 1 };
_Static_assert(LETTERS == 55 && TOKEN_LETTERS == 64, "each letter once");

/* Random bytes that are not below the largest multiple of 55 are thrown away: kept, they would make
 * the first letters likelier than the last. */
struct str id_random(struct arena *a, size_t n)
{
    enum { FAIR = 256 / LETTERS * LETTERS };
    unsigned char bytes[32];
    char *text = arena_alloc(a, n + 1);
    for (size_t len = 0; len < n;) {
        digest_random(bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes) && len < n; i++) {
            if (bytes[i] < FAIR)
                text[len++] = letters[bytes[i] % LETTERS];
        }
    }
    text[n] = '\0';
    return str_from(text, n);
}

struct str id_short(struct arena *a)
{
    return id_random(a, ID_SHORT_LEN);
}

struct str id_hex(struct arena *a, int64_t now_ms)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[ID_HEX_LEN / 2];
    uint32_t seconds = (uint32_t)(now_ms / 1000);
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(seconds >> (24 - 8 * i));
    digest_random(bytes + 4, sizeof(bytes) - 4);

    char *text = arena_alloc(a, ID_HEX_LEN + 1);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[ID_HEX_LEN] = '\0';
    return str_from(text, ID_HEX_LEN);
}

struct str id_token(struct arena *a)
{
    unsigned char bytes[ID_TOKEN_LEN];
    digest_random(bytes, sizeof(bytes));
    char *text = arena_alloc(a, ID_TOKEN_LEN + 1);
    for (size_t i = 0; i < ID_TOKEN_LEN; i++)
        text[i] = token_letters[bytes[i] % TOKEN_LETTERS]; /* 64 divides 256: all equally likely */
    text[ID_TOKEN_LEN] = '\0';
    return str_from(text, ID_TOKEN_LEN);
}
