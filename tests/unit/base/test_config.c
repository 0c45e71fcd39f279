/* The settings engine under a table of its own: values, sources, precedence, and what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct settings {
    const char *name;
    const char *mode;
    const char *password;
    int64_t port;
    int64_t offset;
    bool verbose;
    int64_t room;
    int64_t patience_ms;
    struct config_list friends;
};

#define MEMBER(name) .offset = offsetof(struct settings, name)

static const struct config_field fields[] = {
    {.section = "web",
     .key = "name",
     .kind = CONFIG_TEXT,
     MEMBER(name),
     .fallback = "here",
     .min = 1,
     .max = 10,
     .help = "what it is called",
     .reloadable = true},
    {.section = "web",
     .key = "port",
     .kind = CONFIG_INT,
     MEMBER(port),
     .fallback = "3000",
     .min = 1,
     .max = 65535,
     .help = "where it listens",
     .flag = "--port",
     .env = "PORT"},
    {.section = "web",
     .key = "verbose",
     .kind = CONFIG_BOOL,
     MEMBER(verbose),
     .fallback = "no",
     .help = "say more",
     .flag = "--verbose"},
    {.section = "web",
     .key = "mode",
     .kind = CONFIG_TEXT,
     MEMBER(mode),
     .fallback = "slow",
     .choices = "slow fast",
     .help = "slow | fast"},
    {.section = "store",
     .key = "room",
     .kind = CONFIG_SIZE,
     MEMBER(room),
     .fallback = "64k",
     .min = 1024,
     .max = 1 << 30,
     .help = "bytes kept"},
    {.section = "store",
     .key = "patience",
     .kind = CONFIG_DURATION,
     MEMBER(patience_ms),
     .fallback = "5m",
     .max = 86400000,
     .help = "how long to wait"},
    {.section = "store",
     .key = "friends",
     .kind = CONFIG_LIST,
     MEMBER(friends),
     .max = 3,
     .help = "who may come"},
    {.section = "store",
     .key = "offset",
     .kind = CONFIG_INT,
     MEMBER(offset),
     .min = -5,
     .max = 5,
     .help = "may be below zero"},
    {.section = "store",
     .key = "password",
     .kind = CONFIG_TEXT,
     MEMBER(password),
     .max = 20,
     .help = "how to get in",
     .secret = true},
};

struct fixture {
    struct config config;
    struct settings settings;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = ERR_NONE};
    config_init(&f.config, fields, COUNT(fields), &f.settings, "TEST_");
    config_defaults(&f.config);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    config_release(&f->config);
    return 0;
}

static bool set(struct fixture *f, const char *name, const char *value)
{
    return config_set(&f->config, name, str_of(value), &f->err);
}

static bool load_env(struct fixture *f, const char *const *environment, const char *const *ignore)
{
    char *copies[8] = {NULL};
    for (size_t i = 0; environment[i] != NULL; i++)
        assert_non_null(copies[i] = strdup(environment[i]));
    bool ok = config_load_env(&f->config, copies, ignore, &f->err);
    for (size_t i = 0; copies[i] != NULL; i++)
        free(copies[i]);
    return ok;
}

/* Loads a file of that content; its name is replaced by FILE in the error. */
static bool load_text(struct fixture *f, struct str content)
{
    char path[64];
    int fd = memfd_create("settings", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.ptr, content.len), content.len);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    bool ok = config_load_file(&f->config, path, &f->err);
    (void)close(fd);
    if (!ok) {
        char said[ERR_TEXT_BYTES];
        assert_true(str_starts(str_of(f->err.text), str_of(path)));
        (void)snprintf(said, sizeof(said), "FILE%s", f->err.text + strlen(path));
        (void)snprintf(f->err.text, sizeof(f->err.text), "%s", said);
    }
    return ok;
}

static void assert_error(const struct fixture *f, const char *wanted)
{
    assert_string_equal(f->err.text, wanted);
    assert_int_equal(f->err.status, 400);
}

/* Values */

