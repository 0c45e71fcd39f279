/* From what is asked to libcurl's options, and the rules of redirects. libcurl's own following is
 * not used: it would keep a method that a redirect changes, and the guard judges each URL first.
 * Runs on the client's thread.
 */
#include <arpa/inet.h>
#include <assert.h>

#include "http/client_internal.h"
#include "http/guard_address.h"

static const struct str head_method = STR_INIT("HEAD");

static bool refuse(struct fault *fault, const char *code)
{
    fault->end = CLIENT_REFUSED;
    fault->code = code;
    return false;
}

static bool no_room(struct fault *fault)
{
    fault->end = CLIENT_FAILED;
    fault->code = "ENOMEM";
    return err_internal(&fault->err, "There was no memory for the request.");
}

static bool is_token(struct str s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!plain && memchr(marks, c, sizeof(marks) - 1) == NULL)
            return false;
    }
    return s.len > 0;
}

static bool is_value(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\r' || s.ptr[i] == '\n' || s.ptr[i] == '\0')
            return false;
    }
    return true;
}

static bool check_headers(const struct exchange *x, struct fault *fault)
{
    for (size_t i = 0; i < x->header_count; i++) {
        const struct client_header *h = &x->headers[i];
        if (!is_token(h->name)) {
            err_invalid(&fault->err, "\"%.*s\" cannot be the name of a header.",
                        STR_FMT(str_slice(h->name, 0, 100)));
            return refuse(fault, "ERR_INVALID_HTTP_TOKEN");
        }
        if (!is_value(h->value)) {
            err_invalid(&fault->err,
                        "The value of the header %.*s has a line break or a zero byte in it.",
                        STR_FMT(str_slice(h->name, 0, 100)));
            return refuse(fault, "ERR_INVALID_CHAR");
        }
    }
    return true;
}

static const char *upper(struct arena *a, struct str text)
{
    char *copy = arena_cstr(a, text);
    for (char *at = copy; *at != '\0'; at++) {
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - ('a' - 'A'));
    }
    return copy;
}

static bool check_method(struct transfer *t, struct fault *fault)
{
    struct exchange *x = t->x;
    if (!is_token(x->method) || x->method.len > 40) {
        err_invalid(&fault->err, "\"%.*s\" cannot be a method.",
                    STR_FMT(str_slice(x->method, 0, 100)));
        return refuse(fault, "ERR_INVALID_HTTP_TOKEN");
    }
    t->method = upper(x->arena, x->method);
    t->has_body = x->has_body && !str_is(head_method, t->method);
    return true;
}

static bool is_localhost(const char *host)
{
    struct str name = str_of(host);
    return str_is(name, "localhost") || str_ends(name, STR(".localhost"));
}

/* Behind a proxy no address is seen. What is certainly loopback is judged as that. */
static bool permits_unseen(const struct transfer *t, struct err *err)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)t->target.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return !t->proxied || !is_localhost(t->target.host) ||
           guard_permits(t->client->config.guard, str_of(t->target.host),
                         (const struct sockaddr *)&loopback, err);
}

static bool judge_target(struct transfer *t, struct fault *fault)
{
    const struct client_config *config = &t->client->config;
    t->proxied = *proxy_for(config, &t->target) != '\0';
    return (guard_permits_target(config->guard, &t->target, &fault->err) &&
            permits_unseen(t, &fault->err)) ||
           refuse(fault, "ERR_OUTBOUND_NOT_ALLOWED");
}

bool request_begin(struct transfer *t, struct fault *fault)
{
    if (!check_method(t, fault) || !check_headers(t->x, fault))
        return false;
    if (!target_parse(&t->target, t->x->url, &fault->err))
        return refuse(fault, "ERR_INVALID_URL");
    return judge_target(t, fault);
}

/* Redirects */

