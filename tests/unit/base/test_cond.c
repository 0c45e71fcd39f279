/* Waiting until a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/cond.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t to_ms(struct timespec moment)
{
    return (int64_t)moment.tv_sec * 1000 + moment.tv_nsec / 1000000;
}

static void a_moment_is_that_far_away(void **state)
{
    (void)state;
    const int64_t far[] = {0, 1, 999, 1000, 1001, 59999, 86400000};
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        int64_t before = clock_mono_ms();
        struct timespec moment = cond_moment(far[i]);
        int64_t after = clock_mono_ms();
        assert_true(moment.tv_nsec >= 0 && moment.tv_nsec < 1000000000);
        assert_in_range(to_ms(moment), before + far[i], after + far[i]);
    }
}

static void waiting_ends_when_the_moment_has_come(void **state)
{
    (void)state;
    pthread_cond_t never;
    cond_init(&never);
    struct timespec moment = cond_moment(1);
    pthread_mutex_lock(&lock);
    while (cond_wait_until(&never, &lock, &moment)) {
    }
    pthread_mutex_unlock(&lock);
    assert_true(clock_mono_ms() >= to_ms(moment));
    pthread_cond_destroy(&never);
}

struct signal {
    pthread_cond_t given;
    bool is_given;
};

static void *give(void *arg)
{
    struct signal *s = arg;
    pthread_mutex_lock(&lock);
    s->is_given = true;
    pthread_cond_signal(&s->given);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void a_signal_ends_it_before(void **state)
{
    (void)state;
    struct signal s = {.is_given = false};
    cond_init(&s.given);
    struct timespec moment = cond_moment(INT64_C(3600) * 1000);
    pthread_t giver;
    assert_int_equal(pthread_create(&giver, NULL, give, &s), 0);
    bool in_time = true;
    pthread_mutex_lock(&lock);
    while (!s.is_given && in_time)
        in_time = cond_wait_until(&s.given, &lock, &moment);
    pthread_mutex_unlock(&lock);
    assert_true(in_time);
    pthread_join(giver, NULL);
    pthread_cond_destroy(&s.given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_that_far_away),
        cmocka_unit_test(waiting_ends_when_the_moment_has_come),
        cmocka_unit_test(a_signal_ends_it_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
