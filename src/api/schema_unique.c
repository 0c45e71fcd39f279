/* uniqueItems: finding equal elements without comparing each with each. Any thread. */
#include <stdlib.h>

#include "api/schema_internal.h"

struct element {
    const struct json *value;
    size_t index;
};

/* By kind and value; arrays and objects are not told apart. */
static int compare_values(const struct json *a, const struct json *b)
{
    if (a->kind != b->kind)
        return (a->kind > b->kind) - (a->kind < b->kind);
    if (a->kind == JSON_STRING)
        return str_cmp(a->string, b->string);
    if (a->kind == JSON_NUMBER)
        return (a->number > b->number) - (a->number < b->number);
    return a->kind == JSON_BOOL ? a->boolean - b->boolean : 0;
}

/* Equal ones by place. */
static int compare(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    int order = compare_values(a->value, b->value);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

bool schema_unique(const struct json *array, struct arena *a, size_t *later, size_t *earlier)
{
    size_t count = array->items.count, index = 0;
    if (count < 2)
        return true;
    struct element *sorted = ARENA_ARRAY(a, struct element, count);
    for (const struct json *item = array->items.first; item != NULL; item = item->next, index++)
        sorted[index] = (struct element){.value = item, .index = index};
    qsort(sorted, count, sizeof(*sorted), compare);
    bool unique = true;
    for (size_t i = 1; i < count; i++) {
        const struct element *first = &sorted[i - 1], *second = &sorted[i];
        if (compare_values(first->value, second->value) == 0 &&
            (unique || first->index > *earlier)) {
            unique = false;
            *earlier = first->index;
            *later = second->index;
        }
    }
    return unique;
}
