/* Open streams of events: one list for each loop, whose thread alone touches it. Private to this
 * room, but for life. */
#pragma once

#include "api/api.h"
#include "base/digest.h"
#include "domain/audience.h"
#include "events/feed.h"

struct streams;
struct call;

/* Once the feed is open; freed after the loops have ended. NULL is fine. */
struct streams *streams_new(struct feed *feed);
void streams_free(struct streams *streams);
struct feed *streams_feed(const struct streams *streams);

/* What a client has asked for. */
struct wish {
    unsigned kinds;          /* a bit for each enum notice_kind */
    struct str rooms;        /* ids and #names with commas between; empty: all he is in */
    struct str integrations; /* ids with commas between; empty: all he manages */
    bool resumes;
    int64_t place; /* up to here he has seen everything; -1: nobody knows */
    uint8_t session[DIGEST_SHA256_BYTES];
    /* What was found out for him. */
    int64_t woken_at; /* where the feed stood */
    struct room_scope scope;
};

static inline bool wish_has(const struct wish *wish, enum notice_kind kind)
{
    return (wish->kinds >> kind & 1) != 0;
}
static inline bool wish_has_messages(const struct wish *wish)
{
    return wish_has(wish, NOTICE_MESSAGE) || wish_has(wish, NOTICE_MESSAGE_UPDATED) ||
           wish_has(wish, NOTICE_MESSAGE_DELETED);
}

/* In place of the answer, on the loop: the call is parked, its state is a struct wish. */
void stream_open(struct call *call);
