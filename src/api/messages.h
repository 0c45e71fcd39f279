/* What the endpoints of messages share; private to them. */
#pragma once

#include "api/rooms.h"
#include "store/message.h"

/* Adds "messages":[...], or another member, to the answer; they are all of one room, and the caller
 * is told which ones he has starred. */
void put_messages(struct rd *rd, struct call *call, const struct message_list *messages);
void put_message_list(struct rd *rd, struct call *call, struct json_out *o, const char *key,
                      const struct message_list *messages);
/* A page of what the filter names, with the page's numbers. The filter's order is the default. */
bool answer_messages(struct rd *rd, struct call *call, struct message_filter *filter,
                     struct err *err);
/* The three answers about one room that the caller may see. */
bool answer_room_messages(struct rd *rd, struct call *call, const struct room *room,
                          struct err *err);
bool answer_history(struct rd *rd, struct call *call, const struct room *room, struct err *err);
bool answer_counters(struct rd *rd, struct call *call, struct room *room, struct err *err);
