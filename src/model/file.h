/* A file: what somebody uploaded into a room, and the message that carries it. Its name is a text
 * for people, and never part of a path on this machine; the bytes are found by the id. Memory is
 * that of the arena it was made in. Any thread.
 */
#pragma once

#include "base/json.h"
#include "model/message.h"

enum { FILE_NAME_BYTES = 255, FILE_TYPE_BYTES = 127 };

struct file {
    struct str id, room_id;
    int64_t room_seq;                        /* of the room's row */
    struct str user_id, username, user_name; /* who uploaded it */
    struct str name, type;
    int64_t size;
    struct str message_id; /* that carries it; empty: it is not confirmed */
    int64_t uploaded_at_ms;
    int64_t expires_at_ms; /* 0: never */
};

/* The name to keep of what a sender gives: its last part, cut to FILE_NAME_BYTES; "file" when
 * nothing is left. */
struct str file_name_of(struct arena *a, struct str given);
/* The type to keep: what the sender says, when it is one; else what the end of the name tells; else
 * application/octet-stream. */
struct str file_type_of(struct arena *a, struct str given, struct str name);

/* Where clients fetch it: /file-upload/<id>/<name>, the name percent-encoded. */
struct str file_path(struct arena *a, const struct file *file);
/* The file as lists answer it. */
void file_put(struct buf *out, struct arena *a, const struct file *file);
/* Makes the message carry it: its members file, files and attachments. `description` NULL: none. */
void file_attach(struct arena *a, const struct file *file, const struct str *description,
                 struct message *m);
/* The value of Content-Disposition. Browsers show pictures, sounds, videos and plain texts, unless
 * it is to be a download; everything else, which might hold scripts, they save. */
struct str file_disposition(struct arena *a, const struct file *file, bool download);
