/* Changing accounts and taking them away. Runs in commands. */
#include "domain/integration.h"
#include "domain/room.h"
#include "domain/user_rules.h"
#include "store/token.h"

enum { STATUS_TEXT_CHARS = 120 };

/* A member that is there and not null. */
static const struct json *given(const struct json *data, const char *name)
{
    const struct json *value = json_get(data, str_of(name));
    return value != NULL && value->kind != JSON_NULL ? value : NULL;
}

static bool given_text(const struct json *data, const char *name, struct str *out)
{
    const struct json *value = given(data, name);
    if (!json_is(value, JSON_STRING))
        return false;
    *out = value->string;
    return true;
}

static struct str first_address(const struct user *u)
{
    return u->email_count > 0 ? u->emails[0].address : STR("");
}

/* A copy of the value alone, to be put into another tree. */
static struct json *value_copy(struct arena *arena, const struct json *value)
{
    struct json *copy = ARENA_NEW(arena, struct json);
    *copy = *value;
    copy->next = NULL;
    return copy;
}

/* --- may he? --- */

/* What people may change about themselves is up to settings. */
static const struct {
    enum setting_id allowed;
    const char *member, *text;
} own_rules[] = {
    {SETTING_ACCOUNTS_ALLOWUSERNAMECHANGE, "username", "Edit username is not allowed"},
    {SETTING_ACCOUNTS_ALLOWUSERSTATUSMESSAGECHANGE, "statusText",
     "Edit user status is not allowed"},
    {SETTING_ACCOUNTS_ALLOWREALNAMECHANGE, "name", "Edit user real name is not allowed"},
    {SETTING_ACCOUNTS_ALLOWEMAILCHANGE, "email", "Edit user email is not allowed"},
    {SETTING_ACCOUNTS_ALLOWPASSWORDCHANGE, "password", "Edit user password is not allowed"},
};

static struct str present_text(const struct user *u, const char *member)
{
    if (strcmp(member, "username") == 0)
        return u->username;
    if (strcmp(member, "name") == 0)
        return u->name;
    if (strcmp(member, "email") == 0)
        return first_address(u);
    return user_text(u, member);
}

static bool check_own_rules(struct rd *rd, const struct user *u, const struct json *data,
                            struct err *err)
{
    for (size_t i = 0; i < sizeof(own_rules) / sizeof(own_rules[0]); i++) {
        struct str wanted;
        if (catalog_setting_bool(rd->catalog, own_rules[i].allowed) ||
            !given_text(data, own_rules[i].member, &wanted) ||
            str_eq(wanted, present_text(u, own_rules[i].member)))
            continue;
        return fault_with(err, DETAILS_ACTION("Update_user"), "error-action-not-allowed",
                          own_rules[i].text);
    }
    return true;
}

static bool roles_differ(const struct user *u, const struct role_ids *roles)
{
    bool differ = roles->count != u->role_count;
    for (size_t i = 0; i < roles->count; i++)
        differ = differ || !user_has_role(u, roles->items[i]);
    return differ;
}

static bool check_new_roles(struct rd *rd, const struct actor *by, const struct user *u,
                            const struct json *data, struct err *err)
{
    const struct json *wanted = given(data, "roles");
    if (!json_is(wanted, JSON_ARRAY))
        return true;
    struct role_ids roles = role_ids_of(rd->arena, wanted);
    if (!roles_differ(u, &roles))
        return true;
    if (!access_allows_globally(rd, by->id, PERM_ASSIGN_ROLES))
        return fault_with(err, DETAILS_ACTION("Assign_role"), "error-action-not-allowed",
                          "Assign roles is not allowed");
    return check_roles(rd, by, &roles, user_has_role(u, ROLE_ADMIN), err);
}

static bool may_edit_others(struct rd *rd, const struct actor *by)
{
    return access_allows_globally(rd, by->id, PERM_EDIT_OTHER_USER_INFO);
}

