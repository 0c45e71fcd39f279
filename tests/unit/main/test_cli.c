/* Reading the command line by a table of the test's own: what runs with what, and what is said to
 * words nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "main/cli.h"

enum { OUTPUT_BYTES = 64 * 1024 };

/* --- a small program --- */

/* What ran last. */
static struct cli ran;

static int run(const struct cli *cli)
{
    ran = *cli;
    return EXIT_DONE;
}

static int run_badly(const struct cli *cli)
{
    ran = *cli;
    return EXIT_FAILED;
}

static const struct cli_option paint_options[] = {
    {"--color", "NAME", "Which one"},
    {"--twice", NULL, "Two coats"},
    {NULL, NULL, NULL},
};

static const struct cli_command commands[] = {
    {.words = "paint",
     .operand = "THING",
     .summary = "Paint",
     .options = paint_options,
     .run = run},
    {.words = "house build", .summary = "Build", .settings = CLI_SETTINGS, .run = run},
    {.words = "house burn", .summary = "Burn", .run = run_badly},
    {.words = "--secretly", .summary = "Hide", .run = run, .hidden = true},
    {.words = NULL},
};

/* Runs it with these words; what it writes lands in `out`, both streams one after the other. */
#define RUN(out, ...) run_words(out, (char *[]){(char[]){"gantry"}, __VA_ARGS__, NULL})
#define W(word)       ((char[]){word})

static int redirect(int stream, int to)
{
    int saved = dup(stream);
    assert_true(saved >= 0 && dup2(to, stream) == stream);
    return saved;
}

static void restore(int stream, int saved)
{
    assert_true(dup2(saved, stream) == stream);
    (void)close(saved);
}

static int run_words(char out[OUTPUT_BYTES], char **argv)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    int file = memfd_create("output", MFD_CLOEXEC);
    assert_true(file >= 0);
    ran = (struct cli){.command = NULL};
    (void)fflush(stdout);
    int saved_out = redirect(STDOUT_FILENO, file), saved_err = redirect(STDERR_FILENO, file);
    int code = cli_main(commands, argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    restore(STDOUT_FILENO, saved_out);
    restore(STDERR_FILENO, saved_err);
    ssize_t length = pread(file, out, OUTPUT_BYTES - 1, 0);
    assert_true(length >= 0);
    out[length] = '\0';
    (void)close(file);
    return code;
}

/* --- reading --- */

static void options_come_with_a_blank_or_an_equals_sign(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("paint"), W("--color"), W("red"), W("door"), W("--color=blue=ish"),
                         W("--twice")),
                     EXIT_DONE);
    assert_string_equal(ran.operand, "door");
    assert_string_equal(cli_value(&ran, "--color", 0), "red");
    assert_string_equal(cli_value(&ran, "--color", 1), "blue=ish");
    assert_null(cli_value(&ran, "--color", 2));
    assert_true(cli_has(&ran, "--twice"));
    assert_false(cli_has(&ran, "--thrice"));
}

static void behind_two_dashes_everything_is_an_operand(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("paint"), W("--"), W("--color")), EXIT_DONE);
    assert_string_equal(ran.operand, "--color");
}

static void the_exit_code_is_the_commands(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("house"), W("burn")), EXIT_FAILED);
}

static void only_commands_with_settings_take_their_flags(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("house"), W("build"), W("--data"), W("x"), W("--http.real_ip=yes"),
                         W("--config"), W("f")),
                     EXIT_DONE);
    assert_int_equal(ran.count, 3);
    assert_true(ran.given[0].setting && ran.given[1].setting && !ran.given[2].setting);
    assert_int_equal(RUN(out, W("house"), W("burn"), W("--data"), W("x")), EXIT_USAGE);
    assert_int_equal(RUN(out, W("house"), W("build"), W("--htp.real_ip"), W("x")), EXIT_USAGE);
    assert_non_null(strstr(out, "did you mean \"--http.real_ip\"?"));
}

/* --- complaints --- */