static void defaults_fill_every_kind(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(f->settings.name, "here");
    assert_string_equal(f->settings.mode, "slow");
    assert_string_equal(f->settings.password, "");
    assert_int_equal(f->settings.port, 3000);
    assert_int_equal(f->settings.offset, 0);
    assert_false(f->settings.verbose);
    assert_int_equal(f->settings.room, 65536);
    assert_int_equal(f->settings.patience_ms, 300000);
    assert_int_equal(f->settings.friends.count, 0);
}

static void numbers_take_the_units_of_their_kind(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *value;
        int64_t wanted; /* INT64_MIN: refused */
    } cases[] = {
        {"web.port", "1", 1},
        {"web.port", "65535", 65535},
        {"web.port", " +80 ", 80},
        {"web.port", "0", INT64_MIN},
        {"web.port", "65536", INT64_MIN},
        {"web.port", "-1", INT64_MIN},
        {"web.port", "80k", INT64_MIN},
        {"web.port", "8 0", INT64_MIN},
        {"web.port", "", INT64_MIN},
        {"web.port", "eighty", INT64_MIN},
        {"web.port", "99999999999999999999", INT64_MIN},
        {"store.offset", "-5", -5},
        {"store.offset", "-6", INT64_MIN},
        {"store.room", "2048", 2048},
        {"store.room", "2k", 2048},
        {"store.room", "3M", 3 << 20},
        {"store.room", "1g", 1 << 30},
        {"store.room", "1023", INT64_MIN},
        {"store.room", "2g", INT64_MIN},
        {"store.room", "1.5m", INT64_MIN},
        {"store.room", "k", INT64_MIN},
        {"store.room", "1kb", INT64_MIN},
        {"store.room", "9223372036854775807g", INT64_MIN},
        {"store.patience", "250ms", 250},
        {"store.patience", "10s", 10000},
        {"store.patience", "2m", 120000},
        {"store.patience", "3h", 10800000},
        {"store.patience", "1d", 86400000},
        {"store.patience", "2d", INT64_MIN},
        {"store.patience", "0", 0},
        {"store.patience", "10", INT64_MIN},
        {"store.patience", "-1s", INT64_MIN},
        {"store.patience", "s", INT64_MIN},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t wanted = cases[i].wanted;
        assert_int_equal(set(f, cases[i].name, cases[i].value), wanted != INT64_MIN);
        const struct config_field *field = config_find(&f->config, cases[i].name);
        int64_t number;
        memcpy(&number, (const char *)&f->settings + field->offset, sizeof(number));
        if (wanted != INT64_MIN)
            assert_int_equal(number, wanted);
    }
}

static void truth_has_several_words(void **state)
{
    struct fixture *f = *state;
    static const char *const yes[] = {"true", "yes", "on", "1", "TRUE", " Yes "};
    static const char *const no[] = {"false", "no", "off", "0", "Off"};
    static const char *const neither[] = {"", "2", "y", "enabled", "truee"};
    for (size_t i = 0; i < COUNT(yes); i++) {
        f->settings.verbose = false;
        assert_true(set(f, "web.verbose", yes[i]));
        assert_true(f->settings.verbose);
    }
    for (size_t i = 0; i < COUNT(no); i++) {
        f->settings.verbose = true;
        assert_true(set(f, "web.verbose", no[i]));
        assert_false(f->settings.verbose);
    }
    for (size_t i = 0; i < COUNT(neither); i++)
        assert_false(set(f, "web.verbose", neither[i]));
}

static void texts_have_lengths_or_choices(void **state)
{
    struct fixture *f = *state;
    assert_true(set(f, "web.name", "  there  "));
    assert_string_equal(f->settings.name, "there");
    assert_false(set(f, "web.name", ""));
    assert_false(set(f, "web.name", "12345678901"));
    assert_false(config_set(&f->config, "web.name", STR("a\0b"), &f->err));
    assert_string_equal(f->settings.name, "there");
    assert_true(set(f, "web.mode", "fast"));
    assert_false(set(f, "web.mode", "fas"));
    assert_false(set(f, "web.mode", "slow fast"));
    assert_false(set(f, "web.mode", ""));
    assert_string_equal(f->settings.mode, "fast");
}

