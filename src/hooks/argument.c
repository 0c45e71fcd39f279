/* What methods of scripts are given; see argument.h. */
#include "hooks/argument.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "http/query.h"

enum { HEADERS_BYTES = 256 << 10, PATHS_BYTES = 4 << 10 };

/* --- headers --- */

static bool came_before(const struct http_request *rq, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq_nocase(rq->headers[i].name, rq->headers[at].name))
            return true;
    }
    return false;
}

/* The values of all headers of that name, from this one on. */
static struct str values_of(const struct http_request *rq, size_t at, struct arena *arena)
{
    struct str all = rq->headers[at].value;
    for (size_t i = at + 1; i < rq->header_count; i++) {
        if (str_eq_nocase(rq->headers[i].name, rq->headers[at].name))
            all = arena_join(arena, (struct str[]){all, STR(", "), rq->headers[i].value}, 3);
    }
    return utf8_repair(arena, all);
}

struct str request_headers(const struct http_request *rq, header_hidden *is_hidden, const void *arg,
                           struct arena *arena)
{
    BUF(text, HEADERS_BYTES);
    struct json_out o = json_begin(&text, '{');
    for (size_t i = 0; i < rq->header_count; i++) {
        if (came_before(rq, i))
            continue;
        struct str name = arena_lower(arena, rq->headers[i].name);
        bool hidden = is_hidden != NULL && is_hidden(name, arg);
        json_member_str(&o, arena_cstr(arena, name), hidden ? STR("***") : values_of(rq, i, arena));
    }
    json_end(&o);
    return buf_ok(&text) ? arena_str(arena, buf_str(&text)) : STR("");
}

/* --- the URL --- */

static bool is_repeated(const struct json *form, const struct json *field, bool behind)
{
    const struct json *at = behind ? field->next : form->items.first;
    for (; at != NULL && (behind || at != field); at = at->next) {
        if (str_eq(at->key, field->key))
            return true;
    }
    return false;
}

static void put_values(struct buf *out, const struct json *field)
{
    struct json_out list = json_begin(out, '[');
    for (const struct json *at = field; at != NULL; at = at->next) {
        if (!str_eq(at->key, field->key))
            continue;
        json_item(&list);
        json_put_string(out, at->string);
    }
    json_end(&list);
}

/* A flat object: texts, or lists of texts where a name came several times. */
static void put_query(struct buf *out, struct arena *arena, struct str query)
{
    const struct json *form = form_parse(arena, query);
    struct json_out o = json_begin(out, '{');
    for (const struct json *field = form->items.first; field != NULL; field = field->next) {
        if (is_repeated(form, field, false))
            continue;
        json_key(&o, arena_cstr(arena, field->key));
        if (is_repeated(form, field, true))
            put_values(out, field);
        else
            json_put_string(out, field->string);
    }
    json_end(&o);
}

static void put_url(struct buf *out, struct arena *arena, const struct incoming_request *r,
                    struct str path)
{
    struct json_out o = json_begin(out, '{');
    struct str search = str_after(path, r->path.len);
    json_member_str(&o, "hash", STR(""));
    json_member_str(&o, "search", search);
    json_key(&o, "query");
    put_query(out, arena, r->query);
    json_member_str(&o, "pathname", r->path);
    json_member_str(&o, "path", path);
    json_end(&o);
}

static void put_url_params(struct buf *out, const struct incoming_request *r)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "integrationId", r->id);
    if (!str_empty(r->user_segment))
        json_member_str(&o, "userId", r->user_segment);
    json_member_str(&o, "token", r->token);
    json_end(&o);
}

static void put_user(struct buf *out, const struct incoming_request *r)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", r->user_id);
    json_member_str(&o, "name", r->name);
    json_member_str(&o, "username", r->username);
    json_end(&o);
}

/* What was written already is copied to the end. */
static void put_again(struct buf *out, size_t from, size_t len)
{
    char *room = buf_room(out, len);
    if (room == NULL)
        return;
    memcpy(room, out->ptr + from, len);
    buf_grew(out, len);
}

bool incoming_request_put(struct buf *out, struct arena *arena, const struct incoming_request *r)
{
    struct str parts[] = {r->path, STR("?"), r->query};
    struct str path = utf8_repair(arena, arena_join(arena, parts, str_empty(r->query) ? 1 : 3));
    struct json_out o = json_begin(out, '{');
    json_key(&o, "url");
    put_url(out, arena, r, path);
    json_member_str(&o, "url_raw", path);
    json_key(&o, "url_params");
    put_url_params(out, r);
    json_key(&o, "content");
    size_t content_at = out->len;
    json_put(out, r->content);
    size_t content_len = out->len - content_at;
    json_member_str(&o, "content_raw", r->content_raw);
    json_member_raw(&o, "headers", r->headers);
    json_key(&o, "body");
    put_again(out, content_at, content_len);
    json_key(&o, "user");
    put_user(out, r);
    json_end(&o);
    return buf_ok(out);
}

/* --- moments --- */

/* Below request.data; members that are not there, or no moments, stay as they are. */
static const char *const moments[][2] = {
    {"timestamp", NULL},     {"message", "ts"},       {"message", "_updatedAt"},
    {"message", "editedAt"}, {"message", "tlm"},      {"room", "ts"},
    {"room", "lm"},          {"room", "_updatedAt"},  {"user", "createdAt"},
    {"user", "lastLogin"},   {"user", "_updatedAt"},  {"owner", "createdAt"},
    {"owner", "lastLogin"},  {"owner", "_updatedAt"},
};

/* Whether it is a moment; then it is a number afterwards. */
static bool make_moment(struct json *value)
{
    int64_t ms;
    if (json_is(value, JSON_NUMBER))
        return true;
    if (!json_is(value, JSON_STRING) || !clock_parse_iso(value->string, &ms))
        return false;
    value->kind = JSON_NUMBER;
    value->number = (double)ms;
    return true;
}

struct str outgoing_moments(struct json *argument, struct arena *arena)
{
    const struct json *data = json_get_lit(json_get_lit(argument, "request"), "data");
    BUF(paths, PATHS_BYTES);
    struct json_out o = json_begin(&paths, '[');
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        const char *first = moments[i][0], *second = moments[i][1];
        struct json *value = json_get(data, str_of(first));
        if (second != NULL)
            value = json_get(value, str_of(second));
        if (!make_moment(value))
            continue;
        json_item(&o);
        buf_addf(&paths, "[\"request\",\"data\",\"%s\"%s%s%s]", first, second ? ",\"" : "",
                 second ? second : "", second ? "\"" : "");
    }
    json_end(&o);
    return paths.len > 2 ? arena_str(arena, buf_str(&paths)) : STR("");
}
