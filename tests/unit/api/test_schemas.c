/* What clients are told about parameters that do not fit: the tables of schemas.h, message by
 * message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/schemas.h"
#include "base/digest.h"
#include "checked.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NEEDS(name) "must have required property '" name "'"
#define UNKNOWN     "must NOT have additional properties"
#define TOO_SHORT   "must NOT have fewer than 1 characters"
#define ONE_OF      "must match exactly one schema in oneOf"
#define ANY_OF      "must match a schema in anyOf"
#define NO_INCOMING "must match pattern \"webhook-incoming\""
#define NO_OUTGOING "must match pattern \"webhook-outgoing\""

struct row {
    const struct schema *schema;
    const char *input;
    const char *wanted; /* the messages with '|' between them; "" when the input fits */
};

static void assert_rows(enum schema_mode mode, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        /* The input stands in both texts, so that a failure shows which row it is. */
        struct str input = str_of(rows[i].input);
        const char *said = checked(&a, rows[i].schema, mode, rows[i].input, NULL);
        assert_string_equal(arena_fmt(&a, "%.*s -> %s", STR_FMT(input), said).ptr,
                            arena_fmt(&a, "%.*s -> %s", STR_FMT(input), rows[i].wanted).ptr);
        arena_release(&a);
    }
}

#define INCOMING                                                                                   \
    "\"type\":\"webhook-incoming\",\"username\":\"u\",\"channel\":\"#c\",\"scriptEnabled\":false," \
    "\"enabled\":true"
#define OUTGOING                                                                                   \
    "\"type\":\"webhook-outgoing\",\"username\":\"u\",\"channel\":\"#c\",\"event\":"               \
    "\"sendMessage\","                                                                             \
    "\"scriptEnabled\":false,\"name\":\"n\",\"enabled\":true"
#define NAMED ",\"name\":\"n\""

static void creating_an_integration(void **state)
{
    (void)state;
    static const struct schema *const create = &schema_integrations_create;
    const struct row rows[] = {
        {create, "{" INCOMING NAMED "}", ""},
        {create, "{" OUTGOING "}", ""},
        {create, "{" OUTGOING ",\"urls\":[\"http://x\"],\"triggerWords\":null,\"retryCount\":3}",
         ""},
        {create, "{}", NEEDS("type") "|" NEEDS("type") "|" ONE_OF},
        {create, "[]", "must be object|must be object|" ONE_OF},
        {create, "{\"type\":\"webhook-incoming\"}",
         NEEDS("username") "|" NEEDS("username") "|" ONE_OF},
        {create, "{\"type\":\"webhook-outgoing\"}",
         NEEDS("username") "|" NEEDS("username") "|" ONE_OF},
        {create, "{" INCOMING "}", NEEDS("name") "|" NEEDS("event") "|" ONE_OF},
        {create, "{" INCOMING NAMED ",\"xx\":1}", UNKNOWN "|" NEEDS("event") "|" ONE_OF},
        {create, "{" OUTGOING ",\"xx\":1}", UNKNOWN "|" UNKNOWN "|" ONE_OF},
        {create, "{" INCOMING NAMED ",\"event\":\"sendMessage\"}",
         UNKNOWN "|" NO_OUTGOING "|" ONE_OF},
        {create,
         "{\"type\":\"bogus\",\"username\":\"u\",\"channel\":\"#c\",\"scriptEnabled\":false,"
         "\"name\":\"n\",\"enabled\":true}",
         NO_INCOMING "|" NEEDS("event") "|" ONE_OF},
        {create,
         "{\"type\":\"webhook-incoming-x\",\"username\":\"u\",\"channel\":\"#c\","
         "\"scriptEnabled\":false,\"name\":\"n\",\"enabled\":true}",
         ""},
        {create,
         "{\"type\":\"webhook-incoming\",\"username\":\"u\",\"channel\":\"#c\","
         "\"scriptEnabled\":false,\"name\":\"n\",\"enabled\":\"yes\"}",
         "must be boolean|" NEEDS("event") "|" ONE_OF},
        {create,
         "{\"type\":\"webhook-incoming\",\"username\":\"u\",\"channel\":\"#c\","
         "\"scriptEnabled\":\"x\",\"name\":\"n\",\"enabled\":true}",
         "must be boolean|" NEEDS("event") "|" ONE_OF},
        {create, "{" OUTGOING ",\"urls\":\"http://x\"}", UNKNOWN "|must be array|" ONE_OF},
        {create, "{" OUTGOING ",\"urls\":[\"\"]}", UNKNOWN "|" TOO_SHORT "|" ONE_OF},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));
}

