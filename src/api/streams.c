/* A stream stands at a place in the feed and moves on: it sends what its reader asked for and may
 * see, as far as the reader takes it. When somebody's rights have changed it stops there, asks what
 * he may read now, and goes on with that; so nothing that came after the change is shown by the
 * rights of before.
 *
 * Everything here happens on the stream's loop, but for the question.
 */
#include "api/streams.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "api/serve.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"
#include "http/sse.h"

enum {
    LOOPS_MAX = 256,
    EVENTS_AT_ONCE = 32,
    SEND_BYTES = 64 << 10,      /* what one turn gives to a connection, more or less */
    QUESTION_BYTES = 256 << 20, /* promise of a question's arena */
};

/* The streams of a loop. */
struct hall {
    struct feed_ear ear; /* first */
    struct inbox *home;
    struct stream *first;
};

struct streams {
    struct feed *feed;
    pthread_mutex_t lock; /* leaf; guards halls and count */
    struct hall *halls[LOOPS_MAX];
    size_t count;
};

/* One heap block with its texts. */
struct stream {
    struct stream *prev, *next;
    struct hall *hall;
    const struct api *api;
    struct conn *conn;
    struct wish wish; /* the texts lie in the block; the scope is a block of its own */
    struct str user_id;
    int64_t place;    /* everything up to here was looked at */
    int64_t told;     /* the last place that the reader knows */
    int64_t asked_at; /* the rights are those of this place, or later ones */
    bool waiting;     /* for the reader to take what it was given */
    bool stale;       /* the rights have changed */
    bool asking;      /* a question is on its way */
    bool ended;       /* the answer to it is all that is waited for */
};

static void go_on(struct stream *s);

static struct feed *feed_of(const struct stream *s)
{
    return s->api->streams->feed;
}

/* --- halls --- */

static void heard(struct feed_ear *ear)
{
    struct hall *hall = (struct hall *)ear;
    if (hall->first != NULL)
        feed_stay_awake(feed_of(hall->first));
    for (struct stream *s = hall->first, *next; s != NULL; s = next) {
        next = s->next;
        go_on(s);
    }
}

/* Under the lock. */
static struct hall *find_hall(struct streams *streams, struct inbox *home)
{
    for (size_t i = 0; i < streams->count; i++) {
        if (streams->halls[i]->home == home)
            return streams->halls[i];
    }
    assert(streams->count < LOOPS_MAX);
    struct hall *hall = mem_zalloc(sizeof(*hall));
    hall->home = home;
    streams->halls[streams->count++] = hall;
    return hall;
}

static struct hall *hall_of(struct streams *streams, struct inbox *home)
{
    pthread_mutex_lock(&streams->lock);
    size_t before = streams->count;
    struct hall *hall = find_hall(streams, home);
    bool is_new = streams->count > before;
    pthread_mutex_unlock(&streams->lock);
    if (is_new)
        feed_listen(streams->feed, &hall->ear, home, heard);
    return hall;
}

struct streams *streams_new(struct feed *feed)
{
    struct streams *streams = mem_zalloc(sizeof(*streams));
    streams->feed = feed;
    pthread_mutex_init(&streams->lock, NULL);
    return streams;
}

