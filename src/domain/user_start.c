/* The accounts that a server finds or makes at its start. Runs in a command, before requests come.
 */
#include "base/id.h"
#include "domain/room.h"
#include "domain/user_rules.h"

#define TEST_ADMIN_NAME  "RocketChat Internal Admin Test"
#define TEST_ADMIN_EMAIL "rocketchat.internal.admin.test@rocket.chat"

static void make_rocket_cat(struct tx *tx)
{
    struct rd *rd = tx_rd(tx);
    if (user_exists(rd, ROCKET_CAT) || username_taken(rd, ROCKET_CAT))
        return;
    struct str roles[] = {STR("bot")};
    struct user cat = {
        .id = ROCKET_CAT,
        .username = ROCKET_CAT,
        .name = STR("Rocket.Cat"),
        .type = STR("bot"),
        .active = true,
        .roles = roles,
        .role_count = 1,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
        .doc = json_object(rd->arena),
    };
    user_set_text(&cat, rd->arena, "status", STR("online"));
    user_set_text(&cat, rd->arena, "statusDefault", STR("online"));
    user_set_member(&cat, "utcOffset", json_number(rd->arena, 0));
    user_insert(tx, &cat);
}

static bool has_admin(struct rd *rd)
{
    const struct user_filter admins = {.role_id = ROLE_ADMIN};
    return users_count(rd, &admins) > 0;
}

/* With exactly the role of an administrator. */
static bool add_admin(struct tx *tx, const struct user_draft *draft, struct user **out,
                      struct err *err)
{
    struct user_draft admin = *draft;
    struct json *roles = json_array(tx->rd.arena);
    json_append(roles, json_string(tx->rd.arena, ROLE_ADMIN));
    admin.roles = roles;
    return user_add(tx, &admin, out, err);
}

static bool make_admin(struct tx *tx, const struct user_draft *draft, struct err *err)
{
    struct user *made;
    if (has_admin(tx_rd(tx)))
        return true;
    if (!str_empty(draft->password_hash))
        return add_admin(tx, draft, &made, err);
    const struct user *oldest = user_oldest_human(tx_rd(tx));
    if (oldest != NULL)
        user_add_role(tx, oldest->id, ROLE_ADMIN);
    return true;
}

static void remove_test_admin(struct tx *tx)
{
    struct str id = STR(TEST_ADMIN);
    if (!user_exists(tx_rd(tx), id))
        return;
    while (rooms_forget_user(tx, id)) {
    }
    user_erase(tx, id);
}

static bool make_test_admin(struct tx *tx, struct str password_hash, struct err *err)
{
    const struct user_draft draft = {
        .id = STR(TEST_ADMIN),
        .username = STR(TEST_ADMIN),
        .name = STR(TEST_ADMIN_NAME),
        .email = STR(TEST_ADMIN_EMAIL),
        .password_hash = password_hash,
        .verified = true,
    };
    struct user *made;
    return add_admin(tx, &draft, &made, err);
}

bool users_seed(struct tx *tx, const struct user_start *start, struct err *err)
{
    make_rocket_cat(tx);
    remove_test_admin(tx);
    if (!make_admin(tx, &start->admin, err))
        return false;
    return str_empty(start->test_hash) || make_test_admin(tx, start->test_hash, err);
}
