/* Reading requests: what is taken, what is refused and why, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/transcript.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define H "Host: a\r\n"

/* The transcript of `raw`, with a cut after each `step` bytes (0: none), begun after `first`. */
static void read_cut(struct transcript *t, struct str raw, size_t first, size_t step)
{
    transcript_begin(t, &transcript_limits);
    transcript_add(t, raw.ptr, first < raw.len ? first : raw.len);
    for (size_t at = first, len; at < raw.len; at += len) {
        len = step == 0 || step > raw.len - at ? raw.len - at : step;
        transcript_add(t, raw.ptr + at, len);
    }
}

static void check_cut(struct str raw, size_t first, size_t step, const char *wanted)
{
    struct transcript t;
    read_cut(&t, raw, first, step);
    assert_string_equal(t.text.ptr, wanted);
    transcript_end(&t);
}

/* In one piece, in two at every position, and byte by byte. */
static void check(struct str raw, const char *wanted)
{
    for (size_t first = 0; first < raw.len; first++)
        check_cut(raw, first, 0, wanted);
    check_cut(raw, 0, 1, wanted);
}

static const struct {
    const char *raw, *wanted;
} good[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", "GET /? |Host=a|  peer\n"},
    {"GET /a?b=c HTTP/1.1\r\n" H "\r\n", "GET /a?b=c |Host=a|  peer\n"},
    {"GET /a?b?c HTTP/1.1\r\n" H "\r\n", "GET /a?b?c |Host=a|  peer\n"},
    {"GET /a? HTTP/1.1\r\n" H "\r\n", "GET /a? |Host=a|  peer\n"},
    {"HEAD /a HTTP/1.1\r\n" H "\r\n", "HEAD /a? |Host=a|  peer\n"},
    {"PATCH /a HTTP/1.1\r\n" H "\r\n", "PATCH /a? |Host=a|  peer\n"},
    {"TRACE /a HTTP/1.1\r\n" H "\r\n", "OTHER /a? |Host=a|  peer\n"},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS *? |Host=a|  peer\n"},
    {"GET http://h:1/a?b HTTP/1.1\r\n" H "\r\n", "GET /a?b |Host=a|  peer\n"},
    {"GET http://h HTTP/1.1\r\n" H "\r\n", "GET /? |Host=a|  peer\n"},
    {"GET http://h?b HTTP/1.1\r\n" H "\r\n", "GET /?b |Host=a|  peer\n"},
    {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET /? |Host=a|  peer\n"},
    {"GET / HTTP/1.1\r\nHost:\r\nA:\r\nB: \r\nC:c\r\n\r\n", "GET /? |Host=|A=|B=|C=c|  peer\n"},
    {"GET / HTTP/1.1\r\n" H "A:  b c \t \r\n\r\n", "GET /? |Host=a|A=b c|  peer\n"},
    {"GET / HTTP/1.1\r\n" H "A: 1\r\na: 2\r\n\r\n", "GET /? |Host=a|A=1|a=2|  peer\n"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello",
     "POST /? |Host=a|Content-Length=5| hello peer\n"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
     "POST /? |Host=a|Content-Length=0|  peer\n"},
    {"POST / HTTP/1.1\r\n" H "\r\n", "POST /? |Host=a|  peer\n"},
    {"POST / HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
     "POST /? |Host=a|Transfer-Encoding=chunked| abc0123456789 peer\n"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
     "POST /? |Host=a|Transfer-Encoding=Chunked|  peer\n"},
    {"POST / HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n1;x=\"y\";z\r\na\r\n0\r\nT: v\r\n\r\n",
     "POST /? |Host=a|Transfer-Encoding=chunked| a peer\n"},
    {"GET / HTTP/1.0\r\n\r\n", "GET /? |  peer last\n"},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /? |Connection=keep-alive|  peer\n"},
    {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n",
     "GET /? |Host=a|Connection=close|  peer last\n"},
    {"GET / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n\r\n",
     "GET /? |Host=a|Expect=100-Continue|  peer\n"},
    {"GET / HTTP/1.1\r\n" H "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
     "GET /? |Host=a|Connection=Upgrade, HTTP2-Settings|Upgrade=h2c|  peer\n"},
    {"GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n",
     "GET /? |Host=a|Upgrade=websocket|  peer\n"},
    {"GET /1 HTTP/1.1\r\n" H "\r\nPOST /2 HTTP/1.1\r\n" H
     "Content-Length: 2\r\n\r\nokGET /3 HTTP/1.1\r\n" H "\r\n",
     "GET /1? |Host=a|  peer\nPOST /2? |Host=a|Content-Length=2| ok peer\nGET /3? |Host=a|  "
     "peer\n"},
    {"POST /1 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
     "POST /2 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\nd\r\n0\r\n\r\n",
     "POST /1? |Host=a|Transfer-Encoding=chunked| abc peer\n"
     "POST /2? |Host=a|Transfer-Encoding=chunked| d peer\n"},
};

static void what_is_well_formed_is_read_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        check(str_of(good[i].raw), good[i].wanted);
}

