/* The folder of files: pieces, what is whole, and what goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file_bytes.h"

#define ONE STR("65f000000000000000000001")
#define TWO STR("65f000000000000000000002")

static char folder_path[64];
static struct str folder;
static struct err err;

static int setup(void **state)
{
    (void)state;
    err = ERR_NONE;
    (void)snprintf(folder_path, sizeof(folder_path), "/tmp/gantry-unit-XXXXXX");
    assert_non_null(mkdtemp(folder_path));
    folder = str_of(folder_path);
    assert_true(bytes_open(folder, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const inside[] = {"files/README", "files/incoming", "files", ""};
    assert_true(bytes_remove(folder, ONE, &err) && bytes_remove(folder, TWO, &err));
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder_path, inside[i]);
        (void)remove(path);
    }
    return access(folder_path, F_OK) == 0 ? -1 : 0;
}

static void keep(struct str id, struct str text)
{
    assert_true(bytes_add(folder, id, text, true, &err));
    assert_true(bytes_keep(folder, id, &err));
}

static void pieces_become_a_file_when_they_are_kept(void **state)
{
    (void)state;
    char text[11] = "";
    assert_true(bytes_add(folder, ONE, STR("hello"), true, &err));
    assert_true(bytes_add(folder, ONE, STR(" world"), false, &err));
    assert_int_equal(bytes_size(folder, ONE), -1);
    assert_true(bytes_keep(folder, ONE, &err));
    assert_int_equal(bytes_size(folder, ONE), 11);
    assert_true(bytes_read(folder, ONE, 0, text, 11, &err));
    assert_memory_equal(text, "hello world", 11);
    assert_true(bytes_read(folder, ONE, 6, text, 5, &err));
    assert_memory_equal(text, "world", 5);
}

static void what_is_not_there_cannot_be_read(void **state)
{
    (void)state;
    char text[10];
    assert_false(bytes_read(folder, ONE, 0, text, 1, &err));
    assert_int_equal(err.status, 500);
    keep(ONE, STR("abc"));
    assert_false(bytes_read(folder, ONE, 1, text, 3, &err));
    assert_true(bytes_read(folder, ONE, 3, text, 0, &err));
}

static void an_id_is_not_used_twice(void **state)
{
    (void)state;
    assert_true(bytes_add(folder, ONE, STR("a"), true, &err));
    assert_false(bytes_add(folder, ONE, STR("b"), true, &err));
}

static void an_earlier_process_s_uploads_go_and_its_files_stay(void **state)
{
    (void)state;
    keep(ONE, STR("whole"));
    assert_true(bytes_add(folder, TWO, STR("half"), true, &err));
    assert_true(bytes_open(folder, &err));
    assert_int_equal(bytes_size(folder, ONE), 5);
    assert_false(bytes_keep(folder, TWO, &err));
}

static void removing_what_is_gone_is_fine(void **state)
{
    (void)state;
    keep(ONE, STR("a"));
    assert_true(bytes_remove(folder, ONE, &err));
    assert_true(bytes_remove(folder, ONE, &err));
    assert_int_equal(bytes_size(folder, ONE), -1);
}

static void a_list_has_the_files_that_are_whole_and_ours(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/files/README", folder_path);
    FILE *other = fopen(path, "w");
    assert_non_null(other);
    (void)fclose(other);
    keep(ONE, STR("a"));
    assert_true(bytes_add(folder, TWO, STR("half"), true, &err));
    struct bytes_walk *walk = NULL;
    struct str id;
    assert_true(bytes_list(folder, &walk, &id));
    assert_true(str_eq(id, ONE));
    assert_false(bytes_list(folder, &walk, &id));
    assert_null(walk);
}

static void nobody_else_may_look_inside(void **state)
{
    (void)state;
    struct stat about;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/files", folder_path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 077, 0);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    assert_false(bytes_open(STR("/proc/none"), &err));
    assert_non_null(strstr(err.text, "/proc/none/files"));
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(pieces_become_a_file_when_they_are_kept),
        EACH(what_is_not_there_cannot_be_read),
        EACH(an_id_is_not_used_twice),
        EACH(an_earlier_process_s_uploads_go_and_its_files_stay),
        EACH(removing_what_is_gone_is_fine),
        EACH(a_list_has_the_files_that_are_whole_and_ours),
        EACH(nobody_else_may_look_inside),
        EACH(a_folder_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
