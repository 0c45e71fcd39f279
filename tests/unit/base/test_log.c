/* Log lines as they arrive on stderr, and what hostile values become in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S(literal)   STR_INIT(literal)
#define TS           "ts=2024-01-10T14:12:52.201Z "

/* While a test runs, stderr is a file in memory. */
static int real_stderr, captured;
static char text[1 << 20];

static int setup(void **state)
{
    (void)state;
    clock_hold(1704895972201, 0);
    log_init(LOG_INFO);
    real_stderr = dup(STDERR_FILENO);
    captured = memfd_create("stderr", MFD_CLOEXEC);
    return real_stderr < 0 || captured < 0 || fcntl(captured, F_SETFL, O_APPEND) < 0 ||
           dup2(captured, STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
    (void)state;
    clock_release();
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    (void)close(captured);
    return 0;
}

/* All that was written so far; the file is empty again. */
static const char *written(void)
{
    ssize_t len = pread(captured, text, sizeof(text) - 1, 0);
    assert_true(len >= 0);
    text[len] = '\0';
    assert_int_equal(ftruncate(captured, 0), 0);
    return text;
}

static void a_line_says_when_how_bad_and_what(void **state)
{
    (void)state;
    log_event(LOG_INFO, "listening", "port=%d address=%s", 3000, "::1");
    assert_string_equal(written(), TS "level=info event=listening port=3000 address=::1\n");
    log_event(LOG_ERROR, "stopped", NULL);
    assert_string_equal(written(), TS "level=error event=stopped\n");
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    log_event(LOG_DEBUG, "quiet", NULL);
    assert_string_equal(written(), "");
    assert_false(log_enabled(LOG_DEBUG));
    assert_true(log_enabled(LOG_INFO));
    log_init(LOG_ERROR);
    log_event(LOG_WARN, "quiet", NULL);
    assert_string_equal(written(), "");
    log_init(LOG_DEBUG);
    log_event(LOG_DEBUG, "loud", NULL);
    assert_string_equal(written(), TS "level=debug event=loud\n");
}

static void levels_have_names(void **state)
{
    (void)state;
    for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        enum log_level found;
        assert_true(log_level_of(str_of(log_level_name(level)), &found));
        assert_int_equal(found, level);
    }
    enum log_level untouched = LOG_WARN;
    assert_false(log_level_of(STR("loud"), &untouched));
    assert_false(log_level_of(STR(""), &untouched));
    assert_int_equal(untouched, LOG_WARN);
}

static void values_are_quoted_when_they_need_it(void **state)
{
    (void)state;
    static const struct {
        struct str value;
        const char *wanted;
    } cases[] = {
        {S("plain"), "plain"},
        {S("/a/b?c&d#e;f,g'h"), "/a/b?c&d#e;f,g'h"},
        {S(""), "\"\""},
        {S("two words"), "\"two words\""},
        {S("a=b"), "\"a=b\""},
        {S("say \"hi\""), "\"say \\\"hi\\\"\""},
        {S("back\\slash"), "\"back\\\\slash\""},
        {S("x\nts=forged"), "\"x\\nts=forged\""},
        {S("\r\t\0\x1b[31m\x7f"), "\"\\r\\t\\x00\\x1b[31m\\x7f\""},
        {S("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {S("\xc2\x85\xc2\x9b\xc2\xa0"), "\"\\xc2\\x85\\xc2\\x9b\xc2\xa0\""},
        {S("\xff\xc3 \xe2\x82"), "\"\\xff\\xc3 \\xe2\\x82\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(LOG_Q(cases[i].value), cases[i].wanted);
}

static void a_value_can_not_leave_its_quotes_or_its_space(void **state)
{
    (void)state;
    static const char *const fillers[] = {"x", "\n", "\"", "\\", "\xc3\xa9", "\xff", " "};
    for (size_t i = 0; i < COUNT(fillers); i++) {
        for (size_t len = 1; len < 700; len++) {
            char value[1500], space[LOG_VALUE_BYTES];
            size_t size = strlen(fillers[i]);
            for (size_t j = 0; j < len; j++)
                memcpy(value + j * size, fillers[i], size);
            size_t got = strlen(log_quote(str_from(value, len * size), space));
            assert_true(got < LOG_VALUE_BYTES);
            assert_true(str_utf8(str_of(space)));
            bool cut = str_ends(str_of(space), STR("...\""));
            if (space[0] == '"' && !cut)
                assert_int_equal(space[got - 1], '"');
            else if (!cut)
                assert_int_equal(got, len);
        }
    }
}

static void nobody_forges_a_line_even_without_quoting(void **state)
{
    (void)state;
    log_event(LOG_INFO, "raw", "path=%s", "/\n" TS "level=error event=forged\r\x1b[2J");
    assert_string_equal(written(), TS "level=info event=raw path=/\\n" TS
                                      "level=error event=forged\\r\\x1b[2J\n");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    static char value[4 * LOG_LINE_BYTES];
    static const char *const fillers[] = {"y", "\n", "\xe2\x82\xac"};
    for (size_t i = 0; i < COUNT(fillers); i++) {
        for (size_t len = LOG_LINE_BYTES - 100; len < LOG_LINE_BYTES + 20; len++) {
            size_t size = strlen(fillers[i]);
            for (size_t j = 0; j < len; j++)
                memcpy(value + j * size, fillers[i], size);
            value[len * size] = '\0';
            log_event(LOG_INFO, "long", "v=%s", value);
            struct str line = str_of(written());
            assert_true(line.len <= LOG_LINE_BYTES);
            assert_int_equal(str_find_char(line, '\n'), line.len - 1);
            assert_true(str_utf8(line));
            assert_true(str_ends(line, STR("...\n")) || line.len > len);
        }
    }
}

static void errno_survives(void **state)
{
    (void)state;
    (void)close(STDERR_FILENO);
    errno = ENOENT;
    log_event(LOG_INFO, "nowhere", NULL);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(dup2(captured, STDERR_FILENO), STDERR_FILENO);
}

enum { THREADS = 4, LINES = 200 };

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, "line", "from=%s again=%s", (const char *)name, (const char *)name);
    return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
    (void)state;
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    struct str rest = str_of(written()), line;
    size_t count = 0;
    while (str_split(&rest, '\n', &line) && line.len > 0) {
        size_t from = str_find(line, STR("from="));
        assert_int_equal(line.len, from + strlen("from=a again=a"));
        assert_int_equal(line.ptr[from + 5], line.ptr[line.len - 1]);
        count++;
    }
    assert_int_equal(count, THREADS * LINES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_when_how_bad_and_what),
        TEST(lines_below_the_level_are_not_written),
        TEST(levels_have_names),
        TEST(values_are_quoted_when_they_need_it),
        TEST(a_value_can_not_leave_its_quotes_or_its_space),
        TEST(nobody_forges_a_line_even_without_quoting),
        TEST(a_long_line_is_cut_and_still_ends),
        TEST(errno_survives),
        TEST(lines_of_several_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
