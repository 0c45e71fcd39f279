/* The doors of integration.h: which integration is meant, who signs, and what is stored. The checks
 * of each direction are integration_incoming.c and integration_outgoing.c, what both share is
 * integration_rules.c. Runs on the writer. */
#include "domain/integration.h"

#include "base/id.h"
#include "domain/integration_rules.h"

enum { DISABLE_AT_ONCE = 1000, RENAME_AT_ONCE = 1000 };

/* --- create --- */

static struct user_ref reference(const struct actor *by)
{
    return (struct user_ref){.id = by->id, .username = by->username};
}

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
static struct integration *find_named(struct rd *rd, const struct integration_change *change,
                                      struct str type)
{
    struct str url = json_get_str(change->body, "target_url");
    bool by_url = !str_empty(url) && str_eq(type, type_outgoing);
    int64_t sharing = 0;
    struct integration *in =
        by_url ? integration_find_by_url(rd, url, &sharing)
               : integration_find(rd, json_get_str(change->body, "integrationId"));
    if (change->out_same_url != NULL)
        *change->out_same_url = sharing;
    return in != NULL && str_eq(in->type, type) ? in : NULL;
}

bool integration_update(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err)
{
    struct str type;
    if (!exact_type(change->body, &type, err))
        return false;
    struct integration *in = find_named(tx_rd(tx), change, type);
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
    struct integration *in = find_named(tx_rd(tx), change, type);
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

/* --- rooms that are called otherwise --- */

static void rename_in(struct text_list *channels, struct str old, struct str new)
{
    for (size_t i = 0; i < channels->count; i++)
        if (str_eq(channels->items[i], old))
            channels->items[i] = new;
}

bool integrations_rename_channel(struct tx *tx, struct str old, struct str new, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str from = arena_fmt(rd->arena, "#%.*s", STR_FMT(old));
    struct str to = arena_fmt(rd->arena, "#%.*s", STR_FMT(new));
    struct text_list ids = integration_ids_of_channel(rd, from, RENAME_AT_ONCE + 1);
    if (ids.count > RENAME_AT_ONCE)
        return refuse(err, "More than %d integrations name the room; change them first.",
                      RENAME_AT_ONCE);
    for (size_t i = 0; i < ids.count; i++) {
        struct integration *in = integration_find(rd, ids.items[i]);
        if (in == NULL)
            continue;
        rename_in(&in->channel, from, to);
        integration_save(tx, in);
    }
    return true;
}
