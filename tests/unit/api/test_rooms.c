/* The endpoints of rooms, from their parameters to the members of their answers, without the wire:
 * a call is made by hand, checked against its endpoint's schema, and walked through its steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/endpoint.h"
#include "world.h"

#define NO_CHANNEL                                                                                 \
    "The required \"roomId\" or \"roomName\" param provided does not match any channel"
#define NO_GROUP "The required \"roomId\" or \"roomName\" param provided does not match any group"

static const struct endpoint *find_endpoint(const char *name)
{
    static const struct endpoint *const tables[] = {endpoints_rooms, endpoints_subscriptions,
                                                    endpoints_teams};
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct endpoint *e = tables[t]; e->path != NULL; e++)
            if (str_ends(str_of(e->path), str_of(name)) &&
                e->path[strlen(e->path) - strlen(name) - 1] == '/')
                return e;
    fail_msg("no endpoint %s", name);
    return NULL;
}

static bool walk(struct world *w, struct call *call)
{
    const struct endpoint *e = call->endpoint;
    enum schema_mode mode = e->method == HTTP_GET ? SCHEMA_QUERY : SCHEMA_BODY;
    if (e->schema != NULL && !schema_check(e->schema, &call->params, mode, call->arena, &w->err))
        return false;
    for (size_t i = 0; i < ENDPOINT_STEPS && e->steps[i].lane != STEP_NONE; i++) {
        const struct step *step = &e->steps[i];
        bool ok = step->lane == STEP_READ ? step->read(&w->tx.rd, call, &w->err)
                                          : step->write(&w->tx, call, &w->err);
        if (!ok)
            return false;
    }
    return true;
}

/* The answer's members; or of a refusal its status, text and type: "400 text [type]". */
static const char *ask(struct world *w, const struct actor *who, const char *name,
                       const char *params)
{
    static struct api api;
    api = (struct api){.catalog = w->catalog};
    struct call call = {
        .api = &api,
        .endpoint = find_endpoint(name),
        .arena = &w->arena,
        .params = json_parse(&w->arena, str_of(params)),
        .user_id = who->id,
        .username = who->username,
        .now_ms = w->tx.rd.now_ms,
    };
    assert_non_null(call.params);
    buf_init(&call.out, 1 << 20);
    w->err = ERR_NONE;
    bool ok = walk(w, &call);
    struct str answer = ok ? arena_str(&w->arena, buf_str(&call.out))
                           : arena_fmt(&w->arena, "%d %s [%s]", w->err.status, w->err.text,
                                       w->err.type != NULL ? w->err.type : "");
    buf_release(&call.out);
    return answer.ptr;
}

static const char *id_json(struct world *w, const struct room *room)
{
    return arena_fmt(&w->arena, "{\"roomId\":\"%.*s\"}", STR_FMT(room->id)).ptr;
}

/* --- creating --- */

static void creating_answers_with_the_room(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    const char *answer = ask(w, &bob, "channels.create", "{\"name\":\"ops\"}");
    struct room *room = room_find_by_name(&w->tx.rd, STR("ops"));
    struct str expected = arena_fmt(
        &w->arena,
        "\"channel\":{\"_id\":\"%.*s\",\"fname\":\"ops\",\"name\":\"ops\",\"t\":\"c\",\"msgs\":0,"
        "\"usersCount\":1,\"u\":{\"_id\":\"id-bob\",\"username\":\"bob\",\"name\":\"bob's name\"},"
        "\"customFields\":{},\"ts\":\"2023-11-14T22:13:20.000Z\",\"ro\":false,\"default\":false,"
        "\"_updatedAt\":\"2023-11-14T22:13:20.000Z\"}",
        STR_FMT(room->id));
    assert_string_equal(answer, expected.ptr);
    answer = ask(w, &bob, "groups.create",
                 "{\"name\":\"priv\",\"readOnly\":true,\"customFields\":{\"a\":1},"
                 "\"extraData\":{\"topic\":\"hi\",\"broadcast\":true}}");
    assert_non_null(strstr(answer, "\"group\":{"));
    assert_non_null(strstr(answer, "\"t\":\"p\""));
    assert_non_null(strstr(answer, "\"customFields\":{\"a\":1}"));
    assert_non_null(strstr(answer, "\"ro\":true"));
    assert_non_null(strstr(answer, "\"topic\":\"hi\",\"broadcast\":true}"));
}

