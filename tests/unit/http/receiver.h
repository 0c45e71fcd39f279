/* A web server for tests of the client: it says the bytes that the test wrote for a path, keeps
 * what it was asked, and can hang, close and reset. A thread per connection; everything shared is
 * under the lock.
 */
#pragma once

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

enum { RECEIVER_SAYINGS = 32, RECEIVER_CONNECTIONS = 512, RECEIVER_MAX_REQUEST = 1 << 22 };

enum then { THEN_KEEP, THEN_CLOSE, THEN_RESET, THEN_HANG };

/* What is said to a request for /<number>; without it the request itself is the answer's body. */
struct saying {
    struct str bytes;
    enum then then;
};

struct receiver {
    int listener;
    unsigned port;
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t change;
    struct saying sayings[RECEIVER_SAYINGS];
    unsigned connections, open, most_open, requests, pending, most_pending, hanging;
    int fds[RECEIVER_CONNECTIONS];
    pthread_t threads[RECEIVER_CONNECTIONS];
    struct buf last; /* the last request, whole */
};

struct receiver_call {
    struct receiver *r;
    unsigned number;
    int fd;
};

static inline void receiver_say(struct receiver *r, unsigned number, struct str bytes,
                                enum then then)
{
    pthread_mutex_lock(&r->lock);
    r->sayings[number] = (struct saying){.bytes = bytes, .then = then};
    pthread_mutex_unlock(&r->lock);
}

static inline void receiver_send(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = str_after(bytes, (size_t)sent);
    }
}

/* Bytes of the request in front of `text`, or 0 while it is not whole. */
static inline size_t receiver_whole(struct str text)
{
    static const struct str length = STR_INIT("\r\nContent-Length: ");
    size_t end = str_find(text, STR("\r\n\r\n"));
    if (end == SIZE_MAX)
        return 0;
    size_t body = 0, at = str_find(str_slice(text, 0, end + 2), length);
    for (at += length.len; at != SIZE_MAX + length.len && text.ptr[at] >= '0'; at++)
        body = body * 10 + (size_t)(text.ptr[at] - '0');
    return text.len >= end + 4 + body ? end + 4 + body : 0;
}

static inline bool receiver_hear(int fd, struct buf *text, size_t *out_size)
{
    while ((*out_size = receiver_whole(buf_str(text))) == 0) {
        char *room = buf_room(text, 65536);
        ssize_t got = room != NULL ? recv(fd, room, 65536, 0) : -1;
        if (got <= 0)
            return false;
        buf_grew(text, (size_t)got);
    }
    return true;
}

/* "POST /7/..." and "GET http://h/7 ..." ask for saying 7; anything else is echoed. */
static inline struct saying receiver_choose(struct receiver *r, struct str request)
{
    struct str rest = request, target;
    (void)str_split(&rest, ' ', &target);
    (void)str_split(&rest, ' ', &target);
    size_t authority = str_find(target, STR("://"));
    if (authority != SIZE_MAX) {
        target = str_after(target, authority + 3);
        target = str_after(target, str_find_char(target, '/'));
    }
    unsigned number = 0, at = 1;
    for (; at < target.len && target.ptr[at] >= '0' && target.ptr[at] <= '9'; at++)
        number = number * 10 + (unsigned)(target.ptr[at] - '0');
    return at > 1 ? r->sayings[number % RECEIVER_SAYINGS] : (struct saying){.then = THEN_KEEP};
}

static inline void receiver_note(struct receiver *r, struct str request)
{
    r->requests++;
    if (++r->pending > r->most_pending)
        r->most_pending = r->pending;
    buf_clear(&r->last);
    buf_add(&r->last, request);
    pthread_cond_broadcast(&r->change);
}

