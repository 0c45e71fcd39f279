/* The worker's life: start, jail, frames in and out. One thread, which is this process's only one.
 *
 * What is wrong with a frame or a state is a mistake of ours or the end of the engine's world; the
 * process ends with a status of its own (sandbox.h), and the pool starts another. */
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/engine.h"
#include "worker/jail.h"

enum { EXIT_USAGE = 2, STACK_BYTES = 8 << 20 };

/* The two texts' parts of the channel, and the mark that says that a frame was taken up. */
struct channel {
    const char *down;
    char *up;
    uint32_t *begun;
};

/* --- starting --- */

static bool started_by_server(void)
{
    int type = 0;
    socklen_t size = sizeof(type);
    struct stat memory;
    return getsockopt(WORKER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           type == SOCK_SEQPACKET && fstat(WORKER_CHANNEL, &memory) == 0 &&
           memory.st_size == CHANNEL_BYTES;
}

static bool map_channel(struct channel *channel, struct err *err)
{
    void *down =
        mmap(NULL, CHANNEL_DOWN_BYTES, PROT_READ, MAP_SHARED, WORKER_CHANNEL, CHANNEL_DOWN);
    void *up = mmap(NULL, CHANNEL_BYTES - CHANNEL_UP, PROT_READ | PROT_WRITE, MAP_SHARED,
                    WORKER_CHANNEL, CHANNEL_UP);
    if (down == MAP_FAILED || up == MAP_FAILED)
        return err_internal(err, "the channel: %s", strerrordesc_np(errno));
    *channel =
        (struct channel){.down = down,
                         .up = up,
                         .begun = (uint32_t *)(void *)((char *)up + (CHANNEL_BEGUN - CHANNEL_UP))};
    return true;
}

/* The engine's C recurses as deep as the script's nesting; less than this may end the process
 * where it should only end the script. */
static void want_stack(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_BYTES)
        return;
    limit.rlim_cur = limit.rlim_max < STACK_BYTES ? limit.rlim_max : STACK_BYTES;
    (void)setrlimit(RLIMIT_STACK, &limit);
}

static bool start(struct engine *engine, struct channel *channel, struct err *err)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* no server, no scripts */
    want_stack();
    tzset(); /* reads a file, which cannot be read later */
    bool ok = map_channel(channel, err) && engine_open(engine, WORKER_CHANNEL, err);
    (void)close(WORKER_CHANNEL);
    return ok;
}

/* --- frames --- */

static void put_text(struct frame *frame, size_t i, const struct channel *channel,
                     const char *before, struct str text, const char *after)
{
    uint32_t at = i == 0 ? 0 : frame->texts[i - 1].at + frame->texts[i - 1].len;
    struct str parts[] = {str_of(before), text, str_of(after)};
    uint32_t len = 0;
    if (str_empty(text)) {
        frame->texts[i] = (struct frame_text){.at = at, .len = 0};
        return;
    }
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        if (parts[p].len > CHANNEL_UP_BYTES - at - len)
            _exit(WORKER_EXIT_FRAME);
        memcpy(channel->up + at + len, parts[p].ptr, parts[p].len);
        len += (uint32_t)parts[p].len;
    }
    frame->texts[i] = (struct frame_text){.at = at, .len = len};
}

static void say(struct frame *frame)
{
    if (send(WORKER_SOCKET, frame, sizeof(*frame), MSG_NOSIGNAL) != (ssize_t)sizeof(*frame))
        _exit(WORKER_EXIT_FRAME);
}

static void say_ready(const struct engine *engine)
{
    struct frame frame = {.kind = FRAME_READY, .flags = FRAME_FRESH, .state = engine_state(engine)};
    say(&frame);
}

static void say_end(const struct engine *engine, const struct channel *channel)
{
    struct frame frame = {
        .kind = engine->end,
        .verdict = engine->verdict,
        .state = engine_state(engine),
        .cpu_us = slice_cpu_us(engine),
        .heap_bytes = slice_heap_bytes(engine),
    };
    put_text(&frame, 0, channel, "", buf_str(&engine->text), "");
    put_text(&frame, 1, channel, "[", buf_str(&engine->console), "]");
    put_text(&frame, 2, channel, "", buf_str(&engine->fetches), "");
    say(&frame);
}

static struct str text_of(const struct channel *channel, const struct frame *frame, size_t i)
{
    return str_from(channel->down + frame->texts[i].at, frame->texts[i].len);
}

static void work(struct engine *engine, const struct channel *channel, const struct frame *frame)
{
    struct str first = text_of(channel, frame, 0);
    bool sloppy = (frame->flags & FRAME_SLOPPY) != 0;
    switch ((enum frame_kind)frame->kind) {
    case FRAME_CHECK:
        slice_check(engine, first, sloppy);
        break;
    case FRAME_EVALUATE:
        slice_evaluate(engine, first, sloppy);
        break;
    case FRAME_CALL:
        slice_call(engine, first, text_of(channel, frame, 1), text_of(channel, frame, 2));
        break;
    case FRAME_RESUME:
        slice_resume(engine, first);
        break;
    default:
        _exit(WORKER_EXIT_FRAME);
    }
}

/* The frame is a copy of ours; its texts cannot change, for it is our turn. */
static void serve(struct engine *engine, const struct channel *channel)
{
    struct frame frame;
    ssize_t n;
    say_ready(engine);
    while ((n = recv(WORKER_SOCKET, &frame, sizeof(frame), MSG_TRUNC)) == (ssize_t)sizeof(frame)) {
        *channel->begun = 1;
        if (frame_check_down(&frame) != NULL || !slice_begin(engine, &frame))
            _exit(WORKER_EXIT_FRAME);
        work(engine, channel, &frame);
        say_end(engine, channel);
    }
    _exit(n == 0 ? EXIT_SUCCESS : WORKER_EXIT_FRAME);
}

int worker_main(bool unjailed)
{
    static struct engine engine;
    struct channel channel;
    struct err err = ERR_NONE;
    if (!started_by_server()) {
        (void)fputs("gantry: script-worker is started by the server itself\n", stderr);
        return EXIT_USAGE;
    }
    if (!start(&engine, &channel, &err)) {
        (void)fprintf(stderr, "gantry: script-worker: %s\n", err.text);
        return EXIT_FAILURE;
    }
    if (!jail_enter(WORKER_SOCKET, &err) && !unjailed)
        _exit(WORKER_EXIT_NO_JAIL);
    serve(&engine, &channel);
    return EXIT_SUCCESS;
}
