/* A worker and this side of its frames, for tests. The test program starts itself once more as the
 * worker, just as the server does: its main() begins with FIXTURE_WORKER(argc, argv).
 *
 * A test asks for slices one by one. What came back is in `rig.up` and, as texts, in rig_text(). */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "script/protocol.h"
#include "worker/worker.h"

#define FIXTURE_WORKER(argc, argv)                                                                 \
    if ((argc) > 1 && strcmp((argv)[1], WORKER_COMMAND) == 0)                                      \
    return worker_main(false)

struct image {
    struct engine_state state;
    char *bytes;
};

struct rig {
    pid_t pid;
    int socket, memory;
    char *channel;
    struct image fresh;
    struct frame limits; /* of the next slices */
    struct frame up;     /* what came last */
    bool sloppy;
};

static inline size_t image_len(const struct image *image)
{
    return (size_t)image->state.pages * CHANNEL_PAGE - image->state.stack;
}

/* The used part of the heap, as the worker told it last. */
static inline struct image rig_save(const struct rig *rig)
{
    struct image image = {.state = rig->up.state};
    image.bytes = mem_alloc(image_len(&image));
    memcpy(image.bytes, rig->channel + image.state.stack, image_len(&image));
    return image;
}

static inline void rig_place(struct rig *rig, const struct image *image)
{
    assert_int_equal(
        fallocate(rig->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, CHANNEL_HEAP_BYTES),
        0);
    memcpy(rig->channel + image->state.stack, image->bytes, image_len(image));
    rig->up.state = image->state;
}

/* True when a frame came, false when the worker has ended. */
static inline bool rig_hear(struct rig *rig)
{
    ssize_t n = recv(rig->socket, &rig->up, sizeof(rig->up), 0);
    if (n <= 0)
        return false;
    assert_int_equal(n, sizeof(rig->up));
    const char *why = frame_check_up(&rig->up);
    if (why != NULL)
        fail_msg("%s", why);
    return true;
}

static inline void rig_start_again(struct rig *rig)
{
    int pair[2];
    char name[] = "test", command[] = WORKER_COMMAND;
    char *argv[] = {name, command, NULL};
    char *envp[] = {NULL};
    posix_spawn_file_actions_t actions;

    rig->memory = fcntl(memfd_create("channel", MFD_CLOEXEC), F_DUPFD_CLOEXEC, 20);
    assert_int_equal(ftruncate(rig->memory, CHANNEL_BYTES), 0);
    rig->channel = mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, rig->memory, 0);
    assert_ptr_not_equal(rig->channel, MAP_FAILED);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    rig->socket = fcntl(pair[0], F_DUPFD_CLOEXEC, 20);
    int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, 20);
    (void)close(pair[0]);
    (void)close(pair[1]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, theirs, WORKER_SOCKET);
    posix_spawn_file_actions_adddup2(&actions, rig->memory, WORKER_CHANNEL);
    assert_int_equal(posix_spawn(&rig->pid, "/proc/self/exe", &actions, NULL, argv, envp), 0);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(theirs);

    assert_true(rig_hear(rig));
    assert_int_equal(rig->up.kind, FRAME_READY);
    assert_int_equal(rig->up.flags, FRAME_FRESH);
    rig->limits = (struct frame){.cpu_us = 3000000,
                                 .heap_bytes = 8 << 20,
                                 .result_bytes = 1 << 20,
                                 .console_lines = 100,
                                 .console_line_bytes = 4096};
}

static inline void rig_start(struct rig *rig)
{
    *rig = (struct rig){.pid = 0};
    rig_start_again(rig);
    rig->fresh = rig_save(rig);
}

/* Its exit as waitpid() tells it. */
static inline int rig_wait(struct rig *rig)
{
    int status = 0;
    (void)close(rig->socket);
    assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
    (void)close(rig->memory);
    (void)munmap(rig->channel, CHANNEL_BYTES);
    return status;
}

