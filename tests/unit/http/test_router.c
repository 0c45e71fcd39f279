/* Which handler gets which request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/digest.h"
#include "http/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct buf heard;

/* Writes "NAME" and the parameters, each in brackets. */
static void note(struct http_request *rq, const void *arg)
{
    buf_clear(&heard);
    buf_addf(&heard, "%s", (const char *)arg);
    for (size_t i = 0; i < COUNT(rq->params); i++) {
        if (!str_empty(rq->params[i]))
            buf_addf(&heard, "[%.*s]", STR_FMT(rq->params[i]));
    }
}

static const struct {
    enum http_method method;
    const char *pattern;
} routes[] = {
    {HTTP_GET, "/"},
    {HTTP_GET, "/a"},
    {HTTP_POST, "/a"},
    {HTTP_GET, "/a/:id"},
    {HTTP_GET, "/a/fixed"},
    {HTTP_POST, "/a/:id"},
    {HTTP_GET, "/a/:id/b/:other"},
    {HTTP_POST, "/hooks/:id/:token"},
    {HTTP_POST, "/hooks/:id/:user/:token"},
    {HTTP_GET, "/files/*"},
    {HTTP_OPTIONS, "/api/*"},
};

static const struct {
    enum http_method method;
    const char *path, *wanted;
} rows[] = {
    {HTTP_GET, "/", "/"},
    {HTTP_GET, "/a", "/a"},
    {HTTP_POST, "/a", "/a"},
    {HTTP_PUT, "/a", "none"},
    {HTTP_OTHER, "/a", "none"},
    {HTTP_GET, "/A", "none"},
    {HTTP_GET, "/a/", "none"},
    {HTTP_GET, "//a", "none"},
    {HTTP_GET, "", "none"},
    {HTTP_GET, "/%61", "none"},
    {HTTP_GET, "/a/1", "/a/:id[1]"},
    {HTTP_GET, "/a/1/", "none"},
    {HTTP_GET, "/a/:id", "/a/:id[:id]"},
    {HTTP_GET, "/a/fixed", "/a/fixed"},
    {HTTP_POST, "/a/fixed", "/a/:id[fixed]"},
    {HTTP_GET, "/a/a%2Fb%20c+d", "/a/:id[a/b c+d]"},
    {HTTP_GET, "/a/1/b/2", "/a/:id/b/:other[1][2]"},
    {HTTP_GET, "/a/1/c/2", "none"},
    {HTTP_GET, "/a//b/2", "none"},
    {HTTP_POST, "/hooks/i/t", "/hooks/:id/:token[i][t]"},
    {HTTP_POST, "/hooks/i/u/t", "/hooks/:id/:user/:token[i][u][t]"},
    {HTTP_POST, "/hooks/i", "none"},
    {HTTP_POST, "/hooks/i/u/t/x", "none"},
    {HTTP_GET, "/files/", "/files/*"},
    {HTTP_GET, "/files/a/b", "/files/*"},
    {HTTP_GET, "/files", "none"},
    {HTTP_OPTIONS, "/api/v1/x", "/api/*"},
    {HTTP_OPTIONS, "*", "none"},
};

static void each_request_goes_to_the_route_that_fits(void **state)
{
    (void)state;
    struct router *router = router_new();
    router_fallback(router, note, "none");
    for (size_t i = 0; i < COUNT(routes); i++)
        router_add(router, routes[i].method, routes[i].pattern, note, routes[i].pattern);
    struct arena arena;
    arena_init(&arena, 1 << 20);
    buf_init(&heard, 1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_request rq = {
            .method = rows[i].method, .path = str_of(rows[i].path), .arena = &arena};
        router_serve(router, &rq);
        if (!str_is(buf_str(&heard), rows[i].wanted))
            fail_msg("%s went to %s", rows[i].path, heard.ptr);
    }
    buf_release(&heard);
    arena_release(&arena);
    router_free(router);
}

static void an_empty_router_may_be_freed_and_none_too(void **state)
{
    (void)state;
    router_free(router_new());
    router_free(NULL);
}

static void a_tolerant_route_gets_an_empty_place_for_a_broken_escape(void **state)
{
    (void)state;
    buf_init(&heard, 1000);
    struct arena arena;
    arena_init(&arena, 10000);
    struct router *router = router_new();
    router_add_tolerant(router, HTTP_POST, "/h/:id/:token", note, "h");
    struct http_request rq = {.method = HTTP_POST, .path = STR("/h/%zz/b%20c"), .arena = &arena};
    router_serve(router, &rq);
    assert_string_equal(heard.ptr, "h[b c]");
    assert_true(str_empty(rq.params[0]));
    router_free(router);
    arena_release(&arena);
    buf_release(&heard);
}

int main(void)
{
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_goes_to_the_route_that_fits),
        cmocka_unit_test(an_empty_router_may_be_freed_and_none_too),
        cmocka_unit_test(a_tolerant_route_gets_an_empty_place_for_a_broken_escape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
