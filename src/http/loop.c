/* The server and its loops: a loop is a thread with a listening socket, connections, a mailbox and
 * one timer that ends what has waited too long.
 *
 * The opening thread talks to the loops by the server's phase and a ring of their bell; the loops
 * answer by the two numbers that http_drain() waits for. Everything else of a loop is its own.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cond.h"
#include "base/lane.h"
#include "base/mem.h"
#include "http/internal.h"

/* Times: how long a client may take to close after its last answer; the coarsest and the finest
 * look at the deadlines, which are met within a quarter of the shortest. */
enum { LINGER_MS = 2000, QUIET_MS = 15000, SWEEP_MAX_MS = 250, SWEEP_MIN_MS = 5, SWEEP_SHARE = 4 };

/* What a handler may need beside copies of the body. */
enum { SCRATCH_BYTES = 1024 * 1024, BODY_COPIES = 4 };

const char *loop_date(struct loop *loop)
{
    int64_t now = loop_now_ms(loop);
    if (now >= loop->date_until_ms) {
        int64_t wall = clock_wall_ms();
        clock_http_date(wall, loop->date);
        loop->date_until_ms = now + 1000 - wall % 1000;
    }
    return loop->date;
}

/* Phases */

void server_changed(struct http_server *server)
{
    if (atomic_load(&server->phase) == PHASE_OPEN)
        return;
    pthread_mutex_lock(&server->lock);
    pthread_cond_broadcast(&server->change);
    pthread_mutex_unlock(&server->lock);
}

/* Those who wait in the backlog are let in first: closing the socket would reset them. */
static void stop_listening(struct loop *loop)
{
    if (loop->listen_fd < 0)
        return;
    listen_accept(loop);
    uv_close((uv_handle_t *)&loop->listener, NULL);
    (void)close(loop->listen_fd);
    loop->listen_fd = -1;
    pthread_mutex_lock(&loop->server->lock);
    loop->server->listening--;
    pthread_mutex_unlock(&loop->server->lock);
    server_changed(loop->server);
}

static void drain(struct loop *loop)
{
    if (loop->draining)
        return;
    loop->draining = true;
    stop_listening(loop);
    conns_end_streams(loop);
    conns_close_idle(loop);
}

static void stop(struct loop *loop)
{
    assert(loop->parked == 0); /* lanes are closed before the server */
    uv_close((uv_handle_t *)&loop->bell, NULL);
    uv_close((uv_handle_t *)&loop->sweep, NULL);
}

static void on_bell(uv_async_t *bell)
{
    struct loop *loop = bell->data;
    int phase = atomic_load(&loop->server->phase);
    if (phase >= PHASE_DRAIN)
        drain(loop);
    if (phase >= PHASE_CUT)
        conns_close_all(loop);
    jobs_finish(inbox_take(&loop->inbox));
    if (phase >= PHASE_CLOSE)
        stop(loop);
}

static void on_sweep(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    conns_expire(loop);
    bool paused = loop->accept_again_ms != 0 && loop->listen_fd >= 0;
    if (paused && loop_now_ms(loop) >= loop->accept_again_ms)
        listen_resume(loop);
}

static void ring(void *arg)
{
    struct loop *loop = arg;
    uv_async_send(&loop->bell);
}

/* Opening */

static void set_times(struct loop *loop, const struct http_limits *limits)
{
    loop->wait_ms[WAIT_HEAD] = limits->header_ms;
    loop->wait_ms[WAIT_BODY] = limits->body_ms;
    loop->wait_ms[WAIT_IDLE] = limits->idle_ms;
    loop->wait_ms[WAIT_WRITE] = limits->write_ms;
    loop->wait_ms[WAIT_LINGER] = LINGER_MS;
    loop->wait_ms[WAIT_STREAM] = limits->quiet_ms > 0 ? limits->quiet_ms : QUIET_MS;
}

static uint64_t sweep_every_ms(const struct loop *loop)
{
    int64_t every = SWEEP_MAX_MS;
    for (enum wait wait = 0; wait < WAIT_ANSWER; wait++) {
        if (loop->wait_ms[wait] / SWEEP_SHARE < every)
            every = loop->wait_ms[wait] / SWEEP_SHARE;
    }
    return (uint64_t)(every < SWEEP_MIN_MS ? SWEEP_MIN_MS : every);
}

static void init_memory(struct loop *loop, const struct http_limits *limits)
{
    for (enum wait wait = 0; wait < WAIT_KINDS; wait++)
        loop->waiting[wait].prev = loop->waiting[wait].next = &loop->waiting[wait];
    inbox_init(&loop->inbox, ring, loop);
    loop->in = mem_alloc(READ_BYTES);
    buf_init(&loop->out, SIZE_MAX / 2);
    loop->draft.limits = limits;
    loop->draft.router = loop->server->router;
    loop->draft.fields = mem_alloc(limits->header_count * sizeof(struct field));
    loop->headers = mem_alloc(limits->header_count * sizeof(struct http_header));
    arena_init(&loop->arena, SCRATCH_BYTES + BODY_COPIES * limits->body_bytes);
}

