/* The checks of outgoing integrations, in the reference's order. Create and update share them; they
 * look at the body, not at what is stored. Runs on the writer. */
#include "domain/integration_rules.h"
#include "store/user.h"

enum { RETRIES_BY_DEFAULT = 4 };

#define REQUIRED DETAILS_FUNCTION("validateOutgoing._verifyRequiredFields")
#define CHANNELS DETAILS_FUNCTION("validateOutgoing._verifyUserHasPermissionForChannels")
#define VALIDATE DETAILS_FUNCTION("validateOutgoing")
#define UPDATING DETAILS_METHOD("updateOutgoingIntegration")

/* --- the checks that need nothing but the body --- */

static struct text_list without_blanks(const struct json *array, struct arena *arena)
{
    size_t most = array != NULL && array->kind == JSON_ARRAY ? array->items.count : 0;
    struct text_list list = {.items = ARENA_ARRAY(arena, struct str, most + 1)};
    for (const struct json *item = most > 0 ? array->items.first : NULL; item != NULL;
         item = item->next) {
        if (item->kind == JSON_STRING && !str_blank(item->string))
            list.items[list.count++] = item->string;
    }
    return list;
}

static bool take_channels(struct integration *in, const struct outgoing_event *event,
                          const struct json *body, struct arena *arena, struct err *err)
{
    struct str text = json_get_str(body, "channel");
    if (event->uses_channel && str_blank(text))
        return fault_with(err, VALIDATE, "error-invalid-channel", "Invalid Channel");
    in->channel =
        event->uses_channel ? channel_list_split(arena, text, true) : (struct text_list){0};
    integration_mark(in, INTEGRATION_CHANNEL);
    return channels_well_formed(&in->channel, true) ||
           fault_with(err, VALIDATE, "error-invalid-channel-start-with-chars",
                      "Invalid channel. Start with @ or #");
}

static bool take_required(struct integration *in, const struct outgoing_event *event,
                          const struct json *body, struct arena *arena, struct err *err)
{
    if (str_blank(json_get_str(body, "username")))
        return fault_with(err, REQUIRED, "error-invalid-username", "Invalid username");
    if (event->uses_target_room && str_blank(json_get_str(body, "targetRoom")))
        return fault_with(err, REQUIRED, "error-invalid-targetRoom", "Invalid Target Room");
    in->urls = without_blanks(json_get_lit(body, "urls"), arena);
    if (in->urls.count == 0)
        return fault_with(err, REQUIRED, "error-invalid-urls", "Invalid URLs");
    integration_mark(in, INTEGRATION_URLS);
    return take_channels(in, event, body, arena, err);
}

/* --- the rest of the shared checks --- */

static bool check_all_words(const struct integration *in, const struct integration_power *power,
                            struct err *err)
{
    for (size_t i = 0; i < in->channel.count; i++) {
        if (channel_is_all_private(in->channel.items[i]) && !power->any)
            return fault_with(err, CHANNELS, "error-invalid-channel", "Invalid Channel");
    }
    return true;
}

static bool take_trigger_words(struct integration *in, const struct outgoing_event *event,
                               const struct json *body, struct arena *arena)
{
    const struct json *words = json_get_lit(body, "triggerWords");
    integration_take(in, INTEGRATION_TRIGGER_WORDS, body, true, arena);
    if (!event->uses_trigger_words)
        integration_drop(in, INTEGRATION_TRIGGER_WORDS);
    else if (json_is(words, JSON_ARRAY))
        in->trigger_words = without_blanks(words, arena);
    return true;
}

