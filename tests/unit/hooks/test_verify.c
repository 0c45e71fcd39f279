/* Signatures: each vector is a call as its sender would make it, and most tests change one thing in
 * all of them. The values were computed apart from this program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hooks/verify.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define HEADERS_MAX 3

struct vector {
    const char *options;
    struct http_header headers[HEADERS_MAX]; /* the signature, then those needed, then the others */
    size_t needed;
    struct str body;
    int64_t sent_s; /* 0: the scheme has no time */
    const char *id;
    bool hex;
    bool unsigned_body;
};

#define H(header_name, header_value)                                                               \
    {                                                                                              \
        .name = STR_INIT(header_name), .value = STR_INIT(header_value)                             \
    }

static const struct vector vectors[] = {
    {.options = "{\"scheme\":\"standard-webhooks\","
                "\"secrets\":[\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]}",
     .headers = {H("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
                 H("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                 H("webhook-timestamp", "1614265330")},
     .needed = 3,
     .body = STR_INIT("{\"test\": 2432232314}"),
     .sent_s = 1614265330,
     .id = "msg_p5jXN8AQM9LWM0D4loKWxJek"},
    {.options = "{\"scheme\":\"standard-webhooks\","
                "\"secrets\":[\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]}",
     .headers = {H("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
                 H("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), H("svix-timestamp", "1614265330")},
     .needed = 3,
     .body = STR_INIT("{\"test\": 2432232314}"),
     .sent_s = 1614265330,
     .id = "msg_p5jXN8AQM9LWM0D4loKWxJek"},
    {.options = "{\"scheme\":\"standard-webhooks\","
                "\"secrets\":[\"whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\"]}",
     .headers = {H("webhook-signature",
                   "v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBG"
                   "xTFRrl2iBQxtDQ=="),
                 H("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                 H("webhook-timestamp", "1614265330")},
     .needed = 3,
     .body = STR_INIT("{\"test\": 2432232314}"),
     .sent_s = 1614265330,
     .id = "msg_p5jXN8AQM9LWM0D4loKWxJek"},
    {.options = "{\"scheme\":\"gitlab\","
                "\"secrets\":[\"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"]}",
     .headers = {H("webhook-signature", "v1,gjUPbOOPJrmHOvS70CsFjgMCfb0yOME/r20nB9j2l1c="),
                 H("webhook-id", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"),
                 H("webhook-timestamp", "1766154901")},
     .needed = 3,
     .body = STR_INIT("{\"object_kind\":\"push\"}"),
     .sent_s = 1766154901,
     .id = "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"},
    {.options = "{\"scheme\":\"gitlab-token\",\"secrets\":[\"not so \\u00e4asy to guess\"]}",
     .headers = {H("X-Gitlab-Token", "not so \xc3\xa4"
                                     "asy to guess"),
                 H("X-Gitlab-Event-UUID", "5c8a")},
     .needed = 1,
     .body = STR_INIT("{\"object_kind\":\"push\"}"),
     .id = "5c8a",
     .unsigned_body = true},
    {.options = "{\"scheme\":\"github\",\"secrets\":[\"It's a Secret to Everybody\"]}",
     .headers = {H("X-Hub-Signature-256",
                   "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
                 H("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")},
     .needed = 1,
     .body = STR_INIT("Hello, World!"),
     .id = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
     .hex = true},
    {.options = "{\"scheme\":\"github\",\"secrets\":[\"It's a Secret to Everybody\"]}",
     .headers = {H("X-Hub-Signature",
                   "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")},
     .needed = 1,
     .body = STR_INIT("Hello, World!"),
     .id = "",
     .hex = true},
    {.options = "{\"scheme\":\"slack\",\"secrets\":[\"8f742231b10e8888abcd99yyyzzz85a5\"]}",
     .headers = {H("X-Slack-Signature",
                   "v0=ae0cda9b0afb8dcdccb46c5dfc1f7bde1e1e7387125c56ce69b94d786f2c7d08"),
                 H("X-Slack-Request-Timestamp", "1531420618")},
     .needed = 2,
     .body = STR_INIT("token=x&team_id=T1&text=hello"),
     .sent_s = 1531420618,
     .id = "",
     .hex = true},
    {.options = "{\"scheme\":\"stripe\",\"secrets\":[\"whsec_test_secret\"]}",
     .headers = {H("Stripe-Signature",
                   "t=1492774577,v1=691252e266ce41cb94d709c84e9580d4172b117a510bbc81723f657d2cd5d21"
                   "5")},
     .needed = 1,
     .body = STR_INIT("{\"id\":\"evt_test\",\"object\":\"event\"}"),
     .sent_s = 1492774577,
     .id = "",
     .hex = true},
    {.options = "{\"scheme\":\"shopify\",\"secrets\":[\"hush\"]}",
     .headers = {H("X-Shopify-Hmac-Sha256", "3+Yq/TpwjqJ7IXuMq8EfED7b+y0XbokqOKLUdagDxMI="),
                 H("X-Shopify-Webhook-Id", "b54557e4")},
     .needed = 1,
     .body = STR_INIT("{\"a\":1}"),
     .id = "b54557e4"},
    /* schemes of one's own */
    {.options = "{\"scheme\":\"hmac\",\"secrets\":[\"key\"],\"header\":\"X-Sig\","
                "\"algorithm\":\"sha512\",\"encoding\":\"base64\","
                "\"template\":\"{id}|{timestamp}|{body}\",\"idHeader\":\"X-Id\","
                "\"timestampHeader\":\"X-Time\"}",
     .headers = {H("X-Sig", "E2erqwsZqY7CqbUfk65xrA+SxtnRHO1/PWEcLrR4m4UZsDBX8FksAb2mfV05G3eK2po8Nr"
                            "a0s6DwH8luyPqHuQ=="),
                 H("X-Id", "d-1"), H("X-Time", "1700000000")},
     .needed = 3,
     .body = STR_INIT("{\"a\":1}"),
     .sent_s = 1700000000,
     .id = "d-1"},
    {.options = "{\"scheme\":\"hmac\",\"secrets\":[\"grafana key\"],"
                "\"header\":\"X-Grafana-Alerting-Signature\",\"algorithm\":\"sha256\","
                "\"encoding\":\"hex\",\"template\":\"{timestamp}:{body}\","
                "\"timestampHeader\":\"X-Grafana-Timestamp\"}",
     .headers = {H("X-Grafana-Alerting-Signature",
                   "884f4bdad3e07d253cac568471c8ee63eb442998ba516a74c4c710dd803ea8d1"),
                 H("X-Grafana-Timestamp", "1700000000")},
     .needed = 2,
     .body = STR_INIT("{\"a\":1}"),
     .sent_s = 1700000000,
     .id = "",
     .hex = true},
    {.options = "{\"scheme\":\"hmac\",\"secrets\":[\"base64:AP8Ba2V5\"],\"header\":\"X-Sig\","
                "\"algorithm\":\"sha256\",\"encoding\":\"hex\"}",
     .headers = {H("X-Sig", "6911f473b9db8b1523efb3aa733306819d3ac62eba4188d259ca1a56361ad324")},
     .needed = 1,
     .body = STR_INIT("{\"a\":1}"),
     .id = "",
     .hex = true},
    {.options = "{\"scheme\":\"hmac\",\"secrets\":[\"s3cre77890ab\"],\"header\":\"X-Sig\","
                "\"algorithm\":\"sha256\",\"encoding\":\"hex\",\"prefix\":\"sha256=\","
                "\"template\":\"{id}{timestamp}{body}\",\"idHeader\":\"X-Id\","
                "\"timestampHeader\":\"X-Time\"}",
     .headers = {H("X-Sig",
                   "sha256=68a62eacfdb087c7863b1ad1f42a11f8413121d3c1772b6d7b4db421b0f22d9c"),
                 H("X-Id", "e76c6bd4-55c9-4987-8304-da1588d8988b"),
                 H("X-Time", "2022-11-16T10:11:12.634234626Z")},
     .needed = 3,
     .body = STR_INIT("{\"a\":1}"),
     .sent_s = 1668593472,
     .id = "e76c6bd4-55c9-4987-8304-da1588d8988b",
     .hex = true},
    {.options = "{\"scheme\":\"hmac\",\"secrets\":[\"key\"],\"header\":\"X-Sig\","
                "\"algorithm\":\"sha256\",\"encoding\":\"hex\","
                "\"template\":\"{timestamp}.{body}\",\"timestampHeader\":\"X-Time\"}",
     .headers = {H("X-Sig", "7234ef74374a6c1b288391c58d083eba21c8638f0731eed85b936bbf595d1b72"),
                 H("X-Time", "1700000000123")},
     .needed = 2,
     .body = STR_INIT("{\"a\":1}"),
     .sent_s = 1700000000,
     .id = "",
     .hex = true},
    {.options = "{\"scheme\":\"hmac\",\"secrets\":[\"key\"],\"header\":\"X-Sig\","
                "\"algorithm\":\"sha512\",\"encoding\":\"hex\"}",
     .headers = {H("X-Sig", "cceca30abb34113415abd5e2d2ef5a3b1122c33898d26fddd8bc549e83e80c9a"
                            "73bbf2452376011613fe4c5a9f61e56a4ed3b6216efb0ff4aa1da155e93b9871")},
     .needed = 1,
     .body = STR_INIT("\0\xff\n"),
     .id = "",
     .hex = true},
};

/* --- one call that may be changed --- */

struct call {
    const struct vector *vector;
    struct verify_rule *rule;
    struct http_header headers[HEADERS_MAX + 1];
    size_t header_count;
    struct str body;
    int64_t now_ms;
    struct verify_outcome out;
};

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    digest_init();
    arena_init(&arena, SIZE_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct verify_rule *rule_of(const char *options)
{
    struct err err = ERR_NONE;
    struct verify_rule *rule =
        verify_read(&arena, json_parse(&arena, str_of(options)), 1700000000000, &err);
    assert_string_equal(err.text, "");
    assert_non_null(rule);
    return rule;
}

static struct call call_of(const struct vector *vector)
{
    struct call call = {.vector = vector,
                        .rule = rule_of(vector->options),
                        .body = vector->body,
                        .now_ms = vector->sent_s * 1000};
    while (call.header_count < HEADERS_MAX && vector->headers[call.header_count].name.len > 0) {
        call.headers[call.header_count] = vector->headers[call.header_count];
        call.header_count++;
    }
    return call;
}

static bool passes(struct call *call)
{
    return verify_signature(call->rule, call->headers, call->header_count, call->body, call->now_ms,
                            &call->out);
}

static void check_passes(struct call *call)
{
    bool good = passes(call);
    assert_string_equal(call->out.reason, "");
    assert_true(good);
}

static void check_refused(struct call *call, const char *because)
{
    assert_false(passes(call));
    if (strstr(call->out.reason, because) == NULL)
        assert_string_equal(call->out.reason, because);
}

static struct str changed(struct str s, size_t at)
{
    char *copy = arena_cstr(&arena, s);
    copy[at] ^= 1;
    return str_from(copy, s.len);
}

static struct str upper(struct str s, size_t from)
{
    char *copy = arena_cstr(&arena, s);
    for (size_t i = from; i < s.len; i++)
        copy[i] = copy[i] >= 'a' && copy[i] <= 'z' ? (char)(copy[i] - 32) : copy[i];
    return str_from(copy, s.len);
}

static void drop_header(struct call *call, size_t at)
{
    for (; at + 1 < call->header_count; at++)
        call->headers[at] = call->headers[at + 1];
    call->header_count--;
}

static void spoil_secret(struct verify_secret *secret)
{
    secret->key = changed(secret->key, 0);
}

/* --- what holds for every scheme --- */

static void a_good_signature_passes_and_tells_the_delivery(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        check_passes(&call);
        assert_true(str_is(call.out.id, call.vector->id));
        assert_int_equal(call.out.secret, 0);
    }
}

static void another_body_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        struct str body = call.body;
        for (size_t i = 0; i < body.len && !call.vector->unsigned_body; i++) {
            call.body = changed(body, i);
            check_refused(&call, "fits none of the secrets (1)");
            call.body = str_slice(body, 0, i);
            check_refused(&call, "fits none");
        }
    }
}

static void another_secret_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        spoil_secret(&call.rule->secrets[0]);
        check_refused(&call, "fits none of the secrets (1)");
    }
}

static void a_signature_with_any_character_changed_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        struct str value = call.headers[0].value;
        for (size_t i = 0; i < value.len; i++) {
            call.headers[0].value = changed(value, i);
            assert_false(passes(&call));
        }
    }
}

static void a_truncated_or_longer_signature_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        struct str value = call.headers[0].value;
        for (size_t len = 0; len < value.len; len++) {
            call.headers[0].value = str_slice(value, 0, len);
            assert_false(passes(&call));
        }
        call.headers[0].value = arena_fmt(&arena, "%.*s0", STR_FMT(value));
        assert_false(passes(&call));
        call.headers[0].value = arena_fmt(&arena, "%.*s=", STR_FMT(value));
        assert_false(passes(&call));
    }
}

