/* What the endpoints of messages share; private to them. */
#pragma once

#include "api/rooms.h"
#include "store/message.h"

/* Adds "messages":[...] to the answer. */
void put_messages(struct call *call, const struct message_list *messages);
/* A page of what the filter names, with the page's numbers. The filter's order is the default. */
bool answer_messages(struct rd *rd, struct call *call, struct message_filter *filter,
                     struct err *err);
/* The three answers about one room that the caller may see. */
bool answer_room_messages(struct rd *rd, struct call *call, const struct room *room,
                          struct err *err);
bool answer_history(struct rd *rd, struct call *call, const struct room *room, struct err *err);
bool answer_counters(struct rd *rd, struct call *call, struct room *room, struct err *err);
