/* A form with a file on its way to the disk; private to the endpoints of files. */
#pragma once

#include "api/endpoint.h"
#include "domain/file.h"

/* What an upload has become: call->state behind the step that begins it. */
struct intake;

/* Begins: `fields`: the texts of the form's other parts are wanted too. For the step in front of
 * take_upload(). */
void begin_upload(struct call *call, bool with_fields);
/* A step in pieces: reads the form and writes its file. When it has taken the last piece, the file
 * is whole. */
bool take_upload(struct call *call, struct err *err);
/* The file: id, name, type and size. */
struct file *uploaded_file(const struct call *call);
/* What a part of that name said; NULL: there was none. */
const struct str *uploaded_field(const struct call *call, const char *name);
/* Of every endpoint that begins one: whatever became of it. */
void end_upload(struct call *call, const struct err *err);
