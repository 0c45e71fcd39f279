/* Brackets in parameters' names: each parameter becomes a small tree of its own, a chain from its
 * first name to its value, and is merged into the whole. Any thread.
 *
 * A name in brackets makes an object, a number an array with that element, "[]" an array of the
 * value. Names that contradict each other (a=1&a[b]=2) are merged by the rules of the reference's
 * parser: a value meeting a container ends up beside it in an array, an array meeting a name
 * becomes an object.
 *
 * While the tree grows its arrays have gaps: an element carries its index in key.len. number_of()
 * is the only one to look there, and close_gaps() wipes it at the end.
 */
#include "http/query_tree.h"

#include "http/query.h"
#include "http/query_members.h"

/* Of "a[b][]": a name, a name, "[]". */
struct segment {
    enum { NAME, INDEX, EMPTY } kind;
    struct str name;
    size_t index;
};

enum { MAX_SEGMENTS = QUERY_MAX_DEPTH + 2 }; /* the first name, the brackets, what is left */

struct tree {
    struct arena *arena;
    struct members members;
    bool over; /* an array has too many elements */
};

/* Elements and their numbers */

static size_t number_of(const struct json *element)
{
    return element->key.len;
}

static size_t next_number(const struct json *array)
{
    return array->items.last != NULL ? number_of(array->items.last) + 1 : 0;
}

static struct json *element_at(const struct json *array, size_t index)
{
    struct json *item = index < next_number(array) ? array->items.first : NULL;
    while (item != NULL && number_of(item) < index)
        item = item->next;
    return item != NULL && number_of(item) == index ? item : NULL;
}

/* Puts the element at its place; the place is free. */
static void put_element(struct tree *t, struct json *array, size_t index, struct json *element)
{
    element->key = (struct str){.len = index};
    element->next = NULL;
    if (index >= next_number(array)) {
        json_append(array, element);
    } else {
        struct json **link = &array->items.first;
        while (number_of(*link) < index)
            link = &(*link)->next;
        element->next = *link;
        *link = element;
        array->items.count++;
    }
    if (array->items.count > QUERY_MAX_ELEMENTS)
        t->over = true;
}

static void close_gaps(struct json *value)
{
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT)
        return;
    for (struct json *item = value->items.first; item != NULL; item = item->next) {
        if (value->kind == JSON_ARRAY)
            item->key = STR("");
        close_gaps(item);
    }
}

/* Merging */

static void merge(struct tree *t, struct json *into, struct json *from);

/* Makes `value` an array whose first element is what it was. */
static void become_array(struct tree *t, struct json *value)
{
    struct json *first = json_null(t->arena);
    *first = *value;
    value->kind = JSON_ARRAY;
    value->items.first = value->items.last = NULL;
    value->items.count = 0;
    put_element(t, value, 0, first);
}

/* An array's elements become members, named by their numbers. */
static void become_object(struct tree *t, struct json *array)
{
    array->kind = JSON_OBJECT;
    for (struct json *item = array->items.first; item != NULL; item = item->next) {
        item->key = arena_fmt(t->arena, "%zu", number_of(item));
        members_know(&t->members, array, item);
    }
}

static void merge_text(struct tree *t, struct json *into, struct json *text)
{
    if (str_empty(text->string))
        return; /* an empty value contradicts nothing */
    if (into->kind != JSON_ARRAY)
        become_array(t, into);
    put_element(t, into, next_number(into), text);
}

/* `text` is a string that stands where `container` belongs: both go into an array, text first. */
static void merge_into_text(struct tree *t, struct json *text, struct json *container)
{
    become_array(t, text);
    if (container->kind == JSON_OBJECT) {
        put_element(t, text, 1, container);
        return;
    }
    for (struct json *item = container->items.first, *next; item != NULL; item = next) {
        next = item->next;
        put_element(t, text, number_of(item) + 1, item);
    }
}

static void merge_arrays(struct tree *t, struct json *into, struct json *from)
{
    for (struct json *item = from->items.first, *next; item != NULL; item = next) {
        next = item->next;
        struct json *there = element_at(into, number_of(item));
        if (there == NULL)
            put_element(t, into, number_of(item), item);
        else if (there->kind != JSON_STRING && item->kind != JSON_STRING)
            merge(t, there, item);
        else
            put_element(t, into, next_number(into), item);
    }
}

