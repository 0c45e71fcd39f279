/* The query of a URL, and a piece of a path: whatever comes makes a sound tree or is refused. */
#include "base/digest.h"
#include "http/query.h"
#include "tree.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    digest_init();
    return 0;
}

/* Beyond what holds of every tree: leaves are strings, names differ, arrays are bounded. */
static void assert_query(const struct json *value)
{
    if (value->kind == JSON_STRING)
        return;
    assert(value->kind == JSON_OBJECT || value->kind == JSON_ARRAY);
    assert(value->kind == JSON_OBJECT || value->items.count <= QUERY_MAX_ELEMENTS);
    for (const struct json *item = value->items.first; item != NULL; item = item->next) {
        assert(value->kind == JSON_ARRAY || json_get(value, item->key) == item);
        assert_query(item);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct err err = ERR_NONE;
    struct str text = str_from((const char *)data, size), decoded = STR("");
    arena_init(&a, 1 << 24);
    struct json *tree = query_parse(&a, text, &err);
    if (tree == NULL) {
        assert(err.status == 400 && err.type == NULL);
    } else {
        assert(tree->kind == JSON_OBJECT);
        assert_tree(tree, 0);
        assert_query(tree);
    }
    if (percent_decode(&a, text, &decoded))
        assert(str_utf8(decoded) && decoded.len <= text.len);
    arena_release(&a);
    return 0;
}