/* The user to be changed, or NULL. */
static struct user *editable(struct rd *rd, const struct actor *by, struct str user_id,
                             struct err *err)
{
    if (!str_eq(by->id, user_id) && !may_edit_others(rd, by)) {
        fault_with(err, DETAILS_ACTION("Editing_user"), "error-action-not-allowed",
                   "Editing user is not allowed");
        return NULL;
    }
    struct user *u = user_find(rd, user_id);
    if (u == NULL)
        fault_with(err, DETAILS_METHOD(METHOD_SAVE), "error-invalid-user", "Invalid user");
    return u;
}

static bool check_change(struct rd *rd, const struct actor *by, const struct user *u,
                         const struct json *data, struct err *err)
{
    if (!check_new_roles(rd, by, u, data, err))
        return false;
    if (str_eq(by->id, u->id) && json_get_true(data, "verified"))
        return fault_with(err, DETAILS_ACTION("Editing_user"), "error-action-not-allowed",
                          "Editing email verification is not allowed");
    return may_edit_others(rd, by) || check_own_rules(rd, u, data, err);
}

/* --- active or not --- */

static bool make_active(struct tx *tx, struct user *u, bool active, struct err *err)
{
    if (active == u->active)
        return true;
    if (!active && is_last_admin(tx_rd(tx), u))
        return fault_with(
            err, STR("{\"method\":\"removeUserFromRole\",\"action\":\"Remove_last_admin\"}"),
            "error-action-not-allowed", "Leaving the app without an active admin is not allowed");
    u->active = active;
    if (!active) {
        tokens_erase_of_user(tx, u->id);
        integrations_disable_of_user(tx, u->id);
    }
    return true;
}

bool user_set_active(struct tx *tx, const struct actor *by, struct str user_id, bool active,
                     struct user **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!access_allows_globally(rd, by->id, PERM_EDIT_OTHER_USER_ACTIVE_STATUS) &&
        !access_allows_globally(rd, by->id, PERM_MANAGE_MODERATION_ACTIONS))
        return refuse_permission(err);
    struct user *u = user_find(rd, user_id);
    if (u == NULL)
        return fault_with(err, DETAILS_METHOD("setUserActiveStatus"), "error-invalid-user",
                          "Invalid user");
    if (!make_active(tx, u, active, err))
        return false;
    user_save(tx, u);
    *out = u;
    return true;
}

static bool apply_active(struct tx *tx, const struct actor *by, struct user *u,
                         const struct json *data, struct err *err)
{
    const struct json *active = given(data, "active");
    if (!json_is(active, JSON_BOOL))
        return true;
    if (!access_allows_globally(tx_rd(tx), by->id, PERM_EDIT_OTHER_USER_ACTIVE_STATUS))
        return fault_with(err, DETAILS_METHOD("setUserActiveStatus"), "error-not-allowed",
                          "Not allowed");
    return make_active(tx, u, active->boolean, err);
}

/* --- the members of an update; each leaves alone what was not given --- */

static bool apply_username(struct rd *rd, struct user *u, const struct json *data, struct err *err)
{
    struct str wanted;
    if (!given_text(data, "username", &wanted) || str_eq(wanted, u->username))
        return true;
    if (!check_username_form(rd, wanted, err) || !check_username_free_to_use(rd, wanted, err))
        return false;
    if (!str_eq_nocase(wanted, u->username) && username_taken(rd, wanted))
        return fault_with(err, DETAILS_METHOD("saveUser"), "error-could-not-save-identity",
                          "Could not save user identity");
    u->username = wanted;
    return true;
}

static bool apply_email(struct rd *rd, struct user *u, const struct json *data, struct err *err)
{
    struct str wanted;
    if (given_text(data, "email", &wanted) && !str_eq(str_trim(wanted), first_address(u))) {
        wanted = str_trim(wanted);
        if (!email_well_formed(wanted))
            return fault_with(err, DETAILS_METHOD(METHOD_SAVE), "error-invalid-email",
                              "Invalid email");
        if (email_taken(rd, wanted, u->id))
            return refuse_taken(rd, wanted, err);
        u->emails = ARENA_NEW(rd->arena, struct user_email);
        u->emails[0].address = wanted;
        u->email_count = 1;
    }
    const struct json *verified = given(data, "verified");
    if (json_is(verified, JSON_BOOL) && u->email_count > 0)
        u->emails[0].verified = verified->boolean;
    return true;
}

