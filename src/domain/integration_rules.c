/* What both directions of integrations share: powers, channel lists, common fields. Runs on the
 * writer, and on readers. */
#include "domain/integration_rules.h"

#include "store/room.h"
#include "store/subscription.h"
#include "store/user.h"

/* --- powers --- */

struct integration_power integration_power(struct rd *rd, struct str user_id, bool incoming)
{
    enum perm any =
        incoming ? PERM_MANAGE_INCOMING_INTEGRATIONS : PERM_MANAGE_OUTGOING_INTEGRATIONS;
    enum perm own =
        incoming ? PERM_MANAGE_OWN_INCOMING_INTEGRATIONS : PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS;
    return (struct integration_power){
        .any = access_allows_globally(rd, user_id, any),
        .own = access_allows_globally(rd, user_id, own),
    };
}

bool integration_power_over(const struct integration_power *power, const struct actor *by,
                            const struct integration *in)
{
    return power->any || (power->own && str_eq(in->created_by.id, by->id));
}

/* --- channels --- */

static const struct str all_words[] = {
    STR_INIT("all_public_channels"),
    STR_INIT("all_private_groups"),
    STR_INIT("all_direct_messages"),
};

bool channel_is_all(struct str channel)
{
    for (size_t i = 0; i < sizeof(all_words) / sizeof(all_words[0]); i++) {
        if (str_eq_nocase(channel, all_words[i]))
            return true;
    }
    return false;
}

bool channel_is_all_private(struct str channel)
{
    return str_eq_nocase(channel, all_words[1]) || str_eq_nocase(channel, all_words[2]);
}

bool channels_well_formed(const struct text_list *channels, bool all)
{
    for (size_t i = 0; i < channels->count; i++) {
        struct str channel = channels->items[i];
        bool prefixed = channel.len > 0 && (channel.ptr[0] == '#' || channel.ptr[0] == '@');
        if (!prefixed && !(all && channel_is_all(channel)))
            return false;
    }
    return true;
}

/* The id that stands behind "#room" or "@user", or an empty view. */
static struct str resolve(struct rd *rd, struct str channel)
{
    struct str name = str_after(channel, 1);
    if (channel.ptr[0] == '#') {
        struct room *room = room_find_by_id_or_name(rd, name);
        return room != NULL ? room->id : STR("");
    }
    struct user *user = user_find(rd, name);
    if (user == NULL)
        user = user_find_by_username(rd, name);
    return user != NULL ? user->id : STR("");
}

bool channels_permitted(struct rd *rd, const struct actor *by, const struct text_list *channels,
                        bool incoming, struct str details, struct err *err)
{
    struct integration_power power = integration_power(rd, by->id, incoming);
    for (size_t i = 0; i < channels->count; i++) {
        if (channel_is_all(channels->items[i]))
            continue;
        struct str id = resolve(rd, channels->items[i]);
        if (str_empty(id)) {
            fault(err, "error-invalid-room", "Invalid room");
            return fault_details(err, details);
        }
        if (!(power.any && power.own) && !subscription_exists(rd, id, by->id)) {
            fault(err, "error-invalid-channel", "Invalid Channel");
            return fault_details(err, details);
        }
    }
    return true;
}

/* --- fields --- */

static const enum integration_field common_fields[] = {
    INTEGRATION_SCRIPT_ENABLED, INTEGRATION_SCRIPT, INTEGRATION_NAME,  INTEGRATION_ENABLED,
    INTEGRATION_ALIAS,          INTEGRATION_AVATAR, INTEGRATION_EMOJI,
};

void integration_take_common(struct integration *in, const struct json *body, bool keep_null,
                             struct arena *arena)
{
    for (size_t i = 0; i < sizeof(common_fields) / sizeof(common_fields[0]); i++)
        integration_take(in, common_fields[i], body, keep_null, arena);
    struct str engine = json_get_str(body, "scriptEngine");
    if (!str_empty(engine))
        in->script_engine = engine;
    else if (!integration_has(in, INTEGRATION_SCRIPT_ENGINE))
        in->script_engine = STR("isolated-vm");
    integration_mark(in, INTEGRATION_SCRIPT_ENGINE);
}

void integration_set_skip_transpile(struct integration *in, const struct json *body)
{
    in->skip_transpile = json_get_true(body, "skipTranspile");
    integration_mark(in, INTEGRATION_SKIP_TRANSPILE);
}

void integration_set_user(struct integration *in, const struct user *user)
{
    in->username = user->username;
    in->user_id = user->id;
    integration_mark(in, INTEGRATION_USERNAME);
    integration_mark(in, INTEGRATION_USER_ID);
}

bool integration_changes_script(const struct integration *in, const struct json *body)
{
    const struct json *script = json_get_lit(body, "script");
    struct str engine = json_get_str(body, "scriptEngine");
    return (script != NULL && !str_eq(json_get_str(body, "script"), in->script)) ||
           (!str_empty(engine) && !str_eq(engine, in->script_engine));
}

void integration_keep_script(struct integration *in, const struct integration *before)
{
    in->script_enabled = before->script_enabled;
    in->skip_transpile = before->skip_transpile;
}

/* --- compiled scripts --- */

static const struct str too_large = STR_INIT(
    "{\"name\":\"RangeError\",\"message\":\"The script is larger than 256 KiB\",\"stack\":\"\"}");

static void note_script_error(struct integration *in, struct str error, struct arena *arena)
{
    in->script_error = json_parse(arena, error);
    integration_mark(in, INTEGRATION_SCRIPT_ERROR);
}

static void note_check(struct integration *in, const struct script_check *checked,
                       struct arena *arena)
{
    if (!checked->ok) {
        note_script_error(in, checked->error, arena);
        return;
    }
    in->script_compiled = in->script;
    integration_mark(in, INTEGRATION_SCRIPT_COMPILED);
}

void integration_take_compiled(struct integration *in, const struct integration_change *change,
                               struct arena *arena)
{
    const struct script_check *checked = change->checked;
    bool on =
        in->script_enabled && integration_has(in, INTEGRATION_SCRIPT) && !str_blank(in->script);
    if (change->frozen_scripts != NULL)
        return;
    if (on || !integration_is_incoming(in))
        integration_drop(in, INTEGRATION_SCRIPT_COMPILED);
    if (!on)
        return;
    integration_drop(in, INTEGRATION_SCRIPT_ERROR);
    if (in->script.len > INTEGRATION_SCRIPT_BYTES)
        note_script_error(in, too_large, arena);
    else if (checked != NULL && str_eq(checked->source, in->script))
        note_check(in, checked, arena);
}
