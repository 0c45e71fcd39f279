/* Rules for signatures as their owner writes them, as they are stored, and as they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hooks/verify.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NOW_S = 1700000000 };

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    digest_init();
    arena_init(&arena, 1000000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct verify_rule *read_rule(const char *options, struct err *err)
{
    *err = ERR_NONE;
    return verify_read(&arena, json_parse(&arena, str_of(options)), NOW_S * (int64_t)1000, err);
}

static struct verify_rule *good_rule(const char *options)
{
    struct err err;
    struct verify_rule *rule = read_rule(options, &err);
    assert_string_equal(err.text, "");
    assert_non_null(rule);
    return rule;
}

static void check_put(const struct verify_rule *rule, enum verify_view view, const char *wanted)
{
    BUF(text, 10000);
    verify_put(&text, rule, view);
    assert_string_equal(text.ptr, wanted);
}

#define HMAC "{\"scheme\":\"hmac\",\"secrets\":[\"abcdefgh\"],"
#define HOW  "\"algorithm\":\"sha512\",\"encoding\":\"base64\""

static void what_is_shown_is_what_was_written_less_the_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *written, *shown;
    } cases[] = {
        {"{\"scheme\":\"github\",\"secrets\":[\"It's a Secret to Everybody\"]}",
         "{\"scheme\":\"github\",\"secrets\":[{\"last4\":\"body\","
         "\"createdAt\":\"2023-11-14T22:13:20.000Z\"}]}"},
        {"{\"toleranceSeconds\":600,\"secrets\":[\"first of two\",\"second of two\"],"
         "\"scheme\":\"slack\"}",
         "{\"scheme\":\"slack\",\"secrets\":[{\"last4\":\" two\","
         "\"createdAt\":\"2023-11-14T22:13:20.000Z\"},{\"last4\":\" two\","
         "\"createdAt\":\"2023-11-14T22:13:20.000Z\"}],\"toleranceSeconds\":600}"},
        {HMAC "\"header\":\"X-Sig\"," HOW "}",
         "{\"scheme\":\"hmac\",\"secrets\":[{\"last4\":\"efgh\","
         "\"createdAt\":\"2023-11-14T22:13:20.000Z\"}],\"header\":\"X-Sig\"," HOW "}"},
        {HMAC "\"header\":\"X-Sig\"," HOW ",\"prefix\":\"v1=\",\"template\":\"{timestamp}.{id}."
              "{body}\",\"idHeader\":\"X-Id\",\"timestampHeader\":\"X-Time\"}",
         "{\"scheme\":\"hmac\",\"secrets\":[{\"last4\":\"efgh\","
         "\"createdAt\":\"2023-11-14T22:13:20.000Z\"}],\"header\":\"X-Sig\"," HOW
         ",\"prefix\":\"v1=\",\"template\":\"{timestamp}.{id}.{body}\",\"idHeader\":\"X-Id\","
         "\"timestampHeader\":\"X-Time\"}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_put(good_rule(cases[i].written), VERIFY_SHOWN, cases[i].shown);
}

static void every_scheme_can_be_named(void **state)
{
    (void)state;
    static const char *const names[] = {
        "standard-webhooks", "github", "gitlab-token", "gitlab", "slack", "stripe",
        "shopify",           "hmac"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct verify_scheme *scheme = verify_scheme_find(str_of(names[i]));
        assert_non_null(scheme);
        assert_ptr_equal(scheme, verify_scheme_at(i));
    }
    assert_null(verify_scheme_at(COUNT(names)));
    assert_null(verify_scheme_find(STR("")));
    assert_null(verify_scheme_find(STR("GitHub")));
}

static void no_more_than_half_of_a_secret_is_shown(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *last4;
    } cases[] = {
        {"a", ""},
        {"hush", "sh"},
        {"hushed", "hed"},
        {"12345678", "5678"},
        {"1234567890", "7890"},
        {"p\xc3\xa4ssw\xc3\xb6rter", "rter"},
        {"k\xc3\xb6\xc3\xa4\xc3\xbc", "\xc3\xa4\xc3\xbc"},
        {"12345\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
         "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str options =
            arena_fmt(&arena, "{\"scheme\":\"github\",\"secrets\":[\"%s\"]}", cases[i].secret);
        struct str wanted = arena_fmt(&arena,
                                      "{\"scheme\":\"github\",\"secrets\":[{\"last4\":\"%s\","
                                      "\"createdAt\":\"2023-11-14T22:13:20.000Z\"}]}",
                                      cases[i].last4);
        check_put(good_rule(options.ptr), VERIFY_SHOWN, wanted.ptr);
    }
}

static void what_was_stored_is_loaded_as_it_was(void **state)
{
    (void)state;
    static const char *const stored[] = {
        "{\"scheme\":\"github\",\"secrets\":[{\"text\":\"new \\\"one\\\"\","
        "\"createdAt\":\"2024-01-10T14:12:52.201Z\"},{\"text\":\"old\","
        "\"createdAt\":\"2023-01-10T14:12:52.000Z\"}]}",
        "{\"scheme\":\"gitlab\",\"secrets\":[{\"text\":\"whsec_AAECAwQFBgcICQoLDA0ODw==\","
        "\"createdAt\":\"2024-01-10T14:12:52.201Z\"}],\"toleranceSeconds\":1}",
        "{\"scheme\":\"hmac\",\"secrets\":[{\"text\":\"base64:AAEC\","
        "\"createdAt\":\"2024-01-10T14:12:52.201Z\"}],\"header\":\"X-Sig\"," HOW
        ",\"prefix\":\"v1=\",\"template\":\"{body}{id}\",\"idHeader\":\"X-Id\"}",
    };
    for (size_t i = 0; i < COUNT(stored); i++) {
        struct err err = ERR_NONE;
        struct json *tree = json_parse(&arena, str_of(stored[i]));
        struct verify_rule *rule = verify_load(&arena, tree, &err);
        assert_string_equal(err.text, "");
        check_put(rule, VERIFY_STORED, stored[i]);
    }
}

static void what_cannot_be_loaded_is_our_own_failure(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "{\"scheme\":\"github\",\"secrets\":[\"text\"]}"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct err err = ERR_NONE;
        assert_null(verify_load(&arena, json_parse(&arena, str_of(texts[i])), &err));
        assert_int_equal(err.status, 500);
    }
}

static void a_secret_that_stays_keeps_its_date(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    struct verify_rule *old =
        verify_load(&arena,
                    json_parse(&arena, STR("{\"scheme\":\"github\",\"secrets\":[{\"text\":\"one\","
                                           "\"createdAt\":\"2020-01-01T00:00:00.000Z\"}]}")),
                    &err);
    struct verify_rule *rule = good_rule("{\"scheme\":\"github\",\"secrets\":[\"two\",\"one\"]}");
    verify_keep_dates(rule, NULL);
    assert_true(rule->secrets[1].created_at_ms == NOW_S * (int64_t)1000);
    verify_keep_dates(rule, old);
    assert_true(rule->secrets[0].created_at_ms == NOW_S * (int64_t)1000);
    assert_true(rule->secrets[1].created_at_ms == old->secrets[0].created_at_ms);
}

static void keys_are_decoded_as_their_scheme_says(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *secret;
        struct str key;
        bool public_key;
    } cases[] = {
        {"github", "base64:AAEC", STR_INIT("base64:AAEC"), false},
        {"github", " spaced ", STR_INIT(" spaced "), false},
        {"stripe", "whsec_AAEC", STR_INIT("whsec_AAEC"), false},
        {"standard-webhooks", "whsec_AAEC", STR_INIT("\0\1\2"), false},
        {"gitlab", "whsec_AAEC", STR_INIT("\0\1\2"), false},
        {"gitlab", "whpk_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
         STR_INIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str options = arena_fmt(&arena, "{\"scheme\":\"%s\",\"secrets\":[\"%s\"]}",
                                       cases[i].scheme, cases[i].secret);
        const struct verify_secret *secret = &good_rule(options.ptr)->secrets[0];
        assert_true(str_eq(secret->key, cases[i].key));
        assert_int_equal(secret->public_key, cases[i].public_key);
    }
    assert_true(str_eq(good_rule("{\"scheme\":\"hmac\",\"secrets\":[\"base64:AAEC\"],"
                                 "\"header\":\"X\"," HOW "}")
                           ->secrets[0]
                           .key,
                       STR("\0\1\2")));
}

/* The second column is the text that says what to change. */
static const struct {
    const char *options, *text;
} refused[] = {
    {"null", "verify must be an object, or null to take it away."},
    {"[]", "verify must be an object, or null to take it away."},
    {"{}", "verify.scheme must be one of standard-webhooks, github, gitlab-token, gitlab, slack, "
           "stripe, shopify, hmac."},
    {"{\"scheme\":\"GitHub\",\"secrets\":[\"x\"]}", "verify.scheme must be one of "},
    {"{\"scheme\":7,\"secrets\":[\"x\"]}", "verify.scheme must be one of "},
    {"{\"scheme\":\"github\",\"secret\":[\"x\"]}", "verify.secret is unknown; there are scheme, "
                                                   "secrets and toleranceSeconds, and for hmac "},
    {"{\"scheme\":\"github\",\"secrets\":[\"x\"],\"header\":\"X\"}",
     "verify.header is for the scheme hmac only; leave it out, github has its own."},

    {"{\"scheme\":\"github\"}", "verify.secrets must be a list of 1 to 5 texts, the newest first."},
    {"{\"scheme\":\"github\",\"secrets\":\"x\"}", "verify.secrets must be a list of 1 to 5 texts"},
    {"{\"scheme\":\"github\",\"secrets\":[]}", "verify.secrets must be a list of 1 to 5 texts"},
    {"{\"scheme\":\"github\",\"secrets\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]}",
     "verify.secrets must be a list of 1 to 5 texts"},
    {"{\"scheme\":\"github\",\"secrets\":[\"x\",\"\"]}",
     "verify.secrets[1] must be a text of 1 to 1024 bytes."},
    {"{\"scheme\":\"github\",\"secrets\":[null]}", "verify.secrets[0] must be a text of "},
    {"{\"scheme\":\"github\",\"secrets\":[{\"text\":\"x\"}]}",
     "verify.secrets[0] must be a text of "},
    {"{\"scheme\":\"github\",\"secrets\":[\"x\\n\"]}",
     "verify.secrets[0] has a line break or another control character, perhaps copied with it; "
     "take it out."},
    {"{\"scheme\":\"gitlab\",\"secrets\":[\"AAEC\"]}",
     "verify.secrets[0] must be whsec_ and base64, or whpk_ and the base64 of an Ed25519 public "
     "key, as the sender shows it."},
    {"{\"scheme\":\"gitlab\",\"secrets\":[\"whsec_\"]}", "verify.secrets[0] must be whsec_ and"},
    {"{\"scheme\":\"gitlab\",\"secrets\":[\"whsec_A\"]}", "verify.secrets[0] must be whsec_ and"},
    {"{\"scheme\":\"gitlab\",\"secrets\":[\"whsec_AAE\"]}", "verify.secrets[0] must be whsec_"},
    {"{\"scheme\":\"gitlab\",\"secrets\":[\"whsk_AAEC\"]}", "verify.secrets[0] must be whsec_ and"},
    {"{\"scheme\":\"gitlab\",\"secrets\":[\"whpk_AAEC\"]}", "verify.secrets[0] must be whsec_ and"},

    {"{\"scheme\":\"slack\",\"secrets\":[\"x\"],\"toleranceSeconds\":0}",
     "verify.toleranceSeconds must be a whole number from 1 to 86400; leave it out for 300."},
    {"{\"scheme\":\"slack\",\"secrets\":[\"x\"],\"toleranceSeconds\":86401}",
     "verify.toleranceSeconds must be "},
    {"{\"scheme\":\"slack\",\"secrets\":[\"x\"],\"toleranceSeconds\":1.5}",
     "verify.toleranceSeconds must be "},
    {"{\"scheme\":\"slack\",\"secrets\":[\"x\"],\"toleranceSeconds\":1e300}",
     "verify.toleranceSeconds must be "},
    {"{\"scheme\":\"slack\",\"secrets\":[\"x\"],\"toleranceSeconds\":\"300\"}",
     "verify.toleranceSeconds must be "},

    {HMAC HOW "}", "verify.header must be the name of a header, such as X-Signature."},
    {HMAC "\"header\":\"\"," HOW "}", "verify.header must be the name of a header"},
    {HMAC "\"header\":\"X Sig\"," HOW "}", "verify.header must be the name of a header"},
    {HMAC "\"header\":\"X-Sig:\"," HOW "}", "verify.header must be the name of a header"},
    {HMAC "\"header\":\"X-\\u0000\"," HOW "}", "verify.header must be the name of a header"},
    {HMAC "\"header\":\"X\",\"encoding\":\"hex\"}", "verify.algorithm must be sha256 or sha512."},
    {HMAC "\"header\":\"X\",\"algorithm\":\"SHA256\",\"encoding\":\"hex\"}",
     "verify.algorithm must be sha256 or sha512."},
    {HMAC "\"header\":\"X\",\"algorithm\":\"sha256\"}", "verify.encoding must be hex or base64."},
    {HMAC "\"header\":\"X\"," HOW ",\"prefix\":1}",
     "verify.prefix must be a text of at most 64 bytes."},
    {HMAC "\"header\":\"X\"," HOW ",\"idHeader\":\"a b\"}",
     "verify.idHeader must be the name of a header, such as X-Signature."},
    {HMAC "\"header\":\"X\"," HOW ",\"timestampHeader\":null}",
     "verify.timestampHeader must be the name of a header, such as X-Signature."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":null}",
     "verify.template must be a text of at most 256 bytes."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"\"}",
     "verify.template must have {body}. It is the signed text, with {body} and, where they are "
     "signed, {id} and {timestamp}."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"{id}\",\"idHeader\":\"I\"}",
     "verify.template must have {body}."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"{body}{body}\"}",
     "verify.template has a place twice."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"{time}.{body}\"}",
     "verify.template has a { that begins none of its places."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"{body\"}", "verify.template has a { that "},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"{id}.{body}\"}",
     "verify.template has {id}; add verify.idHeader, the header it comes in."},
    {HMAC "\"header\":\"X\"," HOW ",\"template\":\"{timestamp}.{body}\",\"idHeader\":\"I\"}",
     "verify.template has {timestamp}; add verify.timestampHeader, the header it comes in."},
    {"{\"scheme\":\"hmac\",\"secrets\":[\"base64:x\"],\"header\":\"X\"," HOW "}",
     "verify.secrets[0] must have standard base64, with padding, behind base64:."},
};

