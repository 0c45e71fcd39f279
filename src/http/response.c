/* From an answer to bytes: the status line, the headers that every answer has, and the body, at the
 * end of the loop's buffer, in one piece of room that is asked for once.
 *
 * Runs on the loops; no state.
 */
#include <assert.h>

#include "http/wire.h"

/* Room for everything but the body and the answer's own headers and content type. */
enum { FRAME_BYTES = 384, DIGITS = 20 };

static const struct {
    int status;
    struct str line;
} status_lines[] = {
    {200, STR_INIT("HTTP/1.1 200 OK\r\n")},
    {201, STR_INIT("HTTP/1.1 201 Created\r\n")},
    {202, STR_INIT("HTTP/1.1 202 Accepted\r\n")},
    {204, STR_INIT("HTTP/1.1 204 No Content\r\n")},
    {206, STR_INIT("HTTP/1.1 206 Partial Content\r\n")},
    {301, STR_INIT("HTTP/1.1 301 Moved Permanently\r\n")},
    {302, STR_INIT("HTTP/1.1 302 Found\r\n")},
    {303, STR_INIT("HTTP/1.1 303 See Other\r\n")},
    {304, STR_INIT("HTTP/1.1 304 Not Modified\r\n")},
    {307, STR_INIT("HTTP/1.1 307 Temporary Redirect\r\n")},
    {308, STR_INIT("HTTP/1.1 308 Permanent Redirect\r\n")},
    {400, STR_INIT("HTTP/1.1 400 Bad Request\r\n")},
    {401, STR_INIT("HTTP/1.1 401 Unauthorized\r\n")},
    {403, STR_INIT("HTTP/1.1 403 Forbidden\r\n")},
    {404, STR_INIT("HTTP/1.1 404 Not Found\r\n")},
    {405, STR_INIT("HTTP/1.1 405 Method Not Allowed\r\n")},
    {406, STR_INIT("HTTP/1.1 406 Not Acceptable\r\n")},
    {408, STR_INIT("HTTP/1.1 408 Request Timeout\r\n")},
    {409, STR_INIT("HTTP/1.1 409 Conflict\r\n")},
    {410, STR_INIT("HTTP/1.1 410 Gone\r\n")},
    {411, STR_INIT("HTTP/1.1 411 Length Required\r\n")},
    {412, STR_INIT("HTTP/1.1 412 Precondition Failed\r\n")},
    {413, STR_INIT("HTTP/1.1 413 Content Too Large\r\n")},
    {414, STR_INIT("HTTP/1.1 414 URI Too Long\r\n")},
    {415, STR_INIT("HTTP/1.1 415 Unsupported Media Type\r\n")},
    {416, STR_INIT("HTTP/1.1 416 Range Not Satisfiable\r\n")},
    {417, STR_INIT("HTTP/1.1 417 Expectation Failed\r\n")},
    {422, STR_INIT("HTTP/1.1 422 Unprocessable Content\r\n")},
    {426, STR_INIT("HTTP/1.1 426 Upgrade Required\r\n")},
    {429, STR_INIT("HTTP/1.1 429 Too Many Requests\r\n")},
    {431, STR_INIT("HTTP/1.1 431 Request Header Fields Too Large\r\n")},
    {500, STR_INIT("HTTP/1.1 500 Internal Server Error\r\n")},
    {501, STR_INIT("HTTP/1.1 501 Not Implemented\r\n")},
    {502, STR_INIT("HTTP/1.1 502 Bad Gateway\r\n")},
    {503, STR_INIT("HTTP/1.1 503 Service Unavailable\r\n")},
    {504, STR_INIT("HTTP/1.1 504 Gateway Timeout\r\n")},
    {505, STR_INIT("HTTP/1.1 505 HTTP Version Not Supported\r\n")},
    {507, STR_INIT("HTTP/1.1 507 Insufficient Storage\r\n")},
};

static char *put(char *at, struct str s)
{
    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}
#define PUT(at, literal) put((at), STR(literal))

static char *put_number(char *at, uint64_t number)
{
    char digits[DIGITS], *end = digits + sizeof(digits), *first = end;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(at, str_from(first, (size_t)(end - first)));
}

/* A status without a name of its own gets its line without one, which is allowed. */
static char *put_status_line(char *at, int status)
{
    assert(status >= 200 && status <= 999);
    for (size_t i = 0; i < sizeof(status_lines) / sizeof(status_lines[0]); i++) {
        if (status_lines[i].status == status)
            return put(at, status_lines[i].line);
    }
    at = put_number(PUT(at, "HTTP/1.1 "), (size_t)status);
    return PUT(at, " \r\n");
}

static char *put_connection(char *at, const struct reply *reply)
{
    if (reply->close)
        return PUT(at, "Connection: close\r\n");
    return reply->http_1_0 ? PUT(at, "Connection: keep-alive\r\n") : at;
}

static size_t body_size(const struct http_answer *answer)
{
    size_t size = 0;
    for (size_t i = 0; i < answer->part_count; i++)
        size += answer->parts[i].len;
    return size;
}

static char *put_body(char *at, const struct http_answer *answer)
{
    for (size_t i = 0; i < answer->part_count; i++)
        at = put(at, answer->parts[i]);
    return at;
}

void response_put(struct buf *out, const struct reply *reply, const struct http_answer *answer)
{
    struct str type = str_of(answer->content_type ? answer->content_type : "application/json");
    size_t size = body_size(answer);
    char *start = buf_room(out, FRAME_BYTES + type.len + answer->headers.len + size);
    assert(start != NULL);

    bool bodiless = answer->status == 204 || answer->status == 304;
    char *at = put_status_line(start, answer->status);
    if (!bodiless)
        at = PUT(put(PUT(at, "Content-Type: "), type), "\r\n");
    at = PUT(at, "Cache-Control: no-store\r\nPragma: no-cache\r\nDate: ");
    at = PUT(put(at, str_of(reply->date)), "\r\n");
    at = put_connection(at, reply);
    if (!bodiless && reply->more != UINT64_MAX)
        at = PUT(put_number(PUT(at, "Content-Length: "), size + reply->more), "\r\n");
    at = PUT(put(at, answer->headers), "\r\n");
    if (!bodiless && !reply->head_only)
        at = put_body(at, answer);
    buf_grew(out, (size_t)(at - start));
}

/* The texts of this room have nothing in them that JSON would escape. */
void response_refuse(struct buf *out, const struct reply *reply, int status, const char *text)
{
    struct str parts[] = {STR("{\"success\":false,\"error\":\""), str_of(text), STR("\"}")};
    struct http_answer answer = {.status = status,
                                 .headers = status == 503 ? STR("Retry-After: 1\r\n") : STR(""),
                                 .parts = parts,
                                 .part_count = sizeof(parts) / sizeof(parts[0])};
    response_put(out, reply, &answer);
}
