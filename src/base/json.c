/* JSON of json.h: the tree, and printing it as JSON.stringify does.
 *
 * yyjson reads the text (it does not recurse, so no nesting can exhaust the stack) and convert()
 * copies its document into the arena, counting the depth. Nothing here keeps state. Any thread.
 */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/json_number.h"

/* Reading */

static struct json *convert(struct arena *a, yyjson_val *value, int depth);

static struct str text_of(struct arena *a, yyjson_val *value)
{
    return arena_str(a, str_from(unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)));
}

static bool convert_array(struct arena *a, yyjson_val *value, struct json *array, int depth)
{
    yyjson_arr_iter each = yyjson_arr_iter_with(value);
    for (yyjson_val *element; (element = yyjson_arr_iter_next(&each)) != NULL;) {
        struct json *item = convert(a, element, depth);
        if (item == NULL)
            return false;
        json_append(array, item);
    }
    return true;
}

static bool convert_object(struct arena *a, yyjson_val *value, struct json *object, int depth)
{
    yyjson_obj_iter each = yyjson_obj_iter_with(value);
    for (yyjson_val *name; (name = yyjson_obj_iter_next(&each)) != NULL;) {
        struct json *item = convert(a, yyjson_obj_iter_get_val(name), depth);
        if (item == NULL)
            return false;
        json_set(object, text_of(a, name), item);
    }
    return true;
}

/* NULL when the value lies too deep; `depth` counts the arrays and objects around it. */
static struct json *convert(struct arena *a, yyjson_val *value, int depth)
{
    struct json *node = NULL;
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_BOOL:
        return json_bool(a, yyjson_get_bool(value));
    case YYJSON_TYPE_NUM:
        return json_number(a, yyjson_get_num(value));
    case YYJSON_TYPE_RAW: /* a number that is too large for yyjson's own types */
        return json_number(a, json_number_read(text_of(a, value).ptr));
    case YYJSON_TYPE_STR:
        return json_string(a, text_of(a, value));
    case YYJSON_TYPE_ARR:
        node = json_array(a);
        return depth < JSON_MAX_DEPTH && convert_array(a, value, node, depth + 1) ? node : NULL;
    case YYJSON_TYPE_OBJ:
        node = json_object(a);
        return depth < JSON_MAX_DEPTH && convert_object(a, value, node, depth + 1) ? node : NULL;
    default:
        return json_null(a);
    }
}

struct json *json_parse(struct arena *a, struct str text)
{
    yyjson_read_err why;
    char *bytes = (char *)(uintptr_t)text.ptr; /* only written to under YYJSON_READ_INSITU */
    yyjson_doc *doc = yyjson_read_opts(bytes, text.len, YYJSON_READ_BIGNUM_AS_RAW, NULL, &why);
    if (doc == NULL) {
        assert(why.code != YYJSON_READ_ERROR_MEMORY_ALLOCATION); /* the process ends, as in mem.h */
        return NULL;
    }
    struct json *root = convert(a, yyjson_doc_get_root(doc), 0);
    yyjson_doc_free(doc);
    return root;
}

/* The tree */

static struct json *new_node(struct arena *a, enum json_kind kind)
{
    struct json *node = ARENA_NEW(a, struct json);
    node->kind = kind;
    return node;
}

struct json *json_null(struct arena *a)
{
    return new_node(a, JSON_NULL);
}

struct json *json_bool(struct arena *a, bool value)
{
    struct json *node = new_node(a, JSON_BOOL);
    node->boolean = value;
    return node;
}

struct json *json_number(struct arena *a, double value)
{
    struct json *node = new_node(a, JSON_NUMBER);
    node->number = value;
    return node;
}

struct json *json_string(struct arena *a, struct str value)
{
    struct json *node = new_node(a, JSON_STRING);
    node->string = value;
    return node;
}

struct json *json_array(struct arena *a)
{
    return new_node(a, JSON_ARRAY);
}

struct json *json_object(struct arena *a)
{
    return new_node(a, JSON_OBJECT);
}

void json_append(struct json *array, struct json *item)
{
    if (array->items.last != NULL)
        array->items.last->next = item;
    else
        array->items.first = item;
    array->items.last = item;
    array->items.count++;
}

void json_set(struct json *object, struct str key, struct json *item)
{
    item->key = key;
    json_append(object, item);
}

struct json *json_get(const struct json *object, struct str key)
{
    struct json *found = NULL;
    if (!json_is(object, JSON_OBJECT))
        return NULL;
    for (struct json *item = object->items.first; item != NULL; item = item->next) {
        if (str_eq(item->key, key))
            found = item;
    }
    return found;
}

struct str json_get_str(const struct json *object, const char *key)
{
    const struct json *item = json_get(object, str_of(key));
    return json_is(item, JSON_STRING) ? item->string : STR("");
}

