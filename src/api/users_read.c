/* What is asked about users. Runs on a reader; the picture on the loop. */
#include "api/users.h"
#include "base/clock.h"
#include "domain/fault.h"

enum { RECENT_MS = 10 * 60 * 1000 };

static bool sees_all(struct rd *rd, const struct call *call)
{
    return access_allows_globally(rd, call->user_id, PERM_VIEW_FULL_OTHER_USER_INFO);
}

static bool is_self(const struct call *call, const struct user *u)
{
    return str_eq(call->user_id, u->id);
}

/* --- me --- */

bool users_me(struct rd *rd, struct call *call, struct err *err)
{
    const struct user *u = user_find(rd, call->user_id);
    if (u == NULL) /* gone since the token was looked at */
        return err_set(err, 401, NULL, "You must be logged in to do this.");
    struct json_out o = call_members(call);
    me_put_members(rd, &o, u);
    return true;
}

/* --- info --- */

/* The one parameter that says who is meant; the schema has seen to it that there is one. */
static struct user *asked_for(struct rd *rd, const struct call *call, bool *blank)
{
    *blank = false;
    static const char *const names[] = {"userId", "username", "email", "importId",
                                        "freeSwitchExtension"};
    struct str value = STR("");
    size_t i = 0;
    while (i < sizeof(names) / sizeof(names[0]) && !call_has(call, names[i]))
        i++;
    if (i < sizeof(names) / sizeof(names[0]))
        value = call_param(call, names[i]);
    *blank = str_blank(value);
    switch (i) {
    case 0:
        return user_find(rd, value);
    case 1:
        return user_find_by_username(rd, value);
    case 2:
        return sees_all(rd, call) ? user_find_by_email(rd, value) : NULL;
    default: /* nothing is imported, and nobody has an extension */
        return NULL;
    }
}

bool users_info(struct rd *rd, struct call *call, struct err *err)
{
    bool blank;
    const struct user *u = asked_for(rd, call, &blank);
    if (blank)
        return refuse(err, "Invalid search query.");
    if (u == NULL)
        return refuse(err, "User not found.");
    bool self = is_self(call, u), all = self || sees_all(rd, call);
    struct json_out o = call_members(call);
    json_key(&o, "user");
    struct json_out user = json_begin(&call->out, '{');
    user_put_members(&user, u, all ? USER_VIEW_INFO_FULL : USER_VIEW_INFO_REDUCED);
    if (self)
        json_member_raw(&user, "services", STR("{\"password\":true}"));
    json_member_bool(&user, "canViewAllInfo", all);
    json_end(&user);
    return true;
}

/* --- list --- */

static const struct sort_column list_columns[] = {
    {"_id", "u.id"},
    {"username", "u.username_key"},
    {"name", "LOWER(u.name)"},
    {"nameInsensitive", "LOWER(u.name)"},
    {"type", "u.type"},
    {"active", "u.active"},
    {"createdAt", "u.created_at_ms"},
    {"_updatedAt", "u.updated_at_ms"},
    {"lastLogin", "u.last_login_ms"},
    {NULL, NULL},
};

static void put_users(struct call *call, const struct user_list *list, enum user_view view)
{
    struct json_out o = call_members(call);
    json_key(&o, "users");
    struct json_out users = json_begin(&call->out, '[');
    for (size_t i = 0; i < list->count; i++) {
        json_item(&users);
        user_put(&call->out, list->items[i], view);
    }
    json_end(&users);
}

static bool may_list(struct rd *rd, const struct call *call)
{
    return !catalog_setting_bool(rd->catalog,
                                 SETTING_API_APPLY_PERMISSION_VIEW_OUTSIDE_ROOM_ON_USERS_LIST) ||
           access_allows_globally(rd, call->user_id, PERM_VIEW_OUTSIDE_ROOM);
}

bool users_list_page(struct rd *rd, struct call *call, struct err *err)
{
    struct user_filter filter = {.address = call_param(call, "email")};
    bool all = sees_all(rd, call);
    if (!may_list(rd, call) || (!str_empty(filter.address) && !all))
        return refuse_forbidden(err);
    struct str order_by;
    if (!call_sort(call, list_columns, "u.username_key ASC", &order_by, err))
        return false;
    struct page page = call_page(call);
    struct user_list list = users_list(rd, &filter, order_by, page.offset, page.count);
    put_users(call, &list, all ? USER_VIEW_LIST_FULL : USER_VIEW_LIST_REDUCED);
    struct json_out o = call_members(call);
    call_page_members(&o, &page, (int64_t)list.count, list.total);
    return true;
}

/* --- presence --- */

static struct str or_offline(struct str status)
{
    return str_empty(status) ? STR("offline") : status;
}

bool users_get_presence(struct rd *rd, struct call *call, struct err *err)
{
    const struct user *u = user_selected_or(rd, call->params, call->user_id, err);
    if (u == NULL)
        return false;
    struct json_out o = call_members(call);
    json_member_str(&o, "presence", or_offline(user_text(u, "status")));
    if (!is_self(call, u))
        return true;
    json_member_str(&o, "connectionStatus", or_offline(user_text(u, "statusConnection")));
    if (u->last_login_ms != 0)
        json_member_time(&o, "lastLogin", u->last_login_ms);
    return true;
}

