/* The doors of integration.h and what both directions share: powers, channel lists, common fields.
 * Runs on the writer. */
#include "domain/integration.h"

#include "base/id.h"
#include "domain/integration_rules.h"
#include "store/room.h"
#include "store/subscription.h"
#include "store/user.h"

enum { DISABLE_AT_ONCE = 1000 };

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

static struct user_ref reference(const struct actor *by)
{
    return (struct user_ref){.id = by->id, .username = by->username};
}

/* --- create --- */

/* The schema takes a type that only contains the word; here it must be the word. */
static bool exact_type(const struct json *body, struct str *type, struct err *err)
{
    *type = json_get_str(body, "type");
    return str_eq(*type, type_incoming) || str_eq(*type, type_outgoing) ||
           refuse(err, "Invalid integration type.");
}

static void sign_creation(struct tx *tx, const struct actor *by, struct integration *in)
{
    in->id = id_hex(tx->rd.arena, tx->rd.now_ms);
    in->created_at_ms = in->updated_at_ms = tx->rd.now_ms;
    in->created_by = reference(by);
    integration_mark(in, INTEGRATION_ID);
    integration_mark(in, INTEGRATION_CREATED_AT);
    integration_mark(in, INTEGRATION_CREATED_BY);
    integration_mark(in, INTEGRATION_UPDATED_AT);
}

bool integration_create(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err)
{
    struct integration *in = ARENA_NEW(tx->rd.arena, struct integration);
    if (!exact_type(change->body, &in->type, err))
        return false;
    integration_mark(in, INTEGRATION_TYPE);
    bool ok = integration_is_incoming(in) ? incoming_create(tx, change, in, err)
                                          : outgoing_create(tx, change, in, err);
    if (!ok)
        return false;
    sign_creation(tx, &change->by, in);
    integration_insert(tx, in);
    *out = in;
    return true;
}

/* --- update and remove: find it first --- */

/* By target_url (outgoing only) if the body has one, else by id; and of the direction the body
 * names, so that a manager of one direction cannot reach into the other. */
static struct integration *find_named(struct rd *rd, const struct json *body, struct str type)
{
    struct str url = json_get_str(body, "target_url");
    int64_t same_url;
    struct integration *in = !str_empty(url) && str_eq(type, type_outgoing)
                                 ? integration_find_by_url(rd, url, &same_url)
                                 : integration_find(rd, json_get_str(body, "integrationId"));
    return in != NULL && str_eq(in->type, type) ? in : NULL;
}

bool integration_update(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err)
{
    struct str type;
    if (!exact_type(change->body, &type, err))
        return false;
    struct integration *in = find_named(tx_rd(tx), change->body, type);
    if (in == NULL)
        return refuse(err, "No integration found.");
    bool ok = integration_is_incoming(in) ? incoming_update(tx, change, in, err)
                                          : outgoing_update(tx, change, in, err);
    if (!ok)
        return false;
    in->updated_at_ms = tx->rd.now_ms;
    in->updated_by = reference(&change->by);
    integration_mark(in, INTEGRATION_UPDATED_AT);
    integration_mark(in, INTEGRATION_UPDATED_BY);
    integration_save(tx, in);
    *out = in;
    return true;
}

static bool may_remove(struct rd *rd, const struct actor *by, const struct integration *in,
                       struct err *err)
{
    bool incoming = integration_is_incoming(in);
    struct str details = incoming ? DETAILS_METHOD("deleteIncomingIntegration")
                                  : DETAILS_METHOD("deleteOutgoingIntegration");
    struct integration_power power = integration_power(rd, by->id, incoming);
    if (integration_power_over(&power, by, in))
        return true;
    if (power.own)
        fault(err, "error-invalid-integration", "Invalid integration");
    else
        fault(err, "not_authorized", "Unauthorized");
    return fault_details(err, details);
}

bool integration_remove(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err)
{
    struct str type;
    if (!exact_type(change->body, &type, err))
        return false;
    bool named = !str_empty(json_get_str(change->body, "integrationId")) ||
                 !str_empty(json_get_str(change->body, "target_url"));
    if (!named && str_eq(type, type_outgoing))
        return refuse(err, "An integrationId or target_url needs to be provided.");
    struct integration *in = find_named(tx_rd(tx), change->body, type);
    if (in == NULL)
        return refuse(err, "No integration found.");
    if (!may_remove(tx_rd(tx), &change->by, in, err))
        return false;
    integration_erase(tx, in->id);
    *out = in;
    return true;
}

/* --- accounts that go --- */

void integrations_disable_of_user(struct tx *tx, struct str user_id)
{
    struct text_list ids = integration_ids_of_user(tx_rd(tx), user_id, DISABLE_AT_ONCE);
    for (size_t i = 0; i < ids.count; i++) {
        struct integration *in = integration_find(tx_rd(tx), ids.items[i]);
        if (in == NULL || !in->enabled)
            continue;
        in->enabled = false;
        in->updated_at_ms = tx->rd.now_ms;
        integration_save(tx, in);
    }
}
