/* Uploads on their way, and the removal of what is nobody's.
 *
 * Every upload of this process is in one list, from its beginning until its row is there or will
 * never be. A file without a row that is not in the list is nobody's. The sweeper looks at the list
 * first and for the row afterwards: an upload that left the list in between has its row by then.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/file.h"
#include "store/file_bytes.h"

enum {
    AT_ONCE = 100, /* files, in a round of each kind */
    ARENA_BYTES = 1 << 20,
    ID_ARENA_BYTES = 256,
};

struct upload {
    struct upload *next;
    char id[ID_HEX_LEN + 1];
    bool begun; /* its first piece was written; the disk lane's */
    bool over;  /* guarded by the lock */
};

struct files {
    struct str folder; /* owned */
    struct store *store;
    pthread_mutex_t lock;   /* leaf */
    struct upload *uploads; /* owned; guarded by the lock */
    /* The sweeper's: the walk through the folder that begins with the process. */
    struct bytes_walk *walk;
    bool walked;
    int64_t row;  /* the last one whose bytes it has looked for */
    bool matched; /* it has looked for those of all rows */
};

/* --- uploads --- */

struct files *files_open(const char *data_folder, struct store *store, struct err *err)
{
    struct str folder = str_of(data_folder);
    if (!bytes_open(folder, err))
        return NULL;
    struct files *files = mem_zalloc(sizeof(*files));
    char *copy = mem_zalloc(folder.len + 1);
    memcpy(copy, folder.ptr, folder.len);
    files->folder = str_from(copy, folder.len);
    files->store = store;
    pthread_mutex_init(&files->lock, NULL);
    return files;
}

void files_close(struct files *files)
{
    if (files == NULL)
        return;
    for (struct upload *u = files->uploads, *next; u != NULL; u = next) {
        next = u->next;
        free(u);
    }
    bytes_list_end(&files->walk);
    pthread_mutex_destroy(&files->lock);
    free((char *)(uintptr_t)files->folder.ptr);
    free(files);
}

struct upload *upload_begin(struct files *files)
{
    struct upload *u = mem_zalloc(sizeof(*u));
    struct arena arena;
    arena_init(&arena, ID_ARENA_BYTES);
    memcpy(u->id, id_hex(&arena, clock_wall_ms()).ptr, ID_HEX_LEN);
    arena_release(&arena);
    pthread_mutex_lock(&files->lock);
    u->next = files->uploads;
    files->uploads = u;
    pthread_mutex_unlock(&files->lock);
    return u;
}

struct str upload_id(const struct upload *u)
{
    return str_from(u->id, ID_HEX_LEN);
}

bool upload_add(struct files *files, struct upload *u, struct str piece, struct err *err)
{
    bool first = !u->begun;
    u->begun = true;
    return bytes_add(files->folder, upload_id(u), piece, first, err);
}

bool upload_keep(struct files *files, struct upload *u, struct err *err)
{
    return (u->begun || upload_add(files, u, STR(""), err)) &&
           bytes_keep(files->folder, upload_id(u), err);
}

void upload_end(struct files *files, struct upload *u)
{
    pthread_mutex_lock(&files->lock);
    u->over = true;
    pthread_mutex_unlock(&files->lock);
}

bool file_read(struct files *files, struct str id, int64_t offset, char *to, size_t len,
               struct err *err)
{
    return bytes_read(files->folder, id, offset, to, len, err) ||
           (bytes_size(files->folder, id) < 0 && err_set(err, 404, NULL, "Resource not found"));
}

/* --- what has no row --- */

static bool is_arriving(struct files *files, struct str id)
{
    pthread_mutex_lock(&files->lock);
    struct upload *u = files->uploads;
    while (u != NULL && !str_eq(upload_id(u), id))
        u = u->next;
    pthread_mutex_unlock(&files->lock);
    return u != NULL;
}

struct row_question {
    struct str id;
    bool exists;
};

static bool ask_row(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct row_question *q = arg;
    q->exists = file_row_exists(rd, q->id);
    return true;
}

static void log_failure(struct str id, const struct err *err)
{
    log_event(LOG_WARN, "file_not_removed", "id=%s error=%s", LOG_Q(id), LOG_Q(str_of(err->text)));
}

/* False when the database cannot be asked just now. */
static bool remove_without_row(struct files *files, struct str id)
{
    struct row_question q = {.id = id};
    struct err err = ERR_NONE;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    bool asked = store_read_now(files->store, &arena, ask_row, &q, &err);
    arena_release(&arena);
    if (asked && !q.exists && !bytes_remove(files->folder, id, &err))
        log_failure(id, &err);
    return asked;
}

