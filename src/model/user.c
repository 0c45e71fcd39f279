/* How a user is shown. Each view is an array of members in the order of the API's documents; most
 * come out of the user's `doc` under their own name, the others have a function. Any thread. */
#include "model/user.h"

struct member {
    const char *name;
    void (*put)(struct json_out *o, const char *name, const struct user *u);
};

static void put_text(struct json_out *o, const char *name, struct str text)
{
    if (!str_empty(text))
        json_member_str(o, name, text);
}

static void put_moment(struct json_out *o, const char *name, int64_t ms)
{
    if (ms != 0)
        json_member_time(o, name, ms);
}

static void put_id(struct json_out *o, const char *name, const struct user *u)
{
    json_member_str(o, name, u->id);
}

static void put_username(struct json_out *o, const char *name, const struct user *u)
{
    put_text(o, name, u->username);
}

static void put_name(struct json_out *o, const char *name, const struct user *u)
{
    put_text(o, name, u->name);
}

static void put_type(struct json_out *o, const char *name, const struct user *u)
{
    json_member_str(o, name, u->type);
}

static void put_active(struct json_out *o, const char *name, const struct user *u)
{
    json_member_bool(o, name, u->active);
}

static void put_emails(struct json_out *o, const char *name, const struct user *u)
{
    if (u->email_count == 0)
        return;
    json_key(o, name);
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < u->email_count; i++) {
        json_item(&list);
        struct json_out email = json_begin(o->buf, '{');
        json_member_str(&email, "address", u->emails[i].address);
        json_member_bool(&email, "verified", u->emails[i].verified);
        json_end(&email);
    }
    json_end(&list);
}

static void put_roles(struct json_out *o, const char *name, const struct user *u)
{
    json_key(o, name);
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < u->role_count; i++) {
        json_item(&list);
        json_put_string(o->buf, u->roles[i]);
    }
    json_end(&list);
}

static void put_created(struct json_out *o, const char *name, const struct user *u)
{
    put_moment(o, name, u->created_at_ms);
}

static void put_updated(struct json_out *o, const char *name, const struct user *u)
{
    put_moment(o, name, u->updated_at_ms);
}

static void put_last_login(struct json_out *o, const char *name, const struct user *u)
{
    put_moment(o, name, u->last_login_ms);
}

static void put_doc(struct json_out *o, const char *name, const struct user *u)
{
    const struct json *value = json_get(u->doc, str_of(name));
    if (value != NULL && value->kind != JSON_NULL)
        json_member_json(o, name, value);
}

/* `settings` is not among them: there it holds more than what is stored. */
static const struct member me_members[] = {
    {"_id", put_id},
    {"name", put_name},
    {"username", put_username},
    {"nickname", put_doc},
    {"emails", put_emails},
    {"status", put_doc},
    {"statusDefault", put_doc},
    {"statusText", put_doc},
    {"statusConnection", put_doc},
    {"bio", put_doc},
    {"avatarOrigin", put_doc},
    {"utcOffset", put_doc},
    {"language", put_doc},
    {"enableAutoAway", put_doc},
    {"idleTimeLimit", put_doc},
    {"roles", put_roles},
    {"active", put_active},
    {"defaultRoom", put_doc},
    {"customFields", put_doc},
    {"requirePasswordChange", put_doc},
    {"requirePasswordChangeReason", put_doc},
    {"statusLivechat", put_doc},
    {"banners", put_doc},
    {"oauth", put_doc},
    {"_updatedAt", put_updated},
    {"avatarETag", put_doc},
    {NULL, NULL},
};

static const struct member full_members[] = {
    {"_id", put_id},
    {"createdAt", put_created},
    {"username", put_username},
    {"emails", put_emails},
    {"type", put_type},
    {"status", put_doc},
    {"active", put_active},
    {"roles", put_roles},
    {"_updatedAt", put_updated},
    {"name", put_name},
    {"settings", put_doc},
    {"requirePasswordChange", put_doc},
    {"requirePasswordChangeReason", put_doc},
    {"reason", put_doc},
    {"utcOffset", put_doc},
    {"lastLogin", put_last_login},
    {"customFields", put_doc},
    {"bio", put_doc},
    {"nickname", put_doc},
    {"statusText", put_doc},
    {"statusConnection", put_doc},
    {"statusDefault", put_doc},
    {"language", put_doc},
    {"avatarETag", put_doc},
    {"avatarOrigin", put_doc},
    {NULL, NULL},
};

static const struct member reduced_members[] = {
    {"_id", put_id},         {"type", put_type},      {"status", put_doc},
    {"active", put_active},  {"name", put_name},      {"username", put_username},
    {"utcOffset", put_doc},  {"bio", put_doc},        {"nickname", put_doc},
    {"statusText", put_doc}, {"avatarETag", put_doc}, {NULL, NULL},
};

