/* The table of limit.h: a few shards, chosen by the key's hash, each with a lock, a map for finding
 * and a heap that has the window on top that ends first. A look-up holds one lock for well under a
 * microsecond. */
#include "http/limit.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/mem.h"

enum { SHARD_BITS = 4, SHARDS = 1 << SHARD_BITS };

struct window {
    struct heap_node ends; /* key: when, on the wall clock */
    uint64_t hash;
    int64_t calls;
    size_t key_len;
    char key[];
};

struct shard {
    pthread_mutex_t lock; /* leaf lock; guards the rest */
    struct map windows;   /* owned */
    struct heap ends;     /* the same, by their ends */
};

struct limit_table {
    size_t shard_max; /* windows in a shard */
    struct shard shards[SHARDS];
};

static struct str key_of(const void *entry)
{
    const struct window *window = entry;
    return str_from(window->key, window->key_len);
}

struct limit_table *limit_new(size_t max_entries)
{
    struct limit_table *table = mem_zalloc(sizeof(*table));
    table->shard_max = max_entries < SHARDS ? 1 : max_entries / SHARDS;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &table->shards[i];
        int failed = pthread_mutex_init(&shard->lock, NULL);
        assert(!failed);
        map_init(&shard->windows, key_of);
        heap_init(&shard->ends);
    }
    return table;
}

static void evict_first(struct shard *shard)
{
    struct window *window = HEAP_ENTRY(heap_pop(&shard->ends), struct window, ends);
    map_remove_hashed(&shard->windows, key_of(window), window->hash);
    free(window);
}

void limit_free(struct limit_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &table->shards[i];
        while (shard->ends.count > 0)
            evict_first(shard);
        map_release(&shard->windows);
        heap_release(&shard->ends);
        pthread_mutex_destroy(&shard->lock);
    }
    free(table);
}

static struct window *add_window(struct shard *shard, struct str key, uint64_t hash, int64_t end_ms)
{
    struct window *window = mem_zalloc(sizeof(*window) + key.len);
    window->hash = hash;
    window->key_len = key.len;
    if (key.len > 0)
        memcpy(window->key, key.ptr, key.len);
    map_put_hashed(&shard->windows, window, hash);
    heap_push(&shard->ends, &window->ends, end_ms);
    return window;
}

/* The key's window that is open now. A window that ends later than any begun now would is of a wall
 * clock that was set back: it begins anew too, or it might never end. */
static struct window *open_window(struct limit_table *table, struct shard *shard, struct str key,
                                  uint64_t hash, int64_t now_ms, int64_t end_ms)
{
    struct window *window = map_get_hashed(&shard->windows, key, hash);
    if (window == NULL) {
        if (shard->windows.count >= table->shard_max)
            evict_first(shard);
        return add_window(shard, key, hash, end_ms);
    }
    if (window->ends.key <= now_ms || window->ends.key > end_ms) {
        window->calls = 0;
        heap_update(&shard->ends, &window->ends, end_ms);
    }
    return window;
}

struct limit_verdict limit_hit(struct limit_table *table, struct str key, int64_t calls,
                               int64_t window_ms, int64_t now_ms)
{
    uint64_t hash = map_hash(key);
    struct shard *shard = &table->shards[hash >> (64 - SHARD_BITS)];
    struct limit_verdict verdict = {.limit = calls};
    pthread_mutex_lock(&shard->lock);
    struct window *window = open_window(table, shard, key, hash, now_ms, now_ms + window_ms);
    verdict.allowed = window->calls < calls;
    window->calls += verdict.allowed;
    verdict.remaining = calls > window->calls ? calls - window->calls : 0;
    verdict.reset_ms = window->ends.key;
    pthread_mutex_unlock(&shard->lock);
    return verdict;
}
