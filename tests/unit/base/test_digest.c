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

static void base64_is_read_only_in_its_one_form(void **state)
{
    (void)state;
    static const struct {
        struct str text, wanted;
        bool good;
    } cases[] = {
        {STR_INIT(""), STR_INIT(""), true},
        {STR_INIT("Zg=="), STR_INIT("f"), true},
        {STR_INIT("Zm9vYmFy"), STR_INIT("foobar"), true},
        {STR_INIT("+//+"), STR_INIT("\xfb\xff\xfe"), true},
        {STR_INIT("Zg"), STR_INIT(""), false},   /* no padding */
        {STR_INIT("Zg="), STR_INIT(""), false},  /* half of it */
        {STR_INIT("Zh=="), STR_INIT(""), false}, /* bits that nobody reads */
        {STR_INIT("-__-"), STR_INIT(""), false}, /* the alphabet for URLs */
        {STR_INIT("Zm9v\n"), STR_INIT(""), false},
        {STR_INIT(" Zm9v"), STR_INIT(""), false},
        {STR_INIT("Zm9vYmFyZm9vYmFy"), STR_INIT(""), false}, /* more than the room */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[8];
        size_t len = 0;
        assert_int_equal(digest_base64_decode(cases[i].text, out, sizeof(out), &len),
                         cases[i].good);
        if (cases[i].good)
            assert_true(str_eq(str_from(out, len), cases[i].wanted));
    }
}

static void hexadecimal_digits_are_read_in_either_case_and_exactly_so_many(void **state)
{
    (void)state;
    uint8_t out[3];
    assert_true(digest_hex_decode(STR("00fFA9"), out, 3));
    assert_memory_equal(out, "\x00\xff\xa9", 3);
    assert_false(digest_hex_decode(STR("00fFA"), out, 3));
    assert_false(digest_hex_decode(STR("00fFA9"), out, 2));
    assert_false(digest_hex_decode(STR("00fF"), out, 3));
    assert_false(digest_hex_decode(STR("00fFAg"), out, 3));
    assert_false(digest_hex_decode(STR("0x00fF"), out, 3));
    assert_false(digest_hex_decode(STR(""), out, 3));
}

static struct str from_hex(const char *hex, uint8_t *space, size_t size)
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= size);
    assert_true(digest_hex_decode(str_of(hex), space, len));
    return str_from((const char *)space, len);
}

/* RFC 4231, tests 1, 2 and 6; and nothing under no key. */
static const struct {
    const char *key; /* in hexadecimal digits; "aa" stands for 131 of them */
    const char *text;
    const char *sha256, *sha512;
} macs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
    {"4a656665", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    {"aa", "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
     "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
     "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
    {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
     "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac673"
     "0c6c515421b327ec1d69402e53dfb49ad7381eb067b338fd7b0cb22247225d47"},
};

static void check_mac(enum digest_hash hash, struct str key, struct str text, const char *wanted)
{
    uint8_t mac[DIGEST_MAC_BYTES], bytes[DIGEST_MAC_BYTES];
    struct str expected = from_hex(wanted, bytes, sizeof(bytes));
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct str parts[] = {str_slice(text, 0, cut), STR(""), str_after(text, cut)};
        assert_int_equal(digest_hmac(hash, key, parts, COUNT(parts), mac), expected.len);
        assert_memory_equal(mac, expected.ptr, expected.len);
    }
}

static void an_hmac_is_the_published_one_however_its_text_is_cut(void **state)
{
    (void)state;
    uint8_t space[131];
    for (size_t i = 0; i < COUNT(macs); i++) {
        struct str key = from_hex(macs[i].key, space, sizeof(space));
        if (strcmp(macs[i].key, "aa") == 0) {
            memset(space, 0xaa, sizeof(space));
            key.len = sizeof(space);
        }
        check_mac(DIGEST_SHA256, key, str_of(macs[i].text), macs[i].sha256);
        check_mac(DIGEST_SHA512, key, str_of(macs[i].text), macs[i].sha512);
    }
    assert_int_equal(digest_mac_size(DIGEST_SHA256), 32);
    assert_int_equal(digest_mac_size(DIGEST_SHA512), 64);
}

