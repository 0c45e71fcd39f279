/* Rows of login tokens. Every change also goes to the catalog, where a session is found by the 32
 * bytes of the token's SHA-256. Hashes here are the 44 characters of digest_token(). */
#pragma once

#include "model/token.h"
#include "store/store.h"

void token_insert(struct tx *tx, const struct token *token);
struct token *token_find(struct rd *rd, struct str hash); /* NULL: there is none */
struct token *token_find_personal(struct rd *rd, struct str user_id, struct str name);

struct token_list {
    struct token **items; /* oldest first */
    size_t count;
};
struct token_list tokens_personal(struct rd *rd, struct str user_id);

/* False: there was none. */
bool token_erase(struct tx *tx, struct str hash);
void tokens_erase_of_user(struct tx *tx, struct str user_id);
/* Takes login tokens away: those made before `oldest_ms`, and all but the newest `keep`. */
void tokens_trim(struct tx *tx, struct str user_id, int64_t oldest_ms, int64_t keep);

/* At the start: gives every token to the catalog. */
void sessions_publish_all(struct tx *tx);
