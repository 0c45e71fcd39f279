/* The server's life: listening, limits on connections, deadlines, draining and closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>

#include "http/server_fixture.h"

#define H    "Host: a\r\n"
#define GET  "GET /echo HTTP/1.1\r\n" H "\r\n"
#define PARK "GET /park HTTP/1.1\r\n" H "\r\n"

/* Short, but long enough for a busy machine to send a request in. */
enum { SOON_MS = 400, LATER_MS = 1600 };

/* Listening */

static void a_second_server_on_the_port_is_refused(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct http_server *first = open_server(&config);
    config.port = http_port(first);
    struct err err = ERR_NONE;
    assert_null(http_open(&config, &err));
    assert_int_equal(err.status, 500);
    assert_non_null(strstr(err.text, "in use"));
    close_server(first);
}

static void the_port_is_free_again_after_closing(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct http_server *first = open_server(&config);
    struct client c = client_call(first);
    SAY(c.fd, GET);
    assert_int_equal(status_of(hear(&c)), 200);
    config.port = http_port(first);
    http_drain(first, PATIENCE_MS);
    http_close(first);
    close_server(open_server(&config));
    hang_up(&c);
}

static void a_host_that_is_no_address_is_refused(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct err err = ERR_NONE;
    config.host = "no such host";
    assert_null(http_open(&config, &err));
    assert_int_equal(err.status, 400);
    config.host = "127.0.0.1";
    config.port = 65536;
    assert_null(http_open(&config, &err));
    router_free(fixture_router);
    fixture_router = NULL;
}

static void an_ipv6_address_may_stand_in_brackets(void **state)
{
    (void)state;
    const char *const hosts[] = {"::1", "[::1]"};
    for (size_t i = 0; i < 2; i++) {
        struct http_config config = fixture_config();
        struct err err = ERR_NONE;
        config.host = hosts[i];
        struct http_server *server = http_open(&config, &err);
        if (server == NULL && strstr(err.text, "ssign requested address") != NULL) {
            router_free(fixture_router);
            fixture_router = NULL;
            skip(); /* a machine without IPv6 */
        }
        assert_non_null(server);
        assert_true(http_port(server) > 0);
        close_server(server);
    }
}

static void several_loops_share_one_port(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.loops = 4;
    struct http_server *server = open_server(&config);
    struct client clients[40];
    for (size_t i = 0; i < 40; i++) {
        clients[i] = client_call(server);
        say(clients[i].fd, i % 2 ? STR(PARK) : STR(GET));
    }
    for (unsigned i = 0; i < 20; i++)
        job_home(&take_parcel()->job);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(status_of(hear(&clients[i])), 200);
    close_server(server);
    for (size_t i = 0; i < 40; i++) {
        assert_true(hear_end(&clients[i]));
        hang_up(&clients[i]);
    }
}

/* Limits on connections */

static void connections_above_the_limit_are_told_to_come_back(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.limits.connections = 2;
    struct http_server *server = open_server(&config);
    struct client clients[3];
    for (size_t i = 0; i < 3; i++) {
        clients[i] = client_call(server);
        SAY(clients[i].fd, GET);
        struct str answer = hear(&clients[i]);
        assert_int_equal(status_of(answer), i < 2 ? 200 : 503);
        assert_int_equal(has(answer, "Retry-After: 1\r\n"), i == 2);
    }
    assert_true(hear_end(&clients[2]));
    hang_up(&clients[0]);
    for (int status = 503; status != 200;) {
        struct client again = client_call(server);
        SAY(again.fd, GET);
        status = status_of(hear(&again));
        hang_up(&again);
    }
    close_server(server);
    hang_up(&clients[1]);
    hang_up(&clients[2]);
}

