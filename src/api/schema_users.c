/* What users.* accept. */
#include "api/schema_table.h"
#include "api/schemas.h"

/* users.register, users.create, users.update */

static const struct schema_property register_properties[] = {
    PROPERTY("username", STRING),
    PROPERTY("name", STRING_OR_NULL),
    PROPERTY("email", STRING),
    PROPERTY("pass", STRING),
    PROPERTY("secret", STRING_OR_NULL),
    PROPERTY("reason", STRING_OR_NULL),
    PROPERTY("customFields", OBJECT_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_users_register = {
    IS_OBJECT,
    .required = NAMES("username", "email", "pass"),
    .closed = true,
    .properties = register_properties,
};

static const struct schema_property create_properties[] = {
    PROPERTY("email", STRING),
    PROPERTY("name", STRING),
    PROPERTY("password", STRING),
    PROPERTY("username", STRING),
    PROPERTY("active", BOOLEAN_OR_NULL),
    PROPERTY("bio", STRING_OR_NULL),
    PROPERTY("nickname", STRING_OR_NULL),
    PROPERTY("statusText", STRING_OR_NULL),
    PROPERTY("roles", STRINGS),
    PROPERTY("joinDefaultChannels", BOOLEAN_OR_NULL),
    PROPERTY("requirePasswordChange", BOOLEAN_OR_NULL),
    PROPERTY("setRandomPassword", BOOLEAN_OR_NULL),
    PROPERTY("sendWelcomeEmail", BOOLEAN_OR_NULL),
    PROPERTY("verified", BOOLEAN_OR_NULL),
    PROPERTY("customFields", OBJECT),
    PROPERTY("fields", STRING_OR_NULL),
    PROPERTY("freeSwitchExtension", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_users_create = {
    IS_OBJECT,
    .required = NAMES("email", "name", "password", "username"),
    .closed = true,
    .properties = create_properties,
};

static const struct schema_property changes_properties[] = {
    PROPERTY("email", STRING_OR_NULL),
    PROPERTY("name", STRING_OR_NULL),
    PROPERTY("password", STRING_OR_NULL),
    PROPERTY("username", STRING_OR_NULL),
    PROPERTY("bio", STRING_OR_NULL),
    PROPERTY("nickname", STRING_OR_NULL),
    PROPERTY("statusText", STRING_OR_NULL),
    PROPERTY("active", BOOLEAN_OR_NULL),
    PROPERTY("roles", STRINGS_OR_NULL),
    PROPERTY("requirePasswordChange", BOOLEAN_OR_NULL),
    PROPERTY("setRandomPassword", BOOLEAN_OR_NULL),
    PROPERTY("sendWelcomeEmail", BOOLEAN_OR_NULL),
    PROPERTY("verified", BOOLEAN_OR_NULL),
    PROPERTY("customFields", OBJECT_OR_NULL),
    PROPERTY("status", STRING_OR_NULL),
    PROPERTY("freeSwitchExtension", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
static const struct schema changes = {
    IS_OBJECT,
    .closed = true,
    .properties = changes_properties,
};
static const struct schema_property update_properties[] = {
    PROPERTY("userId", STRING_NOT_EMPTY),
    PROPERTY("confirmRelinquish", BOOLEAN),
    PROPERTY("data", &changes),
    END_OF_PROPERTIES,
};
const struct schema schema_users_update = {
    IS_OBJECT,
    .required = NAMES("userId", "data"),
    .closed = true,
    .properties = update_properties,
};

/* users.info: a user is asked for in exactly one of five ways */

#define ASKED_BY(name)                                                                             \
    static const struct schema_property by_##name##_properties[] = {                               \
        PROPERTY(#name, STRING),                                                                   \
        PROPERTY("includeUserRooms", STRING),                                                      \
        PROPERTY("fields", STRING_OR_NULL),                                                        \
        END_OF_PROPERTIES,                                                                         \
    };                                                                                             \
    static const struct schema by_##name = {                                                       \
        IS_OBJECT,                                                                                 \
        .required = NAMES(#name),                                                                  \
        .closed = true,                                                                            \
        .properties = by_##name##_properties,                                                      \
    }

ASKED_BY(userId);
ASKED_BY(username);
ASKED_BY(importId);
ASKED_BY(email);
ASKED_BY(freeSwitchExtension);

const struct schema schema_users_info = {
    .any_of = SCHEMAS(&by_userId, &by_username, &by_importId, &by_email, &by_freeSwitchExtension)};

/* users.list */

static const struct schema email_filter = {
    .types = {TYPE_STRING}, .nullable = true, .min_length = 1};

static const struct schema_property list_properties[] = {
    PROPERTY("fields", STRING_OR_NULL),
    PROPERTY("query", STRING_OR_NULL),
    PROPERTY("count", NUMBER_OR_NULL),
    PROPERTY("offset", NUMBER_OR_NULL),
    PROPERTY("sort", STRING_OR_NULL),
    PROPERTY("email", &email_filter),
    END_OF_PROPERTIES,
};
const struct schema schema_users_list = {
    IS_OBJECT,
    .closed = true,
    .properties = list_properties,
};

/* users.delete, users.setActiveStatus, users.logout */

static const struct schema names_user_id = {.required = NAMES("userId")};
static const struct schema names_username = {.required = NAMES("username")};
static const struct schema names_user = {.required = NAMES("user")};

static const struct schema_property delete_properties[] = {
    PROPERTY("userId", STRING), PROPERTY("username", STRING),
    PROPERTY("user", STRING),   PROPERTY("confirmRelinquish", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_users_delete = {
    IS_OBJECT,
    .any_of = SCHEMAS(&names_user_id, &names_username, &names_user),
    .closed = true,
    .properties = delete_properties,
};

static const struct schema_property set_active_status_properties[] = {
    PROPERTY("userId", STRING),
    PROPERTY("activeStatus", BOOLEAN),
    PROPERTY("confirmRelinquish", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_users_set_active_status = {
    IS_OBJECT,
    .required = NAMES("userId", "activeStatus"),
    .closed = true,
    .properties = set_active_status_properties,
};

static const struct schema_property logout_properties[] = {
    PROPERTY("userId", STRING_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_users_logout = {
    IS_OBJECT,
    .properties = logout_properties,
};

/* Tokens */

static const struct schema_property create_token_properties[] = {
    PROPERTY("userId", STRING_NOT_EMPTY),
    PROPERTY("secret", STRING_NOT_EMPTY),
    END_OF_PROPERTIES,
};
const struct schema schema_users_create_token = {
    IS_OBJECT,
    .required = NAMES("userId", "secret"),
    .closed = true,
    .properties = create_token_properties,
};

/* The endpoint has a text of its own for a missing name. */
static const struct schema_property generate_properties[] = {
    PROPERTY("tokenName", STRING),
    PROPERTY("bypassTwoFactor", BOOLEAN_OR_NULL),
    END_OF_PROPERTIES,
};
const struct schema schema_users_generate_personal_access_token = {
    IS_OBJECT,
    .closed = true,
    .properties = generate_properties,
};

static const struct schema_property token_name_properties[] = {
    PROPERTY("tokenName", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_users_regenerate_personal_access_token = {
    IS_OBJECT,
    .required = NAMES("tokenName"),
    .closed = true,
    .properties = token_name_properties,
};
const struct schema schema_users_remove_personal_access_token = {
    IS_OBJECT,
    .required = NAMES("tokenName"),
    .closed = true,
    .properties = token_name_properties,
};

/* Presence */

static const struct schema_property get_presence_properties[] = {
    PROPERTY("userId", STRING),
    PROPERTY("username", STRING),
    PROPERTY("user", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_users_get_presence = {
    IS_OBJECT,
    .closed = true,
    .properties = get_presence_properties,
};

static const struct schema one_or_more = {.types = {TYPE_STRING, TYPE_ARRAY}, .items = STRING};

static const struct schema_property presence_properties[] = {
    PROPERTY("from", STRING_OR_NULL),
    PROPERTY("ids", &one_or_more),
    END_OF_PROPERTIES,
};
const struct schema schema_users_presence = {
    IS_OBJECT,
    .closed = true,
    .properties = presence_properties,
};

static const struct schema status = {
    .types = {TYPE_STRING},
    .choices = CHOICES(TEXT("online"), TEXT("away"), TEXT("offline"), TEXT("busy")),
};

static const struct schema_property set_status_properties[] = {
    PROPERTY("status", &status),
    PROPERTY("message", STRING_OR_NULL),
    PROPERTY("expiresAt", STRING_OR_NULL),
    PROPERTY("userId", STRING),
    PROPERTY("username", STRING),
    PROPERTY("user", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_users_set_status = {
    IS_OBJECT,
    .closed = true,
    .properties = set_status_properties,
};

/* users.forgotPassword */

static const struct schema_property forgot_password_properties[] = {
    PROPERTY("email", STRING),
    END_OF_PROPERTIES,
};
const struct schema schema_users_forgot_password = {
    IS_OBJECT,
    .required = NAMES("email"),
    .closed = true,
    .properties = forgot_password_properties,
};
