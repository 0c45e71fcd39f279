/* SQL of files. A file that is gone is nobody's any more: no finder finds it, and what is left of
 * it waits for the sweeper. Finders run on a reader or in a command, writers in a command. */
#pragma once

#include "model/file.h"
#include "store/store.h"

/* The file of that id, in a room that is there and not expired; NULL: there is none. */
struct file *file_find(struct rd *rd, struct str id);
/* Whether it has a row, be it gone. */
bool file_row_exists(struct rd *rd, struct str id);

struct file_filter {
    int64_t room_seq;
    struct str name;  /* a part of it, in any case; empty: all */
    struct str group; /* "image" of image/png; empty: all */
    bool confirmed;   /* those that a message carries */
    struct str order; /* SQL, made of constants */
};
struct file_list {
    struct file **items;
    size_t count;
};
struct file_list files_page(struct rd *rd, const struct file_filter *f, int64_t offset,
                            int64_t count);
int64_t files_total(struct rd *rd, const struct file_filter *f);

void file_insert(struct tx *tx, const struct file *file);
/* Takes its name and message over; it does not expire any more. */
void file_confirm(struct tx *tx, const struct file *file);

/* The first `max` rows behind the one numbered `after`, be they expired, but not those that are
 * gone; how many. For whoever looks through all. */
struct file_row {
    int64_t seq, size;
    struct str id;
    bool confirmed;
};
size_t files_after(struct rd *rd, int64_t after, struct file_row *out, size_t max);

/* --- going --- */

/* The file is gone, unless it is confirmed. */
void file_drop_unconfirmed(struct tx *tx, struct str id);

/* The files that the message carries. */
void files_leave_message(struct tx *tx, struct str message_id);
/* Those that expired, `limit` of them at most. */
void files_expire(struct tx *tx, int64_t limit);
/* Whether any are gone or have expired. */
bool files_any_gone(struct rd *rd);
/* Ids of those that are gone, up to `max`, into `out`; how many. */
size_t files_gone(struct rd *rd, struct str *out, size_t max);
void file_erase_gone(struct tx *tx, struct str id);