static void what_cannot_be_used_is_refused_with_a_text_that_helps(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct err err;
        struct verify_rule *rule = read_rule(refused[i].options, &err);
        if (strstr(err.text, refused[i].text) != err.text)
            assert_string_equal(err.text, refused[i].text);
        assert_null(rule);
        assert_int_equal(err.status, 400);
        assert_null(err.type);
    }
}

static void an_error_names_a_secret_by_its_place_only(void **state)
{
    (void)state;
    struct err err;
    assert_null(read_rule("{\"scheme\":\"gitlab\",\"secrets\":[\"hunter2\"]}", &err));
    assert_null(strstr(err.text, "hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shown_is_what_was_written_less_the_secrets),
        cmocka_unit_test(every_scheme_can_be_named),
        cmocka_unit_test(no_more_than_half_of_a_secret_is_shown),
        cmocka_unit_test(what_was_stored_is_loaded_as_it_was),
        cmocka_unit_test(what_cannot_be_loaded_is_our_own_failure),
        cmocka_unit_test(a_secret_that_stays_keeps_its_date),
        cmocka_unit_test(keys_are_decoded_as_their_scheme_says),
        cmocka_unit_test(what_cannot_be_used_is_refused_with_a_text_that_helps),
        cmocka_unit_test(an_error_names_a_secret_by_its_place_only),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
