/* What people do with messages, and lists of messages by it: stars, threads, changes, searches,
 * reports. Finders run on a reader or in a command, writers in a command; results live in
 * rd->arena. */
#pragma once

#include "store/message.h"

/* --- stars --- */

void message_star(struct tx *tx, const struct message *m, struct str user_id);
void message_unstar(struct tx *tx, const struct message *m, struct str user_id);
/* Marks those of the messages, all of one room, that the user has starred. */
void messages_mark_starred(struct rd *rd, const struct message_list *messages, struct str user_id);

/* --- changes --- */

/* Up to `limit` messages of the room that were written or changed after one moment and before the
 * other (0: no bound), the last change first, or last. */
struct change_span {
    int64_t after_ms, before_ms;
    bool oldest_first;
};
struct message_list messages_changed(struct rd *rd, int64_t room_seq,
                                     const struct change_span *span, int64_t limit);

/* What was deleted there, in the same way. */
struct removal {
    struct str id;
    int64_t removed_at_ms;
};
struct removal_list {
    struct removal *items;
    size_t count;
};
struct removal_list messages_removed_page(struct rd *rd, int64_t room_seq,
                                          const struct change_span *span, int64_t offset,
                                          int64_t limit);
int64_t messages_removed_total(struct rd *rd, int64_t room_seq, const struct change_span *span);

/* --- threads --- */

/* Messages that threads begin with, the one with the newest reply first. A `keep` that refuses
 * (NULL keeps all) is asked for the newest THREADS_LOOKED only. */
enum { THREADS_LOOKED = 1000 };
struct thread_filter {
    int64_t room_seq;
    int64_t changed_after_ms; /* 0: any */
    bool (*keep)(const struct thread_filter *self, const struct message *m);
    struct str user_id, text; /* for keep */
    int64_t seen_at_ms;
};
struct message_list threads_page(struct rd *rd, const struct thread_filter *filter, int64_t offset,
                                 int64_t count, int64_t *out_total);

/* --- search --- */

/* Up to `count` messages behind the first `offset` whose text holds `text`, in any case of ASCII
 * letters, the newest first. Only the newest MESSAGES_SEARCHED of the room are looked at. */
enum { MESSAGES_SEARCHED = 50000, SEARCH_BYTES = 1024 /* that `text` may have */ };
struct message_list messages_search(struct rd *rd, int64_t room_seq, struct str text,
                                    int64_t offset, int64_t count);
bool text_holds(struct str text, struct str part);

/* --- people --- */

/* A second report of the same message by the same user replaces the first. */
void message_report(struct tx *tx, const struct message *m, struct str user_id,
                    struct str description);
/* Whose messages he does not want to see in a room: the list is in his subscription. False: there
 * are IGNORED_MAX already. */
enum { IGNORED_MAX = 1000 };
bool subscription_ignore(struct tx *tx, struct str room_id, struct str user_id,
                         struct str ignored_id, bool ignore);
