/* The checks of incoming integrations, in the reference's order. Runs on the writer. */
#include "base/id.h"
#include "domain/integration_rules.h"
#include "store/user.h"

enum { TOKEN_LENGTH = 48 };

#define ADDING   DETAILS_METHOD("addIncomingIntegration")
#define UPDATING DETAILS_METHOD("updateIncomingIntegration")

static bool take_channels(struct rd *rd, const struct json *body, struct integration *in,
                          struct str details, struct err *err)
{
    struct str text = json_get_str(body, "channel");
    if (str_blank(text))
        return fault_with(err, details, "error-invalid-channel", "Invalid channel");
    in->channel = channel_list_split(rd->arena, text, false);
    integration_mark(in, INTEGRATION_CHANNEL);
    /* The reference names the update here in both cases. */
    return channels_well_formed(&in->channel, false) ||
           fault_with(err, UPDATING, "error-invalid-channel-start-with-chars",
                      "Invalid channel. Start with @ or #");
}

/* Whoever an incoming integration posts as: by policy he is made a bot, as older servers did, or he
 * must be able to impersonate already, as newer ones ask. */
static bool apply_post_as_policy(struct tx *tx, const struct user *user, struct str details,
                                 struct err *err)
{
    struct str policy =
        catalog_setting_text(tx->rd.catalog, SETTING_INTEGRATIONS_POST_AS_POLICY, tx->rd.arena);
    if (!str_is(policy, "require")) {
        user_add_role(tx, user->id, STR("bot"));
        return true;
    }
    return access_allows_globally(tx_rd(tx), user->id, PERM_MESSAGE_IMPERSONATE) ||
           fault_with(err, details, "error-user-lacks-message-impersonate-permission",
                      "User selected for the incoming integration lacks the 'message-impersonate' "
                      "permission.");
}

bool incoming_create(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct json *body = change->body;
    struct integration_power power = integration_power(rd, change->by.id, true);
    if (!power.any && !power.own)
        return fault_with(err, ADDING, "not_authorized", "Unauthorized");
    if (!take_channels(rd, body, in, ADDING, err))
        return false;
    struct str username = json_get_str(body, "username");
    if (str_blank(username))
        return fault_with(err, ADDING, "error-invalid-username", "Invalid username");
    if (change->frozen_scripts != NULL && !str_blank(json_get_str(body, "script")))
        return refuse(err, "%s", change->frozen_scripts);
    struct user *user = user_find_by_username(rd, username);
    if (user == NULL)
        return fault_with(err, ADDING, "error-invalid-user", "Invalid user");
    if (!apply_post_as_policy(tx, user, ADDING, err) ||
        !channels_permitted(rd, &change->by, &in->channel, true, ADDING, err))
        return false;
    integration_set_user(in, user);
    integration_take_common(in, body, false, rd->arena);
    integration_set_skip_transpile(in, body);
    in->override_destination = json_get_true(body, "overrideDestinationChannelEnabled");
    integration_mark(in, INTEGRATION_OVERRIDE_DESTINATION);
    integration_take_compiled(in, change, rd->arena);
    in->token = id_random(rd->arena, TOKEN_LENGTH);
    integration_mark(in, INTEGRATION_TOKEN);
    return true;
}

/* --- update --- */

static void take_update(struct integration *in, const struct integration_change *change,
                        struct arena *arena)
{
    struct integration before = *in;
    integration_take_common(in, change->body, true, arena);
    integration_take(in, INTEGRATION_OVERRIDE_DESTINATION, change->body, true, arena);
    integration_set_skip_transpile(in, change->body);
    if (change->frozen_scripts != NULL)
        integration_keep_script(in, &before);
    integration_take_compiled(in, change, arena);
}

static bool take_post_as_user(struct tx *tx, const struct json *body, struct integration *in,
                              struct err *err)
{
    const struct json *given = json_get_lit(body, "username");
    struct str username = given != NULL ? json_get_str(body, "username") : in->username;
    struct user *user = user_find_by_username(tx_rd(tx), username);
    if (user == NULL)
        return fault_with(err, UPDATING, "error-invalid-post-as-user", "Invalid Post As User");
    if (given != NULL)
        integration_set_user(in, user);
    return apply_post_as_policy(tx, user, UPDATING, err);
}

bool incoming_update(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct json *body = change->body;
    if (!take_channels(rd, body, in, UPDATING, err))
        return false;
    struct integration_power power = integration_power(rd, change->by.id, true);
    if (!power.any && !power.own)
        return fault_with(err, UPDATING, "not_authorized", "Unauthorized");
    if (!integration_power_over(&power, &change->by, in))
        return fault_with(err, UPDATING, "error-invalid-integration", "Invalid integration");
    if (change->frozen_scripts != NULL && integration_changes_script(in, body))
        return fault(err, change->frozen_scripts, "%s", "");
    if (!channels_permitted(rd, &change->by, &in->channel, true, UPDATING, err) ||
        !take_post_as_user(tx, body, in, err))
        return false;
    take_update(in, change, rd->arena);
    return true;
}
