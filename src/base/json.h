/* JSON as the server needs it: a small tree in an arena that a checker may change, and a writer
 * that prints what ECMAScript's JSON.stringify would print.
 *
 * Reading: the text is parsed by yyjson and turned into the tree below. Depth is bounded (128), so
 * every walk may be recursive. Of members with the same name the last one counts, as in JavaScript:
 * json_get() finds it. Numbers are IEEE doubles, as in JavaScript. Strings may hold '\0': use their
 * length. A tree lives as long as its arena; strings are copied into the arena.
 *
 * Writing: functions named json_put_* append to a buf; commas are the writer's own affair through
 * struct json_out, which writes objects and arrays member by member. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum { JSON_MAX_DEPTH = 128 };

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    struct str key;    /* the member's name; empty outside objects */
    struct json *next; /* the next element or member */
    union {
        bool boolean;
        double number;
        struct str string;
        struct {
            struct json *first, *last;
            size_t count;
        } items; /* of arrays and objects */
    };
};

/* Parses a whole text. NULL when it is not JSON, or too deep; nothing else can go wrong. */
struct json *json_parse(struct arena *a, struct str text);

/* New nodes. Strings are borrowed, not copied: they must live as long as the arena. */
struct json *json_null(struct arena *a);
struct json *json_bool(struct arena *a, bool value);
struct json *json_number(struct arena *a, double value);
struct json *json_string(struct arena *a, struct str value);
struct json *json_array(struct arena *a);
struct json *json_object(struct arena *a);
/* Puts `item` at the end; it must not be in a tree yet. */
void json_append(struct json *array, struct json *item);
void json_set(struct json *object, struct str key, struct json *item);

/* The last member of that name, or NULL (also when `object` is NULL or no object). */
struct json *json_get(const struct json *object, struct str key);
#define json_get_lit(object, literal) json_get((object), STR(literal))
/* The member as text, or an empty view when it is absent or no string. */
struct str json_get_str(const struct json *object, const char *key);
/* True only when the member is there and is the boolean true. */
bool json_get_true(const struct json *object, const char *key);

/* As a condition in JavaScript: false for what is absent, null, false, 0 or "". */
bool json_truthy(const struct json *value);

static inline bool json_is(const struct json *value, enum json_kind kind)
{
    return value != NULL && value->kind == kind;
}

/* Plain appends. */
void json_put_string(struct buf *out, struct str s);  /* with quotes and escapes */
void json_put_number(struct buf *out, double number); /* shortest round trip; NaN and inf: null */
void json_put(struct buf *out, const struct json *value);
void json_put_time(struct buf *out, int64_t ms); /* "2024-01-10T14:12:52.201Z" with quotes */

/* Writing member by member:
 *     struct json_out o = json_begin(buf, '{');
 *     json_member_str(&o, "name", name);
 *     json_end(&o);
 */
struct json_out {
    struct buf *buf;
    char close;
    bool any; /* something was written: a comma is due */
};

struct json_out json_begin(struct buf *buf, char open); /* '{' or '[' */
/* As json_begin('{') where the brace is already there and `any` tells whether members are. */
struct json_out json_continue(struct buf *buf, bool any);
void json_end(struct json_out *o);
/* Comma and name (or comma alone in an array); the caller then writes the value to o->buf. */
void json_key(struct json_out *o, const char *key);
void json_item(struct json_out *o);
void json_member_str(struct json_out *o, const char *key, struct str value);
void json_member_bool(struct json_out *o, const char *key, bool value);
void json_member_i64(struct json_out *o, const char *key, int64_t value);
void json_member_time(struct json_out *o, const char *key, int64_t ms);
void json_member_json(struct json_out *o, const char *key, const struct json *value);
void json_member_raw(struct json_out *o, const char *key, struct str json_text);
/* A member of another object, under its own name. */
void json_member_copy(struct json_out *o, const struct json *member);

/* ECMAScript's Number(text) for schema coercion: true and a number, or false for NaN. As there,
 * white space around it does not count, 0x, 0o and 0b are known, "Infinity" is a number, and so is
 * a blank text: 0. Who does not want that looks at str_blank() first. */
bool json_number_of(struct str text, double *out);
