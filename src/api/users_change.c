/* What is changed about users. Passwords are hashed on the work lane; changes run on the writer. */
#include "api/users.h"
#include "base/id.h"
#include "domain/fault.h"
#include "domain/password.h"

static bool show(struct rd *rd, struct call *call, const struct user *u)
{
    bool all = !str_empty(call->user_id) &&
               access_allows_globally(rd, call->user_id, PERM_VIEW_FULL_OTHER_USER_INFO);
    struct json_out o = call_members(call);
    json_key(&o, "user");
    user_put(&call->out, u, all ? USER_VIEW_FULL : USER_VIEW_REDUCED);
    call->audit_target = u->id;
    return true;
}

/* --- passwords --- */

static bool keep_hash(struct call *call, const struct password *password, struct err *err)
{
    char hash[PASSWORD_HASH_BYTES];
    if (!password_hash(password, hash))
        return err_internal(err, "The password cannot be hashed.");
    call->state = arena_cstr(call->arena, str_of(hash));
    return true;
}

static struct str kept_hash(const struct call *call)
{
    return str_of(call->state);
}

/* A blank password is not hashed: the rules refuse it, or pass it over. */
static bool hash_text(struct call *call, struct str plain, struct err *err)
{
    if (str_blank(plain))
        return true;
    struct password password = password_of(plain);
    return keep_hash(call, &password, err);
}

/* One that nobody knows: its owner has to set another. */
static bool hash_random(struct call *call, struct err *err)
{
    return hash_text(call, id_token(call->arena), err);
}

/* --- register and create --- */

/* Members of the body that become members of the user's doc as they are. */
static struct json *doc_of(struct call *call, const char *const *names)
{
    struct json *doc = json_object(call->arena);
    for (; *names != NULL; names++) {
        const struct json *value = json_get(call->params, str_of(*names));
        bool empty = value == NULL || value->kind == JSON_NULL ||
                     (value->kind == JSON_STRING && str_empty(value->string));
        if (empty)
            continue;
        struct json *copy = ARENA_NEW(call->arena, struct json);
        *copy = *value;
        copy->next = NULL;
        json_set(doc, str_of(*names), copy);
    }
    return doc;
}

bool users_register_allowed(struct call *call, struct err *err)
{
    return call->user == NULL || refuse(err, "Logged in users can not register again.");
}

bool users_register_hash(struct call *call, struct err *err)
{
    return hash_text(call, call_param(call, "pass"), err);
}

bool users_register(struct tx *tx, struct call *call, struct err *err)
{
    static const char *const more[] = {"reason", "customFields", NULL};
    struct user_draft draft = {
        .username = call_param(call, "username"),
        .name = call_param(call, "name"),
        .email = arena_lower(call->arena, str_trim(call_param(call, "email"))),
        .password_hash = kept_hash(call),
        .password_blank = str_blank(call_param(call, "pass")),
        .doc = doc_of(call, more),
    };
    struct user *u;
    return user_register(tx, &draft, call_param(call, "secret"), &u, err) &&
           show(tx_rd(tx), call, u);
}

bool users_create_allowed(struct call *call, struct err *err)
{
    return user_may_create(call->api->catalog, call->user, err);
}

bool users_create_hash(struct call *call, struct err *err)
{
    if (json_get_true(call->params, "setRandomPassword"))
        return hash_random(call, err);
    return hash_text(call, call_param(call, "password"), err);
}

/* Whether a switch that is on unless it is turned off was turned off. */
static bool is_false(const struct call *call, const char *name)
{
    const struct json *value = json_get(call->params, str_of(name));
    return json_is(value, JSON_BOOL) && !value->boolean;
}

bool users_create(struct tx *tx, struct call *call, struct err *err)
{
    static const char *const more[] = {
        "bio", "nickname", "statusText", "customFields", "requirePasswordChange", NULL};
    struct actor by = call_actor(call);
    const struct json *roles = json_get_lit(call->params, "roles");
    struct user_draft draft = {
        .username = call_param(call, "username"),
        .name = call_param(call, "name"),
        .email = str_trim(call_param(call, "email")),
        .password_hash = kept_hash(call),
        .password_blank = str_empty(kept_hash(call)),
        .verified = json_get_true(call->params, "verified"),
        .inactive = is_false(call, "active"),
        .roles = json_is(roles, JSON_ARRAY) ? roles : NULL,
        .keep_out = is_false(call, "joinDefaultChannels"),
        .doc = doc_of(call, more),
    };
    struct user *u;
    return user_create(tx, &by, &draft, &u, err) && show(tx_rd(tx), call, u);
}

/* --- update --- */

/* Without the right the password is passed over: then it is not worth hashing. */
bool users_update_hash(struct call *call, struct err *err)
{
    const struct json *data = json_get_lit(call->params, "data");
    if (!access_has(call->api->catalog, call->user, PERM_EDIT_OTHER_USER_PASSWORD))
        return true;
    if (json_get_true(data, "setRandomPassword"))
        return hash_random(call, err);
    return hash_text(call, json_get_str(data, "password"), err);
}

bool users_update(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct user_change change = {
        .user_id = call_param(call, "userId"),
        .data = json_get_lit(call->params, "data"),
        .password_hash = kept_hash(call),
    };
    struct user *u;
    return user_update(tx, &by, &change, &u, err) && show(tx_rd(tx), call, u);
}

/* --- delete, activate --- */

bool users_delete(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct user *u = user_selected(tx_rd(tx), call->params, err);
    bool confirmed = call->round > 0 || json_get_true(call->params, "confirmRelinquish");
    if (u == NULL || !user_delete(tx, &by, u, confirmed, &call->again, err))
        return false;
    call->audit_target = u->id;
    struct json_out o = call_members(call);
    json_member_raw(&o, "deletedRooms", STR("[]"));
    return true;
}

bool users_set_active_status(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct user *u;
    if (!user_set_active(tx, &by, call_param(call, "userId"),
                         json_get_true(call->params, "activeStatus"), &u, err))
        return false;
    call->audit_target = u->id;
    struct json_out o = call_members(call);
    json_key(&o, "user");
    struct json_out user = json_begin(&call->out, '{');
    json_member_str(&user, "_id", u->id);
    json_member_bool(&user, "active", u->active);
    json_end(&user);
    return true;
}

/* --- status and preferences --- */

bool users_set_status(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    const struct user *u = user_selected_or(tx_rd(tx), call->params, call->user_id, err);
    const struct user_status status = {
        .message = json_get_lit(call->params, "message"),
        .status = call_param(call, "status"),
    };
    return u != NULL && user_set_status(tx, &by, u, &status, err);
}

bool users_set_preferences(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct str user_id = call_param(call, "userId");
    struct user *u;
    if (!user_set_preferences(tx, &by, str_empty(user_id) ? call->user_id : user_id,
                              json_get_lit(call->params, "data"), &u, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "user");
    struct json_out user = json_begin(&call->out, '{');
    json_member_str(&user, "_id", u->id);
    json_key(&user, "settings");
    struct json_out settings = json_begin(&call->out, '{');
    json_key(&settings, "preferences");
    own_preferences_put(&call->out, u);
    json_end(&settings);
    json_end(&user);
    return true;
}

/* This server sends no mail. The answer is the same for every address, as it has to be: it must not
 * tell who has an account. */
bool users_forgot_password(struct call *call, struct err *err)
{
    return catalog_setting_bool(call->api->catalog, SETTING_ACCOUNTS_PASSWORDRESET) ||
           refuse(err, "Password reset is not enabled");
}
