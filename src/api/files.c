/* Files: uploading them, sending them, listing them, and giving them out.
 *
 *     rooms.media         may he? -> the form, in pieces, to the disk -> the file's row
 *     rooms.mediaConfirm  the message that carries it
 *     rooms.upload        both at once
 *     /file-upload/...    may he? -> the bytes, in pieces
 *
 * The last one is no call of the API: browsers make it, with what they have. */
#include "api/files.h"

#include "api/api.h"
#include "api/rooms.h"
#include "api/schemas.h"
#include "api/upload.h"
#include "domain/fault.h"
#include "http/query.h"
#include "store/user.h"

enum { FORM_BYTES = 1 << 20 /* of a form beside its file, at most */ };

/* --- uploading --- */

static bool may_begin(struct rd *rd, struct call *call, bool with_fields, struct err *err)
{
    struct room *room;
    int64_t limit = file_size_limit(rd->catalog);
    if (!file_may_upload(rd, call->user_id, call->path_arg, &room, err))
        return false;
    bool known = call->body_follows && call->body_length != UINT64_MAX && limit < INT64_MAX;
    if (known && call->body_length > (uint64_t)limit + FORM_BYTES)
        return file_refuse_size(err);
    begin_upload(call, with_fields);
    return true;
}

static bool begin_media(struct rd *rd, struct call *call, struct err *err)
{
    return may_begin(rd, call, false, err);
}

static bool begin_message(struct rd *rd, struct call *call, struct err *err)
{
    return may_begin(rd, call, true, err);
}

