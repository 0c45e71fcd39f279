/* Starting, feeding, hearing and killing one worker. Runs on the pool's thread. */
#include "script/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* A server under load goes first: a script has its whole time in CPU time, not by the clock. */
enum { WORKER_NICE = 10 };
/* Descriptors are moved up here, out of the way of the numbers that they get in the worker. */
enum { FIRST_FREE = 16 };

/* --- starting --- */

static int out_of_the_way(int fd)
{
    if (fd < 0)
        return -1;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    (void)close(fd);
    return moved;
}

/* Sealed: nobody can shorten it under the other's feet. */
static bool make_channel(struct worker *w)
{
    w->memory = out_of_the_way(memfd_create("gantry-script", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (w->memory < 0 || ftruncate(w->memory, CHANNEL_BYTES) != 0 ||
        fcntl(w->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return false;
    w->channel = mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, w->memory, 0);
    if (w->channel == MAP_FAILED)
        w->channel = NULL;
    return w->channel != NULL;
}

static bool make_sockets(struct worker *w, int *out_theirs)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    w->socket = out_of_the_way(pair[0]);
    *out_theirs = out_of_the_way(pair[1]);
    return w->socket >= 0 && *out_theirs >= 0;
}

/* The same program, whatever has become of its file since the start. */
static bool spawn(struct worker *w, int theirs, bool unjailed)
{
    char name[] = "gantry", command[] = WORKER_COMMAND, free_word[] = WORKER_UNJAILED;
    char *arguments[] = {name, command, unjailed ? free_word : NULL, NULL};
    char *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool ok = posix_spawn_file_actions_adddup2(&actions, theirs, WORKER_SOCKET) == 0 &&
              posix_spawn_file_actions_adddup2(&actions, w->memory, WORKER_CHANNEL) == 0 &&
              posix_spawn(&w->pid, "/proc/self/exe", &actions, NULL, arguments, environment) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return ok;
}

static void forget(struct worker *w)
{
    if (w->socket >= 0)
        (void)close(w->socket);
    if (w->memory >= 0)
        (void)close(w->memory);
    if (w->channel != NULL)
        (void)munmap(w->channel, CHANNEL_BYTES);
    *w = (struct worker){.mood = WORKER_GONE, .socket = -1, .memory = -1};
}

bool worker_start(struct worker *w, bool unjailed, struct err *err)
{
    int theirs = -1;
    *w = (struct worker){.mood = WORKER_STARTING, .socket = -1, .memory = -1};
    bool ok = make_channel(w) && make_sockets(w, &theirs) && spawn(w, theirs, unjailed);
    int why = errno;
    if (theirs >= 0)
        (void)close(theirs);
    if (!ok) {
        forget(w);
        return err_internal(err, "A process for scripts could not be started: %s.",
                            strerrordesc_np(why));
    }
    (void)setpriority(PRIO_PROCESS, (id_t)w->pid, WORKER_NICE);
    if (clock_getcpuclockid(w->pid, &w->cpu_clock) != 0)
        w->cpu_clock = CLOCK_MONOTONIC;
    return true;
}

int worker_kill(struct worker *w)
{
    int status = 0;
    assert(w->mood != WORKER_GONE);
    (void)kill(w->pid, SIGKILL);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    forget(w);
    return status;
}

int64_t worker_cpu_us(const struct worker *w)
{
    struct timespec used;
    if (clock_gettime(w->cpu_clock, &used) != 0)
        return 0; /* it has ended, which its socket tells */
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* --- the channel --- */

/* Zeroes, and gives the pages back. */
static void clear(const struct worker *w, size_t from, size_t to)
{
    if (from < to && fallocate(w->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                               (off_t)(to - from)) != 0)
        memset(w->channel + from, 0, to - from);
}

void worker_place(struct worker *w, const struct instance *owner, const struct image *image)
{
    size_t end = (size_t)image->state.pages * CHANNEL_PAGE;
    assert(image->bytes != NULL && image->state.stack + image->len == end);
    clear(w, 0, image->state.stack);
    memcpy(w->channel + image->state.stack, image->bytes, image->len);
    clear(w, end, CHANNEL_HEAP_BYTES);
    w->state = image->state;
    w->holds = owner;
}

static uint32_t *begun_mark(const struct worker *w)
{
    return (uint32_t *)(void *)(w->channel + CHANNEL_BEGUN);
}

bool worker_has_begun(const struct worker *w)
{
    return *begun_mark(w) != 0;
}

bool worker_tell(struct worker *w, struct frame *frame, const struct str *texts, size_t count)
{
    size_t at = 0;
    assert(count <= FRAME_TEXTS);
    for (size_t i = 0; i < count; i++) {
        if (texts[i].len > CHANNEL_DOWN_BYTES - at)
            return false;
        if (texts[i].len > 0)
            memcpy(w->channel + CHANNEL_DOWN + at, texts[i].ptr, texts[i].len);
        frame->texts[i] = (struct frame_text){.at = (uint32_t)at, .len = (uint32_t)texts[i].len};
        at += texts[i].len;
    }
    *begun_mark(w) = 0;
    frame->state = w->state;
    w->mood = WORKER_BUSY;
    w->cpu_from_us = worker_cpu_us(w);
    (void)send(w->socket, frame, sizeof(*frame), MSG_NOSIGNAL);
    return true;
}

enum heard worker_hear(struct worker *w, struct frame *frame, const char **why)
{
    ssize_t n = recv(w->socket, frame, sizeof(*frame), MSG_DONTWAIT | MSG_TRUNC);
    *why = NULL;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return HEARD_NOTHING;
    if (n <= 0)
        return HEARD_END;
    if (n != (ssize_t)sizeof(*frame))
        *why = "a packet of another size";
    else if (w->mood == WORKER_IDLE)
        *why = "a packet out of turn";
    else if ((frame->kind == FRAME_READY) != (w->mood == WORKER_STARTING))
        *why = "ready at another moment";
    else
        *why = frame_check_up(frame);
    if (*why != NULL)
        return HEARD_END;
    w->state = frame->state;
    w->mood = WORKER_IDLE;
    return HEARD_FRAME;
}

struct str worker_text(const struct worker *w, const struct frame *frame, size_t i)
{
    const struct frame_text *text = &frame->texts[i];
    return str_from(w->channel + CHANNEL_UP + text->at, text->len);
}
