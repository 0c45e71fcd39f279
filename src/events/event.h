/* What happened, for those who asked to be told: the outgoing integrations.
 *
 *     event_happened()  ->  match.h: who wants to know  ->  payload.h: what he is told
 *                       ->  a row for each of his URLs (store/delivery.h), in the transaction of
 *                           the change itself; the bell after its commit
 *
 * So an event is delivered if and only if its change was committed. Where nobody wants to know, it
 * costs a few look-ups in memory and no row is read.
 *
 * Runs in commands, behind the rows of the change (a deletion: in front of them).
 */
#pragma once

#include "model/integration.h"
#include "model/message.h"
#include "model/room.h"
#include "store/catalog.h"
#include "store/store.h"

enum {
    EVENT_DEPTH_MAX = 8, /* replies of integrations to replies of integrations: then it ends */
};

struct event {
    enum event_kind kind;
    const struct room *room;       /* NULL: it is about none */
    const struct message *message; /* of the events about messages, with its doc */
    struct str user_id;  /* who did it, or came, went, was made; for messages that were sent or
                            edited that is the sender, who need not be named */
    struct str reaction; /* ":smile:" */
};

void event_happened(struct tx *tx, const struct event *event);

/* A message was stored: its sender's integrations are told, and those that wait for files when it
 * carries one. */
void event_message_sent(struct tx *tx, const struct room *room, const struct message *m);
/* Its text was changed. */
void event_message_edited(struct tx *tx, const struct room *room, const struct message *m);

/* An event that somebody was told of before, to be told again: as the history has it. */
struct event_before {
    struct str name, url;
    const struct json *data; /* with token and trigger_word */
    int64_t due_ms;          /* of the new delivery */
};
/* A new delivery of it. What it is about is read anew; what is no more is told as it was told then.
 * False: the integration, as it is now, would not be called, and nothing was done. */
bool event_again(struct tx *tx, const struct integration *in, const struct event_before *before);

/* Opens the room: from now on events are matched. Once, before there are requests. */
struct matcher *events_open(struct store *store);
/* After the store was closed. NULL is fine. */
void events_close(struct matcher *matcher);
