/* What the tests of the client stand on: a client, the receiver that it speaks to, and calls. */
#pragma once

#include <semaphore.h>
#include <stdlib.h>

#include "base/digest.h"
#include "http/client.h"
#include "http/guard.h"
#include "http/receiver.h"

/* One client, its home, and a receiver. */
struct scene {
    struct receiver *receiver;
    struct guard *guard;
    struct client *client;
    struct inbox home;
    sem_t bell;
    struct arena arena;
};

struct call {
    struct exchange x; /* first: what comes home */
    struct arena arena;
    bool home;
};

static inline void ring_bell(void *arg)
{
    sem_post(arg);
}

static inline struct client_config usual_config(void)
{
    return (struct client_config){
        .user_agent = "Agent/1", .max_connections = 64, .max_per_host = 16, .idle_connections = 64};
}

static inline struct scene *scene_open(const struct client_config *config)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct err err = ERR_NONE;
    struct str allow = STR("127.0.0.0/8");
    struct client_config with_guard = *config;
    sem_init(&s->bell, 0, 0);
    inbox_init(&s->home, ring_bell, &s->bell);
    arena_init(&s->arena, SIZE_MAX);
    s->receiver = receiver_open();
    with_guard.guard = s->guard = guard_new(&allow, 1, &err);
    s->client = client_open(&with_guard, &err);
    if (s->client == NULL)
        fail_msg("%s", err.text);
    return s;
}

static inline struct scene *usual_scene(void)
{
    struct client_config config = usual_config();
    return scene_open(&config);
}

static inline void scene_close(struct scene *s)
{
    client_close(s->client);
    receiver_close(s->receiver);
    guard_free(s->guard);
    inbox_release(&s->home);
    arena_release(&s->arena);
    sem_destroy(&s->bell);
    free(s);
}

static inline struct str url_of(struct scene *s, const char *path)
{
    return arena_fmt(&s->arena, "http://127.0.0.1:%u%s", s->receiver->port, path);
}

static inline struct call *call_new(struct scene *s, struct str url)
{
    struct call *call = calloc(1, sizeof(*call));
    arena_init(&call->arena, SIZE_MAX);
    call->x = (struct exchange){.home = &s->home,
                                .arena = &call->arena,
                                .method = STR("GET"),
                                .url = url,
                                .timeout_ms = 60000,
                                .max_body = 1 << 20,
                                .redirects = 5};
    return call;
}

static inline struct call *call_to(struct scene *s, const char *path)
{
    return call_new(s, url_of(s, path));
}

static inline void call_free(struct call *call)
{
    arena_release(&call->arena);
    free(call);
}

static inline void await(struct scene *s, const struct call *call)
{
    while (!call->home) {
        struct mail *mail = inbox_take(&s->home);
        if (mail == NULL)
            sem_wait(&s->bell);
        for (; mail != NULL; mail = mail->next)
            ((struct call *)mail)->home = true;
    }
}

static inline void perform(struct scene *s, struct call *call)
{
    client_start(s->client, &call->x);
    await(s, call);
}

static inline void set_body(struct call *call, const char *method, struct str body)
{
    call->x.method = str_of(method);
    call->x.body = body;
    call->x.has_body = true;
}

static inline void set_headers(struct call *call, const struct client_header *headers, size_t count)
{
    call->x.headers = headers;
    call->x.header_count = count;
}

static inline bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) != SIZE_MAX;
}

static inline void check_text(struct str text, const char *expected)
{
    if (!str_is(text, expected))
        fail_msg("\"%.*s\" is not \"%s\"", STR_FMT(text), expected);
}

static inline void check_has(struct str text, const char *part)
{
    if (!has(text, part))
        fail_msg("\"%s\" is not in \"%.*s\"", part, STR_FMT(text));
}

static inline void check_lacks(struct str text, const char *part)
{
    if (has(text, part))
        fail_msg("\"%s\" is in \"%.*s\"", part, STR_FMT(text));
}

static inline void check_end(const struct call *call, enum client_end end, const char *code)
{
    if (call->x.end != end)
        fail_msg("end %d and not %d: %s %.*s", call->x.end, end,
                 call->x.code != NULL ? call->x.code : "", STR_FMT(call->x.error));
    if (code == NULL)
        assert_null(call->x.code);
    else
        assert_string_equal(call->x.code, code);
    assert_true(end == CLIENT_ANSWERED || call->x.error.len > 0);
}

/* A call that ends so, with a piece of its text. */
static inline void check_failure(struct scene *s, struct call *call, enum client_end end,
                                 const char *code, const char *text)
{
    perform(s, call);
    check_end(call, end, code);
    check_has(call->x.error, text);
    assert_int_equal(call->x.status, 0);
    assert_int_equal(call->x.answer.len, 0);
    call_free(call);
}

/* A call whose answer is what the receiver got. */
static inline struct str echo(struct scene *s, struct call *call)
{
    perform(s, call);
    check_end(call, CLIENT_ANSWERED, NULL);
    assert_int_equal(call->x.status, 200);
    return call->x.answer;
}

/* An answer that sends elsewhere. */
static inline struct str redirect_to(struct scene *s, int status, struct str location)
{
    return arena_fmt(&s->arena,
                     "HTTP/1.1 %d Moved\r\nLocation: %.*s\r\nContent-Length: 5\r\n\r\nmoved",
                     status, STR_FMT(location));
}

/* A port where connecting neither succeeds nor fails: its queue is full. */
struct mute {
    int listener, fill[8];
    unsigned port;
};

static inline void mute_open(struct mute *m)
{
    m->listener = receiver_listen(0, &m->port);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)m->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 8; i++) {
        m->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(m->fill[i], (struct sockaddr *)&at, sizeof(at));
    }
}

static inline void mute_close(const struct mute *m)
{
    for (int i = 0; i < 8; i++)
        close(m->fill[i]);
    close(m->listener);
}

static inline struct str mute_url(struct scene *s, const struct mute *m)
{
    return arena_fmt(&s->arena, "http://127.0.0.1:%u/", m->port);
}

/* Before the first test. */
static inline int seed(void **state)
{
    (void)state;
    digest_init();
    return 0;
}
