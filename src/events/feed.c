/* The ring of feed.h and its ears. hear() and feed_wake() run on the writer; the rest on any
 * thread, under the feed's lock, which is a leaf and held for some pointers.
 */
#include "events/feed.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"

enum { HEAD_BYTES = 80, AT_ONCE = 64 };

struct feed {
    atomic_int_fast64_t awake_until_ms; /* monotonic */
    pthread_mutex_t lock;               /* leaf; guards the rest */
    struct feed_event *ring[FEED_EVENTS];
    int64_t oldest, newest; /* numbers; newest + 1 == oldest: the ring is empty */
    size_t bytes;
    struct feed_ear *ears;
};

/* --- events --- */

static const char *const names[NOTICE_KINDS] = {
    [NOTICE_MESSAGE] = "message",
    [NOTICE_MESSAGE_UPDATED] = "message-updated",
    [NOTICE_MESSAGE_DELETED] = "message-deleted",
    [NOTICE_HISTORY] = "integration-history",
};

static char *put(char *at, struct str s)
{
    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

static struct feed_event *event_new(const struct notice *notice, int64_t number)
{
    char head[HEAD_BYTES] = "";
    struct str tail = STR("");
    if (names[notice->kind] != NULL) {
        (void)snprintf(head, sizeof(head), "id: %lld\nevent: %s\ndata: ", (long long)number,
                       names[notice->kind]);
        tail = STR("\n\n");
    }
    size_t frame = strlen(head) + notice->data.len + tail.len;
    struct feed_event *event = mem_alloc(sizeof(*event) + notice->subject.len + frame);
    char *at = (char *)(event + 1);
    *event = (struct feed_event){.number = number,
                                 .kind = notice->kind,
                                 .room_seq = notice->room_seq,
                                 .subject = str_from(at, notice->subject.len),
                                 .frame = str_from(at + notice->subject.len, frame)};
    atomic_init(&event->refs, 1);
    (void)put(put(put(put(at, notice->subject), str_of(head)), notice->data), tail);
    return event;
}

void feed_unref(struct feed_event *event)
{
    if (atomic_fetch_sub_explicit(&event->refs, 1, memory_order_acq_rel) == 1)
        free(event);
}

static size_t weight(const struct feed_event *event)
{
    return sizeof(*event) + event->subject.len + event->frame.len;
}

/* --- the ring, under the lock --- */

static struct feed_event **slot(struct feed *feed, int64_t number)
{
    return &feed->ring[number % FEED_EVENTS];
}

static void drop_oldest(struct feed *feed)
{
    struct feed_event *event = *slot(feed, feed->oldest);
    feed->bytes -= weight(event);
    feed->oldest++;
    feed_unref(event);
}

static void add(struct feed *feed, struct feed_event *event)
{
    if (event->number - feed->oldest == FEED_EVENTS)
        drop_oldest(feed);
    *slot(feed, event->number) = event;
    feed->newest = event->number;
    feed->bytes += weight(event);
    while (feed->bytes > FEED_BYTES && feed->oldest < feed->newest)
        drop_oldest(feed);
}

/* A number is passed over: what happens from now on is not known behind any place given before. */
static void forget_all(struct feed *feed)
{
    while (feed->oldest <= feed->newest)
        drop_oldest(feed);
    feed->newest++;
    feed->oldest = feed->newest + 1;
}

static bool knows(const struct feed *feed, int64_t place)
{
    return place >= feed->oldest - 1 && place <= feed->newest;
}

/* --- the writer --- */

/* Ears are only ever added, in front. */
static void ring_ears(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    struct feed_ear *ear = feed->ears;
    pthread_mutex_unlock(&feed->lock);
    for (; ear != NULL; ear = ear->next) {
        if (!atomic_exchange(&ear->rung, true))
            job_home(&ear->job);
    }
}

/* Numbers are the writer's to give, so events are made before the lock is taken. Returns the rest
 * of the list. */
static struct notice *take_some(struct feed *feed, struct notice *list)
{
    struct feed_event *events[AT_ONCE];
    size_t count = 0;
    int64_t number = feed->newest;
    while (list != NULL && count < AT_ONCE) {
        struct notice *next = list->next;
        metric_add(METRIC_EVENTS, 0, list->kind != NOTICE_RIGHTS);
        events[count++] = event_new(list, ++number);
        free(list);
        list = next;
    }
    pthread_mutex_lock(&feed->lock);
    for (size_t i = 0; i < count; i++)
        add(feed, events[i]);
    pthread_mutex_unlock(&feed->lock);
    return list;
}

/* False: nobody has listened for long. */
static bool hear(void *arg, struct notice *list)
{
    struct feed *feed = arg;
    while (list != NULL)
        list = take_some(feed, list);
    bool awake = clock_mono_ms() < atomic_load(&feed->awake_until_ms);
    if (!awake) {
        pthread_mutex_lock(&feed->lock);
        forget_all(feed);
        pthread_mutex_unlock(&feed->lock);
    }
    ring_ears(feed);
    return awake;
}

int64_t feed_wake(struct feed *feed, struct tx *tx)
{
    feed_stay_awake(feed);
    tx_listen(tx);
    return feed_newest(feed);
}

/* --- listeners --- */

void feed_stay_awake(struct feed *feed)
{
    atomic_store(&feed->awake_until_ms, clock_mono_ms() + FEED_SLEEP_MS);
}

int64_t feed_newest(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    int64_t newest = feed->newest;
    pthread_mutex_unlock(&feed->lock);
    return newest;
}

bool feed_knows(struct feed *feed, int64_t place)
{
    pthread_mutex_lock(&feed->lock);
    bool known = knows(feed, place);
    pthread_mutex_unlock(&feed->lock);
    return known;
}

/* Sixteen digits are enough for any of ours, and fit. */
bool feed_place_parse(struct str text, int64_t *out)
{
    int64_t place = 0;
    if (text.len == 0 || text.len > 16)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        place = place * 10 + (text.ptr[i] - '0');
    }
    *out = place;
    return true;
}

