/* The history behind the answers: what is given to the recorder is in the store when it has
 * stopped, and which key a delivery has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hooks/hook.h"
#include "store_fixture.h"

/* --- the recorder --- */

static bool add_integration(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct integration in = {.id = str_of(arg), .type = type_incoming};
    integration_mark(&in, INTEGRATION_ID);
    integration_mark(&in, INTEGRATION_TYPE);
    integration_insert(tx, &in);
    return true;
}

struct question {
    const char *id;
    int64_t total;
    struct buf newest;
};

static bool ask(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct question *q = arg;
    q->total = records_total(rd, RECORD_CALL, str_of(q->id));
    (void)records_page(rd, RECORD_CALL, str_of(q->id), 0, 1, &q->newest);
    return true;
}

static void assert_recorded(struct store_fixture *f, const char *id, int64_t total,
                            const char *newest)
{
    struct question q = {.id = id};
    buf_init(&q.newest, 4096);
    assert_true(fixture_read(f, ask, &q));
    assert_int_equal(q.total, total);
    assert_string_equal(q.newest.ptr, newest);
    buf_release(&q.newest);
}

static struct recorder *open_recorder(struct store_fixture *f)
{
    char one[] = "one", two[] = "two";
    assert_true(fixture_write(f, add_integration, one));
    assert_true(fixture_write(f, add_integration, two));
    struct recorder *r = recorder_open(f->store, &f->err);
    assert_non_null(r);
    return r;
}

static void put(struct recorder *r, struct str id, struct str doc)
{
    recorder_put(r,
                 &(struct record_row){.integration_id = id, .at_ms = clock_wall_ms(), .doc = doc});
}

static void what_was_given_is_written_when_it_has_stopped(void **state)
{
    struct store_fixture *f = *state;
    struct recorder *r = open_recorder(f);
    for (int i = 1; i <= 500; i++) {
        char doc[32];
        int length = snprintf(doc, sizeof(doc), "\"n\":%d", i);
        put(r, i % 5 == 0 ? STR("two") : STR("one"), str_from(doc, (size_t)length));
    }
    put(r, STR("nobody"), STR("\"n\":0"));
    recorder_stop(r);
    recorder_free(r);
    assert_recorded(f, "one", 400, "{\"number\":400,\"n\":499}");
    assert_recorded(f, "two", 100, "{\"number\":100,\"n\":500}");
}

static void what_comes_after_its_end_is_lost_and_bounded(void **state)
{
    struct store_fixture *f = *state;
    struct recorder *r = open_recorder(f);
    recorder_stop(r);
    for (int i = 0; i < 20000; i++)
        put(r, STR("one"), STR("\"n\":1"));
    recorder_free(r);
    assert_recorded(f, "one", 0, "");
}

static void stopping_twice_and_freeing_nothing_is_fine(void **state)
{
    struct store_fixture *f = *state;
    uint8_t key[DIGEST_SEAL_KEY_BYTES] = {0};
    struct hooks *hooks = hooks_open(f->store, key, &f->err);
    assert_non_null(hooks);
    hooks_stop(hooks);
    hooks_stop(hooks);
    hooks_free(hooks);
    hooks_stop(NULL);
    hooks_free(NULL);
}

/* --- secrets --- */

static void a_sealed_secret_opens_for_its_integration_and_key_alone(void **state)
{
    struct store_fixture *f = *state;
    struct hooks mine = {.key = {1}}, other = {.key = {2}};
    struct str plain, sealed = secrets_seal(&mine, &f->arena, STR("one"), STR("secret"));
    assert_true(str_find(sealed, STR("secret")) == SIZE_MAX);
    assert_true(secrets_open(&mine, &f->arena, STR("one"), sealed, &plain));
    assert_true(str_is(plain, "secret"));
    assert_false(secrets_open(&mine, &f->arena, STR("two"), sealed, &plain));
    assert_false(secrets_open(&other, &f->arena, STR("one"), sealed, &plain));
    assert_false(secrets_open(&mine, &f->arena, STR("one"), STR("no base64!"), &plain));
    assert_false(secrets_open(&mine, &f->arena, STR("one"), STR(""), &plain));
}

/* --- keys of deliveries --- */

static struct str key_of(struct store_fixture *f, const struct http_header *headers, size_t count,
                         const char *signed_id)
{
    struct http_request rq = {.headers = headers, .header_count = count, .arena = &f->arena};
    return delivery_key(&rq, str_of(signed_id), &f->arena);
}

#define HEADER(n, v)                                                                               \
    {                                                                                              \
        STR_INIT(n), STR_INIT(v)                                                                   \
    }

static void a_delivery_is_known_by_what_its_sender_says(void **state)
{
    struct store_fixture *f = *state;
    static const struct http_header by_hand[] = {HEADER("X-GitHub-Delivery", "d"),
                                                 HEADER("Idempotency-Key", "k")};
    static const struct http_header senders[] = {
        HEADER("X-GitHub-Delivery", "d"),
        HEADER("webhook-id", "d"),
        HEADER("svix-id", "d"),
        HEADER("X-Gitlab-Event-UUID", "d"),
        HEADER("X-SHOPIFY-webhook-id", "d"),
    };
    static const struct http_header empty[] = {HEADER("Idempotency-Key", ""),
                                               HEADER("X-Request-Id", "r")};
    struct str k = key_of(f, &by_hand[1], 1, ""), d = key_of(f, &senders[0], 1, "");
    assert_false(str_eq(k, d));
    assert_true(str_eq(key_of(f, by_hand, 2, ""), k));
    for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++)
        assert_true(str_eq(key_of(f, &senders[i], 1, ""), d));
    assert_true(str_empty(key_of(f, empty, 2, "")));
    assert_true(str_empty(key_of(f, NULL, 0, "")));
}

static void what_the_signature_covers_comes_before_any_other_key(void **state)
{
    struct store_fixture *f = *state;
    static const struct http_header headers[] = {HEADER("Idempotency-Key", "forged")};
    static const struct http_header real[] = {HEADER("webhook-id", "real")};
    assert_true(str_eq(key_of(f, headers, 1, "real"), key_of(f, real, 1, "")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_given_is_written_when_it_has_stopped),
        TEST(what_comes_after_its_end_is_lost_and_bounded),
        TEST(stopping_twice_and_freeing_nothing_is_fine),
        TEST(a_sealed_secret_opens_for_its_integration_and_key_alone),
        TEST(a_delivery_is_known_by_what_its_sender_says),
        TEST(what_the_signature_covers_comes_before_any_other_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
