/* Rows of permissions: which roles hold one. Every change also goes to the catalog. Writers run in
 * commands; the others on a reader or in a command. Rows become structs in the arena of the rd. */
#pragma once

#include "model/permission.h"
#include "store/store.h"

/* NULL: it was not seeded yet. */
struct permission *permission_load(struct rd *rd, enum perm perm);

struct permission_list {
    struct permission *items[PERM_COUNT]; /* in the order of the table */
    size_t count;
};
/* Those changed after that moment. INT64_MIN: all. */
void permissions_load(struct rd *rd, int64_t changed_after_ms, struct permission_list *out);

/* Whether one of the user's roles holds it: those he has on the whole server and, when `room_id` is
 * not empty, those he has in that room. */
bool permission_held(struct rd *rd, enum perm perm, struct str user_id, struct str room_id);

/* Makes these roles, each named once, the ones that hold it. */
void permission_replace(struct tx *tx, enum perm perm, const struct str *roles, size_t count);

/* At every start: adds the permissions that are missing, with their default roles. */
void permissions_seed(struct tx *tx);
/* At the start: gives every permission to the catalog. */
void permissions_publish_all(struct tx *tx);
