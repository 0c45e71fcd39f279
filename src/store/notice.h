/* What happened, for streams of events: made inside commands, and handed over when and if their
 * batch was committed, in the order of the commands. Where nobody listens nothing is made, and a
 * command pays one look at a flag.
 */
#pragma once

#include "model/message.h"
#include "store/store.h"

enum notice_kind {
    NOTICE_MESSAGE,
    NOTICE_MESSAGE_UPDATED,
    NOTICE_MESSAGE_DELETED,
    NOTICE_HISTORY, /* the history of an integration's calls */
    NOTICE_RIGHTS,  /* somebody may read more or less than before; it is no event */
    NOTICE_KINDS
};

/* One heap block; free() gives it back. */
struct notice {
    struct notice *next; /* of the same batch, later */
    enum notice_kind kind;
    int64_t room_seq;   /* of messages; of RIGHTS, where they are about a room; 0: none */
    struct str subject; /* HISTORY: the integration's id; RIGHTS: the user's, empty: everybody's */
    struct str data;    /* JSON on one line; empty with RIGHTS */
};

/* Whether somebody listens. */
bool tx_listened(const struct tx *tx);

/* All of these do nothing where nobody listens. Texts are copied. */
void notice_message(struct tx *tx, enum notice_kind kind, const struct message *m);
/* `action` is "inserted", "updated" or "removed"; `id` of the record is left out when it is empty;
 * `member` ("data" or "diff") and its JSON are left out when `json` is empty. */
void notice_history(struct tx *tx, const char *action, struct str integration_id, struct str id,
                    const char *member, struct str json);
/* What this user may read has changed; what everybody may (an empty id). */
void notice_rights(struct tx *tx, struct str user_id);
/* Who may read in this room has changed, perhaps. */
void notice_room_rights(struct tx *tx, int64_t room_seq);
