/* Parameters: the query or the body as a checked object, pages and sorting. Runs on the loop; the
 * readers of parameters on any thread. */
#include "api/serve.h"

#include <stdlib.h>

#include "domain/fault.h"
#include "http/query.h"
#include "store/catalog.h"

/* --- from the request --- */

/* What is no JSON object or array counts as an empty object; validation then says what is missing.
 */
static struct json *body_of(struct call *call, struct str type, struct str body)
{
    struct json *value = NULL;
    struct str lower = arena_lower(call->arena, type);
    if (str_find(lower, STR("application/json")) != SIZE_MAX)
        value = json_parse(call->arena, body);
    else if (str_find(lower, STR("application/x-www-form-urlencoded")) != SIZE_MAX)
        value = form_parse(call->arena, body);
    bool usable = json_is(value, JSON_OBJECT) || json_is(value, JSON_ARRAY);
    return usable ? value : json_object(call->arena);
}

bool call_parse(struct call *call, struct str query, struct str content_type, struct str body,
                struct err *err)
{
    call->query = query_parse(call->arena, query, err);
    if (call->query == NULL)
        return false;
    bool by_query = call->endpoint->method == HTTP_GET;
    call->params = by_query ? call->query : body_of(call, content_type, body);
    if (call->endpoint->schema == NULL)
        return true;
    bool own = str_starts(str_of(call->endpoint->path), STR("/ext/"));
    return (own ? schema_check_named : schema_check)(call->endpoint->schema, &call->params,
                                                     by_query ? SCHEMA_QUERY : SCHEMA_BODY,
                                                     call->arena, err);
}

/* --- for the steps --- */

struct str call_param(const struct call *call, const char *name)
{
    return json_get_str(call->params, name);
}

bool call_has(const struct call *call, const char *name)
{
    return json_get(call->params, str_of(name)) != NULL;
}

struct json_out call_members(struct call *call)
{
    return json_continue(&call->out, call->out.len > 0);
}

/* --- pages --- */

/* ECMAScript's parseInt(text, 10): leading white space, a sign, then as many digits as there are.
 * False for NaN. */
static bool parse_int(struct str text, int64_t *out)
{
    text = str_trim(text);
    size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    size_t end = at;
    while (end < text.len && end - at < 15 && text.ptr[end] >= '0' && text.ptr[end] <= '9')
        end++;
    return end > at && str_to_i64(str_slice(text, 0, end), out);
}

/* A query's value may have been coerced to a number by the schema. */
static bool param_int(const struct call *call, const char *name, int64_t *out)
{
    const struct json *value = json_get(call->params, str_of(name));
    if (json_is(value, JSON_STRING))
        return parse_int(value->string, out);
    if (!json_is(value, JSON_NUMBER) || value->number < -1e15 || value->number > 1e15)
        return false;
    *out = (int64_t)value->number;
    return true;
}

static int64_t setting_above_zero(const struct call *call, enum setting_id id, int64_t otherwise)
{
    int64_t value = catalog_setting_int(call->api->catalog, id);
    return value > 0 ? value : otherwise;
}

static int64_t page_count(const struct call *call)
{
    int64_t usual = setting_above_zero(call, SETTING_API_DEFAULT_COUNT, 50);
    int64_t most = setting_above_zero(call, SETTING_API_UPPER_COUNT_LIMIT, 100);
    const struct json *given = json_get_lit(call->params, "count");
    int64_t count = usual;
    if (json_is(given, JSON_STRING) && str_empty(given->string))
        count = 0;
    else if (given != NULL && (!param_int(call, "count", &count) || count < 0))
        count = usual;
    if (count > most)
        count = most;
    if (count > 0)
        return count;
    bool endless = catalog_setting_bool(call->api->catalog, SETTING_API_ALLOW_INFINITE_COUNT);
    return endless ? INT64_MAX : usual;
}

struct page call_page(const struct call *call)
{
    struct page page = {.count = page_count(call)};
    if (!param_int(call, "offset", &page.offset) || page.offset < 0)
        page.offset = 0;
    return page;
}

void call_page_members(struct json_out *o, const struct page *page, int64_t returned, int64_t total)
{
    json_member_i64(o, "count", returned);
    json_member_i64(o, "offset", page->offset);
    json_member_i64(o, "total", total);
}

/* --- sorting --- */

static const char *column_of(const struct sort_column *known, struct str field)
{
    for (; known->field != NULL; known++) {
        if (str_is(field, known->field))
            return known->column;
    }
    return NULL;
}

static bool bad_sort(struct err *err, struct str raw)
{
    fault(err, "error-invalid-sort", "Invalid sort parameter provided: \"%.*s\"", STR_FMT(raw));
    return fault_details(err, STR("{\"helperMethod\":\"parseJsonQuery\"}"));
}

static bool is_direction(const struct json *value)
{
    return json_is(value, JSON_NUMBER) && (value->number == 1 || value->number == -1);
}

bool call_sort(const struct call *call, const struct sort_column *known, const char *fallback,
               struct str *order_by, struct err *err)
{
    *order_by = str_of(fallback);
    struct str raw = call_param(call, "sort");
    if (str_empty(raw))
        return true;
    struct json *sort = json_parse(call->arena, raw);
    if (!json_is(sort, JSON_OBJECT))
        return bad_sort(err, raw);
    BUF(sql, 1024);
    for (const struct json *field = sort->items.first; field != NULL; field = field->next) {
        if (!is_direction(field))
            return bad_sort(err, raw);
        const char *column = column_of(known, field->key);
        if (column != NULL)
            buf_addf(&sql, "%s%s %s", sql.len > 0 ? ", " : "", column,
                     field->number < 0 ? "DESC" : "ASC");
    }
    if (sql.len > 0 && buf_ok(&sql))
        *order_by = arena_str(call->arena, buf_str(&sql));
    return true;
}
