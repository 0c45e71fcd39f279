/* Rows of users and tokens, and what the catalog knows of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

#include "store/catalog.h"
#include "store/token.h"
#include "store/user.h"

static struct user sample(const char *id, const char *username)
{
    static struct user_email emails[1];
    static struct str roles[] = {STR_INIT("user"), STR_INIT("admin")};
    emails[0] = (struct user_email){STR("Cat@Example.org"), true};
    return (struct user){
        .id = str_of(id),
        .username = str_of(username),
        .name = STR("Cat"),
        .type = STR("user"),
        .active = true,
        .emails = emails,
        .email_count = 1,
        .roles = roles,
        .role_count = 2,
        .created_at_ms = 1000,
        .updated_at_ms = 1000,
    };
}

static bool insert(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct user *u = arg;
    u->doc = json_object(tx_rd(tx)->arena);
    user_set_text(u, tx_rd(tx)->arena, "status", STR("offline"));
    user_insert(tx, u);
    return true;
}

static void insert_plain(struct store_fixture *f, const char *id, const char *username)
{
    struct user u = sample(id, username);
    u.email_count = 0;
    assert_true(fixture_write(f, insert, &u));
}

/* --- finding --- */

struct looking {
    const char *by_id, *by_username, *by_any_case, *by_email;
    struct user *found[4];
};

static bool look(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct looking *l = arg;
    l->found[0] = user_find(rd, str_of(l->by_id));
    l->found[1] = user_find_by_username(rd, str_of(l->by_username));
    l->found[2] = user_find_by_username_nocase(rd, str_of(l->by_any_case));
    l->found[3] = user_find_by_email(rd, str_of(l->by_email));
    return true;
}

static void a_user_is_found_by_id_name_and_address(void **state)
{
    struct store_fixture *f = *state;
    struct user u = sample("u1", "Test.Cat");
    assert_true(fixture_write(f, insert, &u));
    struct looking l = {"u1", "Test.Cat", "TEST.cat", "CAT@example.ORG", {NULL}};
    assert_true(fixture_read(f, look, &l));
    for (int i = 0; i < 4; i++) {
        assert_non_null(l.found[i]);
        assert_true(str_is(l.found[i]->id, "u1"));
    }
    assert_int_equal(l.found[0]->role_count, 2);
    assert_true(str_is(l.found[0]->emails[0].address, "Cat@Example.org"));
    assert_true(str_is(user_text(l.found[0], "status"), "offline"));
    struct looking missing = {"u2", "test.cat", "cat", "cat@example.com", {NULL}};
    assert_true(fixture_read(f, look, &missing));
    for (int i = 0; i < 4; i++)
        assert_null(missing.found[i]);
}

/* --- saving --- */

static bool change(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    struct user *u = user_find(tx_rd(tx), STR("u1"));
    u->username = STR("renamed");
    u->active = false;
    u->email_count = 0;
    u->role_count = 1;
    user_save(tx, u);
    return true;
}

static void saving_replaces_everything(void **state)
{
    struct store_fixture *f = *state;
    struct user u = sample("u1", "cat");
    assert_true(fixture_write(f, insert, &u));
    assert_true(fixture_write(f, change, NULL));
    struct looking l = {"u1", "renamed", "cat", "cat@example.org", {NULL}};
    assert_true(fixture_read(f, look, &l));
    assert_non_null(l.found[1]);
    assert_null(l.found[2]);
    assert_null(l.found[3]);
    assert_false(l.found[0]->active);
    assert_int_equal(l.found[0]->role_count, 1);
    assert_true(l.found[0]->updated_at_ms > 1000);
    struct user_entry *entry = catalog_user(store_catalog(f->store), STR("u1"));
    assert_true(str_is(entry->username, "renamed"));
    assert_false(entry->active);
    CATALOG_UNREF(entry);
}

/* --- roles --- */

static bool add_twice_take_twice(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    int *counts = arg;
    for (int i = 0; i < 2; i++)
        user_add_role(tx, STR("u1"), STR("guest"));
    counts[0] = (int)user_find(tx_rd(tx), STR("u1"))->role_count;
    for (int i = 0; i < 2; i++)
        user_remove_role(tx, STR("u1"), STR("admin"));
    counts[1] = (int)user_find(tx_rd(tx), STR("u1"))->role_count;
    counts[2] = user_role_held(tx_rd(tx), STR("u1"), STR("guest"));
    counts[3] = user_role_held(tx_rd(tx), STR("u1"), STR("admin"));
    return true;
}

static void a_role_is_held_once(void **state)
{
    struct store_fixture *f = *state;
    insert_plain(f, "u1", "cat");
    int counts[4];
    assert_true(fixture_write(f, add_twice_take_twice, counts));
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 2);
    assert_true(counts[2]);
    assert_false(counts[3]);
}

/* --- lists --- */

struct counting {
    struct user_filter filter;
    int64_t offset, count;
    struct user_list list;
};

static bool list(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct counting *c = arg;
    c->list = users_list(rd, &c->filter, STR("u.username_key DESC"), c->offset, c->count);
    return true;
}

