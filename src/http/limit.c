/* The table of limit.h: a few shards, chosen by the key's hash, each with a lock, a map for finding
 * and a heap that has on top what ends first, of windows and buckets. A look-up holds one lock for
 * well under a microsecond. */
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
    union {
        int64_t calls;   /* of a window */
        int64_t full_us; /* of a bucket: when it is full again, on the wall clock */
    };
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

/* A new one takes the place of the one that ends first, when there is no room. */
static struct window *find_or_add(struct limit_table *table, struct shard *shard, struct str key,
                                  uint64_t hash, int64_t end_ms)
{
    struct window *window = map_get_hashed(&shard->windows, key, hash);
    if (window != NULL)
        return window;
    if (shard->windows.count >= table->shard_max)
        evict_first(shard);
    return add_window(shard, key, hash, end_ms);
}

/* The key's window that is open now. A window that ends later than any begun now would is of a wall
 * clock that was set back: it begins anew too, or it might never end. */
static struct window *open_window(struct limit_table *table, struct shard *shard, struct str key,
                                  uint64_t hash, int64_t now_ms, int64_t end_ms)
{
    struct window *window = find_or_add(table, shard, key, hash, end_ms);
    if (window->ends.key <= now_ms || window->ends.key > end_ms) {
        window->calls = 0;
        heap_update(&shard->ends, &window->ends, end_ms);
    }
    return window;
}

static struct shard *shard_of(struct limit_table *table, uint64_t hash)
{
    return &table->shards[hash >> (64 - SHARD_BITS)];
}

struct limit_verdict limit_hit(struct limit_table *table, struct str key, int64_t calls,
                               int64_t window_ms, int64_t now_ms)
{
    uint64_t hash = map_hash(key);
    struct shard *shard = shard_of(table, hash);
    struct limit_verdict verdict = {.limit = calls};
    pthread_mutex_lock(&shard->lock);
    struct window *window = open_window(table, shard, key, hash, now_ms, now_ms + window_ms);
    verdict.allowed = window->calls < calls;
    window->calls += verdict.allowed;
    verdict.remaining = calls > window->calls ? calls - window->calls : 0;
    verdict.reset_ms = window->ends.key;
    pthread_mutex_unlock(&shard->lock);
    verdict.wait_ms = verdict.allowed ? 0 : verdict.reset_ms - now_ms;
    return verdict;
}

/* --- buckets --- */

/* A bucket is one moment: when it is full again. A call moves it by the time that one call takes to
 * flow back; it may lie at most a whole bucket's time ahead. So a bucket that is full is as good as
 * none, and may be forgotten. */
static struct window *open_bucket(struct limit_table *table, struct shard *shard, struct str key,
                                  uint64_t hash, int64_t now_us, int64_t whole_us)
{
    struct window *bucket = find_or_add(table, shard, key, hash, now_us / 1000);
    if (bucket->full_us < now_us)
        bucket->full_us = now_us;
    if (bucket->full_us > now_us + whole_us)
        bucket->full_us =
            now_us + whole_us; /* the clock was set back, or the bucket made smaller */
    return bucket;
}

static int64_t ms_up(int64_t us)
{
    return (us + 999) / 1000;
}

struct limit_verdict limit_take(struct limit_table *table, struct str key, double rate,
                                int64_t burst, int64_t now_ms)
{
    assert(rate > 0 && burst > 0);
    uint64_t hash = map_hash(key);
    struct shard *shard = shard_of(table, hash);
    int64_t now_us = now_ms * 1000, call_us = (int64_t)(1e6 / rate), whole_us = call_us * burst;
    struct limit_verdict verdict = {.limit = burst};
    pthread_mutex_lock(&shard->lock);
    struct window *bucket = open_bucket(table, shard, key, hash, now_us, whole_us);
    int64_t short_us = bucket->full_us + call_us - (now_us + whole_us);
    verdict.allowed = short_us <= 0;
    bucket->full_us += verdict.allowed ? call_us : 0;
    heap_update(&shard->ends, &bucket->ends, ms_up(bucket->full_us));
    int64_t full_us = bucket->full_us;
    pthread_mutex_unlock(&shard->lock);
    verdict.remaining = call_us > 0 ? (now_us + whole_us - full_us) / call_us : burst;
    verdict.reset_ms = ms_up(full_us);
    verdict.wait_ms = verdict.allowed ? 0 : ms_up(short_us);
    return verdict;
}
