/* What permissions.*, roles.* and settings accept. */
#include "api/schema_table.h"
#include "api/schemas.h"

/* permissions.* */

static const struct schema_property updated_since_properties[] = {
    PROPERTY("updatedSince", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_permissions_list_all = {
    IS_OBJECT,
    .closed = true,
    .properties = updated_since_properties,
};

static const struct schema different_strings = {
    .types = {TYPE_ARRAY}, .unique_items = true, .items = STRING};

static const struct schema_property permission_properties[] = {
    PROPERTY("_id", STRING),
    PROPERTY("roles", &different_strings),
    END_OF_PROPERTIES,
};
static const struct schema permission = {
    IS_OBJECT,
    .required = NAMES("_id", "roles"),
    .closed = true,
    .properties = permission_properties,
};
static const struct schema permissions = {.types = {TYPE_ARRAY}, .items = &permission};

static const struct schema_property permissions_update_properties[] = {
    PROPERTY("permissions", &permissions),
    END_OF_PROPERTIES,
};
const struct schema schema_permissions_update = {
    IS_OBJECT,
    .required = NAMES("permissions"),
    .closed = true,
    .properties = permissions_update_properties,
};

/* roles.* */

static const struct schema scope = {
    .types = {TYPE_STRING},
    .nullable = true,
    .choices = CHOICES(TEXT("Users"), TEXT("Subscriptions")),
};

static const struct schema_property role_properties[] = {
    PROPERTY("roleId", STRING),
    PROPERTY("name", STRING),
    PROPERTY("description", STRING_OR_NULL),
    PROPERTY("scope", &scope),
    PROPERTY("mandatory2fa", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_roles_create = {
    IS_OBJECT, .required = NAMES("name"), .closed = true,
    .properties = role_properties + 1, /* a new role has no roleId */
};
const struct schema schema_roles_update = {
    IS_OBJECT,
    .required = NAMES("roleId", "name"),
    .closed = true,
    .properties = role_properties,
};

static const struct schema_property roles_delete_properties[] = {
    PROPERTY("roleId", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_roles_delete = {
    IS_OBJECT,
    .required = NAMES("roleId"),
    .closed = true,
    .properties = roles_delete_properties,
};

static const struct schema_property add_user_properties[] = {
    PROPERTY("username", STRING),
    PROPERTY("roleId", STRING),
    PROPERTY("roomId", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_roles_add_user_to_role = {
    IS_OBJECT,
    .required = NAMES("username"),
    .closed = true,
    .properties = add_user_properties,
};

static const struct schema_property remove_user_properties[] = {
    PROPERTY("username", STRING),
    PROPERTY("roleId", STRING),
    PROPERTY("roomId", STRING_OR_NULL),
    PROPERTY("scope", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_roles_remove_user_from_role = {
    IS_OBJECT,
    .required = NAMES("username"),
    .closed = true,
    .properties = remove_user_properties,
};

/* The endpoint has an error of its own for a missing role. */
static const struct schema_property users_in_role_properties[] = {
    PROPERTY("roomId", STRING_OR_NULL),
    PROPERTY("role", STRING),
    PROPERTY("count", NUMBER_OR_NULL),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("sort", STRING_OR_NULL),
    PROPERTY("query", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_roles_get_users_in_role = {
    IS_OBJECT,
    .closed = true,
    .properties = users_in_role_properties,
};

static const struct schema_property roles_sync_properties[] = {
    PROPERTY("updatedSince", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_roles_sync = {
    IS_OBJECT,
    .closed = true,
    .properties = roles_sync_properties,
};

/* settings */

static const struct schema_property settings_public_properties[] = {
    PROPERTY("count", NUMBER_OR_NULL), PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("sort", STRING_OR_NULL),  PROPERTY("_id", STRING),
    PROPERTY("query", STRING),         END_OF_PROPERTIES,
};
const struct schema schema_settings_public = {
    IS_OBJECT,
    .closed = true,
    .properties = settings_public_properties,
};

static const struct schema_property settings_list_properties[] = {
    PROPERTY("includeDefaults", BOOLEAN),
    PROPERTY("count", NUMBER),
    PROPERTY("offset", NUMBER),
    PROPERTY("sort", STRING),
    PROPERTY("fields", STRING),
    PROPERTY("query", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_settings_list = {
    IS_OBJECT,
    .closed = true,
    .properties = settings_list_properties,
};

static const struct schema_property settings_update_properties[] = {
    PROPERTY("value", ANYTHING),
    PROPERTY("execute", BOOLEAN),
    PROPERTY("editor", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_settings_update = {
    IS_OBJECT,
    .properties = settings_update_properties,
};

static const struct schema editor = {
    .types = {TYPE_STRING},
    .choices = CHOICES(TEXT("color"), TEXT("expression")),
};
static const struct schema_property new_setting_properties[] = {
    PROPERTY("_id", STRING_NOT_EMPTY),
    PROPERTY("editor", &editor),
    PROPERTY("value", ANYTHING),
    END_OF_PROPERTIES,
};
static const struct schema new_setting = {
    IS_OBJECT,
    .required = NAMES("_id", "value"),
    .closed = true,
    .properties = new_setting_properties,
};
static const struct schema new_settings = {
    .types = {TYPE_ARRAY}, .min_items = 1, .items = &new_setting};

static const struct schema_property update_many_properties[] = {
    PROPERTY("settings", &new_settings),
    END_OF_PROPERTIES,
};
const struct schema schema_settings_update_many = {
    IS_OBJECT,
    .required = NAMES("settings"),
    .closed = true,
    .properties = update_many_properties,
};
