/* What integrations.* accept. The order of properties and of required names is part of the API: it
 * decides which message a client sees. */
#include "api/schema_table.h"
#include "api/schemas.h"

/* The type is looked for anywhere in the text; the endpoints compare it exactly. */
static const struct schema incoming = {.types = {TYPE_STRING}, .pattern = "webhook-incoming"};
static const struct schema outgoing = {.types = {TYPE_STRING}, .pattern = "webhook-outgoing"};

static const struct schema lines_or_null = {
    .types = {TYPE_ARRAY}, .nullable = true, .items = STRING_NOT_EMPTY};

/* integrations.create */

static const struct schema_property create_incoming_properties[] = {
    PROPERTY("type", &incoming),
    PROPERTY("username", STRING),
    PROPERTY("channel", STRING),
    PROPERTY("scriptEnabled", BOOLEAN),
    PROPERTY("skipTranspile", BOOLEAN_OR_NULL),
    PROPERTY("overrideDestinationChannelEnabled", BOOLEAN_OR_NULL),
    PROPERTY("script", STRING_OR_NULL),
    PROPERTY("name", STRING),
    PROPERTY("enabled", BOOLEAN),
    PROPERTY("alias", STRING_OR_NULL),
    PROPERTY("avatar", STRING_OR_NULL),
    PROPERTY("emoji", STRING_OR_NULL),
    PROPERTY("scriptEngine", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema create_incoming = {
    IS_OBJECT,
    .required = NAMES("type", "username", "channel", "scriptEnabled", "name", "enabled"),
    .closed = true,
    .properties = create_incoming_properties,
};

static const struct schema_property create_outgoing_properties[] = {
    PROPERTY("type", &outgoing),
    PROPERTY("username", STRING),
    PROPERTY("channel", STRING),
    PROPERTY("event", STRING),
    PROPERTY("targetRoom", STRING_OR_NULL),
    PROPERTY("urls", &lines_or_null),
    PROPERTY("triggerWords", &lines_or_null),
    PROPERTY("triggerWordAnywhere", BOOLEAN_OR_NULL),
    PROPERTY("token", STRING_OR_NULL),
    PROPERTY("scriptEnabled", BOOLEAN),
    PROPERTY("skipTranspile", BOOLEAN_OR_NULL),
    PROPERTY("script", STRING_OR_NULL),
    PROPERTY("runOnEdits", BOOLEAN_OR_NULL),
    PROPERTY("retryFailedCalls", BOOLEAN_OR_NULL),
    PROPERTY("retryCount", NUMBER_OR_NULL),
    PROPERTY("retryDelay", STRING_OR_NULL),
    PROPERTY("impersonateUser", BOOLEAN_OR_NULL),
    PROPERTY("name", STRING),
    PROPERTY("enabled", BOOLEAN),
    PROPERTY("alias", STRING_OR_NULL),
    PROPERTY("avatar", STRING_OR_NULL),
    PROPERTY("emoji", STRING_OR_NULL),
    PROPERTY("scriptEngine", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema create_outgoing = {
    IS_OBJECT,
    .required = NAMES("type", "username", "channel", "event", "scriptEnabled", "name", "enabled"),
    .closed = true,
    .properties = create_outgoing_properties,
};

const struct schema schema_integrations_create = {.one_of =
                                                      SCHEMAS(&create_incoming, &create_outgoing)};

/* integrations.update: what is incoming may carry anything else */

static const struct schema_property update_incoming_properties[] = {
    PROPERTY("type", &incoming),
    PROPERTY("integrationId", STRING),
    PROPERTY("channel", STRING),
    PROPERTY("scriptEnabled", BOOLEAN),
    PROPERTY("skipTranspile", BOOLEAN_OR_NULL),
    PROPERTY("scriptEngine", STRING),
    PROPERTY("overrideDestinationChannelEnabled", BOOLEAN_OR_NULL),
    PROPERTY("script", STRING_OR_NULL),
    PROPERTY("name", STRING),
    PROPERTY("enabled", BOOLEAN),
    PROPERTY("alias", STRING_OR_NULL),
    PROPERTY("avatar", STRING_OR_NULL),
    PROPERTY("emoji", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema update_incoming = {
    IS_OBJECT,
    .required = NAMES("integrationId", "type", "channel", "scriptEnabled", "name", "enabled"),
    .properties = update_incoming_properties,
};

static const struct schema_property update_outgoing_properties[] = {
    PROPERTY("type", &outgoing),
    PROPERTY("integrationId", STRING_OR_NULL),
    PROPERTY("target_url", STRING_OR_NULL),
    PROPERTY("username", STRING),
    PROPERTY("channel", STRING),
    PROPERTY("event", STRING),
    PROPERTY("targetRoom", STRING_OR_NULL),
    PROPERTY("urls", &lines_or_null),
    PROPERTY("triggerWords", &lines_or_null),
    PROPERTY("triggerWordAnywhere", BOOLEAN_OR_NULL),
    PROPERTY("token", STRING_OR_NULL),
    PROPERTY("scriptEnabled", BOOLEAN),
    PROPERTY("skipTranspile", BOOLEAN_OR_NULL),
    PROPERTY("scriptEngine", STRING),
    PROPERTY("script", STRING_OR_NULL),
    PROPERTY("runOnEdits", BOOLEAN_OR_NULL),
    PROPERTY("retryFailedCalls", BOOLEAN_OR_NULL),
    PROPERTY("retryCount", NUMBER_OR_NULL),
    PROPERTY("retryDelay", STRING_OR_NULL),
    PROPERTY("impersonateUser", BOOLEAN_OR_NULL),
    PROPERTY("name", STRING),
    PROPERTY("enabled", BOOLEAN),
    PROPERTY("alias", STRING_OR_NULL),
    PROPERTY("avatar", STRING_OR_NULL),
    PROPERTY("emoji", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema update_outgoing = {
    IS_OBJECT,
    .required = NAMES("type", "username", "channel", "event", "scriptEnabled", "name", "enabled"),
    .closed = true,
    .properties = update_outgoing_properties,
};

const struct schema schema_integrations_update = {.one_of =
                                                      SCHEMAS(&update_incoming, &update_outgoing)};

/* integrations.remove */

static const struct schema_property remove_incoming_properties[] = {
    PROPERTY("type", &incoming),
    PROPERTY("integrationId", STRING),
    END_OF_PROPERTIES,
};
static const struct schema remove_incoming = {
    IS_OBJECT,
    .required = NAMES("type", "integrationId"),
    .properties = remove_incoming_properties,
};

static const struct schema_property remove_by_url_properties[] = {
    PROPERTY("type", &outgoing),
    PROPERTY("target_url", STRING),
    END_OF_PROPERTIES,
};
static const struct schema remove_by_url = {
    IS_OBJECT,
    .required = NAMES("type", "target_url"),
    .properties = remove_by_url_properties,
};

static const struct schema_property remove_by_id_properties[] = {
    PROPERTY("type", &outgoing),
    PROPERTY("integrationId", STRING),
    END_OF_PROPERTIES,
};
static const struct schema remove_by_id = {
    IS_OBJECT,
    .required = NAMES("type", "integrationId"),
    .properties = remove_by_id_properties,
};

const struct schema schema_integrations_remove = {
    .one_of = SCHEMAS(&remove_incoming, &remove_by_url, &remove_by_id)};

/* integrations.get */

static const struct schema_property get_properties[] = {
    PROPERTY("integrationId", STRING),
    PROPERTY("createdBy", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_integrations_get = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .properties = get_properties,
};

/* integrations.history and integrations.list. The documentation names `fields` for both, so both
 * take it, unlike the reference's own schemas. */

static const struct schema_property history_properties[] = {
    PROPERTY("id", STRING_NOT_EMPTY),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("count", NUMBER_OR_NULL),
    PROPERTY("sort", STRING_OR_NULL),
    PROPERTY("query", STRING_OR_NULL),
    PROPERTY("fields", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_integrations_history = {
    IS_OBJECT,
    .required = NAMES("id"),
    .closed = true,
    .properties = history_properties,
};

static const struct schema number_or_text = {.types = {TYPE_NUMBER, TYPE_STRING}, .nullable = true};

static const struct schema_property list_properties[] = {
    PROPERTY("count", &number_or_text), PROPERTY("offset", &number_or_text),
    PROPERTY("sort", STRING_OR_NULL),   PROPERTY("name", STRING_OR_NULL),
    PROPERTY("type", STRING_OR_NULL),   PROPERTY("query", STRING_OR_NULL),
    PROPERTY("fields", STRING_OR_NULL), END_OF_PROPERTIES,
};
const struct schema schema_integrations_list = {
    IS_OBJECT,
    .closed = true,
    .properties = list_properties,
};

/* integrations.clearHistory and integrations.replayOutgoing */

static const struct schema_property clear_history_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_integrations_clear_history = {
    IS_OBJECT,
    .required = NAMES("integrationId"),
    .closed = true,
    .properties = clear_history_properties,
};

static const struct schema_property replay_outgoing_properties[] = {
    PROPERTY("integrationId", STRING_NOT_EMPTY),
    PROPERTY("historyId", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_integrations_replay_outgoing = {
    IS_OBJECT,
    .required = NAMES("integrationId", "historyId"),
    .closed = true,
    .properties = replay_outgoing_properties,
};