/* How many descriptors this process may have besides those it has. */
static void allow_files(rlim_t more, struct rlimit *old)
{
    int next = open("/dev/null", O_RDONLY);
    close(next);
    getrlimit(RLIMIT_NOFILE, old);
    struct rlimit tight = {.rlim_cur = (rlim_t)next + more, .rlim_max = old->rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
}

/* valgrind plays the kernel's part here: it accepts the connection, closes it and says EMFILE. */
static bool under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

static void running_out_of_files_delays_connections_and_loses_none(void **state)
{
    (void)state;
    if (under_valgrind())
        skip();
    struct http_config config = fixture_config();
    struct http_server *server = open_server(&config);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct client clients[4];
    for (size_t i = 0; i < 4; i++)
        clients[i] = client_of(socket(AF_INET, SOCK_STREAM, 0));
    struct rlimit old;
    allow_files(2, &old);
    int statuses[4];
    for (size_t i = 0; i < 4; i++) {
        if (connect(clients[i].fd, (struct sockaddr *)&to, sizeof(to)) == 0)
            SAY(clients[i].fd, GET);
    }
    for (size_t i = 0; i < 4; i++) {
        statuses[i] = status_of(hear(&clients[i]));
        hang_up(&clients[i]);
    }
    setrlimit(RLIMIT_NOFILE, &old);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(statuses[i], 200);
    close_server(server);
}

/* Deadlines: each test shortens its own, and another connection is served all the while. */

static void check_deadline(const struct http_limits *limits, struct str said, struct str answers,
                           int status)
{
    struct http_config config = fixture_config();
    config.limits = *limits;
    struct http_server *server = open_server(&config);
    struct client c = client_call(server);
    say(c.fd, said);
    if (!str_empty(answers))
        assert_true(str_eq(body_of(hear(&c)), answers));
    if (status != 0)
        assert_int_equal(status_of(hear(&c)), status);
    assert_true(hear_end(&c));
    hang_up(&c);
    struct client other = client_call(server);
    SAY(other.fd, GET);
    assert_int_equal(status_of(hear(&other)), 200);
    hang_up(&other);
    close_server(server);
}

static void a_silent_connection_is_cut_by_the_header_deadline(void **state)
{
    (void)state;
    struct http_limits limits = fixture_config().limits;
    limits.header_ms = SOON_MS;
    check_deadline(&limits, STR(""), STR(""), 0);
}

static void slow_headers_are_answered_408(void **state)
{
    (void)state;
    struct http_limits limits = fixture_config().limits;
    limits.header_ms = SOON_MS;
    check_deadline(&limits, STR("GET / HT"), STR(""), 408);
    check_deadline(&limits, STR(GET "GET / HT"), STR("GET /echo? "), 408);
}

static void a_slow_body_is_answered_408(void **state)
{
    (void)state;
    struct http_limits limits = fixture_config().limits;
    limits.body_ms = SOON_MS;
    check_deadline(&limits, STR("POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\na"), STR(""),
                   408);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    (void)state;
    struct http_limits limits = fixture_config().limits;
    limits.idle_ms = SOON_MS;
    check_deadline(&limits, STR(GET), STR("GET /echo? "), 0);
}

static void bytes_that_drip_in_do_not_move_the_deadline(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.limits.header_ms = SOON_MS;
    struct http_server *server = open_server(&config);
    struct client c = client_call(server);
    SAY(c.fd, "GET / HTTP/1.1\r\nA: ");
    struct pollfd ready = {.fd = c.fd, .events = POLLIN};
    while (poll(&ready, 1, 1) == 0)
        SAY(c.fd, "x");
    assert_int_equal(status_of(hear(&c)), 408);
    hang_up(&c);
    close_server(server);
}

/* With room for one connection, a second is served as soon as the first was cut. */
static void a_client_that_does_not_read_is_cut(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.limits.write_ms = SOON_MS;
    config.limits.connections = 1;
    struct http_server *server = open_server(&config);
    struct client lazy = client_of(call_with_buffer(server, 4096));
    SAY(lazy.fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    assert_true(hear_more(lazy.fd, &lazy.text));
    for (int status = 503; status != 200;) {
        struct client c = client_call(server);
        SAY(c.fd, GET);
        status = status_of(hear(&c));
        hang_up(&c);
    }
    assert_true(str_empty(hear(&lazy)));
    hang_up(&lazy);
    close_server(server);
}

/* Returns when the server has cut a slow body: a while after, by the server's own clock. */
static void let_a_while_pass(const struct http_server *server)
{
    struct client slow = client_call(server);
    SAY(slow.fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\na");
    assert_int_equal(status_of(hear(&slow)), 408);
    hang_up(&slow);
}

/* What a client has sent and the server has not read makes the server's close a reset, which is
 * seen without reading. */
static bool is_cut(const struct client *c)
{
    struct pollfd state = {.fd = c->fd, .events = 0};
    return poll(&state, 1, 0) > 0;
}

static void a_client_that_reads_slowly_is_not_cut(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.limits.write_ms = LATER_MS; /* many steps of the slow client */
    config.limits.body_ms = SOON_MS / 8;
    struct http_server *server = open_server(&config);
    struct client slow = client_of(call_with_buffer(server, 65536));
    struct client lazy = client_of(call_with_buffer(server, 65536));
    SAY(slow.fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    assert_true(hear_more(slow.fd, &slow.text));
    SAY(lazy.fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    assert_true(hear_more(lazy.fd, &lazy.text));
    SAY(lazy.fd, GET);
    while (!is_cut(&lazy)) {
        let_a_while_pass(server);
        assert_true(hear_more(slow.fd, &slow.text));
    }
    assert_int_equal(body_of(hear(&slow)).len, BIG_BYTES);
    hang_up(&slow);
    hang_up(&lazy);
    close_server(server);
}

static void a_parked_request_has_no_deadline_here(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.limits.header_ms = config.limits.body_ms = SOON_MS;
    config.limits.idle_ms = config.limits.write_ms = SOON_MS;
    struct http_server *server = open_server(&config);
    struct client c = client_call(server);
    SAY(c.fd, PARK);
    struct parcel *parcel = take_parcel();
    let_a_while_pass(server);
    let_a_while_pass(server);
    assert_false(atomic_load(&parcel->gone));
    job_home(&parcel->job);
    assert_true(str_is(body_of(hear(&c)), "parked"));
    hang_up(&c);
    close_server(server);
}

/* Draining */

struct drain {
    struct http_server *server;
    int64_t limit_ms;
    pthread_t thread;
};

static void *drain_now(void *arg)
{
    const struct drain *drain = arg;
    http_drain(drain->server, drain->limit_ms);
    return NULL;
}

/* Returns when the server does not listen any more. */
static void begin_drain(struct drain *drain, struct http_server *server, int64_t limit_ms)
{
    *drain = (struct drain){.server = server, .limit_ms = limit_ms};
    assert_int_equal(pthread_create(&drain->thread, NULL, drain_now, drain), 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (bool refused = false; !refused;) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        refused = connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno == ECONNREFUSED;
        close(fd);
    }
}

static void end_drain(struct drain *drain)
{
    pthread_join(drain->thread, NULL);
    http_close(drain->server);
    router_free(fixture_router);
    fixture_router = NULL;
}

static void draining_closes_idle_connections_at_once(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct http_server *server = open_server(&config);
    struct client c = client_call(server), silent = client_call(server);
    SAY(c.fd, GET);
    assert_int_equal(status_of(hear(&c)), 200);
    close_server(server);
    assert_true(hear_end(&c));
    assert_true(hear_end(&silent));
    hang_up(&c);
    hang_up(&silent);
}

static void draining_answers_what_was_parked(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct http_server *server = open_server(&config);
    struct client c = client_call(server);
    SAY(c.fd, PARK GET GET);
    struct parcel *parcel = take_parcel();
    struct drain drain;
    begin_drain(&drain, server, PATIENCE_MS);
    job_home(&parcel->job);
    struct str answer = hear(&c);
    assert_true(str_is(body_of(answer), "parked"));
    assert_false(has(answer, "Connection: close"));
    assert_false(has(hear(&c), "Connection: close"));
    assert_true(has(hear(&c), "Connection: close"));
    assert_true(hear_end(&c));
    hang_up(&c);
    end_drain(&drain);
}

static void draining_waits_for_the_rest_of_a_request(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct http_server *server = open_server(&config);
    struct client c = client_call(server);
    SAY(c.fd, "GET /echo HT");
    struct drain drain;
    begin_drain(&drain, server, PATIENCE_MS);
    SAY(c.fd, "TP/1.1\r\n" H "\r\n");
    struct str answer = hear(&c);
    assert_int_equal(status_of(answer), 200);
    assert_true(has(answer, "Connection: close"));
    assert_true(hear_end(&c));
    hang_up(&c);
    end_drain(&drain);
}

static void draining_cuts_what_takes_too_long(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    struct http_server *server = open_server(&config);
    struct client c = client_call(server), slow = client_call(server);
    SAY(c.fd, PARK);
    SAY(slow.fd, "GET /echo HT");
    struct parcel *parcel = take_parcel();
    http_drain(server, SOON_MS);
    assert_true(hear_end(&c));
    assert_true(hear_end(&slow));
    assert_true(atomic_load(&parcel->gone));
    job_home(&parcel->job); /* the loop still takes mail */
    wait_all_answered();
    http_close(server);
    router_free(fixture_router);
    fixture_router = NULL;
    hang_up(&c);
    hang_up(&slow);
}

static void a_server_may_be_closed_without_draining(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.loops = 2;
    struct http_server *server = open_server(&config);
    struct client c = client_call(server);
    SAY(c.fd, GET);
    assert_int_equal(status_of(hear(&c)), 200);
    http_close(server);
    assert_true(hear_end(&c));
    hang_up(&c);
    http_close(NULL);
    router_free(fixture_router);
    fixture_router = NULL;
}

/* Clients that call, ask and leave at all moments while the server is drained. */
static atomic_bool enough;

static void *bustle(void *arg)
{
    const struct http_server *server = arg;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char bytes[4096];
    for (unsigned i = 0; !atomic_load(&enough); i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
            say(fd, i % 3 == 0 ? STR(PARK GET) : STR(GET GET));
            if (i % 2 == 0)
                (void)!recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        }
        close(fd);
    }
    return NULL;
}

static void *send_home(void *arg)
{
    (void)arg;
    for (unsigned sent = 0;;) {
        pthread_mutex_lock(&desk.lock);
        struct parcel *parcel = desk.parked;
        if (parcel != NULL)
            desk.parked = parcel->next;
        bool done = parcel == NULL && atomic_load(&enough) && sent == desk.arrived;
        pthread_mutex_unlock(&desk.lock);
        if (done)
            return NULL;
        if (parcel != NULL) {
            sent++;
            job_home(&parcel->job);
        } else {
            sched_yield();
        }
    }
}

static void draining_among_busy_clients_loses_no_parked_request(void **state)
{
    (void)state;
    struct http_config config = fixture_config();
    config.loops = 2;
    struct http_server *server = open_server(&config);
    atomic_store(&enough, false);
    pthread_t clients[3], lane;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, bustle, server), 0);
    assert_int_equal(pthread_create(&lane, NULL, send_home, NULL), 0);
    wait_answered(300);
    http_drain(server, PATIENCE_MS);
    atomic_store(&enough, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(clients[i], NULL);
    pthread_join(lane, NULL);
    wait_all_answered();
    http_close(server);
    router_free(fixture_router);
    fixture_router = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_server_on_the_port_is_refused),
        cmocka_unit_test(the_port_is_free_again_after_closing),
        cmocka_unit_test(a_host_that_is_no_address_is_refused),
        cmocka_unit_test(an_ipv6_address_may_stand_in_brackets),
        cmocka_unit_test(several_loops_share_one_port),
        cmocka_unit_test(connections_above_the_limit_are_told_to_come_back),
        cmocka_unit_test(running_out_of_files_delays_connections_and_loses_none),
        cmocka_unit_test(a_silent_connection_is_cut_by_the_header_deadline),
        cmocka_unit_test(slow_headers_are_answered_408),
        cmocka_unit_test(a_slow_body_is_answered_408),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(bytes_that_drip_in_do_not_move_the_deadline),
        cmocka_unit_test(a_client_that_does_not_read_is_cut),
        cmocka_unit_test(a_client_that_reads_slowly_is_not_cut),
        cmocka_unit_test(a_parked_request_has_no_deadline_here),
        cmocka_unit_test(draining_closes_idle_connections_at_once),
        cmocka_unit_test(draining_answers_what_was_parked),
        cmocka_unit_test(draining_waits_for_the_rest_of_a_request),
        cmocka_unit_test(draining_cuts_what_takes_too_long),
        cmocka_unit_test(a_server_may_be_closed_without_draining),
        cmocka_unit_test(draining_among_busy_clients_loses_no_parked_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
