/* The four steps of logging in. What is decided from the catalog or in memory is decided again from
 * rows before a session begins. */
#include "domain/login.h"

#include <assert.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/catalog.h"
#include "store/token.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* --- begin --- */

/* What stands for a user: a name, an address, or a text that is either. */
static bool read_who(const struct json *body, enum login_form *form, struct str *key)
{
    const struct json *user = json_get_lit(body, "user");
    const struct json *from = json_is(user, JSON_OBJECT) ? user : body;
    if (json_is(user, JSON_STRING)) {
        *key = user->string;
        *form = str_find_char(*key, '@') == SIZE_MAX ? LOGIN_BY_USERNAME : LOGIN_BY_EMAIL;
        return true;
    }
    *key = json_get_str(from, "username");
    *form = LOGIN_BY_USERNAME;
    if (str_empty(*key)) {
        *key = json_get_str(from, "email");
        *form = LOGIN_BY_EMAIL;
    }
    return !str_empty(*key);
}

static bool read_body(struct login *login, const struct json *body)
{
    const struct json *password = json_get_lit(body, "password");
    if (password != NULL && read_who(body, &login->form, &login->key)) {
        /* A password of no known form is one that nobody has. */
        if (!password_read(password, &login->password))
            login->password = (struct password){""};
        return true;
    }
    login->form = LOGIN_BY_TOKEN;
    login->key = json_get_str(body, "resume");
    return !str_empty(login->key);
}

/* A setting in minutes, which may have a fraction. */
static int64_t minutes_ms(const struct catalog *catalog, enum setting_id id, struct arena *arena)
{
    double minutes = 0;
    struct str text = catalog_setting_text(catalog, id, arena);
    if (!json_number_of(text, &minutes) || !(minutes > 0))
        return 0;
    return minutes < 1e9 ? (int64_t)(minutes * 60000) : INT64_MAX / 2;
}

static bool is_trusted(const struct catalog *catalog, struct str address, struct arena *arena)
{
    struct str part,
        rest =
            catalog_setting_text(catalog, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_IP_WHITELIST, arena);
    while (str_split(&rest, ',', &part)) {
        if (!str_blank(part) && str_eq(str_trim(part), address))
            return true;
    }
    return false;
}

static void read_rules(struct login *login, const struct catalog *catalog, struct arena *arena)
{
    static const struct {
        enum setting_id on, limit, minutes;
    } settings[GUARD_KINDS] = {
        [GUARD_USER] = {SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_BY_USER,
                        SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ATTEMPTS_UNTIL_BLOCK_BY_USER,
                        SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_TIME_TO_UNBLOCK_BY_USER_IN_MINUTES},
        [GUARD_ADDRESS] = {SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_BY_IP,
                           SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ATTEMPTS_UNTIL_BLOCK_BY_IP,
                           SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_TIME_TO_UNBLOCK_BY_IP_IN_MINUTES},
    };
    if (!catalog_setting_bool(catalog, SETTING_BLOCK_MULTIPLE_FAILED_LOGINS_ENABLED))
        return;
    for (enum guard_kind kind = 0; kind < GUARD_KINDS; kind++) {
        if (!catalog_setting_bool(catalog, settings[kind].on))
            continue;
        login->rules[kind].limit = catalog_setting_int(catalog, settings[kind].limit);
        login->rules[kind].unblock_ms = minutes_ms(catalog, settings[kind].minutes, arena);
    }
    if (is_trusted(catalog, login->address, arena))
        login->rules[GUARD_ADDRESS].limit = 0;
}

void login_begin(struct login *login, const struct catalog *catalog, struct login_guard *guard,
                 const struct json *body, struct str address, struct arena *arena)
{
    *login = (struct login){.guard = guard, .address = address, .begun_ms = clock_mono_ms()};
    if (!read_body(login, body)) {
        login->result = LOGIN_UNRECOGNISED;
        return;
    }
    read_rules(login, catalog, arena);
    /* A blocked address is not asked further: it cannot prolong the block of a user too. */
    if (login_guard_blocked(guard, GUARD_ADDRESS, address, login->rules[GUARD_ADDRESS],
                            login->begun_ms)) {
        login_guard_failed(guard, GUARD_ADDRESS, address, clock_mono_ms());
        login->result = LOGIN_BLOCKED_ADDRESS;
    }
}

/* --- find --- */

static bool is_expired(const struct rd *rd, const struct token *token)
{
    int64_t days = catalog_setting_int(rd->catalog, SETTING_ACCOUNTS_LOGINEXPIRATION);
    return !token->personal && days > 0 && rd->now_ms > token->created_at_ms + days * DAY_MS;
}