static void lists_are_parts_between_commas(void **state)
{
    struct fixture *f = *state;
    assert_true(set(f, "store.friends", " ann, bob jr ,,cy "));
    const struct config_list *friends = &f->settings.friends;
    assert_int_equal(friends->count, 3);
    assert_string_equal(friends->items[0].ptr, "ann");
    assert_string_equal(friends->items[1].ptr, "bob jr");
    assert_true(str_is(friends->items[2], "cy"));
    assert_false(set(f, "store.friends", "a,b,c,d"));
    assert_int_equal(friends->count, 3);
    assert_true(set(f, "store.friends", ""));
    assert_int_equal(friends->count, 0);
}

/* What is said */

static void an_error_tells_the_rule_and_an_example(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *value, *wanted;
    } cases[] = {
        {"--port", "70000",
         "--port: web.port is \"70000\" but must be a whole number from 1 to 65535, such as 3000"},
        {"web.verbose", "maybe", "web.verbose: web.verbose is \"maybe\" but must be true or false"},
        {"web.mode", "warp",
         "web.mode: web.mode is \"warp\" but must be one of these words: slow fast"},
        {"web.name", "much too long",
         "web.name: web.name is \"much too long\" but must be a text of 1 to 10 bytes, "
         "such as here"},
        {"store.room", "1",
         "store.room: store.room is \"1\" but must be a size from 1k to 1g (bytes, or with k, m "
         "or g), such as 64k"},
        {"store.patience", "10",
         "store.patience: store.patience is \"10\" but must be a duration from 0 to 1d (with ms, "
         "s, m, h or d), such as 5m"},
        {"store.friends", "a,b,c,d",
         "store.friends: store.friends is \"a,b,c,d\" but must be a list of at most 3 parts "
         "(separated by commas)"},
        {"store.password", "123456789012345678901",
         "store.password: store.password is \"(not shown)\" but must be a text of at most 20 "
         "bytes"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(set(f, cases[i].name, cases[i].value));
        assert_error(f, cases[i].wanted);
    }
}

static void an_unknown_name_meets_its_nearest_neighbour(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *wanted;
    } cases[] = {
        {"--prot", "command line: there is no setting \"--prot\"; did you mean \"--port\"?"},
        {"web.prot", "command line: there is no setting \"web.prot\"; did you mean \"web.port\"?"},
        {"store.fiends",
         "command line: there is no setting \"store.fiends\"; did you mean \"store.friends\"?"},
        {"port", "command line: there is no setting \"port\"; did you mean \"web.port\"?"},
        {"", "command line: there is no setting \"\"; did you mean \"web.name\"?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(set(f, cases[i].name, "1"));
        assert_error(f, cases[i].wanted);
    }
}

static void fields_are_found_by_flag_and_by_name(void **state)
{
    struct fixture *f = *state;
    assert_ptr_equal(config_find(&f->config, "--port"), &fields[1]);
    assert_ptr_equal(config_find(&f->config, "web.port"), &fields[1]);
    assert_int_equal(config_find(&f->config, "--verbose")->kind, CONFIG_BOOL);
    assert_null(config_find(&f->config, "--name"));
    assert_null(config_find(&f->config, "web"));
    assert_null(config_find(&f->config, "-"));
    assert_null(config_find(&f->config, ""));
}

/* The file */

static void a_file_sets_what_it_names(void **state)
{
    struct fixture *f = *state;
    assert_true(load_text(f, STR("\xef\xbb\xbf; settings\n"
                                 "# of two kinds of comment\n"
                                 "\n"
                                 "[web]\r\n"
                                 "port = 8080\r\n"
                                 "  verbose: yes ; indented, and with a colon\n"
                                 "\tname=a;b\n"
                                 "[store]\n"
                                 "friends = ann, bob\n"
                                 "[web]\n"
                                 "mode = fast")));
    assert_int_equal(f->settings.port, 8080);
    assert_true(f->settings.verbose);
    assert_string_equal(f->settings.name, "a;b");
    assert_string_equal(f->settings.mode, "fast");
    assert_int_equal(f->settings.friends.count, 2);
    assert_int_equal(f->settings.room, 65536);
}

