/* Passwords: bcrypt over the lower-case hex SHA-256 of the password, so that a client may send the
 * digest and accounts can be taken over from a Rocket.Chat database.
 *
 * Hashing and verifying take tens of milliseconds on purpose: they run in work steps only. Any
 * thread otherwise. Needs digest_init().
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"

enum { PASSWORD_HASH_BYTES = 61 /* "$2b$10$", 53 characters and '\0' */ };

/* A password as it travels inside: the digest's 64 hexadecimal digits. */
struct password {
    char digest[DIGEST_HEX_BYTES];
};

struct password password_of(struct str plain);
/* From what a client sends: a text, or {"digest": <64 digits>, "algorithm": "sha-256"}. False when
 * it is neither. */
bool password_read(const struct json *value, struct password *out);

/* False only when the system's crypt refuses to work. */
bool password_hash(const struct password *password, char out[PASSWORD_HASH_BYTES]);
/* Whether the hash ($2a$, $2b$ or $2y$) is the password's. An empty or foreign hash never is, and
 * finding that out takes as long as with any other. */
bool password_verify(const struct password *password, struct str hash);