static void creating_checks_its_parameters(void **state)
{
    static const struct {
        const char *endpoint, *params, *answer;
    } rows[] = {
        {"channels.create", "{}", "400 Param \"name\" is required []"},
        {"channels.create", "{\"name\":\"\"}", "400 Param \"name\" is required []"},
        {"channels.create", "{\"name\":7}", "400 Invalid name [error-invalid-name]"},
        {"channels.create", "{\"name\":\"a\",\"members\":\"bob\"}",
         "400 Param \"members\" must be an array if provided []"},
        {"channels.create", "{\"name\":\"a\",\"teams\":{}}", "400 Param teams must be an array []"},
        {"channels.create", "{\"name\":\"a\",\"members\":[1]}",
         "400 members should be an array of usernames if provided for rooms other than direct "
         "messages [error-invalid-members]"},
        {"channels.create", "{\"name\":\"a\",\"extraData\":{\"teamId\":\"x\"}}",
         "400 The \"teamId\" param provided does not match any team [error-team-not-found]"},
        {"channels.create", "{\"name\":\"a b\"}",
         "400 a b is not a valid room name. [error-invalid-room-name]"},
        {"groups.create", "{}", "400 Body param \"name\" is required []"},
        {"groups.create", "{\"name\":\"a\",\"members\":1}",
         "400 Body param \"members\" must be an array if provided []"},
        {"groups.create", "{\"name\":\"a\",\"customFields\":\"x\"}",
         "400 Body param \"customFields\" must be an object if provided []"},
        {"groups.create", "{\"name\":\"a\",\"extraData\":true}",
         "400 Body param \"extraData\" must be an object if provided []"},
    };
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(ask(w, &bob, rows[i].endpoint, rows[i].params), rows[i].answer);
}

static void creating_needs_the_right(void **state)
{
    struct world *w = *state;
    struct actor guest = world_user(w, "guest1", "guest");
    assert_string_equal(ask(w, &guest, "channels.create", "{}"), "403 unauthorized []");
    assert_string_equal(ask(w, &guest, "groups.create", "{}"),
                        "400 Body param \"name\" is required []");
    assert_string_equal(ask(w, &guest, "groups.create", "{\"name\":\"a\"}"), "403 unauthorized []");
}

static void members_of_teams_come_along(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct actor joe = world_user(w, "joe", "user");
    ask(w, &bob, "teams.create", "{\"name\":\"core\",\"type\":1,\"members\":[\"eve\"]}");
    const char *params = "{\"name\":\"a\",\"teams\":[\"core\",\"none\"],\"members\":[\"joe\"]}";
    assert_non_null(strstr(ask(w, &bob, "channels.create", params), "\"usersCount\":3"));
    params = "{\"name\":\"b\",\"teams\":[\"core\"]}"; /* he does not see who is in it */
    assert_non_null(strstr(ask(w, &joe, "channels.create", params), "\"usersCount\":1"));
    (void)eve;
}

/* --- looking up --- */

