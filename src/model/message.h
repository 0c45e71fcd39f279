/* A message: what somebody wrote in a room, or what the server noted there (a system message).
 *
 * The struct is a row of the store and the names of its sender. Everything that nothing looks up,
 * sorts or decides by is in `doc`, a JSON object under the names the API uses: msg, alias, avatar,
 * emoji, bot, attachments, parseUrls, groupable, urls, mentions, channels, tshow, tcount, tlm,
 * replies, editedAt, editedBy, customFields, role, reactions, pinned, pinnedAt, pinnedBy. An absent
 * member is an empty one. Memory is that of the arena it was made in. Any thread.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"

enum { MESSAGE_DOC_BYTES = 1 << 20 }; /* ceiling of what `doc` holds */

struct message {
    struct str id;
    struct str room_id;
    int64_t room_seq, number;       /* of the row; number 0: not stored yet */
    struct str user_id;             /* the sender */
    struct str username, user_name; /* as they are now, or were when he went */
    struct str type;                /* uj, ul, ... of a system message, else empty */
    struct str thread_id;           /* the message it replies to; empty: none */
    bool aside;                     /* a reply that is shown in its thread only */
    int64_t ts_ms, updated_at_ms;
    int64_t depth;         /* how many replies of integrations led to it, for loops; not stored */
    struct str starred_by; /* the reader, when he has starred it: only he is told */
    struct json *doc;      /* an object, never NULL */
};

/* The message as the API answers it. */
void message_put(struct buf *out, const struct message *m);

/* The column `doc`, both ways. It holds the sender's names too, for the time after him; they are
 * taken only where the struct has none. */
void message_put_doc(struct buf *out, const struct message *m);
void message_take_doc(struct arena *a, struct message *m, struct str doc);

/* The text, empty when there is none. */
struct str message_text(const struct message *m);
/* Sets a member of `doc` in its place, or at the end; NULL takes it out. */
void message_set(struct message *m, const char *member, struct json *value);

/* --- what senders may give (message_check.c) --- */

/* Whether the members of a message have the types they ought to have (what is not known may be
 * anything), its links can be shown, and the fields of its attachments have title and value. Links
 * are absolute (http, https, data) or below /file-upload; an avatar may be any relative one too.
 * What is null is not there. False and *err, with the API's texts. */
bool message_check(const struct json *doc, struct err *err);

/* --- what a text refers to (message_parse.c) --- */

enum { MESSAGE_REFERENCES = 100 }; /* of each kind that are looked at in one text */

/* Each once, in the order of the text, without the sign in front; nothing inside code counts. */
struct references {
    struct str urls[MESSAGE_REFERENCES];
    size_t url_count;
    struct str users[MESSAGE_REFERENCES]; /* @bob; "all" and "here" among them */
    size_t user_count;
    struct str rooms[MESSAGE_REFERENCES]; /* #general */
    size_t room_count;
};
/* Names may be followed by a full stop, a dash or an underscore that ends them only if nobody has
 * the longer name: who looks them up tries message_shorter_name(). */
void message_parse(struct str text, struct references *out);
/* The name without its last character; empty when that one belongs to any name. */
struct str message_shorter_name(struct str name);
