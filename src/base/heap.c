/* The binary heap of heap.h. What always holds: nodes[i]->place == i + 1, and no node's key is
 * smaller than its parent's, which sits at place / 2.
 */
#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_CAP = 16 };

void heap_init(struct heap *h)
{
    *h = (struct heap){.nodes = NULL};
}

void heap_release(struct heap *h)
{
    for (size_t i = 0; i < h->count; i++)
        h->nodes[i]->place = 0;
    free(h->nodes);
    heap_init(h);
}

static struct heap_node *at_place(const struct heap *h, size_t place)
{
    return h->nodes[place - 1];
}

static void put(struct heap *h, struct heap_node *node, size_t place)
{
    h->nodes[place - 1] = node;
    node->place = place;
}

static void rise(struct heap *h, struct heap_node *node)
{
    size_t place = node->place;
    for (; place > 1 && at_place(h, place / 2)->key > node->key; place /= 2)
        put(h, at_place(h, place / 2), place);
    put(h, node, place);
}

/* The place of the smaller child, or 0 when there is no child. */
static size_t smaller_child(const struct heap *h, size_t place)
{
    size_t left = place * 2, right = left + 1;
    if (left > h->count)
        return 0;
    bool take_right = right <= h->count && at_place(h, right)->key < at_place(h, left)->key;
    return take_right ? right : left;
}

static void sink(struct heap *h, struct heap_node *node)
{
    size_t place = node->place, child;
    while ((child = smaller_child(h, place)) > 0 && at_place(h, child)->key < node->key) {
        put(h, at_place(h, child), place);
        place = child;
    }
    put(h, node, place);
}

/* Finds the right place for a node whose key may break the rule in either direction. */
static void settle(struct heap *h, struct heap_node *node)
{
    rise(h, node);
    sink(h, node);
}

static void check_member(const struct heap *h, const struct heap_node *node)
{
    assert(node->place > 0 && node->place <= h->count && at_place(h, node->place) == node);
}

void heap_push(struct heap *h, struct heap_node *node, int64_t key)
{
    assert(!heap_has(node));
    if (h->count == h->cap) {
        h->cap = h->cap > 0 ? h->cap * 2 : FIRST_CAP;
        h->nodes = mem_resize(h->nodes, h->cap * sizeof(struct heap_node *));
    }
    h->count++;
    node->key = key;
    put(h, node, h->count);
    rise(h, node);
}

struct heap_node *heap_top(const struct heap *h)
{
    return h->count > 0 ? at_place(h, 1) : NULL;
}

struct heap_node *heap_pop(struct heap *h)
{
    struct heap_node *top = heap_top(h);
    if (top != NULL)
        heap_remove(h, top);
    return top;
}

void heap_update(struct heap *h, struct heap_node *node, int64_t key)
{
    check_member(h, node);
    node->key = key;
    settle(h, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    check_member(h, node);
    struct heap_node *last = at_place(h, h->count);
    size_t gap = node->place;
    h->count--;
    node->place = 0;
    if (last != node) {
        put(h, last, gap);
        settle(h, last);
    }
}
