/* New accounts: registered by their owner, made by an administrator, or by the server itself. Runs
 * in commands. */
#include "base/id.h"
#include "domain/room.h"
#include "domain/user_rules.h"
#include "events/event.h"
#include "store/setting.h"

/* --- the row --- */

bool users_have_admin(struct rd *rd)
{
    const struct user_filter admins = {.role_id = ROLE_ADMIN, .humans_only = true};
    return users_count(rd, &admins) > 0;
}

static void add_role(struct user *u, struct str role_id)
{
    if (!user_has_role(u, role_id))
        u->roles[u->role_count++] = role_id;
}

/* The given roles, or those of the setting. */
static void set_roles(struct rd *rd, struct user *u, const struct json *given)
{
    u->roles = ARENA_ARRAY(rd->arena, struct str, ROLES_MAX + 2);
    if (given != NULL) {
        struct role_ids ids = role_ids_of(rd->arena, given);
        for (size_t i = 0; i < ids.count; i++)
            add_role(u, ids.items[i]);
        return;
    }
    struct str part, rest = catalog_setting_text(
                         rd->catalog, SETTING_ACCOUNTS_REGISTRATION_USERS_DEFAULT_ROLES, rd->arena);
    while (u->role_count < ROLES_MAX && str_split(&rest, ',', &part)) {
        if (!str_blank(part))
            add_role(u, str_trim(part));
    }
}

static void set_email(struct rd *rd, struct user *u, const struct user_draft *draft)
{
    if (str_empty(draft->email))
        return;
    u->emails = ARENA_NEW(rd->arena, struct user_email);
    u->emails[0] = (struct user_email){.address = draft->email, .verified = draft->verified};
    u->email_count = 1;
}

static struct user *from_draft(struct rd *rd, const struct user_draft *draft)
{
    struct user *u = ARENA_NEW(rd->arena, struct user);
    *u = (struct user){
        .id = str_empty(draft->id) ? id_short(rd->arena) : draft->id,
        .username = draft->username,
        .name = draft->name,
        .type = STR("user"),
        .active = !draft->inactive,
        .password_hash = draft->password_hash,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
        .doc = json_object(rd->arena),
    };
    user_set_text(u, rd->arena, "status", STR("offline"));
    user_set_member(u, "settings", json_object(rd->arena));
    const struct json *extra = draft->doc != NULL ? draft->doc->items.first : NULL;
    for (; extra != NULL; extra = extra->next) {
        struct json *copy = ARENA_NEW(rd->arena, struct json);
        *copy = *extra;
        copy->next = NULL;
        user_set_member(u, arena_cstr(rd->arena, extra->key), copy);
    }
    set_email(rd, u, draft);
    set_roles(rd, u, draft->roles);
    return u;
}

/* Whoever comes first runs the server: the set-up goes on with him. */
static void promote_first(struct tx *tx, struct user *u)
{
    struct rd *rd = tx_rd(tx);
    if (users_have_admin(rd))
        return;
    add_role(u, ROLE_ADMIN);
    if (str_is(setting_load(rd, SETTING_SHOW_SETUP_WIZARD), "\"pending\""))
        setting_save(tx, SETTING_SHOW_SETUP_WIZARD, STR("\"in_progress\""));
}

static bool insert(struct tx *tx, const struct user_draft *draft, struct user **out,
                   struct err *err)
{
    struct user *u = from_draft(tx_rd(tx), draft);
    if (!check_user_size(u, err))
        return false;
    promote_first(tx, u);
    user_insert(tx, u);
    if (!draft->keep_out)
        rooms_join_defaults(tx, u);
    event_happened(tx, &(struct event){.kind = EVENT_USER_CREATED, .user_id = u->id});
    *out = u;
    return true;
}

/* --- registered by himself --- */

static bool check_registration_open(struct rd *rd, struct str secret, struct err *err)
{
    struct str form =
        catalog_setting_text(rd->catalog, SETTING_ACCOUNTS_REGISTRATIONFORM, rd->arena);
    if (str_is(form, "Disabled"))
        return fault_with(err, DETAILS_METHOD("registerUser"), "error-user-registration-disabled",
                          "User registration is disabled");
    if (!str_is(form, "Secret URL"))
        return true;
    struct str right =
        catalog_setting_text(rd->catalog, SETTING_ACCOUNTS_REGISTRATIONFORM_SECRETURL, rd->arena);
    if (!str_empty(right) && str_eq_secret(secret, right))
        return true;
    return fault_with(err, DETAILS_METHOD("registerUser"), "error-user-registration-secret",
                      "User registration is only allowed via Secret URL");
}

