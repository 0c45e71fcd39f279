/* A small world for tests of rules: a database in memory with the default roles, permissions and
 * settings, a few users, and a transaction that the test itself holds, so that it can ask and
 * change without another thread. Include it after cmocka.h. */
#pragma once

#include "base/clock.h"
#include "base/digest.h"
#include "domain/room.h"
#include "store/internal.h"
#include "store/permission.h"
#include "store/role.h"
#include "store/setting.h"
#include "store/subscription.h"
#include "store/user.h"

struct world {
    struct db *db;
    struct catalog *catalog;
    struct arena arena;
    struct tx tx;
    struct err err; /* of the last refusal */
};

static const int64_t world_start_ms = 1700000000000;

/* Somebody whose id is "id-<name>". */
static inline struct actor world_user(struct world *w, const char *username, const char *role)
{
    struct str roles[] = {str_of(role)};
    struct user u = {
        .id = arena_fmt(&w->arena, "id-%s", username),
        .username = str_of(username),
        .name = arena_fmt(&w->arena, "%s's name", username),
        .type = STR("user"),
        .active = true,
        .roles = roles,
        .role_count = 1,
        .created_at_ms = w->tx.rd.now_ms,
        .updated_at_ms = w->tx.rd.now_ms,
        .doc = json_object(&w->arena),
    };
    user_insert(&w->tx, &u);
    return (struct actor){.id = u.id, .username = u.username};
}

static inline int world_setup(void **state)
{
    static struct world w;
    digest_init();
    w = (struct world){.catalog = catalog_new(), .err = ERR_NONE};
    w.db = db_open(":memory:", DB_WRITER, &w.err);
    assert_non_null(w.db);
    assert_true(schema_apply(w.db, &w.err));
    arena_init(&w.arena, SIZE_MAX);
    w.tx = (struct tx){
        .rd = {.db = w.db, .arena = &w.arena, .catalog = w.catalog, .now_ms = world_start_ms}};
    roles_seed(&w.tx);
    permissions_seed(&w.tx);
    settings_publish_all(&w.tx);
    catalog_publish(w.catalog, w.tx.changes, 1);
    w.tx.changes = NULL;
    *state = &w;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *w = *state;
    bool failed = db_failed(w->db);
    if (failed) {
        (void)db_error(w->db, &w->err);
        print_error("database: %s\n", w->err.text);
    }
    changes_drop(&w->tx, NULL);
    db_close(w->db);
    catalog_free(w->catalog);
    arena_release(&w->arena);
    return failed ? -1 : 0;
}

static inline struct room *world_room(struct world *w, const struct actor *by, char type,
                                      const char *name)
{
    struct room_draft draft = {.type = type, .name = str_of(name)};
    struct room *room;
    assert_true(room_create(&w->tx, by, &draft, &room, &w->err));
    return room;
}

/* The refusal as a client reads it. */
#define assert_refused(w, ok, expected_type, expected_text)                                        \
    do {                                                                                           \
        (w)->err = ERR_NONE;                                                                       \
        assert_false(ok);                                                                          \
        assert_string_equal((w)->err.text, (expected_text));                                       \
        assert_string_equal((w)->err.type ? (w)->err.type : "", (expected_type));                  \
    } while (0)