static void take_retries(struct integration *in, const struct json *body, struct arena *arena)
{
    integration_take(in, INTEGRATION_RETRY_FAILED_CALLS, body, true, arena);
    integration_take(in, INTEGRATION_RETRY_COUNT, body, true, arena);
    integration_take(in, INTEGRATION_RETRY_DELAY, body, true, arena);
    if (!integration_has(in, INTEGRATION_RETRY_FAILED_CALLS) || !in->retry_failed_calls)
        return;
    bool counted = integration_has(in, INTEGRATION_RETRY_COUNT) && in->retry_count >= 1;
    in->retry_count = counted ? (double)(int64_t)in->retry_count : RETRIES_BY_DEFAULT;
    bool named = integration_has(in, INTEGRATION_RETRY_DELAY) && !str_blank(in->retry_delay);
    in->retry_delay = named ? arena_lower(arena, in->retry_delay) : STR("powers-of-ten");
    integration_mark(in, INTEGRATION_RETRY_COUNT);
    integration_mark(in, INTEGRATION_RETRY_DELAY);
}

/* The checks of every create and update, and the fields they look at. */
static bool validate(struct rd *rd, const struct integration_change *change, struct integration *in,
                     struct err *err)
{
    const struct json *body = change->body;
    struct integration_power power = integration_power(rd, change->by.id, false);
    struct str name = json_get_str(body, "event");
    const struct outgoing_event *event = str_blank(name) ? NULL : outgoing_event_find(name);
    if (event == NULL)
        return fault_with(err, REQUIRED, "error-invalid-event-type", "Invalid event type");
    if (!take_required(in, event, body, rd->arena, err))
        return false;
    if (!event->uses_channel && !power.any)
        return fault_with(err, VALIDATE, "error-invalid-permissions",
                          "Invalid permission for required Integration creation.");
    struct user *user = user_find_by_username(rd, json_get_str(body, "username"));
    if (user == NULL)
        return fault_with(err, VALIDATE, "error-invalid-user",
                          "Invalid user (did you delete the `rocket.cat` user?)");
    if (!check_all_words(in, &power, err) ||
        !channels_permitted(rd, &change->by, &in->channel, false, CHANNELS, err))
        return false;
    integration_set_user(in, user);
    integration_take(in, INTEGRATION_EVENT, body, true, rd->arena);
    return take_trigger_words(in, event, body, rd->arena);
}

static const enum integration_field own_fields[] = {
    INTEGRATION_TARGET_ROOM,  INTEGRATION_TRIGGER_WORD_ANYWHERE, INTEGRATION_TOKEN,
    INTEGRATION_RUN_ON_EDITS, INTEGRATION_IMPERSONATE_USER,
};

static void take_rest(struct integration *in, const struct json *body, bool keep_null,
                      struct arena *arena)
{
    integration_take_common(in, body, keep_null, arena);
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
        integration_take(in, own_fields[i], body, keep_null, arena);
    integration_set_skip_transpile(in, body);
    take_retries(in, body, arena);
}

/* --- create and update --- */

bool outgoing_create(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct integration_power power = integration_power(rd, change->by.id, false);
    if (!power.any && !power.own)
        return fault(err, "not_authorized", "%s", "");
    if (change->frozen_scripts != NULL && !str_blank(json_get_str(change->body, "script")))
        return refuse(err, "%s", change->frozen_scripts);
    if (!validate(rd, change, in, err))
        return false;
    take_rest(in, change->body, false, rd->arena);
    integration_take_compiled(in, change, rd->arena);
    in->null = 0; /* a new document has no null members */
    return true;
}

bool outgoing_update(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct integration before = *in;
    if (!validate(rd, change, in, err))
        return false;
    if (str_blank(json_get_str(change->body, "token")))
        return fault_with(err, UPDATING, "error-invalid-token", "Invalid token");
    struct integration_power power = integration_power(rd, change->by.id, false);
    if (!power.any && !power.own)
        return fault_with(err, UPDATING, "not_authorized", "Unauthorized");
    if (!integration_power_over(&power, &change->by, &before))
        return fault(err, "invalid_integration",
                     "[methods] updateOutgoingIntegration -> integration not found");
    if (change->frozen_scripts != NULL && integration_changes_script(&before, change->body))
        return fault(err, change->frozen_scripts, "%s", "");
    take_rest(in, change->body, true, rd->arena);
    if (change->frozen_scripts != NULL)
        integration_keep_script(in, &before);
    integration_take_compiled(in, change, rd->arena);
    return true;
}
