/* Secrets of outgoing calls: made, given, replaced, sealed, shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/signing.h"

static const int64_t start_ms = 1700000000000;
#define HOUR_MS INT64_C(3600000)

static struct arena arena;
static const uint8_t key[DIGEST_SEAL_KEY_BYTES] = {1, 2, 3};
static const struct str given = STR_INIT("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

static bool change(struct signing *s, const char *order, int64_t now_ms)
{
    bool made;
    struct err err = ERR_NONE;
    return signing_change(&arena, json_parse(&arena, str_of(order)), now_ms, s, &made, &err) &&
           made;
}

static void a_secret_is_made_when_there_is_none(void **state)
{
    (void)state;
    struct signing s = {.count = 0};
    assert_true(change(&s, "{}", start_ms));
    assert_int_equal(s.count, 1);
    assert_true(str_starts(s.secrets[0].text, STR("whsec_")));
    assert_int_equal(s.secrets[0].text.len, strlen("whsec_") + 44);
    struct str first = s.secrets[0].text;
    assert_false(change(&s, "{}", start_ms));
    assert_true(str_eq(s.secrets[0].text, first));
}

static void an_old_secret_goes_on_beside_the_new_one_for_a_day(void **state)
{
    (void)state;
    struct signing s = {.count = 0}, later;
    assert_true(change(&s, "{\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}", start_ms));
    assert_true(change(&s, "{\"rotate\":true}", start_ms));
    assert_int_equal(s.count, 2);
    assert_false(str_eq(s.secrets[0].text, given));
    assert_true(str_eq(s.secrets[1].text, given));
    struct str sealed = signing_seal(&arena, key, STR("one"), &s);
    assert_true(signing_open(&arena, key, STR("one"), sealed, start_ms + 24 * HOUR_MS - 1, &later));
    assert_int_equal(later.count, 2);
    assert_true(signing_open(&arena, key, STR("one"), sealed, start_ms + 24 * HOUR_MS, &later));
    assert_int_equal(later.count, 1);
    assert_true(str_eq(later.secrets[0].text, s.secrets[0].text));
}

static void the_overlap_can_be_chosen_and_never_grows(void **state)
{
    (void)state;
    struct signing s = {.count = 0};
    assert_true(change(&s, "{}", start_ms));
    assert_true(change(&s, "{\"rotate\":true,\"overlapSeconds\":60}", start_ms));
    assert_int_equal(s.secrets[1].until_ms, start_ms + 60000);
    assert_true(change(&s, "{\"rotate\":true}", start_ms));
    assert_int_equal(s.count, 3);
    assert_int_equal(s.secrets[2].until_ms, start_ms + 60000);
    assert_true(change(&s, "{\"rotate\":true,\"overlapSeconds\":0}", start_ms));
    assert_int_equal(s.count, 1);
    for (int i = 0; i < 20; i++)
        assert_true(change(&s, "{\"rotate\":true}", start_ms));
    assert_int_equal(s.count, SIGNING_SECRETS);
}

static void what_is_no_secret_is_refused(void **state)
{
    (void)state;
    static const char *const orders[] = {
        "{\"secret\":\"whsec_\"}",
        "{\"secret\":\"whsec_AAAA\"}",
        "{\"secret\":\"abc\"}",
        "{\"secret\":\"whsec_not base64 at all!\"}",
        "{\"secret\":5}",
        "{\"overlapSeconds\":-1}",
        "{\"overlapSeconds\":99999999}",
    };
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct signing s = {.count = 0};
        struct err err = ERR_NONE;
        bool made;
        assert_false(signing_change(&arena, json_parse(&arena, str_of(orders[i])), start_ms, &s,
                                    &made, &err));
        assert_int_equal(err.status, 400);
        assert_int_equal(s.count, 0);
    }
}

static void another_key_or_place_opens_nothing(void **state)
{
    (void)state;
    struct signing s = {.count = 0}, out;
    assert_true(change(&s, "{}", start_ms));
    struct str sealed = signing_seal(&arena, key, STR("one"), &s);
    static const uint8_t other[DIGEST_SEAL_KEY_BYTES] = {9};
    assert_false(signing_open(&arena, other, STR("one"), sealed, start_ms, &out));
    assert_false(signing_open(&arena, key, STR("two"), sealed, start_ms, &out));
    assert_true(signing_open(&arena, key, STR("one"), STR(""), start_ms, &out));
    assert_int_equal(out.count, 0);
}

static void a_secret_is_shown_once(void **state)
{
    (void)state;
    struct signing s = {.count = 0};
    assert_true(change(&s, "{\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}", start_ms));
    BUF(out, 4096);
    signing_put(&out, &s, true);
    assert_string_equal(out.ptr, "{\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\","
                                 "\"createdAt\":\"2023-11-14T22:13:20.000Z\",\"previous\":[]}");
    assert_true(change(&s, "{\"rotate\":true,\"overlapSeconds\":1}", start_ms));
    buf_clear(&out);
    signing_put(&out, &s, false);
    assert_null(strstr(out.ptr, "whsec_"));
    assert_non_null(strstr(out.ptr, "\"previous\":[{\"last4\":\"LaSw\","
                                    "\"createdAt\":\"2023-11-14T22:13:20.000Z\","
                                    "\"validUntil\":\"2023-11-14T22:13:21.000Z\"}]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_made_when_there_is_none),
        cmocka_unit_test(an_old_secret_goes_on_beside_the_new_one_for_a_day),
        cmocka_unit_test(the_overlap_can_be_chosen_and_never_grows),
        cmocka_unit_test(what_is_no_secret_is_refused),
        cmocka_unit_test(another_key_or_place_opens_nothing),
        cmocka_unit_test(a_secret_is_shown_once),
    };
    digest_init();
    arena_init(&arena, SIZE_MAX);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
