/* From bytes to a request: llhttp's callbacks fill a draft, the head is checked as soon as it is
 * there, and a whole draft becomes the views of struct http_request.
 *
 * llhttp reports names, values and bodies in pieces and knows no limits. Pieces of one name or
 * value follow each other in memory, for whoever feeds the parser keeps them together; so a piece
 * only moves the end of its span. All limits are kept here. llhttp is left as strict as it is; what
 * it takes but no careful server should (no Host, unknown codings, any Upgrade) is refused here.
 *
 * Runs on the loops; no state of its own.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/wire.h"

/* The target may take this part of the bytes allowed for the whole head. */
enum { TARGET_SHARE = 2 };

/* A callback's way to stop the parser. */
enum { STOP = -1 };

static int refuse(struct draft *d, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct draft *d, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    d->refusal.status = status;
    (void)vsnprintf(d->refusal.text, sizeof(d->refusal.text), format, args);
    va_end(args);
    return STOP;
}

void draft_begin(struct draft *d)
{
    d->stage = STAGE_HEAD;
    d->http_1_0 = d->keep_alive = d->expects_continue = d->in_name = d->streams = false;
    d->target = (struct span){0};
    d->head_end = d->body_at = d->body_len = d->extras = d->field_count = 0;
    memset(d->known, 0, sizeof(d->known));
    d->hosts = d->codings = 0;
    d->refusal.status = 0;
}

static struct str text_of(const struct draft *d, struct span span)
{
    return str_from(d->base + span.at, span.len);
}

/* A header's value, without white space behind it; llhttp leaves out what is in front. */
static struct str value_of(const struct draft *d, const struct field *field)
{
    struct str value = text_of(d, field->value);
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    return value;
}

static struct str known_value(const struct draft *d, enum known known)
{
    return d->known[known] ? value_of(d, &d->fields[d->known[known] - 1]) : STR("");
}

/* Pieces */

static void extend(struct draft *d, struct span *span, const char *piece, size_t len)
{
    size_t at = (size_t)(piece - d->base);
    if (span->len == 0)
        span->at = (uint32_t)at;
    span->len = (uint32_t)(at + len - span->at);
    d->head_end = at + len;
}

/* Chunk extensions and trailers are read over, but not without end. */
static int count_extras(struct draft *d, size_t len)
{
    d->extras += len;
    if (d->extras <= d->limits->header_bytes)
        return 0;
    return refuse(d, 431, "The chunk extensions and trailers have more than %zu bytes.",
                  d->limits->header_bytes);
}

static int on_url(llhttp_t *parser, const char *piece, size_t len)
{
    struct draft *d = parser->data;
    extend(d, &d->target, piece, len);
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *piece, size_t len)
{
    struct draft *d = parser->data;
    if (d->stage == STAGE_BODY)
        return count_extras(d, len);
    if (!d->in_name) {
        if (d->field_count == d->limits->header_count)
            return refuse(d, 431, "The request has more than %zu headers.",
                          d->limits->header_count);
        d->fields[d->field_count++] = (struct field){0};
        d->in_name = true;
    }
    extend(d, &d->fields[d->field_count - 1].name, piece, len);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *piece, size_t len)
{
    struct draft *d = parser->data;
    if (d->stage == STAGE_BODY)
        return count_extras(d, len);
    d->in_name = false;
    extend(d, &d->fields[d->field_count - 1].value, piece, len);
    return 0;
}

static int on_extension(llhttp_t *parser, const char *piece, size_t len)
{
    (void)piece;
    return count_extras(parser->data, len);
}

static int refuse_body(struct draft *d)
{
    return refuse(d, 413, "The body is larger than the %zu bytes that are allowed.",
                  d->limits->body_bytes);
}

static bool body_would_pass(const struct draft *d, uint64_t more)
{
    return !d->streams && more > d->limits->body_bytes - d->body_len;
}

static int on_chunk_header(llhttp_t *parser)
{
    struct draft *d = parser->data;
    return body_would_pass(d, parser->content_length) ? refuse_body(d) : 0;
}

/* Moves a chunk to the end of those before it. A body that was sent in one piece stays where it is.
 */
static int on_body(llhttp_t *parser, const char *piece, size_t len)
{
    struct draft *d = parser->data;
    if (body_would_pass(d, len))
        return refuse_body(d);
    if (d->body_len == 0)
        d->body_at = (size_t)(piece - d->base);
    char *end = d->base + d->body_at + d->body_len;
    if (end != piece)
        memmove(end, piece, len);
    d->body_len += len;
    return 0;
}

