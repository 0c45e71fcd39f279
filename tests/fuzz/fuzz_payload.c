/* Bodies of calls to hooks. The first byte chooses the Content-Type, the rest is the body. Whatever
 * comes: the content is an object, all text is UTF-8, and it can be printed and read again. */
#include <assert.h>

#include "hooks/payload.h"

static const struct str types[] = {
    STR_INIT("application/json"),
    STR_INIT("application/x-www-form-urlencoded"),
    STR_INIT(""),
    STR_INIT("text/plain"),
    STR_INIT("multipart/form-data; boundary=x"),
    STR_INIT("Application/X-WWW-Form-URLEncoded; charset=utf-8"),
};

static void check_printed(struct arena *a, const struct json *content)
{
    BUF(once, SIZE_MAX);
    BUF(twice, SIZE_MAX);
    json_put(&once, content);
    assert(str_utf8(buf_str(&once)));
    struct json *again = json_parse(a, buf_str(&once));
    assert(json_is(again, JSON_OBJECT));
    json_put(&twice, again);
    assert(str_eq(buf_str(&once), buf_str(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
    struct str body = str_from((const char *)data + 1, size - 1);
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct payload got = {.content = NULL};
    struct err err = ERR_NONE;
    if (payload_parse(&a, HTTP_POST, type, body, &got, &err)) {
        assert(json_is(got.content, JSON_OBJECT) && str_utf8(got.raw));
        check_printed(&a, got.content);
    } else {
        assert(err.status == 400 && err.text[0] != '\0' && got.content == NULL);
    }
    arena_release(&a);
    return 0;
}