/* Whose session the token is of; NULL with the result set when it is nobody's. */
static struct user *find_by_token(struct rd *rd, struct login *login)
{
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(login->key, hash);
    const struct token *token = token_find(rd, str_of(hash));
    struct user *user = token != NULL ? user_find(rd, token->user_id) : NULL;
    if (user == NULL)
        login->result = LOGIN_LOGGED_OUT;
    else if (is_expired(rd, token))
        login->result = LOGIN_EXPIRED;
    return login->result == LOGIN_PENDING ? user : NULL;
}

static struct user *find_user(struct rd *rd, struct login *login)
{
    switch (login->form) {
    case LOGIN_BY_USERNAME:
        return user_find_by_username_nocase(rd, login->key);
    case LOGIN_BY_EMAIL:
        return user_find_by_email(rd, login->key);
    default:
        return find_by_token(rd, login);
    }
}

void login_find(struct rd *rd, struct login *login)
{
    if (login->result != LOGIN_PENDING)
        return;
    const struct user *user = find_user(rd, login);
    if (user == NULL)
        return;
    login->user_id = user->id;
    login->password_hash = user->password_hash;
    login->active = user->active;
    if (login_guard_blocked(login->guard, GUARD_USER, user->id, login->rules[GUARD_USER],
                            login->begun_ms))
        login->result = LOGIN_BLOCKED_USER;
}

/* --- check --- */

static enum login_result verdict(const struct login *login)
{
    if (login->form != LOGIN_BY_TOKEN && !password_verify(&login->password, login->password_hash))
        return LOGIN_WRONG;
    return login->active ? LOGIN_PENDING : LOGIN_INACTIVE;
}

/* Without an answer about the user the address alone is counted: his id is empty. */
static void tell_guard(const struct login *login)
{
    if (login->result == LOGIN_PENDING) {
        login_guard_succeeded(login->guard, GUARD_USER, login->user_id);
        login_guard_succeeded(login->guard, GUARD_ADDRESS, login->address);
    } else {
        int64_t now_ms = clock_mono_ms();
        login_guard_failed(login->guard, GUARD_USER, login->user_id, now_ms);
        login_guard_failed(login->guard, GUARD_ADDRESS, login->address, now_ms);
    }
}

void login_check(struct login *login, struct arena *arena)
{
    if (login->result == LOGIN_UNRECOGNISED || login->result == LOGIN_BLOCKED_ADDRESS)
        return;
    if (login->result == LOGIN_PENDING)
        login->result = verdict(login);
    tell_guard(login);
    login->token = login->form == LOGIN_BY_TOKEN ? login->key : id_token(arena);
}

/* --- finish --- */

struct str login_start_session(struct tx *tx, struct str user_id, struct str token)
{
    struct rd *rd = tx_rd(tx);
    int64_t days = catalog_setting_int(rd->catalog, SETTING_ACCOUNTS_LOGINEXPIRATION);
    tokens_trim(tx, user_id, days > 0 ? rd->now_ms - days * DAY_MS : 0, TOKENS_PER_USER - 1);
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(token, hash);
    token_insert(tx, &(struct token){
                         .hash = arena_str(rd->arena, str_of(hash)),
                         .user_id = user_id,
                         .created_at_ms = rd->now_ms,
                     });
    return token;
}

void login_end_session(struct tx *tx, struct str token)
{
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(token, hash);
    token_erase(tx, str_of(hash));
}

static bool is_unverified(const struct rd *rd, const struct user *user)
{
    return catalog_setting_bool(rd->catalog, SETTING_ACCOUNTS_EMAILVERIFICATION) &&
           !user_has_role(user, STR("admin")) && str_empty(user_verified_email(user));
}

/* What may have changed since the user was found, and what only his row tells. */
static enum login_result last_word(struct rd *rd, struct login *login, const struct user *user)
{
    bool by_token = login->form == LOGIN_BY_TOKEN;
    if (by_token && find_by_token(rd, login) == NULL)
        return login->result;
    if (user == NULL || (!by_token && !str_eq(user->password_hash, login->password_hash)))
        return LOGIN_WRONG;
    if (!user->active)
        return LOGIN_INACTIVE;
    if (str_is(user->type, "app"))
        return LOGIN_APP;
    return is_unverified(rd, user) ? LOGIN_UNVERIFIED : LOGIN_OK;
}

void login_finish(struct tx *tx, struct login *login)
{
    if (login->result == LOGIN_OK) /* a command may run again */
        login->result = LOGIN_PENDING;
    if (login->result != LOGIN_PENDING)
        return;
    struct rd *rd = tx_rd(tx);
    login->user = user_find(rd, login->user_id);
    login->result = last_word(rd, login, login->user);
    if (login->result != LOGIN_OK)
        return;
    assert(!str_empty(login->token));
    if (login->form != LOGIN_BY_TOKEN)
        login_start_session(tx, login->user_id, login->token);
    user_save_login(tx, login->user);
}