/* The head */

static const struct str known_names[KNOWN_COUNT] = {
    [KNOWN_HOST] = STR_INIT("host"),
    [KNOWN_EXPECT] = STR_INIT("expect"),
    [KNOWN_UPGRADE] = STR_INIT("upgrade"),
    [KNOWN_USER_ID] = STR_INIT("x-user-id"),
    [KNOWN_REAL_IP] = STR_INIT("x-real-ip"),
    [KNOWN_AUTH_TOKEN] = STR_INIT("x-auth-token"),
    [KNOWN_CONTENT_TYPE] = STR_INIT("content-type"),
    [KNOWN_FORWARDED_FOR] = STR_INIT("x-forwarded-for"),
    [KNOWN_TRANSFER_ENCODING] = STR_INIT("transfer-encoding"),
};

static enum known known_of(struct str name)
{
    for (enum known k = 0; k < KNOWN_COUNT; k++) {
        if (name.len == known_names[k].len && str_eq_nocase(name, known_names[k]))
            return k;
    }
    return KNOWN_COUNT;
}

static void note_known(struct draft *d)
{
    for (size_t i = 0; i < d->field_count; i++) {
        enum known known = known_of(text_of(d, d->fields[i].name));
        if (known == KNOWN_COUNT)
            continue;
        if (d->known[known] == 0)
            d->known[known] = (uint16_t)(i + 1);
        d->hosts += known == KNOWN_HOST;
        d->codings += known == KNOWN_TRANSFER_ENCODING;
    }
}

/* `size`: of the head, as far as it is known. */
static int check_size(struct draft *d, size_t size)
{
    size_t head_max = d->limits->header_bytes, target_max = head_max / TARGET_SHARE;
    if (d->target.len > target_max)
        return refuse(d, 414, "The request target is longer than %zu bytes.", target_max);
    if (size > head_max)
        return refuse(d, 431, "The request line and the headers have more than %zu bytes.",
                      head_max);
    return 0;
}

static int check_version(struct draft *d, const llhttp_t *parser)
{
    bool spoken = parser->http_major == 1 && parser->http_minor <= 1;
    d->http_1_0 = spoken && parser->http_minor == 0;
    return spoken ? 0 : refuse(d, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
}

static int check_method(struct draft *d, const llhttp_t *parser)
{
    d->method = parser->method;
    if (d->method == HTTP_CONNECT)
        return refuse(d, 501, "CONNECT is for proxies; this is none.");
    return 0;
}

static int check_target(struct draft *d)
{
    struct str target = text_of(d, d->target);
    if (str_find_char(target, '#') != SIZE_MAX)
        return refuse(d, 400, "The request target must not have a fragment ('#').");
    if (str_is(target, "*") && d->method != LLHTTP_OPTIONS)
        return refuse(d, 400, "The request target '*' is for OPTIONS only.");
    return 0;
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(".:-_[]~%!$&'()*+,;=", c) != NULL);
}

static int check_host(struct draft *d)
{
    if (d->hosts == 0)
        return d->http_1_0 ? 0 : refuse(d, 400, "The Host header is missing.");
    if (d->hosts > 1)
        return refuse(d, 400, "There is more than one Host header.");
    struct str host = known_value(d, KNOWN_HOST);
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.ptr[i]))
            return refuse(d, 400, "The Host header has a character that no host name has.");
    }
    return 0;
}