static const struct {
    const char *raw;
    int status;
} bad[] = {
    /* two ways to say how long the body is */
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
    /* lengths that are no plain numbers */
    {"POST / HTTP/1.1\r\n" H "Content-Length: +12\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400},
    /* any coding but chunked */
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    /* chunks */
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0xc\r\nhello, world\r\n0\r\n\r\n",
     400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
    /* headers */
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "A\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H ": a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "A b: c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "A: b\x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\n" H "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n", 400},
    /* Host */
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H H "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    /* the request line */
    {"GET foo HTTP/1.1\r\n" H "\r\n", 400},
    {"GET * HTTP/1.1\r\n" H "\r\n", 400},
    {"GET /a#b HTTP/1.1\r\n" H "\r\n", 400},
    {"GET /a\x01 HTTP/1.1\r\n" H "\r\n", 400},
    {"GET /\r\n" H "\r\n", 505},
    {"GET / HTTP/2.0\r\n" H "\r\n", 505},
    {"GET / HTTP/0.9\r\n\r\n", 505},
    {"GET / HTTP/1.2\r\n" H "\r\n", 505},
    {"GET / HTTP/3.7\r\n" H "\r\n", 505},
    {"GET / ICE/1.0\r\n" H "\r\n", 400},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"CONNECT a:1 HTTP/1.1\r\n" H "\r\n", 501},
    {"FOO / HTTP/1.1\r\n" H "\r\n", 501},
    {"G", 0},
    {"\x16\x03\x01\x02", 400},
    {"<html>", 400},
    /* more than HTTP/1.1 */
    {"GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Expect: magic\r\nContent-Length: 1\r\n\r\n", 417},
    /* limits of transcript_limits */
    {"POST / HTTP/1.1\r\n" H "Content-Length: 4097\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1000\r\n", 413},
    {"GET / HTTP/1.1\r\n" H "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\n10:\r\n\r\n",
     431},
};

/* The status of the last line; 0 when nothing was refused. */
static int status_of(const struct transcript *t)
{
    size_t at = str_find(buf_str(&t->text), STR("refused "));
    return at == SIZE_MAX ? 0 : (int)strtol(t->text.ptr + at + strlen("refused "), NULL, 10);
}

static void check_refused(struct str raw, size_t first, size_t step, int wanted)
{
    struct transcript t;
    read_cut(&t, raw, first, step);
    if (status_of(&t) != wanted)
        fail_msg("expected %d for\n%.*s\nbut got\n%s", wanted, STR_FMT(raw), t.text.ptr);
    transcript_end(&t);
}

static void what_is_malformed_is_refused_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct str raw = str_of(bad[i].raw);
        for (size_t first = 0; first < raw.len; first++)
            check_refused(raw, first, 0, bad[i].status);
        check_refused(raw, 0, 1, bad[i].status);
    }
}

