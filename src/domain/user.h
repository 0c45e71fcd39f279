/* Accounts: who may make, change and take away which, and what must be true before. The rules,
 * their order and their texts are those of the API.
 *
 * Verbs that somebody asks for check his rights from rows of their own transaction. Results live in
 * the command's arena. Passwords come in as hashes, for hashing takes long (domain/password.h).
 *
 * Files: user_create.c making, user_edit.c changing and deleting, user_check.c the rules for names,
 * addresses and roles, user_start.c what a server finds at its start.
 */
#pragma once

#include "domain/access.h"
#include "store/user.h"

/* --- choosing one --- */

/* The user that the parameters userId, else username, else user name; NULL and *err when none of
 * them is given or nobody is meant. */
struct user *user_selected(struct rd *rd, const struct json *params, struct err *err);
/* The same, but the user `otherwise` when none of them is given. */
struct user *user_selected_or(struct rd *rd, const struct json *params, struct str otherwise,
                              struct err *err);

/* --- making one --- */

struct user_draft {
    struct str id; /* empty: a new one is drawn */
    struct str username, name, email;
    struct str password_hash; /* empty: no login with a password */
    bool password_blank;      /* what was sent as a password has nothing but white space */
    bool verified;            /* the address is */
    bool inactive;
    const struct json *roles; /* an array of ids; NULL: the default ones */
    bool keep_out;            /* of the default rooms */
    struct json *doc;         /* further members of the user's doc, an object; NULL: none */
};

/* By somebody who has no account. `secret` is the one of a registration that needs it. */
bool user_register(struct tx *tx, const struct user_draft *draft, struct str secret,
                   struct user **out, struct err *err);
bool user_create(struct tx *tx, const struct actor *by, const struct user_draft *draft,
                 struct user **out, struct err *err);
/* The first refusal, out of memory, before a password is hashed for nothing. */
bool user_may_create(const struct catalog *catalog, const struct user_entry *by, struct err *err);
/* By the server itself: from the command line, at the start. */
bool user_add(struct tx *tx, const struct user_draft *draft, struct user **out, struct err *err);

/* --- changing one --- */

struct user_change {
    struct str user_id;
    const struct json
        *data; /* checked against the schema; absent and null members change nothing */
    struct str password_hash; /* of data.password, or of a random one; empty: no new password */
};
bool user_update(struct tx *tx, const struct actor *by, const struct user_change *change,
                 struct user **out, struct err *err);

/* Deactivating ends his sessions and switches off the integrations that post in his name. */
bool user_set_active(struct tx *tx, const struct actor *by, struct str user_id, bool active,
                     struct user **out, struct err *err);

struct user_status {
    const struct json *message; /* NULL: not given */
    struct str status;          /* empty: not given */
};
bool user_set_status(struct tx *tx, const struct actor *by, const struct user *target,
                     const struct user_status *status, struct err *err);

/* `data` holds preferences by their names; "language" is the user's own. */
bool user_set_preferences(struct tx *tx, const struct actor *by, struct str user_id,
                          const struct json *data, struct user **out, struct err *err);

/* --- taking one away --- */

/* `confirmed`: rooms that he alone owns go to somebody else. He leaves some of his rooms with each
 * command. *out_more: he is still there; call it again in another one, confirmed. */
bool user_delete(struct tx *tx, const struct actor *by, const struct user *target, bool confirmed,
                 bool *out_more, struct err *err);
/* Ends all his sessions, personal access tokens included. */
bool user_log_out(struct tx *tx, const struct actor *by, struct str user_id, struct err *err);

/* --- at the start --- */

struct user_start {
    struct user_draft admin; /* made when its password_hash is there and nobody is admin yet */
    struct str test_hash;    /* hash of the test administrator's password; empty: no test mode */
};
#define TEST_ADMIN "rocketchat.internal.admin.test"

/* The accounts every server has: rocket.cat; the administrator from the environment, else the
 * oldest account becomes one; the administrator for tests, who is removed where there is no test
 * mode. Rooms, roles, permissions and settings must be there. */
bool users_seed(struct tx *tx, const struct user_start *start, struct err *err);
bool users_have_admin(struct rd *rd); /* a person, not a bot */
