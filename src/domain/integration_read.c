/* Reading integrations and the history of their calls: who sees what. integration_get() is memory
 * only and runs on a loop; the rest on readers and the writer. */
#include "domain/integration_rules.h"

#include "events/event.h"
#include "store/outgoing_history.h"

bool integration_get(const struct catalog *catalog, const struct user_entry *caller, struct str id,
                     struct str created_by, struct integration_entry **out, struct err *err)
{
    if (str_empty(id))
        return refuse(err, "The query parameter \"integrationId\" is required.");
    struct integration_entry *found = catalog_integration(catalog, id);
    if (found == NULL || (!str_empty(created_by) && !str_eq(found->creator_id, created_by))) {
        CATALOG_UNREF(found);
        return refuse(err, "The integration does not exists.");
    }
    enum perm any =
        found->incoming ? PERM_MANAGE_INCOMING_INTEGRATIONS : PERM_MANAGE_OUTGOING_INTEGRATIONS;
    enum perm own = found->incoming ? PERM_MANAGE_OWN_INCOMING_INTEGRATIONS
                                    : PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS;
    bool mine = str_eq(found->creator_id, caller->head.key);
    if (!access_has(catalog, caller, any) && !(mine && access_has(catalog, caller, own))) {
        CATALOG_UNREF(found);
        return refuse(err, "not-authorized");
    }
    *out = found;
    return true;
}

struct integration_filter integrations_visible_to(struct rd *rd, struct str user_id)
{
    struct integration_power out = integration_power(rd, user_id, false);
    struct integration_power in = integration_power(rd, user_id, true);
    return (struct integration_filter){
        .all_outgoing = out.any,
        .all_incoming = in.any,
        .own_outgoing_of = out.own ? user_id : STR(""),
        .own_incoming_of = in.own ? user_id : STR(""),
    };
}

bool history_visible_to(struct rd *rd, struct str user_id, struct str *out_creator_id)
{
    struct integration_power power = integration_power(rd, user_id, false);
    *out_creator_id = power.any ? STR("") : user_id;
    return power.any || power.own;
}

bool integration_may_manage(struct rd *rd, const struct actor *by, const struct integration *in)
{
    struct integration_power power = integration_power(rd, by->id, integration_is_incoming(in));
    return integration_power_over(&power, by, in);
}

struct integration *integration_managed(struct rd *rd, const struct actor *by, struct str id,
                                        bool incoming, struct str details, struct err *err)
{
    struct integration_power power = integration_power(rd, by->id, incoming);
    if (!power.any && !power.own) {
        fault_with(err, details, "not_authorized", "Unauthorized");
        return NULL;
    }
    struct integration *in = integration_find(rd, id);
    if (in == NULL || !integration_power_over(&power, by, in)) {
        fault_with(err, details, "error-invalid-integration", "Invalid integration");
        return NULL;
    }
    return in;
}

bool integration_clear_history(struct tx *tx, const struct actor *by, struct str id,
                               struct err *err)
{
    struct str details = DETAILS_METHOD("clearIntegrationHistory");
    if (integration_managed(tx_rd(tx), by, id, false, details, err) == NULL)
        return false;
    outgoing_history_clear(tx, id);
    return true;
}

bool integration_replay(struct tx *tx, const struct actor *by, struct str id, struct str history_id,
                        struct err *err)
{
    struct str details = DETAILS_METHOD("replayOutgoingIntegration");
    struct integration *in = integration_managed(tx_rd(tx), by, id, false, details, err);
    if (in == NULL)
        return false;
    const struct json *entry = outgoing_history_find(tx_rd(tx), id, history_id);
    if (entry == NULL)
        return fault_with(err, details, "error-invalid-integration-history",
                          "Invalid Integration History");
    if (integration_is_incoming(in))
        return fault_with(err, details, "integration-type-must-be-outgoing",
                          "The integration type to replay must be an outgoing webhook.");
    if (json_get_lit(entry, "data") == NULL)
        return fault_with(err, details, "history-data-must-be-defined",
                          "The history data must be defined to replay an integration.");
    const struct event_before before = {.name = json_get_str(entry, "event"),
                                        .url = json_get_str(entry, "url"),
                                        .data = json_get_lit(entry, "data"),
                                        .due_ms = tx->rd.steady_ms};
    if (!str_empty(before.url))
        (void)event_again(tx, in, &before);
    return true;
}
