/* uniqueItems: finding equal elements without comparing each with each. Any thread. */
#include <stdlib.h>

#include "api/schema_internal.h"

struct element {
    const struct json *value;
    size_t index;
};

/* By value, equal ones by place. All values are of one kind. */
static int compare(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    int order = 0;
    if (a->value->kind == JSON_STRING)
        order = str_cmp(a->value->string, b->value->string);
    else if (a->value->kind == JSON_NUMBER)
        order = (a->value->number > b->value->number) - (a->value->number < b->value->number);
    else if (a->value->kind == JSON_BOOL)
        order = a->value->boolean - b->value->boolean;
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static bool equal(const struct element *a, const struct element *b)
{
    struct element same_place = {.value = b->value, .index = a->index};
    return compare(a, &same_place) == 0;
}

bool schema_unique(const struct json *array, const struct schema *items, struct arena *a,
                   size_t *later, size_t *earlier)
{
    if (array->items.count < 2)
        return true;
    struct element *sorted = ARENA_ARRAY(a, struct element, array->items.count);
    size_t count = 0, index = 0;
    for (const struct json *item = array->items.first; item != NULL; item = item->next, index++) {
        if (schema_has_type(items, item))
            sorted[count++] = (struct element){.value = item, .index = index};
    }
    qsort(sorted, count, sizeof(*sorted), compare);
    bool unique = true;
    for (size_t i = 1; i < count; i++) {
        const struct element *first = &sorted[i - 1], *second = &sorted[i];
        if (equal(first, second) && (unique || first->index > *earlier)) {
            unique = false;
            *earlier = first->index;
            *later = second->index;
        }
    }
    return unique;
}
