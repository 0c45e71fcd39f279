/* A load at a fixed rate: one request every 1/rate seconds, whatever the server does, and the time
 * of each answer counted from the moment its request was due. So a server that stalls is not spared
 * the requests that should have come meanwhile.
 *
 *     pace PORT RATE SECONDS CONNECTIONS REQUEST-FILE...
 *
 * Each file holds one whole HTTP request; they are sent in turn. Nineteen '@' in a request become
 * the moment when it was due, of CLOCK_MONOTONIC in nanoseconds. Prints one JSON object: how many
 * were sent and answered, how many were not 2xx, and the quantiles of the times in milliseconds.
 * One thread, one epoll; loopback only.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 16, REQUESTS_MAX = 64, GRACE_NS = 2000000000, MOMENT = 19 };

struct client {
    int fd;
    bool busy;
    int64_t due_ns;
    size_t got;
    char answer[ANSWER_MAX];
};

struct load {
    char *requests[REQUESTS_MAX];
    char *moments[REQUESTS_MAX]; /* where it says when it was due; NULL: nowhere */
    size_t lengths[REQUESTS_MAX];
    size_t request_count, next_request;
    struct client *clients;
    size_t client_count;
    size_t *idle, idle_first, idle_count; /* a ring: each has its turn, so none is cut as silent */
    double *times_ms;
    size_t sent, answered, refused;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        die(path);
    char *text = malloc(ANSWER_MAX);
    *length = fread(text, 1, ANSWER_MAX - 1, file);
    text[*length] = '\0';
    (void)fclose(file);
    return text;
}

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

/* Of nineteen characters, as the mark has. */
static void write_moment(char *at, int64_t due_ns)
{
    char digits[MOMENT + 1];
    (void)snprintf(digits, sizeof(digits), "%0*lld", MOMENT, (long long)due_ns);
    memcpy(at, digits, MOMENT);
}

static void send_one(struct load *load, int64_t due_ns)
{
    struct client *client = &load->clients[load->idle[load->idle_first]];
    load->idle_first = (load->idle_first + 1) % load->client_count;
    load->idle_count--;
    size_t which = load->next_request++ % load->request_count;
    client->busy = true;
    client->due_ns = due_ns;
    client->got = 0;
    size_t length = load->lengths[which];
    if (load->moments[which] != NULL)
        write_moment(load->moments[which], due_ns);
    if (write(client->fd, load->requests[which], length) != (ssize_t)length)
        die("write");
    load->sent++;
}

/* Whether a whole answer has come: headers and as many bytes as Content-Length says. */
static bool complete(struct client *client)
{
    client->answer[client->got] = '\0';
    const char *end = strstr(client->answer, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(client->answer, "\r\ncontent-length:");
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return client->got >= (size_t)(end + 4 - client->answer) + body;
}

static void receive(struct load *load, size_t number)
{
    struct client *client = &load->clients[number];
    ssize_t n = read(client->fd, client->answer + client->got, ANSWER_MAX - 1 - client->got);
    if (n <= 0)
        die("the server closed a connection");
    client->got += (size_t)n;
    if (!client->busy || !complete(client))
        return;
    load->times_ms[load->answered++] = (double)(now_ns() - client->due_ns) / 1e6;
    load->refused += strncmp(client->answer + 9, "2", 1) != 0;
    client->busy = false;
    load->idle[(load->idle_first + load->idle_count++) % load->client_count] = number;
}

static void wait_until(struct load *load, int poll_fd, int64_t until_ns)
{
    struct epoll_event events[64];
    int64_t left_ns = until_ns - now_ns();
    struct timespec left = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
    if (left_ns < 0)
        left = (struct timespec){0};
    int ready = epoll_pwait2(poll_fd, events, 64, &left, NULL);
    for (int i = 0; i < ready; i++)
        receive(load, events[i].data.u64);
}

static void run(struct load *load, int poll_fd, double rate, size_t total)
{
    int64_t start_ns = now_ns();
    for (size_t due = 0; due < total;) {
        int64_t due_ns = start_ns + (int64_t)((double)due * 1e9 / rate);
        if (now_ns() >= due_ns && load->idle_count > 0) {
            send_one(load, due_ns);
            due++;
        } else {
            wait_until(load, poll_fd, now_ns() >= due_ns ? now_ns() + 1000000 : due_ns);
        }
    }
    int64_t give_up_ns = now_ns() + GRACE_NS;
    while (load->answered < load->sent && now_ns() < give_up_ns)
        wait_until(load, poll_fd, now_ns() + 10000000);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const struct load *load, double q)
{
    return load->answered == 0 ? 0 : load->times_ms[(size_t)((double)(load->answered - 1) * q)];
}

static void report(struct load *load)
{
    qsort(load->times_ms, load->answered, sizeof(double), ascending);
    printf("{\"sent\":%zu,\"answered\":%zu,\"refused\":%zu,\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f}\n",
           load->sent, load->answered, load->refused, quantile(load, 0.5), quantile(load, 0.9),
           quantile(load, 0.99), quantile(load, 0.999), quantile(load, 1));
}

int main(int argc, char **argv)
{
    if (argc < 6 || argc - 5 > REQUESTS_MAX) {
        (void)fprintf(stderr, "usage: pace PORT RATE SECONDS CONNECTIONS REQUEST-FILE...\n");
        return 2;
    }
    double rate = strtod(argv[2], NULL);
    size_t total = (size_t)(rate * strtod(argv[3], NULL));
    struct load load = {.client_count = strtoul(argv[4], NULL, 10),
                        .request_count = (size_t)argc - 5};
    for (size_t i = 0; i < load.request_count; i++) {
        load.requests[i] = read_file(argv[5 + i], &load.lengths[i]);
        load.moments[i] = strstr(load.requests[i], "@@@@@@@@@@@@@@@@@@@");
    }
    load.clients = calloc(load.client_count, sizeof(*load.clients));
    load.idle = calloc(load.client_count, sizeof(*load.idle));
    load.times_ms = calloc(total + 1, sizeof(*load.times_ms));
    int poll_fd = epoll_create1(0);
    for (size_t i = 0; i < load.client_count; i++) {
        load.clients[i].fd = connect_to((int)strtol(argv[1], NULL, 10));
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, load.clients[i].fd, &event);
        load.idle[load.idle_count++] = i;
    }
    run(&load, poll_fd, rate, total);
    report(&load);
    return 0;
}