static const struct member info_full_members[] = {
    {"_id", put_id},
    {"name", put_name},
    {"username", put_username},
    {"nickname", put_doc},
    {"status", put_doc},
    {"utcOffset", put_doc},
    {"type", put_type},
    {"active", put_active},
    {"bio", put_doc},
    {"reason", put_doc},
    {"statusText", put_doc},
    {"avatarETag", put_doc},
    {"emails", put_emails},
    {"phone", put_doc},
    {"statusConnection", put_doc},
    {"createdAt", put_created},
    {"lastLogin", put_last_login},
    {"requirePasswordChange", put_doc},
    {"requirePasswordChangeReason", put_doc},
    {"roles", put_roles},
    {"customFields", put_doc},
    {NULL, NULL},
};

static const struct member info_reduced_members[] = {
    {"_id", put_id},         {"name", put_name},      {"username", put_username},
    {"nickname", put_doc},   {"status", put_doc},     {"utcOffset", put_doc},
    {"type", put_type},      {"active", put_active},  {"bio", put_doc},
    {"statusText", put_doc}, {"avatarETag", put_doc}, {NULL, NULL},
};

static const struct member list_full_members[] = {
    {"_id", put_id},
    {"name", put_name},
    {"username", put_username},
    {"emails", put_emails},
    {"roles", put_roles},
    {"status", put_doc},
    {"active", put_active},
    {"avatarETag", put_doc},
    {"lastLogin", put_last_login},
    {"type", put_type},
    {NULL, NULL},
};

static const struct member list_reduced_members[] = {
    {"_id", put_id},     {"name", put_name},     {"username", put_username},
    {"status", put_doc}, {"active", put_active}, {"avatarETag", put_doc},
    {"type", put_type},  {NULL, NULL},
};

static const struct member presence_members[] = {
    {"_id", put_id},         {"username", put_username},
    {"name", put_name},      {"status", put_doc},
    {"utcOffset", put_doc},  {"statusText", put_doc},
    {"avatarETag", put_doc}, {NULL, NULL},
};

static const struct member public_roles_members[] = {
    {"_id", put_id},
    {"username", put_username},
    {"roles", put_roles},
    {NULL, NULL},
};

static const struct member in_role_members[] = {
    {"_id", put_id},
    {"name", put_name},
    {"username", put_username},
    {"emails", put_emails},
    {"avatarETag", put_doc},
    {"createdAt", put_created},
    {"_updatedAt", put_updated},
    {NULL, NULL},
};

static const struct member event_members[] = {
    {"_id", put_id},
    {"createdAt", put_created},
    {"username", put_username},
    {"emails", put_emails},
    {"type", put_type},
    {"status", put_doc},
    {"active", put_active},
    {"roles", put_roles},
    {"_updatedAt", put_updated},
    {"name", put_name},
    {"lastLogin", put_last_login},
    {"utcOffset", put_doc},
    {"customFields", put_doc},
    {"bio", put_doc},
    {"nickname", put_doc},
    {"statusText", put_doc},
    {"statusConnection", put_doc},
    {"statusDefault", put_doc},
    {"language", put_doc},
    {"avatarETag", put_doc},
    {NULL, NULL},
};

static const struct member *const views[USER_VIEWS] = {
    [USER_VIEW_ME] = me_members,
    [USER_VIEW_FULL] = full_members,
    [USER_VIEW_REDUCED] = reduced_members,
    [USER_VIEW_INFO_FULL] = info_full_members,
    [USER_VIEW_INFO_REDUCED] = info_reduced_members,
    [USER_VIEW_LIST_FULL] = list_full_members,
    [USER_VIEW_LIST_REDUCED] = list_reduced_members,
    [USER_VIEW_PRESENCE] = presence_members,
    [USER_VIEW_PUBLIC_ROLES] = public_roles_members,
    [USER_VIEW_IN_ROLE] = in_role_members,
    [USER_VIEW_EVENT] = event_members,
};

void user_put_members(struct json_out *o, const struct user *u, enum user_view view)
{
    for (const struct member *m = views[view]; m->name != NULL; m++)
        m->put(o, m->name, u);
}

void user_put(struct buf *out, const struct user *u, enum user_view view)
{
    struct json_out o = json_begin(out, '{');
    user_put_members(&o, u, view);
    json_end(&o);
}

bool user_has_role(const struct user *u, struct str role_id)
{
    for (size_t i = 0; i < u->role_count; i++)
        if (str_eq(u->roles[i], role_id))
            return true;
    return false;
}

struct str user_verified_email(const struct user *u)
{
    for (size_t i = 0; i < u->email_count; i++)
        if (u->emails[i].verified)
            return u->emails[i].address;
    return STR("");
}

struct str user_text(const struct user *u, const char *member)
{
    return json_get_str(u->doc, member);
}

/* Takes every member of that name out of the object. */
static void forget_member(struct json *object, struct str name)
{
    struct json *item = object->items.first;
    object->items.first = object->items.last = NULL;
    object->items.count = 0;
    while (item != NULL) {
        struct json *next = item->next;
        item->next = NULL;
        if (!str_eq(item->key, name))
            json_set(object, item->key, item);
        item = next;
    }
}

void user_set_member(struct user *u, const char *member, struct json *value)
{
    forget_member(u->doc, str_of(member));
    if (value != NULL)
        json_set(u->doc, str_of(member), value);
}

void user_set_text(struct user *u, struct arena *arena, const char *member, struct str value)
{
    user_set_member(u, member, str_empty(value) ? NULL : json_string(arena, value));
}
