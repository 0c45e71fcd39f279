/* Digests against published vectors, and the little that can be said about randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int setup(void **state)
{
    (void)state;
    digest_init();
    digest_init();
    return 0;
}

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char hex[DIGEST_HEX_BYTES];
        digest_sha256_hex(str_of(cases[i].text), hex);
        assert_string_equal(hex, cases[i].wanted);
    }
    uint8_t bytes[DIGEST_SHA256_BYTES];
    digest_sha256(STR("abc"), bytes);
    assert_int_equal(bytes[0], 0xba);
    assert_int_equal(bytes[31], 0xad);
}

static void a_token_is_stored_as_base64_of_its_digest(void **state)
{
    (void)state;
    char text[DIGEST_TOKEN_BYTES];
    digest_token(STR("abc"), text);
    assert_string_equal(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    digest_token(STR(""), text);
    assert_string_equal(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

static void base64_is_the_standard_one_with_padding(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        const char *wanted;
    } cases[] = {
        {STR_INIT(""), ""},
        {STR_INIT("f"), "Zg=="},
        {STR_INIT("fo"), "Zm8="},
        {STR_INIT("foo"), "Zm9v"},
        {STR_INIT("foobar"), "Zm9vYmFy"},
        {STR_INIT("\xfb\xff\xfe"), "+//+"},
        {STR_INIT("\0"), "AA=="},
    };
    struct arena a;
    arena_init(&a, 1000);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str text = digest_base64(&a, cases[i].bytes);
        assert_string_equal(text.ptr, cases[i].wanted);
        assert_int_equal(text.len, strlen(cases[i].wanted));
        assert_int_equal(digest_base64_size(cases[i].bytes.len), text.len + 1);
    }
    arena_release(&a);
}

static void random_bytes_differ_and_stay_in_their_place(void **state)
{
    (void)state;
    char first[34] = {0}, second[34] = {0};
    digest_random(first + 1, 32);
    digest_random(second + 1, 32);
    assert_memory_not_equal(first, second, sizeof(first));
    assert_int_equal(first[0] | first[33] | second[0] | second[33], 0);
}

static void random_numbers_reach_every_value_below_their_limit(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (int i = 0; i < 2000; i++) {
        uint32_t number = digest_random_below(7);
        assert_true(number < 7);
        seen |= 1u << number;
    }
    assert_int_equal(seen, 0x7f);
    assert_int_equal(digest_random_below(1), 0);
}

static void the_keyed_hash_is_steady_and_tells_names_apart(void **state)
{
    (void)state;
    uint64_t hash = digest_keyed64(STR("name"));
    digest_init();
    assert_true(digest_keyed64(STR("name")) == hash);
    assert_true(digest_keyed64(STR("nama")) != hash);
    assert_true(digest_keyed64(STR("name\0")) != hash);
    assert_true(digest_keyed64(STR("")) == digest_keyed64(str_of(NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(a_token_is_stored_as_base64_of_its_digest),
        cmocka_unit_test(base64_is_the_standard_one_with_padding),
        cmocka_unit_test(random_bytes_differ_and_stay_in_their_place),
        cmocka_unit_test(random_numbers_reach_every_value_below_their_limit),
        cmocka_unit_test(the_keyed_hash_is_steady_and_tells_names_apart),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
