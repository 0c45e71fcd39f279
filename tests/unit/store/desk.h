/* A database in memory, and a transaction that the test itself holds. Include it after cmocka.h. */
#pragma once

#include "base/digest.h"
#include "store/internal.h"

static const int64_t start_ms = 1700000000000;

struct desk {
    struct db *db;
    struct catalog *catalog;
    struct arena arena;
    struct tx tx;
};

static inline void desk_set_clocks(struct desk *d, int64_t now_ms)
{
    d->tx.rd.now_ms = d->tx.rd.steady_ms = now_ms;
}

/* At start_ms. */
static inline struct desk *desk_open(void)
{
    static struct desk d;
    struct err err = ERR_NONE;
    digest_init();
    d = (struct desk){.catalog = catalog_new()};
    d.db = db_open(":memory:", DB_WRITER, &err);
    assert_non_null(d.db);
    assert_true(schema_apply(d.db, &err));
    arena_init(&d.arena, SIZE_MAX);
    d.tx = (struct tx){.rd = {.db = d.db, .arena = &d.arena, .catalog = d.catalog}};
    desk_set_clocks(&d, start_ms);
    return &d;
}

/* The teardown of such tests. */
static inline int desk_close(void **state)
{
    struct desk *d = *state;
    bool failed = db_failed(d->db);
    changes_drop(&d->tx, NULL);
    db_close(d->db);
    catalog_free(d->catalog);
    arena_release(&d->arena);
    return failed ? -1 : 0;
}
