/* Who may read the metrics, and the few numbers that belong to the whole process. Runs on the loop:
 * printing them takes a fraction of a millisecond and touches memory only. */
#include "main/metrics.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"

enum { PAGE_BYTES_MAX = 1 << 20, LINE_BYTES = 256 };

static const char *const words[] = {
    [METRICS_OFF] = "off",
    [METRICS_LOOPBACK] = "loopback",
    [METRICS_TOKEN] = "token",
    [METRICS_OPEN] = "open",
};

enum metrics_access metrics_access_of(struct str word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(word, words[i]))
            return (enum metrics_access)i;
    }
    return METRICS_OFF;
}

/* --- who may --- */

static const struct str marks_of_proxies[] = {
    STR_INIT("forwarded"),
    STR_INIT("x-forwarded-for"),
    STR_INIT("x-real-ip"),
    STR_INIT("via"),
};

/* Behind a proxy on this machine everybody seems to be here: what came through one is from
 * elsewhere, whatever address it gives. */
static bool is_local(const struct http_request *rq)
{
    for (size_t i = 0; i < sizeof(marks_of_proxies) / sizeof(marks_of_proxies[0]); i++) {
        if (!str_empty(http_header(rq, marks_of_proxies[i])))
            return false;
    }
    return str_starts(rq->peer, STR("127.")) || str_is(rq->peer, "::1");
}

static bool has_token(const struct http_request *rq, struct str token)
{
    struct str given = http_header(rq, STR("authorization")), scheme = STR("bearer ");
    return str_eq_nocase(str_slice(given, 0, scheme.len), scheme) &&
           str_eq_secret(str_trim(str_after(given, scheme.len)), token);
}

static bool may_read(const struct http_request *rq, const struct metrics *m)
{
    switch (m->access) {
    case METRICS_LOOPBACK:
        return is_local(rq);
    case METRICS_TOKEN:
        return has_token(rq, m->token);
    case METRICS_OPEN:
        return true;
    default:
        return false;
    }
}

/* --- the process --- */

/* The second number of the file, in pages. */
static int64_t resident_bytes(void)
{
    char line[LINE_BYTES] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    struct str rest = str_of(fgets(line, sizeof(line), file)), part;
    (void)fclose(file);
    int64_t pages = 0;
    bool read =
        str_split(&rest, ' ', &part) && str_split(&rest, ' ', &part) && str_to_i64(part, &pages);
    return read ? pages * sysconf(_SC_PAGESIZE) : 0;
}

static int64_t us_of(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void measure_process(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) == 0)
        metric_set(METRIC_CPU_US, 0, us_of(used.ru_utime) + us_of(used.ru_stime));
    metric_set(METRIC_MEMORY_BYTES, 0, resident_bytes());
}

/* --- the answer --- */

static void answer(struct http_request *rq, int status, const char *type, struct str headers,
                   struct str body)
{
    http_answer(rq, &(struct http_answer){.status = status,
                                          .content_type = type,
                                          .headers = headers,
                                          .parts = &body,
                                          .part_count = 1});
}

static void refuse(struct http_request *rq, const struct metrics *m)
{
    bool token = m->access == METRICS_TOKEN;
    answer(rq, token ? 401 : 403, NULL, token ? STR("WWW-Authenticate: Bearer\r\n") : STR(""),
           STR("{\"success\":false,\"error\":\"unauthorized\"}"));
}

static void serve_metrics(struct http_request *rq, const void *arg)
{
    const struct metrics *m = arg;
    if (!may_read(rq, m)) {
        refuse(rq, m);
        return;
    }
    measure_process();
    BUF(page, PAGE_BYTES_MAX);
    metric_print(&page);
    answer(rq, 200, "text/plain; version=0.0.4; charset=utf-8", STR(""), buf_str(&page));
}

void metrics_routes(struct router *router, const struct metrics *metrics)
{
    metric_set(METRIC_START_S, 0, clock_wall_ms() / 1000);
    if (metrics->access != METRICS_OFF)
        router_add(router, HTTP_GET, "/metrics", serve_metrics, metrics);
}
