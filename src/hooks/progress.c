/* See progress.h: a map under a lock that is held for a look-up. */
#include "hooks/progress.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

struct progress_hold {
    size_t name_len;
    char name[]; /* id and key, with a '\0' between */
};

struct progress {
    size_t max;
    pthread_mutex_t lock; /* leaf; guards the rest */
    struct map holds;     /* owned */
};

static struct str name_of(const void *entry)
{
    const struct progress_hold *hold = entry;
    return str_from(hold->name, hold->name_len);
}

struct progress *progress_new(size_t max)
{
    struct progress *p = mem_zalloc(sizeof(*p));
    p->max = max;
    pthread_mutex_init(&p->lock, NULL);
    map_init(&p->holds, name_of);
    return p;
}

void progress_free(struct progress *p)
{
    if (p == NULL)
        return;
    assert(p->holds.count == 0);
    map_release(&p->holds);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static struct progress_hold *hold_new(struct str id, struct str key)
{
    struct progress_hold *hold = mem_zalloc(sizeof(*hold) + id.len + 1 + key.len);
    hold->name_len = id.len + 1 + key.len;
    memcpy(hold->name, id.ptr, id.len);
    memcpy(hold->name + id.len + 1, key.ptr, key.len);
    return hold;
}

enum progress_answer progress_begin(struct progress *p, struct str integration_id, struct str key,
                                    struct progress_hold **out)
{
    struct progress_hold *hold = hold_new(integration_id, key);
    enum progress_answer answer = PROGRESS_BEGUN;
    pthread_mutex_lock(&p->lock);
    if (map_get(&p->holds, name_of(hold)) != NULL)
        answer = PROGRESS_GOES_ON;
    else if (p->holds.count >= p->max)
        answer = PROGRESS_FULL;
    else
        (void)map_put(&p->holds, hold);
    pthread_mutex_unlock(&p->lock);
    if (answer == PROGRESS_BEGUN)
        *out = hold;
    else
        free(hold);
    return answer;
}

void progress_end(struct progress *p, struct progress_hold *hold)
{
    if (hold == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    (void)map_remove(&p->holds, name_of(hold));
    pthread_mutex_unlock(&p->lock);
    free(hold);
}