static bool check_registration(struct rd *rd, const struct user_draft *draft, struct err *err)
{
    if (!username_fits(rd, draft->username))
        return refuse(err, "The username provided is not valid");
    if (!check_username_free_to_use(rd, draft->username, err))
        return false;
    if (username_taken(rd, draft->username))
        return refuse(err, "Username is already in use");
    if (email_taken(rd, draft->email, STR("")))
        return refuse(err, "Email already exists");
    return true;
}

bool user_register(struct tx *tx, const struct user_draft *draft, struct str secret,
                   struct user **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!check_registration(rd, draft, err) || !check_registration_open(rd, secret, err))
        return false;
    if (!email_well_formed(draft->email))
        return fault_with(err, DETAILS_METHOD("registerUser"), "error-invalid-email",
                          "Invalid email");
    if (draft->password_blank)
        return fault(err, "error-password-policy-not-met",
                     "The password provided does not meet the server's password policy.");
    struct user_draft registered = *draft;
    registered.inactive =
        catalog_setting_bool(rd->catalog, SETTING_ACCOUNTS_MANUALLYAPPROVENEWUSERS);
    return insert(tx, &registered, out, err);
}

/* --- made by somebody, or by the server --- */

static bool refuse_blank(struct rd *rd, const char *field, struct err *err)
{
    fault(err, "error-the-field-is-required", "The field %s is required", field);
    return fault_details(err, details_with(rd->arena, METHOD_SAVE, "field", str_of(field)));
}

static bool check_required(struct rd *rd, const struct user_draft *draft, struct err *err)
{
    bool needs_name = catalog_setting_bool(rd->catalog, SETTING_ACCOUNTS_REQUIRENAMEFORSIGNUP);
    if (needs_name && str_blank(draft->name))
        return refuse_blank(rd, "Name", err);
    if (str_blank(draft->username))
        return refuse_blank(rd, "Username", err);
    return !draft->password_blank || refuse_blank(rd, "Password", err);
}

static bool check_identity(struct rd *rd, const struct user_draft *draft, struct err *err)
{
    if (!check_username_form(rd, draft->username, err))
        return false;
    if (username_taken(rd, draft->username))
        return refuse_taken(rd, draft->username, err);
    if (str_empty(draft->email))
        return true;
    if (!email_well_formed(draft->email))
        return fault_with(err, DETAILS_METHOD(METHOD_SAVE), "error-invalid-email", "Invalid email");
    return !email_taken(rd, draft->email, STR("")) || refuse_taken(rd, draft->email, err);
}

static bool refuse_adding(struct err *err)
{
    return fault_with(err, DETAILS_ACTION("Adding_user"), "error-action-not-allowed",
                      "Adding user is not allowed");
}

bool user_may_create(const struct catalog *catalog, const struct user_entry *by, struct err *err)
{
    return access_has(catalog, by, PERM_CREATE_USER) || refuse_adding(err);
}

bool user_create(struct tx *tx, const struct actor *by, const struct user_draft *draft,
                 struct user **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!access_allows_globally(rd, by->id, PERM_CREATE_USER))
        return refuse_adding(err);
    if (draft->roles != NULL) {
        struct role_ids roles = role_ids_of(rd->arena, draft->roles);
        if (!check_roles(rd, by, &roles, false, err))
            return false;
    }
    if (!check_required(rd, draft, err) || !check_username_free_to_use(rd, draft->username, err) ||
        !check_identity(rd, draft, err))
        return false;
    return insert(tx, draft, out, err);
}

bool user_add(struct tx *tx, const struct user_draft *draft, struct user **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!check_required(rd, draft, err) || !check_identity(rd, draft, err))
        return false;
    if (!str_empty(draft->id) && user_exists(rd, draft->id))
        return refuse_taken(rd, draft->id, err);
    return insert(tx, draft, out, err);
}