/* RFC 8032, section 7.1, test 2. */
static void an_ed25519_signature_is_believed_for_its_key_and_message_only(void **state)
{
    (void)state;
    uint8_t key_bytes[32], signature_bytes[64];
    struct str key =
        from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", key_bytes, 32);
    struct str signature =
        from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                 signature_bytes, 64);
    assert_true(digest_ed25519_verify(key, signature, STR("\x72")));
    assert_false(digest_ed25519_verify(key, signature, STR("\x73")));
    assert_false(digest_ed25519_verify(key, signature, STR("")));
    assert_false(digest_ed25519_verify(key, str_slice(signature, 0, 63), STR("\x72")));
    assert_false(digest_ed25519_verify(str_slice(key, 0, 31), signature, STR("\x72")));
    signature_bytes[10] ^= 1;
    assert_false(digest_ed25519_verify(key, signature, STR("\x72")));
}

static const uint8_t seal_key[DIGEST_SEAL_KEY_BYTES] = {
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
    0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f};

/* draft-irtf-cfrg-xchacha, appendix A.3.1: nonce, bytes, tag. */
static void a_seal_is_xchacha20_poly1305_with_its_nonce_in_front(void **state)
{
    (void)state;
    static const char sealed_hex[] =
        "404142434445464748494a4b4c4d4e4f5051525354555657"
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
        "21f9664c97637da9768812f615c68b13b52e"
        "c0875924c1c7987947deafd8780acf49";
    uint8_t space[200], place_bytes[12];
    struct arena a;
    arena_init(&a, 10000);
    struct str out;
    assert_true(digest_open(&a, seal_key, from_hex("50515253c0c1c2c3c4c5c6c7", place_bytes, 12),
                            from_hex(sealed_hex, space, sizeof(space)), &out));
    assert_string_equal(out.ptr,
                        "Ladies and Gentlemen of the class of '99: If I could offer you only one "
                        "tip for the future, sunscreen would be it.");
    arena_release(&a);
}

static void what_was_sealed_opens_with_its_key_at_its_place_only(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    struct str sealed = digest_seal(&a, seal_key, STR("here"), STR("secret")),
               out = STR("as it was");
    assert_int_equal(sealed.len, 6 + DIGEST_SEAL_BYTES);
    assert_true(digest_open(&a, seal_key, STR("here"), sealed, &out));
    assert_true(str_is(out, "secret"));

    out = STR("as it was");
    uint8_t other[DIGEST_SEAL_KEY_BYTES] = {0};
    assert_false(digest_open(&a, other, STR("here"), sealed, &out));
    assert_false(digest_open(&a, seal_key, STR("there"), sealed, &out));
    for (size_t len = 0; len < sealed.len; len++)
        assert_false(digest_open(&a, seal_key, STR("here"), str_slice(sealed, 0, len), &out));
    for (size_t i = 0; i < sealed.len; i++) {
        char *changed = arena_cstr(&a, sealed);
        changed[i] ^= 0x20;
        assert_false(digest_open(&a, seal_key, STR("here"), str_from(changed, sealed.len), &out));
    }
    assert_true(str_is(out, "as it was"));
    arena_release(&a);
}

static void sealing_twice_gives_two_texts_and_nothing_can_be_sealed(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    struct str one = digest_seal(&a, seal_key, STR(""), STR("secret"));
    struct str two = digest_seal(&a, seal_key, STR(""), STR("secret"));
    assert_false(str_eq(one, two));
    struct str out = STR("x");
    assert_true(
        digest_open(&a, seal_key, STR(""), digest_seal(&a, seal_key, STR(""), STR("")), &out));
    assert_int_equal(out.len, 0);
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
        cmocka_unit_test(base64_is_read_only_in_its_one_form),
        cmocka_unit_test(hexadecimal_digits_are_read_in_either_case_and_exactly_so_many),
        cmocka_unit_test(an_hmac_is_the_published_one_however_its_text_is_cut),
        cmocka_unit_test(an_ed25519_signature_is_believed_for_its_key_and_message_only),
        cmocka_unit_test(a_seal_is_xchacha20_poly1305_with_its_nonce_in_front),
        cmocka_unit_test(what_was_sealed_opens_with_its_key_at_its_place_only),
        cmocka_unit_test(sealing_twice_gives_two_texts_and_nothing_can_be_sealed),
        cmocka_unit_test(random_bytes_differ_and_stay_in_their_place),
        cmocka_unit_test(random_numbers_reach_every_value_below_their_limit),
        cmocka_unit_test(the_keyed_hash_is_steady_and_tells_names_apart),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
