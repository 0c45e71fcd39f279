/* The heap: order comes out of it whatever goes in, and every node knows its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/heap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct task {
    int number;
    struct heap_node due;
};

static int setup(void **state)
{
    static struct heap heap;
    heap_init(&heap);
    *state = &heap;
    return 0;
}

static int teardown(void **state)
{
    heap_release(*state);
    return 0;
}

/* Nodes are static in the tests below: the heap may hold them until its release in teardown(). */

/* What heap.h promises at any moment. */
static void check(const struct heap *h)
{
    for (size_t place = 1; place <= h->count; place++) {
        assert_int_equal(h->nodes[place - 1]->place, place);
        if (place > 1)
            assert_true(h->nodes[place / 2 - 1]->key <= h->nodes[place - 1]->key);
    }
    assert_ptr_equal(heap_top(h), h->count > 0 ? h->nodes[0] : NULL);
}

static void an_empty_heap_has_no_top(void **state)
{
    struct heap *h = *state;
    assert_null(heap_top(h));
    assert_null(heap_pop(h));
    check(h);
}

static void nodes_come_out_in_order(void **state)
{
    struct heap *h = *state;
    static const int64_t keys[] = {5, -1, 3, 3, INT64_MAX, 0, INT64_MIN, 3, 100, -7};
    static const int64_t sorted[] = {INT64_MIN, -7, -1, 0, 3, 3, 3, 5, 100, INT64_MAX};
    static struct task tasks[COUNT(keys)] = {{0}};
    for (size_t i = 0; i < COUNT(keys); i++) {
        heap_push(h, &tasks[i].due, keys[i]);
        check(h);
    }
    for (size_t i = 0; i < COUNT(sorted); i++) {
        const struct heap_node *node = heap_pop(h);
        check(h);
        assert_true(node->key == sorted[i]);
        assert_false(heap_has(node));
    }
    assert_int_equal(h->count, 0);
}

static void the_struct_around_a_node_is_found(void **state)
{
    struct heap *h = *state;
    static struct task task = {.number = 7};
    heap_push(h, &task.due, 1);
    assert_ptr_equal(HEAP_ENTRY(heap_top(h), struct task, due), &task);
    assert_int_equal(HEAP_ENTRY(heap_pop(h), struct task, due)->number, 7);
}

static void a_changed_key_moves_its_node_up_or_down(void **state)
{
    struct heap *h = *state;
    static struct task tasks[20] = {{0}};
    for (size_t i = 0; i < COUNT(tasks); i++)
        heap_push(h, &tasks[i].due, (int64_t)i);
    heap_update(h, &tasks[15].due, -1);
    check(h);
    assert_ptr_equal(heap_top(h), &tasks[15].due);
    heap_update(h, &tasks[15].due, 1000);
    check(h);
    assert_ptr_equal(heap_top(h), &tasks[0].due);
    heap_update(h, &tasks[0].due, 0);
    check(h);
    assert_ptr_equal(heap_top(h), &tasks[0].due);
    assert_int_equal(h->count, COUNT(tasks));
}

static void any_node_can_be_taken_out_and_put_back(void **state)
{
    struct heap *h = *state;
    static struct task tasks[20] = {{0}};
    for (size_t i = 0; i < COUNT(tasks); i++)
        heap_push(h, &tasks[i].due, (int64_t)(i * 7 % 20));
    for (size_t i = 0; i < COUNT(tasks); i++) {
        heap_remove(h, &tasks[i].due);
        check(h);
        assert_false(heap_has(&tasks[i].due));
        assert_int_equal(h->count, COUNT(tasks) - 1);
        heap_push(h, &tasks[i].due, (int64_t)i);
        check(h);
    }
    for (size_t i = 0; i < COUNT(tasks); i++)
        assert_ptr_equal(heap_pop(h), &tasks[i].due);
}

static void a_released_heap_leaves_its_nodes_free(void **state)
{
    struct heap *h = *state;
    static struct task task = {0};
    heap_push(h, &task.due, 1);
    assert_true(heap_has(&task.due));
    heap_release(h);
    assert_false(heap_has(&task.due));
    heap_push(h, &task.due, 2);
    check(h);
}

static void a_long_random_walk_keeps_the_order(void **state)
{
    struct heap *h = *state;
    enum { TASKS = 300 };
    static struct task tasks[TASKS];
    uint32_t seed = 1;
    for (int step = 0; step < 30000; step++) {
        seed = seed * 1664525 + 1013904223;
        struct heap_node *node = &tasks[(seed >> 8) % TASKS].due;
        int64_t key = (int64_t)(seed >> 20) % 50;
        if (!heap_has(node))
            heap_push(h, node, key);
        else if (seed >> 31 != 0)
            heap_update(h, node, key);
        else
            heap_remove(h, node);
        if (step % 16 == 0)
            check(h);
    }
    int64_t last = INT64_MIN;
    for (const struct heap_node *node; (node = heap_pop(h)) != NULL; last = node->key)
        assert_true(node->key >= last);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_heap_has_no_top),
        TEST(nodes_come_out_in_order),
        TEST(the_struct_around_a_node_is_found),
        TEST(a_changed_key_moves_its_node_up_or_down),
        TEST(any_node_can_be_taken_out_and_put_back),
        TEST(a_released_heap_leaves_its_nodes_free),
        TEST(a_long_random_walk_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
