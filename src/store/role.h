/* Rows of roles, and who holds one: users on the whole server (user_roles), users in single rooms
 * (subscription_roles). Granting and taking on the whole server is store/user.h. Writers run in
 * commands; the others on a reader or in a command. Rows become structs in the arena of the rd. */
#pragma once

#include "model/role.h"
#include "store/store.h"

/* NULL: there is none. */
struct role *role_find(struct rd *rd, struct str id);
struct role *role_find_by_name(struct rd *rd, struct str name);

struct role_list {
    struct role *items; /* oldest first */
    size_t count;
};
struct role_list roles_all(struct rd *rd);

struct role_trace {
    struct str id;
    int64_t deleted_at_ms;
};
struct role_trace_list {
    struct role_trace *items;
    size_t count;
};
/* The roles that were deleted at that moment or after it. */
struct role_trace_list roles_deleted_since(struct rd *rd, int64_t since_ms);

/* Whether somebody holds it, anywhere. */
bool role_in_use(struct rd *rd, struct str id);

struct role_holder_list {
    struct str *user_ids;
    size_t count;
    int64_t total; /* of all holders, not of the page */
};
/* Who holds the role in that room, by username. count INT64_MAX: all. */
struct role_holder_list role_holders_in_room(struct rd *rd, struct str role_id, struct str room_id,
                                             int64_t offset, int64_t count);
/* The users who hold a role of scope Users that has a description, by username. */
struct role_holder_list role_holders_described(struct rd *rd);

/* Id and name must be free, and there must be fewer than ROLES_MAX: look before. */
void role_insert(struct tx *tx, const struct role *role);
/* The role, and its place in the lists of permissions; a trace of it stays. Nobody may hold it. */
void role_erase(struct tx *tx, struct str id);
/* Takes it from a user in one room. */
void role_take_in_room(struct tx *tx, struct str role_id, struct str room_id, struct str user_id);

/* At every start: adds the default roles that are missing. */
void roles_seed(struct tx *tx);
