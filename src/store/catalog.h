/* The catalog: the memory copy of what is looked up by key and changes rarely, so that a loop never
 * waits for the database.
 *
 * Entries are immutable, counted, and one heap block each. A look-up takes a shard's read lock for
 * its own time only and gives a counted reference; catalog_unref() gives it back. The writer alone
 * publishes, after its commit and before the answers. An entry carries the revision of its row; an
 * older one never replaces a newer one.
 *
 * Rights are kept as bits: a role has a number, a user the set of his roles, a permission the set
 * of roles that hold it. Settings are kept by their place in the table of model/setting.h.
 */
#pragma once

#include "base/arena.h"
#include "model/hook_options.h"
#include "model/permission.h"
#include "model/setting.h"

enum { ROLES_MAX = 256 }; /* roles a server can have */

struct role_set {
    uint64_t bits[ROLES_MAX / 64];
};

struct entry {
    _Atomic uint32_t refs;
    int64_t revision;
    struct str key;
};

/* Key: the integration's id. */
struct integration_entry {
    struct entry head;
    bool incoming;
    struct str creator_id; /* empty when nobody created it */
    struct str json;       /* the whole document, as the API answers it */
    struct str token;      /* of an incoming one: the credential in its URL; lies in `json` */
};

/* Key: the integration's id; only those that had options set. */
struct hook_options_entry {
    struct entry head;
    struct hook_options options;
    struct str verify; /* how calls are signed: sealed, base64; empty: they need not be */
};

/* Key: the id. */
struct user_entry {
    struct entry head;
    struct str username, name;
    bool active;
    struct role_set roles;
};

/* Key: the 32 bytes of the token's SHA-256. */
struct session_entry {
    struct entry head;
    struct str user_id;
    int64_t created_at_ms;
    bool personal; /* a personal access token: it never expires */
};

struct catalog;

/* A reference, or NULL when there is none. */
struct integration_entry *catalog_integration(const struct catalog *c, struct str id);
struct hook_options_entry *catalog_hook_options(const struct catalog *c, struct str integration_id);
struct user_entry *catalog_user(const struct catalog *c, struct str id);
struct session_entry *catalog_session(const struct catalog *c, struct str token_hash);
void catalog_unref(struct entry *entry); /* NULL is fine */
#define CATALOG_UNREF(e) catalog_unref((e) ? &(e)->head : NULL)

/* Whether one of the user's global roles holds the permission. */
bool catalog_allows(const struct catalog *c, const struct user_entry *user, enum perm perm);

/* Values of settings: text is copied into the arena. Numbers that were stored as text count. */
bool catalog_setting_bool(const struct catalog *c, enum setting_id id);
int64_t catalog_setting_int(const struct catalog *c, enum setting_id id);
struct str catalog_setting_text(const struct catalog *c, enum setting_id id, struct arena *arena);

size_t catalog_integrations(const struct catalog *c); /* how many */

/* Calls fn with every integration, in no order, while a lock is held: fn looks at the entry and
 * calls nothing of this header. */
void catalog_each_integration(const struct catalog *c,
                              void (*fn)(void *arg, const struct integration_entry *entry),
                              void *arg);

/* --- For rooms above that follow what happens (store_on_bell, store_set_matcher). --- */

struct tx;

/* Says that the integration has deliveries to look at, if and when the command's batch is
 * committed. */
void tx_ring(struct tx *tx, struct str integration_id);

/* Who wants to know what (events/match.h): the index over all integrations that the room `events`
 * keeps. NULL while there is none. */
struct matcher;
struct matcher *catalog_matcher(const struct catalog *c);

/* Whether somebody listens to notices (store_on_notice). Any thread. */
bool catalog_listened(const struct catalog *c);
/* Inside a command: from the next one on, notices are made. */
void tx_listen(struct tx *tx);

/* --- For the files of the nouns in this room. --- */

enum catalog_table {
    CATALOG_INTEGRATIONS,
    CATALOG_HOOK_OPTIONS,
    CATALOG_USERS,
    CATALOG_SESSIONS,
    CATALOG_TABLES
};

/* A new entry with `size` bytes for its struct and `text` more for strings; set up strings with
 * entry_text(), which copies into that space. refs is 1: give it to tx_publish(). */
void *entry_new(size_t size, size_t text, char **out_space);
struct str entry_text(char **space, struct str s);

/* Inside a command: what is published if and when the command's batch is committed. */
void tx_publish(struct tx *tx, enum catalog_table table, struct entry *entry);
void tx_unpublish(struct tx *tx, enum catalog_table table, struct str key);
void tx_publish_permission(struct tx *tx, enum perm perm, const struct str *role_ids, size_t count);
void tx_publish_setting(struct tx *tx, enum setting_id id, struct str value_json);
/* A notice, for notice.c; the texts are copied. */
void tx_notice(struct tx *tx, int kind, int64_t room_seq, struct str subject, struct str data);
/* The number of a role, which is made when the role is new. False when all ROLES_MAX are in use. */
bool catalog_role_bit(struct catalog *c, struct str role_id, struct role_set *add_to);
