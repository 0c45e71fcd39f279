/* Personal access tokens: made by their owner under a name, shown once, never expiring. And
 * sessions that are made for somebody without his password. Runs in commands; the clear token is
 * drawn before.
 */
#pragma once

#include "domain/access.h"
#include "store/token.h"

bool token_generate(struct tx *tx, const struct actor *by, struct str name, bool bypass_two_factor,
                    struct str clear, struct err *err);
/* The old value is dead afterwards; the flag stays as it was. */
bool token_regenerate(struct tx *tx, const struct actor *by, struct str name, struct str clear,
                      struct err *err);
bool token_remove(struct tx *tx, const struct actor *by, struct str name, struct err *err);
bool tokens_mine(struct rd *rd, const struct actor *by, struct token_list *out, struct err *err);

/* A session for any user, by the secret of whoever runs the server. `right` is that secret; NULL:
 * none was set, and everybody is refused. */
bool token_create_for(struct tx *tx, const struct actor *by, struct str user_id, struct str secret,
                      const char *right, struct str clear, struct err *err);
