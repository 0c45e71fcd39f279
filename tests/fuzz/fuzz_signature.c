/* Rules for signatures, and the headers they are checked with. An input is a line with the time in
 * milliseconds, a line with the rule as its owner writes it, header lines, an empty line, and the
 * body. A rule that is taken must be the same after it was stored. A call that passes must not pass
 * without its headers, nor with another body if the body is signed. */
#include <assert.h>

#include "hooks/verify.h"

enum { HEADERS_MAX = 20 };

struct call {
    struct http_header headers[HEADERS_MAX];
    size_t count;
    struct str body;
    int64_t now_ms;
};

static struct str cut_line(struct str *rest)
{
    struct str line;
    if (!str_split(rest, '\n', &line)) {
        line = STR("");
        *rest = STR("");
    }
    return line;
}

static void read_headers(struct call *call, struct str *rest)
{
    struct str line;
    while (call->count < HEADERS_MAX && (line = cut_line(rest)).len > 0) {
        size_t colon = str_find_char(line, ':');
        call->headers[call->count].name = str_slice(line, 0, colon);
        call->headers[call->count].value =
            colon == SIZE_MAX ? STR("") : str_trim(str_after(line, colon + 1));
        call->count++;
    }
}

static void check_stored(struct arena *a, const struct verify_rule *rule)
{
    struct err err = ERR_NONE;
    BUF(once, SIZE_MAX);
    BUF(twice, SIZE_MAX);
    verify_put(&once, rule, VERIFY_STORED);
    struct verify_rule *again = verify_load(a, json_parse(a, buf_str(&once)), &err);
    assert(again != NULL);
    verify_put(&twice, again, VERIFY_STORED);
    assert(str_eq(buf_str(&once), buf_str(&twice)));
    buf_clear(&once);
    verify_put(&once, rule, VERIFY_SHOWN);
    assert(json_is(json_parse(a, buf_str(&once)), JSON_OBJECT));
}

static void check_call(struct arena *a, const struct verify_rule *rule, const struct call *call)
{
    struct verify_outcome out;
    bool good = verify_signature(rule, call->headers, call->count, call->body, call->now_ms, &out);
    assert(good == (out.reason[0] == '\0'));
    if (!good)
        return;
    assert(out.secret < rule->secret_count);
    assert(!verify_signature(rule, NULL, 0, call->body, call->now_ms, &out));
    struct str longer = arena_fmt(a, "%.*s.", STR_FMT(call->body));
    assert(rule->scheme->layout == VERIFY_TOKEN ||
           !verify_signature(rule, call->headers, call->count, longer, call->now_ms, &out));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    digest_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call = {.count = 0};
    struct str rest = str_from((const char *)data, size);
    struct arena a;
    arena_init(&a, SIZE_MAX);
    if (!str_to_i64(cut_line(&rest), &call.now_ms))
        call.now_ms = 0;
    struct str options = cut_line(&rest);
    read_headers(&call, &rest);
    call.body = rest.len == SIZE_MAX ? STR("") : rest;

    struct err err = ERR_NONE;
    struct verify_rule *rule = verify_read(&a, json_parse(&a, options), call.now_ms, &err);
    assert(rule != NULL || err.status == 400);
    if (rule != NULL) {
        check_stored(&a, rule);
        check_call(&a, rule, &call);
    }
    arena_release(&a);
    return 0;
}
