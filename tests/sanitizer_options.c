/* Options of the sanitizers, compiled into every program of the asan, tsan and fuzz builds, so
 * that a program behaves the same however it is started. The environment can add to them.
 * Exit status 99 is a report: nothing else in the tests ends with it.
 */

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "exitcode=99:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1";
}

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

const char *__tsan_default_options(void)
{
    return "exitcode=99:halt_on_error=1:second_deadlock_stack=1";
}
