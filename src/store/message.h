/* Rows of messages, of the rooms' counters, and of who is mentioned. Finders run on a reader or in
 * a command, writers in a command. Results live in rd->arena; NULL: not there. The messages of a
 * room that was deleted are found by nothing here. */
#pragma once

#include "model/message.h"
#include "store/store.h"

struct message *message_find(struct rd *rd, struct str id);
struct message *message_find_number(struct rd *rd, int64_t room_seq, int64_t number);

/* What a room's messages are in sum. */
struct room_counters {
    int64_t last_number; /* 0: there never was one */
    int64_t last_shown;  /* the newest that is not aside; 0: none */
    int64_t removed;
    int64_t changed_at_ms; /* 0: never */
};
struct room_counters room_counters_find(struct rd *rd, int64_t room_seq);
static inline int64_t room_messages(const struct room_counters *c)
{
    return c->last_number - c->removed;
}

/* Which messages of a room, or of a thread. Moments and numbers bound it on both sides; 0 is no
 * bound. */
struct message_filter {
    int64_t room_seq;
    struct str thread_id; /* replies to this message only */
    struct str mentioned; /* where one of these users is: ids with commas between; empty: any */
    struct str starred;   /* by one of these users, in the same way */
    int64_t from_ms, before_ms; /* ts: from this moment, before that one */
    int64_t after_number;       /* larger numbers only */
    int64_t changed_after_ms;   /* written or changed after that moment; 0: no bound. Looks at all
                                   that the other members leave */
    bool pinned;
    bool without_asides;
    bool oldest_first;
};

struct message_list {
    struct message **items;
    size_t count;
};
struct message_list messages_page(struct rd *rd, const struct message_filter *filter,
                                  int64_t offset, int64_t count);
/* All of the room: from its counters; else they are counted. */
int64_t messages_total(struct rd *rd, const struct message_filter *filter);

/* Gives the message its number, a ts that is not before the room's newest one when ts_ms is 0, and
 * writes it and the counters. The id must be free: look before. */
void message_insert(struct tx *tx, struct message *m);
/* Writes the doc and the type; the last change becomes the command's moment. */
void message_save(struct tx *tx, struct message *m);
/* Removes it, with its mentions, and notes that it was there. */
void message_erase(struct tx *tx, const struct message *m);
/* Frees the id when a message of a deleted room has it still. */
void message_release_id(struct tx *tx, struct str id);
/* That the user (or everybody) is mentioned. Twice is once. */
#define MENTION_ALL STR("*")
void message_mention(struct tx *tx, const struct message *m, struct str user_id);
/* Forgets those that its doc names. */
void message_erase_mentions(struct tx *tx, const struct message *m);

/* Mentions of one user and of everybody in messages above a number. */
struct mention_counts {
    int64_t messages; /* with one or both */
    int64_t own, to_all;
};
struct mention_counts mentions_count(struct rd *rd, int64_t room_seq, struct str user_id,
                                     int64_t after_number);

/* Up to `limit` rows of what belongs to a room's messages, counters included; how many went. */
int64_t messages_erase_some(struct tx *tx, int64_t room_seq, int64_t limit);
/* Whether there are notes of deletions before the moment. */
bool messages_removed_before(struct rd *rd, int64_t before_ms);
/* Up to `limit` notes of deletions before the moment; how many went. */
int64_t messages_removed_erase_some(struct tx *tx, int64_t before_ms, int64_t limit);
