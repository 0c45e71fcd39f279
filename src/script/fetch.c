/* What scripts ask of other servers: from the worker's text to an exchange, and from its answer to
 * a text for the worker. Runs on the pool's thread; the exchanges themselves on the client's.
 *
 * Answers wait with their instance until a worker takes them, one a slice. An exchange that nobody
 * waits for any more still comes home, and is thrown away there. */
#include "script/pool.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/mem.h"
#include "http/client.h"

enum { FETCH_ARENA = 8 << 20, FETCH_HEADERS = 100, ANSWER_TEXT = CHANNEL_DOWN_BYTES };

struct fetch {
    struct exchange exchange; /* first: it comes home as this */
    struct arena arena;
    struct instance *of; /* NULL: nobody waits */
    int64_t id;          /* the script's */
    struct fetch *next;  /* answers: the next one; under way: of the same run */
    struct fetch *other; /* under way: of whomever */
    struct str answer;   /* as the worker wants it */
};

static struct fetch *fetch_new(struct instance *in, int64_t id)
{
    struct fetch *f = mem_zalloc(sizeof(*f));
    arena_init(&f->arena, FETCH_ARENA);
    f->of = in;
    f->id = id;
    f->exchange.arena = &f->arena;
    return f;
}

static void fetch_free(struct fetch *f)
{
    arena_release(&f->arena);
    free(f);
}

/* --- answers --- */

static void put_headers(struct json_out *o, const struct exchange *x)
{
    json_key(o, "headers");
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < x->answer_header_count; i++) {
        json_item(&list);
        buf_add_char(o->buf, '[');
        json_put_string(o->buf, x->answer_headers[i].name);
        buf_add_char(o->buf, ',');
        json_put_string(o->buf, x->answer_headers[i].value);
        buf_add_char(o->buf, ']');
    }
    json_end(&list);
}

static void put_answer(struct buf *out, const struct fetch *f)
{
    const struct exchange *x = &f->exchange;
    struct json_out o = json_begin(out, '{');
    json_member_i64(&o, "id", f->id);
    json_member_bool(&o, "ok", x->end == CLIENT_ANSWERED);
    if (x->end == CLIENT_ANSWERED) {
        json_member_i64(&o, "status", x->status);
        json_member_str(&o, "statusText", x->status_text);
        json_member_str(&o, "url", x->final_url);
        put_headers(&o, x);
        json_key(&o, "body");
        buf_add_char(out, '"');
        (void)buf_add(out, digest_base64(x->arena, x->answer));
        buf_add_char(out, '"');
    } else {
        json_member_str(&o, "error", x->error);
        json_member_str(&o, "code", str_of(x->code == NULL ? "" : x->code));
    }
    json_end(&o);
}

static void push_answer(struct turn *turn, struct fetch *f)
{
    struct fetch **at = &turn->answers;
    while (*at != NULL)
        at = &(*at)->next;
    f->next = NULL;
    *at = f;
}

static void write_answer(struct fetch *f)
{
    struct buf text;
    buf_init(&text, ANSWER_TEXT);
    put_answer(&text, f);
    if (!buf_ok(&text)) {
        buf_clear(&text);
        f->exchange.end = CLIENT_FAILED;
        f->exchange.error = STR("The answer is too large for a script");
        put_answer(&text, f);
    }
    f->answer = arena_str(&f->arena, buf_str(&text));
    buf_release(&text);
}

static void answer_error(struct instance *in, struct fetch *f, struct str why)
{
    f->exchange.end = CLIENT_REFUSED;
    f->exchange.error = why;
    write_answer(f);
    push_answer(&in->turn, f);
}

struct str fetch_answer(const struct turn *turn)
{
    return turn->answers->answer;
}

void fetch_told(struct turn *turn)
{
    struct fetch *f = turn->answers;
    turn->answers = f->next;
    fetch_free(f);
}

/* --- asking --- */

static bool read_headers(struct fetch *f, const struct json *list)
{
    struct exchange *x = &f->exchange;
    if (list == NULL)
        return true;
    if (list->kind != JSON_ARRAY || list->items.count > FETCH_HEADERS)
        return false;
    struct client_header *headers =
        ARENA_ARRAY(&f->arena, struct client_header, list->items.count + 1);
    for (const struct json *pair = list->items.first; pair != NULL; pair = pair->next) {
        const struct json *name = pair->kind == JSON_ARRAY ? pair->items.first : NULL;
        if (!json_is(name, JSON_STRING) || !json_is(name->next, JSON_STRING))
            return false;
        headers[x->header_count++] =
            (struct client_header){.name = arena_str(&f->arena, name->string),
                                   .value = arena_str(&f->arena, name->next->string)};
    }
    x->headers = headers;
    return true;
}

