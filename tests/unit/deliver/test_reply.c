/* Replies: in whose name they are posted, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/reply.h"
#include "domain/direct.h"
#include "store/message.h"
#include "world.h"

/* An integration of bot's, and a channel where ana spoke. */
struct stage {
    struct world *w;
    struct actor ana, bot;
    struct room *room;
    struct integration in;
    struct reply reply;
    struct str posted;
    bool nobody;
};

static struct stage stage_of(struct world *w)
{
    struct stage s = {.w = w};
    s.ana = world_user(w, "ana", "user");
    s.bot = world_user(w, "bot", "bot");
    s.room = world_room(w, &s.ana, 'c', "ops");
    s.in = (struct integration){.id = STR("i1"), .username = STR("BOT")};
    s.reply = (struct reply){.content = json_parse(&w->arena, STR("{\"text\":\"pong\"}")),
                             .user_name = STR("Ana"),
                             .room_id = s.room->id};
    return s;
}

static bool post(struct stage *s)
{
    s->w->err = ERR_NONE;
    s->reply.in = &s->in;
    return reply_post(&s->w->tx, &s->reply, &s->posted, &s->nobody, &s->w->err);
}

/* What was posted, as the history has it. */
static const struct json *first_posted(struct stage *s)
{
    if (!post(s))
        fail_msg("%s", s->w->err.text);
    const struct json *list = json_parse(&s->w->arena, s->posted);
    assert_int_equal(list->items.count, 1);
    return list->items.first;
}

static void assert_posted(struct stage *s, const char *channel, const char *username)
{
    const struct json *posted = first_posted(s), *message = json_get_lit(posted, "message");
    assert_true(str_is(json_get_str(posted, "channel"), channel));
    assert_true(str_is(json_get_str(message, "msg"), "pong"));
    assert_true(str_is(json_get_str(json_get_lit(message, "u"), "username"), username));
    assert_true(str_is(json_get_str(json_get_lit(message, "bot"), "i"), "i1"));
}

static const char *sharp(struct stage *s, const struct room *room)
{
    return arena_fmt(&s->w->arena, "#%.*s", STR_FMT(room->id)).ptr;
}

static void a_reply_goes_to_the_room_of_the_event_in_the_integrations_name(void **state)
{
    struct stage s = stage_of(*state);
    assert_posted(&s, sharp(&s, s.room), "bot");
}

static void it_may_be_posted_in_the_name_of_whoever_spoke(void **state)
{
    struct stage s = stage_of(*state);
    s.in.impersonate_user = true;
    assert_posted(&s, sharp(&s, s.room), "ana");
    s.reply.user_name = STR("who has gone");
    assert_posted(&s, sharp(&s, s.room), "bot");
}

static void a_target_room_goes_before_the_room_of_the_event(void **state)
{
    struct stage s = stage_of(*state);
    struct room *other = world_room(s.w, &s.ana, 'c', "other");
    s.in.target_room = STR("#other");
    assert_posted(&s, sharp(&s, other), "bot");
    s.in.target_room = STR("#that-has-gone");
    assert_posted(&s, sharp(&s, s.room), "bot");
}

static void a_message_that_names_its_room_goes_there_or_nowhere(void **state)
{
    struct stage s = stage_of(*state);
    (void)world_room(s.w, &s.ana, 'c', "other");
    s.in.target_room = STR("#ops");
    s.reply.content = json_parse(&s.w->arena, STR("{\"text\":\"pong\",\"channel\":\"#other\"}"));
    assert_posted(&s, "#other", "bot");
    s.reply.content = json_parse(&s.w->arena, STR("{\"text\":\"pong\",\"channel\":\"#nowhere\"}"));
    assert_false(post(&s));
    assert_true(str_is(fault_code(&s.w->err), "invalid-channel"));
    assert_false(s.nobody);
}

static void a_direct_room_is_answered_in(void **state)
{
    struct stage s = stage_of(*state);
    const struct user *people[] = {user_find(&s.w->tx.rd, s.ana.id),
                                   user_find(&s.w->tx.rd, s.bot.id)};
    struct room *direct;
    assert_true(room_direct(&s.w->tx, &s.ana, people, 2, &direct, &s.w->err));
    s.reply.room_id = direct->id;
    assert_posted(&s, arena_fmt(&s.w->arena, "@%.*s", STR_FMT(direct->id)).ptr, "bot");
}

static void without_a_user_or_a_room_there_is_nobody(void **state)
{
    struct stage s = stage_of(*state);
    s.reply.room_id = STR("");
    assert_false(post(&s));
    assert_true(s.nobody);
    s.reply.room_id = s.room->id;
    s.in.username = STR("who has gone");
    assert_false(post(&s));
    assert_true(s.nobody);
}

static void a_room_that_is_closed_to_it_refuses_the_reply(void **state)
{
    struct stage s = stage_of(*state);
    s.reply.room_id = world_room(s.w, &s.ana, 'p', "closed")->id;
    assert_false(post(&s));
    assert_false(s.nobody);
    assert_true(str_is(fault_code(&s.w->err), "error-not-allowed"));
}

static void the_integrations_names_and_pictures_fill_in(void **state)
{
    struct stage s = stage_of(*state);
    s.in.alias = STR("Ping");
    s.in.emoji = STR(":owl:");
    const struct json *message = json_get_lit(first_posted(&s), "message");
    assert_true(str_is(json_get_str(message, "alias"), "Ping"));
    assert_true(str_is(json_get_str(message, "emoji"), ":owl:"));
}

#define REPLY_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLY_TEST(a_reply_goes_to_the_room_of_the_event_in_the_integrations_name),
        REPLY_TEST(it_may_be_posted_in_the_name_of_whoever_spoke),
        REPLY_TEST(a_target_room_goes_before_the_room_of_the_event),
        REPLY_TEST(a_message_that_names_its_room_goes_there_or_nowhere),
        REPLY_TEST(a_direct_room_is_answered_in),
        REPLY_TEST(without_a_user_or_a_room_there_is_nobody),
        REPLY_TEST(a_room_that_is_closed_to_it_refuses_the_reply),
        REPLY_TEST(the_integrations_names_and_pictures_fill_in),
    };
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
