/* What a process in the jail can still do: each test enters it in a child of its own and tries one
 * thing. A forbidden call ends the child by SIGSYS; what is only limited fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/jail.h"

enum { SOCKET = 3, DONE = 7, NOT_JAILED = 8 };

/* Runs it in the jail; its result is the exit status. */
static int in_jail(int (*attempt)(void))
{
    int pair[2], status = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err err = ERR_NONE;
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka's own would go on with its tests */
        if (dup2(pair[1], SOCKET) != SOCKET || !jail_enter(SOCKET, &err))
            _exit(NOT_JAILED);
        _exit(attempt());
    }
    (void)close(pair[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(pair[0]);
    return status;
}

static void expect_killed(int (*attempt)(void))
{
    int status = in_jail(attempt);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
        fail_msg("status %x", (unsigned)status);
}

static void expect_exit(int (*attempt)(void), int code)
{
    int status = in_jail(attempt);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_msg("status %x", (unsigned)status);
}

/* Straight to the kernel, as code of somebody who broke in would. */
#define ATTEMPT(name, ...)                                                                         \
    static int try_##name(void)                                                                    \
    {                                                                                              \
        (void)syscall(__VA_ARGS__);                                                                \
        return DONE;                                                                               \
    }                                                                                              \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        expect_killed(try_##name);                                                                 \
    }

ATTEMPT(no_file_can_be_opened, SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)
ATTEMPT(no_file_can_be_opened_the_old_way, SYS_open, "/etc/passwd", O_RDONLY)
ATTEMPT(no_file_can_be_looked_at, SYS_newfstatat, AT_FDCWD, "/", NULL, 0)
ATTEMPT(no_socket_can_be_made, SYS_socket, AF_INET, SOCK_STREAM, 0)
ATTEMPT(nothing_can_be_connected, SYS_connect, SOCKET, NULL, 0)
ATTEMPT(no_process_can_be_forked, SYS_fork)
ATTEMPT(no_process_can_be_cloned, SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)
ATTEMPT(no_thread_can_be_started, SYS_clone3, NULL, 0)
ATTEMPT(no_program_can_be_run, SYS_execve, "/bin/true", NULL, NULL)
ATTEMPT(no_program_can_be_run_by_descriptor, SYS_execveat, SOCKET, "", NULL, NULL, 0)
ATTEMPT(nobody_can_be_traced, SYS_ptrace, PTRACE_TRACEME, 0, NULL, NULL)
ATTEMPT(nobody_can_be_signalled, SYS_kill, 1, 0)
ATTEMPT(not_even_itself_can_be_signalled, SYS_tgkill, 1, 1, 0)
ATTEMPT(memory_of_others_cannot_be_read, SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0)
ATTEMPT(limits_cannot_be_raised, SYS_prlimit64, 0, 0, NULL, NULL)
ATTEMPT(rights_cannot_be_changed, SYS_setuid, 0)
ATTEMPT(the_process_cannot_be_made_another, SYS_prctl, 4, 1, 0, 0, 0)
ATTEMPT(no_filter_can_be_added, SYS_seccomp, 0, 0, NULL)
ATTEMPT(namespaces_cannot_be_made, SYS_unshare, 0)
ATTEMPT(descriptors_cannot_be_received, SYS_recvmsg, SOCKET, NULL, 0)
ATTEMPT(descriptors_cannot_be_sent, SYS_sendmsg, SOCKET, NULL, 0)
ATTEMPT(other_descriptors_cannot_be_written, SYS_sendto, 1, "x", 1, 0, NULL, 0)
ATTEMPT(other_descriptors_cannot_be_read, SYS_recvfrom, 4, NULL, 0, 0, NULL, NULL)
ATTEMPT(no_kernel_ring_can_be_made, SYS_io_uring_setup, 1, NULL)
ATTEMPT(no_bpf_can_be_loaded, SYS_bpf, 0, NULL, 0)
ATTEMPT(memory_cannot_be_mapped_for_code, SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

static int make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
    return DONE;
}

static void memory_cannot_become_code(void **state)
{
    (void)state;
    expect_killed(make_code);
}

/* The 32-bit way into the same kernel. */
#if defined(__x86_64__)
static int call_as_32_bits(void)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid there */
    return DONE;
}

static void another_machines_calls_are_no_way_out(void **state)
{
    (void)state;
    expect_killed(call_as_32_bits);
}
#endif

static int read_outside(void)
{
    return *(volatile int *)(uintptr_t)0x1000; /* nobody's */
}

static void reading_outside_of_its_memory_ends_it(void **state)
{
    (void)state;
    int status = in_jail(read_outside);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static int work_on(void)
{
    struct timespec now;
    char *memory = malloc(1 << 22);
    char answer[4];
    if (memory == NULL || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        return 1;
    memset(memory, 1, 1 << 22);
    free(memory);
    if (send(SOCKET, "ping", 4, MSG_NOSIGNAL) != 4)
        return 2;
    return recv(SOCKET, answer, sizeof(answer), MSG_DONTWAIT) < 0 && errno == EAGAIN ? DONE : 3;
}

static void work_goes_on(void **state)
{
    (void)state;
    expect_exit(work_on, DONE);
}

static int see_environment(void)
{
    return environ == NULL || environ[0] == NULL ? DONE : 1;
}

static void the_environment_is_gone(void **state)
{
    (void)state;
    expect_exit(see_environment, DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_can_be_opened),
        cmocka_unit_test(no_file_can_be_opened_the_old_way),
        cmocka_unit_test(no_file_can_be_looked_at),
        cmocka_unit_test(no_socket_can_be_made),
        cmocka_unit_test(nothing_can_be_connected),
        cmocka_unit_test(no_process_can_be_forked),
        cmocka_unit_test(no_process_can_be_cloned),
        cmocka_unit_test(no_thread_can_be_started),
        cmocka_unit_test(no_program_can_be_run),
        cmocka_unit_test(no_program_can_be_run_by_descriptor),
        cmocka_unit_test(nobody_can_be_traced),
        cmocka_unit_test(nobody_can_be_signalled),
        cmocka_unit_test(not_even_itself_can_be_signalled),
        cmocka_unit_test(memory_of_others_cannot_be_read),
        cmocka_unit_test(limits_cannot_be_raised),
        cmocka_unit_test(rights_cannot_be_changed),
        cmocka_unit_test(the_process_cannot_be_made_another),
        cmocka_unit_test(no_filter_can_be_added),
        cmocka_unit_test(namespaces_cannot_be_made),
        cmocka_unit_test(descriptors_cannot_be_received),
        cmocka_unit_test(descriptors_cannot_be_sent),
        cmocka_unit_test(other_descriptors_cannot_be_written),
        cmocka_unit_test(other_descriptors_cannot_be_read),
        cmocka_unit_test(no_kernel_ring_can_be_made),
        cmocka_unit_test(no_bpf_can_be_loaded),
        cmocka_unit_test(memory_cannot_be_mapped_for_code),
        cmocka_unit_test(memory_cannot_become_code),
#if defined(__x86_64__)
        cmocka_unit_test(another_machines_calls_are_no_way_out),
#endif
        cmocka_unit_test(reading_outside_of_its_memory_ends_it),
        cmocka_unit_test(work_goes_on),
        cmocka_unit_test(the_environment_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
