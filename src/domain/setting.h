/* Settings: who may change one and to what, and values that the environment forces. */
#pragma once

#include "base/json.h"
#include "domain/access.h"
#include "store/setting.h"

enum { SETTING_VALUE_BYTES = 1 << 20 }; /* the longest value, as JSON */

/* The value's type is kept as it is; numbers must be within the setting's bounds, as text too. */
bool setting_change(struct tx *tx, const struct actor *by, struct str id, const struct json *value,
                    struct err *err);

/* A variable OVERWRITE_SETTING_<id>=<value> of the environment forces the setting to that value
 * each time the server starts: true and false are booleans, numbers and lists are read where the
 * setting is one, all else is text. */
enum overwrite { OVERWRITE_NONE, OVERWRITE_KNOWN, OVERWRITE_UNKNOWN };

/* What an entry of the environment is: another variable, a value for a setting, or one for a
 * setting that this program does not have (which is to be told, and passed over). */
enum overwrite setting_overwrite_of(const char *entry, enum setting_id *out_id,
                                    struct str *out_value);
/* `environment` is environ: NULL ends it. */
void settings_overwrite(struct tx *tx, char *const *environment);
