/* The rules for names, addresses and roles, and the choice of a user by parameters. Runs on a
 * reader or in a command. */
#include "domain/name_pattern.h"
#include "domain/user_rules.h"
#include "store/role.h"
#include "store/team.h"

enum {
    DETAILS_BYTES = 64 << 10,
    USERNAME_BYTES = 256,
    NAME_BYTES = 1024,
    ADDRESS_BYTES = 320,
    DOC_BYTES = 64 << 10,
};

/* --- texts --- */

struct str details_with(struct arena *arena, const char *method, const char *name, struct str value)
{
    BUF(text, DETAILS_BYTES);
    struct json_out o = json_begin(&text, '{');
    json_member_str(&o, "method", str_of(method));
    json_member_str(&o, name, value);
    json_end(&o);
    return buf_ok(&text) ? arena_str(arena, buf_str(&text)) : STR("{}");
}

struct str html_escaped(struct arena *arena, struct str text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
    };
    BUF(out, ERR_TEXT_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = NULL;
        for (size_t e = 0; e < sizeof(entities) / sizeof(entities[0]); e++) {
            if (text.ptr[i] == entities[e].c)
                entity = entities[e].entity;
        }
        if (entity != NULL)
            buf_add(&out, str_of(entity));
        else
            buf_add_char(&out, text.ptr[i]);
    }
    return arena_str(arena, buf_str(&out));
}

/* --- names and addresses --- */

bool username_fits(struct rd *rd, struct str username)
{
    struct str pattern =
        catalog_setting_text(rd->catalog, SETTING_UTF8_USER_NAMES_VALIDATION, rd->arena);
    return name_fits(pattern, username);
}

bool check_username_form(struct rd *rd, struct str username, struct err *err)
{
    if (username_fits(rd, username))
        return true;
    fault(err, "error-input-is-not-a-valid-field", "%.*s is not a valid username",
          STR_FMT(html_escaped(rd->arena, username)));
    BUF(details, DETAILS_BYTES);
    struct json_out o = json_begin(&details, '{');
    json_member_str(&o, "method", STR(METHOD_SAVE));
    json_member_str(&o, "input", username);
    json_member_str(&o, "field", STR("Username"));
    json_end(&o);
    return buf_ok(&details) && fault_details(err, arena_str(rd->arena, buf_str(&details)));
}

static bool in_list(struct str list, struct str name)
{
    struct str part;
    while (str_split(&list, ',', &part)) {
        if (!str_blank(part) && str_eq_nocase(str_trim(part), name))
            return true;
    }
    return false;
}

static bool in_setting(struct rd *rd, enum setting_id id, struct str name)
{
    return in_list(catalog_setting_text(rd->catalog, id, rd->arena), name);
}

bool check_username_free_to_use(struct rd *rd, struct str username, struct err *err)
{
    bool blocked = in_list(STR("all,here"), username) ||
                   in_setting(rd, SETTING_ACCOUNTS_BLOCKEDUSERNAMELIST, username) ||
                   in_setting(rd, SETTING_ACCOUNTS_SYSTEMBLOCKEDUSERNAMELIST, username);
    if (!blocked)
        return true;
    fault(err, "error-blocked-username", "%.*s is blocked and can't be used!", STR_FMT(username));
    return fault_details(err,
                         details_with(rd->arena, "checkUsernameAvailability", "field", username));
}

bool username_taken(struct rd *rd, struct str username)
{
    return user_username_taken(rd, username) || team_find_by_name(rd, username) != NULL;
}

bool email_taken(struct rd *rd, struct str email, struct str but_by_user_id)
{
    const struct user *holder = user_find_by_email(rd, email);
    return holder != NULL && !str_eq(holder->id, but_by_user_id);
}

bool email_well_formed(struct str email)
{
    size_t at = str_find_char(email, '@');
    return at != SIZE_MAX && at > 0 && at + 1 < email.len &&
           str_find_char(str_after(email, at + 1), '@') == SIZE_MAX;
}