size_t feed_after(struct feed *feed, int64_t place, struct feed_event **out, size_t max,
                  bool *out_lost)
{
    size_t count = 0;
    pthread_mutex_lock(&feed->lock);
    *out_lost = !knows(feed, place);
    size_t there = *out_lost ? 0 : (size_t)(feed->newest - place);
    for (; count < there && count < max; count++) {
        out[count] = *slot(feed, place + 1 + (int64_t)count);
        atomic_fetch_add_explicit(&out[count]->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&feed->lock);
    return count;
}

static void heard(struct job *job)
{
    struct feed_ear *ear = (struct feed_ear *)job;
    atomic_store(&ear->rung, false); /* what comes from here on is told anew */
    ear->heard(ear);
}

void feed_listen(struct feed *feed, struct feed_ear *ear, struct inbox *home,
                 void (*told)(struct feed_ear *ear))
{
    job_init(&ear->job, home);
    ear->job.finish = heard;
    ear->heard = told;
    atomic_init(&ear->rung, false);
    pthread_mutex_lock(&feed->lock);
    ear->next = feed->ears;
    feed->ears = ear;
    pthread_mutex_unlock(&feed->lock);
}

/* --- life --- */

struct feed *feed_open(struct store *store)
{
    struct feed *feed = mem_zalloc(sizeof(*feed));
    int failed = pthread_mutex_init(&feed->lock, NULL);
    assert(!failed);
    feed->newest = clock_wall_ms() * 1000;
    feed->oldest = feed->newest + 1;
    store_on_notice(store, hear, feed);
    return feed;
}

void feed_close(struct feed *feed)
{
    if (feed == NULL)
        return;
    while (feed->oldest <= feed->newest)
        drop_oldest(feed);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}
