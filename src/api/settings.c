/* settings*: what administrators may change while the server runs. Read on a reader, changes are
 * commands. The two lists of login services are empty: there is no login but by password and token.
 */
#include "api/endpoint.h"
#include "api/schemas.h"
#include "domain/fault.h"
#include "domain/setting.h"

/* --- lists --- */

/* Which settings a list shows, and how. */
struct shown {
    bool privileged; /* those that are not public, too */
    bool some;       /* only those named in `ids`, between commas */
    struct str ids;
    bool descending;
    bool defaults; /* with the default of each */
};

static bool is_named(struct str ids, struct str id)
{
    struct str part;
    while (str_split(&ids, ',', &part))
        if (str_eq(str_trim(part), id))
            return true;
    return false;
}

static bool is_shown(const struct shown *shown, enum setting_id id)
{
    const struct setting_info *info = setting_info(id);
    bool readable = info->readers == SETTING_READERS_PUBLIC ||
                    (shown->privileged && info->readers == SETTING_READERS_PRIVATE);
    return readable && (!shown->some || is_named(shown->ids, info->id));
}

static void put_setting(struct buf *out, const struct shown *shown, enum setting_id id,
                        struct str value)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", setting_name(id));
    json_member_raw(&o, "value", value);
    if (shown->defaults)
        json_member_raw(&o, "packageValue", setting_default(id));
    json_end(&o);
}

static bool put_list(struct rd *rd, struct call *call, const struct shown *shown)
{
    struct str values[SETTING_COUNT];
    settings_load(rd, values);
    struct page page = call_page(call);
    int64_t returned = 0, total = 0;
    struct json_out o = call_members(call);
    json_key(&o, "settings");
    struct json_out list = json_begin(&call->out, '[');
    for (int place = 1; place < SETTING_COUNT; place++) {
        enum setting_id id = shown->descending ? SETTING_COUNT - place : place;
        if (!is_shown(shown, id) || total++ < page.offset || returned >= page.count)
            continue;
        returned++;
        json_item(&list);
        put_setting(&call->out, shown, id, values[id]);
    }
    json_end(&list);
    call_page_members(&o, &page, returned, total);
    return true;
}

/* Lists are in the order of the ids; that can be turned round and nothing else. */
static bool read_order(const struct call *call, bool *out_descending, struct err *err)
{
    static const struct sort_column columns[] = {{"_id", "id"}, {NULL, NULL}};
    struct str order_by;
    bool ok = call_sort(call, columns, "id ASC", &order_by, err);
    *out_descending = ok && str_ends(order_by, STR("DESC"));
    return ok;
}

static bool list_public(struct rd *rd, struct call *call, struct err *err)
{
    struct str ids = call_param(call, "_id");
    struct shown shown = {.ids = ids, .some = !str_empty(ids)};
    return read_order(call, &shown.descending, err) && put_list(rd, call, &shown);
}

static bool list(struct rd *rd, struct call *call, struct err *err)
{
    struct shown shown = {
        .privileged = access_allows_globally(rd, call->user_id, PERM_VIEW_PRIVILEGED_SETTING),
        .defaults = json_get_true(call->params, "includeDefaults"),
    };
    return read_order(call, &shown.descending, err) && put_list(rd, call, &shown);
}

/* --- one --- */

static bool get_one(struct rd *rd, struct call *call, struct err *err)
{
    enum setting_id id = setting_find(call->path_arg);
    if (id == SETTING_NONE || setting_info(id)->readers == SETTING_READERS_HIDDEN)
        return refuse_bare(err);
    struct json_out o = call_members(call);
    json_member_str(&o, "_id", setting_name(id));
    json_member_raw(&o, "value", setting_load(rd, id));
    return true;
}

static bool set_one(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = {.id = call->user_id, .username = call->username};
    call->audit_target = call->path_arg;
    return setting_change(tx, &by, call->path_arg, json_get_lit(call->params, "value"), err);
}

/* --- login services --- */

static bool no_configurations(struct call *call, struct err *err)
{
    (void)err;
    struct json_out o = call_members(call);
    json_member_raw(&o, "configurations", STR("[]"));
    return true;
}

static bool no_services(struct call *call, struct err *err)
{
    (void)err;
    struct json_out o = call_members(call);
    json_member_raw(&o, "services", STR("[]"));
    return true;
}

const struct endpoint endpoints_settings[] = {
    {
        .method = HTTP_GET,
        .path = "/api/v1/settings.public",
        .auth = AUTH_OPTIONAL,
        .schema = &schema_settings_public,
        .steps = {ON_READ(list_public)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/settings",
        .schema = &schema_settings_list,
        .steps = {ON_READ(list)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/settings/:_id",
        .all_of = {PERM_VIEW_PRIVILEGED_SETTING},
        .steps = {ON_READ(get_one)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/settings/:_id",
        .all_of = {PERM_EDIT_PRIVILEGED_SETTING},
        .schema = &schema_settings_update,
        .audit = true,
        .steps = {ON_WRITE(set_one)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/service.configurations",
        .auth = AUTH_OPTIONAL,
        .steps = {ON_LOOP(no_configurations)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/settings.oauth",
        .auth = AUTH_OPTIONAL,
        .steps = {ON_LOOP(no_services)},
    },
    {.path = NULL},
};
