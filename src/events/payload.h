/* What integrations are told of an event: the object `data`.
 *
 * It is made in two steps. With the change itself everything is rendered that the event knows, for
 * all who are told the same. What belongs to the integration (its token, the word that matched) is
 * added before each try, with the integration as it is then.
 */
#pragma once

#include "events/event.h"
#include "model/integration.h"

/* The first step: JSON, an object. Reads the rows of users and rooms that the event's fields need.
 * Runs in a command. False: it is too large for a delivery. */
bool payload_put(struct buf *out, struct rd *rd, const struct event *event);

/* Whether payload_put() would find all that the event's fields need. */
bool payload_complete(struct rd *rd, const struct event *event);

/* The second step, any thread: `token` and `trigger_word` (when it is not empty) are put in. The
 * texts of `data` are copied into the arena, the others are borrowed. */
struct json *payload_for(struct arena *a, const struct integration *in, struct str data,
                         struct str trigger_word);

/* The trigger words and the rule about edits, for the integration as it is now, against a delivery
 * made before: as precheck_passes(). An integration that waits for another event now, or is
 * switched off, passes nothing. Any thread. */
bool payload_passes(const struct integration *in, struct str event, const struct json *data,
                    struct str *out_word);

/* For scripts, who are given dates: replaces each moment in the payload by its milliseconds and
 * returns the paths of these members, each behind `prefix`: [["request","data","timestamp"]]. */
struct json *payload_take_moments(struct arena *a, struct json *payload, const char *const *prefix,
                                  size_t prefix_count);
