/* The room of incoming webhooks (/hooks/...): whoever knows an integration's address may post
 * through it. Also the endpoints of what such integrations have beyond the reference: signatures,
 * limits and the history of calls (/ext/v1/...).
 *
 *   incoming.c  a call that posts: from the request to the answer
 *   door.c      id and token, the user, the limit, the signature: what every call passes first
 *   payload.c   what a body means          verify*.c    signatures
 *   delivery.c  which key a call has       record.c     what the history keeps of it
 *   recorder.c  writes the history, behind the answers
 *   script.c    a call's script: asked and heeded
 *   argument.c  what scripts are given     outcome.c    what their ends mean
 *   progress.c  deliveries in progress     runs.c       the last runs of scripts
 *   trial.c     trying a script            script_test.c  ... over the API
 *   helpers.c   sample, info, add, remove  options.c, history.c   the endpoints under /ext/v1
 */
#pragma once

#include "api/api.h"
#include "base/digest.h"

/* Starts the recorder. `key` seals the secrets of signatures. NULL and *err when its thread does
 * not start. */
struct hooks *hooks_open(struct store *store, const uint8_t key[DIGEST_SEAL_KEY_BYTES],
                         struct err *err);
/* Writes what was recorded and ends the thread; the store must be open, and calls may still end. */
void hooks_stop(struct hooks *hooks);
/* When no call is left. */
void hooks_free(struct hooks *hooks);

/* Adds this room's routes; api->hooks is set. */
void hooks_routes(struct router *router, const struct api *api);
