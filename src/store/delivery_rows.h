/* What the files of deliveries share; private to them. */
#pragma once

#include "store/catalog.h"
#include "store/delivery.h"

#define DELIVERY_COLUMNS                                                                           \
    "seq, id, integration_id, state, due_ms, tries, depth, created_ms, event, url, data"

struct delivery delivery_read(struct stmt *q, struct arena *a);
void delivery_erase(struct tx *tx, int64_t seq);
/* Their number has changed by so many. */
void dead_letters_add(struct tx *tx, struct str integration_id, int64_t by);
