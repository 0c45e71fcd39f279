/* A login token as it is kept: its hash, never itself. A personal access token is one with a name
 * that does not expire. */
#pragma once

#include "base/str.h"

enum { TOKENS_PER_USER = 50 }; /* login tokens; the oldest go first */

struct token {
    struct str hash; /* base64 of the SHA-256 of the token, 44 characters (digest_token) */
    struct str user_id;
    bool personal;
    struct str name;      /* of a personal token */
    struct str last_part; /* of a personal token: its last 6 characters, to tell it from others */
    bool bypass_two_factor;
    int64_t created_at_ms;
};