static bool add_media(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct file *file = uploaded_file(call);
    if (!file_add(tx, &by, call->path_arg, file, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "file");
    struct json_out f = json_begin(&call->out, '{');
    json_member_str(&f, "_id", file->id);
    json_member_str(&f, "url", file_path(call->arena, file));
    json_end(&f);
    return true;
}

/* --- sending --- */

static bool send_file(struct tx *tx, struct call *call, struct str file_id,
                      const struct file_post *post, struct err *err)
{
    struct message *m;
    const struct user *by = user_find(tx_rd(tx), call->user_id);
    if (by == NULL)
        return call_unknown(err);
    if (!file_post(tx, by, call->path_arg, file_id, post, &m, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "message");
    message_put(&call->out, m);
    return true;
}

static bool confirm_media(struct tx *tx, struct call *call, struct err *err)
{
    const struct json *description = json_get_lit(call->params, "description");
    const struct json *fields = json_get_lit(call->params, "customFields");
    struct file_post post = {
        .text = call_param(call, "msg"),
        .thread_id = call_param(call, "tmid"),
        .description = json_is(description, JSON_STRING) ? &description->string : NULL,
        .name = call_param(call, "fileName"),
        .custom_fields = json_is(fields, JSON_NULL) ? NULL : fields,
    };
    return send_file(tx, call, call->path_arg2, &post, err);
}

static struct str field_or_none(const struct call *call, const char *name)
{
    const struct str *text = uploaded_field(call, name);
    return text != NULL ? *text : STR("");
}

static bool send_upload(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct file *file = uploaded_file(call);
    struct file_post post = {
        .text = field_or_none(call, "msg"),
        .thread_id = field_or_none(call, "tmid"),
        .description = uploaded_field(call, "description"),
    };
    return file_add(tx, &by, call->path_arg, file, err) &&
           send_file(tx, call, file->id, &post, err);
}

/* --- lists --- */

static const struct sort_column columns[] = {
    {"name", "f.name"}, {"size", "f.size"}, {"type", "f.type"}, {"uploadedAt", "f.uploaded_at_ms"},
    {"_id", "f.id"},    {NULL, NULL},
};

bool answer_files(struct rd *rd, struct call *call, const struct room *room, struct err *err)
{
    struct page page = call_page(call);
    struct file_filter filter = {
        .room_seq = room->seq,
        .name = call_param(call, "name"),
        .group = call_param(call, "typeGroup"),
        .confirmed = str_is(call_param(call, "onlyConfirmed"), "true"),
    };
    if (!call_sort(call, columns, "f.name ASC", &filter.order, err))
        return false;
    struct file_list files = files_page(rd, &filter, page.offset, page.count);
    struct json_out o = call_members(call);
    json_key(&o, "files");
    struct json_out list = json_begin(&call->out, '[');
    for (size_t i = 0; i < files.count; i++) {
        json_item(&list);
        file_put(&call->out, call->arena, files.items[i]);
    }
    json_end(&list);
    call_page_members(&o, &page, (int64_t)files.count, files_total(rd, &filter));
    return true;
}

static bool list_files(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    return find_room(rd, call, FIND_SEEN, &room, err) && answer_files(rd, call, room, err);
}

/* --- giving out --- */

/* What a cookie of that name says. */
static struct str cookie(struct str cookies, const char *name)
{
    struct str one;
    while (str_split(&cookies, ';', &one)) {
        size_t equals = str_find_char(one, '=');
        if (equals != SIZE_MAX && str_is(str_trim(str_slice(one, 0, equals)), name))
            return str_trim(str_after(one, equals + 1));
    }
    return STR("");
}

/* Headers, query or cookies: the first pair that is whole. */
static bool identify(struct call *call, const struct http_request *rq, struct err *err)
{
    struct str cookies = http_header(rq, STR("cookie"));
    const struct {
        struct str id, token;
    } pairs[] = {
        {rq->user_id, rq->auth_token},
        {json_get_str(call->query, "rc_uid"), json_get_str(call->query, "rc_token")},
        {cookie(cookies, "rc_uid"), cookie(cookies, "rc_token")},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (str_empty(pairs[i].id) || str_empty(pairs[i].token))
            continue;
        call->auth_token = arena_str(call->arena, pairs[i].token);
        return call_identify(call, pairs[i].id, err) &&
               (call->user != NULL || refuse_forbidden(err));
    }
    return refuse_forbidden(err);
}

/* What is asked for: a file, and which bytes of it. */
struct wish {
    struct str range; /* the header; empty: all */
    bool download;
    struct str file_id;
    int64_t at, end; /* the bytes that are still to be sent */
};

static bool come_for_file(struct call *call, const struct http_request *rq, struct err *err)
{
    call->query = query_parse(call->arena, arena_str(call->arena, rq->query), err);
    if (call->query == NULL || !identify(call, rq, err))
        return false;
    struct wish *wish = ARENA_NEW(call->arena, struct wish);
    wish->file_id = arena_str(call->arena, rq->params[0]);
    wish->range = arena_str(call->arena, http_header(rq, STR("range")));
    wish->download = json_get_lit(call->query, "download") != NULL;
    call->params = call->query;
    call->state = wish;
    return true;
}

/* A decimal number without a sign. */
static bool read_number(struct str text, int64_t *out)
{
    return text.len > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9' && str_to_i64(text, out);
}

enum range { RANGE_ALL, RANGE_PART, RANGE_OUTSIDE };

/* "bytes=5-9", "bytes=5-", "bytes=-5". Whoever asks in another way, for several ranges say, gets
 * all. */
static enum range read_range(struct str header, int64_t size, struct wish *wish)
{
    static const struct str unit = STR_INIT("bytes=");
    struct str text = str_starts(header, unit) ? str_after(header, unit.len) : STR("");
    size_t dash = str_find_char(text, '-');
    if (dash == SIZE_MAX)
        return RANGE_ALL;
    struct str first = str_slice(text, 0, dash), last = str_after(text, dash + 1);
    int64_t from = 0, to = size - 1, tail;
    if (str_empty(first) && read_number(last, &tail))
        from = tail < size ? size - tail : tail == 0 ? size : 0;
    else if (!read_number(first, &from) || (!str_empty(last) && !read_number(last, &to)) ||
             (!str_empty(last) && to < from))
        return RANGE_ALL;
    if (to >= size)
        to = size - 1;
    if (from > to)
        return RANGE_OUTSIDE;
    wish->at = from;
    wish->end = to + 1;
    return RANGE_PART;
}

static void add_header(struct call *call, struct str line)
{
    call->headers = arena_join(call->arena, (struct str[]){call->headers, line, STR("\r\n")}, 3);
}

/* A file is whatever somebody uploaded: nothing in it may act in this server's name. */
static void add_headers(struct call *call, const struct file *file, const struct wish *wish)
{
    struct str disposition = file_disposition(call->arena, file, wish->download);
    add_header(call, arena_fmt(call->arena, "Content-Disposition: %.*s", STR_FMT(disposition)));
    add_header(call, STR("X-Content-Type-Options: nosniff"));
    add_header(call, STR("Content-Security-Policy: default-src 'none'; sandbox"));
    add_header(call, STR("Accept-Ranges: bytes"));
    call->content_type = arena_cstr(call->arena, file->type);
}

static bool find_file(struct rd *rd, struct call *call, struct err *err)
{
    struct wish *wish = call->state;
    struct file *file;
    if (!file_for(rd, call->user_id, wish->file_id, &file, err))
        return false;
    wish->file_id = file->id;
    wish->end = file->size;
    enum range range = read_range(wish->range, file->size, wish);
    long long size = (long long)file->size;
    if (range == RANGE_OUTSIDE) {
        add_header(call, arena_fmt(call->arena, "Content-Range: bytes */%lld", size));
        return err_set(err, 416, NULL, "The file has none of these bytes.");
    }
    add_headers(call, file, wish);
    if (range == RANGE_PART) {
        call->status = 206;
        add_header(call, arena_fmt(call->arena, "Content-Range: bytes %lld-%lld/%lld",
                                   (long long)wish->at, (long long)wish->end - 1, size));
    }
    return true;
}

static bool give_bytes(struct call *call, struct err *err)
{
    struct wish *wish = call->state;
    int64_t left = wish->end - wish->at;
    size_t len = left < HTTP_PIECE_BYTES ? (size_t)left : HTTP_PIECE_BYTES;
    char *to = buf_room(&call->out, len);
    if (!file_read(call->api->files, wish->file_id, wish->at, to, len, err))
        return false;
    buf_grew(&call->out, len);
    wish->at += (int64_t)len;
    call->left = (uint64_t)(left - (int64_t)len);
    return true;
}

/* --- the table --- */

#define FILES(verb, where, ...)                                                                    \
    {                                                                                              \
        .method = HTTP_##verb, .path = where, __VA_ARGS__                                          \
    }

const struct endpoint endpoints_files[] = {
    FILES(POST, "/api/v1/rooms.media/:rid", .over = end_upload,
          .steps = {ON_READ(begin_media), ON_PIECES(take_upload), ON_WRITE(add_media)}),
    FILES(POST, "/api/v1/rooms.mediaConfirm/:rid/:fileId", .schema = &schema_rooms_media_confirm,
          .steps = {ON_WRITE(confirm_media)}),
    FILES(POST, "/api/v1/rooms.upload/:rid", .over = end_upload,
          .steps = {ON_READ(begin_message), ON_PIECES(take_upload), ON_WRITE(send_upload)}),
    FILES(GET, "/api/v1/channels.files", .steps = {ON_READ(list_files)}),
    FILES(GET, "/api/v1/groups.files", .steps = {ON_READ(list_files)}),
    FILES(GET, "/file-upload/:id/:name", .auth = AUTH_OPTIONAL, .unlimited = true,
          .door = come_for_file, .steps = {ON_READ(find_file), ON_ANSWER(give_bytes)}),
    {.path = NULL},
};
