/* A value, checked and printed: shared by the tests of the checker and of its tables. */
#pragma once

#include "api/schema.h"
#include "http/query.h"

/* What the checker says, with '|' for the line break between messages; "" when the value fits. The
 * value afterwards is printed into *out_json unless that is NULL. `text` is JSON or, for
 * SCHEMA_QUERY, a query. */
static inline const char *checked(struct arena *a, const struct schema *s, enum schema_mode mode,
                                  const char *text, const char **out_json)
{
    struct err err = ERR_NONE;
    struct json *value =
        mode == SCHEMA_QUERY ? query_parse(a, str_of(text), &err) : json_parse(a, str_of(text));
    assert_true(value != NULL || text[0] == '\0');
    bool fits = schema_check(s, &value, mode, a, &err);
    if (out_json != NULL) {
        BUF(json, 1 << 16);
        json_put(&json, value);
        *out_json = arena_cstr(a, buf_str(&json));
    }
    if (fits)
        return "";
    assert_int_equal(err.status, 400);
    assert_string_equal(err.type, "invalid-params");
    assert_true(err.suffix);
    BUF(said, ERR_TEXT_BYTES);
    struct str rest = str_of(err.text), line;
    while (str_split(&rest, '\n', &line)) {
        bool first = said.len == 0;
        assert_true(first || line.ptr[0] == ' ');
        (void)buf_addf(&said, "%s%.*s", first ? "" : "|", STR_FMT(str_after(line, first ? 0 : 1)));
    }
    return arena_cstr(a, buf_str(&said));
}