/* A request line and headers with `size` bytes of filling in place of the '*'. */
static void check_filled(const char *before, size_t size, const char *after, int wanted)
{
    BUF(raw, 100000);
    buf_add(&raw, str_of(before));
    memset(buf_room(&raw, size), 'x', size);
    buf_grew(&raw, size);
    buf_add(&raw, str_of(after));
    check_refused(buf_str(&raw), 0, 0, wanted);
    check_refused(buf_str(&raw), 0, 1, wanted);
    check_refused(buf_str(&raw), 0, 1000, wanted);
}

static void a_head_has_a_limit_whether_it_is_complete_or_not(void **state)
{
    (void)state;
    size_t frame = strlen("GET / HTTP/1.1\r\n" H "A: \r\n\r\n");
    check_filled("GET / HTTP/1.1\r\n" H "A: ", 2048 - frame, "\r\n\r\n", 0);
    check_filled("GET / HTTP/1.1\r\n" H "A: ", 2049 - frame, "\r\n\r\n", 431);
    check_filled("GET / HTTP/1.1\r\n" H "A: ", 2100, "", 431);
    check_filled("GET / HTTP/1.1\r\n" H "", 2100, "", 431);
    check_filled("GET /", 1023, " HTTP/1.1\r\n" H "\r\n", 0);
    check_filled("GET /", 1024, " HTTP/1.1\r\n" H "\r\n", 414);
    check_filled("GET /", 60000, "", 414);
}

static void trailers_and_chunk_extensions_have_a_limit(void **state)
{
    (void)state;
#define CHUNKED "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
    check_filled(CHUNKED "1;", 2000, "\r\na\r\n0\r\n\r\n", 0);
    check_filled(CHUNKED "1;", 2100, "\r\na\r\n0\r\n\r\n", 431);
    check_filled(CHUNKED "1;a=", 60000, "", 431);
    check_filled(CHUNKED "0\r\nA: ", 2100, "\r\n\r\n", 431);
}

static void a_body_has_a_limit_and_may_just_reach_it(void **state)
{
    (void)state;
    check_filled("POST / HTTP/1.1\r\n" H "Content-Length: 4096\r\n\r\n", 4096, "", 0);
    check_filled(CHUNKED "1000\r\n", 4096, "\r\n0\r\n\r\n", 0);
    check_filled(CHUNKED "1000\r\n", 4096, "\r\n1\r\n", 413);
}

static void what_is_held_of_many_small_chunks_is_the_body_alone(void **state)
{
    (void)state;
    struct transcript t;
    transcript_begin(&t, &transcript_limits);
    transcript_add(&t, CHUNKED, strlen(CHUNKED));
    for (int i = 0; i < 500; i++)
        transcript_add(&t, "1\r\nx\r\n", strlen("1\r\nx\r\n"));
    assert_true(reader_holds(&t.reader) <= strlen(CHUNKED) + 500);
    transcript_add(&t, "0\r\n\r\n", strlen("0\r\n\r\n"));
    assert_int_equal(reader_holds(&t.reader), 0);
    assert_non_null(strstr(t.text.ptr, "xxxxxxxxxx"));
    transcript_end(&t);
}

