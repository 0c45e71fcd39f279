/* Mail for one thread: many may put, one takes. The only way in which threads speak to each other.
 *
 * A piece of mail is linked by a node inside itself, so putting never allocates, never waits and is
 * never refused; the amount is bounded by what was admitted at the edge. The owner of the inbox is
 * woken once for each change from empty to not empty, and takes the whole list at once, in order.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct mail {
    struct mail *next;
};

struct inbox {
    pthread_mutex_t lock; /* leaf lock; guards first and last */
    struct mail *first, *last;
    void (*wake)(void *arg); /* called by the putting thread, outside the lock */
    void *arg;
};

/* `wake` must be callable from any thread and cheap (uv_async_send, a condition's signal). */
void inbox_init(struct inbox *in, void (*wake)(void *arg), void *arg);
/* The inbox must be empty. */
void inbox_release(struct inbox *in);

/* Any thread. Ownership of `mail` moves to the inbox's owner. */
void inbox_put(struct inbox *in, struct mail *mail);
/* The same for a list, which is not empty, in its order: its owner is woken for all of it once, and
 * not for the first piece before the others are there. */
void inbox_put_all(struct inbox *in, struct mail *list);
/* The owner only: everything that has come, oldest first, linked by `next`; NULL when nothing. */
struct mail *inbox_take(struct inbox *in);
