/* The jail of jail.h: limits, then the list of system calls. A worker's only thread; once. */
#include "worker/jail.h"

#include <errno.h>
#include <linux/close_range.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { DATA_BYTES = 256 << 20, STACK_BYTES = 8 << 20 };

/* Each is 0 but for these two; a sanitizer's own memory has no bound. */
static const struct {
    int what;
    rlim_t most;
} limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_MEMLOCK, 0},
    {RLIMIT_MSGQUEUE, 0},
    {RLIMIT_SIGPENDING, 0},
    {RLIMIT_STACK, STACK_BYTES},
    {RLIMIT_DATA, SANITIZED ? RLIM_INFINITY : DATA_BYTES},
    {RLIMIT_NOFILE, 0},
};

static bool set_limits(struct err *err)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit now, then;
        if (getrlimit((__rlimit_resource_t)limits[i].what, &now) != 0)
            return err_internal(err, "limit %d: %s", limits[i].what, strerrordesc_np(errno));
        rlim_t most = limits[i].most < now.rlim_max ? limits[i].most : now.rlim_max;
        then = (struct rlimit){.rlim_cur = most, .rlim_max = most};
        if (setrlimit((__rlimit_resource_t)limits[i].what, &then) != 0)
            return err_internal(err, "limit %d: %s", limits[i].what, strerrordesc_np(errno));
    }
    return true;
}

/* With a sanitizer its reports go to descriptor 2. */
static void close_others(int socket)
{
    unsigned first = SANITIZED ? 3 : 0;
    if ((unsigned)socket > first)
        (void)syscall(SYS_close_range, first, (unsigned)socket - 1, 0);
    (void)syscall(SYS_close_range, (unsigned)socket + 1, ~0u, 0);
}

/* Calls that are allowed whatever their arguments. */
static const int free_calls[] = {
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(getrandom),
#if SANITIZED
    /* Reports, and memory of their own. */
    SCMP_SYS(write),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(readlink),
    SCMP_SYS(getrusage),
    SCMP_SYS(ioctl),
#endif
};

/* Those that are for the socket alone. */
static const int socket_calls[] = {SCMP_SYS(recvfrom), SCMP_SYS(sendto)};

/* Those that could make memory executable; their third argument must not ask for it. */
static const int memory_calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int allow_calls(scmp_filter_ctx filter, int socket)
{
    int failed = 0;
    struct scmp_arg_cmp to_socket = SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)socket);
    struct scmp_arg_cmp not_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    for (size_t i = 0; i < COUNT(free_calls); i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, free_calls[i], 0);
    for (size_t i = 0; i < COUNT(socket_calls); i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, socket_calls[i], 1, to_socket);
    for (size_t i = 0; i < COUNT(memory_calls); i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, memory_calls[i], 1, not_code);
    return failed;
}

static bool shut_the_door(int socket, struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return err_internal(err, "no list of system calls");
    /* Calls of another machine (32 bits) would by default end but the thread. */
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    failed |= allow_calls(filter, socket);
    if (failed == 0)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed != 0)
        return err_internal(err, "the kernel takes no list of system calls: %d", failed);
    return true;
}

bool jail_enter(int socket, struct err *err)
{
    close_others(socket);
    (void)clearenv();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_internal(err, "prctl: %s", strerrordesc_np(errno));
    return set_limits(err) && shut_the_door(socket, err);
}
