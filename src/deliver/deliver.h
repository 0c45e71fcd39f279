/* The room of outgoing webhooks: what waits in the table of deliveries (store/delivery.h) is
 * called, at least once, and tried again by the schedule of its integration.
 *
 *   queue.c    the thread: mail, claims, starting and stopping
 *   plan.c     which destination is asked next; the breaker
 *   attempt.c  one try of one delivery, from the claim to the call
 *   answer.c   ... and from the answer to the record      script.c   ... and its script
 *   record.c   the commands of a try: messages, the history, what becomes of the row
 *   reply.c    posting a message that a script or a receiver gave
 *   request.c  the request, as it usually is or as a script makes it, and its signature
 *   outcome.c  what an answer means; the names of the steps      retry.c  when to try again
 *   hosts.c    how many calls a host gets at a time      gauge.c  how much waits, for metrics
 */
#pragma once

#include "base/digest.h"
#include "store/store.h"

struct client;
struct scripts;
struct deliveries;

struct deliver_config {
    struct store *store;
    struct client *client;
    struct scripts *scripts;            /* NULL: scripts are switched off */
    uint8_t key[DIGEST_SEAL_KEY_BYTES]; /* opens the secrets that sign */
    unsigned in_flight;                 /* calls of one integration at a time */
    unsigned per_host;                  /* calls to one host at a time */
    size_t total;                       /* calls at a time */
    int64_t timeout_ms;                 /* of a call that says nothing else */
    double jitter;             /* the largest part of a wait that is added to it by chance */
    unsigned breaker_failures; /* in a row after which a receiver is suspected */
    int64_t breaker_pause_ms, breaker_pause_max_ms; /* between two tries of a suspect */
};

/* Asks for the store's bell and starts the thread, which makes what was under way when the server
 * ended wait again. Before there are commands. NULL and *err when the thread does not start. */
struct deliveries *deliver_open(const struct deliver_config *config, struct err *err);
/* Claims nothing more and waits for what is under way, at most so long; what is not done by then is
 * cut, and waits in the table for the next start. Afterwards nothing is asked of the client or of
 * the pool of scripts; before, both must be open. */
void deliver_drain(struct deliveries *d, int64_t timeout_ms);
/* Waits until the last one is home and recorded, and ends the thread. When pool and client are
 * stopped, while the store is open. */
void deliver_stop(struct deliveries *d);
/* Once the store is closed, for until then its bell rings. Stops it first when that was not done.
 * NULL is fine. */
void deliver_free(struct deliveries *d);
