/* How rows of messages become structs; private to the files message*.c of the store. */
#pragma once

#include "store/message.h"

/* Only a ts that a client gave may be that far off the order of the numbers. */
enum { MESSAGE_TS_SLACK_MS = 10000 };

/* The columns of message_read_row(), in its order, and where they come from: messages m, and this
 * behind it. Rooms that were deleted have no messages. */
#define MESSAGE_COLUMNS                                                                            \
    "m.id, r.id, m.room_seq, m.number, m.user_id, m.type, m.thread_id, m.aside, m.ts_ms, "         \
    "m.updated_at_ms, m.doc, u.username, u.name"
#define MESSAGE_NAMES                                                                              \
    " JOIN rooms r ON r.seq = m.room_seq AND r.type < 'x' LEFT JOIN users u ON u.id = m.user_id "
enum { MESSAGE_COLUMN_DOC = 10 };

struct message *message_read_row(struct rd *rd, struct stmt *q);
/* The first number whose message is not before the moment; the end when there is none. */
int64_t message_number_at(struct rd *rd, int64_t room_seq, int64_t end, int64_t ts_ms);
