/* Looking up members while a query's tree grows. A few are found by walking the list; from
 * MEMBERS_MANY on a hash table stands beside the tree, so that a thousand parameters cost no
 * million comparisons. For query.c and query_tree.c. */
#pragma once

#include "base/json.h"
#include "base/map.h"

enum { MEMBERS_MANY = 16 };

struct members {
    struct map table; /* of struct json; empty while there are few */
    bool many;
};

void members_init(struct members *m);
void members_release(struct members *m);

/* The member of that name, or NULL. */
struct json *members_find(const struct members *m, const struct json *object, struct str name);
/* Puts `item` at the end of the object, which has no member of that name. */
void members_add(struct members *m, struct json *object, struct str name, struct json *item);
/* For members that got there by another way, and for those that are about to leave: the name of a
 * member must not change while the table knows it. */
void members_know(struct members *m, const struct json *object, struct json *item);
void members_forget(struct members *m, const struct json *object, const struct json *item);
/* From now on there are many; `flat` is the only object so far. */
void members_expect_many(struct members *m, const struct json *flat);
