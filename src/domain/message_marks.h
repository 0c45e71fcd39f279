/* What people do with messages that are there: react, pin, star, follow, report, ignore. Who sees
 * the room may; reacting and pinning ask for more. Runs in commands; false and *err: refused. */
#pragma once

#include "domain/message.h"

enum react { REACT_TOGGLE, REACT_ADD, REACT_REMOVE };

/* `emoji` is a name, with or without the colons. */
bool message_react(struct tx *tx, const struct user *by, struct message *m, struct str emoji,
                   enum react how, struct err *err);
bool message_set_starred(struct tx *tx, const struct user *by, const struct message *m,
                         bool starred, struct err *err);
/* Pins it and notes that in the room: *out is the system message. Pinned already: nothing changes
 * and *out is m. */
bool message_pin(struct tx *tx, const struct user *by, struct message *m, struct message **out,
                 struct err *err);
bool message_unpin(struct tx *tx, const struct user *by, struct message *m, struct err *err);
/* Whether he is told of the thread that the message begins or belongs to. */
bool message_set_followed(struct tx *tx, const struct user *by, struct message *m, bool followed,
                          struct err *err);
bool message_follows(const struct message *m, struct str user_id);
bool message_report_by(struct tx *tx, const struct user *by, const struct message *m,
                       struct str description, struct err *err);
/* He must be in the room; whom he ignores may come later. */
bool user_set_ignored(struct tx *tx, const struct user *by, struct str room_id,
                      struct str ignored_id, bool ignored, struct err *err);
