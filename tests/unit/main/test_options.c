/* The settings of the process: their defaults, their sources, the address, and that the committed
 * documentation is the one the program prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "main/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *const no_environment[] = {NULL};

/* A text that is printed into; freed with free(). */
static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out);
    (void)fclose(out);
    return text;
}

/* --- sources --- */

static void defaults_are_safe_and_pass_the_check(void **state)
{
    (void)state;
    struct options o;
    struct err err = ERR_NONE;
    assert_true(options_open(&o, NULL, no_environment, &err));
    assert_true(options_check(&o, &err));
    assert_string_equal(o.listen, "127.0.0.1:3000");
    assert_string_equal(o.data_dir, "gantry-data");
    assert_int_equal(o.header_timeout_ms, 10000);
    assert_int_equal(o.header_bytes, 16 * 1024);
    assert_int_equal(o.body_bytes, 50 * 1024 * 1024);
    assert_int_equal(o.file_bytes, 0);
    assert_string_equal(o.compatible_version, "8.8.1");
    assert_string_equal(o.create_tokens_secret, "");
    assert_string_equal(o.admin_username, "admin");
    assert_false(o.test_mode);
    assert_false(o.real_ip);
    options_close(&o);
}

static void names_of_the_reference_work_and_ours_override_them(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"ROOT_URL=https://chat.example"},
                                 (char[]){"ADMIN_PASS=pass"},
                                 (char[]){"TEST_MODE=true"},
                                 (char[]){"HTTP_FORWARDED_COUNT=2"},
                                 (char[]){"GANTRY_HTTP_FORWARDED_COUNT=1"},
                                 (char[]){"FREEZE_INTEGRATION_SCRIPTS=ivm"},
                                 (char[]){"CREATE_TOKENS_FOR_USERS_SECRET=s"},
                                 NULL};
    struct options o;
    struct err err = ERR_NONE;
    assert_true(options_open(&o, NULL, environment, &err));
    assert_string_equal(o.root_url, "https://chat.example");
    assert_string_equal(o.admin_password, "pass");
    assert_true(o.test_mode);
    assert_int_equal(o.forwarded_count, 1);
    assert_string_equal(o.freeze_scripts, "ivm");
    assert_string_equal(o.create_tokens_secret, "s");
    options_close(&o);
}

static void variables_that_are_no_settings_are_left_alone(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"GANTRY_CRASH_AT=before-commit"},
                                 (char[]){"GANTRY_CONFIG=/nowhere"}, NULL};
    struct options o;
    struct err err = ERR_NONE;
    assert_true(options_open(&o, NULL, environment, &err));
    options_close(&o);
}

static void an_unknown_variable_is_an_error_that_names_the_nearest(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"GANTRY_SERVER_LISTENS=x"}, NULL};
    struct options o;
    struct err err = ERR_NONE;
    assert_false(options_open(&o, NULL, environment, &err));
    assert_non_null(strstr(err.text, "GANTRY_SERVER_LISTEN\""));
    options_close(&o);
}

static void every_setting_has_a_flag_of_two_dashes_section_and_key(void **state)
{
    (void)state;
    struct options o;
    struct err err = ERR_NONE;
    assert_true(options_open(&o, NULL, no_environment, &err));
    assert_true(options_set(&o, STR("--http.idle_timeout"), STR("250ms"), &err));
    assert_true(options_set(&o, STR("--data"), STR("/somewhere"), &err));
    assert_int_equal(o.idle_timeout_ms, 250);
    assert_string_equal(o.data_dir, "/somewhere");
    assert_false(options_set(&o, STR("--http.idle_timeout"), STR("250"), &err));
    assert_non_null(strstr(err.text, "--http.idle_timeout: "));
    assert_true(options_known(STR("--listen")));
    assert_true(options_known(STR("--store.readers")));
    assert_false(options_known(STR("--store.riders")));
    assert_false(options_known(STR("--lissen")));
    assert_false(options_known(STR("-x")));
    options_close(&o);
}

static void all_flags_can_be_told(void **state)
{
    (void)state;
    size_t count = 0;
    BUF(flag, 256);
    for (; options_flag(count, &flag); count++) {
        assert_true(options_known(buf_str(&flag)));
        buf_clear(&flag);
    }
    assert_true(count > 20);
}

static void a_wrong_address_is_reported_with_the_place_it_comes_from(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"GANTRY_SERVER_LISTEN=3000"}, NULL};
    struct options o;
    struct err err = ERR_NONE;
    assert_true(options_open(&o, NULL, environment, &err));
    assert_false(options_check(&o, &err));
    assert_non_null(strstr(err.text, "GANTRY_SERVER_LISTEN: server.listen: \"3000\""));
    options_close(&o);
}

static void a_root_url_needs_its_scheme(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"ROOT_URL=chat.example"}, NULL};
    struct options o;
    struct err err = ERR_NONE;
    assert_true(options_open(&o, NULL, environment, &err));
    assert_false(options_check(&o, &err));
    assert_non_null(strstr(err.text, "ROOT_URL: server.root_url"));
    options_close(&o);
}

/* --- addresses --- */

