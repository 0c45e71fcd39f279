/* Bodies of type multipart/form-data (RFC 7578), strictly.
 *
 * A form is read as a row of events, from whatever bytes are there, so that a large file can be
 * written on while the rest of it is still to come; nothing is copied but names. multipart_read()
 * is the simple way when the whole body is in memory.
 *
 * What is refused rather than guessed at: anything before the first boundary but a line's end, a
 * boundary with something behind it, a part without a name, header lines that are folded or sent
 * twice, a transfer encoding that changes the bytes, and whatever passes a limit. A file's name is
 * what the sender calls it: a text for people, never a path.
 *
 * Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum {
    MULTIPART_BOUNDARY_BYTES = 70, /* as RFC 2046 says */
    MULTIPART_HEAD_BYTES = 8192,   /* the header lines of a part */
    MULTIPART_HEADERS = 16,        /* how many */
    MULTIPART_PARTS = 100,
};

struct multipart_part {
    struct str name;
    struct str filename;     /* empty also when the sender gave an empty one */
    bool is_file;            /* a filename was given */
    struct str content_type; /* as sent; empty when there was none */
    struct str data;         /* of multipart_read() only: a view into the body */
    struct multipart_part *next;
};

enum multipart_event {
    MULTIPART_MORE,     /* give more bytes: those left in *input, followed by others */
    MULTIPART_PART,     /* a part begins: m->part */
    MULTIPART_DATA,     /* bytes of it: m->data, a view into the input */
    MULTIPART_PART_END, /* all of them were given */
    MULTIPART_END,      /* of the form; what follows is nobody's business */
    MULTIPART_BAD,      /* *err is filled (400) */
};

struct multipart {
    struct arena *arena;
    struct str delimiter; /* a line's end, two dashes and the boundary */
    unsigned state;
    size_t parts;
    struct multipart_part *part;
    struct str data;
};

/* False and *err (400): this is not the type of a form, or its boundary is none. What the parts'
 * names need lies in the arena. */
bool multipart_begin(struct multipart *m, struct arena *a, struct str content_type,
                     struct err *err);

/* The next event; cuts what it used off the front of *input. `last`: no more bytes will come, so
 * MULTIPART_MORE will not be answered. After MULTIPART_END or MULTIPART_BAD it must not be called.
 */
enum multipart_event multipart_next(struct multipart *m, struct str *input, bool last,
                                    struct err *err);

/* A whole form. *out is the first of its parts, NULL when there are none. */
bool multipart_read(struct arena *a, struct str content_type, struct str body,
                    struct multipart_part **out, struct err *err);
/* The first part of that name, or NULL. */
const struct multipart_part *multipart_find(const struct multipart_part *first, const char *name);
