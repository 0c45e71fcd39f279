/* The client's thread, "transfer": it takes mail, drives libcurl with the sockets and timers that
 * libcurl asks for, and sends every exchange home exactly once. epoll and socket_action, for beside
 * a thousand servers that hang curl_multi_poll would walk over all of them each time.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/client_internal.h"

enum { MAX_EVENTS = 64, MAX_SPARE = 512 };

int64_t client_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    return client_now_us() / 1000;
}

static void ring(void *arg)
{
    const struct client *c = arg;
    uint64_t one = 1;
    ssize_t written = write(c->wake, &one, sizeof(one));
    (void)written; /* it fails only while the bell is rung already */
}

/* Transfers */

static struct transfer *transfer_new(struct client *c)
{
    struct transfer *t = mem_zalloc(sizeof(*t));
    t->client = c;
    t->easy = curl_easy_init();
    assert(t->easy != NULL);
    answer_connect(t);
    return t;
}

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    buf_release(&t->head);
    buf_release(&t->body);
    free(t);
}

static struct transfer *take_spare(struct client *c)
{
    struct transfer *t = c->spare;
    if (t == NULL)
        return transfer_new(c);
    c->spare = t->next;
    c->spare_count--;
    return t;
}

static void put_spare(struct client *c, struct transfer *t)
{
    if (c->spare_count >= MAX_SPARE) {
        transfer_free(t);
        return;
    }
    buf_release(&t->head);
    buf_release(&t->body);
    *t = (struct transfer){.client = c, .easy = t->easy, .next = c->spare};
    c->spare = t;
    c->spare_count++;
}

static void link_transfer(struct client *c, struct transfer *t)
{
    t->previous = NULL;
    t->next = c->transfers;
    if (t->next != NULL)
        t->next->previous = t;
    c->transfers = t;
}

static void unlink_transfer(struct client *c, struct transfer *t)
{
    if (t->previous != NULL)
        t->previous->next = t->next;
    else
        c->transfers = t->next;
    if (t->next != NULL)
        t->next->previous = t->previous;
}

/* Its owner may start an exchange again. */
static void forget_answer(struct exchange *x)
{
    x->code = NULL;
    x->status = 0;
    x->error = x->status_text = x->final_url = x->answer = x->address = STR("");
    x->answer_headers = NULL;
    x->answer_header_count = 0;
    x->timings = (struct client_timings){.total_us = 0};
}

static struct transfer *transfer_begin(struct client *c, struct exchange *x)
{
    forget_answer(x);
    struct transfer *t = take_spare(c);
    t->x = x;
    t->started_us = client_now_us();
    link_transfer(c, t);
    int64_t timeout_ms = x->timeout_ms > 0 ? x->timeout_ms : 1;
    heap_push(&c->deadlines, &t->deadline, (t->started_us + 999) / 1000 + timeout_ms);
    return t;
}

/* An exchange's way */

/* Out of libcurl, or out of the line. */
static void stop(struct client *c, struct transfer *t)
{
    if (t->running)
        curl_multi_remove_handle(c->multi, t->easy);
    if (t->host != NULL)
        lines_leave(&c->lines, t);
    request_release(t);
}

static void go_home(struct client *c, struct transfer *t)
{
    struct exchange *x = t->x;
    answer_describe(t);
    if (t->target.url != NULL)
        target_release(&t->target);
    heap_remove(&c->deadlines, &t->deadline);
    unlink_transfer(c, t);
    put_spare(c, t);
    x->mail.next = NULL;
    *c->ended_end = &x->mail;
    c->ended_end = &x->mail.next;
}

/* Those of a turn go together: who waits for them is woken once, and does not take this thread's
 * core for the first while the second is ready. */
static void send_ended(struct client *c)
{
    struct mail *list = c->ended;
    c->ended = NULL;
    c->ended_end = &c->ended;
    while (list != NULL) {
        struct mail *first = list, *last = list;
        struct inbox *home = ((struct exchange *)(void *)first)->home;
        while (last->next != NULL && ((struct exchange *)(void *)last->next)->home == home)
            last = last->next;
        list = last->next;
        last->next = NULL;
        inbox_put_all(home, first);
    }
}