static void a_header_that_is_missing_or_empty_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        for (size_t i = 0; i < vectors[v].needed; i++) {
            struct call call = call_of(&vectors[v]);
            call.headers[i].value = STR("");
            check_refused(&call, "is missing or empty");
            drop_header(&call, i);
            check_refused(&call, "is missing or empty");
        }
    }
}

static void a_call_without_any_header_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        call.header_count = 0;
        check_refused(&call, "is missing or empty");
        assert_int_equal(call.out.id.len, 0);
    }
}

static void a_header_that_is_there_twice_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        size_t count = call.header_count++;
        for (size_t i = 0; i < count; i++) {
            call.headers[count] = call.headers[i];
            check_refused(&call, "is there more than once");
        }
    }
}

static void names_of_headers_have_no_case(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        for (size_t i = 0; i < call.header_count; i++)
            call.headers[i].name = upper(call.headers[i].name, 0);
        check_passes(&call);
    }
}

static void hexadecimal_digits_may_have_either_case_but_their_prefix_not(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        if (!call.vector->hex)
            continue;
        struct str value = call.headers[0].value;
        size_t last_equals = value.len;
        while (last_equals > 0 && value.ptr[last_equals - 1] != '=')
            last_equals--;
        call.headers[0].value = upper(value, last_equals);
        check_passes(&call);
        call.headers[0].value = upper(value, 0);
        assert_int_equal(passes(&call), last_equals == 0);
    }
}