static bool apply_roles(struct rd *rd, struct user *u, const struct json *data, struct err *err)
{
    const struct json *wanted = given(data, "roles");
    if (!json_is(wanted, JSON_ARRAY))
        return true;
    struct role_ids roles = role_ids_of(rd->arena, wanted);
    bool was_last = is_last_admin(rd, u);
    u->roles = roles.items;
    u->role_count = roles.count;
    if (was_last && !user_has_role(u, ROLE_ADMIN))
        return fault_with(err, DETAILS_ACTION("Remove_last_admin"), "error-action-not-allowed",
                          "Leaving the app without an active admin is not allowed");
    return true;
}

static void apply_doc(struct rd *rd, struct user *u, const struct json *data)
{
    static const char *const texts[] = {"bio", "nickname", "statusText"};
    static const char *const values[] = {"requirePasswordChange", "customFields", "status"};
    struct str text;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (given_text(data, texts[i], &text))
            user_set_text(u, rd->arena, texts[i], text);
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const struct json *value = given(data, values[i]);
        if (value != NULL)
            user_set_member(u, values[i], value_copy(rd->arena, value));
    }
}

/* Without the right, a new password is passed over in silence, as in the reference. */
static void apply_password(struct rd *rd, const struct actor *by, struct user *u,
                           struct str password_hash)
{
    if (!str_empty(password_hash) &&
        access_allows_globally(rd, by->id, PERM_EDIT_OTHER_USER_PASSWORD))
        u->password_hash = password_hash;
}

bool user_update(struct tx *tx, const struct actor *by, const struct user_change *change,
                 struct user **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct user *u = editable(rd, by, change->user_id, err);
    if (u == NULL || !check_change(rd, by, u, change->data, err))
        return false;
    if (!apply_username(rd, u, change->data, err) || !apply_email(rd, u, change->data, err) ||
        !apply_roles(rd, u, change->data, err) || !apply_active(tx, by, u, change->data, err))
        return false;
    given_text(change->data, "name", &u->name);
    apply_doc(rd, u, change->data);
    apply_password(rd, by, u, change->password_hash);
    if (!check_user_size(u, err))
        return false;
    user_save(tx, u);
    *out = u;
    return true;
}

/* --- status --- */

/* At most so many characters, without white space around them. */
static struct str cut(struct str text, size_t chars)
{
    text = str_trim(text);
    size_t at = 0;
    for (; at < text.len; at++) {
        bool begins_char = ((unsigned char)text.ptr[at] & 0xc0) != 0x80;
        if (begins_char && chars-- == 0)
            break;
    }
    return str_trim(str_slice(text, 0, at));
}

static bool set_presence(struct rd *rd, struct user *u, struct str status, struct err *err)
{
    static const char *const known[] = {"online", "away", "offline", "busy"};
    bool found = false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        found = found || str_is(status, known[i]);
    if (!found)
        return fault_with(err, DETAILS_METHOD("users.setStatus"), "error-invalid-status",
                          "Valid status types include online, away, offline, and busy.");
    if (str_is(status, "offline") &&
        !catalog_setting_bool(rd->catalog, SETTING_ACCOUNTS_ALLOWINVISIBLESTATUSOPTION))
        return fault_with(err, DETAILS_METHOD("users.setStatus"), "error-status-not-allowed",
                          "Invisible status is disabled");
    user_set_text(u, rd->arena, "status", status);
    user_set_text(u, rd->arena, "statusDefault", status);
    return true;
}