void streams_free(struct streams *streams)
{
    if (streams == NULL)
        return;
    for (size_t i = 0; i < streams->count; i++)
        free(streams->halls[i]);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

struct feed *streams_feed(const struct streams *streams)
{
    return streams->feed;
}

/* --- life --- */

static void take_scope(struct stream *s, const struct room_scope *scope)
{
    size_t bytes = scope->count * sizeof(scope->seqs[0]);
    free(s->wish.scope.seqs);
    s->wish.scope = (struct room_scope){.seqs = mem_alloc(bytes + 1), .count = scope->count};
    if (bytes > 0)
        memcpy(s->wish.scope.seqs, scope->seqs, bytes);
}

static struct stream *stream_new(const struct call *call, const struct wish *wish)
{
    size_t texts = call->user_id.len + wish->rooms.len + wish->integrations.len;
    struct stream *s = mem_zalloc(sizeof(*s) + texts);
    char *space = (char *)(s + 1);
    s->api = call->api;
    s->conn = call->conn;
    s->wish = *wish;
    s->wish.scope = (struct room_scope){.count = 0};
    s->user_id = entry_text(&space, call->user_id);
    s->wish.rooms = entry_text(&space, wish->rooms);
    s->wish.integrations = entry_text(&space, wish->integrations);
    take_scope(s, &wish->scope);
    return s;
}

static void stream_free(struct stream *s)
{
    free(s->wish.scope.seqs);
    free(s);
}

static void enter(struct stream *s, struct hall *hall)
{
    metric_count(METRIC_STREAMS, 0);
    s->hall = hall;
    s->next = hall->first;
    if (s->next != NULL)
        s->next->prev = s;
    hall->first = s;
}

/* The connection is gone. Who waits for an answer is freed when it comes. */
static void leave(struct stream *s)
{
    metric_add(METRIC_STREAMS, 0, -1);
    if (s->prev != NULL)
        s->prev->next = s->next;
    else
        s->hall->first = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
    s->ended = true;
    if (!s->asking)
        stream_free(s);
}

static void end(struct stream *s)
{
    sse_close(s->conn);
    leave(s);
}

/* --- rights --- */

/* The reader as he is now; NULL when his token or his account is no more. */
static struct user_entry *reader_of(const struct stream *s)
{
    struct str session = str_from((const char *)s->wish.session, sizeof(s->wish.session));
    return session_user(s->api->catalog, session, s->user_id, clock_wall_ms());
}

struct question {
    struct command command; /* first */
    struct arena arena;
    struct stream *stream; /* of the loop */
    struct str user_id, rooms;
    struct room_scope scope;
};

static bool ask(struct rd *rd, struct command *command, struct err *err)
{
    struct question *q = (struct question *)command;
    (void)err;
    bool missing;
    q->scope = rooms_readable(rd, q->user_id, q->rooms, &missing);
    return true;
}

static void question_free(struct question *q)
{
    arena_release(&q->arena);
    free(q);
}

/* What could not be answered is asked again when something else happens. */
static void answered(struct job *job)
{
    struct question *q = (struct question *)job;
    struct stream *s = q->stream;
    bool ok = !job->dropped && q->command.ok;
    s->asking = false;
    if (ok && !s->ended) {
        take_scope(s, &q->scope);
        s->stale = false;
    }
    question_free(q);
    if (s->ended)
        stream_free(s);
    else if (ok)
        go_on(s);
}

static void ask_for_rooms(struct stream *s)
{
    struct err busy;
    struct question *q = mem_zalloc(sizeof(*q));
    arena_init(&q->arena, QUESTION_BYTES);
    job_init(&q->command.job, s->hall->home);
    q->command.job.finish = answered;
    q->command.arena = &q->arena;
    q->command.ask = ask;
    q->stream = s;
    q->user_id = arena_str(&q->arena, s->user_id);
    q->rooms = arena_str(&q->arena, s->wish.rooms);
    s->asked_at = feed_newest(feed_of(s)); /* the snapshot comes after it */
    s->asking = store_read(s->api->store, &q->command, &busy);
    if (!s->asking)
        question_free(q);
}

/* False: the stream has ended. */
static bool look_at_rights(struct stream *s)
{
    struct user_entry *reader = reader_of(s);
    if (reader == NULL) {
        end(s);
        return false;
    }
    CATALOG_UNREF(reader);
    if (wish_has_messages(&s->wish))
        ask_for_rooms(s);
    else
        s->stale = false;
    return true;
}

/* Whether this change of rights may be one of the reader's. Of a room that he does not see, only
 * one that he has named can become of interest. */
static bool concerns(const struct stream *s, const struct feed_event *event)
{
    if (event->number <= s->asked_at)
        return false;
    if (event->room_seq != 0)
        return !str_empty(s->wish.rooms) || room_in_scope(&s->wish.scope, event->room_seq);
    return str_empty(event->subject) || str_eq(event->subject, s->user_id);
}

/* --- what is shown --- */

static bool lists(struct str list, struct str wanted)
{
    struct str part;
    while (str_split(&list, ',', &part)) {
        if (str_eq(str_trim(part), wanted))
            return true;
    }
    return false;
}

static bool shows_history(const struct stream *s, struct str integration_id)
{
    struct str asked = s->wish.integrations;
    if (!str_empty(asked) && !lists(asked, integration_id))
        return false;
    struct user_entry *reader = reader_of(s);
    bool may = reader != NULL && integration_followable(s->api->catalog, reader, integration_id);
    CATALOG_UNREF(reader);
    return may;
}

static bool shows(const struct stream *s, const struct feed_event *event)
{
    if (!wish_has(&s->wish, event->kind))
        return false;
    return event->kind == NOTICE_HISTORY ? shows_history(s, event->subject)
                                         : room_in_scope(&s->wish.scope, event->room_seq);
}

/* --- moving on --- */

/* Looks at one event. */
static void pass(struct stream *s, const struct feed_event *event, struct buf *out)
{
    s->place = event->number;
    if (event->kind == NOTICE_RIGHTS) {
        s->stale = concerns(s, event);
    } else if (shows(s, event)) {
        (void)buf_add(out, event->frame);
        s->told = event->number;
    }
}

/* The events behind its place are gone: its reader must fetch anew what he wants to know. Among
 * them may have been a change of rights. */
static void jump(struct stream *s, struct buf *out)
{
    metric_count(METRIC_STREAM_RESETS, 0);
    s->place = s->told = feed_newest(feed_of(s));
    s->stale = true;
    buf_addf(out, "id: %lld\nevent: reset\ndata: {}\n\n", (long long)s->place);
}

/* Fills the buffer from the feed. False: there is nothing more, or the rights are to be asked. */
static bool gather(struct stream *s, struct buf *out)
{
    struct feed_event *events[EVENTS_AT_ONCE];
    bool lost;
    size_t count = feed_after(feed_of(s), s->place, events, EVENTS_AT_ONCE, &lost);
    if (lost)
        jump(s, out);
    for (size_t i = 0; i < count; i++) {
        if (!s->stale)
            pass(s, events[i], out);
        feed_unref(events[i]);
    }
    return !lost && count > 0 && !s->stale;
}

/* False: the stream waits, or has ended. */
static bool send(struct stream *s, struct str bytes)
{
    if (str_empty(bytes))
        return true;
    enum sse_sent sent = sse_send(s->conn, bytes);
    s->waiting = sent == SSE_LATER;
    if (sent == SSE_OVER)
        leave(s);
    return sent == SSE_SENT;
}

/* As far as it can: until it stands at the feed's end, waits for its reader, or for an answer. */
static void go_on(struct stream *s)
{
    bool more = !s->waiting && !s->asking;
    while (more) {
        if (s->stale && (!look_at_rights(s) || s->stale))
            return;
        BUF(out, SIZE_MAX / 2);
        while (out.len < SEND_BYTES && (more = gather(s, &out)))
            ;
        more |= s->stale;
        if (!send(s, buf_str(&out)))
            return;
    }
}

/* --- the connection's calls --- */

static void on_ready(void *arg)
{
    struct stream *s = arg;
    s->waiting = false;
    go_on(s);
}

/* Tells the reader where he stands, though nothing was for him: else he might seem to have missed
 * much when he comes again. A token can also end by the clock. */
static void on_quiet(void *arg)
{
    struct stream *s = arg;
    struct user_entry *reader = reader_of(s);
    feed_stay_awake(feed_of(s));
    if (reader == NULL) {
        end(s);
        return;
    }
    CATALOG_UNREF(reader);
    BUF(beat, 64);
    buf_lit(&beat, ": ping\n");
    if (s->told != s->place)
        buf_addf(&beat, "id: %lld\n", (long long)s->place);
    buf_lit(&beat, "\n");
    s->told = s->place;
    if (send(s, buf_str(&beat)))
        go_on(s);
}

static void on_over(void *arg, bool stalled)
{
    if (stalled)
        metric_count(METRIC_STREAMS_DROPPED, 0);
    leave(arg);
}

static const struct sse_calls calls = {.ready = on_ready, .quiet = on_quiet, .over = on_over};

/* --- opening --- */

static void put_beginning(struct buf *out, const struct stream *s, bool lost)
{
    buf_addf(out, "retry: 3000\n\nid: %lld\nevent: ready\ndata: ", (long long)s->place);
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "userId", s->user_id);
    json_key(&o, "lastEventId");
    buf_addf(out, "\"%lld\"", (long long)s->place);
    json_end(&o);
    buf_lit(out, "\n\n");
    if (lost)
        buf_addf(out, "id: %lld\nevent: reset\ndata: {}\n\n", (long long)s->place);
}

void stream_open(struct call *call)
{
    const struct wish *wish = call->state;
    struct stream *s = stream_new(call, wish);
    struct hall *hall = hall_of(call->api->streams, http_home(call->conn));
    bool resumed = wish->resumes && feed_knows(feed_of(s), wish->place);
    bool lost = wish->resumes && !resumed;
    s->place = s->told = resumed ? wish->place : wish->woken_at;
    s->asked_at = wish->woken_at;
    metric_add(METRIC_STREAM_RESETS, 0, lost);
    BUF(first, 1024);
    put_beginning(&first, s, lost);
    struct str part = buf_str(&first);
    struct str headers =
        arena_fmt(call->arena, "%.*sX-Accel-Buffering: no\r\n", STR_FMT(call->headers));
    enter(s, hall);
    enum sse_sent sent =
        sse_open(call->conn,
                 &(struct http_answer){.status = 200,
                                       .content_type = "text/event-stream; charset=utf-8",
                                       .headers = headers,
                                       .parts = &part,
                                       .part_count = 1},
                 &calls, s);
    s->waiting = sent == SSE_LATER;
    if (sent == SSE_OVER)
        leave(s);
    else
        go_on(s);
}
