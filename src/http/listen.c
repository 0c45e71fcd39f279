/* Sockets that listen, one per loop, and the taking of connections.
 *
 * With SO_REUSEPORT the kernel spreads connections over the loops' sockets. It would also let a
 * second server of the same user share the port in silence. So the first socket is bound without
 * it, which fails when anybody is there; only then is it switched on and the others join.
 *
 * Opening runs on the starting thread, taking on each loop.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "http/internal.h"

/* CROWD: so many above the limit are told that they are too many; the rest is just closed. */
enum { BACKLOG = 4096, TAKEN_PER_TURN = 64, PAUSE_MS = 100, CROWD = 256 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* A numeric address or a name of this machine; IPv6 may stand in brackets. */
static bool resolve(const char *host, unsigned port, union address *out_address,
                    socklen_t *out_size, struct err *err)
{
    struct str name = str_of(host);
    if (str_starts(name, STR("[")) && str_ends(name, STR("]")))
        name = str_slice(name, 1, name.len - 1);
    char node[256], service[8];
    if (name.len >= sizeof(node) || port > UINT16_MAX)
        return err_invalid(err, "\"%s\" port %u is no address to listen on", host, port);
    (void)snprintf(node, sizeof(node), "%.*s", STR_FMT(name));
    (void)snprintf(service, sizeof(service), "%u", port);

    /* Without a family named, only IPv4 and IPv6 are found, and both fit. */
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int failed = getaddrinfo(node, service, &hints, &found);
    if (failed)
        return err_invalid(err, "\"%s\" is no address to listen on: %s", host,
                           gai_strerror(failed));
    memcpy(out_address, found->ai_addr, found->ai_addrlen);
    *out_size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool set(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

/* Accepted sockets inherit TCP_NODELAY. */
static bool bind_socket(int fd, bool first, const union address *address, socklen_t size)
{
    return set(fd, SOL_SOCKET, SO_REUSEADDR) && set(fd, IPPROTO_TCP, TCP_NODELAY) &&
           (first || set(fd, SOL_SOCKET, SO_REUSEPORT)) && bind(fd, &address->any, size) == 0 &&
           (!first || set(fd, SOL_SOCKET, SO_REUSEPORT)) && listen(fd, BACKLOG) == 0;
}

/* -1 and errno when it cannot be done. */
static int open_socket(bool first, const union address *address, socklen_t size)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind_socket(fd, first, address, size))
        return fd;
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static unsigned port_of(const union address *address)
{
    bool is_v6 = address->any.sa_family == AF_INET6;
    return ntohs(is_v6 ? address->v6.sin6_port : address->v4.sin_port);
}

bool listen_open(const char *host, unsigned port, int *fds, unsigned count, unsigned *out_port,
                 struct err *err)
{
    union address address = {.v6 = {0}};
    socklen_t size = 0;
    if (!resolve(host, port, &address, &size, err))
        return false;
    for (unsigned opened = 0; opened < count; opened++) {
        int fd = open_socket(opened == 0, &address, size);
        if (fd < 0) {
            err_internal(err, "cannot listen on %s port %u: %s", host, port, strerror(errno));
            while (opened > 0)
                (void)close(fds[--opened]);
            return false;
        }
        fds[opened] = fd;
        /* The others get the port that the first was given. */
        if (opened == 0 && getsockname(fd, &address.any, &size) == 0)
            *out_port = port_of(&address);
    }
    return true;
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    listen_accept(poll->data);
}

void listen_resume(struct loop *loop)
{
    loop->accept_again_ms = 0;
    uv_poll_start(&loop->listener, UV_READABLE, on_connection);
}

/* Connections wait in the backlog meanwhile. */
static void pause_accepting(struct loop *loop, int error)
{
    if (!loop->short_of_files)
        log_event(LOG_WARN, "accept-paused", "reason=%s", LOG_Q(str_of(strerror(error))));
    loop->short_of_files = true;
    loop->accept_again_ms = loop_now_ms(loop) + PAUSE_MS;
    uv_poll_stop(&loop->listener);
}

/* False: nobody waits, or nobody can be taken. */
static bool accept_one(struct loop *loop)
{
    union address peer = {.v6 = {0}};
    socklen_t size = sizeof(peer);
    int fd = accept4(loop->listen_fd, &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        if (is_shortage(error))
            pause_accepting(loop, error);
        return error != EAGAIN && !is_shortage(error);
    }
    loop->short_of_files = false;
    size_t limit = loop->server->limits.connections;
    size_t open = atomic_load_explicit(&loop->server->connections, memory_order_relaxed);
    if (open < limit + CROWD)
        conn_open(loop, fd, &peer.any, open >= limit);
    else
        (void)close(fd);
    return true;
}

void listen_accept(struct loop *loop)
{
    for (int i = 0; i < TAKEN_PER_TURN && accept_one(loop); i++)
        ;
}