static void a_wrong_file_is_refused_with_its_line(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *content, *wanted;
    } cases[] = {
        {"[web]\n\nport = 0\n",
         "FILE:3: web.port is \"0\" but must be a whole number from 1 to 65535, such as 3000"},
        {"[web]\nport =\n",
         "FILE:2: web.port is \"\" but must be a whole number from 1 to 65535, such as 3000"},
        {"[web]\nprot = 1\n",
         "FILE:2: there is no setting \"web.prot\"; did you mean \"web.port\"?"},
        {"[wbe]\nport = 1\n",
         "FILE:2: there is no setting \"wbe.port\"; did you mean \"web.port\"?"},
        {"port = 1\n", "FILE:1: there is no setting \".port\"; did you mean \"web.port\"?"},
        {"[web]\nport = 1\nname = x\nport = 2\n",
         "FILE:4: web.port was set in line 2 already; remove one of the two"},
        {"[web]\nport\n",
         "FILE:2: the line must be \"[section]\", \"key = value\" or a comment behind ';' or '#'"},
        {"[web\nport = 1\n",
         "FILE:1: the line must be \"[section]\", \"key = value\" or a comment behind ';' or '#'"},
        {"[web]\nnonsense\nport = 0\n",
         "FILE:2: the line must be \"[section]\", \"key = value\" or a comment behind ';' or '#'"},
        {"[web]\nport = 0\nnonsense\n",
         "FILE:2: web.port is \"0\" but must be a whole number from 1 to 65535, such as 3000"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(load_text(f, str_of(cases[i].content)));
        assert_error(f, cases[i].wanted);
    }
}

static void a_line_that_is_too_long_is_not_cut_in_silence(void **state)
{
    struct fixture *f = *state;
    BUF(content, 10000);
    (void)buf_addf(&content, "[store]\nfriends = %0150d\n", 1);
    assert_true(load_text(f, buf_str(&content)));
    assert_int_equal(f->settings.friends.items[0].len, 150);
    (void)buf_addf(&content, "[web]\nname = %05000d\n", 1);
    assert_false(load_text(f, buf_str(&content)));
    assert_true(str_starts(str_of(f->err.text), STR("FILE:4: the line must be text of at most ")));
    assert_false(load_text(f, STR("[web]\nname = a\0b\nport = 1\n")));
    assert_true(str_starts(str_of(f->err.text), STR("FILE:2: the line must be text of at most ")));
}

static void a_file_that_can_not_be_read_is_named(void **state)
{
    struct fixture *f = *state;
    assert_false(config_load_file(&f->config, "/nowhere/settings.conf", &f->err));
    assert_error(f, "/nowhere/settings.conf: cannot be opened: No such file or directory; name a "
                    "file that can be read");
    assert_false(config_load_file(&f->config, "/", &f->err));
    assert_error(f, "/: cannot be read: Is a directory; name a file that can be read");
}

/* The environment */

static void variables_set_what_they_name(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"HOME=/root", "TEST_WEB_NAME=it=is",
                                              "TEST_STORE_ROOM=2m", "PORT=81", NULL};
    assert_true(load_env(f, environment, NULL));
    assert_string_equal(f->settings.name, "it=is");
    assert_int_equal(f->settings.room, 2 << 20);
    assert_int_equal(f->settings.port, 81);
}

static void the_own_variable_overrides_the_extra_one(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"TEST_WEB_PORT=82", "PORT=81", NULL};
    assert_true(load_env(f, environment, NULL));
    assert_int_equal(f->settings.port, 82);
}

