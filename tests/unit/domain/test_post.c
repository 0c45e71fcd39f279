/* Posting to destinations, and the rows of messages: numbers, pages, mentions, and how they go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/direct.h"
#include "domain/post.h"
#include "world.h"

static struct poster poster_of(struct world *w, struct actor who)
{
    return (struct poster){.user = user_find(&w->tx.rd, who.id)};
}

static bool post(struct world *w, const struct poster *poster, const char *content, bool separate,
                 struct posted *out)
{
    struct post_draft draft = {.content = json_parse(&w->arena, str_of(content)),
                               .separate = separate};
    assert_non_null(draft.content);
    return message_post(&w->tx, poster, &draft, out, &w->err);
}

/* One message, as it is stored. */
static struct message *post_one(struct world *w, const struct poster *poster, const char *content)
{
    struct posted posted = {.count = 0};
    w->err = ERR_NONE;
    if (!post(w, poster, content, false, &posted))
        fail_msg("%s", w->err.text);
    assert_int_equal(posted.sent, 1);
    struct message *m = message_find(&w->tx.rd, posted.results[0].message->id);
    assert_non_null(m);
    return m;
}

static const char *doc_of(struct world *w, const struct message *m)
{
    BUF(out, 1 << 16);
    json_put(&out, m->doc);
    return arena_cstr(&w->arena, buf_str(&out));
}

static struct message *say(struct world *w, struct actor who, struct room *room, const char *text)
{
    struct message *m = ARENA_NEW(&w->arena, struct message);
    m->doc = json_object(&w->arena);
    message_set(m, "msg", json_string(&w->arena, str_of(text)));
    w->err = ERR_NONE;
    if (!message_send(&w->tx, user_find(&w->tx.rd, who.id), room, m, &w->err))
        fail_msg("%s", w->err.text);
    return m;
}

/* --- from content to message --- */