/* Content-Length beside Transfer-Encoding, and two of either, were refused by llhttp. */
static int check_coding(struct draft *d)
{
    if (d->codings == 0)
        return 0;
    if (d->http_1_0)
        return refuse(d, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (d->codings > 1 || !str_eq_nocase(known_value(d, KNOWN_TRANSFER_ENCODING), STR("chunked")))
        return refuse(d, 501, "The only Transfer-Encoding understood here is: chunked");
    return 0;
}

static int check_length(struct draft *d, const llhttp_t *parser)
{
    return body_would_pass(d, parser->content_length) ? refuse_body(d) : 0;
}

static int check_expect(struct draft *d)
{
    if (d->known[KNOWN_EXPECT] == 0 || d->http_1_0)
        return 0;
    d->expects_continue = str_eq_nocase(known_value(d, KNOWN_EXPECT), STR("100-continue"));
    if (!d->expects_continue)
        return refuse(d, 417, "The only expectation understood here is: 100-continue");
    return 0;
}

/* An offer of HTTP/2 may be ignored, and clients that make one by habit expect just that. Whoever
 * wants another protocol could do nothing with an answer in this one. */
static int check_upgrade(struct draft *d, llhttp_t *parser)
{
    if (!parser->upgrade)
        return 0;
    parser->upgrade = 0;
    if (!str_eq_nocase(known_value(d, KNOWN_UPGRADE), STR("h2c")))
        return refuse(d, 501, "Upgrading to another protocol is not possible here.");
    return 0;
}

static void split_target(struct str target, struct http_request *rq);
static enum http_method method_of(const struct draft *d);

static int check_streams(struct draft *d, const llhttp_t *parser)
{
    bool chunked = (parser->flags & F_CHUNKED) != 0;
    if (d->router == NULL || (!chunked && parser->content_length == 0))
        return 0;
    struct http_request rq;
    split_target(text_of(d, d->target), &rq);
    d->streams = router_streams(d->router, method_of(d), rq.path);
    d->length = chunked ? UINT64_MAX : parser->content_length;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct draft *d = parser->data;
    note_known(d);
    bool refused = check_version(d, parser) || check_size(d, d->head_end + strlen("\r\n\r\n")) ||
                   check_method(d, parser) || check_target(d) || check_host(d) || check_coding(d) ||
                   check_streams(d, parser) || check_length(d, parser) || check_expect(d) ||
                   check_upgrade(d, parser);
    d->stage = STAGE_BODY;
    d->body_at = d->head_end;
    if (refused)
        return STOP;
    return d->streams ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct draft *d = parser->data;
    d->stage = STAGE_WHOLE;
    d->keep_alive = llhttp_should_keep_alive(parser) != 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_chunk_extension_name = on_extension,
    .on_chunk_extension_value = on_extension,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void draft_parser_init(llhttp_t *parser)
{
    llhttp_init(parser, HTTP_REQUEST, &callbacks);
}

/* What llhttp finds wrong */

static const struct {
    llhttp_errno_t code;
    int status;
    const char *text;
} complaints[] = {
    {HPE_INVALID_URL, 400, "The request target is no path, or has a character to be encoded."},
    {HPE_INVALID_VERSION, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."},
    {HPE_PAUSED_H2_UPGRADE, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."},
    {HPE_INVALID_HEADER_TOKEN, 400,
     "A header has a character that is not allowed, white space before its colon, or a value "
     "that goes on in the next line."},
    {HPE_INVALID_CONTENT_LENGTH, 400, "Content-Length must be one decimal number."},
    {HPE_UNEXPECTED_CONTENT_LENGTH, 400,
     "There must be one Content-Length at most, and none beside Transfer-Encoding."},
    {HPE_INVALID_TRANSFER_ENCODING, 400,
     "Transfer-Encoding must be 'chunked' and stand without Content-Length."},
    {HPE_INVALID_CHUNK_SIZE, 400, "A chunk's size must be a hexadecimal number."},
    {HPE_CR_EXPECTED, 400, "Lines must end with CR and LF."},
    {HPE_LF_EXPECTED, 400, "Lines must end with CR and LF."},
    {HPE_STRICT, 400, "A chunk does not have the length that it declares."},
};

/* A word that could be a method, as far as it goes. */
static bool begins_with_method(const char *bytes, size_t len)
{
    size_t letters = 0;
    while (letters < len && bytes[letters] >= 'A' && bytes[letters] <= 'Z')
        letters++;
    return letters > 0 && (letters == len || bytes[letters] == ' ');
}

static void complain(struct draft *d, const llhttp_t *parser, llhttp_errno_t code, size_t size)
{
    /* The version was fine; what is wrong is behind it. */
    if (code == HPE_INVALID_VERSION && parser->http_major == 1 && parser->http_minor <= 1)
        code = HPE_CR_EXPECTED;
    if (code == HPE_INVALID_METHOD && begins_with_method(d->base, size)) {
        refuse(d, 501, "This method is not known here.");
        return;
    }
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
        if (complaints[i].code == code) {
            refuse(d, complaints[i].status, "%s", complaints[i].text);
            return;
        }
    }
    refuse(d, 400, "This is not a well-formed HTTP/1.1 request.");
}

enum reading draft_feed(struct draft *d, llhttp_t *parser, char *base, size_t from, size_t to,
                        size_t *out_end)
{
    d->base = base;
    parser->data = d;
    llhttp_errno_t code = llhttp_execute(parser, base + from, to - from);
    if (code == HPE_PAUSED) {
        *out_end = (size_t)(llhttp_get_error_pos(parser) - base);
        return d->stage == STAGE_WHOLE ? READ_WHOLE : READ_HEAD;
    }
    if (code != HPE_OK && d->refusal.status == 0)
        complain(d, parser, code, to);
    if (code == HPE_OK && d->stage == STAGE_HEAD)
        check_size(d, to);
    return d->refusal.status != 0 ? READ_REFUSED : READ_MORE;
}

size_t draft_needs(const struct draft *d, size_t size)
{
    return d->stage == STAGE_HEAD ? size : d->body_at + d->body_len;
}

/* The whole request */

static enum http_method method_of(const struct draft *d)
{
    switch (d->method) {
    case LLHTTP_GET:
    case LLHTTP_HEAD:
        return HTTP_GET;
    case LLHTTP_POST:
        return HTTP_POST;
    case LLHTTP_PUT:
        return HTTP_PUT;
    case LLHTTP_DELETE:
        return HTTP_DELETE;
    case LLHTTP_OPTIONS:
        return HTTP_OPTIONS;
    case LLHTTP_PATCH:
        return HTTP_PATCH;
    default:
        return HTTP_OTHER;
    }
}

/* A target may carry scheme and authority in front ("http://host/path"), which are of no interest:
 * what is left of it begins with '/' or '?', or is empty. */
static struct str without_origin(struct str target)
{
    if (target.ptr[0] == '/' || str_is(target, "*"))
        return target;
    size_t scheme = str_find(target, STR("://"));
    size_t at = scheme == SIZE_MAX ? target.len : scheme + strlen("://");
    while (at < target.len && target.ptr[at] != '/' && target.ptr[at] != '?')
        at++;
    return str_after(target, at);
}

static void split_target(struct str target, struct http_request *rq)
{
    target = without_origin(target);
    size_t mark = str_find_char(target, '?');
    rq->path = str_slice(target, 0, mark);
    rq->query = mark == SIZE_MAX ? STR("") : str_after(target, mark + 1);
    if (str_empty(rq->path))
        rq->path = STR("/");
}

/* The n-th entry from the right of all X-Forwarded-For headers taken as one list; false when it is
 * shorter. */
static bool forwarded(const struct http_request *rq, unsigned n, struct str *out)
{
    for (size_t i = rq->header_count; i > 0; i--) {
        const struct http_header *header = &rq->headers[i - 1];
        if (!str_eq_nocase(header->name, known_names[KNOWN_FORWARDED_FOR]))
            continue;
        struct str list = header->value;
        for (bool more = true; more; n--) {
            size_t from = list.len;
            while (from > 0 && list.ptr[from - 1] != ',')
                from--;
            if (n == 1) {
                *out = str_trim(str_after(list, from));
                return true;
            }
            more = from > 0;
            list.len = more ? from - 1 : 0;
        }
    }
    return false;
}

static struct str peer_of(const struct draft *d, const struct http_request *rq, struct str peer)
{
    struct str entry;
    unsigned count = d->limits->forwarded_count;
    if (count > 0 && d->known[KNOWN_FORWARDED_FOR] && forwarded(rq, count, &entry) &&
        !str_empty(entry))
        return entry;
    struct str real = known_value(d, KNOWN_REAL_IP);
    return d->limits->real_ip && !str_empty(real) ? real : peer;
}

void draft_request(const struct draft *d, struct http_header *headers, struct str peer,
                   struct http_request *rq)
{
    assert(d->stage == STAGE_WHOLE || d->streams);
    for (size_t i = 0; i < d->field_count; i++) {
        const struct field *field = &d->fields[i];
        headers[i] = (struct http_header){text_of(d, field->name), value_of(d, field)};
    }
    *rq = (struct http_request){
        .method = method_of(d),
        .head_only = d->method == LLHTTP_HEAD,
        .body = str_from(d->base + d->body_at, d->body_len),
        .body_follows = d->streams,
        .body_length = d->streams ? d->length : d->body_len,
        .headers = headers,
        .header_count = d->field_count,
        .auth_token = known_value(d, KNOWN_AUTH_TOKEN),
        .user_id = known_value(d, KNOWN_USER_ID),
        .content_type = known_value(d, KNOWN_CONTENT_TYPE),
    };
    split_target(text_of(d, d->target), rq);
    rq->peer = peer_of(d, rq, peer);
}

struct str http_header(const struct http_request *rq, struct str lower_name)
{
    for (size_t i = 0; i < rq->header_count; i++) {
        if (str_eq_nocase(rq->headers[i].name, lower_name))
            return rq->headers[i].value;
    }
    return STR("");
}
