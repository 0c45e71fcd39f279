/* Permissions: which roles hold which. Rules and their order are those of the API. */
#pragma once

#include "domain/access.h"
#include "store/permission.h"

struct permission_change {
    struct str id;
    const struct str *roles; /* ids, each named once */
    size_t role_count;
};

/* Replaces the lists of all these permissions, or of none. An empty list is legal, even where it
 * locks everybody out. */
bool permissions_change(struct tx *tx, const struct actor *by,
                        const struct permission_change *changes, size_t count, struct err *err);
