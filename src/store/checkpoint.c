/* A thread that moves the log into the database file a few times a second, so that the writer does
 * not have to. PASSIVE only: RESTART and TRUNCATE would lock the writer out. */
#include <pthread.h>
#include <stdlib.h>

#include "base/cond.h"
#include "base/mem.h"
#include "store/internal.h"

enum { PAUSE_MS = 200 };

struct checkpoint {
    struct db *db;
    struct writer *writer;
    pthread_t thread;
    pthread_mutex_t lock; /* guards closing */
    pthread_cond_t wake;
    bool closing;
};

/* True until the thread is to end. */
static bool pause_for_a_while(struct checkpoint *c)
{
    struct timespec until = cond_moment(PAUSE_MS);
    pthread_mutex_lock(&c->lock);
    while (!c->closing && cond_wait_until(&c->wake, &c->lock, &until)) {
    }
    bool go_on = !c->closing;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct checkpoint *c = arg;
    int64_t done = 0, moved_bytes;
    pthread_setname_np(pthread_self(), "checkpoint");
    while (pause_for_a_while(c)) {
        int64_t commits = writer_commits(c->writer);
        if (commits == done || !db_checkpoint(c->db, &moved_bytes))
            continue;
        db_flush(c->db);
        writer_note_moved(c->writer, moved_bytes);
        done = commits;
    }
    return NULL;
}

struct checkpoint *checkpoint_open(const char *path, struct writer *writer, struct err *err)
{
    struct checkpoint *c = mem_zalloc(sizeof(*c));
    c->writer = writer;
    c->db = db_open(path, DB_WRITER, err);
    if (c->db == NULL) {
        free(c);
        return NULL;
    }
    cond_init(&c->wake);
    pthread_mutex_init(&c->lock, NULL);
    if (pthread_create(&c->thread, NULL, run, c) == 0)
        return c;
    err_internal(err, "the checkpoint thread could not be started");
    db_close(c->db);
    free(c);
    return NULL;
}

void checkpoint_close(struct checkpoint *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->closing = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    db_close(c->db);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
