/* The query of a URL and urlencoded bodies, as trees. Any thread.
 *
 * A query is read in two steps, as the reference's parser does: parameters of the same name are
 * gathered into one (a flat object), then the brackets in the names are unfolded (query_tree.c). A
 * look at its bytes comes first: nearly every query has no brackets and nothing to decode, and
 * costs two nodes and no copy.
 */
#include "http/query.h"

#include "http/percent.h"
#include "http/query_members.h"
#include "http/query_tree.h"

/* What a text has in it. */
enum { HAS_ESCAPES = 1, HAS_BRACKETS = 2, HAS_HIGH_BYTES = 0x80 };

static unsigned look(struct str text)
{
    static const unsigned char mark[0x80] = {
        ['%'] = HAS_ESCAPES, ['+'] = HAS_ESCAPES, ['['] = HAS_BRACKETS, [']'] = HAS_BRACKETS};
    unsigned marks = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        marks |= mark[c & 0x7f] | (c & HAS_HIGH_BYTES);
    }
    return marks;
}

/* Brackets may be sent as %5B and %5D; they mean the same. */
static struct str with_plain_brackets(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.len);
    size_t len = 0;
    while (text.len > 0) {
        bool escaped = text.len >= 3 && text.ptr[0] == '%' && text.ptr[1] == '5';
        char letter = escaped ? (char)(text.ptr[2] | 0x20) : 0;
        bool bracket = letter == 'b' || letter == 'd';
        out[len++] = letter == 'b' ? '[' : letter == 'd' ? ']' : text.ptr[0];
        text = str_after(text, bracket ? 3 : 1);
    }
    return str_from(out, len);
}

/* A '=' inside brackets belongs to the name: "a[b=c]=d". */
static size_t name_length(struct str part)
{
    size_t bracketed = str_find(part, STR("]="));
    size_t at = bracketed == SIZE_MAX ? str_find_char(part, '=') : bracketed + 1;
    return at == SIZE_MAX ? part.len : at;
}

/* Adds one more value of a parameter; false when it has too many. */
static bool gather(struct arena *a, struct json *seen, struct str value)
{
    if (seen->kind == JSON_STRING) {
        struct json *first = json_string(a, seen->string);
        seen->kind = JSON_ARRAY;
        seen->items.first = seen->items.last = NULL;
        seen->items.count = 0;
        json_append(seen, first);
    }
    json_append(seen, json_string(a, value));
    return seen->items.count <= QUERY_MAX_ELEMENTS;
}

static bool add_parameter(struct arena *a, struct members *m, struct json *flat, struct str part,
                          unsigned marks)
{
    size_t end = marks & HAS_BRACKETS ? name_length(part) : str_find_char(part, '=');
    struct str name = str_slice(part, 0, end);
    struct str value = end < part.len ? str_after(part, end + 1) : STR("");
    if (marks & (HAS_ESCAPES | HAS_HIGH_BYTES)) {
        name = percent_strict(a, name);
        value = percent_strict(a, value);
    }
    if (name.len == 0)
        return true;
    struct json *seen = members_find(m, flat, name);
    if (seen != NULL)
        return gather(a, seen, value);
    members_add(m, flat, name, json_string(a, value));
    return true;
}

/* The parameters by their whole names; NULL when a limit is passed. */
static struct json *flat_parameters(struct arena *a, struct str text, unsigned marks)
{
    struct json *flat = json_object(a);
    struct members members;
    members_init(&members);
    struct str part;
    for (size_t n = 0; flat != NULL && str_split(&text, '&', &part); n++) {
        if (n == MEMBERS_MANY)
            members_expect_many(&members, flat);
        if (n == QUERY_MAX_PARAMETERS || !add_parameter(a, &members, flat, part, marks))
            flat = NULL;
    }
    members_release(&members);
    return flat;
}

struct json *query_parse(struct arena *a, struct str query, struct err *err)
{
    unsigned marks = look(query);
    if (marks & HAS_ESCAPES && str_find(query, STR("%5")) != SIZE_MAX) {
        query = with_plain_brackets(a, query);
        marks = look(query);
    }
    struct json *tree = flat_parameters(a, query, marks);
    if (tree != NULL && marks & HAS_BRACKETS)
        tree = query_unfold(a, tree);
    if (tree == NULL)
        (void)err_invalid(err, "Invalid query parameters");
    return tree;
}

struct json *form_parse(struct arena *a, struct str body)
{
    struct json *object = json_object(a);
    struct str part;
    while (!arena_over(a) && str_split(&body, '&', &part)) {
        if (part.len == 0)
            continue;
        size_t end = str_find_char(part, '=');
        struct str name = str_slice(part, 0, end);
        struct str value = end < part.len ? str_after(part, end + 1) : STR("");
        json_set(object, percent_lenient(a, name), json_string(a, percent_lenient(a, value)));
    }
    return object;
}