static inline void rig_stop(struct rig *rig)
{
    int status = rig_wait(rig);
    free(rig->fresh.bytes);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* One slice. False when the worker has ended. */
static inline bool rig_ask(struct rig *rig, enum frame_kind kind, const char *first,
                           const char *second, const char *third)
{
    const char *texts[FRAME_TEXTS] = {first, second, third};
    struct frame frame = rig->limits;
    uint32_t at = 0;
    frame.kind = kind;
    frame.flags = rig->sloppy ? FRAME_SLOPPY : 0;
    frame.state = rig->up.state;
    for (size_t i = 0; i < FRAME_TEXTS; i++) {
        uint32_t len = texts[i] != NULL ? (uint32_t)strlen(texts[i]) : 0;
        if (len > 0)
            memcpy(rig->channel + CHANNEL_DOWN + at, texts[i], len);
        frame.texts[i] = (struct frame_text){.at = at, .len = len};
        at += len;
    }
    if (send(rig->socket, &frame, sizeof(frame), MSG_NOSIGNAL) != (ssize_t)sizeof(frame))
        return false;
    return rig_hear(rig);
}

static inline struct str rig_text(const struct rig *rig, size_t i)
{
    return str_from(rig->channel + CHANNEL_UP + rig->up.texts[i].at, rig->up.texts[i].len);
}

/* A script in a fresh engine; whatever the outcome. */
static inline void rig_evaluate(struct rig *rig, const char *source)
{
    rig_place(rig, &rig->fresh);
    assert_true(rig_ask(rig, FRAME_EVALUATE, source, NULL, NULL));
}

static inline void rig_load(struct rig *rig, const char *source)
{
    rig_evaluate(rig, source);
    if (rig->up.kind != FRAME_DONE)
        fail_msg("%.*s", STR_FMT(rig_text(rig, 0)));
}

static inline void rig_call(struct rig *rig, const char *method, const char *argument)
{
    assert_true(rig_ask(rig, FRAME_CALL, method, argument, NULL));
}

/* A copy of a text, ended by '\0', good until the next call. */
static inline const char *rig_cstr(const struct rig *rig, size_t i)
{
    static char *last;
    struct str text = rig_text(rig, i);
    free(last);
    last = mem_alloc(text.len + 1);
    if (text.len > 0)
        memcpy(last, text.ptr, text.len);
    last[text.len] = '\0';
    return last;
}

static inline void rig_expect(struct rig *rig, const char *result)
{
    if (rig->up.kind != FRAME_DONE)
        fail_msg("kind %u verdict %u: %.*s", rig->up.kind, rig->up.verdict,
                 STR_FMT(rig_text(rig, 0)));
    assert_string_equal(rig_cstr(rig, 0), result);
}

static inline void rig_expect_bad(struct rig *rig, enum verdict verdict)
{
    if (rig->up.kind != FRAME_BAD || rig->up.verdict != verdict)
        fail_msg("kind %u verdict %u: %.*s", rig->up.kind, rig->up.verdict,
                 STR_FMT(rig_text(rig, 0)));
}

/* A member of the error text. */
static inline const struct json *rig_error(const struct rig *rig, struct arena *a, const char *name)
{
    return json_get(json_parse(a, arena_str(a, rig_text(rig, 0))), str_of(name));
}

/* One row: a script, a call of its method `m`, and what it must return; an expected error begins
 * with '!' and names it. Rows are tried with sloppy and with strict class bodies. */
struct row {
    const char *what, *source, *argument, *result;
    enum { BOTH, ONLY_STRICT, ONLY_SLOPPY } mode;
};

static inline void rig_try(struct rig *rig, const struct row *row, bool sloppy)
{
    char expected[4096], got[4096];
    struct arena a;
    arena_init(&a, 1 << 20);
    rig->sloppy = sloppy;
    rig_evaluate(rig, row->source);
    if (rig->up.kind == FRAME_DONE)
        rig_call(rig, "m", row->argument);
    if (rig->up.kind == FRAME_BAD) {
        const struct json *name = rig_error(rig, &a, "name");
        (void)snprintf(got, sizeof(got), "!%.*s", STR_FMT(name->string));
        if (row->result[0] != '!')
            (void)snprintf(got, sizeof(got), "%.*s", STR_FMT(rig_text(rig, 0)));
    } else {
        (void)snprintf(got, sizeof(got), "%.*s", STR_FMT(rig_text(rig, 0)));
    }
    (void)snprintf(expected, sizeof(expected), "%s", row->result);
    if (strcmp(got, expected) != 0)
        fail_msg("%s (%s): expected %s, got %s", row->what, sloppy ? "sloppy" : "strict", expected,
                 got);
    arena_release(&a);
}

static inline void rig_try_all(struct rig *rig, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].mode != ONLY_SLOPPY)
            rig_try(rig, &rows[i], false);
        if (rows[i].mode != ONLY_STRICT)
            rig_try(rig, &rows[i], true);
    }
}

#define TRY_ALL(rig, rows) rig_try_all((rig), (rows), sizeof(rows) / sizeof((rows)[0]))

/* A method m(a) of the class, by its body. */
#define M(body) "class Script { m(a) { " body " } }"

/* For cmocka's group set-up and tear-down; the state is the rig. */
static inline int rig_setup(void **state)
{
    struct rig *rig = mem_zalloc(sizeof(*rig));
    rig_start(rig);
    *state = rig;
    return 0;
}

static inline int rig_teardown(void **state)
{
    rig_stop(*state);
    free(*state);
    return 0;
}
