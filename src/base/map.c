/* The hash table of map.h: open addressing with linear probing.
 *
 * An entry sits in its home slot (the lower bits of its hash) or, when that is taken, in the next
 * free one behind it, around the end. What always holds: no slot between an entry's home and its
 * place is free. So a search ends at the first free slot, and map_remove() restores the rule by
 * moving later entries forward into the gap. Full hashes lie in the slots, so searching reads one
 * row of memory and growing does not hash again.
 */
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/mem.h"

enum { FIRST_CAP = 8 };

struct map_slot {
    uint64_t hash;
    void *entry; /* NULL: the slot is free */
};

void map_init(struct map *m, map_key_fn key_of)
{
    *m = (struct map){.key_of = key_of};
}

void map_release(struct map *m)
{
    free(m->slots);
    map_init(m, m->key_of);
}

void map_clear(struct map *m)
{
    if (m->cap > 0)
        memset(m->slots, 0, m->cap * sizeof(*m->slots));
    m->count = 0;
}

uint64_t map_hash(struct str key)
{
    return digest_keyed64(key);
}

static size_t next(const struct map *m, size_t at)
{
    return (at + 1) & (m->cap - 1);
}

static size_t home(const struct map *m, uint64_t hash)
{
    return (size_t)hash & (m->cap - 1);
}

/* The slot of that name, or the free slot where it would go. There is always a free one. */
static struct map_slot *find(const struct map *m, struct str key, uint64_t hash)
{
    size_t at = home(m, hash);
    for (; m->slots[at].entry != NULL; at = next(m, at)) {
        const struct map_slot *slot = &m->slots[at];
        if (slot->hash == hash && str_eq(m->key_of(slot->entry), key))
            break;
    }
    return &m->slots[at];
}

void *map_get(const struct map *m, struct str key)
{
    return map_get_hashed(m, key, map_hash(key));
}

void *map_get_hashed(const struct map *m, struct str key, uint64_t hash)
{
    return m->count > 0 ? find(m, key, hash)->entry : NULL;
}

static void place(struct map *m, struct map_slot moved)
{
    size_t at = home(m, moved.hash);
    while (m->slots[at].entry != NULL)
        at = next(m, at);
    m->slots[at] = moved;
}

static void grow(struct map *m)
{
    struct map_slot *old = m->slots;
    size_t old_cap = m->cap;
    m->cap = old_cap > 0 ? old_cap * 2 : FIRST_CAP;
    m->slots = mem_zalloc(m->cap * sizeof(*m->slots));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].entry != NULL)
            place(m, old[i]);
    }
    free(old);
}

void *map_put(struct map *m, void *entry)
{
    return map_put_hashed(m, entry, map_hash(m->key_of(entry)));
}

void *map_put_hashed(struct map *m, void *entry, uint64_t hash)
{
    assert(entry != NULL);
    if ((m->count + 1) * 5 > m->cap * 4) /* at most four fifths full */
        grow(m);
    struct map_slot *slot = find(m, m->key_of(entry), hash);
    void *replaced = slot->entry;
    *slot = (struct map_slot){.hash = hash, .entry = entry};
    m->count += replaced == NULL;
    return replaced;
}

/* Whether the entry at `at` may move forward to `gap`, that is, whether its home does not lie
 * behind the gap. Distances are counted around the end. */
static bool may_move(const struct map *m, size_t at, size_t gap)
{
    size_t from_home = (at - home(m, m->slots[at].hash)) & (m->cap - 1);
    size_t from_gap = (at - gap) & (m->cap - 1);
    return from_home >= from_gap;
}

static void close_gap(struct map *m, size_t gap)
{
    for (size_t at = next(m, gap); m->slots[at].entry != NULL; at = next(m, at)) {
        if (may_move(m, at, gap)) {
            m->slots[gap] = m->slots[at];
            gap = at;
        }
    }
    m->slots[gap] = (struct map_slot){.entry = NULL};
}

void *map_remove(struct map *m, struct str key)
{
    return map_remove_hashed(m, key, map_hash(key));
}

void *map_remove_hashed(struct map *m, struct str key, uint64_t hash)
{
    if (m->count == 0)
        return NULL;
    const struct map_slot *slot = find(m, key, hash);
    void *removed = slot->entry;
    if (removed != NULL) {
        close_gap(m, (size_t)(slot - m->slots));
        m->count--;
    }
    return removed;
}

void *map_each(const struct map *m, size_t *cursor)
{
    while (*cursor < m->cap) {
        void *entry = m->slots[(*cursor)++].entry;
        if (entry != NULL)
            return entry;
    }
    return NULL;
}
