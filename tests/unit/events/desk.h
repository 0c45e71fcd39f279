/* A database in memory, a transaction that the test itself holds, and a matcher. Include it after
 * cmocka.h. */
#pragma once

#include "base/digest.h"
#include "events/match.h"
#include "store/internal.h"
#include "store/room.h"
#include "store/user.h"

static const int64_t start_ms = 1700000000000;

struct desk {
    struct db *db;
    struct catalog *catalog;
    struct arena arena;
    struct tx tx;
    struct matcher *matcher;
};

static inline void desk_commit(struct desk *d)
{
    catalog_publish(d->catalog, d->tx.changes, 1);
    d->tx.changes = NULL;
}

static inline void desk_add_user(struct desk *d, const char *id, const char *username,
                                 const char *type)
{
    struct user u = {.id = str_of(id),
                     .username = str_of(username),
                     .name = str_of(username),
                     .type = str_of(type),
                     .active = true,
                     .password_hash = STR("$2y$10$secret"),
                     .created_at_ms = start_ms,
                     .updated_at_ms = start_ms,
                     .doc = json_parse(&d->arena, STR("{\"status\":\"offline\","
                                                      "\"settings\":{\"preferences\":{}},"
                                                      "\"bio\":\"hi\"}"))};
    user_insert(&d->tx, &u);
}

static inline int desk_open(void **state)
{
    static struct desk d;
    struct err err = ERR_NONE;
    digest_init();
    d = (struct desk){.catalog = catalog_new(), .matcher = matcher_new()};
    catalog_set_matcher(d.catalog, d.matcher, matcher_follow);
    d.db = db_open(":memory:", DB_WRITER, &err);
    assert_non_null(d.db);
    assert_true(schema_apply(d.db, &err));
    arena_init(&d.arena, SIZE_MAX);
    d.tx = (struct tx){.rd = {.db = d.db,
                              .arena = &d.arena,
                              .catalog = d.catalog,
                              .now_ms = start_ms,
                              .steady_ms = start_ms}};
    desk_add_user(&d, "ana-id", "ana", "user");
    desk_add_user(&d, "bob-id", "bob", "bot");
    desk_commit(&d);
    *state = &d;
    return 0;
}

static inline int desk_close(void **state)
{
    struct desk *d = *state;
    bool failed = db_failed(d->db);
    changes_drop(&d->tx, NULL);
    db_close(d->db);
    catalog_free(d->catalog);
    matcher_free(d->matcher);
    arena_release(&d->arena);
    return failed ? -1 : 0;
}

/* A message of Ana's. */
static inline struct message desk_message(struct desk *d, const char *text)
{
    struct message m = {.id = STR("m1"),
                        .room_id = STR("room-id"),
                        .user_id = STR("ana-id"),
                        .username = STR("ana"),
                        .user_name = STR("Ana"),
                        .ts_ms = start_ms,
                        .updated_at_ms = start_ms,
                        .doc = json_object(&d->arena)};
    message_set(&m, "msg", json_string(&d->arena, str_of(text)));
    return m;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)