bool user_set_status(struct tx *tx, const struct actor *by, const struct user *target,
                     const struct user_status *status, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!catalog_setting_bool(rd->catalog, SETTING_ACCOUNTS_ALLOWUSERSTATUSMESSAGECHANGE))
        return fault_with(err, DETAILS_METHOD("users.setStatus"), "error-not-allowed",
                          "Change status is not allowed");
    if (!str_eq(by->id, target->id) && !may_edit_others(rd, by))
        return refuse_forbidden(err);
    struct user changed = *target;
    if (json_is(status->message, JSON_STRING))
        user_set_text(&changed, rd->arena, "statusText",
                      cut(status->message->string, STATUS_TEXT_CHARS));
    if (!str_empty(status->status) && !set_presence(rd, &changed, status->status, err))
        return false;
    user_save(tx, &changed);
    return true;
}

/* --- preferences --- */

/* The member of that name, an object; made when it is not there. */
static struct json *child_object(struct arena *arena, struct json *parent, struct str name)
{
    struct json *child = json_get(parent, name);
    if (json_is(child, JSON_OBJECT))
        return child;
    child = json_object(arena);
    json_set(parent, name, child);
    return child;
}

static void set_preference(struct arena *arena, struct json *preferences, const struct json *value)
{
    struct json *present = json_get(preferences, value->key);
    if (present == NULL) {
        json_set(preferences, value->key, value_copy(arena, value));
        return;
    }
    struct json *next = present->next;
    *present = *value;
    present->next = next;
}

bool user_set_preferences(struct tx *tx, const struct actor *by, struct str user_id,
                          const struct json *data, struct user **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!str_eq(by->id, user_id) && !may_edit_others(rd, by))
        return fault_with(err, DETAILS_METHOD("users.setPreferences"), "error-action-not-allowed",
                          "Editing user is not allowed");
    struct user *u = user_find(rd, user_id);
    if (u == NULL)
        return fault_with(err, DETAILS_METHOD("users.setPreferences"), "error-invalid-user",
                          "The optional \"userId\" param provided does not match any users");
    struct json *settings = child_object(rd->arena, u->doc, STR("settings"));
    struct json *preferences = child_object(rd->arena, settings, STR("preferences"));
    for (const struct json *p = data->items.first; p != NULL; p = p->next) {
        if (str_is(p->key, "language"))
            user_set_member(u, "language", value_copy(rd->arena, p));
        else
            set_preference(rd->arena, preferences, p);
    }
    if (!check_user_size(u, err))
        return false;
    user_save(tx, u);
    *out = u;
    return true;
}

/* --- taking away --- */

bool user_delete(struct tx *tx, const struct actor *by, const struct user *target, bool confirmed,
                 bool *out_more, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!access_allows_globally(rd, by->id, PERM_DELETE_USER))
        return refuse_permission(err);
    if (str_eq(target->id, ROCKET_CAT))
        return fault_with(err, DETAILS_METHOD("deleteUser"), "error-action-not-allowed",
                          "Deleting the rocket.cat user is not allowed");
    if (is_last_admin(rd, target))
        return fault_with(err, STR("{\"method\":\"deleteUser\",\"action\":\"Remove_last_admin\"}"),
                          "error-action-not-allowed",
                          "Leaving the app without admins is not allowed");
    struct str rooms = confirmed ? STR("") : rooms_last_owned(rd, target->id);
    if (!str_empty(rooms))
        return fault_with(err, rooms, "user-last-owner", "");
    *out_more = rooms_forget_user(tx, target->id);
    if (*out_more)
        return true;
    integrations_disable_of_user(tx, target->id);
    user_erase(tx, target->id);
    return true;
}

bool user_log_out(struct tx *tx, const struct actor *by, struct str user_id, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!str_eq(by->id, user_id) && !access_allows_globally(rd, by->id, PERM_LOGOUT_OTHER_USER))
        return refuse_forbidden(err);
    if (!user_exists(rd, user_id))
        return fault_with(err, DETAILS_METHOD("logoutUser"), "error-invalid-user-id",
                          "Invalid user id");
    tokens_erase_of_user(tx, user_id);
    return true;
}
