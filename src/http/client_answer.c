/* What libcurl calls while an exchange is under way, and what becomes of the bytes it brings. Runs
 * on the client's thread.
 */
#include <errno.h>
#include <sys/socket.h>

#include "base/utf8.h"
#include "http/client_head.h"
#include "http/client_internal.h"

enum { IDLE_S = 60 }; /* a connection that was idle for longer is not used again */

/* The judge. It sees the address that is going to be connected to, whatever name led there. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    struct transfer *t = arg;
    if (!t->proxied &&
        !guard_permits(t->client->config.guard, str_of(t->target.host), &to->addr, &t->refusal))
        return CURL_SOCKET_BAD;
    t->opened++;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (fd < 0)
        t->socket_error = errno;
    return fd;
}

/* Line by line. */
static size_t on_head(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *t = arg;
    return head_add(&t->head, str_from(bytes, len)) ? len : 0;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *t = arg;
    return buf_add(&t->body, str_from(bytes, len)) ? len : 0;
}

/* libcurl reads the trusted certificates once for all connections, but only when they come from a
 * file alone; else it takes 20 ms of this thread for each. */
static void trust(CURL *easy, const char *file)
{
    const char *usual = NULL;
    if (file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, file);
    curl_easy_getinfo(easy, CURLINFO_CAINFO, &usual);
    if (file != NULL || usual != NULL)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

void answer_connect(struct transfer *t)
{
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_text);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* proxy_for() has decided */
    trust(easy, t->client->config.ca_file);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
    /* A look-up that nobody waits for any more ends by itself; without this the thread would stand
     * still until the name server answers. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

void answer_begin(struct transfer *t)
{
    buf_release(&t->head);
    buf_release(&t->body);
    buf_init(&t->head, CLIENT_MAX_HEAD);
    buf_init(&t->body, t->x->max_body);
    t->opened = 0;
    t->refusal = ERR_NONE;
    t->socket_error = 0;
    t->curl_text[0] = '\0';
}

bool answer_header(const struct transfer *t, struct str name, struct str *out)
{
    return head_find(&t->head, name, out);
}

void answer_deliver(struct transfer *t)
{
    struct exchange *x = t->x;
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    x->end = CLIENT_ANSWERED;
    x->status = (int)status;
    x->status_text = arena_str(x->arena, utf8_repair(x->arena, head_status_text(&t->head)));
    x->answer_header_count = head_list(&t->head, x->arena, &x->answer_headers);
    x->answer = arena_str(x->arena, buf_str(&t->body));
}

static void describe_url(struct transfer *t)
{
    char *text = NULL;
    CURLU *bare = curl_url_dup(t->target.url);
    curl_url_set(bare, CURLUPART_USER, NULL, 0);
    curl_url_set(bare, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(bare, CURLUPART_FRAGMENT, NULL, 0);
    if (curl_url_get(bare, CURLUPART_URL, &text, 0) == CURLUE_OK)
        t->x->final_url = arena_str(t->x->arena, str_of(text));
    curl_free(text);
    curl_url_cleanup(bare);
}

static void describe_address(struct transfer *t)
{
    char *ip = NULL;
    long port = 0;
    curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_PORT, &port);
    if (ip == NULL || *ip == '\0')
        return;
    bool v6 = strchr(ip, ':') != NULL;
    t->x->address = arena_fmt(t->x->arena, "%s%s%s:%ld", v6 ? "[" : "", ip, v6 ? "]" : "", port);
}

static int64_t moment(const struct transfer *t, CURLINFO which)
{
    curl_off_t us = 0;
    curl_easy_getinfo(t->easy, which, &us);
    return us > 0 ? t->asked_us - t->started_us + us : 0;
}

void answer_describe(struct transfer *t)
{
    struct client_timings *timings = &t->x->timings;
    timings->total_us = client_now_us() - t->started_us;
    if (t->target.url != NULL)
        describe_url(t);
    if (t->asked_us == 0)
        return;
    describe_address(t);
    timings->name_us = moment(t, CURLINFO_NAMELOOKUP_TIME_T);
    timings->connect_us = moment(t, CURLINFO_CONNECT_TIME_T);
    timings->tls_us = moment(t, CURLINFO_APPCONNECT_TIME_T);
    timings->first_byte_us = moment(t, CURLINFO_STARTTRANSFER_TIME_T);
}
