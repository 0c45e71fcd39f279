/* Posting a message that a script or a receiver gave, in the name of an integration. Runs in a
 * command. */
#pragma once

#include "domain/post.h"
#include "model/integration.h"

struct reply {
    const struct integration *in;
    const struct json *content; /* an object */
    struct str user_name;       /* who caused the event, for integrations that speak in his name */
    struct str room_id;         /* where it happened; empty: nowhere */
    int64_t depth;              /* how many replies led to the event */
};

/* *out_posted: [{"channel":…,"message":…}]. False and *err: it was refused, roll the command back;
 * *out_nobody tells whether it was for want of a user or a room. */
bool reply_post(struct tx *tx, const struct reply *reply, struct str *out_posted, bool *out_nobody,
                struct err *err);