static void updating_an_integration(void **state)
{
    (void)state;
    static const struct schema *const update = &schema_integrations_update;
    const struct row rows[] = {
        {update, "{\"integrationId\":\"x\"," INCOMING NAMED "}", ""},
        {update, "{\"integrationId\":\"x\"," INCOMING NAMED ",\"anything\":[1]}", ""},
        {update, "{\"target_url\":\"http://x\"," OUTGOING "}", ""},
        {update, "{}", NEEDS("integrationId") "|" NEEDS("type") "|" ONE_OF},
        {update, "{" INCOMING NAMED "}", NEEDS("integrationId") "|" NEEDS("event") "|" ONE_OF},
        {update, "{\"integrationId\":\"x\"," OUTGOING ",\"xx\":1}",
         NO_INCOMING "|" UNKNOWN "|" ONE_OF},
        {update, "{\"integrationId\":\"x\"," OUTGOING ",\"scriptEngine\":{}}",
         NO_INCOMING "|must be string|" ONE_OF},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));
}

static void removing_an_integration(void **state)
{
    (void)state;
    static const struct schema *const removal = &schema_integrations_remove;
    const struct row rows[] = {
        {removal, "{\"type\":\"webhook-incoming\",\"integrationId\":\"x\"}", ""},
        {removal, "{\"type\":\"webhook-outgoing\",\"integrationId\":\"x\"}", ""},
        {removal, "{\"type\":\"webhook-outgoing\",\"target_url\":\"x\",\"more\":1}", ""},
        {removal, "{}", NEEDS("type") "|" NEEDS("type") "|" NEEDS("type") "|" ONE_OF},
        {removal, "{\"type\":\"webhook-incoming\"}",
         NEEDS("integrationId") "|" NEEDS("target_url") "|" NEEDS("integrationId") "|" ONE_OF},
        {removal, "{\"type\":\"invalid-type\",\"integrationId\":\"x\"}",
         NO_INCOMING "|" NEEDS("target_url") "|" NO_OUTGOING "|" ONE_OF},
        {removal,
         "{\"type\":\"webhook-outgoing\",\"integrationId\":\"x\",\"target_url\":\"http://x\"}",
         NO_INCOMING "|" ONE_OF},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));
}

static void reading_integrations(void **state)
{
    (void)state;
    static const struct schema *const get = &schema_integrations_get;
    static const struct schema *const history = &schema_integrations_history;
    static const struct schema *const list = &schema_integrations_list;
    const struct row rows[] = {
        {get, "", NEEDS("integrationId")},
        {get, "integrationId=x&foo=1", ""},
        {get, "integrationId=", ""},
        {get, "integrationId[]=x", ""},
        {get, "integrationId=x&integrationId=y", "must be string"},
        {get, "integrationId[a]=x", "must be string"},
        {history, "", NEEDS("id")},
        {history, "id=", TOO_SHORT},
        {history, "id=x&count=abc", "must be number"},
        {history, "id[]=x", ""},
        {history, "id=x&count=5&offset=0&sort=%7B%7D&query=x&fields=x", ""},
        {history, "id=x&foo=1", UNKNOWN},
        {list, "", ""},
        {list, "foo=0", UNKNOWN},
        {list, "count=abc", ""},
        {list, "name[]=a", "must be string"},
        {list, "count[]=a", "must be number,string,null"},
        {list, "name=a&type=webhook-incoming&fields=x", ""},
    };
    assert_rows(SCHEMA_QUERY, rows, COUNT(rows));
}

static void the_history_of_an_integration(void **state)
{
    (void)state;
    static const struct schema *const clear = &schema_integrations_clear_history;
    static const struct schema *const replay = &schema_integrations_replay_outgoing;
    const struct row rows[] = {
        {clear, "{}", NEEDS("integrationId")},
        {clear, "{\"integrationId\":\"\"}", TOO_SHORT},
        {clear, "{\"integrationId\":\"x\"}", ""},
        {clear, "{\"integrationId\":\"x\",\"y\":1}", UNKNOWN},
        {replay, "{}", NEEDS("integrationId")},
        {replay, "{\"integrationId\":\"x\"}", NEEDS("historyId")},
        {replay, "{\"integrationId\":\"x\",\"historyId\":\"\"}", TOO_SHORT},
        {replay, "{\"integrationId\":\"x\",\"historyId\":\"y\"}", ""},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));
}

#define REGISTERED "\"username\":\"u\",\"name\":\"n\",\"email\":\"e@x\""
#define CREATED    "\"email\":\"e@x\",\"name\":\"n\",\"password\":\"p\",\"username\":\"u\""

