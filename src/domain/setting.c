/* Changing settings. Commands, except setting_overwrite_of(), which any thread may call. */
#include "domain/setting.h"

#include "domain/fault.h"

#define OVERWRITE_PREFIX STR("OVERWRITE_SETTING_")

/* --- by the API --- */

static enum setting_id changeable(struct str id)
{
    enum setting_id found = setting_find(id);
    if (found != SETTING_NONE && setting_info(found)->readers == SETTING_READERS_HIDDEN)
        return SETTING_NONE;
    return found;
}

static bool number_of(const struct json *value, double *out)
{
    if (value->kind == JSON_NUMBER)
        *out = value->number;
    return value->kind == JSON_NUMBER ||
           (value->kind == JSON_STRING && json_number_of(value->string, out));
}

static bool out_of_bounds(struct err *err, const struct setting_info *info, const char *side,
                          int64_t bound)
{
    fault(err, "error-invalid-setting-value",
          "Value for setting %.*s must be %s than or equal to %lld", STR_FMT(info->id), side,
          (long long)bound);
    return fault_details(err, DETAILS_METHOD("saveSettings"));
}

static bool check_bounds(const struct setting_info *info, const struct json *value, struct err *err)
{
    double number;
    if (!number_of(value, &number))
        return true;
    if (number < (double)info->min)
        return out_of_bounds(err, info, "greater", info->min);
    if (number > (double)info->max)
        return out_of_bounds(err, info, "less", info->max);
    return true;
}

static bool is_number(const struct setting_info *info)
{
    return info->kind == SETTING_KIND_INT || info->kind == SETTING_KIND_NUMBER;
}

/* The value as JSON text in the command's arena. False: it is too long. */
static bool render(struct tx *tx, const struct json *value, struct str *out)
{
    BUF(text, SETTING_VALUE_BYTES);
    json_put(&text, value);
    if (buf_ok(&text))
        *out = arena_str(tx->rd.arena, buf_str(&text));
    return buf_ok(&text);
}

bool setting_change(struct tx *tx, const struct actor *by, struct str id, const struct json *value,
                    struct err *err)
{
    if (!access_allows_globally(tx_rd(tx), by->id, PERM_EDIT_PRIVILEGED_SETTING))
        return refuse_permission(err);
    enum setting_id setting = changeable(id);
    if (setting == SETTING_NONE || value == NULL)
        return refuse_bare(err);
    const struct setting_info *info = setting_info(setting);
    if (is_number(info) && !check_bounds(info, value, err))
        return false;
    struct str json;
    if (!render(tx, value, &json))
        return fault(err, "error-invalid-setting-value",
                     "Value for setting %.*s must not be longer than %d bytes", STR_FMT(info->id),
                     SETTING_VALUE_BYTES);
    setting_save(tx, setting, json);
    return true;
}

/* --- by the environment --- */

enum overwrite setting_overwrite_of(const char *entry, enum setting_id *out_id,
                                    struct str *out_value)
{
    struct str text = str_of(entry);
    size_t equals = str_find_char(text, '=');
    if (!str_starts(text, OVERWRITE_PREFIX) || equals == SIZE_MAX)
        return OVERWRITE_NONE;
    *out_id = setting_find(str_slice(text, OVERWRITE_PREFIX.len, equals));
    *out_value = str_after(text, equals + 1);
    return *out_id == SETTING_NONE ? OVERWRITE_UNKNOWN : OVERWRITE_KNOWN;
}

/* A text of the environment as the value it stands for in a setting of that kind. */
static struct json *value_of(struct arena *arena, enum setting_kind kind, struct str text)
{
    if (str_eq_nocase(text, STR("true")) || str_eq_nocase(text, STR("false")))
        return json_bool(arena, str_eq_nocase(text, STR("true")));
    double number;
    bool numeric = kind == SETTING_KIND_INT || kind == SETTING_KIND_NUMBER;
    if (numeric && !str_blank(text) && json_number_of(text, &number))
        return json_number(arena, number);
    struct json *list = kind == SETTING_KIND_LIST ? json_parse(arena, text) : NULL;
    return json_is(list, JSON_ARRAY) ? list : json_string(arena, text);
}

static void overwrite(struct tx *tx, enum setting_id id, struct str text)
{
    BUF(json, SETTING_VALUE_BYTES);
    json_put(&json, value_of(tx->rd.arena, setting_info(id)->kind, text));
    if (buf_ok(&json) && !str_eq(buf_str(&json), setting_load(tx_rd(tx), id)))
        setting_save(tx, id, arena_str(tx->rd.arena, buf_str(&json)));
}

void settings_overwrite(struct tx *tx, char *const *environment)
{
    enum setting_id id;
    struct str value;
    for (; *environment != NULL; environment++)
        if (setting_overwrite_of(*environment, &id, &value) == OVERWRITE_KNOWN)
            overwrite(tx, id, value);
}
