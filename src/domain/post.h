/* Posting to destinations: what an incoming hook, a reply of an outgoing one, and chat.postMessage
 * have in common. Runs in a command.
 *
 *     destinations (names of rooms and users) -> rooms, joined or made where they must be
 *     -> the message that the content describes -> message_send() in each
 *
 * All destinations are found and may be posted to before the first message is stored; one refusal
 * refuses all. With `separate` each succeeds or fails alone.
 */
#pragma once

#include "domain/message.h"

/* In whose name, and with what where the content says nothing. */
struct poster {
    const struct user *user;   /* id, username and name of it */
    struct str integration_id; /* becomes bot.i; empty: no integration */
    int64_t depth;             /* of the messages: how many replies of integrations led to them */
    struct str alias, avatar, emoji; /* of the integration; empty: none */
    const struct str *channels;      /* where to, if the content names nobody */
    size_t channel_count;
};

struct post_draft {
    /* An object: channel or roomId (text or array of texts), text or msg, username or alias,
     * icon_url or avatar, icon_emoji or emoji, attachments, parseUrls, groupable, tmid,
     * customFields. Others do not count. */
    const struct json *content;
    bool separate;
};

/* In the order of the destinations. */
struct post_result {
    struct str channel;      /* as it was named */
    struct message *message; /* as it is stored; NULL: it failed */
    struct str error;        /* why: a code where there is one, else a text; "unknown-error" */
};
struct posted {
    struct post_result *results;
    size_t count; /* 0: nobody was named, nothing was posted */
    size_t sent;  /* how many have a message */
};

/* False and *err when it is refused: roll the command back. fault_code() is what hooks answer, the
 * usual rendering what the API answers. With `separate` it is true even when all failed. */
bool message_post(struct tx *tx, const struct poster *poster, const struct post_draft *draft,
                  struct posted *out, struct err *err);

/* The same as far as memory alone can tell, for trials: nothing is looked up, nothing is stored.
 * The destinations as they are named, each with the message it would get. */
bool message_preview(struct arena *arena, const struct poster *poster,
                     const struct post_draft *draft, struct posted *out, struct err *err);

/* The room that the name of a destination means to `by`, as post_target.c tells. A public channel
 * is joined on the way, a direct room made when it is missing. */
bool target_find(struct tx *tx, const struct user *by, struct str name, struct room **out,
                 struct err *err);

/* The refusal as hooks show it: the error's code if it has one, else its text, else
 * "Unknown error". A view into *err, or static. */
struct str fault_code(const struct err *err);

/* The text of the API for texts that are too long: text, and those of attachments. */
bool post_check_size(const struct catalog *catalog, const struct json *content, struct err *err);