static inline void receiver_echo(int fd, struct str request)
{
    BUF(answer, RECEIVER_MAX_REQUEST);
    buf_addf(&answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", request.len);
    if (!str_starts(request, STR("HEAD ")))
        buf_add(&answer, request);
    receiver_send(fd, buf_str(&answer));
}

static inline void receiver_hang(struct receiver *r, int fd)
{
    char byte;
    pthread_mutex_lock(&r->lock);
    r->hanging++;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    pthread_mutex_lock(&r->lock);
    r->hanging--;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
}

/* True: the connection goes on. */
static inline bool receiver_answer(struct receiver *r, int fd, struct str request)
{
    pthread_mutex_lock(&r->lock);
    receiver_note(r, request);
    struct saying saying = receiver_choose(r, request);
    pthread_mutex_unlock(&r->lock);
    if (saying.bytes.ptr == NULL && saying.then == THEN_KEEP)
        receiver_echo(fd, request);
    else
        receiver_send(fd, saying.bytes);
    if (saying.then == THEN_HANG)
        receiver_hang(r, fd);
    if (saying.then == THEN_RESET) {
        struct linger linger = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    pthread_mutex_lock(&r->lock);
    r->pending--;
    pthread_mutex_unlock(&r->lock);
    return saying.then == THEN_KEEP;
}

static inline void *receiver_serve(void *arg)
{
    struct receiver_call call = *(struct receiver_call *)arg;
    free(arg);
    BUF(text, RECEIVER_MAX_REQUEST);
    for (size_t size = 0; receiver_hear(call.fd, &text, &size);) {
        if (!receiver_answer(call.r, call.fd, str_slice(buf_str(&text), 0, size)))
            break;
        memmove(text.ptr, text.ptr + size, text.len - size);
        buf_cut(&text, text.len - size);
    }
    pthread_mutex_lock(&call.r->lock);
    call.r->open--;
    call.r->fds[call.number] = -1;
    close(call.fd);
    pthread_cond_broadcast(&call.r->change);
    pthread_mutex_unlock(&call.r->lock);
    return NULL;
}

static inline void *receiver_accept(void *arg)
{
    struct receiver *r = arg;
    for (int fd; (fd = accept(r->listener, NULL, NULL)) >= 0;) {
        struct receiver_call *call = malloc(sizeof(*call));
        pthread_mutex_lock(&r->lock);
        assert_true(r->connections < RECEIVER_CONNECTIONS);
        *call = (struct receiver_call){.r = r, .number = r->connections++, .fd = fd};
        r->fds[call->number] = fd;
        if (++r->open > r->most_open)
            r->most_open = r->open;
        pthread_create(&r->threads[call->number], NULL, receiver_serve, call);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* A socket that listens on a free port of loopback. */
static inline int receiver_listen(int backlog, unsigned *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *out_port = ntohs(at.sin_port);
    return fd;
}

static inline struct receiver *receiver_open(void)
{
    struct receiver *r = calloc(1, sizeof(*r));
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->change, NULL);
    buf_init(&r->last, RECEIVER_MAX_REQUEST);
    r->listener = receiver_listen(512, &r->port);
    pthread_create(&r->acceptor, NULL, receiver_accept, r);
    return r;
}

/* Ends all connections, as a server that stops does. */
static inline void receiver_hang_up(struct receiver *r)
{
    pthread_mutex_lock(&r->lock);
    for (unsigned i = 0; i < r->connections; i++) {
        if (r->fds[i] >= 0)
            shutdown(r->fds[i], SHUT_RDWR);
    }
    while (r->open > 0)
        pthread_cond_wait(&r->change, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static inline void receiver_close(struct receiver *r)
{
    shutdown(r->listener, SHUT_RDWR);
    pthread_join(r->acceptor, NULL);
    receiver_hang_up(r);
    for (unsigned i = 0; i < r->connections; i++)
        pthread_join(r->threads[i], NULL);
    close(r->listener);
    buf_release(&r->last);
    pthread_cond_destroy(&r->change);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static inline void receiver_wait(struct receiver *r, const unsigned *number, unsigned value)
{
    pthread_mutex_lock(&r->lock);
    while (*number < value)
        pthread_cond_wait(&r->change, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static inline unsigned receiver_number(struct receiver *r, const unsigned *number)
{
    pthread_mutex_lock(&r->lock);
    unsigned value = *number;
    pthread_mutex_unlock(&r->lock);
    return value;
}

/* The last request, copied. */
static inline struct str receiver_last(struct receiver *r, struct arena *a)
{
    pthread_mutex_lock(&r->lock);
    struct str last = arena_str(a, buf_str(&r->last));
    pthread_mutex_unlock(&r->lock);
    return last;
}