static void fail(struct client *c, struct transfer *t, const struct fault *fault)
{
    struct exchange *x = t->x;
    stop(c, t);
    x->end = fault->end;
    x->code = fault->code;
    x->error = arena_str(x->arena, str_of(fault->err.text));
    go_home(c, t);
}

static void begin(struct client *c, struct exchange *x)
{
    struct transfer *t = transfer_begin(c, x);
    struct fault fault = {.end = CLIENT_FAILED};
    if (request_begin(t, &fault))
        lines_join(&c->lines, t);
    else
        fail(c, t, &fault);
}

/* A place is free: off it goes. */
static void start_request(struct client *c, struct transfer *t)
{
    struct fault fault = {.end = CLIENT_FAILED, .code = "ENOMEM"};
    answer_begin(t);
    t->asked_us = client_now_us();
    if (!request_prepare(t, &fault)) {
        fail(c, t, &fault);
        return;
    }
    CURLMcode code = curl_multi_add_handle(c->multi, t->easy);
    if (code != CURLM_OK) {
        err_internal(&fault.err, "The request could not be begun: %s", curl_multi_strerror(code));
        fail(c, t, &fault);
    }
}

static void start_requests(struct client *c)
{
    for (struct transfer *t; (t = lines_next(&c->lines)) != NULL;)
        start_request(c, t);
}

static void end_request(struct client *c, struct transfer *t, CURLcode result)
{
    struct fault fault = {.end = CLIENT_FAILED};
    struct str location;
    if (result != CURLE_OK) {
        fault = fault_of_curl(t, result);
        fail(c, t, &fault);
        return;
    }
    stop(c, t);
    if (!request_redirected(t, &location)) {
        answer_deliver(t);
        go_home(c, t);
    } else if (request_follow(t, location, &fault)) {
        lines_join(&c->lines, t);
    } else {
        fail(c, t, &fault);
    }
}

/* What the thread looks after */

static void collect_ended(struct client *c)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(c->multi, &left)) != NULL;) {
        char *t = NULL;
        CURLcode result = message->data.result;
        assert(message->msg == CURLMSG_DONE);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        end_request(c, (struct transfer *)(void *)t, result);
    }
}

static void take_mail(struct client *c)
{
    struct mail *mail = inbox_take(&c->inbox);
    while (mail != NULL) {
        struct mail *next = mail->next;
        begin(c, (struct exchange *)(void *)mail);
        mail = next;
    }
}

/* Cancelling is rare: one looks at all. */
static void cancel_marked(struct client *c, bool all)
{
    struct fault fault = fault_of_cancel();
    for (struct transfer *t = c->transfers; t != NULL;) {
        struct transfer *next = t->next;
        if (all || atomic_load(&t->x->cancelled))
            fail(c, t, &fault);
        t = next;
    }
}

static void expire(struct client *c)
{
    int64_t now = now_ms();
    for (struct heap_node *top; (top = heap_top(&c->deadlines)) != NULL && top->key <= now;) {
        struct transfer *t = HEAP_ENTRY(top, struct transfer, deadline);
        struct fault fault = fault_of_deadline(t);
        fail(c, t, &fault);
    }
}

/* libcurl's sockets and timer */

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct client *c = arg;
    c->curl_due_ms = timeout_ms < 0 ? INT64_MAX : now_ms() + timeout_ms;
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    (void)easy;
    (void)of_socket;
    const struct client *c = arg;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, &event);
        return 0;
    }
    if ((what & CURL_POLL_IN) != 0)
        event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0)
        event.events |= EPOLLOUT;
    int failed = epoll_ctl(c->epoll, EPOLL_CTL_MOD, fd, &event);
    if (failed && errno == ENOENT)
        failed = epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event);
    return failed;
}

static int curl_events(uint32_t events)
{
    int mask = 0;
    if ((events & EPOLLIN) != 0)
        mask |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0)
        mask |= CURL_CSELECT_OUT;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        mask |= CURL_CSELECT_ERR;
    return mask;
}

static void answer_bell(const struct client *c)
{
    uint64_t count;
    ssize_t got = read(c->wake, &count, sizeof(count));
    (void)got;
}

