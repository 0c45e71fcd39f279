/* The floor under durable posts: how many the database takes when nothing else is done. It writes
 * the rows that the server writes for a post to a hook (the message, the room's counters, the
 * sender's subscription, the call's history) into the same tables and indexes, under the same
 * pragmas and with the same checkpoints beside it, BATCH posts in a commit.
 *
 *     floor DATABASE SECONDS BATCH CALLS
 *
 * DATABASE is a copy of one that a server has left, in which a hook has posted: the last message
 * and the last call in it are the pattern of all that are written. CALLS is how many of 100 posts
 * leave a call in the history. Prints one JSON object: posts, seconds, commits, and the median and
 * the 99th percentile of a commit's time in milliseconds, from BEGIN to the end of COMMIT.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ID_LENGTH = 17,
    COMMITS_MAX = 4 << 20,
    CHECKPOINT_EVERY_MS = 200,
    LOG_PAGES = 8192,        /* 32 MB: then the writer moves the rest of the log between batches, */
    SMALL_REST_PAGES = 1024, /* when that is less than this */
    LOG_PAGES_MAX = 4 * LOG_PAGES, /* or whatever it is */
    CALLS_KEPT = 1000,
};

static const char pragmas[] = "PRAGMA busy_timeout = 2000; PRAGMA cache_size = -16384;"
                              "PRAGMA mmap_size = 1073741824; PRAGMA temp_store = MEMORY;"
                              "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 50331648";

/* The statements of a post, in their order; then those of its call. */
enum { COUNTERS, MESSAGE, SUBSCRIPTION, CALL, OLD_CALL, HISTORY, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    [COUNTERS] = "UPDATE room_counters SET last_number = ?2, last_shown = ?2, changed_at_ms = ?3"
                 " WHERE room_seq = ?1",
    [MESSAGE] = "INSERT INTO messages (id, room_seq, number, user_id, aside, ts_ms, updated_at_ms,"
                " doc) VALUES (?4, ?1, ?2, ?5, 0, ?3, ?3, ?6)",
    [SUBSCRIPTION] = "UPDATE subscriptions SET open = 1, fresh = 0, read_number = ?3,"
                     " seen_at_ms = ?4, updated_at_ms = ?4 WHERE room_id = ?1 AND user_id = ?2",
    [CALL] = "INSERT INTO records (list_seq, number, at_ms, bytes, doc)"
             " VALUES (?1, ?2, ?3, ?4, ?5)",
    [OLD_CALL] = "DELETE FROM records WHERE list_seq = ?1 AND number < ?2",
    [HISTORY] = "UPDATE record_lists SET stored_from = ?2, shown_from = ?2, last_number = ?3"
                " WHERE seq = ?1",
};

/* What every post is like, and how far they have come. */
struct pattern {
    int64_t room_seq, number;
    char *room_id, *user_id, *message;
    int64_t list_seq, call_number, call_bytes;
    char *call;
};

struct floor {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct pattern pattern;
    int64_t calls; /* of 100 posts */
    int log_pages;
    int64_t posts;
};

static _Atomic bool done;
static _Atomic int moved_pages; /* of the log, by the checkpoint thread */

static void die(sqlite3 *db, const char *what)
{
    (void)fprintf(stderr, "floor: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(db, sql);
}

static sqlite3 *open_database(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        die(db, path);
    run(db, pragmas);
    return db;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* --- the pattern --- */

static sqlite3_stmt *first_row(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW)
        die(db, sql);
    return q;
}

static char *text_of(sqlite3_stmt *q, int column)
{
    return strdup((const char *)sqlite3_column_text(q, column));
}

static void read_pattern(sqlite3 *db, struct pattern *p)
{
    sqlite3_stmt *q = first_row(db, "SELECT r.seq, c.last_number, r.id, m.user_id, m.doc"
                                    " FROM messages m JOIN rooms r ON r.seq = m.room_seq"
                                    " JOIN room_counters c ON c.room_seq = r.seq"
                                    " ORDER BY m.seq DESC LIMIT 1");
    p->room_seq = sqlite3_column_int64(q, 0);
    p->number = sqlite3_column_int64(q, 1);
    p->room_id = text_of(q, 2);
    p->user_id = text_of(q, 3);
    p->message = text_of(q, 4);
    sqlite3_finalize(q);
    q = first_row(db, "SELECT h.seq, h.last_number, c.bytes, c.doc FROM record_lists h"
                      " JOIN records c ON c.list_seq = h.seq AND c.number = h.last_number"
                      " ORDER BY c.at_ms DESC LIMIT 1");
    p->list_seq = sqlite3_column_int64(q, 0);
    p->call_number = sqlite3_column_int64(q, 1);
    p->call_bytes = sqlite3_column_int64(q, 2);
    p->call = text_of(q, 3);
    sqlite3_finalize(q);
}

/* --- one post --- */

static void draw_id(char out[ID_LENGTH])
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
    static uint64_t state = 0;
    if (state == 0)
        state = (uint64_t)now_ns(CLOCK_REALTIME) | 1;
    for (int i = 0; i < ID_LENGTH; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out[i] = letters[(state >> 32) % (sizeof(letters) - 1)];
    }
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
    sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

static void step(struct floor *f, int which)
{
    if (sqlite3_step(f->statements[which]) != SQLITE_DONE)
        die(f->db, texts[which]);
    sqlite3_reset(f->statements[which]);
}

static void write_message(struct floor *f, int64_t now_ms)
{
    struct pattern *p = &f->pattern;
    sqlite3_stmt *counters = f->statements[COUNTERS], *message = f->statements[MESSAGE];
    sqlite3_stmt *subscription = f->statements[SUBSCRIPTION];
    char id[ID_LENGTH];
    draw_id(id);
    p->number++;
    sqlite3_bind_int64(counters, 2, p->number);
    sqlite3_bind_int64(counters, 3, now_ms);
    step(f, COUNTERS);
    sqlite3_bind_int64(message, 2, p->number);
    sqlite3_bind_int64(message, 3, now_ms);
    sqlite3_bind_text(message, 4, id, ID_LENGTH, SQLITE_STATIC);
    step(f, MESSAGE);
    sqlite3_bind_int64(subscription, 3, p->number);
    sqlite3_bind_int64(subscription, 4, now_ms);
    step(f, SUBSCRIPTION);
}

static void write_call(struct floor *f, int64_t now_ms)
{
    sqlite3_stmt *q = f->statements[CALL];
    sqlite3_bind_int64(q, 2, ++f->pattern.call_number);
    sqlite3_bind_int64(q, 3, now_ms);
    step(f, CALL);
}

/* The history keeps its newest calls; once a batch the others go. */
static void bound_history(struct floor *f)
{
    int64_t from = f->pattern.call_number - CALLS_KEPT + 1;
    sqlite3_bind_int64(f->statements[OLD_CALL], 2, from);
    step(f, OLD_CALL);
    sqlite3_bind_int64(f->statements[HISTORY], 2, from);
    sqlite3_bind_int64(f->statements[HISTORY], 3, f->pattern.call_number);
    step(f, HISTORY);
}

/* What stays the same from post to post is bound once. */
static void prepare(struct floor *f)
{
    struct pattern *p = &f->pattern;
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(f->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &f->statements[i],
                               NULL) != SQLITE_OK)
            die(f->db, texts[i]);
    sqlite3_bind_int64(f->statements[COUNTERS], 1, p->room_seq);
    sqlite3_bind_int64(f->statements[MESSAGE], 1, p->room_seq);
    bind_text(f->statements[MESSAGE], 5, p->user_id);
    bind_text(f->statements[MESSAGE], 6, p->message);
    bind_text(f->statements[SUBSCRIPTION], 1, p->room_id);
    bind_text(f->statements[SUBSCRIPTION], 2, p->user_id);
    for (int i = CALL; i <= HISTORY; i++)
        sqlite3_bind_int64(f->statements[i], 1, p->list_seq);
    sqlite3_bind_int64(f->statements[CALL], 4, p->call_bytes);
    bind_text(f->statements[CALL], 5, p->call);
}

