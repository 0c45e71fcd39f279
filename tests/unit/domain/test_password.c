/* Passwords and their hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/password.h"

static int set_up(void **state)
{
    (void)state;
    digest_init();
    return 0;
}

static void a_password_fits_its_own_hash_only(void **state)
{
    (void)state;
    struct password right = password_of(STR("correct horse")), wrong = password_of(STR("wrong"));
    char hash[PASSWORD_HASH_BYTES], again[PASSWORD_HASH_BYTES];
    assert_true(password_hash(&right, hash));
    assert_true(password_hash(&right, again));
    assert_true(str_starts(str_of(hash), STR("$2b$10$")));
    assert_string_not_equal(hash, again);
    assert_true(password_verify(&right, str_of(hash)));
    assert_false(password_verify(&wrong, str_of(hash)));
}

/* Hashes of the digest of "gantry", made by another program. */
static void hashes_of_other_makers_are_known(void **state)
{
    (void)state;
    static const char *const hashes[] = {
        "$2a$04$N9qo8uLOickgx2ZMRZoMye3SdovoXbfVD4MtD6yDZT6e9mYYHRn5O",
        "$2y$05$N9qo8uLOickgx2ZMRZoMyeeV6tz/3Z1UVcHrV6nZ7i9YmVMyFUJd2",
        "$2b$10$N9qo8uLOickgx2ZMRZoMyebjbd.QfFTLcu9KYiBBDOjh7imSFr4Ua",
    };
    struct password right = password_of(STR("gantry")), wrong = password_of(STR("Gantry"));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        assert_true(password_verify(&right, str_of(hashes[i])));
        assert_false(password_verify(&wrong, str_of(hashes[i])));
    }
}

static void nothing_fits_a_hash_that_is_none(void **state)
{
    (void)state;
    static const char *const hashes[] = {
        "",           "*0",      "$2b$10$",
        "$1$abc$def", "no hash", "$2b$10$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
    };
    struct password any = password_of(STR("x"));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        assert_false(password_verify(&any, str_of(hashes[i])));
}

static bool read_text(struct arena *a, const char *json, struct password *out)
{
    return password_read(json_parse(a, str_of(json)), out);
}

static void text_and_digest_are_the_same_password(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 65536);
    struct password plain, digest;
    assert_true(read_text(&a, "\"gantry\"", &plain));
    struct str object =
        arena_fmt(&a, "{\"digest\":\"%s\",\"algorithm\":\"sha-256\"}", plain.digest);
    assert_true(read_text(&a, object.ptr, &digest));
    assert_string_equal(plain.digest, digest.digest);
    arena_release(&a);
}

static void other_forms_are_no_password(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "null",
        "7",
        "[]",
        "{}",
        "{\"digest\":\"abc\",\"algorithm\":\"sha-256\"}",
        "{\"digest\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
        "{\"digest\":\"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\","
        "\"algorithm\":\"sha-256\"}",
        "{\"digest\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
        "\"algorithm\":\"md5\"}",
    };
    struct arena a;
    arena_init(&a, 65536);
    struct password out;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        assert_false(read_text(&a, forms[i], &out));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_fits_its_own_hash_only),
        cmocka_unit_test(hashes_of_other_makers_are_known),
        cmocka_unit_test(nothing_fits_a_hash_that_is_none),
        cmocka_unit_test(text_and_digest_are_the_same_password),
        cmocka_unit_test(other_forms_are_no_password),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
