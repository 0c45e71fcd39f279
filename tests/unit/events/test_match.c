/* Who is told of what: channels, trigger words, edits, loops, and the index that follows changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "desk.h"

/* An outgoing integration comes, or changes. `more` are members of its document. */
static void follow(struct desk *d, const char *id, const char *event, const char *channels,
                   const char *more)
{
    struct integration_entry entry = {
        .head = {.key = str_of(id)},
        .json = arena_fmt(&d->arena,
                          "{\"_id\":\"%s\",\"type\":\"webhook-outgoing\",\"enabled\":true,"
                          "\"event\":\"%s\",\"urls\":[\"http://a/\",\"http://b/\"],"
                          "\"channel\":%s%s}",
                          id, event, channels, more)};
    matcher_follow(d->matcher, entry.head.key, &entry);
}

static struct target_list find(struct desk *d, const struct event *event)
{
    return matcher_find(d->matcher, &d->tx.rd, event);
}

static bool told(struct desk *d, const char *id, const struct event *event)
{
    struct target_list found = find(d, event);
    size_t times = 0;
    for (size_t i = 0; i < found.count; i++)
        times += str_is(found.items[i]->id, id);
    assert_true(times <= 1);
    return times == 1;
}

/* --- channels --- */

static const struct str people[] = {STR_INIT("ana-id"), STR_INIT("bob-id")};

static const struct room public = {.id = STR_INIT("pub-id"), .type = 'c', .name = STR_INIT("pub")};
static const struct room private = {
    .id = STR_INIT("priv-id"), .type = 'p', .name = STR_INIT("priv")};
static const struct room direct = {
    .id = STR_INIT("dm-id"), .type = 'd', .people = people, .people_count = 2};
static const struct room *const rooms[] = {&public, &private, &direct};
enum { PUB, PRIV, DM };

static const struct {
    const char *channels;
    bool pub, priv, dm;
} bindings[] = {
    {"[]", true, false, false},
    {"[\"all_public_channels\"]", true, false, false},
    {"[\"all_private_groups\"]", false, true, false},
    {"[\"all_direct_messages\"]", false, false, true},
    {"[\"#pub\"]", true, false, false},
    {"[\"#pub-id\"]", true, false, false},
    {"[\"#priv\"]", false, true, false},
    {"[\"#priv-id\"]", false, true, false},
    {"[\"#Pub\"]", false, false, false},
    {"[\"#dm-id\"]", false, false, false},
    {"[\"@bob\"]", false, false, true},
    {"[\"@bob-id\"]", false, false, true},
    {"[\"@ana\"]", false, false, false}, /* the sender by his username */
    {"[\"@ana-id\"]", false, false, true},
    {"[\"@pub\"]", false, false, false},
    {"[\"#pub\",\"#pub-id\",\"all_public_channels\"]", true, false, false},
    {"[\"#priv\",\"all_direct_messages\"]", false, true, true},
};

static void a_message_reaches_those_that_are_bound_to_its_room(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
        follow(d, "one", "sendMessage", bindings[i].channels, "");
        const bool wanted[] = {bindings[i].pub, bindings[i].priv, bindings[i].dm};
        for (size_t r = 0; r < 3; r++) {
            struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[r], .message = &m};
            if (told(d, "one", &event) != wanted[r])
                fail_msg("%s in %s", bindings[i].channels, rooms[r]->id.ptr);
        }
    }
}

static const struct {
    const char *name;
    enum event_kind kind;
    bool by_channel;
} kinds[] = {
    {"fileUploaded", EVENT_FILE_UPLOADED, true},
    {"roomJoined", EVENT_ROOM_JOINED, true},
    {"roomLeft", EVENT_ROOM_LEFT, true},
    {"roomArchived", EVENT_ROOM_ARCHIVED, false},
    {"roomCreated", EVENT_ROOM_CREATED, false},
    {"messageEdited", EVENT_MESSAGE_EDITED, true},
    {"messageDeleted", EVENT_MESSAGE_DELETED, true},
    {"reactionAdded", EVENT_REACTION_ADDED, true},
};

static void events_without_channels_go_by_their_name_alone(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        follow(d, "bound", kinds[i].name, "[\"#other\"]", "");
        struct event event = {.kind = kinds[i].kind, .room = rooms[PUB], .user_id = STR("bob-id")};
        if (kinds[i].kind == EVENT_FILE_UPLOADED || kinds[i].kind >= EVENT_MESSAGE_EDITED)
            event.message = &m;
        if (told(d, "bound", &event) == kinds[i].by_channel)
            fail_msg("%s", kinds[i].name);
        follow(d, "bound", kinds[i].name, "[\"#pub\"]", "");
        assert_true(told(d, "bound", &event));
        event.kind = EVENT_MESSAGE_SENT;
        event.message = &m;
        assert_false(told(d, "bound", &event));
    }
    follow(d, "accounts", "userCreated", "[]", "");
    assert_true(
        told(d, "accounts", &(struct event){.kind = EVENT_USER_CREATED, .user_id = STR("ana-id")}));
}

