/* Accounts on a store in a temporary folder: what tests of users, logins and tokens have in common.
 * Include it after store_fixture.h. */
#pragma once

#include "domain/room.h"
#include "domain/user.h"
#include "store/catalog.h"
#include "store/permission.h"
#include "store/role.h"
#include "store/setting.h"

static inline bool accounts_seed_roles(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    settings_publish_all(tx);
    roles_seed(tx);
    permissions_seed(tx);
    rooms_seed(tx);
    return true;
}

static inline int accounts_setup(void **state)
{
    int failed = fixture_setup(state);
    assert_true(fixture_write(*state, accounts_seed_roles, NULL));
    return failed;
}

/* --- making users --- */

struct making {
    struct user_draft draft;
    const struct actor *by; /* NULL: he registers himself */
    struct str secret;
    struct user *user; /* the result */
};

static inline bool accounts_apply_making(struct tx *tx, void *arg, struct err *err)
{
    struct making *m = arg;
    if (m->by != NULL)
        return user_create(tx, m->by, &m->draft, &m->user, err);
    return user_register(tx, &m->draft, m->secret, &m->user, err);
}

/* Registers; NULL when that is refused, f->err tells why. */
static inline struct user *accounts_register(struct store_fixture *f, const char *username)
{
    struct making m = {.draft = {.username = str_of(username),
                                 .name = str_of(username),
                                 .email = arena_fmt(&f->arena, "%s@example.org", username),
                                 .password_hash = STR("none")}};
    return fixture_write(f, accounts_apply_making, &m) ? m.user : NULL;
}

static inline struct actor accounts_actor(const struct user *u)
{
    return (struct actor){.id = u->id, .username = u->username};
}

/* --- looking at them --- */

struct finding {
    struct str id;
    struct user *user;
};

static inline bool accounts_ask_finding(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct finding *finding = arg;
    finding->user = user_find(rd, finding->id);
    return true;
}

static inline struct user *accounts_find(struct store_fixture *f, struct str id)
{
    struct finding finding = {.id = id};
    assert_true(fixture_read(f, accounts_ask_finding, &finding));
    return finding.user;
}

/* Whether the catalog lets this token in. */
static inline bool accounts_has_session(const struct store_fixture *f, struct str token)
{
    uint8_t hash[DIGEST_SHA256_BYTES];
    digest_sha256(token, hash);
    struct session_entry *session =
        catalog_session(store_catalog(f->store), str_from((const char *)hash, sizeof(hash)));
    bool found = session != NULL;
    CATALOG_UNREF(session);
    return found;
}

/* --- settings --- */

struct setting_to {
    enum setting_id id;
    struct str json;
};

static inline bool accounts_apply_setting(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    const struct setting_to *to = arg;
    setting_save(tx, to->id, to->json);
    return true;
}

static inline void accounts_set(struct store_fixture *f, enum setting_id id, const char *json)
{
    struct setting_to to = {.id = id, .json = str_of(json)};
    assert_true(fixture_write(f, accounts_apply_setting, &to));
}
