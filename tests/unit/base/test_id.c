/* Identifiers: their form, and that no two are alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/id.h"

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

static void assert_letters(struct str id, size_t len, const char *letters)
{
    assert_int_equal(id.len, len);
    assert_int_equal(strlen(id.ptr), len);
    assert_int_equal(strspn(id.ptr, letters), len);
}

static const char unmistakable[] = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";

static void random_ids_have_the_length_asked_for(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200; n++)
        assert_letters(id_random(&arena, n), n, unmistakable);
    assert_letters(id_short(&arena), ID_SHORT_LEN, unmistakable);
}

static void every_letter_is_about_equally_likely(void **state)
{
    (void)state;
    enum { EACH = 10000, LETTERS = 55 };
    size_t seen[256] = {0};
    struct str id = id_random(&arena, (size_t)EACH * LETTERS);
    for (size_t i = 0; i < id.len; i++)
        seen[(unsigned char)id.ptr[i]]++;
    /* Ten standard deviations around the mean; a modulo bias would put 19 letters 14 % below it. */
    for (size_t i = 0; i < LETTERS; i++) {
        size_t count = seen[(unsigned char)unmistakable[i]];
        assert_true(count > EACH - 1000 && count < EACH + 1000);
    }
}

static void hex_ids_begin_with_the_second(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *wanted;
    } cases[] = {{0, "00000000"},
                 {999, "00000000"},
                 {1704895972201, "659ea5e4"},
                 {4294967295999, "ffffffff"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str id = id_hex(&arena, cases[i].ms);
        assert_letters(id, ID_HEX_LEN, "0123456789abcdef");
        assert_memory_equal(id.ptr, cases[i].wanted, 8);
    }
}

static void tokens_are_43_characters_for_urls(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_letters(id_token(&arena), ID_TOKEN_LEN,
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

static void no_two_are_alike(void **state)
{
    (void)state;
    assert_false(str_eq(id_short(&arena), id_short(&arena)));
    assert_false(str_eq(id_hex(&arena, 0), id_hex(&arena, 0)));
    assert_false(str_eq(id_token(&arena), id_token(&arena)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_ids_have_the_length_asked_for),
        cmocka_unit_test(every_letter_is_about_equally_likely),
        cmocka_unit_test(hex_ids_begin_with_the_second),
        cmocka_unit_test(tokens_are_43_characters_for_urls),
        cmocka_unit_test(no_two_are_alike),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
