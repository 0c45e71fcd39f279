/* A binary heap of nodes that sit inside the caller's structs: the smallest key is on top.
 *
 * Each node knows its place, so changing or removing any of them costs O(log n). Nodes belong to
 * the caller and must stay where they are while they are in. Equal keys come in no particular
 * order. One holder; not locked.
 *
 *     struct task { struct heap_node due; ... };
 *     struct task *first = HEAP_ENTRY(heap_top(&heap), struct task, due);
 */
#pragma once

#include "base/str.h"

struct heap_node {
    int64_t key;  /* read only; changed by heap_update() */
    size_t place; /* 1 is the top; 0: in no heap (so a cleared node is ready for use) */
};

struct heap {
    struct heap_node **nodes; /* owned */
    size_t count;             /* may be read */
    size_t cap;
};

/* The struct around a node that is not NULL. */
#define HEAP_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

void heap_init(struct heap *h);
/* Frees the heap, not the nodes; they count as taken out. */
void heap_release(struct heap *h);

/* The node must be in no heap. */
void heap_push(struct heap *h, struct heap_node *node, int64_t key);
/* The node with the smallest key, or NULL. */
struct heap_node *heap_top(const struct heap *h);
struct heap_node *heap_pop(struct heap *h);
/* Gives a node of this heap another key. */
void heap_update(struct heap *h, struct heap_node *node, int64_t key);
/* Takes a node of this heap out. */
void heap_remove(struct heap *h, struct heap_node *node);

static inline bool heap_has(const struct heap_node *node)
{
    return node->place > 0;
}