static void an_empty_variable_counts_as_none(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"TEST_WEB_PORT=", "PORT=", "ODD", "TEST_X=", NULL};
    assert_true(load_env(f, environment, NULL));
    assert_int_equal(f->settings.port, 3000);
}

static void an_unknown_variable_with_the_prefix_is_an_error(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"TEST_WEB_PROT=1", "TEST_MARK=x", NULL};
    static const char *const mark[] = {"TEST_MARK", NULL};
    static const char *const both[] = {"TEST_MARK", "TEST_WEB_PROT", NULL};
    assert_false(load_env(f, environment, mark));
    assert_error(f, "environment: there is no setting \"TEST_WEB_PROT\"; did you mean "
                    "\"TEST_WEB_PORT\"?");
    assert_true(load_env(f, environment, both));
}

static void a_wrong_variable_is_named(void **state)
{
    struct fixture *f = *state;
    static const char *const own[] = {"TEST_WEB_PORT=x", NULL};
    static const char *const extra[] = {"PORT=x", NULL};
    assert_false(load_env(f, own, NULL));
    assert_error(f, "TEST_WEB_PORT: web.port is \"x\" but must be a whole number from 1 to 65535, "
                    "such as 3000");
    assert_false(load_env(f, extra, NULL));
    assert_error(f, "PORT: web.port is \"x\" but must be a whole number from 1 to 65535, such as "
                    "3000");
}

/* Together */

static void a_later_source_overrides_an_earlier_one(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"TEST_WEB_PORT=82", NULL};
    assert_true(load_text(f, STR("[web]\nport = 81\nname = file\n")));
    assert_true(load_env(f, environment, NULL));
    assert_true(set(f, "--verbose", "true"));
    assert_int_equal(f->settings.port, 82);
    assert_string_equal(f->settings.name, "file");
    assert_true(set(f, "--port", "83"));
    assert_int_equal(f->settings.port, 83);
    config_defaults(&f->config);
    assert_int_equal(f->settings.port, 3000);
}

static void two_configs_are_compared_field_by_field(void **state)
{
    struct fixture *f = *state;
    struct settings other;
    struct config config;
    config_init(&config, fields, COUNT(fields), &other, "TEST_");
    config_defaults(&config);
    for (size_t i = 0; i < COUNT(fields); i++)
        assert_true(config_same(&f->config, &config, &fields[i]));
    assert_true(set(f, "web.port", "81"));
    assert_true(set(f, "store.friends", "ann"));
    assert_true(set(f, "web.name", "x"));
    for (size_t i = 0; i < COUNT(fields); i++) {
        bool changed = strcmp(fields[i].key, "port") == 0 || strcmp(fields[i].key, "name") == 0 ||
                       strcmp(fields[i].key, "friends") == 0;
        assert_int_equal(config_same(&f->config, &config, &fields[i]), !changed);
    }
    config_release(&config);
}

/* Printing */

typedef void (*print_fn)(const struct config *c, FILE *out);

