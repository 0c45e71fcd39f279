/* The pool, with workers that are made for it: this very program, started again as a worker, has no
 * engine but does what the method's name says. So every way in which a worker can end is at hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "script/protocol.h"
#include "script/script.h"

/* --- the worker --- */

enum { STACK = 1 << 20, PAGES = 18 };

static char *channel;

static struct str down(const struct frame *frame, size_t i)
{
    return str_from(channel + CHANNEL_DOWN + frame->texts[i].at, frame->texts[i].len);
}

static void up(struct frame *frame, size_t i, struct str text)
{
    uint32_t at = (uint32_t)i * 4096;
    memcpy(channel + CHANNEL_UP + at, text.ptr, text.len);
    frame->texts[i] = (struct frame_text){.at = at, .len = (uint32_t)text.len};
}

/* The state: how often it was called. */
static uint32_t *counter(void)
{
    return (uint32_t *)(void *)(channel + STACK + 64);
}

static void answer_number(struct frame *out, uint32_t number)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%u", number);
    up(out, 0, str_from(text, (size_t)len));
}

static void burn(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

/* The first worker that is asked dies before it has begun; the argument names a file that shows
 * whether there was one. */
static void vanish_once(struct str path)
{
    char name[256];
    (void)snprintf(name, sizeof(name), "%.*s", STR_FMT(path));
    if (unlink(name) == 0)
        _exit(1);
}

static void call(const struct frame *in, struct frame *out)
{
    struct str method = down(in, 0);
    if (str_is(method, "vanish"))
        vanish_once(down(in, 1));
    *(uint32_t *)(void *)(channel + CHANNEL_BEGUN) = 1;
    if (str_is(method, "crash") || str_is(method, "odd")) {
        if (str_is(method, "odd"))
            (void)send(WORKER_SOCKET, "odd", 3, 0);
        _exit(1);
    }
    if (str_is(method, "burn"))
        burn();
    if (str_is(method, "sleep"))
        (void)pause();
    answer_number(out, ++*counter());
    up(out, 1, STR("[[\"log\",\"called\"]]"));
    if (str_is(method, "throw")) {
        out->kind = FRAME_BAD;
        out->verdict = VERDICT_THROWN;
        up(out, 0,
           STR("{\"name\":\"TypeError\",\"message\":\"no\",\"stack\":\"TypeError: no\","
               "\"line\":3,\"column\":7}"));
    } else if (str_is(method, "memory") || str_is(method, "broken")) {
        out->kind = FRAME_BAD;
        out->verdict = str_is(method, "memory") ? VERDICT_MEMORY : VERDICT_BROKEN;
        out->texts[0] = (struct frame_text){0};
    } else if (str_is(method, "await")) {
        out->kind = FRAME_WAIT;
        up(out, 0, STR("[{\"id\":1,\"url\":\"http://127.0.0.1/\",\"method\":\"GET\"}]"));
    } else if (str_is(method, "never")) {
        out->kind = FRAME_WAIT;
        up(out, 0, STR("[]"));
    } else if (str_is(method, "argument")) {
        up(out, 0, down(in, 1));
    }
}

static void serve(const struct frame *in, struct frame *out)
{
    *out = (struct frame){.kind = FRAME_DONE, .state = in->state, .heap_bytes = 1000};
    if (in->kind == FRAME_CALL) {
        call(in, out);
    } else if (in->kind == FRAME_RESUME) {
        up(out, 0, down(in, 0));
    } else if (str_is(down(in, 0), "broken source")) {
        out->kind = FRAME_BAD;
        out->verdict = VERDICT_THROWN;
        up(out, 0, STR("{\"name\":\"SyntaxError\",\"message\":\"bad\",\"stack\":\"\"}"));
    } else if (str_is(down(in, 0), "burning source")) {
        burn();
    } else {
        assert_int_equal(*counter(), 0); /* a fresh heap */
    }
}

static int worker(void)
{
    struct frame in,
        out = {.kind = FRAME_READY, .flags = FRAME_FRESH, .state = {PAGES, STACK, STACK}};
    void *map = mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, WORKER_CHANNEL, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    channel = map;
    while (send(WORKER_SOCKET, &out, sizeof(out), 0) == (ssize_t)sizeof(out) &&
           recv(WORKER_SOCKET, &in, sizeof(in), 0) == (ssize_t)sizeof(in))
        serve(&in, &out);
    return 0;
}

/* --- the tests' side --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rung = PTHREAD_COND_INITIALIZER;
static struct inbox home;

static void wake(void *arg)
{
    (void)arg;
    (void)pthread_mutex_lock(&lock);
    (void)pthread_cond_signal(&rung);
    (void)pthread_mutex_unlock(&lock);
}

static struct scripts *open_pool(unsigned workers, size_t image_bytes)
{
    struct err err;
    struct scripts_config config = {.workers = workers,
                                    .limits = {.cpu_ms = 100,
                                               .wall_ms = 1000,
                                               .heap_bytes = 8 << 20,
                                               .result_bytes = 1 << 20,
                                               .console_lines = 100,
                                               .console_line_bytes = 4096},
                                    .image_bytes = image_bytes,
                                    .folder = "/tmp"};
    inbox_init(&home, wake, NULL);
    struct scripts *s = scripts_open(&config, &err);
    assert_non_null(s);
    return s;
}

static void close_pool(struct scripts *s)
{
    scripts_free(s);
    inbox_release(&home);
}

struct asked {
    struct script_run run;
    struct arena arena;
    bool back;
};

static void come_back(struct job *job)
{
    ((struct asked *)(void *)job)->back = true;
}

static void submit(struct scripts *s, struct asked *a, struct script_run run)
{
    *a = (struct asked){.run = run};
    arena_init(&a->arena, 1 << 20);
    job_init(&a->run.job, &home);
    a->run.job.finish = come_back;
    a->run.arena = &a->arena;
    scripts_submit(s, &a->run);
}

static struct script_run a_call(const char *id, const char *method)
{
    return (struct script_run){.ask = SCRIPT_CALL,
                               .id = str_of(id),
                               .revision = 1,
                               .source = STR("source"),
                               .method = method,
                               .argument = STR("{\"a\":1}")};
}

static void ask(struct scripts *s, struct asked *a, const char *id, const char *method)
{
    submit(s, a, a_call(id, method));
}

static void await(struct asked *a)
{
    while (!a->back) {
        (void)pthread_mutex_lock(&lock);
        struct mail *list = inbox_take(&home);
        if (list == NULL)
            (void)pthread_cond_wait(&rung, &lock);
        (void)pthread_mutex_unlock(&lock);
        jobs_finish(list);
    }
}

static void done(struct asked *a)
{
    arena_release(&a->arena);
}

/* A whole call that must end like this. */
static void expect(struct scripts *s, const char *id, const char *method, enum script_end end,
                   const char *result)
{
    struct asked a;
    ask(s, &a, id, method);
    await(&a);
    assert_int_equal(a.run.end, end);
    if (result != NULL) {
        assert_int_equal(a.run.result.len, strlen(result));
        assert_memory_equal(a.run.result.ptr, result, strlen(result));
    }
    done(&a);
}

static void a_call_returns_what_the_method_returned_and_what_it_printed(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    struct asked a;
    ask(s, &a, "one", "argument");
    await(&a);
    assert_int_equal(a.run.end, SCRIPT_RETURNED);
    assert_true(str_is(a.run.result, "{\"a\":1}"));
    assert_true(str_is(a.run.console, "[[\"log\",\"called\"]]"));
    assert_int_equal(a.run.heap_bytes, 1000);
    done(&a);
    close_pool(s);
}

static void the_state_goes_on_from_call_to_call_whatever_worker_it_meets(void **state)
{
    (void)state;
    struct scripts *s = open_pool(3, SIZE_MAX);
    struct asked calls[30];
    const char *const ids[] = {"one", "two", "three", "four", "five"};
    for (size_t i = 0; i < 30; i++)
        ask(s, &calls[i], ids[i % 5], "count");
    for (size_t i = 0; i < 30; i++) {
        await(&calls[i]);
        assert_int_equal(calls[i].run.end, SCRIPT_RETURNED);
        assert_int_equal(strtol(calls[i].run.result.ptr, NULL, 10), i / 5 + 1);
        done(&calls[i]);
    }
    close_pool(s);
}

static void incoming_and_outgoing_have_states_of_their_own(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    struct script_run run = a_call("one", "count");
    struct asked a;
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    run.side = SCRIPT_OUTGOING;
    submit(s, &a, run);
    await(&a);
    assert_true(str_is(a.run.result, "1"));
    done(&a);
    expect(s, "one", "count", SCRIPT_RETURNED, "2");
    close_pool(s);
}

static void a_cold_state_goes_to_the_file_and_comes_back(void **state)
{
    (void)state;
    struct scripts *s = open_pool(2, 1);
    for (int round = 0; round < 3; round++) {
        char result[] = {(char)('1' + round), '\0'};
        expect(s, "one", "count", SCRIPT_RETURNED, result);
        expect(s, "two", "count", SCRIPT_RETURNED, result);
        expect(s, "three", "count", SCRIPT_RETURNED, result);
    }
    close_pool(s);
}

static void another_revision_begins_anew(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    struct script_run run = a_call("one", "count");
    struct asked a;
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    expect(s, "one", "count", SCRIPT_RETURNED, "2");
    run.revision = 2;
    submit(s, &a, run);
    await(&a);
    assert_true(str_is(a.run.result, "1"));
    done(&a);
    close_pool(s);
}

static void a_throw_fails_with_its_place_and_keeps_the_state(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    struct asked a;
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    ask(s, &a, "one", "throw");
    await(&a);
    assert_int_equal(a.run.end, SCRIPT_FAILED);
    assert_true(str_is(a.run.error.name, "TypeError"));
    assert_int_equal(a.run.error.line, 3);
    assert_int_equal(a.run.error.column, 7);
    done(&a);
    expect(s, "one", "count", SCRIPT_RETURNED, "3");
    close_pool(s);
}

/* Each of these loses the call; the state is the one before it, and other instances' stays. */
static void whatever_kills_a_worker_leaves_the_state_before_the_call(void **state)
{
    (void)state;
    static const char *const ways[] = {"crash", "odd", "burn", "sleep"};
    struct scripts *s = open_pool(2, SIZE_MAX);
    expect(s, "other", "count", SCRIPT_RETURNED, "1");
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        expect(s, "one", ways[i], SCRIPT_FAILED, NULL);
    expect(s, "one", "broken", SCRIPT_FAILED, NULL);
    expect(s, "other", "count", SCRIPT_RETURNED, "2");
    close_pool(s);
}

static void a_call_after_a_kill_goes_on_from_the_state_before(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    expect(s, "one", "crash", SCRIPT_FAILED, NULL);
    expect(s, "one", "count", SCRIPT_RETURNED, "2");
    close_pool(s);
}

static void a_call_that_a_dying_worker_never_began_is_given_to_another(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    char path[] = "/tmp/gantry-vanish-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    struct script_run run = a_call("one", "vanish");
    struct asked a;
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    run.argument = str_of(path);
    submit(s, &a, run);
    await(&a);
    assert_int_equal(a.run.end, SCRIPT_RETURNED);
    assert_true(str_is(a.run.result, "2"));
    assert_int_not_equal(access(path, F_OK), 0);
    done(&a);
    close_pool(s);
}

static void a_heap_that_was_too_large_is_evaluated_anew(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    expect(s, "one", "memory", SCRIPT_FAILED, NULL);
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    close_pool(s);
}

static void five_kills_in_a_row_suspend_the_script(void **state)
{
    (void)state;
    struct scripts *s = open_pool(2, SIZE_MAX);
    for (int i = 0; i < 4; i++)
        expect(s, "one", "crash", SCRIPT_FAILED, NULL);
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    for (int i = 0; i < 5; i++)
        expect(s, "one", "crash", SCRIPT_FAILED, NULL);
    struct asked a;
    ask(s, &a, "one", "count");
    await(&a);
    assert_int_equal(a.run.end, SCRIPT_SUSPENDED);
    assert_in_range(a.run.retry_after_s, 1, 60);
    done(&a);
    expect(s, "other", "count", SCRIPT_RETURNED, "1");
    close_pool(s);
}

static void a_promise_that_cannot_settle_ends_the_call(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    expect(s, "one", "never", SCRIPT_FAILED, NULL);
    expect(s, "one", "count", SCRIPT_RETURNED, "1");
    close_pool(s);
}

static void without_a_client_a_fetch_is_rejected_and_the_call_goes_on(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    expect(s, "one", "await", SCRIPT_RETURNED,
           "{\"id\":1,\"ok\":false,\"error\":\"fetch is not available here\",\"code\":\"\"}");
    close_pool(s);
}

static void a_long_line_refuses_more(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    static struct asked calls[100];
    unsigned refused = 0;
    for (size_t i = 0; i < 100; i++)
        ask(s, &calls[i], "one", i == 0 ? "burn" : "count");
    for (size_t i = 0; i < 100; i++) {
        await(&calls[i]);
        refused += calls[i].run.end == SCRIPT_REFUSED ? 1 : 0;
        done(&calls[i]);
    }
    assert_in_range(refused, 1, 36);
    close_pool(s);
}

static void what_has_ended_waits_for_the_rest_of_its_line_but_not_for_a_long_call(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    static const char *const methods[] = {"burn", "count", "count", "sleep"};
    struct asked calls[4];
    for (size_t i = 0; i < 4; i++)
        ask(s, &calls[i], "one", methods[i]);
    await(&calls[2]);
    assert_true(calls[0].back && calls[1].back && !calls[3].back);
    await(&calls[3]);
    for (size_t i = 0; i < 4; i++)
        done(&calls[i]);
    close_pool(s);
}

static void a_source_that_cannot_be_evaluated_is_bad(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    static const char *const sources[] = {"broken source", "burning source"};
    for (size_t i = 0; i < 2; i++) {
        struct script_run run = a_call("", "count");
        struct asked a;
        run.ask = i == 0 ? SCRIPT_CHECK : SCRIPT_TRY;
        run.source = str_of(sources[i]);
        submit(s, &a, run);
        await(&a);
        assert_int_equal(a.run.end, SCRIPT_BAD);
        done(&a);
    }
    close_pool(s);
}

static void at_the_end_every_run_comes_home(void **state)
{
    (void)state;
    struct scripts *s = open_pool(1, SIZE_MAX);
    struct asked calls[10];
    for (size_t i = 0; i < 10; i++)
        ask(s, &calls[i], i % 2 ? "one" : "two", "sleep");
    scripts_stop(s);
    struct asked late;
    ask(s, &late, "one", "count");
    for (size_t i = 0; i < 10; i++) {
        await(&calls[i]);
        assert_int_equal(calls[i].run.end, SCRIPT_FAILED);
        done(&calls[i]);
    }
    await(&late);
    assert_int_equal(late.run.end, SCRIPT_REFUSED);
    done(&late);
    close_pool(s);
}

int main(int argc, char **argv)
{
    if (argc > 1 && str_is(str_of(argv[1]), WORKER_COMMAND))
        return worker();
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_returns_what_the_method_returned_and_what_it_printed),
        cmocka_unit_test(the_state_goes_on_from_call_to_call_whatever_worker_it_meets),
        cmocka_unit_test(incoming_and_outgoing_have_states_of_their_own),
        cmocka_unit_test(a_cold_state_goes_to_the_file_and_comes_back),
        cmocka_unit_test(another_revision_begins_anew),
        cmocka_unit_test(a_throw_fails_with_its_place_and_keeps_the_state),
        cmocka_unit_test(whatever_kills_a_worker_leaves_the_state_before_the_call),
        cmocka_unit_test(a_call_after_a_kill_goes_on_from_the_state_before),
        cmocka_unit_test(a_call_that_a_dying_worker_never_began_is_given_to_another),
        cmocka_unit_test(a_heap_that_was_too_large_is_evaluated_anew),
        cmocka_unit_test(five_kills_in_a_row_suspend_the_script),
        cmocka_unit_test(a_promise_that_cannot_settle_ends_the_call),
        cmocka_unit_test(without_a_client_a_fetch_is_rejected_and_the_call_goes_on),
        cmocka_unit_test(a_long_line_refuses_more),
        cmocka_unit_test(what_has_ended_waits_for_the_rest_of_its_line_but_not_for_a_long_call),
        cmocka_unit_test(a_source_that_cannot_be_evaluated_is_bad),
        cmocka_unit_test(at_the_end_every_run_comes_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
