/* What a receiver of an outgoing webhook says. An input is a whole answer as on the wire, with
 * heads of interim answers before it. What is found in its head, how long it may keep us waiting,
 * what its body means as a reply and as the result of a script, and the verdict: all of it is
 * checked. */
#include <assert.h>

#include "base/utf8.h"
#include "deliver/outcome.h"
#include "deliver/request.h"
#include "deliver/retry.h"
#include "fuzz/tree.h"
#include "http/client_head.h"

/* Some day of 2026; what the corpus has of dates lies around it. */
#define NOW_MS INT64_C(1790000000000)

struct answer {
    struct arena arena;
    struct buf head;
    struct exchange exchange;
};

/* --- the head --- */

/* Gives the head its lines up to the one that ends it, and cuts them off; false when one is
 * refused. Heads follow each other as libcurl has it: behind an interim answer comes the next. */
static bool add_lines(struct buf *head, struct str *rest)
{
    while (rest->len > 0) {
        size_t end = str_find_char(*rest, '\n');
        struct str line = str_slice(*rest, 0, end == SIZE_MAX ? rest->len : end + 1);
        *rest = str_after(*rest, line.len);
        if (!head_add(head, line))
            return false;
        bool ends = line.ptr[0] == '\n' || line.ptr[0] == '\r';
        if (ends && !str_starts(*rest, STR("HTTP/")))
            return true;
    }
    return true;
}

static struct str header(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->answer_header_count; i++) {
        if (str_is(x->answer_headers[i].name, name))
            return x->answer_headers[i].value;
    }
    return STR("");
}

static void check_header(const struct client_header *h)
{
    assert(h->name.len > 0 && str_is(h->name, h->name.ptr));
    for (size_t i = 0; i < h->name.len; i++)
        assert(h->name.ptr[i] > ' ' && h->name.ptr[i] < 0x7f && h->name.ptr[i] != ':' &&
               !(h->name.ptr[i] >= 'A' && h->name.ptr[i] <= 'Z'));
    assert(str_utf8(h->value) && str_trim(h->value).len == h->value.len);
    assert(str_find_char(h->value, '\r') == SIZE_MAX && str_find_char(h->value, '\n') == SIZE_MAX);
}

/* Look-up and list agree: what is listed is found, and the first of a name is what is found. */
static void check_found(struct answer *a)
{
    const struct exchange *x = &a->exchange;
    static const char *const asked[] = {"location", "retry-after", "content-type"};
    struct str raw;
    for (size_t i = 0; i < x->answer_header_count && i < 50; i++) {
        bool found = head_find(&a->head, x->answer_headers[i].name, &raw);
        assert(found &&
               str_eq(utf8_repair(&a->arena, raw), header(x, x->answer_headers[i].name.ptr)));
    }
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        bool found = head_find(&a->head, str_of(asked[i]), &raw);
        assert(found == (header(x, asked[i]).ptr != STR("").ptr));
    }
}

/* What was listed and is said again is listed the same. */
static void check_said_again(struct answer *a)
{
    const struct exchange *x = &a->exchange;
    struct client_header *again;
    BUF(head, SIZE_MAX);
    head_add(&head, STR("HTTP/1.1 200 OK\r\n"));
    for (size_t i = 0; i < x->answer_header_count; i++) {
        const struct client_header *h = &x->answer_headers[i];
        struct str parts[] = {h->name, STR(": "), h->value, STR("\r\n")};
        head_add(&head, arena_join(&a->arena, parts, 4));
    }
    size_t count = head_list(&head, &a->arena, &again);
    assert(count == x->answer_header_count);
    for (size_t i = 0; i < count; i++)
        assert(str_eq(again[i].name, x->answer_headers[i].name) &&
               str_eq(again[i].value, x->answer_headers[i].value));
}

/* A ceiling that is one too low refuses the head; whatever it is, it is never passed. */
static void check_ceiling(struct str bytes, size_t len)
{
    struct str rest = bytes;
    if (len == 0)
        return;
    BUF(head, len - 1);
    assert(!add_lines(&head, &rest) && head.len < len);
    assert(!head_add(&head, STR(" \r\n")) && !head_add(&head, STR("\r\n")));
    assert(!head_add(&head, STR("HTTP/1.1 200 OK\r\n")));
}

/* The number in the status line, which libcurl reads in the product. */
static int status_of(const struct buf *head)
{
    struct str rest = buf_str(head), part = STR("");
    int64_t status = 0;
    (void)str_split(&rest, ' ', &part);
    (void)str_split(&rest, ' ', &part);
    return str_to_i64(str_slice(part, 0, 3), &status) && status > 0 ? (int)status : 0;
}

static void read_answer(struct answer *a, struct str bytes)
{
    struct exchange *x = &a->exchange;
    struct str rest = bytes;
    bool taken = add_lines(&a->head, &rest);
    assert(taken);
    x->status = status_of(&a->head);
    x->status_text = arena_str(&a->arena, utf8_repair(&a->arena, head_status_text(&a->head)));
    x->answer_header_count = head_list(&a->head, &a->arena, &x->answer_headers);
    x->answer = rest;
    assert(str_utf8(x->status_text));
    assert(str_find_char(x->status_text, '\n') == SIZE_MAX);
    for (size_t i = 0; i < x->answer_header_count; i++)
        check_header(&x->answer_headers[i]);
    check_found(a);
    check_said_again(a);
    check_ceiling(bytes, a->head.len);
}

/* --- how long it keeps us waiting --- */