static void the_content_says_what_the_message_is(void **state)
{
    struct world *w = *state;
    struct actor bot = world_user(w, "bot", "bot");
    world_room(w, &bot, 'c', "ops");
    struct str ops = STR("#ops");
    struct poster poster = poster_of(w, bot);
    poster.channels = &ops;
    poster.channel_count = 1;
    poster.integration_id = STR("i1");
    poster.alias = STR("Hook");
    poster.emoji = STR(":x:");
#define REST ",\"urls\":[],\"mentions\":[],\"channels\":[]}"
    static const struct {
        const char *content, *doc;
    } rows[] = {
        {"{}", "{\"alias\":\"Hook\",\"msg\":\"\",\"attachments\":[],\"parseUrls\":true,"
               "\"groupable\":false,\"bot\":{\"i\":\"i1\"},\"emoji\":\":x:\"" REST},
        {"{\"text\":\"\",\"msg\":\" b \",\"username\":\"U\",\"alias\":\"A\",\"icon_url\":\"\","
         "\"avatar\":\"/a\",\"icon_emoji\":\":e:\",\"bot\":{\"i\":\"forged\"}}",
         "{\"alias\":\"U\",\"msg\":\"b\",\"attachments\":[],\"parseUrls\":true,"
         "\"groupable\":false,\"bot\":{\"i\":\"i1\"},\"avatar\":\"/a\"" REST},
        {"{\"text\":5,\"alias\":\"\",\"attachments\":\"no\",\"groupable\":true,\"emoji\":\":e:\"}",
         "{\"alias\":\"Hook\",\"msg\":\"5\",\"attachments\":[],\"parseUrls\":true,"
         "\"groupable\":true,\"bot\":{\"i\":\"i1\"},\"emoji\":\":e:\"" REST},
        {"{\"text\":{\"a\":1},\"attachments\":[{\"msg\":\" m \",\"text\":\"t\",\"k\":null}],"
         "\"parseUrls\":null}",
         "{\"alias\":\"Hook\",\"msg\":\"{\\\"a\\\":1}\",\"attachments\":[{\"k\":null,"
         "\"text\":\"m\"}],\"parseUrls\":false,\"groupable\":false,\"bot\":{\"i\":\"i1\"},"
         "\"emoji\":\":x:\"" REST},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(doc_of(w, post_one(w, &poster, rows[i].content)), rows[i].doc);
}

static void the_same_content_can_be_posted_again(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    world_room(w, &bob, 'c', "ops");
    world_room(w, &bob, 'c', "dev");
    struct poster poster = poster_of(w, bob);
    struct post_draft draft = {
        .content = json_parse(&w->arena,
                              STR("{\"channel\":[\"ops\",\"dev\"],\"attachments\":["
                                  "{\"msg\":\"a\",\"n\":1},{\"text\":\"b\"}],\"text\":\"t\"}"))};
    const char *docs[4];
    for (size_t i = 0; i < 4; i += 2) {
        struct posted posted;
        assert_true(message_post(&w->tx, &poster, &draft, &posted, &w->err));
        docs[i] = doc_of(w, posted.results[0].message);
        docs[i + 1] = doc_of(w, posted.results[1].message);
    }
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(docs[i], docs[0]);
}

/* --- destinations --- */

static void nobody_named_means_nothing_posted(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct poster poster = poster_of(w, bob);
    struct posted posted = {.count = 7};
    assert_true(post(w, &poster, "{\"channel\":[],\"text\":\"x\"}", false, &posted));
    assert_true(posted.count == 0 && posted.sent == 0);
}

static void one_refusal_refuses_all(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), eve = world_user(w, "eve", "user");
    struct room *ops = world_room(w, &bob, 'c', "ops");
    world_room(w, &bob, 'p', "priv");
    struct poster poster = poster_of(w, eve);
    struct posted posted;
    static const struct {
        const char *channels, *type, *text, *code;
    } rows[] = {
        {"{\"channel\":[\"#ops\",\"#no\"]}", "invalid-channel", "", "invalid-channel"},
        {"{\"channel\":[\"#ops\",5]}", "invalid-channel", "", "invalid-channel"},
        {"{\"channel\":[\"#ops\",\"#priv\"]}", "", "error-not-allowed", "error-not-allowed"},
        {"{\"roomId\":[\"ops\",\"ops\"],\"alias\":\"x\"}", "", "Not enough permission",
         "Not enough permission"},
    };
    assert_true(room_join(&w->tx, &eve, ops, &w->err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_refused(w, post(w, &poster, rows[i].channels, false, &posted), rows[i].type,
                       rows[i].text);
        assert_true(str_is(fault_code(&w->err), rows[i].code));
        assert_int_equal(room_counters_find(&w->tx.rd, ops->seq).last_number, 1);
    }
}

static void separate_destinations_fail_alone(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    world_room(w, &bob, 'c', "ops");
    struct room *old = world_room(w, &bob, 'c', "old");
    assert_true(room_archive(&w->tx, &bob, old, &w->err));
    struct poster poster = poster_of(w, bob);
    struct posted posted;
    assert_true(post(w, &poster, "{\"channel\":[\"#no\",\"#ops\",\"#old\"]}", true, &posted));
    assert_true(posted.count == 3 && posted.sent == 1);
    assert_true(str_is(posted.results[0].channel, "#no"));
    assert_true(str_is(posted.results[0].error, "invalid-channel"));
    assert_non_null(posted.results[1].message);
    assert_true(str_is(posted.results[2].error, "room_is_archived"));
    assert_null(posted.results[2].message);
}

static void people_have_one_room_together(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    world_user(w, "eve", "user");
    struct poster poster = poster_of(w, bob);
    struct message *first = post_one(w, &poster, "{\"channel\":\"@eve\",\"text\":\"1\"}");
    struct message *second = post_one(w, &poster, "{\"channel\":\"id-eve\",\"text\":\"2\"}");
    assert_true(str_is(first->room_id, "id-bobid-eve") && second->number == 2);
    struct subscription *s = subscription_find(&w->tx.rd, first->room_id, STR("id-eve"));
    assert_true(subscription_open(s) && subscription_unread(s) == 2);
    assert_true(str_is(s->room_name, "bob") && str_is(s->room_fname, "bob's name"));
}

static void a_deleted_direct_room_comes_back_empty_under_its_id(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user"), root = world_user(w, "root", "admin");
    struct poster poster = poster_of(w, bob);
    for (int i = 0; i < 600; i++)
        post_one(w, &poster, "{\"channel\":\"@root\",\"text\":\"before\"}");
    struct room *room = room_find(&w->tx.rd, STR("id-bobid-root"));
    assert_true(room_delete(&w->tx, &root, room, &w->err));
    assert_null(room_find(&w->tx.rd, room->id));
    struct message *m = post_one(w, &poster, "{\"channel\":\"@root\",\"text\":\"after\"}");
    assert_true(str_eq(m->room_id, room->id) && m->number == 1 && m->room_seq != room->seq);
    while (rooms_sweep(&w->tx))
        ;
    assert_non_null(message_find(&w->tx.rd, m->id));
    assert_null(message_find_number(&w->tx.rd, room->seq, 600));
    assert_int_equal(room_counters_find(&w->tx.rd, room->seq).last_number, 0);
}

/* --- numbers --- */

static const char *texts(struct world *w, struct message_filter filter, int64_t offset,
                         int64_t count)
{
    struct message_list list = messages_page(&w->tx.rd, &filter, offset, count);
    BUF(out, 1 << 16);
    for (size_t i = 0; i < list.count; i++)
        (void)buf_addf(&out, "%s%.*s", i > 0 ? " " : "", STR_FMT(message_text(list.items[i])));
    return arena_cstr(&w->arena, buf_str(&out));
}

/* Ten messages, one a minute. */
static struct room *ten(struct world *w, struct actor bob, struct message **out)
{
    struct room *room = world_room(w, &bob, 'c', "ops");
    for (int i = 0; i < 10; i++) {
        out[i] = say(w, bob, room, arena_fmt(&w->arena, "%d", i).ptr);
        w->tx.rd.now_ms += 60000;
    }
    return room;
}

static void pages_go_by_number_with_gaps_and_without(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct message *m[10];
    struct room *room = ten(w, bob, m);
    struct message_filter newest = {.room_seq = room->seq}, oldest = newest;
    oldest.oldest_first = true;
    assert_string_equal(texts(w, newest, 0, 3), "9 8 7");
    assert_string_equal(texts(w, newest, 8, INT64_MAX), "1 0");
    assert_string_equal(texts(w, oldest, 8, 5), "8 9");
    assert_string_equal(texts(w, newest, 10, 5), "");
    assert_string_equal(texts(w, newest, 0, 0), "");
    const struct user *user = user_find(&w->tx.rd, bob.id);
    assert_true(message_delete(&w->tx, user, m[9], &w->err));
    assert_true(message_delete(&w->tx, user, m[4], &w->err));
    assert_string_equal(texts(w, newest, 3, 3), "5 3 2");
    assert_string_equal(texts(w, oldest, 3, 3), "3 5 6");
    assert_int_equal(messages_total(&w->tx.rd, &newest), 8);
    struct room_counters c = room_counters_find(&w->tx.rd, room->seq);
    assert_true(c.last_number == 10 && c.last_shown == 9 && c.removed == 2);
    room_complete(&w->tx.rd, room);
    assert_true(room->messages == 8 && str_is(message_text(room->last_message), "8"));
    assert_int_equal(say(w, bob, room, "new")->number, 11);
}

static void a_span_of_time_is_found(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct message *m[10];
    struct room *room = ten(w, bob, m);
    struct message_filter f = {.room_seq = room->seq, .from_ms = m[3]->ts_ms};
    assert_string_equal(texts(w, f, 0, 99), "9 8 7 6 5 4 3");
    f.from_ms++;
    f.before_ms = m[6]->ts_ms;
    assert_string_equal(texts(w, f, 0, 99), "5 4");
    assert_int_equal(messages_total(&w->tx.rd, &f), 2);
    f.from_ms = 1;
    assert_string_equal(texts(w, f, 4, 99), "1 0");
    f.before_ms = 2;
    assert_string_equal(texts(w, f, 0, 99), "");
    f = (struct message_filter){.room_seq = room->seq, .from_ms = INT64_MAX / 2};
    assert_string_equal(texts(w, f, 0, 99), "");
}

static void time_that_goes_back_does_not_turn_the_order(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    int64_t first_ms = say(w, bob, room, "first")->ts_ms;
    w->tx.rd.now_ms -= 3600000;
    assert_int_equal(say(w, bob, room, "second")->ts_ms, first_ms);
}

static void a_clients_moment_counts_when_it_is_near(void **state)
{
    static const struct {
        int64_t off_ms, kept;
    } rows[] = {{0, 1}, {-9000, 1}, {10000, 1}, {-11000, 0}, {59000, 0}};
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    const struct user *user = user_find(&w->tx.rd, bob.id);
    int64_t now_ms = w->tx.rd.now_ms;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message m = {.ts_ms = now_ms + rows[i].off_ms, .doc = json_object(&w->arena)};
        assert_true(message_send(&w->tx, user, room, &m, &w->err));
        assert_int_equal(m.ts_ms, rows[i].kept ? now_ms + rows[i].off_ms : now_ms);
    }
    struct message late = {.ts_ms = now_ms - 60001, .doc = json_object(&w->arena)};
    assert_refused(w, message_send(&w->tx, user, room, &late, &w->err),
                   "error-message-ts-out-of-sync", "Message timestamp is out of sync");
}

