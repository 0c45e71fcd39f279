/* The hash table, also under hashes chosen to collide and to run around its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/digest.h"
#include "base/map.h"

struct thing {
    char name[24];
    int value;
};

static struct str name_of(const void *entry)
{
    const struct thing *thing = entry;
    return str_of(thing->name);
}

static int setup(void **state)
{
    static struct map map;
    digest_init();
    map_init(&map, name_of);
    *state = &map;
    return 0;
}

static int teardown(void **state)
{
    map_release(*state);
    return 0;
}

enum { THINGS = 2000 };

static struct thing *things(void)
{
    static struct thing all[THINGS];
    for (int i = 0; i < THINGS; i++) {
        (void)snprintf(all[i].name, sizeof(all[i].name), "name-%d", i);
        all[i].value = i;
    }
    return all;
}

static void an_empty_map_finds_nothing(void **state)
{
    struct map *m = *state;
    size_t at = 0;
    assert_null(map_get(m, STR("a")));
    assert_null(map_remove(m, STR("a")));
    assert_null(map_each(m, &at));
    map_clear(m);
    assert_int_equal(m->count, 0);
    assert_int_equal(m->cap, 0);
}

static void what_was_put_is_found_by_its_name(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    for (int i = 0; i < THINGS; i++)
        assert_null(map_put(m, &all[i]));
    assert_int_equal(m->count, THINGS);
    for (int i = 0; i < THINGS; i++)
        assert_ptr_equal(map_get(m, str_of(all[i].name)), &all[i]);
    assert_null(map_get(m, STR("name-")));
    assert_null(map_get(m, STR("name-2000")));
    assert_null(map_get(m, STR("")));
}

static void putting_the_same_name_replaces(void **state)
{
    struct map *m = *state;
    struct thing old = {"same", 1}, new = {"same", 2};
    assert_null(map_put(m, &old));
    assert_ptr_equal(map_put(m, &new), &old);
    assert_ptr_equal(map_put(m, &new), &new);
    assert_int_equal(m->count, 1);
    assert_ptr_equal(map_get(m, STR("same")), &new);
}

static void an_empty_name_is_a_name(void **state)
{
    struct map *m = *state;
    struct thing nameless = {"", 1};
    assert_null(map_put(m, &nameless));
    assert_ptr_equal(map_get(m, STR("")), &nameless);
    assert_ptr_equal(map_remove(m, str_of(NULL)), &nameless);
}

static void what_was_removed_is_gone_and_the_rest_stays(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    for (int i = 0; i < THINGS; i++)
        (void)map_put(m, &all[i]);
    for (int i = 0; i < THINGS; i += 3) {
        assert_ptr_equal(map_remove(m, str_of(all[i].name)), &all[i]);
        assert_null(map_remove(m, str_of(all[i].name)));
    }
    for (int i = 0; i < THINGS; i++)
        assert_ptr_equal(map_get(m, str_of(all[i].name)), i % 3 == 0 ? NULL : &all[i]);
}

static void a_walk_meets_each_entry_once(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    int seen[THINGS] = {0};
    for (int i = 0; i < THINGS; i++)
        (void)map_put(m, &all[i]);
    size_t at = 0;
    for (const struct thing *thing; (thing = map_each(m, &at)) != NULL;)
        seen[thing->value]++;
    for (int i = 0; i < THINGS; i++)
        assert_int_equal(seen[i], 1);
    assert_null(map_each(m, &at));
}

static void a_cleared_map_is_empty_and_keeps_its_memory(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    for (int i = 0; i < 100; i++)
        (void)map_put(m, &all[i]);
    size_t cap = m->cap;
    map_clear(m);
    assert_int_equal(m->count, 0);
    assert_null(map_get(m, str_of(all[5].name)));
    for (int i = 0; i < 100; i++)
        assert_null(map_put(m, &all[i]));
    assert_int_equal(m->cap, cap);
}

static void coming_and_going_does_not_make_it_grow(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < THINGS; i++) {
            (void)map_put(m, &all[i]);
            if (i >= 5)
                assert_non_null(map_remove(m, str_of(all[i - 5].name)));
        }
        for (int i = THINGS - 5; i < THINGS; i++)
            assert_non_null(map_remove(m, str_of(all[i].name)));
    }
    assert_int_equal(m->count, 0);
    assert_int_equal(m->cap, 8);
}

static void at_least_a_fifth_of_the_slots_is_free(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    for (int i = 0; i < THINGS; i++) {
        (void)map_put(m, &all[i]);
        assert_true(m->count * 5 <= m->cap * 4);
    }
    assert_int_equal(m->cap, 4096);
}

/* Hashes that put many entries into few homes, near the end of the table and at its start. */
static uint64_t crowded_hash(int i)
{
    static const uint64_t homes[] = {0, 1, 7, 6, 62, 63, UINT64_MAX, UINT64_MAX - 1};
    return homes[i % 8] + ((uint64_t)(i % 3) << 40);
}

/* Puts and removes at random beside a plain array that says what must be there. */
static void colliding_entries_are_kept_apart(void **state)
{
    struct map *m = *state;
    struct thing *all = things();
    enum { CROWD = 45 };
    bool in[CROWD] = {false};
    size_t count = 0;
    uint32_t seed = 12345;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1664525 + 1013904223;
        int i = (int)((seed >> 8) % CROWD);
        struct thing *thing = &all[i];
        uint64_t hash = crowded_hash(i);
        void *before = in[i] ? thing : NULL;
        if (seed >> 31 != 0)
            assert_ptr_equal(map_put_hashed(m, thing, hash), before);
        else
            assert_ptr_equal(map_remove_hashed(m, str_of(thing->name), hash), before);
        count += (seed >> 31) - (size_t)in[i];
        in[i] = seed >> 31 != 0;
        assert_int_equal(m->count, count);
        for (int j = 0; j < CROWD; j++)
            assert_ptr_equal(map_get_hashed(m, str_of(all[j].name), crowded_hash(j)),
                             in[j] ? &all[j] : NULL);
    }
}

static void the_forms_with_a_hash_meet_those_without(void **state)
{
    struct map *m = *state;
    struct thing one = {"one", 1}, two = {"two", 2};
    (void)map_put_hashed(m, &one, map_hash(STR("one")));
    (void)map_put(m, &two);
    assert_ptr_equal(map_get(m, STR("one")), &one);
    assert_ptr_equal(map_get_hashed(m, STR("two"), map_hash(STR("two"))), &two);
    assert_ptr_equal(map_remove(m, STR("one")), &one);
    assert_ptr_equal(map_remove_hashed(m, STR("two"), map_hash(STR("two"))), &two);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_map_finds_nothing),
        TEST(what_was_put_is_found_by_its_name),
        TEST(putting_the_same_name_replaces),
        TEST(an_empty_name_is_a_name),
        TEST(what_was_removed_is_gone_and_the_rest_stays),
        TEST(a_walk_meets_each_entry_once),
        TEST(a_cleared_map_is_empty_and_keeps_its_memory),
        TEST(coming_and_going_does_not_make_it_grow),
        TEST(at_least_a_fifth_of_the_slots_is_free),
        TEST(colliding_entries_are_kept_apart),
        TEST(the_forms_with_a_hash_meet_those_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