static void check_retry(struct answer *a, struct str value)
{
    const struct integration in = {
        .retry_failed_calls = true, .retry_count = 5, .retry_delay = STR("powers-of-two")};
    int64_t asked = retry_after_header(value, NOW_MS), number;
    assert(asked >= 0 && asked <= RETRY_AFTER_MAX_MS);
    /* Seconds are the same at any time, a moment comes nearer; who asks for too much is cut. */
    int64_t later = retry_after_header(value, NOW_MS + 5000);
    assert(later == asked || (later < asked && asked == RETRY_AFTER_MAX_MS) ||
           later == (asked > 5000 ? asked - 5000 : 0));
    struct str text = str_trim(value);
    if (text.len > 0 && text.ptr[0] >= '0' && str_to_i64(text, &number))
        assert(asked == (number <= 86400 ? number * 1000 : RETRY_AFTER_MAX_MS));
    struct str parts[] = {STR(" "), value, STR("\t")}, more[] = {value, STR("x")};
    assert(retry_after_header(arena_join(&a->arena, parts, 3), NOW_MS) == asked);
    assert(retry_after_header(arena_join(&a->arena, more, 2), NOW_MS) == 0);
    struct retry retry = retry_after_failure(&in, 0, asked, 0);
    assert(retry.kind == RETRY_LATER && retry.wait_ms == (asked > 2000 ? asked : 2000));
}

/* --- what its body means --- */

/* A tree can be printed and read again, and is the same then. */
static void check_printed(struct arena *a, const struct json *tree)
{
    BUF(once, SIZE_MAX);
    BUF(twice, SIZE_MAX);
    json_put(&once, tree);
    const struct json *again = json_parse(a, buf_str(&once));
    assert(again != NULL && again->kind == tree->kind);
    assert_tree(again, 0);
    json_put(&twice, again);
    assert(str_eq(buf_str(&once), buf_str(&twice)));
}

static void check_message(struct arena *a, const struct json *value)
{
    const struct json *message = message_object(a, value);
    assert(json_is(message, JSON_OBJECT));
    if (value->kind == JSON_OBJECT)
        assert(message == value);
    else
        assert(message->items.count == 1 && json_is(json_get_lit(message, "text"), JSON_STRING));
    assert_tree(message, 0);
    check_printed(a, message);
}

static void check_script_result(struct arena *a, const struct json *result)
{
    const struct json *content = NULL;
    enum script_word word = response_word(a, result, &content);
    assert((word == SCRIPT_SAID_CONTENT) == (content != NULL));
    assert(word != SCRIPT_SAID_FALSE || (json_is(result, JSON_BOOL) && !json_truthy(result)));
    assert(content == NULL || json_is(content, JSON_OBJECT));
    if (content != NULL)
        check_printed(a, content);
}

/* What the script of the integration is told. */
static void check_told(struct answer *a)
{
    const struct exchange *x = &a->exchange;
    const struct json *told = json_parse(&a->arena, request_response(&a->arena, x));
    const struct json *headers = json_get_lit(told, "headers");
    assert(json_is(headers, JSON_OBJECT) && headers->items.count == x->answer_header_count);
    assert(str_eq(json_get_str(told, "content"), utf8_repair(&a->arena, x->answer)));
    check_printed(&a->arena, told);
}

/* --- the verdict --- */

static void check_verdict(const struct answer_facts *facts)
{
    enum verdict_kind verdict = answer_verdict(facts);
    bool well = facts->status >= 200 && facts->status < 300;
    bool nothing = facts->said == SCRIPT_SAID_NOTHING;
    assert(verdict >= VERDICT_POST_CONTENT && verdict <= VERDICT_DELIVERED);
    assert((verdict == VERDICT_POST_CONTENT) == (facts->said == SCRIPT_SAID_CONTENT));
    assert((verdict == VERDICT_END) == (facts->said == SCRIPT_SAID_FALSE));
    assert((verdict == VERDICT_GONE) == (nothing && facts->status == 410));
    assert((verdict == VERDICT_SERVER_ERROR) == (nothing && facts->status == 500));
    if (verdict == VERDICT_FAILED)
        assert(!well || (facts->empty && facts->retry_empty));
    if (verdict == VERDICT_DELIVERED)
        assert(well);
    if (verdict == VERDICT_POST_REPLY)
        assert(well && json_is(facts->reply, JSON_OBJECT) && !facts->empty);
}

static void check_verdicts(const struct exchange *x, const struct json *reply)
{
    for (enum script_word said = SCRIPT_SAID_NOTHING; said <= SCRIPT_SAID_CONTENT; said++) {
        struct answer_facts facts = {
            .status = x->status, .empty = x->answer.len == 0, .said = said, .reply = reply};
        check_verdict(&facts);
        facts.retry_empty = true;
        check_verdict(&facts);
    }
}

static void judge(struct answer *a)
{
    struct exchange *x = &a->exchange;
    struct str type = header(x, "content-type");
    const struct json *reply = answer_reply(&a->arena, type, x->answer);
    const struct json *body = answer_reply(&a->arena, STR("application/json"), x->answer);
    assert(reply == NULL || (body != NULL && type.len > 0));
    check_verdicts(x, reply);
    check_verdicts(x, body);
    check_script_result(&a->arena, body);
    if (body != NULL) {
        assert_tree(body, 0);
        check_printed(&a->arena, body);
        check_message(&a->arena, body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer a = {.exchange = {.end = CLIENT_ANSWERED}};
    arena_init(&a.arena, SIZE_MAX);
    buf_init(&a.head, SIZE_MAX);
    read_answer(&a, str_from((const char *)data, size));
    check_retry(&a, header(&a.exchange, "retry-after"));
    check_retry(&a, a.exchange.answer);
    check_told(&a);
    judge(&a);
    buf_release(&a.head);
    arena_release(&a.arena);
    return 0;
}