static void making_and_changing_users(void **state)
{
    (void)state;
    const struct row rows[] = {
        {&schema_users_register, "{" REGISTERED ",\"pass\":\"p\"}", ""},
        {&schema_users_register, "{" REGISTERED ",\"password\":\"p\"}", NEEDS("pass")},
        {&schema_users_register, "{" REGISTERED ",\"pass\":\"p\",\"password\":\"p\"}", UNKNOWN},
        {&schema_users_create, "{}", NEEDS("email")},
        {&schema_users_create, "{" CREATED ",\"roles\":[\"user\"],\"verified\":true}", ""},
        {&schema_users_create, "{" CREATED ",\"roles\":\"user\"}", "must be array"},
        {&schema_users_create, "{" CREATED ",\"xx\":1}", UNKNOWN},
        {&schema_users_update, "{\"userId\":\"\",\"data\":{}}", TOO_SHORT},
        {&schema_users_update, "{\"userId\":\"x\"}", NEEDS("data")},
        {&schema_users_update, "{\"userId\":\"x\",\"data\":{\"joinDefaultChannels\":true}}",
         UNKNOWN},
        {&schema_users_update, "{\"userId\":\"x\",\"data\":{\"name\":null,\"roles\":[\"a\"]}}", ""},
        {&schema_users_delete, "{}",
         NEEDS("userId") "|" NEEDS("username") "|" NEEDS("user") "|" ANY_OF},
        {&schema_users_delete, "{\"user\":\"x\",\"confirmRelinquish\":true}", ""},
        {&schema_users_delete, "{\"user\":\"x\",\"y\":1}", UNKNOWN},
        {&schema_users_set_active_status, "{\"userId\":\"x\"}", NEEDS("activeStatus")},
        {&schema_users_set_active_status, "{\"userId\":\"x\",\"activeStatus\":\"false\"}", ""},
        {&schema_users_logout, "{\"anything\":1}", ""},
        {&schema_users_set_status, "{\"status\":\"asleep\"}",
         "must be equal to one of the allowed values"},
        {&schema_users_set_status, "{\"status\":\"busy\",\"message\":\"\"}", ""},
        {&schema_users_forgot_password, "{}", NEEDS("email")},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));
}

static void asking_for_users(void **state)
{
    (void)state;
    static const struct schema *const info = &schema_users_info;
    const struct row rows[] = {
        {info, "",
         NEEDS("userId") "|" NEEDS("username") "|" NEEDS("importId") "|" NEEDS("email") "|" NEEDS(
             "freeSwitchExtension") "|" ANY_OF},
        {info, "username=x&includeUserRooms=true", ""},
        {info, "userId=", ""},
        {info, "userId=x&username=y",
         UNKNOWN "|" UNKNOWN "|" NEEDS("importId") "|" NEEDS("email") "|" NEEDS(
             "freeSwitchExtension") "|" ANY_OF},
        {&schema_users_list, "count=5&email=", TOO_SHORT},
        {&schema_users_list, "name=x", UNKNOWN},
        {&schema_users_get_presence, "userId=x", ""},
        {&schema_users_presence, "ids[]=x&ids[]=y", ""},
        {&schema_users_presence, "ids=x,y", ""},
        {&schema_users_presence, "ids[a]=x", "must be string,array"},
    };
    assert_rows(SCHEMA_QUERY, rows, COUNT(rows));
}

static void tokens(void **state)
{
    (void)state;
    const struct row rows[] = {
        {&schema_users_create_token, "{}", NEEDS("userId")},
        {&schema_users_create_token, "{\"userId\":\"x\"}", NEEDS("secret")},
        {&schema_users_create_token, "{\"userId\":\"x\",\"secret\":\"\"}", TOO_SHORT},
        {&schema_users_generate_personal_access_token, "{}", ""},
        {&schema_users_generate_personal_access_token, "{\"tokenName\":\"x\",\"y\":1}", UNKNOWN},
        {&schema_users_regenerate_personal_access_token, "{}", NEEDS("tokenName")},
        {&schema_users_remove_personal_access_token, "{}", NEEDS("tokenName")},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));
}