static void addresses_are_numeric_with_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        unsigned port;
        bool loopback;
    } rows[] = {
        {"127.0.0.1:3000", "127.0.0.1", 3000, true},
        {"localhost:0", "127.0.0.1", 0, true},
        {"127.1.2.3:65535", "127.1.2.3", 65535, true},
        {"0.0.0.0:80", "0.0.0.0", 80, false},
        {":80", "0.0.0.0", 80, false},
        {"192.0.2.7:80", "192.0.2.7", 80, false},
        {"[::1]:3000", "::1", 3000, true},
        {"[::]:3000", "::", 3000, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address;
        struct err err = ERR_NONE;
        assert_true(options_address(str_of(rows[i].text), &address, &err));
        assert_string_equal(address.host, rows[i].host);
        assert_int_equal(address.port, rows[i].port);
        assert_int_equal(address.loopback, rows[i].loopback);
    }
}

static void everything_else_is_no_address(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "3000",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "1.2.3:4",
        "127.0.0.1:-1",
        "127.0.0.1:65536",
        "::1:3000",
        "[::1]",
        "[::1:80",
        "[127.0.0.1]:80",
        "example.org:80",
        "[localhost]:1",
        "[]:1",
        "1234567890123456789012345678901234567890123456:1",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address;
        struct err err = ERR_NONE;
        assert_false(options_address(str_of(rows[i]), &address, &err));
        assert_int_equal(err.status, 400);
    }
}

/* --- showing --- */

static void secrets_are_never_printed(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"ADMIN_PASS=hidden-1"},
                                 (char[]){"CREATE_TOKENS_FOR_USERS_SECRET=hidden-2"}, NULL};
    struct options o;
    struct err err = ERR_NONE;
    char *text = NULL;
    size_t size = 0;
    assert_true(options_open(&o, NULL, environment, &err));
    FILE *out = open_memstream(&text, &size);
    options_print(&o, out);
    (void)fclose(out);
    assert_null(strstr(text, "hidden"));
    assert_non_null(strstr(text, "listen = 127.0.0.1:3000"));
    free(text);
    options_close(&o);
}

static void printed_settings_can_be_read_again(void **state)
{
    (void)state;
    char path[] = "/tmp/gantry-options-XXXXXX";
    struct options o, again;
    struct err err = ERR_NONE;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w");
    assert_true(options_open(&o, NULL, no_environment, &err));
    assert_true(options_set(&o, STR("--http.body_bytes"), STR("3m"), &err));
    options_print(&o, out);
    (void)fclose(out);
    assert_true(options_open(&again, path, no_environment, &err));
    assert_int_equal(again.body_bytes, 3 * 1024 * 1024);
    for (size_t i = 0; i < o.config.count; i++)
        assert_true(config_same(&o.config, &again.config, &o.config.fields[i]));
    options_close(&again);
    options_close(&o);
    (void)unlink(path);
}

/* The tests run in a folder below that of the sources; elsewhere there is nothing to compare. */
static FILE *open_documentation(void)
{
    char path[PATH_MAX];
    FILE *file = NULL;
    const char *up = "";
    static const char *const ups[] = {"", "../", "../../", "../../../"};
    for (size_t i = 0; i < COUNT(ups) && file == NULL; i++) {
        up = ups[i];
        (void)snprintf(path, sizeof(path), "%sdocs/configuration.md", up);
        file = fopen(path, "re");
    }
    return file;
}

static void the_committed_documentation_is_the_printed_one(void **state)
{
    (void)state;
    enum { MOST = 256 * 1024 };
    FILE *file = open_documentation();
    if (file == NULL)
        skip();
    char *committed = calloc(1, MOST);
    assert_non_null(committed);
    assert_true(fread(committed, 1, MOST - 1, file) > 0);
    (void)fclose(file);
    char *now = printed(options_print_markdown);
    if (strcmp(committed, now) != 0)
        fail_msg("docs/configuration.md is old; make it new with "
                 "gantry check-config --markdown >docs/configuration.md");
    free(now);
    free(committed);
}

static void the_help_names_every_section(void **state)
{
    (void)state;
    static const char *const sections[] = {"[server]", "[data]",     "[http]", "[store]",
                                           "[api]",    "[accounts]", "[log]"};
    char *help = printed(options_print_help);
    for (size_t i = 0; i < COUNT(sections); i++)
        assert_non_null(strstr(help, sections[i]));
    free(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_safe_and_pass_the_check),
        cmocka_unit_test(names_of_the_reference_work_and_ours_override_them),
        cmocka_unit_test(variables_that_are_no_settings_are_left_alone),
        cmocka_unit_test(an_unknown_variable_is_an_error_that_names_the_nearest),
        cmocka_unit_test(every_setting_has_a_flag_of_two_dashes_section_and_key),
        cmocka_unit_test(all_flags_can_be_told),
        cmocka_unit_test(a_wrong_address_is_reported_with_the_place_it_comes_from),
        cmocka_unit_test(a_root_url_needs_its_scheme),
        cmocka_unit_test(addresses_are_numeric_with_a_port),
        cmocka_unit_test(everything_else_is_no_address),
        cmocka_unit_test(secrets_are_never_printed),
        cmocka_unit_test(printed_settings_can_be_read_again),
        cmocka_unit_test(the_committed_documentation_is_the_printed_one),
        cmocka_unit_test(the_help_names_every_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