static void merge_members(struct tree *t, struct json *into, struct json *from)
{
    if (into->kind == JSON_ARRAY)
        become_object(t, into);
    if (from->kind == JSON_ARRAY)
        become_object(t, from);
    for (struct json *item = from->items.first, *next; item != NULL; item = next) {
        next = item->next;
        item->next = NULL;
        members_forget(&t->members, from, item);
        struct json *there = members_find(&t->members, into, item->key);
        if (there != NULL)
            merge(t, there, item);
        else
            members_add(&t->members, into, item->key, item);
    }
}

static void merge(struct tree *t, struct json *into, struct json *from)
{
    if (from->kind == JSON_STRING)
        merge_text(t, into, from);
    else if (into->kind == JSON_STRING)
        merge_into_text(t, into, from);
    else if (into->kind == JSON_ARRAY && from->kind == JSON_ARRAY)
        merge_arrays(t, into, from);
    else
        merge_members(t, into, from);
}

/* Names */

/* Position behind the ']' that closes the bracket at `open`, counting brackets inside; 0: none. */
static size_t closing(struct str key, size_t open)
{
    size_t level = 0;
    for (size_t i = open; i < key.len; i++) {
        if (key.ptr[i] == '[')
            level++;
        else if (key.ptr[i] == ']' && --level == 0)
            return i + 1;
    }
    return 0;
}

/* What stands between two brackets. */
static struct segment bracketed(struct str text)
{
    int64_t number;
    bool canonical = text.len == 1 || !str_starts(text, STR("0"));
    if (str_empty(text))
        return (struct segment){.kind = EMPTY};
    if (text.ptr[0] >= '0' && text.ptr[0] <= '9' && canonical && str_to_i64(text, &number))
        return (struct segment){.kind = INDEX, .index = (size_t)number};
    return (struct segment){.kind = NAME, .name = text};
}

/* Cuts a parameter's name into its segments. Text between brackets is skipped; what is left behind
 * the deepest bracket, or never closed, is one more name. */
static size_t split_name(struct str key, struct segment segments[MAX_SEGMENTS])
{
    size_t count = 0, depth = 0, open = str_find_char(key, '[');
    if (open > 0)
        segments[count++] = (struct segment){.kind = NAME, .name = str_slice(key, 0, open)};
    while (open < key.len) {
        size_t end = depth++ < QUERY_MAX_DEPTH ? closing(key, open) : 0;
        if (end == 0) {
            segments[count++] = (struct segment){.kind = NAME, .name = str_after(key, open)};
            break;
        }
        segments[count++] = bracketed(str_slice(key, open + 1, end - 1));
        size_t next = str_find_char(str_after(key, end), '[');
        open = next == SIZE_MAX ? key.len : end + next;
    }
    return count;
}

/* Wraps a value in what its last segment asks for. */
static struct json *wrapped(struct tree *t, const struct segment *s, struct json *value)
{
    if (s->kind == EMPTY && value->kind == JSON_ARRAY)
        return value;
    struct json *outer = s->kind == NAME ? json_object(t->arena) : json_array(t->arena);
    if (s->kind == NAME)
        members_add(&t->members, outer, s->name, value);
    else if (s->index < QUERY_MAX_ELEMENTS)
        put_element(t, outer, s->index, value);
    else
        t->over = true;
    return outer;
}

/* The first step left arrays without numbers. */
static void number_elements(struct json *value)
{
    size_t n = 0;
    if (value->kind != JSON_ARRAY)
        return;
    for (struct json *item = value->items.first; item != NULL; item = item->next)
        item->key = (struct str){.len = n++};
}

struct json *query_unfold(struct arena *a, struct json *flat)
{
    struct tree t = {.arena = a};
    struct json *whole = json_object(a);
    members_init(&t.members);
    t.members.many = flat->items.count >= MEMBERS_MANY;
    for (struct json *item = flat->items.first, *next; item != NULL && !t.over; item = next) {
        struct segment segments[MAX_SEGMENTS];
        size_t count = split_name(item->key, segments);
        struct json *chain = item;
        next = item->next;
        item->next = NULL;
        number_elements(item);
        while (count > 0)
            chain = wrapped(&t, &segments[--count], chain);
        merge(&t, whole, chain);
    }
    members_release(&t.members);
    close_gaps(whole);
    return t.over ? NULL : whole;
}
