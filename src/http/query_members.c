/* The table of query_members.h: one for all objects of a tree. Any thread.
 *
 * An entry is found by its name and its object. An object is known by the address of its first
 * member, which stays when the object is moved within the tree; the hash mixes both, and the table
 * compares whole hashes.
 */
#include "http/query_members.h"

static struct str name_of(const void *entry)
{
    return ((const struct json *)entry)->key;
}

static uint64_t hash_in(const struct json *object, struct str name)
{
    uint64_t place = (uint64_t)(uintptr_t)object->items.first;
    return map_hash(name) ^ (place * 0x9e3779b97f4a7c15u);
}

void members_init(struct members *m)
{
    map_init(&m->table, name_of);
    m->many = false;
}

void members_release(struct members *m)
{
    map_release(&m->table);
}

struct json *members_find(const struct members *m, const struct json *object, struct str name)
{
    return m->many ? map_get_hashed(&m->table, name, hash_in(object, name))
                   : json_get(object, name);
}

void members_add(struct members *m, struct json *object, struct str name, struct json *item)
{
    json_set(object, name, item);
    members_know(m, object, item);
}

void members_know(struct members *m, const struct json *object, struct json *item)
{
    if (m->many)
        (void)map_put_hashed(&m->table, item, hash_in(object, item->key));
}

void members_forget(struct members *m, const struct json *object, const struct json *item)
{
    if (m->many)
        (void)map_remove_hashed(&m->table, item->key, hash_in(object, item->key));
}

void members_expect_many(struct members *m, const struct json *flat)
{
    m->many = true;
    for (struct json *item = flat->items.first; item != NULL; item = item->next)
        members_know(m, flat, item);
}
