/* The bytes of files, in the folder files/ below the data folder:
 *
 *     files/incoming/<id>   while it is uploaded; removed at the next start
 *     files/<id>            whole and durable
 *
 * An upload is written piece by piece, made durable, and then moved, so that what stands under its
 * id in files/ is whole. Ids are those of rows: lower-case hexadecimal digits and nothing else.
 * These calls wait for the disk: for lanes and threads that may.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Makes the folders and removes what an earlier process left in incoming/. False and *err when the
 * folders cannot be used. */
bool bytes_open(struct str data_folder, struct err *err);

/* Adds a piece at the end of an upload; `first`: at its beginning. */
bool bytes_add(struct str data_folder, struct str id, struct str piece, bool first,
               struct err *err);
/* The upload is whole: makes it durable under its id. */
bool bytes_keep(struct str data_folder, struct str id, struct err *err);
/* `len` bytes from `offset` on. False and *err when they are not there. */
bool bytes_read(struct str data_folder, struct str id, int64_t offset, char *to, size_t len,
                struct err *err);
/* Removes it, uploaded or whole; it may be gone already. False: it could not be, and why. */
bool bytes_remove(struct str data_folder, struct str id, struct err *err);
/* How many bytes it has; -1: it is not there. */
int64_t bytes_size(struct str data_folder, struct str id);

/* Names of what is whole, one after the other: `*walk` is NULL at first and again at the end, when
 * this is false. bytes_list_end() ends it before. */
struct bytes_walk;
bool bytes_list(struct str data_folder, struct bytes_walk **walk, struct str *out_id);
void bytes_list_end(struct bytes_walk **walk);
