/* Which handler a request goes to.
 *
 * Literal paths are found by one look-up; patterns are tried after that, in the order in which they
 * were added. Paths are compared byte by byte: another case or one slash more is another path.
 *
 * Built by one thread before the start, read by the loops afterwards.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "http/query.h"
#include "http/wire.h"

struct target {
    http_handler *handler; /* NULL: none */
    const void *arg;
    bool tolerant; /* a place that cannot be decoded is empty */
};

/* A literal path. */
struct place {
    struct str path;
    struct target targets[HTTP_OTHER + 1];
};

struct pattern {
    enum http_method method;
    struct str text;
    struct target target;
};

/* A route whose bodies come in pieces; it is among the others too. */
struct stream {
    enum http_method method;
    struct str text;
};

enum { STREAMS_MAX = 8 };

struct router {
    struct map places;        /* of struct place, owned */
    struct pattern *patterns; /* owned */
    size_t pattern_count;
    struct stream streams[STREAMS_MAX];
    size_t stream_count;
    struct target fallback;
};

enum { MAX_PARAMS = sizeof(((struct http_request *)0)->params) / sizeof(struct str) };

static struct str path_of(const void *entry)
{
    const struct place *place = entry;
    return place->path;
}

static void answer_refusal(struct http_request *rq, int status, struct str body)
{
    http_answer(rq, &(struct http_answer){.status = status, .parts = &body, .part_count = 1});
}

static void not_found(struct http_request *rq, const void *arg)
{
    (void)arg;
    answer_refusal(rq, 404, STR("{\"success\":false,\"error\":\"Resource not found\"}"));
}

struct router *router_new(void)
{
    struct router *router = mem_zalloc(sizeof(*router));
    map_init(&router->places, path_of);
    router->fallback.handler = not_found;
    return router;
}

void router_free(struct router *router)
{
    if (router == NULL)
        return;
    size_t at = 0;
    for (void *place; (place = map_each(&router->places, &at)) != NULL;)
        free(place);
    map_release(&router->places);
    free(router->patterns);
    free(router);
}

static bool is_rest(struct str segment)
{
    return str_is(segment, "*");
}

static bool is_param(struct str segment)
{
    return segment.len > 0 && segment.ptr[0] == ':';
}

/* Whether it has a segment that is not literal. */
static bool is_pattern(struct str text)
{
    struct str rest = text, segment;
    size_t params = 0, rests = 0;
    while (str_split(&rest, '/', &segment)) {
        assert(rests == 0); /* "*" comes last */
        rests += is_rest(segment);
        params += is_param(segment);
    }
    assert(params <= MAX_PARAMS);
    return params + rests > 0;
}

static void add_literal(struct router *router, enum http_method method, struct str path,
                        struct target target)
{
    struct place *place = map_get(&router->places, path);
    if (place == NULL) {
        place = mem_zalloc(sizeof(*place));
        place->path = path;
        map_put(&router->places, place);
    }
    assert(place->targets[method].handler == NULL);
    place->targets[method] = target;
}

static void add_pattern(struct router *router, enum http_method method, struct str text,
                        struct target target)
{
    size_t size = (router->pattern_count + 1) * sizeof(struct pattern);
    router->patterns = mem_resize(router->patterns, size);
    router->patterns[router->pattern_count++] = (struct pattern){method, text, target};
}

static void add(struct router *router, enum http_method method, const char *pattern,
                struct target target)
{
    assert(pattern[0] == '/' && method != HTTP_HEAD && method <= HTTP_OTHER);
    struct str text = str_of(pattern);
    if (is_pattern(text))
        add_pattern(router, method, text, target);
    else
        add_literal(router, method, text, target);
}

void router_add(struct router *router, enum http_method method, const char *pattern,
                http_handler *handler, const void *arg)
{
    add(router, method, pattern, (struct target){.handler = handler, .arg = arg});
}

void router_add_tolerant(struct router *router, enum http_method method, const char *pattern,
                         http_handler *handler, const void *arg)
{
    add(router, method, pattern, (struct target){.handler = handler, .arg = arg, .tolerant = true});
}

void router_add_stream(struct router *router, enum http_method method, const char *pattern,
                       http_handler *handler, const void *arg)
{
    assert(router->stream_count < STREAMS_MAX);
    router->streams[router->stream_count++] = (struct stream){method, str_of(pattern)};
    router_add(router, method, pattern, handler, arg);
}

void router_fallback(struct router *router, http_handler *handler, const void *arg)
{
    router->fallback = (struct target){.handler = handler, .arg = arg};
}

/* Segment by segment; a parameter takes one that is not empty. */
static bool fits(struct str pattern, struct str path, struct str params[MAX_PARAMS])
{
    struct str want, have;
    size_t count = 0;
    while (str_split(&pattern, '/', &want)) {
        if (!str_split(&path, '/', &have))
            return false;
        if (is_rest(want))
            return true;
        if (is_param(want) && have.len > 0)
            params[count++] = have;
        else if (!str_eq(want, have))
            return false;
    }
    return !str_split(&path, '/', &have);
}

bool router_streams(const struct router *router, enum http_method method, struct str path)
{
    struct str params[MAX_PARAMS];
    for (size_t i = 0; i < router->stream_count; i++)
        if (router->streams[i].method == method && fits(router->streams[i].text, path, params))
            return true;
    return false;
}

static struct target find(const struct router *router, struct http_request *rq)
{
    const struct place *place = map_get(&router->places, rq->path);
    if (place != NULL && place->targets[rq->method].handler != NULL)
        return place->targets[rq->method];
    for (size_t i = 0; i < router->pattern_count; i++) {
        const struct pattern *pattern = &router->patterns[i];
        struct str params[MAX_PARAMS] = {{0}};
        if (pattern->method == rq->method && fits(pattern->text, rq->path, params)) {
            memcpy(rq->params, params, sizeof(params));
            return pattern->target;
        }
    }
    return router->fallback;
}

static bool decode_params(struct http_request *rq, bool tolerant)
{
    for (size_t i = 0; i < MAX_PARAMS; i++) {
        struct str place = rq->params[i];
        if (str_empty(place) || percent_decode(rq->arena, place, &rq->params[i]))
            continue;
        if (!tolerant)
            return false;
        rq->params[i] = STR("");
    }
    return true;
}

void router_serve(const struct router *router, struct http_request *rq)
{
    struct target target = find(router, rq);
    if (decode_params(rq, target.tolerant))
        target.handler(rq, target.arg);
    else
        answer_refusal(
            rq, 400,
            STR("{\"success\":false,\"error\":\"The path has a broken percent-encoding.\"}"));
}