static void misuse_is_told_and_runs_nothing(void **state)
{
    (void)state;
    const struct {
        char *words[4];
        const char *says;
    } rows[] = {
        {{(char[]){"gantry"}, (char[]){"paint"}, NULL}, "THING is missing"},
        {{(char[]){"gantry"}, (char[]){"paint"}, (char[]){"--color"}, NULL}, "needs a value"},
        {{(char[]){"gantry"}, (char[]){"paint"}, (char[]){"--twice=2"}, NULL}, "takes no value"},
        {{(char[]){"gantry"}, (char[]){"paint"}, (char[]){"--colour"}, NULL},
         "did you mean \"--color\"?"},
        {{(char[]){"gantry"}, (char[]){"pain"}, NULL}, "did you mean \"paint\"?"},
        {{(char[]){"gantry"}, (char[]){"house"}, (char[]){"biuld"}, NULL},
         "no command \"house biuld\"; did you mean \"house build\"?"},
        {{(char[]){"gantry"}, (char[]){"--colour"}, NULL}, "no command \"--colour\""},
        {{(char[]){"gantry"}, (char[]){"house"}, (char[]){"paint"}, NULL},
         "no command \"house paint\"; did you mean \"house build\"?\nSee gantry house --help."},
        {{(char[]){"gantry"}, (char[]){"undo"}, NULL}, "no command \"undo\"\nSee gantry --help."},
        {{(char[]){"gantry"}, (char[]){"paint"}, (char[]){"--undo"}, NULL},
         "no option \"--undo\"\nSee gantry paint --help."},
        {{(char[]){"gantry"}, (char[]){"help"}, (char[]){"pain"}, NULL}, "did you mean \"paint\"?"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[OUTPUT_BYTES];
        char *words[] = {rows[i].words[0], rows[i].words[1], rows[i].words[2], NULL};
        assert_int_equal(run_words(out, words), EXIT_USAGE);
        assert_null(ran.command);
        if (strstr(out, rows[i].says) == NULL)
            fail_msg("not said: %s\nbut: %s", rows[i].says, out);
    }
}

static void one_operand_too_many_is_misuse(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("paint"), W("door"), W("wall")), EXIT_USAGE);
    assert_non_null(strstr(out, "one word too many"));
}

static void too_many_options_are_misuse(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    char *words[CLI_FLAGS + 5] = {W("gantry"), W("paint"), W("door")};
    char *flag = W("--twice");
    for (size_t i = 3; i < CLI_FLAGS + 4; i++)
        words[i] = flag;
    assert_int_equal(run_words(out, words), EXIT_USAGE);
    assert_non_null(strstr(out, "too many"));
}

/* --- help --- */

static void nothing_at_all_shows_the_commands_and_is_misuse(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(run_words(out, (char *[]){W("gantry"), NULL}), EXIT_USAGE);
    assert_non_null(strstr(out, "house build"));
}

static void help_is_everywhere(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("--help")), EXIT_DONE);
    assert_non_null(strstr(out, "paint THING"));
    assert_int_equal(RUN(out, W("-h")), EXIT_DONE);
    assert_int_equal(RUN(out, W("house"), W("--help")), EXIT_DONE);
    assert_non_null(strstr(out, "house burn"));
    assert_null(strstr(out, "paint"));
    assert_int_equal(RUN(out, W("paint"), W("--help")), EXIT_DONE);
    assert_non_null(strstr(out, "--color NAME"));
    assert_null(ran.command);
    assert_int_equal(RUN(out, W("paint"), W("door"), W("-h")), EXIT_DONE);
    assert_null(ran.command);
}

static void help_is_a_command_too(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("help")), EXIT_DONE);
    assert_non_null(strstr(out, "paint THING"));
    assert_int_equal(RUN(out, W("help"), W("house")), EXIT_DONE);
    assert_non_null(strstr(out, "house burn"));
    assert_int_equal(RUN(out, W("help"), W("house"), W("build")), EXIT_DONE);
    assert_non_null(strstr(out, "Usage: gantry house build"));
    assert_null(ran.command);
}

static void a_hidden_command_works_and_is_not_listed(void **state)
{
    (void)state;
    char out[OUTPUT_BYTES];
    assert_int_equal(RUN(out, W("--secretly")), EXIT_DONE);
    assert_non_null(ran.command);
    assert_int_equal(RUN(out, W("--help")), EXIT_DONE);
    assert_null(strstr(out, "--secretly"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_come_with_a_blank_or_an_equals_sign),
        cmocka_unit_test(behind_two_dashes_everything_is_an_operand),
        cmocka_unit_test(the_exit_code_is_the_commands),
        cmocka_unit_test(only_commands_with_settings_take_their_flags),
        cmocka_unit_test(misuse_is_told_and_runs_nothing),
        cmocka_unit_test(one_operand_too_many_is_misuse),
        cmocka_unit_test(too_many_options_are_misuse),
        cmocka_unit_test(nothing_at_all_shows_the_commands_and_is_misuse),
        cmocka_unit_test(help_is_everywhere),
        cmocka_unit_test(help_is_a_command_too),
        cmocka_unit_test(a_hidden_command_works_and_is_not_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
