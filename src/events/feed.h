/* The feed: what has happened lately, numbered, for streams of events.
 *
 * The writer puts each batch's notices in when they were committed: rendered once, as streams send
 * them. The last FEED_EVENTS are kept, fewer when they are large. Whoever listens is told by mail
 * that there is more, once for however much it is, and takes it from where he stands; so a slow
 * reader costs nothing but his place.
 *
 * Numbers begin at the clock's microseconds when the process starts and rise by one: within a
 * process each is used once, and those of an earlier one are never among them. A place that is not
 * in the feed (too old, of an earlier process, made up) is told from one that is: events after it
 * may be missing.
 *
 * While nobody has listened for FEED_SLEEP_MS the feed sleeps: commands then make no notices.
 */
#pragma once

#include "store/catalog.h"
#include "store/notice.h"

enum { FEED_EVENTS = 4096, FEED_BYTES = 16 << 20, FEED_SLEEP_MS = 5 * 60 * 1000 };

struct feed;

/* Immutable, counted. */
struct feed_event {
    _Atomic uint32_t refs;
    int64_t number;
    enum notice_kind kind;
    int64_t room_seq;
    struct str subject;
    struct str frame; /* "id: …\nevent: …\ndata: …\n\n"; empty with NOTICE_RIGHTS */
};
void feed_unref(struct feed_event *event);

/* The room's one feed. After the store was opened, before there are requests; closed after the
 * store. NULL is fine for closing. */
struct feed *feed_open(struct store *store);
void feed_close(struct feed *feed);

/* --- places: the number of the last event that was seen --- */

/* Wakes the feed, in a command: what later commands do will be in it. Returns the place where the
 * feed stands. */
int64_t feed_wake(struct feed *feed, struct tx *tx);
/* Somebody listens still. To be said now and then. Any thread. */
void feed_stay_awake(struct feed *feed);
/* The newest place. Any thread. */
int64_t feed_newest(struct feed *feed);
/* Whether all that came after this place is there. Any thread. */
bool feed_knows(struct feed *feed, int64_t place);
/* A place as clients give it back: a decimal number. False: it is none. Pure. */
bool feed_place_parse(struct str text, int64_t *out);

/* Up to `max` events after the place, oldest first, a reference to each. *out_lost: the feed does
 * not know the place, and there are none. Any thread. */
size_t feed_after(struct feed *feed, int64_t place, struct feed_event **out, size_t max,
                  bool *out_lost);

/* --- being told --- */

/* One for each loop, in memory of the caller's that outlives the feed's use. `heard` is called at
 * `home` when there is something new. */
struct feed_ear {
    struct job job; /* first */
    struct feed_ear *next;
    atomic_bool rung; /* it is on its way */
    void (*heard)(struct feed_ear *ear);
};
void feed_listen(struct feed *feed, struct feed_ear *ear, struct inbox *home,
                 void (*heard)(struct feed_ear *ear));