static bool read_body(struct fetch *f, const struct json *body)
{
    struct exchange *x = &f->exchange;
    if (body == NULL)
        return true;
    if (body->kind != JSON_STRING)
        return false;
    size_t len;
    char *bytes = arena_alloc(&f->arena, body->string.len + 1);
    if (!digest_base64_decode(body->string, bytes, body->string.len, &len))
        return false;
    x->body = str_from(bytes, len);
    return x->has_body = true;
}

static bool read_request(struct fetch *f, const struct json *item, int64_t wall_ms)
{
    struct exchange *x = &f->exchange;
    const struct json *timeout = json_get_lit(item, "timeout");
    x->url = arena_str(&f->arena, json_get_str(item, "url"));
    x->method = arena_str(&f->arena, json_get_str(item, "method"));
    x->insecure = json_get_true(item, "insecure");
    x->max_body = FETCH_BODY;
    x->redirects = FETCH_REDIRECTS;
    x->timeout_ms = wall_ms;
    if (json_is(timeout, JSON_NUMBER) && timeout->number >= 1 && timeout->number < (double)wall_ms)
        x->timeout_ms = (int64_t)timeout->number;
    return !str_empty(x->url) && !str_empty(x->method) &&
           read_headers(f, json_get_lit(item, "headers")) &&
           read_body(f, json_get_lit(item, "body"));
}

static void begin(struct scripts *s, struct instance *in, const struct json *item)
{
    struct turn *turn = &in->turn;
    const struct json *id = json_get_lit(item, "id");
    double number = json_is(id, JSON_NUMBER) ? id->number : 0;
    struct fetch *f = fetch_new(in, number > 0 && number < 1e9 ? (int64_t)number : 0);
    if (s->config.client == NULL) {
        answer_error(in, f, STR("fetch is not available here"));
    } else if (turn->outstanding >= FETCHES_AT_ONCE || turn->fetches >= FETCHES_PER_RUN) {
        answer_error(in, f, STR("The call has too many fetches (8 at a time, 64 in all)"));
    } else if (s->fetches >= FETCHES_IN_ALL) {
        answer_error(in, f, STR("The server has too many fetches of scripts under way"));
    } else if (!read_request(f, item, s->config.limits.wall_ms)) {
        answer_error(in, f, STR("The request of this fetch is malformed"));
    } else {
        turn->outstanding++;
        turn->fetches++;
        f->next = turn->asked;
        turn->asked = f;
        f->other = s->under_way;
        s->under_way = f;
        s->fetches++;
        f->exchange.home = &s->fetched;
        client_start(s->config.client, &f->exchange);
    }
}

void fetches_begin(struct scripts *s, struct instance *in, struct str text)
{
    struct arena *arena = in->turn.run->arena;
    if (str_empty(text))
        return;
    const struct json *list = json_parse(arena, arena_str(arena, text));
    if (!json_is(list, JSON_ARRAY))
        return;
    for (const struct json *item = list->items.first; item != NULL; item = item->next)
        begin(s, in, item);
}

/* --- coming home --- */

static void unlink_other(struct scripts *s, const struct fetch *f)
{
    struct fetch **at = &s->under_way;
    while (*at != f)
        at = &(*at)->other;
    *at = f->other;
    s->fetches--;
}

static void unlink_asked(struct turn *turn, const struct fetch *f)
{
    for (struct fetch **at = &turn->asked; *at != NULL; at = &(*at)->next) {
        if (*at == f) {
            *at = f->next;
            return;
        }
    }
}

void fetch_home(struct scripts *s, struct mail *mail)
{
    struct fetch *f = (struct fetch *)(void *)mail; /* the exchange is first, the mail in it */
    struct instance *in = f->of;
    unlink_other(s, f);
    if (in == NULL) {
        fetch_free(f);
        return;
    }
    unlink_asked(&in->turn, f);
    in->turn.outstanding--;
    write_answer(f);
    bool first = in->turn.answers == NULL;
    push_answer(&in->turn, f);
    if (first && in->turn.worker == NULL)
        instance_ready(s, in);
}

void fetches_end(struct scripts *s, struct instance *in, bool cancel)
{
    struct turn *turn = &in->turn;
    while (turn->answers != NULL)
        fetch_told(turn);
    for (struct fetch *f = turn->asked, *next; f != NULL; f = next) {
        next = f->next;
        f->of = NULL;
        if (cancel)
            client_cancel(s->config.client, &f->exchange);
    }
    turn->asked = NULL;
    turn->outstanding = 0;
}

void fetches_stop(struct scripts *s)
{
    for (struct fetch *f = s->under_way; f != NULL; f = f->other)
        client_cancel(s->config.client, &f->exchange);
}