static void a_call_is_taken_for_five_minutes_around_its_time(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        int64_t sent_ms = call.vector->sent_s * 1000;
        if (sent_ms == 0)
            continue;
        call.now_ms = sent_ms + 300999;
        check_passes(&call);
        call.now_ms = sent_ms + 301000;
        check_refused(&call, "is 301 s old, allowed are 300");
        call.now_ms = sent_ms - 300000;
        check_passes(&call);
        call.now_ms = sent_ms - 301000;
        check_refused(&call, "is 301 s ahead of this server's clock, allowed are 300");
    }
}

static void without_a_time_a_call_is_good_for_ever(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        if (call.vector->sent_s != 0)
            continue;
        call.now_ms = 4102444800000;
        check_passes(&call);
    }
}

static void the_tolerance_is_the_rules_own(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        if (call.vector->sent_s == 0)
            continue;
        call.rule->tolerance_s = 10;
        call.now_ms += 11000;
        check_refused(&call, "allowed are 10");
        call.rule->tolerance_s = 86400;
        call.now_ms += 86000000;
        check_passes(&call);
    }
}

static void while_a_secret_is_replaced_both_are_good(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        struct verify_secret good = call.rule->secrets[0];
        call.rule->secret_count = VERIFY_MAX_SECRETS;
        for (size_t place = 0; place < VERIFY_MAX_SECRETS; place++) {
            for (size_t i = 0; i < VERIFY_MAX_SECRETS; i++) {
                call.rule->secrets[i] = good;
                if (i != place)
                    spoil_secret(&call.rule->secrets[i]);
            }
            check_passes(&call);
            assert_int_equal(call.out.secret, place);
        }
        spoil_secret(&call.rule->secrets[VERIFY_MAX_SECRETS - 1]);
        check_refused(&call, "fits none of the secrets (5)");
    }
}

