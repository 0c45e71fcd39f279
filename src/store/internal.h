/* What the files of this room share and nobody else sees. */
#pragma once

#include "store/catalog.h"
#include "store/store.h"

/* --- schema.c --- */

/* Applies the steps the database does not have yet, all in one transaction. False and *err when it
 * is newer than this program, or a step fails: nothing is changed then. */
bool schema_apply(struct db *db, struct err *err);

/* --- catalog.c --- */

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
/* The writer, after its commit: brings a list of changes into the catalog, oldest first, with this
 * revision, and frees it. */
void catalog_publish(struct catalog *c, struct change *changes, int64_t revision);
/* Before there are commands; see store.h. */
void catalog_set_hearer(struct catalog *c, notice_fn hear, void *arg);
void catalog_set_bell(struct catalog *c, bell_fn bell, void *arg);
void catalog_set_matcher(struct catalog *c, struct matcher *matcher, matcher_fn follow);
/* Frees the changes that were made after `since` (a command was rolled back). */
void changes_drop(struct tx *tx, struct change *since);

/* --- writer.c --- */

struct writer;

struct writer_config {
    const char *path;
    struct catalog *catalog;
    int64_t wal_limit_bytes;
    int64_t file_limit_bytes;
};

struct writer *writer_new(const struct writer_config *config);
void writer_free(struct writer *w);
/* The lane's three calls. */
bool writer_begin(void *arg, void **out_context, struct err *err);
void writer_serve(void *context, struct mail *jobs);
void writer_end(void *context);
/* How the last batch ended. Any thread. */
bool writer_healthy(struct writer *w, struct err *err);
/* How many there were: the checkpoint thread asks whether there is something to move. Any thread.
 */
int64_t writer_commits(struct writer *w);
/* The checkpoint thread has just moved the log up to here into the database file. Any thread. */
void writer_note_moved(struct writer *w, int64_t bytes);

/* --- checkpoint.c --- */

struct checkpoint;
struct checkpoint *checkpoint_open(const char *path, struct writer *writer, struct err *err);
void checkpoint_close(struct checkpoint *c);
