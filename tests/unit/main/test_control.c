/* The control socket, both ends in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "main/control.h"

enum { PATH_BYTES = 512, LONG_NAME = 200, LARGE = 500000 };

struct place {
    char folder[PATH_BYTES];
    char socket[PATH_BYTES + 16];
};

static void name_socket(struct place *place)
{
    (void)snprintf(place->socket, sizeof(place->socket), "%s/gantry.sock", place->folder);
}

static int make_place(void **state)
{
    static struct place place;
    (void)snprintf(place.folder, sizeof(place.folder), "/tmp/gantry-control-XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    name_socket(&place);
    *state = &place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    (void)unlink(place->socket);
    assert_int_equal(rmdir(place->folder), 0);
    return 0;
}

/* Says what it was asked, behind the text it was given. */
static void echo(void *arg, struct str request, struct buf *answer)
{
    (void)buf_addf(answer, "%s%.*s", (const char *)arg, STR_FMT(request));
}

static struct control *open_echo(const struct place *place)
{
    struct err err = ERR_NONE;
    static char prefix[] = "you said ";
    struct control *control = control_open(place->folder, echo, prefix, &err);
    assert_string_equal(err.text, "");
    assert_non_null(control);
    return control;
}

static void assert_says(const struct place *place, const char *question, const char *expected)
{
    struct err err = ERR_NONE;
    BUF(answer, CONTROL_LINE_BYTES);
    assert_int_equal(control_ask(place->folder, str_of(question), &answer, &err), CONTROL_ANSWERED);
    assert_string_equal(answer.ptr, expected);
}

static void assert_nobody(const struct place *place)
{
    struct err err = ERR_NONE;
    BUF(answer, CONTROL_LINE_BYTES);
    assert_int_equal(control_ask(place->folder, STR("hello"), &answer, &err), CONTROL_NOBODY);
}

static void a_line_gets_its_answer_again_and_again(void **state)
{
    struct place *place = *state;
    struct control *control = open_echo(place);
    assert_says(place, "hello", "you said hello");
    assert_says(place, "", "you said ");
    assert_says(place, "again", "you said again");
    control_close(control);
}

static void a_large_line_arrives_whole(void **state)
{
    struct place *place = *state;
    struct control *control = open_echo(place);
    char *large = malloc(LARGE + 1), *expected = malloc(LARGE + 16);
    assert_true(large != NULL && expected != NULL);
    memset(large, 'x', LARGE);
    large[LARGE] = '\0';
    (void)snprintf(expected, LARGE + 16, "you said %s", large);
    assert_says(place, large, expected);
    free(expected);
    free(large);
    control_close(control);
}

static void without_a_server_nobody_answers(void **state)
{
    struct place *place = *state;
    assert_nobody(place);
    control_close(open_echo(place));
    assert_nobody(place);
    assert_int_equal(access(place->socket, F_OK), -1);
}

static void without_a_folder_nobody_answers(void **state)
{
    (void)state;
    assert_nobody(&(struct place){.folder = "/tmp/gantry-control-that-is-not-there"});
}

static void only_the_owner_may_connect(void **state)
{
    struct place *place = *state;
    struct control *control = open_echo(place);
    struct stat found;
    assert_int_equal(stat(place->socket, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    control_close(control);
}

static struct sockaddr_un address_of(const struct place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(place->socket) < sizeof(address.sun_path));
    memcpy(address.sun_path, place->socket, strlen(place->socket) + 1);
    return address;
}

static void the_socket_of_a_dead_server_is_replaced(void **state)
{
    struct place *place = *state;
    struct sockaddr_un address = address_of(place);
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dead, (const struct sockaddr *)&address, sizeof(address)), 0);
    (void)close(dead);
    assert_nobody(place);
    struct control *control = open_echo(place);
    assert_says(place, "hello", "you said hello");
    control_close(control);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct place *place = *state;
    struct err err = ERR_NONE;
    FILE *file = fopen(place->socket, "we");
    assert_non_null(file);
    (void)fclose(file);
    assert_null(control_open(place->folder, echo, NULL, &err));
    assert_non_null(strstr(err.text, "gantry.sock cannot be made"));
    assert_int_equal(access(place->socket, F_OK), 0);
}

static void a_folder_with_a_long_name_works_too(void **state)
{
    struct place *place = *state, deep;
    size_t length = strlen(place->folder);
    deep = *place;
    deep.folder[length++] = '/';
    memset(deep.folder + length, 'd', LONG_NAME);
    deep.folder[length + LONG_NAME] = '\0';
    name_socket(&deep);
    assert_int_equal(mkdir(deep.folder, 0700), 0);
    struct control *control = open_echo(&deep);
    assert_says(&deep, "hello", "you said hello");
    control_close(control);
    assert_nobody(&deep);
    assert_int_equal(rmdir(deep.folder), 0);
}

static void a_client_that_says_nothing_does_not_hold_up_the_end(void **state)
{
    struct place *place = *state;
    struct control *control = open_echo(place);
    struct sockaddr_un address = address_of(place);
    int silent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(silent, (const struct sockaddr *)&address, sizeof(address)), 0);
    control_close(control);
    char byte;
    assert_true(recv(silent, &byte, 1, 0) <= 0);
    (void)close(silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_gets_its_answer_again_and_again, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_large_line_arrives_whole, make_place, remove_place),
        cmocka_unit_test_setup_teardown(without_a_server_nobody_answers, make_place, remove_place),
        cmocka_unit_test_setup_teardown(without_a_folder_nobody_answers, make_place, remove_place),
        cmocka_unit_test_setup_teardown(only_the_owner_may_connect, make_place, remove_place),
        cmocka_unit_test_setup_teardown(the_socket_of_a_dead_server_is_replaced, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(what_is_no_socket_is_left_alone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_folder_with_a_long_name_works_too, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_client_that_says_nothing_does_not_hold_up_the_end,
                                        make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
