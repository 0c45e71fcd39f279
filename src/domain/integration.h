/* What may be done with integrations, and by whom. The rules are those of the reference, in its
 * order of checks and with its texts; where it is unsafe ours is stricter and docs/compatibility.md
 * says so.
 *
 * Files: integration.c the doors, integration_incoming.c and integration_outgoing.c the checks of
 * each direction, integration_rules.c what they share, integration_read.c getting, listing,
 * history.
 */
#pragma once

#include "domain/access.h"
#include "store/integration.h"

enum { INTEGRATION_SCRIPT_BYTES = 256 << 10 }; /* a longer script is stored and never run */

/* What became of a look at a script's syntax, which takes place before the command. */
struct script_check {
    struct str source; /* that was looked at */
    bool ok;
    struct str error; /* of a wrong one: JSON, {"name","message","stack"} */
};

struct integration_change {
    struct actor by;
    const struct json *body;    /* checked against the schema */
    const char *frozen_scripts; /* the error while scripts are frozen by the operator, else NULL */
    const struct script_check *checked; /* NULL: nothing was looked at */
    int64_t *out_same_url; /* how many have the target_url that chose this one; may be NULL */
};

/* POST create, PUT update, POST remove. The document as it is afterwards (remove: as it was) goes
 * to *out, in the arena. */
bool integration_create(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err);
bool integration_update(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err);
bool integration_remove(struct tx *tx, const struct integration_change *change,
                        struct integration **out, struct err *err);

/* GET get, out of the catalog: a reference to *out. Memory only. */
bool integration_get(const struct catalog *catalog, const struct user_entry *caller, struct str id,
                     struct str created_by, struct integration_entry **out, struct err *err);

/* What a caller may see of all integrations, by his permissions. */
struct integration_filter integrations_visible_to(struct rd *rd, struct str user_id);

/* Whether the caller may change it: it is of a direction he manages, and his own if he manages only
 * those. */
bool integration_may_manage(struct rd *rd, const struct actor *by, const struct integration *in);
/* The integration of either direction, if it is there and the caller's rights over that direction
 * reach it; NULL and *err otherwise. */
struct integration *integration_managed(struct rd *rd, const struct actor *by, struct str id,
                                        bool incoming, struct str details, struct err *err);

/* History of an outgoing integration's calls. */
bool history_visible_to(struct rd *rd, struct str user_id, struct str *out_creator_id);
bool integration_clear_history(struct tx *tx, const struct actor *by, struct str id,
                               struct err *err);
bool integration_replay(struct tx *tx, const struct actor *by, struct str id, struct str history_id,
                        struct err *err);

/* An account was deactivated or deleted: what posts in its name is switched off. */
void integrations_disable_of_user(struct tx *tx, struct str user_id);
/* A room was renamed: lists of channels that had "#old" have "#new". False, and nothing written,
 * when they are more than one command can change. */
bool integrations_rename_channel(struct tx *tx, struct str old, struct str new, struct err *err);
