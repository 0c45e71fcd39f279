/* Types of values and their conversion into each other, as Ajv's coerceTypes does it. Any thread.
 *
 * Conversion overwrites a node's kind and value and leaves its name and place alone, so nothing
 * around it has to know.
 */
#include <math.h>

#include "api/schema_internal.h"

static bool is_integral(double number)
{
    return isfinite(number) && number == trunc(number);
}

static bool is_of(const struct json *value, unsigned char type)
{
    switch ((enum schema_type)type) {
    case TYPE_STRING:
        return value->kind == JSON_STRING;
    case TYPE_NUMBER:
        return value->kind == JSON_NUMBER && isfinite(value->number);
    case TYPE_INTEGER:
        return value->kind == JSON_NUMBER && is_integral(value->number);
    case TYPE_BOOLEAN:
        return value->kind == JSON_BOOL;
    case TYPE_NULL:
        return value->kind == JSON_NULL;
    case TYPE_ARRAY:
        return value->kind == JSON_ARRAY;
    case TYPE_OBJECT:
        return value->kind == JSON_OBJECT;
    case TYPE_END:
        break;
    }
    return false;
}

bool schema_has_type(const struct schema *s, const struct json *value)
{
    const unsigned char *type = s->types;
    if (*type == TYPE_END || (s->nullable && value->kind == JSON_NULL))
        return true;
    while (*type != TYPE_END && !is_of(value, *type))
        type++;
    return *type != TYPE_END;
}

static bool has_one_type(const struct schema *s)
{
    return s->types[0] != TYPE_END && s->types[1] == TYPE_END && !s->nullable;
}

bool schema_type_is_late(const struct schema *s, enum schema_mode mode)
{
    if (!has_one_type(s))
        return false;
    if (s->types[0] == TYPE_OBJECT)
        return s->properties || s->required || s->closed || s->min_properties || s->max_properties;
    return s->types[0] == TYPE_ARRAY && mode == SCHEMA_BODY &&
           (s->items || s->min_items || s->max_items || s->unique_items);
}

/* Conversion. Each function gets a value that is not of its type yet. */

static struct str number_text(struct arena *a, double number)
{
    if (isinf(number))
        return number > 0 ? STR("Infinity") : STR("-Infinity");
    BUF(text, 32);
    json_put_number(&text, number);
    return arena_str(a, buf_str(&text));
}

static bool to_string(struct arena *a, const struct json *value, struct json *out)
{
    out->kind = JSON_STRING;
    if (value->kind == JSON_NUMBER)
        out->string = number_text(a, value->number);
    else if (value->kind == JSON_BOOL)
        out->string = value->boolean ? STR("true") : STR("false");
    else if (value->kind == JSON_NULL)
        out->string = STR("");
    else
        return false;
    return true;
}

static bool to_number(const struct json *value, bool integer, struct json *out)
{
    double number = value->kind == JSON_BOOL && value->boolean ? 1 : 0;
    if (value->kind == JSON_STRING) {
        if (str_empty(value->string) || !json_number_of(value->string, &number))
            return false;
        if (integer && !is_integral(number) && !isinf(number))
            return false;
    } else if (value->kind != JSON_BOOL && value->kind != JSON_NULL) {
        return false;
    }
    out->kind = JSON_NUMBER;
    out->number = number;
    return true;
}

static bool is_number(const struct json *value, double number)
{
    return value->kind == JSON_NUMBER && value->number == number;
}

static bool is_text(const struct json *value, struct str text)
{
    return value->kind == JSON_STRING && str_eq(value->string, text);
}

static bool to_boolean(const struct json *value, struct json *out)
{
    bool yes = is_text(value, STR("true")) || is_number(value, 1);
    bool no = is_text(value, STR("false")) || is_number(value, 0) || value->kind == JSON_NULL;
    out->kind = JSON_BOOL;
    out->boolean = yes;
    return yes || no;
}

static bool to_null(const struct json *value, struct json *out)
{
    out->kind = JSON_NULL;
    return is_text(value, STR("")) || is_number(value, 0) ||
           (value->kind == JSON_BOOL && !value->boolean);
}

static bool to_array(struct arena *a, const struct json *value, struct json *out)
{
    if (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT)
        return false;
    struct json *element = json_null(a);
    *element = *value;
    element->key = STR("");
    element->next = NULL;
    *out = (struct json){.kind = JSON_ARRAY};
    json_append(out, element);
    return true;
}

static bool convert(unsigned char type, enum schema_mode mode, struct arena *a,
                    const struct json *value, struct json *out)
{
    switch ((enum schema_type)type) {
    case TYPE_STRING:
        return to_string(a, value, out);
    case TYPE_NUMBER:
        return to_number(value, false, out);
    case TYPE_INTEGER:
        return to_number(value, true, out);
    case TYPE_BOOLEAN:
        return to_boolean(value, out);
    case TYPE_NULL:
        return to_null(value, out);
    case TYPE_ARRAY:
        return mode == SCHEMA_QUERY && to_array(a, value, out);
    case TYPE_OBJECT:
    case TYPE_END:
        break;
    }
    return false;
}

/* The value becomes `converted` where it stands in the tree. */
static bool settle(struct schema_place *at, struct json converted)
{
    converted.key = at->home->key;
    converted.next = at->home->next;
    *at->home = converted;
    at->now = at->home;
    return true;
}

/* Whether there is anything the type could be converted from: not for objects alone. */
static bool may_convert(const struct schema *s, enum schema_mode mode)
{
    for (const unsigned char *type = s->types; *type != TYPE_END; type++) {
        if (*type != TYPE_OBJECT && (*type != TYPE_ARRAY || mode == SCHEMA_QUERY))
            return true;
    }
    return s->nullable;
}

bool schema_take_type(const struct schema *s, enum schema_mode mode, struct arena *a,
                      struct schema_place *at)
{
    if (schema_has_type(s, at->now))
        return true;
    if (!may_convert(s, mode))
        return false;
    if (mode == SCHEMA_QUERY && at->now->kind == JSON_ARRAY && at->now->items.count == 1) {
        at->now = at->now->items.first;
        if (has_one_type(s) && is_of(at->now, s->types[0])) /* not asked of several types */
            return settle(at, *at->now);
    }
    struct json converted = {.kind = JSON_NULL};
    for (const unsigned char *type = s->types; *type != TYPE_END; type++) {
        if (convert(*type, mode, a, at->now, &converted))
            return settle(at, converted);
    }
    return s->nullable && to_null(at->now, &converted) && settle(at, converted);
}

void schema_put_types(struct buf *out, const struct schema *s)
{
    static const char *const names[] = {
        [TYPE_STRING] = "string",   [TYPE_NUMBER] = "number", [TYPE_INTEGER] = "integer",
        [TYPE_BOOLEAN] = "boolean", [TYPE_NULL] = "null",     [TYPE_ARRAY] = "array",
        [TYPE_OBJECT] = "object"};
    bool several = s->types[1] != TYPE_END;
    for (const unsigned char *type = s->types; *type != TYPE_END; type++)
        (void)buf_addf(out, "%s%s", type == s->types ? "" : ",", names[*type]);
    if (several && s->nullable)
        (void)buf_lit(out, ",null");
}
