/* Coming and going: POST login, logout, users.logout. A login travels loop, reader, work, writer;
 * see domain/login.h. */
#include "domain/login.h"

#include "api/api.h"
#include "api/endpoint.h"
#include "api/schemas.h"
#include "domain/profile.h"
#include "domain/user.h"

/* --- login --- */

/* The answers to attempts that failed; all are 401. */
static const struct failure {
    const char *error; /* JSON */
    bool validated;    /* it has details: the function that said no */
    const char *message;
} failures[LOGIN_RESULTS] = {
    [LOGIN_WRONG] = {"\"Unauthorized\"", false, "Unauthorized"},
    [LOGIN_BLOCKED_USER] = {"\"error-login-blocked-for-user\"", true,
                            "Login has been temporarily blocked For User"},
    [LOGIN_BLOCKED_ADDRESS] = {"\"error-login-blocked-for-ip\"", true,
                               "Login has been temporarily blocked For IP"},
    [LOGIN_INACTIVE] = {"\"error-user-is-not-activated\"", true, "User is not activated"},
    [LOGIN_APP] = {"\"error-app-user-is-not-allowed-to-login\"", true,
                   "App user is not allowed to login"},
    [LOGIN_UNVERIFIED] = {"\"error-invalid-email\"", true, "Invalid email __email__"},
    [LOGIN_UNRECOGNISED] = {"400", false, "Unrecognized options for login request"},
    [LOGIN_LOGGED_OUT] = {"403", false,
                          "You've been logged out by the server. Please log in again."},
    [LOGIN_EXPIRED] = {"403", false, "Your session has expired. Please log in again."},
};

static bool begin(struct call *call, struct err *err)
{
    (void)err;
    struct login *login = ARENA_NEW(call->arena, struct login);
    login_begin(login, call->api->catalog, call->api->guard, call->params, call->peer, call->arena);
    call->state = login;
    return true;
}

static bool find(struct rd *rd, struct call *call, struct err *err)
{
    (void)err;
    login_find(rd, call->state);
    return true;
}

static void answer_failure(struct call *call, const struct failure *failure)
{
    call->raw = true;
    call->status = 401;
    struct json_out o = json_begin(&call->out, '{');
    json_member_bool(&o, "success", false);
    json_member_raw(&o, "error", str_of(failure->error));
    json_member_str(&o, "status", STR("error"));
    if (failure->validated)
        json_member_raw(&o, "details", STR("{\"function\":\"Accounts.validateLoginAttempt\"}"));
    json_member_str(&o, "message", str_of(failure->message));
    json_end(&o);
}

/* A login that failed has nothing for the writer to do. */
static bool check(struct call *call, struct err *err)
{
    (void)err;
    struct login *login = call->state;
    login_check(login, call->arena);
    if (login->result != LOGIN_PENDING && login->result != LOGIN_OK) {
        answer_failure(call, &failures[login->result]);
        call->finished = true;
    }
    return true;
}

static void answer_session(struct rd *rd, struct call *call, const struct login *login)
{
    struct json_out o = call_members(call);
    json_member_str(&o, "status", STR("success"));
    json_key(&o, "data");
    struct json_out data = json_begin(&call->out, '{');
    json_member_str(&data, "userId", login->user->id);
    json_member_str(&data, "authToken", login->token);
    json_key(&data, "me");
    struct json_out me = json_begin(&call->out, '{');
    me_put_members(rd, &me, login->user);
    json_end(&me);
    json_end(&data);
}

static bool finish(struct tx *tx, struct call *call, struct err *err)
{
    (void)err;
    struct login *login = call->state;
    login_finish(tx, login);
    if (login->result == LOGIN_OK)
        answer_session(tx_rd(tx), call, login);
    else
        answer_failure(call, &failures[login->result]);
    return true;
}

/* --- logout --- */

static bool logout(struct tx *tx, struct call *call, struct err *err)
{
    (void)err;
    login_end_session(tx, call->auth_token);
    call->raw = true;
    return buf_lit(&call->out, "{\"status\":\"success\","
                               "\"data\":{\"message\":\"You've been logged out!\"}}");
}

static bool logout_everywhere(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = {.id = call->user_id, .username = call->username};
    struct str user_id = call_param(call, "userId");
    if (str_empty(user_id))
        user_id = call->user_id;
    if (!user_log_out(tx, &by, user_id, err))
        return false;
    call->audit_target = user_id;
    struct json_out o = call_members(call);
    json_member_str(&o, "message",
                    arena_fmt(call->arena, "User %.*s has been logged out!", STR_FMT(user_id)));
    return true;
}

/* --- the table --- */

const struct endpoint endpoints_login[] = {
    {
        .method = HTTP_POST,
        .path = "/api/v1/login",
        .auth = AUTH_OPTIONAL,
        .steps = {ON_LOOP(begin), ON_READ(find), ON_WORK(check), ON_WRITE(finish)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/logout",
        .steps = {ON_WRITE(logout)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/logout",
        .steps = {ON_WRITE(logout)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/users.logout",
        .schema = &schema_users_logout,
        .audit = true,
        .steps = {ON_WRITE(logout_everywhere)},
    },
    {.path = NULL},
};
