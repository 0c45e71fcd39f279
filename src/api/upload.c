/* Reading a form while it comes: the part "file" goes to the disk as it is, the texts of other
 * parts are kept when somebody wants them, and passed over otherwise. Runs on the disk lane, but
 * for the beginning and the end.
 */
#include "api/upload.h"

#include "api/api.h"
#include "base/utf8.h"
#include "domain/fault.h"
#include "http/multipart.h"

enum {
    REST_BYTES = 16 * 1024, /* what may be left of a piece until the next one comes */
    FIELDS_BYTES = 256 * 1024,
    WINDOW_BYTES = 8 << 20,
};

enum target { TO_NOBODY, TO_FILE, TO_FIELD };

struct intake {
    struct multipart form;
    bool with_fields;
    bool begun;            /* the form's first bytes were looked at */
    bool ended;            /* its last boundary came */
    enum target target;    /* of the part in hand */
    struct upload *upload; /* NULL: no file yet */
    struct file file;
    int64_t limit;       /* of its size */
    struct json *fields; /* an object of texts */
    struct str name;     /* of the field in hand */
    struct buf text;     /* what came of it */
    size_t fields_bytes;
    size_t rest_bytes;
    char rest[REST_BYTES];
};

void begin_upload(struct call *call, bool with_fields)
{
    struct intake *in = ARENA_NEW(call->arena, struct intake);
    in->with_fields = with_fields;
    in->limit = file_size_limit(call->api->catalog);
    in->fields = json_object(call->arena);
    buf_init(&in->text, FIELDS_BYTES);
    call->state = in;
}

struct file *uploaded_file(const struct call *call)
{
    struct intake *in = call->state;
    return &in->file;
}

const struct str *uploaded_field(const struct call *call, const char *name)
{
    const struct intake *in = call->state;
    const struct json *field = json_get(in->fields, str_of(name));
    return field != NULL ? &field->string : NULL;
}

void end_upload(struct call *call, const struct err *err)
{
    (void)err;
    struct intake *in = call->state;
    if (in == NULL)
        return;
    buf_release(&in->text);
    if (in->upload != NULL)
        upload_end(call->api->files, in->upload);
}

/* --- parts --- */

static void begin_file(struct call *call, struct intake *in)
{
    const struct multipart_part *part = in->form.part;
    in->upload = upload_begin(call->api->files);
    in->file.id = upload_id(in->upload);
    in->file.name = file_name_of(call->arena, part->filename);
    in->file.type = file_type_of(call->arena, part->content_type, in->file.name);
}

static void begin_part(struct call *call, struct intake *in)
{
    const struct multipart_part *part = in->form.part;
    in->target = TO_NOBODY;
    if (part->is_file && str_is(part->name, "file") && in->upload == NULL) {
        begin_file(call, in);
        in->target = TO_FILE;
    } else if (!part->is_file && in->with_fields) {
        in->name = part->name;
        in->target = TO_FIELD;
    }
}

static bool add_to_file(struct call *call, struct intake *in, struct err *err)
{
    struct str bytes = in->form.data;
    if ((int64_t)bytes.len > in->limit - in->file.size)
        return file_refuse_size(err);
    in->file.size += (int64_t)bytes.len;
    return upload_add(call->api->files, in->upload, bytes, err);
}

static bool add_to_field(struct intake *in, struct err *err)
{
    in->fields_bytes += in->form.data.len;
    return (in->fields_bytes <= FIELDS_BYTES && buf_add(&in->text, in->form.data)) ||
           err_invalid(err, "The texts of the form have more than %d KB.", FIELDS_BYTES / 1024);
}

static bool add_data(struct call *call, struct intake *in, struct err *err)
{
    switch (in->target) {
    case TO_FILE:
        return add_to_file(call, in, err);
    case TO_FIELD:
        return add_to_field(in, err);
    default:
        return true;
    }
}

static void end_part(struct call *call, struct intake *in)
{
    struct arena *a = call->arena;
    if (in->target == TO_FIELD)
        json_set(in->fields, in->name,
                 json_string(a, utf8_repair(a, arena_str(a, buf_str(&in->text)))));
    buf_clear(&in->text);
    in->target = TO_NOBODY;
}

/* --- the form --- */

static bool refuse_none(struct err *err)
{
    return fault(err, "error-no-file-uploaded", "No file was uploaded");
}

static bool keep_rest(struct intake *in, struct str rest, struct err *err)
{
    if (rest.len > REST_BYTES)
        return err_invalid(err, "The form cannot be read: a part of it has no end.");
    memmove(in->rest, rest.ptr, rest.len);
    in->rest_bytes = rest.len;
    return true;
}

/* Up to the form's end, or to where more bytes are needed. */
static bool read_form(struct call *call, struct intake *in, struct str input, struct err *err)
{
    for (;;) {
        switch (multipart_next(&in->form, &input, call->last_piece, err)) {
        case MULTIPART_MORE:
            return keep_rest(in, input, err);
        case MULTIPART_PART:
            begin_part(call, in);
            break;
        case MULTIPART_DATA:
            if (!add_data(call, in, err))
                return false;
            break;
        case MULTIPART_PART_END:
            end_part(call, in);
            break;
        case MULTIPART_END:
            in->ended = true;
            return true;
        default:
            return false;
        }
    }
}

static bool begin_form(struct call *call, struct intake *in, struct err *err)
{
    in->begun = true;
    if (!call->body_follows)
        return refuse_none(err);
    return multipart_begin(&in->form, call->arena, call->body_type, err);
}

static bool finish(struct call *call, struct intake *in, struct err *err)
{
    if (in->upload == NULL)
        return refuse_none(err);
    return upload_keep(call->api->files, in->upload, err);
}

bool take_upload(struct call *call, struct err *err)
{
    struct intake *in = call->state;
    BUF(window, WINDOW_BYTES);
    (void)buf_add(&window, str_from(in->rest, in->rest_bytes));
    (void)buf_add(&window, buf_str(&call->piece));
    if (!in->begun && !begin_form(call, in, err))
        return false;
    if (!in->ended && !read_form(call, in, buf_str(&window), err))
        return false;
    return !call->last_piece || finish(call, in, err);
}