static void replies_aside_are_no_newest_message(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    struct message *parent = say(w, bob, room, "parent");
    struct message reply = {.thread_id = parent->id, .doc = json_object(&w->arena)};
    const struct user *user = user_find(&w->tx.rd, bob.id);
    assert_true(message_send(&w->tx, user, room, &reply, &w->err));
    assert_int_equal(room_counters_find(&w->tx.rd, room->seq).last_shown, 1);
    struct message_filter thread = {.room_seq = room->seq, .thread_id = parent->id};
    assert_int_equal(messages_total(&w->tx.rd, &thread), 1);
    struct message_filter shown = {.room_seq = room->seq, .without_asides = true};
    assert_string_equal(texts(w, shown, 0, 9), "parent");
    assert_true(message_delete(&w->tx, user, parent, &w->err));
    assert_int_equal(room_counters_find(&w->tx.rd, room->seq).last_shown, 0);
}

/* --- what one post writes --- */

static int64_t rows_in(struct world *w)
{
    static const char *const counts[] = {
        "SELECT COUNT(*) FROM messages", "SELECT COUNT(*) FROM mentions",
        "SELECT COUNT(*) FROM subscriptions WHERE read_number > 0"};
    int64_t rows = 0;
    for (size_t i = 0; i < 3; i++) {
        struct stmt *q = db_stmt(w->db, counts[i]);
        assert_true(stmt_next(q));
        rows += col_i64(q, 0);
        stmt_done(q);
    }
    return rows;
}

