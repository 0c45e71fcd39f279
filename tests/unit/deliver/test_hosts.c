/* A host gets so many calls at a time; who comes later waits in its line, and in no other's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "deliver/hosts.h"

static void a_host_has_a_line(void **state)
{
    (void)state;
    struct hosts hosts;
    struct host_place a, b, c, d, other;
    hosts_init(&hosts, 2);
    assert_true(hosts_enter(&hosts, STR("http://h:80/1"), &a));
    assert_true(hosts_enter(&hosts, STR("http://H:80/2"), &b));
    assert_false(hosts_enter(&hosts, STR("http://user:pass@h:80?3"), &c));
    assert_false(hosts_enter(&hosts, STR("http://h:80"), &d));
    assert_true(hosts_enter(&hosts, STR("http://h:81/"), &other));
    assert_null(hosts_leave(&hosts, &other));
    assert_ptr_equal(hosts_leave(&hosts, &a), &c);
    assert_ptr_equal(hosts_leave(&hosts, &b), &d);
    assert_null(hosts_leave(&hosts, &c));
    assert_null(hosts_leave(&hosts, &d));
    hosts_release(&hosts);
}

static void who_waits_may_go_away(void **state)
{
    (void)state;
    struct hosts hosts;
    struct host_place a, b, c, d;
    hosts_init(&hosts, 1);
    assert_true(hosts_enter(&hosts, STR("http://h/"), &a));
    assert_false(hosts_enter(&hosts, STR("http://h/"), &b));
    assert_false(hosts_enter(&hosts, STR("http://h/"), &c));
    assert_false(hosts_enter(&hosts, STR("http://h/"), &d));
    assert_null(hosts_leave(&hosts, &c));
    assert_null(hosts_leave(&hosts, &d));
    assert_ptr_equal(hosts_leave(&hosts, &a), &b);
    assert_null(hosts_leave(&hosts, &b));
    assert_null(hosts_leave(&hosts, &b));
    hosts_release(&hosts);
}

static void what_is_no_url_has_a_line_too(void **state)
{
    (void)state;
    static const char *const urls[] = {"", "//", "x", "http://", "http://@", "@@@"};
    struct hosts hosts;
    hosts_init(&hosts, 1);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct host_place place;
        assert_true(hosts_enter(&hosts, str_of(urls[i]), &place));
        assert_null(hosts_leave(&hosts, &place));
    }
    hosts_release(&hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_has_a_line),
        cmocka_unit_test(who_waits_may_go_away),
        cmocka_unit_test(what_is_no_url_has_a_line_too),
    };
    digest_init();
    return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