/* Cuts one that is over out of the list. */
static struct upload *take_over(struct files *files)
{
    pthread_mutex_lock(&files->lock);
    struct upload **at = &files->uploads;
    while (*at != NULL && !(*at)->over)
        at = &(*at)->next;
    struct upload *u = *at;
    if (u != NULL)
        *at = u->next;
    pthread_mutex_unlock(&files->lock);
    return u;
}

static void put_back(struct files *files, struct upload *u)
{
    pthread_mutex_lock(&files->lock);
    u->next = files->uploads;
    files->uploads = u;
    pthread_mutex_unlock(&files->lock);
}

static void sweep_uploads(struct files *files)
{
    for (struct upload *u; (u = take_over(files)) != NULL;) {
        if (!remove_without_row(files, upload_id(u))) {
            put_back(files, u);
            return;
        }
        free(u);
    }
}

/* Once in a process: what an earlier one has left. */
static void sweep_strays(struct files *files)
{
    struct str id;
    for (int i = 0; i < AT_ONCE && !files->walked; i++) {
        if (!bytes_list(files->folder, &files->walk, &id))
            files->walked = true;
        else if (!is_arriving(files, id) && !remove_without_row(files, id))
            bytes_list_end(&files->walk); /* from the beginning, at another time */
    }
}

/* --- what has no bytes --- */

/* A row is there when its bytes are durable, so somebody else must have taken them. */
struct rows {
    int64_t after;
    struct file_row items[AT_ONCE];
    size_t count;
};

static bool ask_rows(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct rows *rows = arg;
    rows->count = files_after(rd, rows->after, rows->items, AT_ONCE);
    return true;
}

static bool drop_row(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    const struct file_row *row = arg;
    file_drop_unconfirmed(tx, row->id);
    return true;
}

/* What nobody has confirmed goes. What a message names stays, for the bytes may come back out of a
 * backup. False: the database cannot be asked just now. */
static bool match(struct files *files, struct arena *arena, struct file_row *row)
{
    struct err err = ERR_NONE;
    if (bytes_size(files->folder, row->id) == row->size)
        return true;
    log_event(LOG_WARN, "file_missing", "id=%s confirmed=%d", LOG_Q(row->id), row->confirmed);
    return row->confirmed || store_write_now(files->store, arena, drop_row, row, &err);
}

/* Once in a process. */
static void sweep_rows(struct files *files)
{
    struct rows rows = {.after = files->row};
    struct err err = ERR_NONE;
    struct arena arena;
    if (files->matched)
        return;
    arena_init(&arena, ARENA_BYTES);
    bool ok = store_read_now(files->store, &arena, ask_rows, &rows, &err);
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = match(files, &arena, &rows.items[i]);
        files->row = ok ? rows.items[i].seq : files->row;
    }
    files->matched = ok && rows.count < AT_ONCE;
    arena_release(&arena);
}

/* --- what is gone --- */

struct gone {
    struct str ids[AT_ONCE];
    size_t count;
};

static bool ask_gone(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    bool *any = arg;
    *any = files_any_gone(rd);
    return true;
}

static bool note_gone(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    struct gone *gone = arg;
    files_expire(tx, AT_ONCE);
    gone->count = files_gone(tx_rd(tx), gone->ids, AT_ONCE);
    return true;
}

static bool erase_gone(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    const struct gone *gone = arg;
    for (size_t i = 0; i < gone->count; i++)
        file_erase_gone(tx, gone->ids[i]);
    return true;
}

/* Those whose bytes stay for now keep their row. */
static void remove_bytes(struct files *files, struct gone *gone)
{
    size_t removed = 0;
    for (size_t i = 0; i < gone->count; i++) {
        struct err err = ERR_NONE;
        if (bytes_remove(files->folder, gone->ids[i], &err))
            gone->ids[removed++] = gone->ids[i];
        else
            log_failure(gone->ids[i], &err);
    }
    gone->count = removed;
}

static void sweep_gone(struct files *files)
{
    struct gone gone = {.count = 0};
    struct err err = ERR_NONE;
    struct arena arena;
    bool any = false;
    arena_init(&arena, ARENA_BYTES);
    if (store_read_now(files->store, &arena, ask_gone, &any, &err) && any &&
        store_write_now(files->store, &arena, note_gone, &gone, &err)) {
        remove_bytes(files, &gone);
        (void)store_write_now(files->store, &arena, erase_gone, &gone, &err);
    }
    arena_release(&arena);
}

void files_sweep(struct files *files)
{
    sweep_uploads(files);
    sweep_strays(files);
    sweep_rows(files);
    sweep_gone(files);
}