static void permissions_roles_and_settings(void **state)
{
    (void)state;
    static const struct schema *const update = &schema_permissions_update;
    const struct row rows[] = {
        {update, "{}", NEEDS("permissions")},
        {update, "{\"permissions\":\"\"}", "must be array"},
        {update, "{\"permissions\":[{\"_id\":\"x\",\"roles\":[\"a\",\"a\"]}]}",
         "must NOT have duplicate items (items ## 1 and 0 are identical)"},
        {update, "{\"permissions\":[{\"_id\":\"x\",\"roles\":[]},{\"_id\":\"y\"}]}",
         NEEDS("roles")},
        {update, "{\"permissions\":[{\"_id\":\"x\",\"roles\":[\"a\",1]}]}", ""},
        {&schema_roles_create, "{}", NEEDS("name")},
        {&schema_roles_create, "{\"name\":\"x\",\"roleId\":\"y\"}", UNKNOWN},
        {&schema_roles_create, "{\"name\":\"x\",\"scope\":\"Rooms\"}",
         "must be equal to one of the allowed values"},
        {&schema_roles_update, "{\"name\":\"x\"}", NEEDS("roleId")},
        {&schema_roles_add_user_to_role, "{}", NEEDS("username")},
        {&schema_roles_add_user_to_role, "{\"username\":\"x\"}", ""},
        {&schema_roles_remove_user_from_role, "{\"username\":\"x\",\"scope\":\"r\"}", ""},
        {&schema_roles_delete, "{\"roleId\":null}", ""},
        {&schema_settings_update, "{}", ""},
        {&schema_settings_update, "{\"value\":[{}],\"more\":1}", ""},
        {&schema_settings_update_many, "{\"settings\":[]}", "must NOT have fewer than 1 items"},
        {&schema_settings_update_many, "{\"settings\":[{\"_id\":\"x\"}]}", NEEDS("value")},
        {&schema_settings_update_many,
         "{\"settings\":[{\"_id\":\"x\",\"value\":null,\"editor\":\"c\"}]}",
         "must be equal to one of the allowed values"},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));

    const struct row queries[] = {
        {&schema_permissions_list_all, "updatedSince=x", ""},
        {&schema_permissions_list_all, "since=x", UNKNOWN},
        {&schema_roles_get_users_in_role, "", ""},
        {&schema_roles_sync, "updatedSince=x", ""},
        {&schema_settings_public, "_id=Site_Url,LDAP_Enable&count=5", ""},
        {&schema_settings_public, "fields=x", UNKNOWN},
        {&schema_settings_list, "includeDefaults=true&count=0", ""},
        {&schema_settings_list, "includeDefaults=yes", "must be boolean"},
    };
    assert_rows(SCHEMA_QUERY, queries, COUNT(queries));
}

static void rooms_and_subscriptions(void **state)
{
    (void)state;
    const struct row rows[] = {
        {&schema_rooms_create, "{\"name\":5,\"members\":\"x\"}", ""},
        {&schema_rooms_create, "{\"readOnly\":\"maybe\"}", "must be boolean"},
        {&schema_rooms_invite, "{\"roomId\":\"x\",\"userIds\":[\"a\",\"b\"]}", ""},
        {&schema_channels_kick, "{}", NEEDS("roomId") "|" NEEDS("roomName") "|" ONE_OF},
        {&schema_channels_kick, "{\"roomName\":\"x\",\"username\":\"y\"}", ""},
        {&schema_subscriptions_read, "{}", NEEDS("rid") "|" NEEDS("roomId") "|" ANY_OF},
        {&schema_subscriptions_read, "{\"rid\":\"x\",\"readThreads\":true}", ""},
        {&schema_subscriptions_unread, "{\"firstUnreadMessage\":{}}",
         NEEDS("roomId") "|" NEEDS("_id") "|" ANY_OF},
        {&schema_subscriptions_unread, "{\"firstUnreadMessage\":{\"_id\":\"x\"}}", ""},
    };
    assert_rows(SCHEMA_BODY, rows, COUNT(rows));

    const struct row queries[] = {
        {&schema_rooms_info, "", ""},
        {&schema_rooms_members, "roomId=x&status=online&count=5", ""},
        {&schema_channels_messages, "count=5", NEEDS("roomId") "|" NEEDS("roomName") "|" ANY_OF},
        {&schema_channels_messages, "roomName=x&pinned=true", ""},
        {&schema_channels_messages, "roomId=x&foo=1", UNKNOWN},
        {&schema_groups_messages, "count=5", ""},
        {&schema_subscriptions_get, "updatedSince=x", ""},
        {&schema_subscriptions_get_one, "", ""},
        {&schema_subscriptions_get_one, "rid=x", UNKNOWN},
    };
    assert_rows(SCHEMA_QUERY, queries, COUNT(queries));
}

int main(void)
{
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating_an_integration),
        cmocka_unit_test(updating_an_integration),
        cmocka_unit_test(removing_an_integration),
        cmocka_unit_test(reading_integrations),
        cmocka_unit_test(the_history_of_an_integration),
        cmocka_unit_test(making_and_changing_users),
        cmocka_unit_test(asking_for_users),
        cmocka_unit_test(tokens),
        cmocka_unit_test(permissions_roles_and_settings),
        cmocka_unit_test(rooms_and_subscriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
