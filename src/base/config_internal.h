/* What the files of the settings engine share: a setting's names (config.c), and its value, from
 * text, to text, and the rule it obeys (config_value.c). Used by one thread. */
#pragma once

#include "base/buf.h"
#include "base/config.h"

enum { CONFIG_TEXT_BYTES = 64 * 1024 }; /* ceiling for a value or a rule written out */

/* The environment variable: prefix, section and key, as in GANTRY_HTTP_PORT. */
void config_put_variable(const struct config *c, const struct config_field *field, struct buf *out);

/* Checks `text` (blanks around it do not count) against the field's rule and writes the value into
 * c->target. False: it breaks the rule, nothing is changed. */
bool config_value_put(struct config *c, const struct config_field *field, struct str text);
/* What config_value_put() writes for no text at all: empty, 0 or false. Never refused. */
void config_value_clear(struct config *c, const struct config_field *field);
/* The value in force, written as in the file. */
void config_value_print(const struct config *c, const struct config_field *field, struct buf *out);
/* The rule in words that fit behind "must be ": "a whole number from 1 to 65535". */
void config_value_rule(const struct config_field *field, struct buf *out);
bool config_value_same(const struct config *a, const struct config *b,
                       const struct config_field *field);
