/* The engine's memory: it grows to its bound, and beyond its end there is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/sandbox.h"

enum { DONE = 7, PAGES_MAX = CHANNEL_HEAP_BYTES / CHANNEL_PAGE };

/* There is one per process. */
static struct sandbox box;

static int setup(void **state)
{
    struct err err = ERR_NONE;
    int memory = memfd_create("channel", MFD_CLOEXEC);
    (void)state;
    return memory >= 0 && ftruncate(memory, CHANNEL_BYTES) == 0 &&
                   sandbox_open(&box, memory, NULL, &err)
               ? 0
               : -1;
}

static void addresses_are_looked_up_within_the_memory(void **state)
{
    (void)state;
    uint32_t end = sandbox_pages(&box) * CHANNEL_PAGE;
    assert_non_null(sandbox_at(&box, 0, end));
    assert_non_null(sandbox_at(&box, end, 0));
    assert_non_null(sandbox_at(&box, end - 8, 8));
    assert_null(sandbox_at(&box, end - 8, 9));
    assert_null(sandbox_at(&box, end, 1));
    assert_null(sandbox_at(&box, UINT32_MAX, UINT32_MAX));
    assert_null(sandbox_at(&box, 1, UINT32_MAX));
}

static void it_grows_to_its_bound_and_not_further(void **state)
{
    (void)state;
    wasm_rt_memory_t *memory = &box.in.w2c_memory;
    uint32_t before = sandbox_pages(&box);
    assert_int_equal(wasm_rt_grow_memory(memory, 2), before);
    assert_int_equal(sandbox_pages(&box), before + 2);
    char *end = sandbox_at(&box, (before + 2) * CHANNEL_PAGE - 1, 1);
    *end = 'x';
    assert_int_equal(wasm_rt_grow_memory(memory, PAGES_MAX), UINT32_MAX);
    assert_int_equal(wasm_rt_grow_memory(memory, UINT32_MAX), UINT32_MAX);
    assert_int_equal(sandbox_pages(&box), before + 2);
    assert_int_equal(wasm_rt_grow_memory(memory, PAGES_MAX - before - 2), before + 2);
    assert_int_equal(sandbox_pages(&box), PAGES_MAX);
    sandbox_resize(&box, before);
    assert_int_equal(sandbox_pages(&box), before);
    assert_null(sandbox_at(&box, before * CHANNEL_PAGE, 1));
}

static void expect_fault(size_t offset)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        *(volatile char *)(box.in.w2c_memory.data + offset) = 1;
        _exit(DONE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void beyond_its_end_there_is_nothing(void **state)
{
    (void)state;
    expect_fault((size_t)sandbox_pages(&box) * CHANNEL_PAGE);
    expect_fault(CHANNEL_HEAP_BYTES - 1);
    if (WASM_RT_MEMCHECK_SIGNAL_HANDLER == 1) {
        expect_fault(CHANNEL_HEAP_BYTES);
        expect_fault(UINT32_MAX);
        expect_fault((size_t)2 * UINT32_MAX);
    }
}

static void a_trap_ends_the_process(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        GUEST0(&box, abort);
        _exit(DONE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_TRAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_looked_up_within_the_memory),
        cmocka_unit_test(it_grows_to_its_bound_and_not_further),
        cmocka_unit_test(beyond_its_end_there_is_nothing),
        cmocka_unit_test(a_trap_ends_the_process),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
