/* Where the guard lets one go: special ranges, the ways to write an address, what is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/un.h>

#include "http/guard.h"
#include "http/guard_address.h"

enum { MAX_ALLOWED = 8 };

/* Entries separated by blanks. */
static struct guard *guard_of(const char *allow)
{
    struct str entries[MAX_ALLOWED], rest = str_of(allow);
    size_t count = 0;
    struct err err = ERR_NONE;
    while (rest.len > 0 && str_split(&rest, ' ', &entries[count])) {
        count++;
        if (rest.len == SIZE_MAX)
            break;
    }
    struct guard *g = guard_new(entries, count, &err);
    if (g == NULL)
        fail_msg("\"%s\": %s", allow, err.text);
    return g;
}

static socklen_t fill(struct sockaddr_storage *out, const char *address, unsigned port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        memcpy(out, &in, sizeof(in));
        return sizeof(in);
    }
    assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

static bool permits(const char *allow, const char *host, const char *address, unsigned port,
                    struct err *err)
{
    struct sockaddr_storage to;
    fill(&to, address, port);
    struct guard *g = guard_of(allow);
    *err = ERR_NONE;
    bool ok = guard_permits(g, str_of(host), (const struct sockaddr *)&to, err);
    guard_free(g);
    if (!ok && (err->status != 400 || strstr(err->text, "outbound.allow") == NULL))
        fail_msg("%s: the refusal does not name the key: %s", address, err->text);
    return ok;
}

static bool reaches(const char *allow, const char *address)
{
    struct err err;
    return permits(allow, "some.example", address, 80, &err);
}

static bool permits_url(const char *allow, const char *url, struct err *err)
{
    struct guard *g = guard_of(allow);
    *err = ERR_NONE;
    bool ok = guard_permits_url(g, str_of(url), err);
    guard_free(g);
    assert_true(ok || err->status == 400);
    return ok;
}

static void public_addresses_are_reached(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",         "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.0",        "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",  "172.32.0.0",       "192.0.1.0",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255",   "198.20.0.0",
        "203.0.114.0",     "223.255.255.255", "::ffff:8.8.8.8",   "2606:4700::1111",
        "2002:808:808::1", "2001:4860::8888", "64:ff9b::8.8.8.8", "2003::1",
        "3ffe:ffff::1",    "2a00::1",         "2001:200::1",
    };
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        if (!reaches("", addresses[i]))
            fail_msg("%s is refused", addresses[i]);
    }
}

static void special_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "192.31.196.1",
        "192.52.193.1",
        "192.175.48.1",
        "::",
        "::1",
        "::2",
        "100::1",
        "2001::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2620:4f:8000::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "1::1",
        "4000::1",
        "64:ff9b:1::1",
        "::ffff:0:0:0",
    };
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        if (reaches("", addresses[i]))
            fail_msg("%s is reached", addresses[i]);
    }
}

static void an_ipv4_address_inside_an_ipv6_one_is_judged(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::127.0.0.1",
        "::10.0.0.1",
        "::8.8.8.8",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:101::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.1.2.3",
        "64:ff9b::169.254.169.254",
        "2001:0:808:808:0:0:80ff:fffe", /* Teredo: 127.0.0.1 with its bits turned */
        "2001:0:808:808::f7f7:f7f7",
    };
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        if (reaches("", addresses[i]))
            fail_msg("%s is reached", addresses[i]);
    }
}

static void a_refusal_names_the_address_the_range_and_the_key(void **state)
{
    (void)state;
    struct err err;
    assert_false(permits("", "h", "10.1.2.3", 80, &err));
    assert_string_equal(err.text, "This server may not connect to 10.1.2.3, a private address "
                                  "(10.0.0.0/8). Its operator can allow it with outbound.allow.");
    assert_false(permits("", "h", "2002:7f00:1::", 80, &err));
    assert_string_equal(err.text, "This server may not connect to 2002:7f00:1::, which hides "
                                  "127.0.0.1, a loopback address (127.0.0.0/8). Its operator can "
                                  "allow it with outbound.allow.");
}