static bool within(struct str text, size_t most, const char *what, struct err *err)
{
    return text.len <= most ||
           refuse(err, "The %s is too long: it may have %zu bytes.", what, most);
}

bool check_user_size(const struct user *u, struct err *err)
{
    for (size_t i = 0; i < u->email_count; i++) {
        if (!within(u->emails[i].address, ADDRESS_BYTES, "e-mail address", err))
            return false;
    }
    BUF(doc, DOC_BYTES);
    json_put(&doc, u->doc);
    if (!buf_ok(&doc))
        return refuse(err, "The user's fields are too large: together they may take %d KB.",
                      DOC_BYTES >> 10);
    return within(u->username, USERNAME_BYTES, "username", err) &&
           within(u->name, NAME_BYTES, "name", err);
}

bool refuse_taken(struct rd *rd, struct str value, struct err *err)
{
    fault(err, "error-field-unavailable", "%.*s is already in use :(",
          STR_FMT(html_escaped(rd->arena, value)));
    return fault_details(err, details_with(rd->arena, METHOD_SAVE, "field", value));
}

/* --- roles --- */

static bool holds_id(const struct role_ids *roles, struct str id)
{
    for (size_t i = 0; i < roles->count; i++) {
        if (str_eq(roles->items[i], id))
            return true;
    }
    return false;
}

struct role_ids role_ids_of(struct arena *arena, const struct json *array)
{
    /* One more than there can be: of so many at least one is unknown, which check_roles() finds. */
    const size_t most = ROLES_MAX + 1;
    struct role_ids roles = {.items = ARENA_ARRAY(arena, struct str, most)};
    const struct json *item = array->items.first;
    for (; item != NULL && roles.count < most; item = item->next) {
        if (item->kind == JSON_STRING && !holds_id(&roles, item->string))
            roles.items[roles.count++] = item->string;
    }
    return roles;
}

bool check_roles(struct rd *rd, const struct actor *by, const struct role_ids *roles,
                 bool had_admin, struct err *err)
{
    for (size_t i = 0; i < roles->count; i++) {
        if (role_find(rd, roles->items[i]) == NULL)
            return fault_with(err, DETAILS_ACTION("Assign_role"), "error-action-not-allowed",
                              "The field Roles consist invalid role id");
    }
    if (holds_id(roles, ROLE_ADMIN) && !had_admin &&
        !access_allows_globally(rd, by->id, PERM_ASSIGN_ADMIN_ROLE))
        return fault_with(err, DETAILS_ACTION("Assign_admin"), "error-action-not-allowed",
                          "Assigning admin is not allowed");
    return true;
}

bool is_last_admin(struct rd *rd, const struct user *u)
{
    const struct user_filter admins = {.role_id = ROLE_ADMIN, .active_only = true};
    return u->active && user_has_role(u, ROLE_ADMIN) && users_count(rd, &admins) <= 1;
}

/* --- choosing --- */

static bool given(const struct json *params, const char *name, struct str *value)
{
    *value = json_get_str(params, name);
    return !str_empty(*value);
}

struct user *user_selected_or(struct rd *rd, const struct json *params, struct str otherwise,
                              struct err *err)
{
    struct str value;
    struct user *u;
    if (given(params, "userId", &value))
        u = user_find(rd, value);
    else if (given(params, "username", &value) || given(params, "user", &value))
        u = user_find_by_username_nocase(rd, value);
    else if (!str_empty(otherwise))
        u = user_find(rd, otherwise);
    else {
        fault(err, "error-user-param-not-provided",
              "The required \"userId\" or \"username\" param was not provided");
        return NULL;
    }
    if (u == NULL)
        fault(err, "error-invalid-user",
              "The required \"userId\" or \"username\" param provided does not match any users");
    return u;
}

struct user *user_selected(struct rd *rd, const struct json *params, struct err *err)
{
    return user_selected_or(rd, params, STR(""), err);
}
