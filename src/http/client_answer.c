/* What libcurl calls while an exchange is under way, and what becomes of the bytes it brings. Runs
 * on the client's thread.
 */
#include <errno.h>
#include <sys/socket.h>

#include "base/utf8.h"
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

/* Line by line. A status line begins a head: that of an interim answer (100) is forgotten. Lines
 * behind the head are trailers, which nobody asks for. */
static size_t on_head(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *t = arg;
    struct str line = str_from(bytes, len);
    if (t->head_whole && str_starts(line, STR("HTTP/"))) {
        buf_clear(&t->head);
        t->head_whole = false;
    }
    if (t->head_whole)
        return len;
    t->head_whole = str_trim(line).len == 0;
    return buf_add(&t->head, line) ? len : 0;
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
    t->head_whole = false;
    t->opened = 0;
    t->refusal = ERR_NONE;
    t->socket_error = 0;
    t->curl_text[0] = '\0';
}

/* The head's next line, without its end. */
static bool next_line(struct str *rest, struct str *out)
{
    if (!str_split(rest, '\n', out))
        return false;
    if (str_ends(*out, STR("\r")))
        out->len--;
    return true;
}

/* False: a line that is no header, as the status line and the empty one. */
static bool split_header(struct str line, struct client_header *out)
{
    size_t colon = str_find_char(line, ':');
    if (colon == SIZE_MAX || colon == 0)
        return false;
    out->name = str_slice(line, 0, colon);
    out->value = str_trim(str_after(line, colon + 1));
    return true;
}

/* The headers one after the other; the status line is cut off first. */
static struct str fields_of(const struct transfer *t)
{
    struct str rest = buf_str(&t->head), status_line;
    (void)next_line(&rest, &status_line);
    return rest;
}

bool answer_header(const struct transfer *t, struct str name, struct str *out)
{
    struct str rest = fields_of(t), line;
    struct client_header header;
    while (next_line(&rest, &line)) {
        if (split_header(line, &header) && str_eq_nocase(header.name, name)) {
            *out = header.value;
            return true;
        }
    }
    return false;
}

static size_t count_lines(struct str rest)
{
    size_t count = 0;
    struct str line;
    while (next_line(&rest, &line))
        count++;
    return count;
}

/* A copy that is UTF-8 whatever came. */
static struct str copy_text(struct arena *a, struct str text)
{
    return arena_str(a, utf8_repair(a, text));
}

static void deliver_headers(const struct transfer *t)
{
    struct exchange *x = t->x;
    struct str rest = fields_of(t), line;
    struct client_header header;
    x->answer_headers = ARENA_ARRAY(x->arena, struct client_header, count_lines(rest));
    while (next_line(&rest, &line)) {
        if (!split_header(line, &header))
            continue;
        x->answer_headers[x->answer_header_count++] = (struct client_header){
            .name = arena_lower(x->arena, utf8_repair(x->arena, header.name)),
            .value = copy_text(x->arena, header.value)};
    }
}

/* "HTTP/1.1 404 Not Found": what is behind the number. */
static struct str status_text(const struct transfer *t)
{
    struct str rest = buf_str(&t->head), line, part;
    (void)next_line(&rest, &line);
    (void)str_split(&line, ' ', &part);
    return str_split(&line, ' ', &part) && line.len != SIZE_MAX ? str_trim(line) : STR("");
}

void answer_deliver(struct transfer *t)
{
    struct exchange *x = t->x;
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    x->end = CLIENT_ANSWERED;
    x->status = (int)status;
    x->status_text = copy_text(x->arena, status_text(t));
    x->answer = arena_str(x->arena, buf_str(&t->body));
    deliver_headers(t);
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