/* --- batches --- */

static void write_batch(struct floor *f, int64_t batch)
{
    int64_t now_ms = now_ns(CLOCK_REALTIME) / 1000000, calls = 0;
    run(f->db, "BEGIN IMMEDIATE");
    for (int64_t i = 0; i < batch; i++, f->posts++) {
        write_message(f, now_ms);
        if (f->posts * f->calls / 100 != (f->posts + 1) * f->calls / 100) {
            write_call(f, now_ms);
            calls++;
        }
    }
    if (calls > 0)
        bound_history(f);
    run(f->db, "COMMIT");
}

static int checkpoint(sqlite3 *db)
{
    int pages = 0;
    run(db, "SELECT 1 FROM sqlite_master LIMIT 1"); /* else it knows nothing of the log */
    (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &pages);
    return pages;
}

/* What was moved is on the disk then. */
static void flush(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

static void *checkpoint_thread(void *path)
{
    struct timespec pause = {.tv_nsec = CHECKPOINT_EVERY_MS * 1000000L};
    sqlite3 *db = open_database(path);
    while (!done) {
        nanosleep(&pause, NULL);
        int pages = checkpoint(db);
        flush(db);
        moved_pages = pages;
    }
    sqlite3_close(db);
    return NULL;
}

static int note_log(void *arg, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct floor *)arg)->log_pages = pages;
    return SQLITE_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct floor *f, double seconds, int64_t batch)
{
    double *times_ms = calloc(COMMITS_MAX, sizeof(*times_ms));
    size_t commits = 0;
    int64_t start_ns = now_ns(CLOCK_MONOTONIC), end_ns = start_ns, until_ns = start_ns;
    until_ns += (int64_t)(seconds * 1e9);
    while (end_ns < until_ns && commits < COMMITS_MAX) {
        int64_t begun_ns = end_ns;
        write_batch(f, batch);
        times_ms[commits++] = (double)(now_ns(CLOCK_MONOTONIC) - begun_ns) / 1e6;
        bool small_rest = f->log_pages - moved_pages <= SMALL_REST_PAGES;
        if (f->log_pages > (small_rest ? LOG_PAGES : LOG_PAGES_MAX))
            checkpoint(f->db);
        end_ns = now_ns(CLOCK_MONOTONIC);
    }
    qsort(times_ms, commits, sizeof(*times_ms), ascending);
    printf("{\"posts\":%lld,\"seconds\":%.4f,\"commits\":%zu,\"median_ms\":%.3f,\"p99_ms\":%.3f}\n",
           (long long)f->posts, (double)(end_ns - start_ns) / 1e9, commits, times_ms[commits / 2],
           times_ms[commits * 99 / 100]);
    free(times_ms);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        (void)fprintf(stderr, "usage: floor DATABASE SECONDS BATCH CALLS\n");
        return 2;
    }
    struct floor f = {.db = open_database(argv[1]), .calls = strtoll(argv[4], NULL, 10)};
    pthread_t thread;
    read_pattern(f.db, &f.pattern);
    prepare(&f);
    sqlite3_wal_hook(f.db, note_log, &f);
    pthread_create(&thread, NULL, checkpoint_thread, argv[1]);
    measure(&f, strtod(argv[2], NULL), strtoll(argv[3], NULL, 10));
    done = true;
    pthread_join(thread, NULL);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(f.statements[i]);
    sqlite3_close(f.db);
    return 0;
}
