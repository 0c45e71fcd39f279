/* Rows of users, their addresses and their roles. Every change also publishes the user's entry to
 * the catalog. Writers run in commands; finders on a reader or in a command. Rows become structs in
 * the arena of the rd. */
#pragma once

#include "model/user.h"
#include "store/store.h"

/* NULL: there is none. Usernames and addresses are unique without regard to case. */
struct user *user_find(struct rd *rd, struct str id);
struct user *user_find_by_username(struct rd *rd, struct str username);        /* exact */
struct user *user_find_by_username_nocase(struct rd *rd, struct str username); /* any case */
struct user *user_find_by_email(struct rd *rd, struct str address);            /* any case */
/* Only id, username and name of it, which is all that a sender needs. */
struct user *user_find_names(struct rd *rd, struct str id);
bool user_exists(struct rd *rd, struct str id);
bool user_username_taken(struct rd *rd, struct str username); /* in any case */

/* The name must be free: look before. Roles and addresses go with the row. */
void user_insert(struct tx *tx, const struct user *u);
/* Writes the whole user, roles and addresses included. updated_at_ms becomes the command's moment.
 */
void user_save(struct tx *tx, struct user *u);
/* Writes only the moment of the last login, which becomes now. */
void user_save_login(struct tx *tx, struct user *u);
/* The user, his addresses, roles and tokens. Memberships are the rooms' affair. */
void user_erase(struct tx *tx, struct str id);

/* Adding a role he has, or taking one he does not have, changes nothing. */
void user_add_role(struct tx *tx, struct str user_id, struct str role_id);
void user_remove_role(struct tx *tx, struct str user_id, struct str role_id);
bool user_role_held(struct rd *rd, struct str user_id, struct str role_id);

struct user_list {
    struct user **items;
    size_t count;
    int64_t total; /* of all that match, not of the page */
};

struct user_filter {
    struct str role_id; /* only holders of this global role; empty: all */
    struct str address; /* only the one with this address in any case; empty: all */
    bool active_only;
    bool humans_only;         /* only those of type "user" */
    bool not_plainly_offline; /* leaves out most of those who are offline, and nobody else */
    int64_t changed_after_ms; /* 0: whenever */
};

/* `order_by` is SQL of constant columns: "username_key ASC", the seq is added. count INT64_MAX:
 * all. */
struct user_list users_list(struct rd *rd, const struct user_filter *filter, struct str order_by,
                            int64_t offset, int64_t count);
int64_t users_count(struct rd *rd, const struct user_filter *filter);
/* The account of type user that was created first, or NULL. */
struct user *user_oldest_human(struct rd *rd);

/* At the start: gives every user to the catalog, in one walk over the rows. */
void users_publish_all(struct tx *tx);
