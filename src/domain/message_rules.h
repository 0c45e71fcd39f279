/* What the files of messages share; private to them. */
#pragma once

#include "base/clock.h"
#include "domain/message.h"

enum {
    /* Of the ceiling of a doc: for what it refers to, the followers of its thread, its editor. */
    MESSAGE_DOC_RESERVE = 128 * 1024,
    THREAD_FOLLOWERS = 1000, /* that a thread remembers */
};

size_t utf16_length(struct str text);
bool message_fits(const struct catalog *catalog, struct str text);
bool check_size(struct rd *rd, struct str text, struct err *err);
bool check_custom_fields(struct rd *rd, const struct json *fields, struct err *err);
bool check_room_for_doc(const struct message *m, struct err *err);
int64_t message_replies(const struct message *parent);
/* A moment as it stands in documents. */
struct json *json_moment(struct arena *a, int64_t ms);

/* Ids of those a text mentions, MENTION_ALL among them. */
struct mentioned {
    struct str ids[MESSAGE_REFERENCES];
    size_t count;
};
/* Finds what the text refers to and writes it into the message's urls, mentions and channels. */
void message_refer(struct rd *rd, struct message *m, struct mentioned *out);
void message_mention_all(struct tx *tx, const struct message *m, const struct mentioned *mentioned);