static void release_memory(struct loop *loop)
{
    inbox_release(&loop->inbox);
    buf_release(&loop->out);
    arena_release(&loop->arena);
    free(loop->in);
    free(loop->draft.fields);
    free(loop->headers);
}

/* The loop owns the socket from here on, also when this fails. */
static bool open_loop(struct loop *loop, struct http_server *server, int fd, struct err *err)
{
    loop->server = server;
    loop->listen_fd = fd;
    set_times(loop, &server->limits);
    init_memory(loop, &server->limits);
    int failed = uv_loop_init(&loop->uv);
    if (failed) {
        release_memory(loop);
        (void)close(fd);
        return err_internal(err, "cannot open an event loop: %s", uv_strerror(failed));
    }
    failed = uv_async_init(&loop->uv, &loop->bell, on_bell);
    assert(!failed);
    failed = uv_timer_init(&loop->uv, &loop->sweep);
    assert(!failed);
    failed = uv_poll_init(&loop->uv, &loop->listener, fd);
    assert(!failed);
    loop->bell.data = loop->sweep.data = loop->listener.data = loop;
    uint64_t every = sweep_every_ms(loop);
    uv_timer_start(&loop->sweep, on_sweep, every, every);
    listen_resume(loop);
    server->loop_count++;
    server->listening++;
    return true;
}

static bool open_loops(struct http_server *server, const struct http_config *config,
                       struct err *err)
{
    int *fds = mem_alloc(config->loops * sizeof(int));
    unsigned i = 0;
    bool ok = listen_open(config->host, config->port, fds, config->loops, &server->port, err);
    if (ok) {
        while (i < config->loops && ok) {
            ok = open_loop(&server->loops[i], server, fds[i], err);
            i++;
        }
        for (; i < config->loops; i++)
            (void)close(fds[i]);
    }
    free(fds);
    return ok;
}

static void *run(void *arg)
{
    struct loop *loop = arg;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    return NULL;
}

static bool start_loops(struct http_server *server, struct err *err)
{
    for (unsigned i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        int failed = pthread_create(&loop->thread, NULL, run, loop);
        if (failed)
            return err_internal(err, "cannot start a loop's thread: %s", strerror(failed));
        loop->started = true;
        pthread_setname_np(loop->thread, "loop");
    }
    return true;
}

struct http_server *http_open(const struct http_config *config, struct err *err)
{
    assert(config->loops > 0 && config->limits.header_count > 0);
    struct http_server *server = mem_zalloc(sizeof(*server));
    server->limits = config->limits;
    server->router = config->router;
    server->loops = mem_zalloc(config->loops * sizeof(struct loop));
    pthread_mutex_init(&server->lock, NULL);
    cond_init(&server->change);
    if (open_loops(server, config, err) && start_loops(server, err))
        return server;
    http_close(server);
    return NULL;
}

unsigned http_port(const struct http_server *server)
{
    return server->port;
}

/* Closing */

static void enter_phase(struct http_server *server, enum phase phase)
{
    atomic_store(&server->phase, phase);
    for (unsigned i = 0; i < server->loop_count; i++)
        ring(&server->loops[i]);
}

/* Under the lock. */
static bool is_quiet(struct http_server *server)
{
    return server->listening == 0 && atomic_load(&server->connections) == 0;
}

void http_drain(struct http_server *server, int64_t limit_ms)
{
    struct timespec end = cond_moment(limit_ms);
    enter_phase(server, PHASE_DRAIN);
    pthread_mutex_lock(&server->lock);
    bool in_time = true;
    while (!is_quiet(server) && in_time)
        in_time = cond_wait_until(&server->change, &server->lock, &end);
    pthread_mutex_unlock(&server->lock);
    if (in_time)
        return;

    enter_phase(server, PHASE_CUT);
    pthread_mutex_lock(&server->lock);
    while (!is_quiet(server))
        pthread_cond_wait(&server->change, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

static void close_loop(struct loop *loop)
{
    if (loop->started)
        pthread_join(loop->thread, NULL);
    else
        run(loop);
    int busy = uv_loop_close(&loop->uv);
    assert(!busy);
    release_memory(loop);
}

void http_close(struct http_server *server)
{
    if (server == NULL)
        return;
    enter_phase(server, PHASE_CLOSE);
    for (unsigned i = 0; i < server->loop_count; i++)
        close_loop(&server->loops[i]);
    pthread_cond_destroy(&server->change);
    pthread_mutex_destroy(&server->lock);
    free(server->loops);
    free(server);
}