static void a_reason_holds_neither_secret_nor_signature(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        struct str secret = call.rule->secrets[0].text;
        struct str value = call.headers[0].value;
        call.headers[0].value = changed(value, value.len / 2);
        assert_false(passes(&call));
        struct str reason = str_of(call.out.reason);
        assert_true(secret.len < 5 || str_find(reason, secret) == SIZE_MAX);
        assert_true(str_find(reason, str_slice(value, value.len - 20, value.len)) == SIZE_MAX);
    }
}

/* --- single schemes --- */

static struct call call_for(const char *scheme)
{
    for (size_t v = 0; v < COUNT(vectors); v++) {
        struct call call = call_of(&vectors[v]);
        if (str_is(call.rule->scheme->name, scheme))
            return call;
    }
    fail();
    return (struct call){.vector = NULL};
}

#define MAC   "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define OTHER "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI="
#define ED25519                                                                                    \
    "v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBGxTFRrl2iBQxtDQ=="

static void of_several_standard_signatures_any_may_match(void **state)
{
    (void)state;
    static const char *const good[] = {OTHER " " MAC, MAC " " OTHER,      "v2,x " MAC,
                                       "  " MAC " ",  "v1, v1,! v1 " MAC, ED25519 " " MAC};
    static const char *const bad[] = {OTHER " " OTHER, OTHER, ED25519, OTHER " " ED25519};
    static const char *const none[] = {"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                       "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                       "v1,",
                                       "v1",
                                       ",",
                                       " ",
                                       "V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                       "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE="};
    struct call call = call_for("standard-webhooks");
    for (size_t i = 0; i < COUNT(good); i++) {
        call.headers[0].value = str_of(good[i]);
        check_passes(&call);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        call.headers[0].value = str_of(bad[i]);
        check_refused(&call, "webhook-signature fits none of the secrets (1)");
    }
    for (size_t i = 0; i < COUNT(none); i++) {
        call.headers[0].value = str_of(none[i]);
        check_refused(&call,
                      "webhook-signature has no signature of the form v1,<base64 of 32 bytes>");
    }
}

static void a_public_key_beside_a_secret_checks_its_own_kind_only(void **state)
{
    (void)state;
    struct call call = call_for("standard-webhooks");
    call.rule = rule_of("{\"scheme\":\"standard-webhooks\",\"secrets\":["
                        "\"whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\","
                        "\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]}");
    check_passes(&call);
    assert_int_equal(call.out.secret, 1);
    call.headers[0].value = STR(OTHER " " ED25519);
    check_passes(&call);
    assert_int_equal(call.out.secret, 0);

    /* whoever knows the public key cannot use it as a shared one */
    call.rule->secret_count = 1;
    call.headers[0].value = STR("v1,4dYmEdg8mVJNPqUbBtMwHpdlKqv++9ZLLg5PovPSMm0=");
    check_refused(&call, "fits none");
}

static void more_than_ten_signatures_are_refused(void **state)
{
    (void)state;
    struct call call = call_for("standard-webhooks");
    BUF(value, 4096);
    for (size_t i = 0; i < VERIFY_MAX_SIGNATURES - 1; i++)
        buf_lit(&value, OTHER " ");
    buf_lit(&value, MAC);
    call.headers[0].value = buf_str(&value);
    check_passes(&call);
    buf_lit(&value, " " MAC);
    call.headers[0].value = buf_str(&value);
    check_refused(&call, "webhook-signature has more than 10 signatures");
}

/* "msg.16..." with a body and "msg" with a longer one would be signed alike. */
static void an_id_must_not_hold_the_text_that_ends_it(void **state)
{
    (void)state;
    struct call call = call_for("standard-webhooks");
    call.headers[1].value = STR("msg.1");
    check_refused(&call, "webhook-id holds the text that ends it in the signed bytes");
    call = call_for("hmac");
    call.headers[1].value = STR("d|1");
    check_refused(&call, "X-Id holds the text that ends it in the signed bytes");
}

static void a_named_scheme_takes_unix_seconds_only(void **state)
{
    (void)state;
    static const char *const times[] = {
        "1614265330000", "2021-02-25T15:02:10Z", "+1614265330",          "-1",
        "1614265330.0",  "0x6037bd32",           "99999999999999999999", "now"};
    struct call call = call_for("standard-webhooks");
    for (size_t i = 0; i < COUNT(times); i++) {
        call.headers[2].value = str_of(times[i]);
        check_refused(&call, "the timestamp is no time in Unix seconds");
    }
    call.headers[2].value = STR("0");
    check_refused(&call, "s old");
    call.headers[2].value = STR("999999999999");
    check_refused(&call, "s ahead of this server's clock");
}

static void the_older_name_of_github_counts_only_where_the_newer_is_missing(void **state)
{
    (void)state;
    struct call call = call_for("github");
    call.headers[call.header_count++] =
        (struct http_header){STR("X-Hub-Signature"), STR("sha1=da39a3ee5e6b4b0d3255bfef95601890")};
    check_passes(&call);
    drop_header(&call, 0);
    check_refused(&call, "X-Hub-Signature has no signature of the form sha256=<64 hexadecimal "
                         "digits>");
    assert_true(str_is(call.out.id, call.vector->id));
}

static void a_delivery_without_an_id_passes_where_the_id_is_not_signed(void **state)
{
    (void)state;
    static const char *const names[] = {"github", "gitlab-token", "shopify"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct call call = call_for(names[i]);
        drop_header(&call, 1);
        check_passes(&call);
        assert_int_equal(call.out.id.len, 0);
    }
}

#define STRIPE       "v1=691252e266ce41cb94d709c84e9580d4172b117a510bbc81723f657d2cd5d215"
#define STRIPE_OTHER "v1=091252e266ce41cb94d709c84e9580d4172b117a510bbc81723f657d2cd5d215"

static void stripes_header_is_a_list_of_fields(void **state)
{
    (void)state;
    static const struct {
        const char *value, *reason;
    } cases[] = {
        {"t=1492774577," STRIPE, ""},
        {STRIPE ",t=1492774577", ""},
        {"t=1492774577, " STRIPE_OTHER " , " STRIPE, ""},
        {"t=1492774577," STRIPE "," STRIPE_OTHER, ""},
        {"t=1492774577,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39," STRIPE,
         ""},
        {"x,t=1492774577,,v2=5," STRIPE, ""},
        {"t=1492774577,v0=691252e266ce41cb94d709c84e9580d4172b117a510bbc81723f657d2cd5d215",
         "Stripe-Signature has no signature of the form v1=<64 hexadecimal digits>"},
        {"t=1492774577", "Stripe-Signature has no signature of the form"},
        {STRIPE, "Stripe-Signature has no t="},
        {"t=," STRIPE, "Stripe-Signature has no t="},
        {"t=1492774577,t=1492774577," STRIPE, "Stripe-Signature has more than one t="},
        {"t=1492774578," STRIPE, "fits none"},
        {"t=soon," STRIPE, "the timestamp is no time in Unix seconds"},
        {"t=1492774577," STRIPE_OTHER, "fits none"},
    };
    struct call call = call_for("stripe");
    for (size_t i = 0; i < COUNT(cases); i++) {
        call.headers[0].value = str_of(cases[i].value);
        if (cases[i].reason[0] == '\0')
            check_passes(&call);
        else
            check_refused(&call, cases[i].reason);
    }
}

static void a_prefix_that_is_asked_for_must_be_there(void **state)
{
    (void)state;
    struct call call = call_for("slack");
    call.headers[0].value = str_after(call.headers[0].value, strlen("v0="));
    check_refused(&call, "X-Slack-Signature has no signature of the form v0=<64 hexadecimal "
                         "digits>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_signature_passes_and_tells_the_delivery),
        cmocka_unit_test(another_body_is_refused),
        cmocka_unit_test(another_secret_is_refused),
        cmocka_unit_test(a_signature_with_any_character_changed_is_refused),
        cmocka_unit_test(a_truncated_or_longer_signature_is_refused),
        cmocka_unit_test(a_header_that_is_missing_or_empty_is_refused),
        cmocka_unit_test(a_call_without_any_header_is_refused),
        cmocka_unit_test(a_header_that_is_there_twice_is_refused),
        cmocka_unit_test(names_of_headers_have_no_case),
        cmocka_unit_test(hexadecimal_digits_may_have_either_case_but_their_prefix_not),
        cmocka_unit_test(a_call_is_taken_for_five_minutes_around_its_time),
        cmocka_unit_test(without_a_time_a_call_is_good_for_ever),
        cmocka_unit_test(the_tolerance_is_the_rules_own),
        cmocka_unit_test(while_a_secret_is_replaced_both_are_good),
        cmocka_unit_test(a_reason_holds_neither_secret_nor_signature),
        cmocka_unit_test(of_several_standard_signatures_any_may_match),
        cmocka_unit_test(a_public_key_beside_a_secret_checks_its_own_kind_only),
        cmocka_unit_test(more_than_ten_signatures_are_refused),
        cmocka_unit_test(an_id_must_not_hold_the_text_that_ends_it),
        cmocka_unit_test(a_named_scheme_takes_unix_seconds_only),
        cmocka_unit_test(the_older_name_of_github_counts_only_where_the_newer_is_missing),
        cmocka_unit_test(a_delivery_without_an_id_passes_where_the_id_is_not_signed),
        cmocka_unit_test(stripes_header_is_a_list_of_fields),
        cmocka_unit_test(a_prefix_that_is_asked_for_must_be_there),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
