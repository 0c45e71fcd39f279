/* The rules of personal access tokens and of sessions by secret; see token.h. */
#include "domain/token.h"

#include "base/digest.h"
#include "domain/fault.h"
#include "domain/login.h"

enum { LAST_PART_LEN = 6, NAME_BYTES = 1024, TOKENS_MAX = 500 };

#define DETAILS_GENERATE   DETAILS_METHOD("personalAccessTokens:generateToken")
#define DETAILS_REGENERATE DETAILS_METHOD("personalAccessTokens:regenerateToken")
#define DETAILS_REMOVE     DETAILS_METHOD("personalAccessTokens:removeToken")

static bool check_allowed(struct rd *rd, const struct actor *by, struct str details,
                          struct err *err)
{
    return access_allows_globally(rd, by->id, PERM_CREATE_PERSONAL_ACCESS_TOKENS) ||
           fault_with(err, details, "not-authorized", "Not Authorized");
}

static bool check_name(struct str name, struct err *err)
{
    if (str_blank(name))
        return refuse(err, "The 'tokenName' param is required");
    return name.len <= NAME_BYTES ||
           refuse(err, "The token's name is too long: it may have %d bytes.", NAME_BYTES);
}

static void store(struct tx *tx, const struct actor *by, struct str name, bool bypass_two_factor,
                  struct str clear)
{
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(clear, hash);
    token_insert(tx, &(struct token){
                         .hash = arena_str(tx->rd.arena, str_of(hash)),
                         .user_id = by->id,
                         .personal = true,
                         .name = name,
                         .last_part = str_after(clear, clear.len - LAST_PART_LEN),
                         .bypass_two_factor = bypass_two_factor,
                         .created_at_ms = tx->rd.now_ms,
                     });
}

bool token_generate(struct tx *tx, const struct actor *by, struct str name, bool bypass_two_factor,
                    struct str clear, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!check_name(name, err) || !check_allowed(rd, by, DETAILS_GENERATE, err))
        return false;
    if (token_find_personal(rd, by->id, name) != NULL)
        return fault_with(err, DETAILS_GENERATE, "error-token-already-exists",
                          "A token with this name already exists");
    if (tokens_personal(rd, by->id).count >= TOKENS_MAX)
        return refuse(err, "There are %d tokens already; remove one first.", TOKENS_MAX);
    store(tx, by, name, bypass_two_factor, clear);
    return true;
}

/* The token of that name, or NULL and *err. */
static struct token *find_mine(struct rd *rd, const struct actor *by, struct str name,
                               struct str details, struct err *err)
{
    if (!check_name(name, err) || !check_allowed(rd, by, details, err))
        return NULL;
    struct token *token = token_find_personal(rd, by->id, name);
    if (token == NULL)
        fault_with(err, details, "error-token-does-not-exists", "Token does not exist");
    return token;
}

bool token_regenerate(struct tx *tx, const struct actor *by, struct str name, struct str clear,
                      struct err *err)
{
    const struct token *old = find_mine(tx_rd(tx), by, name, DETAILS_REGENERATE, err);
    if (old == NULL)
        return false;
    token_erase(tx, old->hash);
    store(tx, by, old->name, old->bypass_two_factor, clear);
    return true;
}

bool token_remove(struct tx *tx, const struct actor *by, struct str name, struct err *err)
{
    const struct token *token = find_mine(tx_rd(tx), by, name, DETAILS_REMOVE, err);
    return token != NULL && token_erase(tx, token->hash);
}

bool tokens_mine(struct rd *rd, const struct actor *by, struct token_list *out, struct err *err)
{
    if (!check_allowed(rd, by, DETAILS_METHOD("personalAccessTokens:getPersonalAccessTokens"), err))
        return false;
    *out = tokens_personal(rd, by->id);
    return true;
}

/* --- by secret --- */

static bool refuse_secret(struct err *err)
{
    return fault_with(err, DETAILS_METHOD("createToken"), "error-not-authorized", "Not authorized");
}

bool token_create_for(struct tx *tx, const struct actor *by, struct str user_id, struct str secret,
                      const char *right, struct str clear, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (right == NULL || right[0] == '\0' || !str_eq_secret(secret, str_of(right)))
        return refuse_secret(err);
    if (!str_eq(by->id, user_id) &&
        !access_allows_globally(rd, by->id, PERM_USER_GENERATE_ACCESS_TOKEN))
        return refuse_secret(err);
    const struct user *user = user_find(rd, user_id);
    if (user == NULL)
        return fault(
            err, "error-invalid-user",
            "The required \"userId\" or \"username\" param provided does not match any users");
    if (!user->active)
        return refuse_secret(err);
    login_start_session(tx, user_id, clear);
    return true;
}