static void nothing_is_held_between_two_requests(void **state)
{
    (void)state;
    struct transcript t;
    transcript_begin(&t, &transcript_limits);
    transcript_add(&t, "GET / HTTP/1.1\r\n" H "\r\nGE", strlen("GET / HTTP/1.1\r\n" H "\r\nGE"));
    assert_int_equal(reader_holds(&t.reader), 2);
    assert_int_equal(reader_stage(&t.reader), STAGE_HEAD);
    transcript_add(&t, "T / HTTP/1.1\r\n" H "\r\n", strlen("T / HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(reader_holds(&t.reader), 0);
    assert_null(t.reader.held);
    transcript_end(&t);
}

static const struct {
    unsigned count;
    bool real_ip;
    const char *headers, *wanted;
} peers[] = {
    {0, false, "X-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 2.2.2.2\r\n", "peer"},
    {1, false, "X-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1"},
    {1, false, "X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n", "2.2.2.2"},
    {2, false, "X-Forwarded-For: 1.1.1.1 ,2.2.2.2\r\n", "1.1.1.1"},
    {2, false, "x-forwarded-for: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n", "1.1.1.1"},
    {2, false, "X-Forwarded-For: 1.1.1.1,3.3.3.3\r\nX-Forwarded-For: 2.2.2.2\r\n", "3.3.3.3"},
    {3, false, "X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n", "peer"},
    {1, false, "X-Forwarded-For: 1.1.1.1,\r\n", "peer"},
    {1, false, "", "peer"},
    {0, true, "X-Real-IP: 2.2.2.2\r\n", "2.2.2.2"},
    {1, true, "X-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 2.2.2.2\r\n", "1.1.1.1"},
    {2, true, "X-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 2.2.2.2\r\n", "2.2.2.2"},
    {0, true, "X-Real-IP: \r\n", "peer"},
};

static void the_peer_is_whom_the_believed_proxies_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(peers); i++) {
        struct http_limits limits = transcript_limits;
        limits.forwarded_count = peers[i].count;
        limits.real_ip = peers[i].real_ip;
        BUF(raw, 1000);
        buf_addf(&raw, "GET / HTTP/1.1\r\n" H "%s\r\n", peers[i].headers);
        BUF(wanted, 1000);
        buf_addf(&wanted, " %s\n", peers[i].wanted);
        struct transcript t;
        transcript_begin(&t, &limits);
        transcript_add(&t, raw.ptr, raw.len);
        if (!str_ends(buf_str(&t.text), buf_str(&wanted)))
            fail_msg("row %zu: %s", i, t.text.ptr);
        transcript_end(&t);
    }
}

static void headers_are_found_by_name_without_case(void **state)
{
    (void)state;
    struct transcript t;
    transcript_begin(&t, &transcript_limits);
    struct str raw =
        STR("POST / HTTP/1.1\r\n" H "X-Auth-Token: t1 \r\nx-user-id: u1\r\nCONTENT-TYPE: "
            "text/plain\r\nX-Other: o\r\nx-other: p\r\n\r\n");
    BUF(copy, 1000);
    buf_add(&copy, raw);
    struct window w = reader_open(&t.reader, &t.draft, copy.ptr, copy.len);
    assert_int_equal(reader_next(&t.reader, &w), READ_WHOLE);
    struct http_request rq;
    draft_request(w.draft, t.headers, STR("peer"), &rq);
    assert_true(str_is(rq.auth_token, "t1"));
    assert_true(str_is(rq.user_id, "u1"));
    assert_true(str_is(rq.content_type, "text/plain"));
    assert_true(str_is(http_header(&rq, STR("x-other")), "o"));
    assert_true(str_empty(http_header(&rq, STR("x-none"))));
    reader_close(&t.reader, &w);
    transcript_end(&t);
}

static void stored_bytes_are_read_in_a_later_turn(void **state)
{
    (void)state;
    struct transcript t;
    transcript_begin(&t, &transcript_limits);
    reader_store(&t.reader, &t.draft, "GET /1 HTTP/1.1\r\n", strlen("GET /1 HTTP/1.1\r\n"));
    reader_store(&t.reader, &t.draft, H "\r\nGET", strlen(H "\r\nGET"));
    transcript_add(&t, " ", 1);
    assert_string_equal(t.text.ptr, "GET /1? |Host=a|  peer\n");
    transcript_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_well_formed_is_read_however_it_is_cut),
        cmocka_unit_test(what_is_malformed_is_refused_however_it_is_cut),
        cmocka_unit_test(a_head_has_a_limit_whether_it_is_complete_or_not),
        cmocka_unit_test(trailers_and_chunk_extensions_have_a_limit),
        cmocka_unit_test(a_body_has_a_limit_and_may_just_reach_it),
        cmocka_unit_test(what_is_held_of_many_small_chunks_is_the_body_alone),
        cmocka_unit_test(nothing_is_held_between_two_requests),
        cmocka_unit_test(the_peer_is_whom_the_believed_proxies_name),
        cmocka_unit_test(headers_are_found_by_name_without_case),
        cmocka_unit_test(stored_bytes_are_read_in_a_later_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