bool users_get_status(struct rd *rd, struct call *call, struct err *err)
{
    const struct user *u = user_selected_or(rd, call->params, call->user_id, err);
    if (u == NULL)
        return false;
    struct json_out o = call_members(call);
    json_member_str(&o, "_id", u->id);
    if (!str_empty(user_text(u, "statusText")))
        json_member_str(&o, "message", user_text(u, "statusText"));
    if (is_self(call, u))
        json_member_str(&o, "connectionStatus", or_offline(user_text(u, "statusConnection")));
    json_member_str(&o, "status", or_offline(user_text(u, "status")));
    return true;
}

/* Users by a list of ids, who are not found left out. */
static struct user_list by_ids(struct rd *rd, struct str *ids, size_t count)
{
    struct user_list list = {.items = ARENA_ARRAY(rd->arena, struct user *, count)};
    for (size_t i = 0; i < count; i++) {
        struct user *u = user_find(rd, ids[i]);
        if (u != NULL)
            list.items[list.count++] = u;
    }
    return list;
}

/* The `ids` parameter, an array or texts separated by commas. False: it is not there. */
static bool read_ids(const struct call *call, struct str **out, size_t *out_count)
{
    const struct json *ids = json_get_lit(call->params, "ids");
    if (ids == NULL)
        return false;
    struct str all = json_is(ids, JSON_STRING) ? ids->string : STR(""), part;
    const struct json *item = json_is(ids, JSON_ARRAY) ? ids->items.first : NULL;
    size_t most = all.len + 1 + (json_is(ids, JSON_ARRAY) ? ids->items.count : 0);
    *out = ARENA_ARRAY(call->arena, struct str, most);
    *out_count = 0;
    for (; item != NULL; item = item->next) {
        if (item->kind == JSON_STRING)
            (*out)[(*out_count)++] = item->string;
    }
    while (json_is(ids, JSON_STRING) && str_split(&all, ',', &part))
        (*out)[(*out_count)++] = str_trim(part);
    return true;
}

static void drop_offline(struct user_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!str_is(or_offline(user_text(list->items[i], "status")), "offline"))
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* All who are online, or those of the ids, or those who changed since a moment not long ago. */
bool users_presence(struct rd *rd, struct call *call, struct err *err)
{
    (void)err;
    struct user_list list;
    struct str *ids;
    size_t count;
    int64_t from_ms;
    bool since = clock_parse_iso(call_param(call, "from"), &from_ms) && from_ms > 0 &&
                 rd->now_ms - from_ms < RECENT_MS;
    bool some = read_ids(call, &ids, &count);
    if (some) {
        list = by_ids(rd, ids, count);
    } else if (since) {
        const struct user_filter changed = {.changed_after_ms = from_ms};
        list = users_list(rd, &changed, STR("u.seq"), 0, INT64_MAX);
    } else {
        const struct user_filter online = {.not_plainly_offline = true};
        list = users_list(rd, &online, STR("u.seq"), 0, INT64_MAX);
        drop_offline(&list);
    }
    put_users(call, &list, USER_VIEW_PRESENCE);
    struct json_out o = call_members(call);
    json_member_bool(&o, "full", !some && !since);
    return true;
}

bool users_get_preferences(struct rd *rd, struct call *call, struct err *err)
{
    (void)err;
    const struct user *u = user_find(rd, call->user_id);
    struct json_out o = call_members(call);
    json_key(&o, "preferences");
    if (u != NULL)
        own_preferences_put(&call->out, u);
    else
        buf_lit(&call->out, "{}");
    return true;
}

/* --- pictures --- */

bool users_get_avatar(struct rd *rd, struct call *call, struct err *err)
{
    const struct user *u = user_selected(rd, call->params, err);
    if (u == NULL)
        return false;
    struct str url = avatar_url(rd, u->username);
    call->raw = true;
    call->status = 307;
    call->headers =
        arena_fmt(call->arena, "%.*sLocation: %.*s\r\n", STR_FMT(call->headers), STR_FMT(url));
    return buf_add(&call->out, url);
}

static bool is_sign(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The first letters of up to two words of the name, as capitals. */
static void take_initials(struct str name, char out[3])
{
    size_t count = 0;
    for (size_t i = 0; i < name.len && count < 2; i++) {
        bool begins = is_sign(name.ptr[i]) && (i == 0 || !is_sign(name.ptr[i - 1]));
        if (begins)
            out[count++] = name.ptr[i] >= 'a' ? (char)(name.ptr[i] - 'a' + 'A') : name.ptr[i];
    }
    out[count] = '\0';
}

/* A picture of the initials, its colour chosen by the name: anybody may ask, and learns nothing. */
bool users_avatar_image(struct call *call, struct err *err)
{
    (void)err;
    static const char *const colours[] = {"#C62828", "#AD1457", "#6A1B9A", "#4527A0",
                                          "#283593", "#1565C0", "#00695C", "#2E7D32",
                                          "#9E9D24", "#EF6C00", "#4E342E", "#37474F"};
    unsigned sum = 0;
    for (size_t i = 0; i < call->path_arg.len; i++)
        sum = sum * 31 + (unsigned char)call->path_arg.ptr[i];
    char initials[3];
    take_initials(call->path_arg, initials);
    call->raw = true;
    call->content_type = "image/svg+xml";
    return buf_addf(&call->out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 200\">"
                    "<rect width=\"200\" height=\"200\" fill=\"%s\"/>"
                    "<text x=\"100\" y=\"135\" font-family=\"sans-serif\" font-size=\"100\" "
                    "fill=\"#FFFFFF\" text-anchor=\"middle\">%s</text></svg>",
                    colours[sum % (sizeof(colours) / sizeof(colours[0]))], initials);
}
