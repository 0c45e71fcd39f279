/* Which origins' pages may read answers: the two settings API_Enable_CORS and API_CORS_Origin. Runs
 * on the loop, in memory. */
#include "api/serve.h"
#include "store/catalog.h"

#define CORS_LINES                                                                                 \
    "Access-Control-Allow-Methods: GET, POST, PUT, DELETE, HEAD, PATCH\r\n"                        \
    "Access-Control-Allow-Headers: Origin, X-Requested-With, Content-Type, Accept, X-User-Id, "    \
    "X-Auth-Token, x-visitor-token, Authorization\r\n"

static bool listed(struct str list, struct str origin)
{
    struct str part;
    while (str_split(&list, ',', &part)) {
        if (str_eq_nocase(str_trim(part), origin))
            return true;
    }
    return false;
}

bool cors_headers(const struct api *api, const struct http_request *rq, struct arena *arena,
                  struct str *lines)
{
    *lines = STR("");
    if (!catalog_setting_bool(api->catalog, SETTING_API_ENABLE_CORS))
        return true;
    struct str origin = http_header(rq, STR("origin"));
    if (str_empty(origin) && str_empty(http_header(rq, STR("access-control-request-method"))))
        return true;
    struct str allowed = catalog_setting_text(api->catalog, SETTING_API_CORS_ORIGIN, arena);
    if (str_is(allowed, "*"))
        origin = STR("*");
    else if (!listed(allowed, origin))
        return false;
    *lines = arena_fmt(arena, "Access-Control-Allow-Origin: %.*s\r\n" CORS_LINES, STR_FMT(origin));
    return true;
}
