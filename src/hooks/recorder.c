/* Writes records behind the answers: the history of calls, and the runs of scripts.
 *
 * One thread of its own takes what has come, up to 64 records in one command, so that the writer
 * sees a small part of a batch now and then. It waits a moment for more before it writes: a single
 * call is not worth a commit of its own. Calls may end while the server stops, when no lane takes
 * jobs any more; therefore this is an inbox and not a lane. What does not fit is dropped and
 * counted: a history may have gaps, an answer must not wait for it.
 */
#include "hooks/hook.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/record.h"

enum {
    BATCH = 64,
    LINGER_MS = 50,
    WAITING_MAX = 8192,
    WAITING_BYTES = 32 << 20,
    ARENA_BYTES = 16 << 20,
};

struct parcel {
    struct mail mail; /* first */
    struct record_row row;
    size_t bytes;
    char text[];
};

struct recorder {
    struct store *store;
    pthread_t thread;
    bool started;
    struct inbox inbox;
    atomic_size_t waiting, bytes; /* of records that were put and not written yet */
    atomic_size_t dropped;        /* since the last line in the log */

    pthread_mutex_t lock; /* leaf; guards the rest */
    pthread_cond_t changed;
    bool rung, full, stopping;
};

/* --- giving --- */

static void ring(void *arg)
{
    struct recorder *r = arg;
    pthread_mutex_lock(&r->lock);
    r->rung = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void ring_full(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    r->full = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static struct str text_copy(char **at, struct str s)
{
    struct str copy = str_from(*at, s.len);
    memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

void recorder_put(struct recorder *r, const struct record_row *row)
{
    size_t bytes = sizeof(struct parcel) + row->integration_id.len + row->doc.len;
    if (atomic_load(&r->waiting) >= WAITING_MAX || atomic_load(&r->bytes) + bytes > WAITING_BYTES) {
        atomic_fetch_add(&r->dropped, 1);
        return;
    }
    struct parcel *parcel = mem_alloc(bytes);
    char *at = parcel->text;
    parcel->bytes = bytes;
    parcel->row = *row;
    parcel->row.integration_id = text_copy(&at, row->integration_id);
    parcel->row.doc = text_copy(&at, row->doc);
    atomic_fetch_add(&r->bytes, bytes);
    size_t before = atomic_fetch_add(&r->waiting, 1);
    inbox_put(&r->inbox, &parcel->mail);
    if (before + 1 == BATCH)
        ring_full(r);
}

/* --- writing --- */

struct handful {
    struct record_row rows[BATCH];
    size_t count;
};

static bool add_handful(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    const struct handful *handful = arg;
    records_add(tx, handful->rows, handful->count);
    return true;
}

/* When the store cannot write just now they are lost. */
static void submit(struct recorder *r, struct handful *handful)
{
    struct arena arena;
    struct err err = ERR_NONE;
    arena_init(&arena, ARENA_BYTES);
    if (!store_write_now(r->store, &arena, add_handful, handful, &err))
        atomic_fetch_add(&r->dropped, handful->count);
    arena_release(&arena);
}

static void forget(struct recorder *r, struct parcel *parcel)
{
    atomic_fetch_sub(&r->waiting, 1);
    atomic_fetch_sub(&r->bytes, parcel->bytes);
    free(parcel);
}

/* Takes up to BATCH records off the list; returns what is left. */
static struct mail *write_some(struct recorder *r, struct mail *list)
{
    struct handful handful = {.count = 0};
    struct mail *rest = list;
    for (; rest != NULL && handful.count < BATCH; rest = rest->next)
        handful.rows[handful.count++] = ((struct parcel *)rest)->row;
    submit(r, &handful);
    while (list != rest) {
        struct mail *next = list->next;
        forget(r, (struct parcel *)list);
        list = next;
    }
    return rest;
}

static void tell_dropped(struct recorder *r)
{
    size_t dropped = atomic_exchange(&r->dropped, 0);
    if (dropped > 0)
        log_event(LOG_WARN, "history-gap", "records=%zu", dropped);
}

/* --- the thread --- */

/* Sleeps until there is something to do. False: the end has come. */
static bool wait_for_work(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->rung && !r->full && !r->stopping)
        pthread_cond_wait(&r->changed, &r->lock);
    struct timespec until = cond_moment(LINGER_MS);
    while (!r->full && !r->stopping && cond_wait_until(&r->changed, &r->lock, &until)) {
    }
    r->rung = r->full = false;
    bool go_on = !r->stopping;
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

static void *work(void *arg)
{
    struct recorder *r = arg;
    pthread_setname_np(pthread_self(), "recorder");
    bool go_on = true;
    while (go_on) {
        go_on = wait_for_work(r);
        struct mail *list = inbox_take(&r->inbox);
        while (list != NULL)
            list = write_some(r, list);
        tell_dropped(r);
    }
    return NULL;
}

/* --- life --- */

struct recorder *recorder_open(struct store *store, struct err *err)
{
    struct recorder *r = mem_zalloc(sizeof(*r));
    r->store = store;
    cond_init(&r->changed);
    pthread_mutex_init(&r->lock, NULL);
    inbox_init(&r->inbox, ring, r);
    r->started = pthread_create(&r->thread, NULL, work, r) == 0;
    if (r->started)
        return r;
    err_internal(err, "the recorder's thread could not be started");
    recorder_free(r);
    return NULL;
}

void recorder_stop(struct recorder *r)
{
    if (!r->started)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    r->started = false;
}

void recorder_free(struct recorder *r)
{
    if (r == NULL)
        return;
    assert(!r->started);
    struct mail *list = inbox_take(&r->inbox);
    while (list != NULL) {
        struct mail *next = list->next;
        forget(r, (struct parcel *)list);
        list = next;
    }
    inbox_release(&r->inbox);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