static void ranges_and_addresses_can_be_allowed(void **state)
{
    (void)state;
    assert_true(reaches("127.0.0.0/8", "127.9.9.9"));
    assert_true(reaches("127.0.0.0/8 ::1/128", "::1"));
    assert_false(reaches("127.0.0.0/8", "::1"));
    assert_false(reaches("127.0.0.0/8", "10.0.0.1"));
    assert_true(reaches("10.0.0.5", "10.0.0.5"));
    assert_false(reaches("10.0.0.5", "10.0.0.6"));
    assert_true(reaches("10.0.0.0/31", "10.0.0.1"));
    assert_false(reaches("10.0.0.0/31", "10.0.0.2"));
    assert_true(reaches("10.3.3.3/8", "10.9.9.9"));
    assert_true(reaches("0.0.0.0/0", "192.168.1.1"));
    assert_false(reaches("0.0.0.0/0", "::1"));
    assert_true(reaches("::/0", "::1"));
    assert_true(reaches("fd00::/8", "fd12::1"));
    assert_true(reaches("::1", "::1"));
    assert_true(reaches("[::1]", "::1"));
}

static void what_is_allowed_is_allowed_inside_an_ipv6_address(void **state)
{
    (void)state;
    assert_true(reaches("127.0.0.0/8", "::ffff:127.0.0.1"));
    assert_true(reaches("::ffff:127.0.0.0/104", "127.0.0.1"));
    assert_true(reaches("::ffff:127.0.0.1", "127.0.0.1"));
    assert_false(reaches("::/0", "127.0.0.1"));
    assert_true(reaches("10.0.0.0/8", "64:ff9b::10.1.2.3"));
    assert_true(reaches("10.0.0.0/8", "2002:a00:1::1"));
    assert_false(reaches("10.0.0.0/8", "64:ff9b::127.0.0.1"));
}

static void a_port_narrows_what_is_allowed(void **state)
{
    (void)state;
    struct err err;
    assert_true(permits("127.0.0.1:8080", "h", "127.0.0.1", 8080, &err));
    assert_false(permits("127.0.0.1:8080", "h", "127.0.0.1", 8081, &err));
    assert_true(permits("[::1]:8080", "h", "::1", 8080, &err));
    assert_false(permits("[::1]:8080", "h", "::1", 80, &err));
    assert_true(permits("ci.example:8443", "ci.example", "10.0.0.1", 8443, &err));
    assert_false(permits("ci.example:8443", "ci.example", "10.0.0.1", 443, &err));
}

static void hosts_are_allowed_wherever_they_are(void **state)
{
    (void)state;
    struct err err;
    assert_true(permits("CI.example", "ci.EXAMPLE", "10.0.0.1", 80, &err));
    assert_true(permits("ci.example", "ci.example.", "fd00::1", 80, &err));
    assert_true(permits("ci.example.", "ci.example", "127.0.0.1", 80, &err));
    assert_false(permits("ci.example", "x.ci.example", "10.0.0.1", 80, &err));
    assert_false(permits("ci.example", "example", "10.0.0.1", 80, &err));
    assert_false(permits("ci.example", "", "10.0.0.1", 80, &err));
    assert_true(permits("my_host", "my_host", "10.0.0.1", 80, &err));
}

static void blanks_around_an_entry_do_not_count(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    struct str entry = STR("  127.0.0.0/8\t");
    struct guard *g = guard_new(&entry, 1, &err);
    assert_non_null(g);
    guard_free(g);
}

static void a_broken_entry_is_named(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "",
        "127.0.0.0/33",
        "::1/129",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "/8",
        "10.0.0/8",
        "127.1",
        "0x7f.1",
        "2130706433",
        "1.2.3.4.5",
        "a b",
        "a..b",
        ".a",
        "a/8",
        "host:0",
        "host:65536",
        "host:",
        ":80",
        "http://a",
        "a.example/x",
        "*",
        "*.example",
        "[::1",
        "[::1]:x",
        "10.0.0.0/8:1",
        "256.0.0.1",
        "a.0x1",
        "a:80:80",
        "fe80::1%eth0",
        "\xc3\xa9.example",
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
        struct err err = ERR_NONE;
        struct str list[2] = {STR("127.0.0.0/8"), str_of(entries[i])};
        struct guard *g = guard_new(list, 2, &err);
        if (g != NULL)
            fail_msg("\"%s\" is taken", entries[i]);
        assert_int_equal(err.status, 400);
        assert_non_null(strstr(err.text, "outbound.allow: \""));
        assert_non_null(strstr(err.text, entries[i]));
    }
}

static void an_address_that_is_none_of_the_internet_is_refused(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct err err = ERR_NONE;
    struct guard *g = guard_of("0.0.0.0/0 ::/0");
    assert_false(guard_permits(g, STR("h"), (const struct sockaddr *)&local, &err));
    assert_int_equal(err.status, 400);
    guard_free(g);
}

