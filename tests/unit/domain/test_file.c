/* The rules of files: who may, the message that carries one, and how they go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/file.h"
#include "world.h"

static const int64_t day_ms = 86400000;

static struct file *add(struct world *w, const struct actor *by, const struct room *room,
                        const char *id)
{
    struct file *file = ARENA_NEW(&w->arena, struct file);
    *file =
        (struct file){.id = str_of(id), .name = STR("a.txt"), .type = STR("text/plain"), .size = 5};
    assert_true(file_add(&w->tx, by, room->id, file, &w->err));
    return file;
}

static struct message *post(struct world *w, const struct actor *by, const struct room *room,
                            const struct file *file)
{
    struct message *m;
    const struct user *user = user_find(&w->tx.rd, by->id);
    const struct file_post said = {.text = STR("hi")};
    return file_post(&w->tx, user, room->id, file->id, &said, &m, &w->err) ? m : NULL;
}

static bool is_there(struct world *w, const struct file *file)
{
    return file_find(&w->tx.rd, file->id) != NULL;
}

static void who_sees_a_room_may_upload_there(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin"), bob = world_user(w, "bob", "user");
    struct room *open = world_room(w, &admin, 'c', "open"), *found;
    struct room *closed = world_room(w, &admin, 'p', "closed");
    assert_true(file_may_upload(&w->tx.rd, bob.id, open->id, &found, &w->err));
    assert_true(str_eq(found->id, open->id));
    assert_refused(w, file_may_upload(&w->tx.rd, bob.id, closed->id, &found, &w->err), "",
                   "unauthorized");
    assert_int_equal(w->err.status, 403);
    assert_refused(w, file_may_upload(&w->tx.rd, bob.id, STR("none"), &found, &w->err), "",
                   "unauthorized");
}

static void an_upload_expires_and_a_confirmed_one_does_not(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin");
    struct room *room = world_room(w, &admin, 'c', "room");
    struct file *one = add(w, &admin, room, "one"), *two = add(w, &admin, room, "two");
    assert_non_null(post(w, &admin, room, two));
    w->tx.rd.now_ms += day_ms - 1;
    assert_true(is_there(w, one) && is_there(w, two));
    assert_false(files_any_gone(&w->tx.rd));
    w->tx.rd.now_ms += 1;
    assert_true(!is_there(w, one) && is_there(w, two));
    assert_true(files_any_gone(&w->tx.rd));
    assert_null(post(w, &admin, room, one));
    assert_string_equal(w->err.type, "invalid-file");

    struct str gone[10];
    files_expire(&w->tx, 10);
    assert_int_equal(files_gone(&w->tx.rd, gone, 10), 1);
    assert_true(str_is(gone[0], "one"));
    assert_true(file_row_exists(&w->tx.rd, STR("one")));
    file_erase_gone(&w->tx, STR("one"));
    file_erase_gone(&w->tx, STR("two")); /* is not gone */
    assert_false(file_row_exists(&w->tx.rd, STR("one")));
    assert_true(file_row_exists(&w->tx.rd, STR("two")));
}

static void a_file_has_one_message(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin");
    struct room *room = world_room(w, &admin, 'c', "room");
    struct file *file = add(w, &admin, room, "one");
    const struct message *m = post(w, &admin, room, file), *again = post(w, &admin, room, file);
    assert_non_null(m);
    assert_true(str_eq(m->id, again->id));
    assert_true(str_eq(file_find(&w->tx.rd, file->id)->message_id, m->id));
}

static void only_its_uploader_sends_it_and_only_there(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin"), bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &admin, 'c', "room");
    struct room *other = world_room(w, &admin, 'c', "other");
    struct file *file = add(w, &admin, room, "one");
    assert_null(post(w, &bob, room, file));
    assert_string_equal(w->err.type, "invalid-file");
    assert_null(post(w, &admin, other, file));
    assert_string_equal(w->err.type, "invalid-file");
    assert_true(str_empty(file_find(&w->tx.rd, file->id)->message_id));
}

