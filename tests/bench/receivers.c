/* Receivers of outgoing webhooks, all in one process: some answer 200 at once, the others accept
 * and never answer.
 *
 *     receivers FIRST_PORT ANSWERING SILENT
 *
 * The ports follow each other; the silent ones come last. Where the body of a POST has "at:" and a
 * moment of CLOCK_MONOTONIC in nanoseconds, as pace writes it, the time since then is kept. GET of
 * an answering port tells how many POSTs have come and the quantiles of these times; GET /forget
 * begins anew. One thread, one epoll; loopback only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 16, TIMES_MAX = 1 << 20, BACKLOG = 1024 };

enum kind { LISTENS, LISTENS_SILENTLY, ANSWERS, IS_SILENT };

struct peer {
    int fd;
    enum kind kind;
    size_t got;
    char request[]; /* REQUEST_MAX of those that answer */
};

static double times_ms[TIMES_MAX];
static size_t posts, timed;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void watch(int poll_fd, int fd, enum kind kind)
{
    struct peer *peer = malloc(sizeof(*peer) + (kind == ANSWERS ? REQUEST_MAX : 0));
    if (peer == NULL)
        die("malloc");
    *peer = (struct peer){.fd = fd, .kind = kind};
    struct epoll_event event = {.events = kind == IS_SILENT ? EPOLLRDHUP : EPOLLIN,
                                .data.ptr = peer};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static void listen_on(int poll_fd, int port, enum kind kind)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0)
        die("listen");
    watch(poll_fd, fd, kind);
}

static void accept_one(int poll_fd, const struct peer *listener)
{
    int fd = accept(listener->fd, NULL, NULL), on = 1;
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch(poll_fd, fd, listener->kind == LISTENS ? ANSWERS : IS_SILENT);
}

static void forget_peer(struct peer *peer)
{
    (void)close(peer->fd);
    free(peer);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double q)
{
    return timed == 0 ? 0 : times_ms[(size_t)((double)(timed - 1) * q)];
}

static void report(struct peer *peer)
{
    char body[256], answer[512];
    qsort(times_ms, timed, sizeof(double), ascending);
    int length = snprintf(body, sizeof(body),
                          "{\"posts\":%zu,\"timed\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
                          "\"max_ms\":%.3f}",
                          posts, timed, quantile(0.5), quantile(0.99), quantile(1));
    if (strncmp(peer->request, "GET /forget", 11) == 0)
        posts = timed = 0;
    length = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s",
                      length, body);
    if (write(peer->fd, answer, (size_t)length) != length)
        die("write");
}

static void take_post(struct peer *peer, const char *body)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const char *at = strstr(body, "at:");
    posts++;
    if (at != NULL && timed < TIMES_MAX)
        times_ms[timed++] = (double)(now_ns() - strtoll(at + 3, NULL, 10)) / 1e6;
    ssize_t written = write(peer->fd, answer, sizeof(answer) - 1);
    (void)written; /* who went away does not want it */
}

/* The body of the request, once all of it is there. */
static const char *whole_body(struct peer *peer)
{
    peer->request[peer->got] = '\0';
    const char *end = strstr(peer->request, "\r\n\r\n");
    if (end == NULL)
        return NULL;
    const char *length = strcasestr(peer->request, "\r\ncontent-length:");
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return peer->got >= (size_t)(end + 4 - peer->request) + body ? end + 4 : NULL;
}

static void receive(struct peer *peer)
{
    ssize_t n = read(peer->fd, peer->request + peer->got, REQUEST_MAX - 1 - peer->got);
    if (n <= 0) {
        forget_peer(peer);
        return;
    }
    peer->got += (size_t)n;
    const char *body = whole_body(peer);
    if (body == NULL)
        return;
    peer->got = 0;
    if (strncmp(peer->request, "GET ", 4) == 0)
        report(peer);
    else
        take_post(peer, body);
}

static void handle(int poll_fd, struct peer *peer)
{
    switch (peer->kind) {
    case LISTENS:
    case LISTENS_SILENTLY:
        accept_one(poll_fd, peer);
        break;
    case ANSWERS:
        receive(peer);
        break;
    case IS_SILENT:
        forget_peer(peer); /* its caller has given up */
        break;
    }
}

/* As many files as there may be. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("setrlimit");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fprintf(stderr, "usage: receivers FIRST_PORT ANSWERING SILENT\n");
        return 2;
    }
    int first = atoi(argv[1]), answering = atoi(argv[2]), silent = atoi(argv[3]);
    raise_limit();
    int poll_fd = epoll_create1(0);
    for (int i = answering + silent - 1; i >= 0; i--) /* who can reach the first can reach all */
        listen_on(poll_fd, first + i, i < answering ? LISTENS : LISTENS_SILENTLY);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll_fd, events, 64, -1);
        for (int i = 0; i < ready; i++)
            handle(poll_fd, events[i].data.ptr);
    }
}
