/* The checker, over all tables: whatever value comes is accepted or refused with messages, and what
 * is left is a sound tree. The first byte of an input chooses the table; a value that is no JSON is
 * taken as a query. */
#include "api/schemas.h"
#include "base/digest.h"
#include "http/query.h"
#include "tree.h"

static const struct schema *const schemas[] = {
    &schema_integrations_create,
    &schema_integrations_update,
    &schema_integrations_remove,
    &schema_integrations_get,
    &schema_integrations_history,
    &schema_integrations_list,
    &schema_integrations_clear_history,
    &schema_integrations_replay_outgoing,
    &schema_users_register,
    &schema_users_create,
    &schema_users_update,
    &schema_users_info,
    &schema_users_list,
    &schema_users_delete,
    &schema_users_set_active_status,
    &schema_users_logout,
    &schema_users_create_token,
    &schema_users_generate_personal_access_token,
    &schema_users_regenerate_personal_access_token,
    &schema_users_remove_personal_access_token,
    &schema_users_get_presence,
    &schema_users_presence,
    &schema_users_set_status,
    &schema_users_forgot_password,
    &schema_permissions_list_all,
    &schema_permissions_update,
    &schema_roles_create,
    &schema_roles_update,
    &schema_roles_delete,
    &schema_roles_add_user_to_role,
    &schema_roles_remove_user_from_role,
    &schema_roles_get_users_in_role,
    &schema_roles_sync,
    &schema_settings_public,
    &schema_settings_list,
    &schema_settings_update,
    &schema_settings_update_many,
    &schema_rooms_create,
    &schema_rooms_info,
    &schema_rooms_members,
    &schema_rooms_invite,
    &schema_channels_kick,
    &schema_channels_messages,
    &schema_groups_messages,
    &schema_subscriptions_get,
    &schema_subscriptions_get_one,
    &schema_subscriptions_read,
    &schema_subscriptions_unread,
};

/* No table uses every rule; this one does. */
static const struct json red = {.kind = JSON_STRING, .string = STR_INIT("red")};
static const struct json one = {.kind = JSON_NUMBER, .number = 1};
static const struct schema_limit limits[] = {{MAXIMUM, 9}, {MINIMUM, -9},    {BELOW, 8},
                                             {ABOVE, -8},  {MULTIPLE_OF, 2}, {BOUND_END, 0}};
static const struct schema number = {.types = {TYPE_INTEGER}, .limits = limits};
static const struct schema texts[] = {
    {.types = {TYPE_STRING}, .format = FORMAT_EMAIL},
    {.types = {TYPE_STRING}, .format = FORMAT_BASIC_EMAIL},
    {.types = {TYPE_STRING}, .format = FORMAT_RFC_EMAIL},
    {.types = {TYPE_STRING}, .format = FORMAT_URI},
    {.types = {TYPE_STRING}, .format = FORMAT_DATE_TIME, .nullable = true},
    {.types = {TYPE_STRING}, .not_blank = true, .max_length = 9, .pattern = "^x$"},
};
static const struct schema *const any_text[] = {&texts[0], &texts[1], &texts[2], &texts[3],
                                                &texts[4], &texts[5], NULL};
static const struct schema text = {.any_of = any_text};
static const struct schema numbers = {
    .types = {TYPE_ARRAY}, .unique_items = true, .max_items = 9, .items = &number};
static const struct schema constant = {.constant = &red};
static const struct json *const choices[] = {&red, &one, NULL};
static const struct schema choice = {
    .types = {TYPE_STRING, TYPE_NUMBER, TYPE_OBJECT}, .not_this = &constant, .choices = choices};
static const struct schema_property properties[] = {
    {STR_INIT("a"), &text},
    {STR_INIT("b"), &numbers},
    {STR_INIT("c"), &choice},
    {.schema = NULL},
};
static const struct schema object = {
    .types = {TYPE_OBJECT}, .properties = properties, .min_properties = 1, .max_properties = 3};
static const struct schema *const all[] = {&object, &object, NULL};
static const struct schema everything = {.all_of = all};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    digest_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t count = sizeof(schemas) / sizeof(schemas[0]);
    const struct schema *schema = data[0] < count ? schemas[data[0]] : &everything;
    struct str input = str_from((const char *)data + 1, size - 1);

    struct arena a;
    struct err err = ERR_NONE;
    arena_init(&a, 1 << 26);
    struct json *value = json_parse(&a, input);
    enum schema_mode mode = value != NULL ? SCHEMA_BODY : SCHEMA_QUERY;
    if (value == NULL)
        value = query_parse(&a, input, &err);
    if (!schema_check(schema, &value, mode, &a, &err)) {
        assert(err.status == 400 && err.suffix && str_is(STR("invalid-params"), err.type));
        assert(err.text[0] != '\0' && str_utf8(str_of(err.text)));
    }
    assert_tree(value, 0);
    arena_release(&a);
    return 0;
}
