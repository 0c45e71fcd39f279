/* A list under a lock; see inbox.h. Taking the whole list keeps the lock's time constant. */
#include "base/inbox.h"

#include <assert.h>
#include <stddef.h>

void inbox_init(struct inbox *in, void (*wake)(void *arg), void *arg)
{
    *in = (struct inbox){.wake = wake, .arg = arg};
    int failed = pthread_mutex_init(&in->lock, NULL);
    assert(!failed);
}

void inbox_release(struct inbox *in)
{
    assert(in->first == NULL);
    pthread_mutex_destroy(&in->lock);
}

void inbox_put(struct inbox *in, struct mail *mail)
{
    mail->next = NULL;
    inbox_put_all(in, mail);
}

void inbox_put_all(struct inbox *in, struct mail *list)
{
    struct mail *last = list;
    while (last->next != NULL)
        last = last->next;
    pthread_mutex_lock(&in->lock);
    bool was_empty = in->first == NULL;
    if (was_empty)
        in->first = list;
    else
        in->last->next = list;
    in->last = last;
    pthread_mutex_unlock(&in->lock);
    if (was_empty)
        in->wake(in->arg);
}

struct mail *inbox_take(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    struct mail *all = in->first;
    in->first = in->last = NULL;
    pthread_mutex_unlock(&in->lock);
    return all;
}
