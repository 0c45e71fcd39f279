/* Logging in: what a client may send, when it is refused, and the session it gets.
 *
 * An attempt goes through four steps, each on its thread; once `result` is decided the later ones
 * leave it alone:
 *
 *   login_begin()  loop    takes the body apart; is the address blocked?
 *   login_find()   reader  who is meant; is he blocked?
 *   login_check()  work    the password; the guard learns how it went
 *   login_finish() writer  the session, from rows of its own transaction
 */
#pragma once

#include "domain/login_guard.h"
#include "domain/password.h"
#include "store/user.h"

enum login_result {
    LOGIN_PENDING, /* not decided yet */
    LOGIN_OK,
    LOGIN_WRONG, /* nobody is called so, or that is not his password */
    LOGIN_BLOCKED_USER,
    LOGIN_BLOCKED_ADDRESS,
    LOGIN_INACTIVE,
    LOGIN_APP,
    LOGIN_UNVERIFIED,
    LOGIN_UNRECOGNISED, /* none of the forms that are known */
    LOGIN_LOGGED_OUT,   /* there is no such session */
    LOGIN_EXPIRED,      /* the session was too old */
    LOGIN_RESULTS
};

enum login_form { LOGIN_BY_USERNAME, LOGIN_BY_EMAIL, LOGIN_BY_TOKEN };

struct login {
    enum login_result result;
    enum login_form form;
    struct str key; /* the username, address or token that was sent */
    struct password password;
    bool active;        /* he who is meant */
    struct str address; /* the client's */
    int64_t begun_ms;   /* monotonic */
    struct guard_rule rules[GUARD_KINDS];
    struct login_guard *guard;
    struct str user_id, password_hash; /* of who is meant; empty: nobody */
    struct str token;                  /* the session's, in clear, when all went well */
    struct user *user;
};

/* `body` and `address` must live as long as the arena. */
void login_begin(struct login *login, const struct catalog *catalog, struct login_guard *guard,
                 const struct json *body, struct str address, struct arena *arena);
void login_find(struct rd *rd, struct login *login);
void login_check(struct login *login, struct arena *arena);
/* On LOGIN_OK `user` and `token` are there, and the session is stored. */
void login_finish(struct tx *tx, struct login *login);

/* A new session for the user; older ones go where there are too many. Its token is returned. */
struct str login_start_session(struct tx *tx, struct str user_id, struct str token);
/* Ends the session of that token. */
void login_end_session(struct tx *tx, struct str token);