/* The caller frees the result. */
static char *printed(const struct fixture *f, print_fn print)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(&f->config, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void help_names_all_there_is_to_know(void **state)
{
    char *text = printed(*state, config_print_help);
    assert_contains(text, "[web]\n  name ");
    assert_contains(text, "\n\n[store]\n");
    assert_contains(text, "where it listens\n");
    assert_contains(text, "a whole number from 1 to 65535; default: 3000\n");
    assert_contains(text, "--port, TEST_WEB_PORT, PORT\n");
    assert_contains(text, "one of these words: slow fast; default: slow\n");
    assert_contains(text, "a list of at most 3 parts (separated by commas); default: empty\n");
    free(text);
}

static void the_documentation_is_a_table_per_section(void **state)
{
    char *text = printed(*state, config_print_markdown);
    assert_contains(text, "## [web]\n\n| Key |");
    assert_contains(text, "\n\n## [store]\n");
    assert_contains(text, "| `name` | what it is called | a text of 1 to 10 bytes | `here` | "
                          "taken | `TEST_WEB_NAME` |\n");
    assert_contains(text, "| `port` | where it listens | a whole number from 1 to 65535 | `3000` | "
                          "needs a restart | `--port`, `TEST_WEB_PORT`, `PORT` |\n");
    assert_contains(text, "| slow \\| fast | ");
    free(text);
}

static void settings_that_all_need_a_restart_have_no_column_for_it(void **state)
{
    static const struct config_field field = {.section = "web",
                                              .key = "name",
                                              .kind = CONFIG_TEXT,
                                              .min = 1,
                                              .help = "what it is called"};
    char *buffer = NULL, *settings = NULL;
    struct config config;
    (void)state;
    config_init(&config, &field, 1, &settings, "TEST_");
    size_t size;
    FILE *out = open_memstream(&buffer, &size);
    assert_non_null(out);
    config_print_markdown(&config, out);
    assert_int_equal(fclose(out), 0);
    assert_contains(buffer, "| Key | What | Value | Default | Also by |\n|---|---|---|---|---|\n");
    assert_contains(buffer, "| a text that is not empty | empty | `TEST_WEB_NAME` |\n");
    free(buffer);
    config_release(&config);
}

static void what_is_in_force_is_shown_with_its_origin_but_no_secret(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"TEST_STORE_ROOM=1536k", "PORT=81", NULL};
    assert_true(load_env(f, environment, NULL));
    assert_true(set(f, "--verbose", "on"));
    assert_true(set(f, "store.password", "hush"));
    assert_true(set(f, "store.patience", "90s"));
    assert_true(set(f, "store.friends", "ann,bob"));
    char *text = printed(f, config_print_effective);
    assert_string_equal(text, "[web]\n"
                              "name = here ; default\n"
                              "port = 81 ; PORT\n"
                              "verbose = true ; --verbose\n"
                              "mode = slow ; default\n"
                              "\n[store]\n"
                              "room = 1536k ; TEST_STORE_ROOM\n"
                              "patience = 90s ; store.patience\n"
                              "friends = ann, bob ; store.friends\n"
                              "offset = 0 ; default\n"
                              "; password is set but not shown ; store.password\n");
    free(text);
}

static void what_is_shown_can_be_loaded_again(void **state)
{
    struct fixture *f = *state;
    assert_true(set(f, "store.friends", "ann,bob"));
    assert_true(set(f, "web.port", "81"));
    char *text = printed(f, config_print_effective);
    config_defaults(&f->config);
    assert_true(load_text(f, str_of(text)));
    assert_int_equal(f->settings.port, 81);
    assert_int_equal(f->settings.friends.count, 2);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_every_kind),
        TEST(numbers_take_the_units_of_their_kind),
        TEST(truth_has_several_words),
        TEST(texts_have_lengths_or_choices),
        TEST(lists_are_parts_between_commas),
        TEST(an_error_tells_the_rule_and_an_example),
        TEST(an_unknown_name_meets_its_nearest_neighbour),
        TEST(fields_are_found_by_flag_and_by_name),
        TEST(a_file_sets_what_it_names),
        TEST(a_wrong_file_is_refused_with_its_line),
        TEST(a_line_that_is_too_long_is_not_cut_in_silence),
        TEST(a_file_that_can_not_be_read_is_named),
        TEST(variables_set_what_they_name),
        TEST(the_own_variable_overrides_the_extra_one),
        TEST(an_empty_variable_counts_as_none),
        TEST(an_unknown_variable_with_the_prefix_is_an_error),
        TEST(a_wrong_variable_is_named),
        TEST(a_later_source_overrides_an_earlier_one),
        TEST(two_configs_are_compared_field_by_field),
        TEST(help_names_all_there_is_to_know),
        TEST(the_documentation_is_a_table_per_section),
        TEST(settings_that_all_need_a_restart_have_no_column_for_it),
        TEST(what_is_in_force_is_shown_with_its_origin_but_no_secret),
        TEST(what_is_shown_can_be_loaded_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
