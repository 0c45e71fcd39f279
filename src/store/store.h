/* The store: one database file, one thread that writes, a few that read, and the catalog in memory.
 *
 * A change is a command: a function that reads, checks and writes inside a transaction of the
 * writer. Commands are taken in batches of up to 256 or 5 ms; each has a savepoint, all share one
 * commit; then the catalog is brought up to date, and only then are the answers given. So an answer
 * means durable, one reads one's own writes, and a command that fails spoils no other.
 *
 * A question is a function that reads on one of the reader threads, in a snapshot that begins after
 * the question was taken.
 *
 * The first parameter tells the thread: `struct tx *` runs on the writer, `struct rd *` on a reader
 * or (by tx_rd) on the writer; with neither, on any thread and in memory only.
 *
 * Rules for commands: decide from rows of the transaction, never from the catalog; touch nothing
 * but the transaction and the command's own result, for a command may run again; touch at most
 * 1,000 rows. Database errors are not looked for (db.h): they are sticky and judged after the
 * command.
 */
#pragma once

#include "base/lane.h"
#include "store/db.h"

struct catalog;
struct change;

/* A place to read from. `arena` belongs to the job: results live as long as it does. */
struct rd {
    struct db *db;
    struct arena *arena;
    const struct catalog *catalog; /* for settings and defaults only, in commands */
    int64_t now_ms;                /* wall clock, one moment for the whole command */
    int64_t steady_ms;             /* the same moment by the clock that nobody sets */
};

/* The writer's transaction. */
struct tx {
    struct rd rd;
    struct change *changes; /* what the catalog must learn after the commit, newest first */
};

static inline struct rd *tx_rd(struct tx *tx)
{
    return &tx->rd;
}

/* A command or a question on its way. The maker fills `arena` and one of the two functions; after
 * it came home `ok` and `err` tell how it ended. `job` must be first. */
struct command {
    struct job job;
    struct arena *arena;
    bool (*apply)(struct tx *tx, struct command *self, struct err *err);
    bool (*ask)(struct rd *rd, struct command *self, struct err *err);
    struct err err;
    bool ok;
};

struct store_config {
    const char *folder; /* DIR: DIR/gantry.db and its lock live here */
    unsigned readers;   /* threads: 2 to 4 */
    size_t max_jobs;    /* waiting commands, and waiting questions */
    size_t max_bytes;   /* their weight */
    int64_t
        wal_limit_bytes; /* at this size of the log the writer checkpoints between two batches */
    int64_t file_limit_bytes; /* the database may not grow past this; 0: no limit but the disk */
};

struct store;
struct matcher;
struct integration_entry;

/* Opens or creates the database, brings the schema up to date in one transaction, loads the catalog
 * and starts the lanes. NULL and *err: folder not usable, another server holds it, the schema is
 * newer than this program, no database. */
struct store *store_open(const struct store_config *config, struct err *err);
/* Finishes what was submitted, checkpoints, closes. */
void store_close(struct store *store);

const struct catalog *store_catalog(const struct store *store);

/* Any thread: hands a command to the writer, or a question to the readers. False and *err (503)
 * when the lane is full; the command is then still the caller's. */
bool store_write(struct store *store, struct command *command, struct err *err);
bool store_read(struct store *store, struct command *command, struct err *err);

/* The same for a thread that may wait (start-up, the command line): returns when it is done. */
bool store_write_now(struct store *store, struct arena *arena,
                     bool (*apply)(struct tx *tx, void *arg, struct err *err), void *arg,
                     struct err *err);
bool store_read_now(struct store *store, struct arena *arena,
                    bool (*ask)(struct rd *rd, void *arg, struct err *err), void *arg,
                    struct err *err);

/* At the start, before anybody else hands in commands; what they are given outlives the store. All
 * these functions are called on the writer, after a commit and before its answers: they must be
 * quick, for everybody waits.
 *
 * The bell: `bell` is called with each integration that got deliveries which wait (tx_ring(); with
 * the same one perhaps several times). Who keeps the queue first asks for the bell and then reads
 * deliveries_destinations(). */
typedef void (*bell_fn)(void *arg, struct str integration_id);
void store_on_bell(struct store *store, bell_fn bell, void *arg);
/* Who wants to know what (events/match.h): commands find `matcher` by catalog_matcher(), and it is
 * told of integrations that came, changed (entry) or went (entry NULL). */
typedef void (*matcher_fn)(struct matcher *matcher, struct str integration_id,
                           const struct integration_entry *entry);
void store_set_matcher(struct store *store, struct matcher *matcher, matcher_fn follow);

/* Notices (notice.h): `hear` gets those of each batch that has any, and owns them. It says whether
 * anybody listens still; when not, none are made until somebody calls tx_listen(). */
struct notice;
typedef bool (*notice_fn)(void *arg, struct notice *list);
void store_on_notice(struct store *store, notice_fn hear, void *arg);

/* Whether the last write reached the disk; if not, why (for /health). Any thread. */
bool store_healthy(struct store *store, struct err *err);
