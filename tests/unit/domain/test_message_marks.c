/* Marks on messages: reactions, stars, pins, followers; and the lists that come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/message_marks.h"
#include "store/message_marks.h"
#include "world.h"

static struct message *say(struct world *w, struct actor who, struct room *room, const char *text,
                           struct str thread_id)
{
    struct message *m = ARENA_NEW(&w->arena, struct message);
    m->doc = json_object(&w->arena);
    m->thread_id = thread_id;
    message_set(m, "msg", json_string(&w->arena, str_of(text)));
    if (!message_send(&w->tx, user_find(&w->tx.rd, who.id), room, m, &w->err))
        fail_msg("%s", w->err.text);
    w->tx.rd.now_ms += 10;
    return message_find(&w->tx.rd, m->id);
}

static const char *texts_of(struct world *w, const struct message_list *list)
{
    BUF(out, 4096);
    for (size_t i = 0; i < list->count; i++) {
        buf_add(&out, message_text(list->items[i]));
        buf_add_char(&out, ' ');
    }
    return arena_cstr(&w->arena, buf_str(&out));
}

static const char *member_of(struct world *w, const struct message *m, const char *member)
{
    BUF(out, 4096);
    const struct json *value = json_get(message_find(&w->tx.rd, m->id)->doc, str_of(member));
    if (value != NULL)
        json_put(&out, value);
    return arena_cstr(&w->arena, buf_str(&out));
}

static const struct user *user_of(struct world *w, struct actor who)
{
    return user_find(&w->tx.rd, who.id);
}

/* --- reactions --- */

