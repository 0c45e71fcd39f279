/* Mail keeps its order, and its owner is woken once for each change from empty to not empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/lane.h"

enum { JOBS = 6 };

struct house {
    struct inbox inbox;
    int wakes;
};

static void note_wake(void *arg)
{
    ((struct house *)arg)->wakes++;
}

static void house_open(struct house *h)
{
    h->wakes = 0;
    inbox_init(&h->inbox, note_wake, h);
}

static void expect(struct house *h, int wakes, const struct mail *const *mail, size_t count)
{
    struct mail *all = inbox_take(&h->inbox);
    for (size_t i = 0; i < count; i++, all = all->next)
        assert_ptr_equal(all, mail[i]);
    assert_null(all);
    assert_int_equal(h->wakes, wakes);
    h->wakes = 0;
}

static void mail_comes_in_its_order_and_wakes_once(void **state)
{
    (void)state;
    struct house h;
    struct mail a, b;
    house_open(&h);
    for (int again = 0; again < 2; again++) {
        inbox_put(&h.inbox, &a);
        inbox_put(&h.inbox, &b);
        expect(&h, 1, (const struct mail *[]){&a, &b}, 2);
    }
    expect(&h, 0, NULL, 0);
    inbox_release(&h.inbox);
}

static void a_list_is_put_behind_what_is_there(void **state)
{
    (void)state;
    struct house h;
    struct mail a, c = {.next = NULL}, b = {.next = &c}, d;
    house_open(&h);
    inbox_put(&h.inbox, &a);
    inbox_put_all(&h.inbox, &b);
    inbox_put(&h.inbox, &d);
    expect(&h, 1, (const struct mail *[]){&a, &b, &c, &d}, 4);
    c.next = NULL;
    inbox_put_all(&h.inbox, &b);
    expect(&h, 1, (const struct mail *[]){&b, &c}, 2);
    inbox_release(&h.inbox);
}

static void link_jobs(struct job jobs[JOBS], struct house *const homes[JOBS])
{
    for (int i = 0; i < JOBS; i++) {
        job_init(&jobs[i], &homes[i]->inbox);
        jobs[i].mail.next = i + 1 < JOBS ? &jobs[i + 1].mail : NULL;
    }
}

static void jobs_go_home_together_but_for_those_behind_the_end(void **state)
{
    (void)state;
    struct house a, b;
    struct job j[JOBS];
    house_open(&a);
    house_open(&b);
    link_jobs(j, (struct house *const[]){&a, &b, &b, &a, &b, &a});
    jobs_home(&j[0].mail, &j[5].mail);
    expect(&a, 1, (const struct mail *[]){&j[0].mail, &j[3].mail}, 2);
    expect(&b, 1, (const struct mail *[]){&j[1].mail, &j[2].mail, &j[4].mail}, 3);
    jobs_home(&j[5].mail, NULL);
    expect(&a, 1, (const struct mail *[]){&j[5].mail}, 1);
    jobs_home(NULL, NULL);
    inbox_release(&a.inbox);
    inbox_release(&b.inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_comes_in_its_order_and_wakes_once),
        cmocka_unit_test(a_list_is_put_behind_what_is_there),
        cmocka_unit_test(jobs_go_home_together_but_for_those_behind_the_end),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
