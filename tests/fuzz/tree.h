/* What always holds of a tree of base/json.h, whoever made it. */
#pragma once

#include <assert.h>

#include "base/json.h"

static inline void assert_tree(const struct json *value, int depth)
{
    assert(depth <= JSON_MAX_DEPTH);
    if (value->kind == JSON_STRING)
        assert(str_utf8(value->string));
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT)
        return;
    size_t count = 0;
    const struct json *last = NULL;
    for (const struct json *item = value->items.first; item != NULL; item = item->next) {
        assert(value->kind == JSON_OBJECT ? str_utf8(item->key) : str_empty(item->key));
        assert_tree(item, depth + 1);
        last = item;
        count++;
    }
    assert(last == value->items.last);
    assert(count == value->items.count);
}