static void a_message_to_all_writes_one_row_for_all(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &bob, 'c', "ops");
    struct actor eve = world_user(w, "eve", "user");
    for (int i = 0; i < 50; i++) {
        struct subscription s = {.id = arena_fmt(&w->arena, "s%d", i),
                                 .room_id = room->id,
                                 .user_id = arena_fmt(&w->arena, "u%d", i)};
        subscription_insert(&w->tx, &s);
    }
    struct subscription s = {.id = STR("s"), .room_id = room->id, .user_id = eve.id};
    subscription_insert(&w->tx, &s);
    int64_t before = rows_in(w);
    say(w, bob, room, "@all @here @eve");
    assert_int_equal(rows_in(w), before + 4); /* message, two mentions, the sender's place */
    struct subscription *hers = subscription_find(&w->tx.rd, room->id, eve.id);
    assert_true(subscription_unread(hers) == 1 && hers->user_mentions == 1);
    assert_true(hers->group_mentions == 1 && subscription_alert(hers));
}

static void an_id_of_a_room_that_was_deleted_is_free(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    const struct user *user = user_find(&w->tx.rd, bob.id);
    struct room *room = world_room(w, &bob, 'c', "ops"), *other = world_room(w, &bob, 'c', "dev");
    struct message one = {.id = STR("42"), .doc = json_object(&w->arena)}, again = one,
                   elsewhere = one;
    assert_true(message_send(&w->tx, user, room, &one, &w->err));
    for (int i = 0; i < 400; i++)
        say(w, bob, room, "x");
    assert_true(message_send(&w->tx, user, room, &again, &w->err));
    assert_int_equal(again.number, 1);
    assert_refused(w, message_send(&w->tx, user, other, &elsewhere, &w->err),
                   "error-invalid-message", "The id belongs to another message");
    room_mark_erased(&w->tx, room->id);
    elsewhere = (struct message){.id = STR("42"), .doc = json_object(&w->arena)};
    assert_true(message_send(&w->tx, user, other, &elsewhere, &w->err));
}

static void notes_of_deletions_go_after_a_month(void **state)
{
    struct world *w = *state;
    struct actor bob = world_user(w, "bob", "user");
    struct message *m[10];
    ten(w, bob, m);
    assert_true(message_delete(&w->tx, user_find(&w->tx.rd, bob.id), m[1], &w->err));
    assert_false(messages_to_sweep(&w->tx.rd));
    w->tx.rd.now_ms += (int64_t)31 * 24 * 3600 * 1000;
    assert_true(messages_to_sweep(&w->tx.rd));
    assert_false(messages_sweep(&w->tx));
    assert_false(messages_to_sweep(&w->tx.rd));
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_content_says_what_the_message_is),
        IN_A_WORLD(the_same_content_can_be_posted_again),
        IN_A_WORLD(nobody_named_means_nothing_posted),
        IN_A_WORLD(one_refusal_refuses_all),
        IN_A_WORLD(separate_destinations_fail_alone),
        IN_A_WORLD(people_have_one_room_together),
        IN_A_WORLD(a_deleted_direct_room_comes_back_empty_under_its_id),
        IN_A_WORLD(pages_go_by_number_with_gaps_and_without),
        IN_A_WORLD(a_span_of_time_is_found),
        IN_A_WORLD(time_that_goes_back_does_not_turn_the_order),
        IN_A_WORLD(a_clients_moment_counts_when_it_is_near),
        IN_A_WORLD(replies_aside_are_no_newest_message),
        IN_A_WORLD(a_message_to_all_writes_one_row_for_all),
        IN_A_WORLD(an_id_of_a_room_that_was_deleted_is_free),
        IN_A_WORLD(notes_of_deletions_go_after_a_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