static void a_reaction_is_there_once_and_leaves_nothing_behind(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct message *m = say(w, bob, world_room(w, &bob, 'c', "here"), "hello", STR(""));
    static const struct {
        const char *emoji;
        enum react how;
        const char *expected;
    } rows[] = {
        {"smile", REACT_ADD, "{\":smile:\":{\"usernames\":[\"bob\"]}}"},
        {":smile:", REACT_ADD, "{\":smile:\":{\"usernames\":[\"bob\"]}}"},
        {"+1", REACT_REMOVE, "{\":smile:\":{\"usernames\":[\"bob\"]}}"},
        {"smile", REACT_TOGGLE, ""},
        {"smile", REACT_REMOVE, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        m = message_find(&w->tx.rd, m->id);
        assert_true(
            message_react(&w->tx, user_of(w, bob), m, str_of(rows[i].emoji), rows[i].how, &w->err));
        assert_string_equal(member_of(w, m, "reactions"), rows[i].expected);
    }
}

static void a_message_has_so_many_reactions_and_no_more(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct message *m = say(w, bob, world_room(w, &bob, 'c', "here"), "hello", STR(""));
    for (int i = 0; i < 100; i++)
        assert_true(message_react(&w->tx, user_of(w, bob), m, arena_fmt(&w->arena, "e%d", i),
                                  REACT_ADD, &w->err));
    assert_refused(w, message_react(&w->tx, user_of(w, bob), m, STR("more"), REACT_ADD, &w->err),
                   "", "A message can have 100 different reactions.");
}

/* --- stars, pins --- */

static void a_star_goes_with_its_room(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct room *room = world_room(w, &bob, 'c', "here");
    struct message *m = say(w, bob, room, "hello", STR(""));
    assert_true(message_set_starred(&w->tx, user_of(w, bob), m, true, &w->err));
    struct message_list one = {.items = &m, .count = 1};
    messages_mark_starred(&w->tx.rd, &one, bob.id);
    assert_true(str_eq(m->starred_by, bob.id));
    while (messages_erase_some(&w->tx, room->seq, 1) > 0) {
    }
    assert_int_equal(stmt_number(db_stmt(w->db, "SELECT COUNT(*) FROM stars")), 0);
}

static void pinning_twice_is_noted_once(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct room *room = world_room(w, &bob, 'c', "here");
    struct message *m = say(w, bob, room, "hello", STR("")), *note = NULL;
    assert_true(message_pin(&w->tx, user_of(w, bob), m, &note, &w->err));
    assert_true(str_is(note->type, "message_pinned"));
    assert_true(message_pin(&w->tx, user_of(w, bob), m, &note, &w->err));
    assert_true(str_eq(note->id, m->id));
    struct message_filter pinned = {.room_seq = room->seq, .pinned = true};
    assert_int_equal(messages_total(&w->tx.rd, &pinned), 1);
    assert_true(message_unpin(&w->tx, user_of(w, bob), m, &w->err));
    assert_int_equal(messages_total(&w->tx.rd, &pinned), 0);
}

/* --- threads, changes, search --- */

static void threads_are_in_the_order_of_their_newest_replies(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct room *room = world_room(w, &bob, 'c', "here");
    struct message *first = say(w, bob, room, "first", STR(""));
    struct message *second = say(w, bob, room, "second", STR(""));
    (void)say(w, bob, room, "x", second->id);
    struct message *reply = say(w, bob, room, "y", first->id);
    struct thread_filter filter = {.room_seq = room->seq};
    int64_t total;
    struct message_list list = threads_page(&w->tx.rd, &filter, 0, 10, &total);
    assert_string_equal(texts_of(w, &list), "first second ");
    assert_int_equal(total, 2);
    assert_true(message_delete(&w->tx, user_of(w, bob), reply, &w->err));
    list = threads_page(&w->tx.rd, &filter, 0, 10, &total);
    assert_string_equal(texts_of(w, &list), "second ");
}

static void changes_are_found_whether_or_not_a_message_is_as_it_was(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct room *room = world_room(w, &bob, 'c', "here");
    struct message *first = say(w, bob, room, "a", STR(""));
    struct message *second = say(w, bob, room, "b", STR(""));
    struct message *third = say(w, bob, room, "c", STR(""));
    assert_true(message_react(&w->tx, user_of(w, bob), first, STR("ok"), REACT_ADD, &w->err));
    const struct {
        struct change_span span;
        int64_t limit;
        const char *expected;
    } rows[] = {
        {{.after_ms = 0, .oldest_first = true}, 10, "b c a "},
        {{.after_ms = 0}, 10, "a c b "},
        {{.after_ms = 0}, 2, "a c "},
        {{.after_ms = second->ts_ms}, 10, "a c "},
        {{.after_ms = 1, .before_ms = third->ts_ms}, 10, "b "},
        {{.after_ms = third->ts_ms + 1000}, 10, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message_list list =
            messages_changed(&w->tx.rd, room->seq, &rows[i].span, rows[i].limit);
        assert_string_equal(texts_of(w, &list), rows[i].expected);
    }
}

static void a_search_takes_every_character_as_it_is(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "admin");
    struct room *room = world_room(w, &bob, 'c', "here");
    static const char *const said[] = {"100%", "1000", "a_b", "aXb", "wow!", "\"q\"", "tab\t"};
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        (void)say(w, bob, room, said[i], STR(""));
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"0%", "100% "},  {"A_B", "a_b "},  {"axb", "aXb "}, {"W!", "wow! "},
        {"\"", "\"q\" "}, {"\t", "tab\t "}, {"bob", ""},     {"00", "1000 100% "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message_list list =
            messages_search(&w->tx.rd, room->seq, str_of(rows[i].text), 0, 10);
        assert_string_equal(texts_of(w, &list), rows[i].expected);
    }
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(a_reaction_is_there_once_and_leaves_nothing_behind),
        WORLD(a_message_has_so_many_reactions_and_no_more),
        WORLD(a_star_goes_with_its_room),
        WORLD(pinning_twice_is_noted_once),
        WORLD(threads_are_in_the_order_of_their_newest_replies),
        WORLD(changes_are_found_whether_or_not_a_message_is_as_it_was),
        WORLD(a_search_takes_every_character_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
