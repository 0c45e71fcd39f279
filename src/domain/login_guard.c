/* The two tables of login_guard.h. Each is cut into shards with a lock of their own; a shard keeps
 * its keys in a map and in a list by the moment of their newest failure. Any thread; the locks are
 * leaves. */
#include "domain/login_guard.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum {
    SHARDS = 16,
    MOMENTS = 16, /* newest failures whose moments are kept: attempts that may run side by side */
    KEY_MAX = 256 /* longer keys are cut: neither ids nor addresses are */
};

struct failures {
    struct failures *older, *newer; /* in the shard's list */
    int64_t count;
    int64_t moments[MOMENTS]; /* of failure number n at n % MOMENTS */
    struct str key;           /* points behind the struct */
};

struct shard {
    pthread_mutex_t lock; /* guards the rest */
    struct map map;
    struct failures *oldest, *newest;
};

struct login_guard {
    size_t shard_max;
    struct shard shards[GUARD_KINDS][SHARDS];
};

static struct str failures_key(const void *entry)
{
    return ((const struct failures *)entry)->key;
}

struct login_guard *login_guard_new(size_t max_keys)
{
    struct login_guard *guard = mem_zalloc(sizeof(*guard));
    guard->shard_max = max_keys / SHARDS + 1;
    for (size_t i = 0; i < (size_t)GUARD_KINDS * SHARDS; i++) {
        struct shard *shard = &guard->shards[i / SHARDS][i % SHARDS];
        int failed = pthread_mutex_init(&shard->lock, NULL);
        assert(!failed);
        map_init(&shard->map, failures_key);
    }
    return guard;
}

void login_guard_free(struct login_guard *guard)
{
    if (guard == NULL)
        return;
    for (size_t i = 0; i < (size_t)GUARD_KINDS * SHARDS; i++) {
        struct shard *shard = &guard->shards[i / SHARDS][i % SHARDS];
        for (struct failures *f = shard->oldest, *next; f != NULL; f = next) {
            next = f->newer;
            free(f);
        }
        map_release(&shard->map);
        pthread_mutex_destroy(&shard->lock);
    }
    free(guard);
}

/* --- a shard, locked --- */

static void list_remove(struct shard *shard, struct failures *f)
{
    *(f->older != NULL ? &f->older->newer : &shard->oldest) = f->newer;
    *(f->newer != NULL ? &f->newer->older : &shard->newest) = f->older;
}

static void list_add_newest(struct shard *shard, struct failures *f)
{
    f->newer = NULL;
    f->older = shard->newest;
    *(f->older != NULL ? &f->older->newer : &shard->oldest) = f;
    shard->newest = f;
}

static void forget(struct shard *shard, struct failures *f)
{
    map_remove(&shard->map, f->key);
    list_remove(shard, f);
    free(f);
}

static struct failures *failures_new(struct shard *shard, struct str key)
{
    struct failures *f = mem_zalloc(sizeof(*f) + key.len);
    char *text = (char *)(f + 1);
    memcpy(text, key.ptr, key.len);
    f->key = str_from(text, key.len);
    map_put(&shard->map, f);
    list_add_newest(shard, f);
    return f;
}

/* How many failures were there at the moment, and when the newest of them was. Older ones than the
 * kept moments are taken to be earlier. */
static int64_t failures_at(const struct failures *f, int64_t at_ms, int64_t *out_newest_ms)
{
    int64_t n = f->count;
    int64_t oldest_kept = n > MOMENTS ? n - MOMENTS : 0;
    while (n > oldest_kept && f->moments[(n - 1) % MOMENTS] > at_ms)
        n--;
    *out_newest_ms = n > oldest_kept ? f->moments[(n - 1) % MOMENTS] : at_ms;
    return n;
}

/* --- the calls --- */

static struct shard *lock_shard(struct login_guard *guard, enum guard_kind kind, struct str *key)
{
    *key = str_slice(*key, 0, KEY_MAX);
    struct shard *shard = &guard->shards[kind][map_hash(*key) >> 60];
    _Static_assert(SHARDS == 16, "a shard is chosen by four bits");
    pthread_mutex_lock(&shard->lock);
    return shard;
}

bool login_guard_blocked(struct login_guard *guard, enum guard_kind kind, struct str key,
                         struct guard_rule rule, int64_t begun_ms)
{
    if (rule.limit <= 0 || str_empty(key))
        return false;
    struct shard *shard = lock_shard(guard, kind, &key);
    const struct failures *f = map_get(&shard->map, key);
    int64_t newest_ms = 0;
    bool blocked = f != NULL && failures_at(f, begun_ms, &newest_ms) >= rule.limit &&
                   begun_ms - newest_ms < rule.unblock_ms;
    pthread_mutex_unlock(&shard->lock);
    return blocked;
}

void login_guard_failed(struct login_guard *guard, enum guard_kind kind, struct str key,
                        int64_t now_ms)
{
    if (str_empty(key))
        return;
    struct shard *shard = lock_shard(guard, kind, &key);
    struct failures *f = map_get(&shard->map, key);
    if (f == NULL)
        f = failures_new(shard, key);
    f->moments[f->count++ % MOMENTS] = now_ms;
    list_remove(shard, f);
    list_add_newest(shard, f);
    if (shard->map.count > guard->shard_max)
        forget(shard, shard->oldest);
    pthread_mutex_unlock(&shard->lock);
}

void login_guard_succeeded(struct login_guard *guard, enum guard_kind kind, struct str key)
{
    if (str_empty(key))
        return;
    struct shard *shard = lock_shard(guard, kind, &key);
    struct failures *f = map_get(&shard->map, key);
    if (f != NULL)
        forget(shard, f);
    pthread_mutex_unlock(&shard->lock);
}