static void every_spelling_of_loopback_in_a_url_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://017700000001",
        "http://0x7F.0.0.0x1:8080/",
        "http://127%2e0.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1./",
        "http://0x7f.1./",
        "http://2130706433./",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[::]/",
        "http://0/",
        "http://0.0.0.0:80/",
        "https://127.0.0.1/",
        "HTTP://127.0.0.1/",
        " http://127.0.0.1/ ",
        "http:127.0.0.1/",
        "http:/127.0.0.1/",
        "http:///127.0.0.1/",
        "http://good.example@127.0.0.1/",
        "http://good.example\\@127.0.0.1/",
        "http://u:p@[::1]:80/",
        "http://127.0.0.1#good.example",
        "http://127.0.0.1?good.example",
        "http://[fe80::1%25eth0]/",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct err err;
        if (permits_url("", urls[i], &err))
            fail_msg("%s is permitted", urls[i]);
    }
}

static void an_allowed_address_in_a_url_is_permitted_in_any_spelling(void **state)
{
    (void)state;
    struct err err;
    assert_true(permits_url("127.0.0.0/8", "http://0x7f.1/", &err));
    assert_true(permits_url("127.0.0.1:8080", "http://2130706433:8080/", &err));
    assert_false(permits_url("127.0.0.1:8080", "http://2130706433/", &err));
    assert_true(permits_url("::1/128", "https://[0::1]/", &err));
    assert_true(permits_url("10.0.0.1:443", "https://10.0.0.1/", &err));
    assert_true(permits_url("127.0.0.1:80", "http://127.0.0.1/", &err));
}

static void names_are_judged_when_they_are_connected_to(void **state)
{
    (void)state;
    struct err err;
    assert_true(permits_url("", "http://hook.example/x?y=1", &err));
    assert_true(permits_url("", "https://u:p@hook.example:8443/a b/\xc3\xa9?q= x#f", &err));
    assert_true(permits_url("", "http://localhost/", &err));
}

static void other_texts_are_no_urls(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "  ",
        "hook.example",
        "hook.example/x",
        "//hook.example/",
        "/x",
        "ftp://hook.example/",
        "file:///etc/passwd",
        "gopher://hook.example/",
        "javascript:1",
        "http://",
        "http://?x",
        "http://:80/",
        "http://a b/",
        "http://a\tb/",
        "http://a/\r\nHost: b",
        "http://h:99999/",
        "http://h:0/",
        "http://h:x/",
        "http://[::1",
        "http://[::x]/",
        "http://h%00.example/",
        "http://h%0a.example/",
        "http://caf\xc3\xa9.example/",
        "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct err err;
        if (permits_url("0.0.0.0/0 ::/0", urls[i], &err))
            fail_msg("\"%s\" is permitted", urls[i]);
    }
}

static void a_zero_byte_and_an_endless_url_are_refused(void **state)
{
    (void)state;
    static char endless[70000] = "http://h/";
    struct err err = ERR_NONE;
    struct guard *g = guard_of("");
    assert_false(guard_permits_url(g, STR("http://h/\0x"), &err));
    memset(endless + 9, 'a', sizeof(endless) - 9);
    assert_false(guard_permits_url(g, str_from(endless, sizeof(endless)), &err));
    assert_true(guard_permits_url(g, str_from(endless, 5000), &err));
    guard_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_are_reached),
        cmocka_unit_test(special_addresses_are_refused),
        cmocka_unit_test(an_ipv4_address_inside_an_ipv6_one_is_judged),
        cmocka_unit_test(a_refusal_names_the_address_the_range_and_the_key),
        cmocka_unit_test(ranges_and_addresses_can_be_allowed),
        cmocka_unit_test(what_is_allowed_is_allowed_inside_an_ipv6_address),
        cmocka_unit_test(a_port_narrows_what_is_allowed),
        cmocka_unit_test(hosts_are_allowed_wherever_they_are),
        cmocka_unit_test(blanks_around_an_entry_do_not_count),
        cmocka_unit_test(a_broken_entry_is_named),
        cmocka_unit_test(an_address_that_is_none_of_the_internet_is_refused),
        cmocka_unit_test(every_spelling_of_loopback_in_a_url_is_refused),
        cmocka_unit_test(an_allowed_address_in_a_url_is_permitted_in_any_spelling),
        cmocka_unit_test(names_are_judged_when_they_are_connected_to),
        cmocka_unit_test(other_texts_are_no_urls),
        cmocka_unit_test(a_zero_byte_and_an_endless_url_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
