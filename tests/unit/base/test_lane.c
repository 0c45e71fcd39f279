/* Lanes: who is served, who is refused, and how what is done comes home. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/lane.h"
#include "base/mem.h"

enum { CROWD = 40 };

/* A home for jobs that knows how often it was woken. */
struct home {
    struct inbox inbox;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    int times;
};

static void wake(void *arg)
{
    struct home *home = arg;
    pthread_mutex_lock(&home->lock);
    home->times++;
    pthread_cond_signal(&home->woken);
    pthread_mutex_unlock(&home->lock);
}

static void home_init(struct home *home)
{
    *home = (struct home){.times = 0};
    inbox_init(&home->inbox, wake, home);
    pthread_mutex_init(&home->lock, NULL);
    pthread_cond_init(&home->woken, NULL);
}

static void home_release(struct home *home)
{
    inbox_release(&home->inbox);
    pthread_cond_destroy(&home->woken);
    pthread_mutex_destroy(&home->lock);
}

/* Waits until that many jobs came home; returns how many really did. */
static int welcome(struct home *home, int count)
{
    int came = 0;
    while (came < count) {
        pthread_mutex_lock(&home->lock);
        while (home->times == 0)
            pthread_cond_wait(&home->woken, &home->lock);
        home->times = 0;
        pthread_mutex_unlock(&home->lock);
        for (struct mail *at = inbox_take(&home->inbox); at != NULL; at = at->next)
            came++;
    }
    return came;
}

struct task {
    struct job job; /* first */
    int ran;
};

static void run_task(struct job *job, void *context)
{
    (void)context;
    ((struct task *)job)->ran++;
}

static void task_init(struct task *task, struct home *home)
{
    job_init(&task->job, &home->inbox);
    task->job.run = run_task;
    task->ran = 0;
}

static const struct lane_spec usual = {
    .name = "test",
    .threads = 1,
    .max_jobs = 1000,
    .max_bytes = 1000,
    .batch = 16,
    .serve = lane_serve_each,
};

/* A crowd, and then one who comes alone. */
static void serve_crowd_and_one(const struct lane_spec *spec)
{
    struct home home;
    struct err err;
    struct task *tasks = mem_zalloc((CROWD + 1) * sizeof(*tasks));
    struct lane *lane = lane_open(spec, &err);
    assert_non_null(lane);
    home_init(&home);
    for (int i = 0; i <= CROWD; i++)
        task_init(&tasks[i], &home);
    for (int i = 0; i < CROWD; i++)
        assert_true(lane_submit(lane, &tasks[i].job, &err));
    assert_int_equal(welcome(&home, CROWD), CROWD);
    assert_true(lane_submit(lane, &tasks[CROWD].job, &err));
    assert_int_equal(welcome(&home, 1), 1);
    lane_close(lane);
    for (int i = 0; i <= CROWD; i++)
        assert_int_equal(tasks[i].ran, 1);
    home_release(&home);
    free(tasks);
}

static void every_job_is_run_once_and_comes_home(void **state)
{
    (void)state;
    serve_crowd_and_one(&usual);
}

static void a_lane_that_gathers_also_serves_one_who_comes_alone(void **state)
{
    (void)state;
    struct lane_spec spec = usual;
    spec.gathers = true;
    serve_crowd_and_one(&spec);
}

static void a_closing_lane_finishes_its_queue(void **state)
{
    (void)state;
    struct home home;
    struct err err;
    struct task tasks[CROWD];
    struct lane_spec spec = usual;
    spec.gathers = true;
    struct lane *lane = lane_open(&spec, &err);
    assert_non_null(lane);
    home_init(&home);
    for (int i = 0; i < CROWD; i++) {
        task_init(&tasks[i], &home);
        assert_true(lane_submit(lane, &tasks[i].job, &err));
    }
    lane_close(lane);
    assert_int_equal(welcome(&home, CROWD), CROWD);
    home_release(&home);
}

static void a_job_that_does_not_fit_is_refused_and_stays_the_callers(void **state)
{
    (void)state;
    struct home home;
    struct err err;
    struct task task;
    struct lane *lane = lane_open(&usual, &err);
    assert_non_null(lane);
    home_init(&home);
    task_init(&task, &home);
    task.job.bytes = usual.max_bytes + 1;
    assert_false(lane_submit(lane, &task.job, &err));
    assert_int_equal(err.status, 503);
    lane_close(lane);
    assert_int_equal(task.ran, 0);
    home_release(&home);
}

static void a_list_wakes_each_home_once(void **state)
{
    (void)state;
    struct home homes[2];
    struct task tasks[CROWD];
    home_init(&homes[0]);
    home_init(&homes[1]);
    for (int i = 0; i < CROWD; i++) {
        task_init(&tasks[i], &homes[i % 2]);
        tasks[i].job.mail.next = i + 1 < CROWD ? &tasks[i + 1].job.mail : NULL;
    }
    jobs_home(&tasks[0].job.mail, &tasks[CROWD - 2].job.mail);
    assert_int_equal(homes[0].times, 1);
    assert_int_equal(homes[1].times, 1);
    assert_int_equal(welcome(&homes[0], CROWD / 2 - 1), CROWD / 2 - 1);
    assert_int_equal(welcome(&homes[1], CROWD / 2 - 1), CROWD / 2 - 1);
    home_release(&homes[0]);
    home_release(&homes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_is_run_once_and_comes_home),
        cmocka_unit_test(a_lane_that_gathers_also_serves_one_who_comes_alone),
        cmocka_unit_test(a_closing_lane_finishes_its_queue),
        cmocka_unit_test(a_job_that_does_not_fit_is_refused_and_stays_the_callers),
        cmocka_unit_test(a_list_wakes_each_home_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
