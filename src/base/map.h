/* A hash table from a name to an entry that carries its own name.
 *
 * The table holds pointers; entries belong to the caller and must not change their name while they
 * are in. Names are hashed with the process's random key (digest_keyed64), so digest_init() comes
 * first. A slot keeps the whole hash beside the pointer: a look-up that misses touches no entry.
 * Removing closes the gap at once, so a table that lives for months stays as fast as a new one.
 *
 * The forms named _hashed take the hash the caller already has. A caller that spreads its entries
 * over several tables by hash takes the upper bits for that; the table uses the lower ones.
 *
 * Not locked: one holder, or a lock (many may map_get() at once if nobody changes it).
 */
#pragma once

#include "base/str.h"

/* The name inside an entry. */
typedef struct str (*map_key_fn)(const void *entry);

struct map_slot;

struct map {
    struct map_slot *slots; /* owned; NULL until the first put */
    size_t cap;             /* number of slots: 0 or a power of two */
    size_t count;           /* entries; may be read */
    map_key_fn key_of;
};

void map_init(struct map *m, map_key_fn key_of);
/* Frees the table, not the entries. */
void map_release(struct map *m);
/* Forgets all entries but keeps the memory. */
void map_clear(struct map *m);

uint64_t map_hash(struct str key);

/* The entry of that name, or NULL. */
void *map_get(const struct map *m, struct str key);
void *map_get_hashed(const struct map *m, struct str key, uint64_t hash);

/* Puts the entry under its name; returns the one it replaces, or NULL. */
void *map_put(struct map *m, void *entry);
void *map_put_hashed(struct map *m, void *entry, uint64_t hash);

/* Takes the entry of that name out and returns it, or NULL. */
void *map_remove(struct map *m, struct str key);
void *map_remove_hashed(struct map *m, struct str key, uint64_t hash);

/* Walks over all entries, in no order; NULL at the end. No put and no remove meanwhile.
 *     size_t at = 0;
 *     for (struct thing *t; (t = map_each(&map, &at)) != NULL;) ... */
void *map_each(const struct map *m, size_t *cursor);
