/* What the files of the integration rules share; nobody else includes it. */
#pragma once

#include "domain/fault.h"
#include "domain/integration.h"
#include "model/user.h"

/* A caller's power over one direction. */
struct integration_power {
    bool any, own;
};
struct integration_power integration_power(struct rd *rd, struct str user_id, bool incoming);
/* Own only counts for what he made himself. */
bool integration_power_over(const struct integration_power *power, const struct actor *by,
                            const struct integration *in);

/* Whether each part starts with '#' or '@' (or, where `all` allows them, is one of the all_ words).
 */
bool channels_well_formed(const struct text_list *channels, bool all);
/* Whether every '#room' and '@user' is there and the caller may name it; all_ words are skipped. */
bool channels_permitted(struct rd *rd, const struct actor *by, const struct text_list *channels,
                        bool incoming, struct str details, struct err *err);
bool channel_is_all_private(struct str channel);
bool channel_is_all(struct str channel);

/* Fields that the body may give in either direction, present or not. */
void integration_take_common(struct integration *in, const struct json *body, bool keep_null,
                             struct arena *arena);
/* skipTranspile is true only when the body says exactly so. */
void integration_set_skip_transpile(struct integration *in, const struct json *body);
void integration_set_user(struct integration *in, const struct user *user);

/* While the operator has frozen scripts, neither a script nor its engine may change, and an update
 * leaves what belongs to the script as it was. */
bool integration_changes_script(const struct integration *in, const struct json *body);
void integration_keep_script(struct integration *in, const struct integration *before);

/* The compile step: what the look at the script said becomes scriptCompiled or scriptError. A
 * script that nobody has looked at (scripts are switched off) gets neither, and is looked at when
 * it is run. Without a script that is on, an incoming integration keeps what was compiled, an
 * outgoing one loses it. */
void integration_take_compiled(struct integration *in, const struct integration_change *change,
                               struct arena *arena);

/* The two directions. `in` is the stored document on update; on create it is new, with nothing but
 * its type. On success it holds what is to be stored, but for ids and times. */
bool incoming_create(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err);
bool incoming_update(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err);
bool outgoing_create(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err);
bool outgoing_update(struct tx *tx, const struct integration_change *change, struct integration *in,
                     struct err *err);
