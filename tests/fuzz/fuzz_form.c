/* A urlencoded body: whatever comes makes a flat object of strings. */
#include "http/query.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a, 1 << 24);
    struct json *tree = form_parse(&a, str_from((const char *)data, size));
    assert(tree->kind == JSON_OBJECT);
    assert_tree(tree, 0);
    for (const struct json *item = tree->items.first; item != NULL; item = item->next)
        assert(item->kind == JSON_STRING);
    arena_release(&a);
    return 0;
}