static int status_of(const struct transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

bool request_redirected(const struct transfer *t, struct str *out_location)
{
    int status = status_of(t);
    bool redirect =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    return redirect && t->x->redirects > 0 && answer_header(t, STR("location"), out_location);
}

static void become_get(struct transfer *t)
{
    t->method = "GET";
    t->has_body = false;
}

static void change_method(struct transfer *t, int status)
{
    bool post = str_is(STR("POST"), t->method);
    bool plain = str_is(STR("GET"), t->method) || str_is(head_method, t->method);
    if ((status == 303 && !plain) || ((status == 301 || status == 302) && post))
        become_get(t);
}

bool request_follow(struct transfer *t, struct str location, struct fault *fault)
{
    const struct target from = t->target;
    if (t->redirects >= t->x->redirects) {
        *fault = (struct fault){.end = CLIENT_FAILED, .code = "ERR_TOO_MANY_REDIRECTS"};
        return err_invalid(&fault->err, "More than %u redirects were to be followed.",
                           t->x->redirects);
    }
    change_method(t, status_of(t));
    if (!target_follow(&t->target, location, &fault->err))
        return refuse(fault, "ERR_INVALID_REDIRECT");
    t->redirects++;
    if (from.tls != t->target.tls || from.port != t->target.port ||
        strcmp(from.host, t->target.host) != 0)
        t->foreign = true;
    return judge_target(t, fault);
}

/* Options */

enum rule { SEND, NEVER, NOT_ABROAD, WITH_BODY };

/* Headers that do not always go as they were given. */
static enum rule rule_of(struct str name)
{
    static const struct {
        struct str name;
        enum rule rule;
    } rules[] = {
        {STR_INIT("connection"), NEVER},
        {STR_INIT("content-length"), NEVER},
        {STR_INIT("expect"), NEVER},
        {STR_INIT("keep-alive"), NEVER},
        {STR_INIT("proxy-authorization"), NEVER},
        {STR_INIT("proxy-connection"), NEVER},
        {STR_INIT("te"), NEVER},
        {STR_INIT("trailer"), NEVER},
        {STR_INIT("transfer-encoding"), NEVER},
        {STR_INIT("upgrade"), NEVER},
        {STR_INIT("authorization"), NOT_ABROAD},
        {STR_INIT("cookie"), NOT_ABROAD},
        {STR_INIT("host"), NOT_ABROAD},
        {STR_INIT("content-encoding"), WITH_BODY},
        {STR_INIT("content-language"), WITH_BODY},
        {STR_INIT("content-location"), WITH_BODY},
        {STR_INIT("content-type"), WITH_BODY},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        if (str_eq_nocase(name, rules[i].name))
            return rules[i].rule;
    }
    return SEND;
}

static bool goes_along(const struct transfer *t, struct str name)
{
    bool body_lost = t->x->has_body && !t->has_body;
    switch (rule_of(name)) {
    case NEVER:
        return false;
    case NOT_ABROAD:
        return !t->foreign;
    case WITH_BODY:
        return !body_lost;
    default:
        return true;
    }
}

static bool add_line(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (longer != NULL)
        t->headers = longer;
    return longer != NULL;
}

/* libcurl takes "Name: value", and "Name;" for a header without a value. */
static bool add_header(struct transfer *t, struct str name, struct str value)
{
    value = str_trim(value);
    BUF(line, name.len + value.len + 2);
    buf_add(&line, name);
    buf_add(&line, value.len > 0 ? STR(": ") : STR(";"));
    buf_add(&line, value);
    return add_line(t, line.ptr);
}

static bool given(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->header_count; i++) {
        if (str_eq_nocase(x->headers[i].name, str_of(name)))
            return true;
    }
    return false;
}

/* A method that usually has a body says so when it has none. */
static bool says_length(const struct transfer *t)
{
    return t->has_body || str_is(STR("POST"), t->method) || str_is(STR("PUT"), t->method) ||
           str_is(STR("PATCH"), t->method);
}

/* The caller's, and none of those that libcurl would add by itself. */
static bool build_headers(struct transfer *t)
{
    const struct exchange *x = t->x;
    const char *agent = t->client->config.user_agent;
    bool ok = add_line(t, "Expect:");
    for (size_t i = 0; i < x->header_count && ok; i++) {
        if (goes_along(t, x->headers[i].name))
            ok = add_header(t, x->headers[i].name, x->headers[i].value);
    }
    if (ok && agent != NULL && !given(x, "user-agent"))
        ok = add_header(t, STR("User-Agent"), str_of(agent));
    if (ok && says_length(t) && !given(x, "content-type"))
        ok = add_line(t, "Content-Type:");
    return ok;
}

static void set_method(struct transfer *t)
{
    struct str body = t->has_body ? t->x->body : STR("");
    curl_easy_setopt(t->easy, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
    if (str_is(head_method, t->method)) {
        curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    } else if (says_length(t)) {
        curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, body.len > 0 ? body.ptr : "");
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    }
}

bool request_prepare(struct transfer *t, struct fault *fault)
{
    const struct client *c = t->client;
    if (!build_headers(t))
        return no_room(fault);
    t->names = names_answer(c->names, &t->target);
    set_method(t);
    long verify = t->x->insecure ? 0L : 1L;
    bool ok =
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, t->method) == CURLE_OK &&
        curl_easy_setopt(t->easy, CURLOPT_PROXY, proxy_for(&c->config, &t->target)) == CURLE_OK;
    curl_easy_setopt(t->easy, CURLOPT_CURLU, t->target.url);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->names);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, verify);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
    return ok || no_room(fault);
}

void request_release(struct transfer *t)
{
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->names);
    t->headers = t->names = NULL;
}