/* --- texts --- */

static const struct {
    const char *words, *text;
    const char *word; /* NULL: it is not called */
    bool anywhere;
} texts[] = {
    {"[]", "anything", "", false},
    {"[]", "", "", true},
    {"[\"!ci\"]", "!ci run", "!ci", false},
    {"[\"!ci\"]", "!cirun", "!ci", false},
    {"[\"!ci\"]", " !ci run", NULL, false},
    {"[\"!ci\"]", "!CI run", NULL, false},
    {"[\"!ci\"]", "run !ci", NULL, false},
    {"[\"!ci\"]", "run !ci", "!ci", true},
    {"[\"!ci\"]", "run", NULL, true},
    {"[\"b\",\"a\"]", "ab", "b", true},
    {"[\"x\",\"ab\",\"a\"]", "abc", "ab", false},
};

static void trigger_words_decide_and_the_first_in_the_list_wins(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena *a = &d->arena;
        const char *more = arena_fmt(a, ",\"triggerWords\":%s,\"triggerWordAnywhere\":%s",
                                     texts[i].words, texts[i].anywhere ? "true" : "false")
                               .ptr;
        follow(d, "one", "sendMessage", "[\"#pub\"]", more);
        struct message m = desk_message(d, texts[i].text);
        struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[PUB], .message = &m};
        struct target_list found = find(d, &event);
        if ((found.count == 1) != (texts[i].word != NULL))
            fail_msg("%s in %s", texts[i].words, texts[i].text);
        if (found.count == 0)
            continue;
        struct precheck rules = {.event = found.items[0]->event,
                                 .words = &found.items[0]->words,
                                 .word_anywhere = found.items[0]->word_anywhere};
        struct str word;
        assert_true(precheck_passes(&rules, str_of(texts[i].text), false, &word));
        assert_true(str_is(word, texts[i].word));
    }
}

static void trigger_words_do_not_count_for_other_events(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    follow(d, "one", "fileUploaded", "[\"#pub\"]", ",\"triggerWords\":[\"x\"]");
    struct event event = {.kind = EVENT_FILE_UPLOADED, .room = rooms[PUB], .message = &m};
    assert_true(told(d, "one", &event));
}

static void edited_messages_go_to_those_who_run_on_edits(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    message_set(&m, "editedAt", json_string(&d->arena, STR("2024-01-01T00:00:00.000Z")));
    follow(d, "no", "sendMessage", "[]", "");
    follow(d, "yes", "sendMessage", "[]", ",\"runOnEdits\":true");
    follow(d, "own", "messageEdited", "[]", "");
    struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[PUB], .message = &m};
    assert_false(told(d, "no", &event));
    assert_true(told(d, "yes", &event));
    event.kind = EVENT_MESSAGE_EDITED;
    assert_true(told(d, "own", &event));
}

static void nobody_is_told_of_his_own_reply(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    struct json *bot = json_object(&d->arena);
    json_set(bot, STR("i"), json_string(&d->arena, STR("one")));
    message_set(&m, "bot", bot);
    follow(d, "one", "sendMessage", "[]", "");
    follow(d, "two", "sendMessage", "[]", "");
    struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[PUB], .message = &m};
    assert_false(told(d, "one", &event));
    assert_true(told(d, "two", &event));
}

/* --- following --- */

static void the_index_follows_every_change_at_once(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[PUB], .message = &m};
    assert_false(told(d, "one", &event));
    follow(d, "one", "sendMessage", "[\"#pub\"]", "");
    assert_true(told(d, "one", &event));
    follow(d, "one", "sendMessage", "[\"#other\"]", "");
    assert_false(told(d, "one", &event));
    follow(d, "one", "sendMessage", "[\"#pub\"]", ",\"enabled\":false");
    assert_false(told(d, "one", &event));
    follow(d, "one", "sendMessage", "[\"#pub\"]", "");
    matcher_follow(d->matcher, STR("one"), NULL);
    assert_false(told(d, "one", &event));
    matcher_follow(d->matcher, STR("one"), NULL);
    struct integration_entry incoming = {
        .incoming = true, .json = STR("{\"enabled\":true,\"event\":\"sendMessage\"}")};
    matcher_follow(d->matcher, STR("in"), &incoming);
    follow(d, "odd", "somethingElse", "[]", "");
    assert_int_equal(find(d, &event).count, 0);
}