bool json_get_true(const struct json *object, const char *key)
{
    const struct json *item = json_get(object, str_of(key));
    return json_is(item, JSON_BOOL) && item->boolean;
}

bool json_truthy(const struct json *value)
{
    if (value == NULL)
        return false;
    switch (value->kind) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return value->boolean;
    case JSON_NUMBER:
        return value->number != 0 && !isnan(value->number);
    case JSON_STRING:
        return !str_empty(value->string);
    default:
        return true;
    }
}

/* Printing */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Whether none of eight bytes needs an escape: each term has the top bit of some byte set when one
 * lies below 0x20, is a quote, or is a backslash. */
static bool is_plain_word(const char *bytes)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
    uint64_t found =
        ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
    return (found & tops) == 0;
}

/* Length of the longest start of `s` that needs no escape. */
static size_t plain_run(struct str s)
{
    size_t n = 0;
    while (s.len - n >= 8 && is_plain_word(s.ptr + n))
        n += 8;
    while (n < s.len && is_plain((unsigned char)s.ptr[n]))
        n++;
    return n;
}

static void put_escape(struct buf *out, unsigned char c)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char letter = c < 0x20 ? letters[c] : (char)c;
    if (letter != 0)
        (void)buf_add(out, str_from((char[]){'\\', letter}, 2));
    else
        (void)buf_addf(out, "\\u%04x", c);
}

void json_put_string(struct buf *out, struct str s)
{
    (void)buf_add_char(out, '"');
    while (s.len > 0) {
        size_t run = plain_run(s);
        (void)buf_add(out, str_slice(s, 0, run));
        if (run < s.len)
            put_escape(out, (unsigned char)s.ptr[run]);
        s = str_after(s, run + 1);
    }
    (void)buf_add_char(out, '"');
}

void json_put_time(struct buf *out, int64_t ms)
{
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(ms, text);
    (void)buf_add_char(out, '"');
    (void)buf_add(out, str_of(text));
    (void)buf_add_char(out, '"');
}

static void put_items(struct buf *out, const struct json *value, char open)
{
    struct json_out o = json_begin(out, open);
    for (const struct json *item = value->items.first; item != NULL; item = item->next) {
        json_item(&o);
        if (open == '{') {
            json_put_string(out, item->key);
            (void)buf_add_char(out, ':');
        }
        json_put(out, item);
    }
    json_end(&o);
}

void json_put(struct buf *out, const struct json *value)
{
    switch (value == NULL ? JSON_NULL : value->kind) {
    case JSON_NULL:
        (void)buf_lit(out, "null");
        break;
    case JSON_BOOL:
        (void)buf_add(out, value->boolean ? STR("true") : STR("false"));
        break;
    case JSON_NUMBER:
        json_put_number(out, value->number);
        break;
    case JSON_STRING:
        json_put_string(out, value->string);
        break;
    case JSON_ARRAY:
        put_items(out, value, '[');
        break;
    case JSON_OBJECT:
        put_items(out, value, '{');
        break;
    }
}

/* Writing member by member */

struct json_out json_begin(struct buf *buf, char open)
{
    (void)buf_add_char(buf, open);
    return (struct json_out){.buf = buf, .close = open == '{' ? '}' : ']'};
}

struct json_out json_continue(struct buf *buf, bool any)
{
    return (struct json_out){.buf = buf, .close = '}', .any = any};
}

void json_end(struct json_out *o)
{
    (void)buf_add_char(o->buf, o->close);
}

void json_item(struct json_out *o)
{
    if (o->any)
        (void)buf_add_char(o->buf, ',');
    o->any = true;
}

void json_key(struct json_out *o, const char *key)
{
    json_item(o);
    if (o->close == ']')
        return;
    json_put_string(o->buf, str_of(key));
    (void)buf_add_char(o->buf, ':');
}

void json_member_str(struct json_out *o, const char *key, struct str value)
{
    json_key(o, key);
    json_put_string(o->buf, value);
}

void json_member_bool(struct json_out *o, const char *key, bool value)
{
    json_key(o, key);
    (void)buf_add(o->buf, value ? STR("true") : STR("false"));
}

void json_member_i64(struct json_out *o, const char *key, int64_t value)
{
    json_key(o, key);
    (void)buf_add_i64(o->buf, value);
}

void json_member_time(struct json_out *o, const char *key, int64_t ms)
{
    json_key(o, key);
    json_put_time(o->buf, ms);
}

void json_member_json(struct json_out *o, const char *key, const struct json *value)
{
    json_key(o, key);
    json_put(o->buf, value);
}

void json_member_copy(struct json_out *o, const struct json *member)
{
    json_item(o);
    json_put_string(o->buf, member->key);
    (void)buf_add_char(o->buf, ':');
    json_put(o->buf, member);
}

void json_member_raw(struct json_out *o, const char *key, struct str json_text)
{
    json_key(o, key);
    (void)buf_add(o->buf, json_text);
}