static void lists_are_filtered_sorted_and_cut(void **state)
{
    struct store_fixture *f = *state;
    insert_plain(f, "u1", "anna");
    insert_plain(f, "u2", "Bert");
    struct user with_address = sample("u3", "carl");
    with_address.role_count = 1;
    assert_true(fixture_write(f, insert, &with_address));

    struct counting all = {.offset = 1, .count = INT64_MAX};
    assert_true(fixture_read(f, list, &all));
    assert_int_equal(all.list.total, 3);
    assert_int_equal(all.list.count, 2);
    assert_true(str_is(all.list.items[0]->username, "Bert"));
    assert_true(str_is(all.list.items[1]->username, "anna"));

    struct counting admins = {.filter = {.role_id = STR("admin"), .active_only = true}, .count = 1};
    assert_true(fixture_read(f, list, &admins));
    assert_int_equal(admins.list.total, 2);
    assert_int_equal(admins.list.count, 1);

    struct counting one = {.filter = {.address = STR("CAT@example.org"), .humans_only = true},
                           .count = 10};
    assert_true(fixture_read(f, list, &one));
    assert_int_equal(one.list.total, 1);
    assert_true(str_is(one.list.items[0]->id, "u3"));

    struct counting online = {.filter = {.not_plainly_offline = true}, .count = 10};
    assert_true(fixture_read(f, list, &online));
    assert_int_equal(online.list.total, 0);

    struct counting changed = {.filter = {.changed_after_ms = 1000}, .count = 10};
    assert_true(fixture_read(f, list, &changed));
    assert_int_equal(changed.list.total, 0);
}

/* --- tokens --- */

static struct str token_hash(struct arena *arena, int n)
{
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(arena_fmt(arena, "token %d", n), hash);
    return arena_str(arena, str_of(hash));
}

static bool insert_tokens(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    for (int n = 0; n < *(const int *)arg; n++)
        token_insert(tx, &(struct token){
                             .hash = token_hash(tx->rd.arena, n),
                             .user_id = STR("u1"),
                             .personal = n == 0,
                             .name = n == 0 ? STR("mine") : STR(""),
                             .created_at_ms = 1000 + n,
                         });
    return true;
}

static bool has_session(const struct store_fixture *f, int n)
{
    uint8_t hash[DIGEST_SHA256_BYTES];
    char text[32];
    (void)snprintf(text, sizeof(text), "token %d", n);
    digest_sha256(str_of(text), hash);
    struct session_entry *session =
        catalog_session(store_catalog(f->store), str_from((const char *)hash, sizeof(hash)));
    bool found = session != NULL;
    CATALOG_UNREF(session);
    return found;
}

static bool trim(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    tokens_trim(tx, STR("u1"), 1003, 4);
    return true;
}

static void old_and_surplus_logins_go_and_personal_tokens_stay(void **state)
{
    struct store_fixture *f = *state;
    int count = 10;
    assert_true(fixture_write(f, insert_tokens, &count));
    assert_true(fixture_write(f, trim, NULL));
    assert_true(has_session(f, 0));
    for (int n = 1; n < 6; n++)
        assert_false(has_session(f, n));
    for (int n = 6; n < 10; n++)
        assert_true(has_session(f, n));
}

static bool erase_all(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    user_erase(tx, STR("u1"));
    return true;
}

static void an_erased_user_is_gone_from_the_catalog_too(void **state)
{
    struct store_fixture *f = *state;
    insert_plain(f, "u1", "cat");
    int count = 3;
    assert_true(fixture_write(f, insert_tokens, &count));
    assert_true(fixture_write(f, erase_all, NULL));
    assert_null(catalog_user(store_catalog(f->store), STR("u1")));
    for (int n = 0; n < 3; n++)
        assert_false(has_session(f, n));
}

static void a_restart_finds_users_and_sessions_again(void **state)
{
    struct store_fixture *f = *state;
    insert_plain(f, "u1", "cat");
    insert_plain(f, "u2", "dog");
    int count = 2;
    assert_true(fixture_write(f, insert_tokens, &count));
    fixture_close(f);
    assert_true(fixture_open(f));
    struct role_set expected = {{0}};
    struct user_entry *cat = catalog_user(store_catalog(f->store), STR("u1"));
    struct user_entry *dog = catalog_user(store_catalog(f->store), STR("u2"));
    assert_true(str_is(cat->username, "cat"));
    assert_true(str_is(dog->username, "dog"));
    assert_memory_not_equal(&cat->roles, &expected, sizeof(expected));
    assert_memory_equal(&cat->roles, &dog->roles, sizeof(expected));
    assert_true(has_session(f, 0));
    assert_true(has_session(f, 1));
    CATALOG_UNREF(cat);
    CATALOG_UNREF(dog);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_is_found_by_id_name_and_address),
        TEST(saving_replaces_everything),
        TEST(a_role_is_held_once),
        TEST(lists_are_filtered_sorted_and_cut),
        TEST(old_and_surplus_logins_go_and_personal_tokens_stay),
        TEST(an_erased_user_is_gone_from_the_catalog_too),
        TEST(a_restart_finds_users_and_sessions_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
