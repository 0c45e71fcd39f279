/* The sweeper: removes in small slices what nobody sees any more, so that a deletion is answered at
 * once and nobody waits for the rows. One thread of its own, which looks
 * for work now and then and hands slices to the writer one at a time, with pauses between. */
#pragma once

#include "store/store.h"

struct sweep;
struct files;

/* NULL and *err when the thread cannot be started. `store` and `files` must outlive it. */
struct sweep *sweep_open(struct store *store, struct files *files, struct err *err);
/* Finishes the slice it is at. NULL is fine. */
void sweep_close(struct sweep *sweep);