static void a_message_takes_its_file_with_it(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin");
    struct room *room = world_room(w, &admin, 'c', "room");
    struct file *one = add(w, &admin, room, "one"), *two = add(w, &admin, room, "two");
    struct message *m = post(w, &admin, room, one);
    assert_non_null(post(w, &admin, room, two));
    assert_true(message_delete(&w->tx, user_find(&w->tx.rd, admin.id), m, &w->err));
    assert_true(!is_there(w, one) && is_there(w, two));
}

static void a_room_takes_its_files_with_it(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin");
    struct room *room = world_room(w, &admin, 'c', "room");
    struct room *other = world_room(w, &admin, 'c', "other");
    struct file *one = add(w, &admin, room, "one"), *two = add(w, &admin, other, "two");
    room_remove(&w->tx, room);
    assert_true(!is_there(w, one) && is_there(w, two));
    while (rooms_to_sweep(&w->tx.rd))
        rooms_sweep(&w->tx);
    struct str gone[10];
    assert_int_equal(files_gone(&w->tx.rd, gone, 10), 1);
    assert_true(str_is(gone[0], "one"));
}

static void what_lost_its_bytes_is_dropped_unless_a_message_names_it(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin");
    struct room *room = world_room(w, &admin, 'c', "room");
    struct file *one = add(w, &admin, room, "one"), *two = add(w, &admin, room, "two");
    assert_non_null(post(w, &admin, room, two));
    struct file_row rows[10];
    assert_int_equal(files_after(&w->tx.rd, 0, rows, 10), 2);
    assert_true(!rows[0].confirmed && rows[1].confirmed && rows[1].size == 5);
    assert_int_equal(files_after(&w->tx.rd, rows[0].seq, rows, 10), 1);
    file_drop_unconfirmed(&w->tx, one->id);
    file_drop_unconfirmed(&w->tx, two->id);
    assert_true(!is_there(w, one) && is_there(w, two));
}

static void a_list_is_filtered_and_ordered(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin");
    struct room *room = world_room(w, &admin, 'c', "room");
    add(w, &admin, room, "one");
    add(w, &admin, world_room(w, &admin, 'c', "other"), "two");
    struct file_filter filter = {.room_seq = room->seq, .order = STR("f.name ASC")};
    struct file_list list = files_page(&w->tx.rd, &filter, 0, INT64_MAX);
    assert_int_equal(list.count, 1);
    assert_true(str_is(list.items[0]->username, "admin"));
    assert_int_equal(files_page(&w->tx.rd, &filter, 1, 10).count, 0);
    filter.name = STR("A.T");
    filter.group = STR("text");
    assert_int_equal(files_total(&w->tx.rd, &filter), 1);
    filter.name = STR("a%t");
    assert_int_equal(files_total(&w->tx.rd, &filter), 0);
    filter.name = STR("");
    filter.confirmed = true;
    assert_int_equal(files_total(&w->tx.rd, &filter), 0);
}

static void a_reader_must_see_the_room(void **state)
{
    struct world *w = *state;
    struct actor admin = world_user(w, "admin", "admin"), bob = world_user(w, "bob", "user");
    struct room *room = world_room(w, &admin, 'p', "room");
    struct file *file = add(w, &admin, room, "one"), *found;
    assert_true(file_for(&w->tx.rd, admin.id, file->id, &found, &w->err));
    assert_int_equal(found->size, 5);
    assert_false(file_for(&w->tx.rd, bob.id, file->id, &found, &w->err));
    assert_int_equal(w->err.status, 403);
    assert_false(file_for(&w->tx.rd, admin.id, STR("none"), &found, &w->err));
    assert_int_equal(w->err.status, 404);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(who_sees_a_room_may_upload_there),
        EACH(an_upload_expires_and_a_confirmed_one_does_not),
        EACH(a_file_has_one_message),
        EACH(only_its_uploader_sends_it_and_only_there),
        EACH(a_message_takes_its_file_with_it),
        EACH(a_room_takes_its_files_with_it),
        EACH(what_lost_its_bytes_is_dropped_unless_a_message_names_it),
        EACH(a_list_is_filtered_and_ordered),
        EACH(a_reader_must_see_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