static void many_that_share_a_room_come_and_go_one_by_one(void **state)
{
    struct desk *d = *state;
    struct message m = desk_message(d, "hello");
    struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[PUB], .message = &m};
    for (int i = 0; i < 200; i++)
        follow(d, arena_fmt(&d->arena, "i-%d", i).ptr, "sendMessage",
               i % 2 ? "[\"#pub\"]" : "[\"#pub\",\"all_public_channels\"]", "");
    assert_int_equal(find(d, &event).count, 200);
    for (int i = 0; i < 200; i++) {
        matcher_follow(d->matcher, arena_fmt(&d->arena, "i-%d", i), NULL);
        assert_int_equal(find(d, &event).count, 199 - i);
    }
    assert_int_equal(find(d, &event).count, 0);
}

/* --- many words in one room --- */

enum { MANY = 600 };

/* Numbers that look drawn and are always the same. */
static unsigned drawn(unsigned *state, unsigned below)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) % below;
}

static const char *draw_text(struct desk *d, unsigned *state, unsigned length)
{
    char *text = arena_zalloc(&d->arena, length + 1);
    for (unsigned i = 0; i < length; i++)
        text[i] = "abc!"[drawn(state, 4)];
    return text;
}

struct waiter {
    const char *id, *words[2];
    bool anywhere, gone;
};

static void add_waiter(struct desk *d, struct waiter *w, unsigned *state, unsigned number)
{
    w->id = arena_fmt(&d->arena, "w-%u", number).ptr;
    w->anywhere = drawn(state, 2) == 0;
    w->words[0] = draw_text(d, state, 1 + drawn(state, 6));
    w->words[1] = draw_text(d, state, 1 + drawn(state, 6));
    struct str more =
        arena_fmt(&d->arena, ",\"triggerWords\":[\"%s\",\"%s\",\"%s\"],\"triggerWordAnywhere\":%s",
                  w->words[0], w->words[1], w->words[0], w->anywhere ? "true" : "false");
    follow(d, w->id, "sendMessage", "[\"#pub\"]", more.ptr);
}

static bool waits_for(const struct waiter *w, const char *text)
{
    for (size_t i = 0; i < 2; i++) {
        const char *at = strstr(text, w->words[i]);
        if (!w->gone && at != NULL && (w->anywhere || at == text))
            return true;
    }
    return false;
}

static void check_texts(struct desk *d, const struct waiter *waiters, size_t count, unsigned *state)
{
    for (unsigned length = 0; length < 40; length++) {
        const char *text = draw_text(d, state, length);
        struct message m = desk_message(d, text);
        struct event event = {.kind = EVENT_MESSAGE_SENT, .room = rooms[PUB], .message = &m};
        size_t wanted = 0;
        for (size_t i = 0; i < count; i++)
            wanted += waits_for(&waiters[i], text);
        struct target_list found = find(d, &event);
        if (found.count != wanted)
            fail_msg("%zu of %zu for %s", found.count, wanted, text);
    }
}

static void whatever_the_words_are_the_same_are_found_as_by_asking_each(void **state)
{
    struct desk *d = *state;
    struct waiter *waiters = ARENA_ARRAY(&d->arena, struct waiter, MANY);
    unsigned draws = 7;
    for (unsigned i = 0; i < MANY; i++) {
        add_waiter(d, &waiters[i], &draws, i);
        if (i == 3 || i == 30 || i == MANY - 1)
            check_texts(d, waiters, i + 1, &draws);
    }
    for (unsigned i = 0; i < MANY; i++) {
        matcher_follow(d->matcher, str_of(waiters[i].id), NULL);
        waiters[i].gone = true;
        if (i % 200 == 100 || i == MANY - 1)
            check_texts(d, waiters, MANY, &draws);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_reaches_those_that_are_bound_to_its_room),
        TEST(events_without_channels_go_by_their_name_alone),
        TEST(trigger_words_decide_and_the_first_in_the_list_wins),
        TEST(trigger_words_do_not_count_for_other_events),
        TEST(edited_messages_go_to_those_who_run_on_edits),
        TEST(nobody_is_told_of_his_own_reply),
        TEST(the_index_follows_every_change_at_once),
        TEST(whatever_the_words_are_the_same_are_found_as_by_asking_each),
        TEST(many_that_share_a_room_come_and_go_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