static void channels_and_groups_refuse_in_their_own_words(void **state)
{
    static const struct {
        const char *endpoint, *params, *answer;
    } rows[] = {
        {"channels.info", "{}", "400 " NO_CHANNEL " [error-room-not-found]"},
        {"channels.info", "{\"roomName\":\"no\"}", "400 " NO_CHANNEL " [error-room-not-found]"},
        {"channels.info", "{\"roomName\":\"priv\"}", "400 " NO_CHANNEL " [error-room-not-found]"},
        {"channels.delete", "{}",
         "400 must have required property 'roomId'\n must have required property 'roomName'\n must "
         "match exactly one schema in oneOf [invalid-params]"},
        {"channels.invite", "{\"roomName\":\"old\",\"username\":\"bob\"}",
         "400 The channel, old, is archived [error-room-archived]"},
        {"groups.info", "{}",
         "400 The parameter \"roomId\" or \"roomName\" is required "
         "[error-room-param-not-provided]"},
        {"groups.info", "{\"roomName\":\"pub\"}", "400 " NO_GROUP " [error-room-not-found]"},
        {"groups.info", "{\"roomName\":\"priv\"}", "400 " NO_GROUP " [error-room-not-found]"},
        {"groups.delete", "{\"roomName\":\"priv\"}", "400 " NO_GROUP " [error-room-not-found]"},
        {"rooms.info", "{\"roomName\":\"priv\"}", "400 not-allowed [Not Allowed]"},
        {"rooms.info", "{\"roomName\":\"no\"}", "400 " NO_CHANNEL " [error-room-not-found]"},
        {"rooms.delete", "{}", "400 must have required property 'roomId' [invalid-params]"},
        {"rooms.delete", "{\"roomId\":\"no\"}", "400 Invalid room [error-invalid-room]"},
        {"rooms.leave", "{\"roomId\":\"no\"}", "400 " NO_CHANNEL " [error-room-not-found]"},
    };
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    world_room(w, &bob, 'c', "pub");
    world_room(w, &bob, 'p', "priv");
    assert_true(room_archive(&w->tx, &bob, world_room(w, &bob, 'c', "old"), &w->err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(ask(w, &eve, rows[i].endpoint, rows[i].params), rows[i].answer);
}

static void an_archived_room_is_shown_but_not_changed(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *c = world_room(w, &bob, 'c', "pub"), *p = world_room(w, &bob, 'p', "priv");
    assert_string_equal(ask(w, &bob, "channels.archive", id_json(w, c)), "");
    assert_string_equal(ask(w, &bob, "groups.archive", id_json(w, p)), "");
    assert_non_null(strstr(ask(w, &bob, "channels.info", id_json(w, c)), "\"archived\":true"));
    assert_non_null(strstr(ask(w, &bob, "channels.members", id_json(w, c)), "\"total\":1"));
    assert_string_equal(ask(w, &bob, "groups.members", id_json(w, p)),
                        "400 The private group, priv, is archived [error-room-archived]");
    assert_string_equal(ask(w, &bob, "channels.archive", id_json(w, c)),
                        "400 The channel, pub, is archived [error-room-archived]");
    assert_string_equal(ask(w, &bob, "groups.delete", id_json(w, p)), "");
}

/* --- members --- */

static void inviting_finds_users_in_every_way(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    world_user(w, "eve", "user");
    world_user(w, "joe", "user");
    world_user(w, "dan", "user");
    world_room(w, &bob, 'c', "pub");
    static const struct {
        const char *params, *found;
    } rows[] = {
        {"{\"roomName\":\"pub\",\"userId\":\"id-eve\"}", "\"usersCount\":2"},
        {"{\"roomName\":\"pub\",\"username\":\"EVE\"}", "\"usersCount\":2"},
        {"{\"roomName\":\"pub\",\"userIds\":[\"id-joe\",\"none\"]}", "\"usersCount\":3"},
        {"{\"roomName\":\"pub\",\"usernames\":[\"dan\"],\"user\":\"joe\"}", "\"usersCount\":4"},
        {"{\"roomName\":\"pub\"}",
         "400 Please provide \"userId\" or \"username\" or \"userIds\" or \"usernames\" as param "
         "[error-users-params-not-provided]"},
        {"{\"roomName\":\"pub\",\"username\":\"none\"}",
         "400 invalid-user-invite-list [Cannot invite if no users are provided]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_non_null(strstr(ask(w, &bob, "channels.invite", rows[i].params), rows[i].found));
    world_room(w, &bob, 'p', "priv");
    assert_string_equal(
        ask(w, &bob, "groups.invite", "{\"roomName\":\"priv\",\"username\":\"none\"}"),
        "400 Cannot invite if no valid users are provided [error-empty-invite-list]");
}

static void kicking_and_leaving_answer_as_their_family_does(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    world_room(w, &bob, 'c', "pub");
    world_room(w, &bob, 'p', "priv");
    const char *c = "{\"roomName\":\"pub\",\"username\":\"eve\"}";
    const char *p = "{\"roomName\":\"priv\",\"username\":\"eve\"}";
    ask(w, &bob, "channels.invite", c);
    ask(w, &bob, "groups.invite", p);
    assert_non_null(strstr(ask(w, &bob, "channels.kick", c), "\"channel\":{"));
    assert_string_equal(ask(w, &bob, "groups.kick", p), "");
    ask(w, &bob, "groups.invite", p);
    assert_non_null(
        strstr(ask(w, &eve, "channels.join", "{\"roomName\":\"pub\"}"), "\"usersCount\":2"));
    assert_non_null(
        strstr(ask(w, &eve, "channels.leave", "{\"roomName\":\"pub\"}"), "\"usersCount\":1"));
    assert_string_equal(ask(w, &eve, "groups.leave", "{\"roomName\":\"priv\"}"), "");
    assert_string_equal(ask(w, &bob, "channels.kick", "{\"roomName\":\"pub\"}"),
                        "400 The required \"userId\" or \"username\" param was not provided "
                        "[error-user-param-not-provided]");
}

static void a_member_is_shown_with_little(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    world_room(w, &bob, 'c', "pub");
    assert_string_equal(
        ask(w, &bob, "channels.members", "{\"roomName\":\"pub\"}"),
        "\"members\":[{\"_id\":\"id-bob\",\"username\":\"bob\",\"name\":\"bob's name\","
        "\"_updatedAt\":\"2023-11-14T22:13:20.000Z\"}],\"count\":1,\"offset\":0,\"total\":1");
    assert_non_null(strstr(ask(w, &bob, "channels.members",
                               "{\"roomName\":\"pub\",\"filter\":\"x\",\"status\":[\"online\"]}"),
                           "\"members\":[],\"count\":0"));
}

/* --- lists --- */

static void lists_are_pages(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), guest = world_user(w, "guest1", "guest");
    const char *const names[] = {"c", "a", "b"};
    for (size_t i = 0; i < 3; i++)
        world_room(w, &bob, 'c', names[i]);
    const char *answer = ask(w, &bob, "channels.list", "{\"count\":\"2\",\"offset\":\"1\"}");
    assert_non_null(strstr(answer, "\"name\":\"b\""));
    assert_null(strstr(answer, "\"name\":\"a\""));
    assert_non_null(strstr(answer, "],\"count\":2,\"offset\":1,\"total\":3"));
    answer = ask(w, &bob, "channels.list.joined", "{\"sort\":\"{\\\"name\\\":-1}\",\"count\":1}");
    assert_non_null(strstr(answer, "\"name\":\"c\""));
    assert_string_equal(ask(w, &guest, "channels.list", "{}"),
                        "\"channels\":[],\"count\":0,\"offset\":0,\"total\":0");
    assert_string_equal(ask(w, &bob, "channels.list", "{\"foo\":\"1\"}"),
                        "400 must NOT have additional properties [invalid-params]");
    assert_string_equal(ask(w, &bob, "groups.list", "{}"),
                        "\"groups\":[],\"count\":0,\"offset\":0,\"total\":0");
}

static void what_changed_since_is_asked_for_with_a_date(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "pub");
    const char *late = "{\"updatedSince\":\"2030-01-01T00:00:00.000Z\"}";
    const char *bad = "{\"updatedSince\":\"yesterday\"}";
    assert_non_null(strstr(ask(w, &bob, "rooms.get", "{}"), "\"update\":[{"));
    assert_string_equal(ask(w, &bob, "rooms.get", late), "\"update\":[],\"remove\":[]");
    assert_string_equal(ask(w, &bob, "rooms.get", bad),
                        "400 The \"updatedSince\" query parameter must be a valid date. "
                        "[error-updatedSince-param-invalid]");
    assert_non_null(strstr(ask(w, &bob, "subscriptions.get", "{}"), "\"roles\":[\"owner\"]"));
    assert_string_equal(ask(w, &bob, "subscriptions.get", late), "\"update\":[],\"remove\":[]");
    assert_string_equal(ask(w, &bob, "subscriptions.get", bad),
                        "400 The \"lastUpdate\" query parameter must be a valid date. "
                        "[error-roomId-param-invalid]");
    assert_non_null(
        strstr(ask(w, &bob, "subscriptions.getOne", id_json(w, room)), "\"subscription\":{"));
    assert_string_equal(ask(w, &bob, "subscriptions.getOne", "{\"roomId\":\"no\"}"),
                        "\"subscription\":null");
    assert_string_equal(ask(w, &bob, "subscriptions.getOne", "{}"),
                        "400 The 'roomId' param is required []");
}

/* --- topic --- */

static void a_topic_is_set_cleared_and_not_repeated(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    world_room(w, &bob, 'c', "pub");
    const char *set = "{\"roomName\":\"pub\",\"topic\":\"hi\"}";
    assert_string_equal(ask(w, &bob, "channels.setTopic", set), "\"topic\":\"hi\"");
    assert_string_equal(ask(w, &bob, "channels.setTopic", set),
                        "400 The channel topic is the same as what it would be changed to. []");
    assert_string_equal(ask(w, &bob, "channels.setTopic", "{\"roomName\":\"pub\",\"topic\":\"\"}"),
                        "\"topic\":\"\"");
    assert_string_equal(ask(w, &bob, "channels.setTopic", "{\"roomName\":\"pub\"}"),
                        "400 The bodyParam \"topic\" is required []");
}

/* --- teams --- */

static void a_team_is_made_shown_and_deleted(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    const char *answer = ask(w, &bob, "teams.create", "{\"name\":\"core\",\"type\":\"1\"}");
    assert_non_null(strstr(answer, "\"team\":{\"_id\":\""));
    assert_non_null(strstr(answer, "\"name\":\"core\",\"type\":1,\"createdAt\":\""));
    assert_non_null(
        strstr(ask(w, &bob, "teams.info", "{\"teamName\":\"core\"}"), "\"teamInfo\":{\"_id\""));
    assert_string_equal(ask(w, &eve, "teams.info", "{\"teamName\":\"core\"}"),
                        "403 unauthorized []");
    assert_string_equal(ask(w, &eve, "teams.delete", "{\"teamName\":\"core\"}"),
                        "403 User does not have the permissions required for this action "
                        "[error-unauthorized]");
    assert_string_equal(ask(w, &bob, "teams.delete", "{\"teamName\":\"core\"}"), "");
    assert_string_equal(ask(w, &bob, "teams.delete", "{\"teamName\":\"core\"}"),
                        "400 team-does-not-exist []");
    assert_string_equal(ask(w, &bob, "teams.create", "{\"name\":\"x\",\"type\":2}"),
                        "400 must be equal to one of the allowed values [invalid-params]");
    assert_string_equal(ask(w, &bob, "teams.delete", "{\"teamId\":\"x\",\"roomsToRemove\":[]}"),
                        "400 must NOT have fewer than 1 items\n must have required property "
                        "'teamName'\n must match exactly one schema in oneOf [invalid-params]");
}

static void a_room_of_a_team_tells_where_it_belongs(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    ask(w, &bob, "teams.create", "{\"name\":\"core\",\"type\":0}");
    struct room *main_room = room_find_by_name(&w->tx.rd, STR("core"));
    struct str params =
        arena_fmt(&w->arena, "{\"name\":\"dev\",\"extraData\":{\"teamId\":\"%.*s\"}}",
                  STR_FMT(main_room->team_id));
    assert_non_null(strstr(ask(w, &bob, "channels.create", params.ptr), ",\"teamId\":\""));
    const char *answer = ask(w, &bob, "rooms.info", "{\"roomName\":\"dev\"}");
    assert_non_null(strstr(answer, ",\"team\":{\"_id\":\""));
    assert_non_null(strstr(answer, ",\"parent\":{\"_id\":\""));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(creating_answers_with_the_room),
        IN_A_WORLD(creating_checks_its_parameters),
        IN_A_WORLD(creating_needs_the_right),
        IN_A_WORLD(members_of_teams_come_along),
        IN_A_WORLD(channels_and_groups_refuse_in_their_own_words),
        IN_A_WORLD(an_archived_room_is_shown_but_not_changed),
        IN_A_WORLD(inviting_finds_users_in_every_way),
        IN_A_WORLD(kicking_and_leaving_answer_as_their_family_does),
        IN_A_WORLD(a_member_is_shown_with_little),
        IN_A_WORLD(lists_are_pages),
        IN_A_WORLD(what_changed_since_is_asked_for_with_a_date),
        IN_A_WORLD(a_topic_is_set_cleared_and_not_repeated),
        IN_A_WORLD(a_team_is_made_shown_and_deleted),
        IN_A_WORLD(a_room_of_a_team_tells_where_it_belongs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