static void serve_event(struct client *c, const struct epoll_event *event)
{
    int running;
    if (event->data.fd == c->wake)
        answer_bell(c);
    else
        curl_multi_socket_action(c->multi, event->data.fd, curl_events(event->events), &running);
}

static void serve_timer(struct client *c)
{
    int running;
    if (c->curl_due_ms > now_ms())
        return;
    c->curl_due_ms = INT64_MAX;
    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* How long nothing is due; -1: for ever. */
static int patience(const struct client *c)
{
    const struct heap_node *first = heap_top(&c->deadlines);
    int64_t due = c->curl_due_ms;
    if (first != NULL && first->key < due)
        due = first->key;
    if (due == INT64_MAX)
        return -1;
    int64_t left = due - now_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void turn(struct client *c)
{
    struct epoll_event events[MAX_EVENTS];
    int count = epoll_wait(c->epoll, events, MAX_EVENTS, patience(c));
    for (int i = 0; i < count; i++)
        serve_event(c, &events[i]);
    serve_timer(c);
    collect_ended(c);
    bool cancelling = atomic_exchange(&c->cancelling, false); /* before the mail it speaks of */
    take_mail(c);
    if (cancelling)
        cancel_marked(c, false);
    expire(c);
    start_requests(c);
    send_ended(c);
}

static void *work(void *arg)
{
    struct client *c = arg;
    pthread_setname_np(pthread_self(), "transfer");
    while (!atomic_load(&c->closing))
        turn(c);
    take_mail(c);
    cancel_marked(c, true);
    send_ended(c);
    return NULL;
}

/* Opening and closing */

static void init_curl(void)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(code == CURLE_OK);
}

static bool open_multi(struct client *c, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    c->multi = curl_multi_init();
    if (c->multi == NULL)
        return err_internal(err, "libcurl cannot be used");
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->config.idle_connections);
    return true;
}

static bool open_events(struct client *c, struct err *err)
{
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = c->wake};
    return (c->epoll >= 0 && c->wake >= 0 &&
            epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->wake, &event) == 0) ||
           err_internal(err, "the client's descriptors could not be opened: %s", strerror(errno));
}

static bool open_names(struct client *c, struct err *err)
{
    if (c->config.name_count > 0)
        c->names = names_new(c->config.names, c->config.name_count, err);
    return c->config.name_count == 0 || c->names != NULL;
}

/* Signals are for other threads; SIGPIPE too, which OpenSSL's writes can raise. The threads in
 * which libcurl looks up names inherit that. */
static bool start_thread(struct client *c, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&c->thread, NULL, work, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed ||
           err_internal(err, "the client's thread could not be started: %s", strerror(failed));
}

static void client_free(struct client *c)
{
    while (c->spare != NULL) {
        struct transfer *t = c->spare;
        c->spare = t->next;
        transfer_free(t);
    }
    curl_multi_cleanup(c->multi);
    names_free(c->names);
    heap_release(&c->deadlines);
    lines_release(&c->lines);
    inbox_release(&c->inbox);
    if (c->epoll >= 0)
        close(c->epoll);
    if (c->wake >= 0)
        close(c->wake);
    free(c);
}

struct client *client_open(const struct client_config *config, struct err *err)
{
    struct client *c = mem_zalloc(sizeof(*c));
    c->config = *config;
    c->epoll = c->wake = -1;
    c->curl_due_ms = INT64_MAX;
    c->ended_end = &c->ended;
    heap_init(&c->deadlines);
    lines_init(&c->lines, config);
    inbox_init(&c->inbox, ring, c);
    if (open_multi(c, err) && open_events(c, err) && open_names(c, err) && start_thread(c, err))
        return c;
    client_free(c);
    return NULL;
}

void client_close(struct client *c)
{
    if (c == NULL)
        return;
    atomic_store(&c->closing, true);
    ring(c);
    pthread_join(c->thread, NULL);
    client_free(c);
}

void client_start(struct client *c, struct exchange *x)
{
    assert(x->home != NULL && x->arena != NULL);
    atomic_store(&x->cancelled, false);
    inbox_put(&c->inbox, &x->mail);
}

void client_cancel(struct client *c, struct exchange *x)
{
    atomic_store(&x->cancelled, true);
    atomic_store(&c->cancelling, true);
    ring(c);
}
