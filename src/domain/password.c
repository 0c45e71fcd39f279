/* bcrypt by libxcrypt. Runs on the work lane; the functions share nothing. */
#include "domain/password.h"

#include <crypt.h>
#include <stdlib.h>

#include "base/mem.h"

enum { COST = 10, SALT_BYTES = 16 };

/* Stands in for the hash of somebody who has none: of the same cost, and the hash of nothing that
 * can be sent, for it was made over a text that is no digest. */
static const char no_hash[] = "$2b$10$abcdefghijklmnopqrstuuNkKzqyrordzzoOLx9hQvKbDFSFHXkyW";

static void free_data(struct crypt_data **data)
{
    free(*data);
}

/* crypt() into `out`; false when the setting is none it knows. The work area is 32 KB, too much for
 * a thread's stack to be taken for granted. */
static bool crypt_into(const char *digest, const char *setting, char out[PASSWORD_HASH_BYTES])
{
    __attribute__((cleanup(free_data))) struct crypt_data *data = mem_zalloc(sizeof(*data));
    const char *hash = crypt_r(digest, setting, data);
    if (hash == NULL || strlen(hash) != PASSWORD_HASH_BYTES - 1)
        return false;
    memcpy(out, hash, PASSWORD_HASH_BYTES);
    return true;
}

struct password password_of(struct str plain)
{
    struct password password = {""};
    digest_sha256_hex(plain, password.digest);
    return password;
}

static bool is_hex_digest(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr("0123456789abcdef", s.ptr[i]) == NULL || s.ptr[i] == '\0')
            return false;
    }
    return s.len == DIGEST_HEX_BYTES - 1;
}

static bool read_digest(const struct json *value, struct password *out)
{
    struct str digest = json_get_str(value, "digest");
    if (!is_hex_digest(digest) || !str_is(json_get_str(value, "algorithm"), "sha-256"))
        return false;
    memcpy(out->digest, digest.ptr, digest.len);
    out->digest[digest.len] = '\0';
    return true;
}

bool password_read(const struct json *value, struct password *out)
{
    if (json_is(value, JSON_OBJECT))
        return read_digest(value, out);
    if (!json_is(value, JSON_STRING))
        return false;
    *out = password_of(value->string);
    return true;
}

bool password_hash(const struct password *password, char out[PASSWORD_HASH_BYTES])
{
    char random[SALT_BYTES];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    digest_random(random, sizeof(random));
    return crypt_gensalt_rn("$2b$", COST, random, sizeof(random), setting, sizeof(setting)) &&
           crypt_into(password->digest, setting, out);
}

static bool is_bcrypt(struct str hash)
{
    return hash.len == PASSWORD_HASH_BYTES - 1 &&
           (str_starts(hash, STR("$2a$")) || str_starts(hash, STR("$2b$")) ||
            str_starts(hash, STR("$2y$")));
}

bool password_verify(const struct password *password, struct str hash)
{
    char setting[PASSWORD_HASH_BYTES], found[PASSWORD_HASH_BYTES];
    bool real = is_bcrypt(hash);
    memcpy(setting, real ? hash.ptr : no_hash, sizeof(setting) - 1);
    setting[sizeof(setting) - 1] = '\0';
    return crypt_into(password->digest, setting, found) && real &&
           str_eq_secret(str_of(found), str_of(setting));
}
