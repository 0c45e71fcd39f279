/* Files: who may upload them where, the message that makes one a part of the room, who may read
 * them, and how they go.
 *
 *     bytes arrive -> whole and durable under their id -> a row, which expires after a day
 *     -> the message that carries it, in the same command in which the row is confirmed
 *
 * So a message never names a file that is not whole. What is broken off on the way is found and
 * removed by the sweeper: while the server runs because every upload is noted here, and after a
 * crash because it has no row.
 */
#pragma once

#include "domain/message.h"
#include "store/file.h"

/* Where the bytes are, and the uploads that are on their way. */
struct files;
struct upload;

/* NULL and *err when the folder cannot be used. `store` must outlive it. */
struct files *files_open(const char *data_folder, struct store *store, struct err *err);
void files_close(struct files *files);

/* --- bytes: for the disk lane; they wait for the disk --- */

/* Notes an upload; memory only. */
struct upload *upload_begin(struct files *files);
struct str upload_id(const struct upload *upload);
bool upload_add(struct files *files, struct upload *upload, struct str piece, struct err *err);
/* All of it was given: from now on it is whole, and survives. */
bool upload_keep(struct files *files, struct upload *upload, struct err *err);
/* For any thread, memory only, once for each upload: whether it has a row or not, that is over.
 * Without a row it is removed soon. */
void upload_end(struct files *files, struct upload *upload);
bool file_read(struct files *files, struct str id, int64_t offset, char *to, size_t len,
               struct err *err);

/* --- rules --- */

/* Whether files may be uploaded at all, and by the user into that room, which he must see (403). */
bool file_may_upload(struct rd *rd, struct str user_id, struct str room_id, struct room **out,
                     struct err *err);
/* How large a file may be; INT64_MAX: as large as it likes. Memory only. */
int64_t file_size_limit(const struct catalog *catalog);
bool file_refuse_size(struct err *err);

/* The row of what was uploaded: id, name, type and size are given, the rest is filled in. The
 * right was asked for when the upload began, and is asked for again. */
bool file_add(struct tx *tx, const struct actor *by, struct str room_id, struct file *file,
              struct err *err);

struct file_post {
    struct str text, thread_id;
    const struct str *description;    /* NULL: none */
    struct str name;                  /* another one; empty: it stays */
    const struct json *custom_fields; /* NULL: none */
};
/* Sends the message that carries the file. A file that has its message already is answered with
 * that one, and nothing is sent. */
bool file_post(struct tx *tx, const struct user *by, struct str room_id, struct str file_id,
               const struct file_post *post, struct message **out, struct err *err);

/* The file, for one who may see its room (403); 404 when there is none. */
bool file_for(struct rd *rd, struct str user_id, struct str file_id, struct file **out,
              struct err *err);

/* --- going: on the sweeper's thread --- */

/* One round: uploads that broke off, what has no row, what has expired or is gone. */
void files_sweep(struct files *files);
