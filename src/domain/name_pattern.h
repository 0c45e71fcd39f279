/* The patterns that say which names are allowed, such as "[0-9a-zA-Z-_.]+" in the settings
 * UTF8_User_Names_Validation and UTF8_Channel_Names_Validation.
 *
 * They are regular expressions as ECMAScript reads them, without groups and alternatives:
 * characters,
 * '.', classes, \d \w \s and their opposites, each with + * ? or {m,n}. Matching takes time in
 * proportion to the name, whatever the pattern is. Any thread.
 */
#pragma once

#include "base/str.h"

/* Whether the whole name fits. A pattern that is not understood, or is empty, is taken for the
 * default one: letters, digits, '-', '_' and '.'. */
bool name_fits(struct str pattern, struct str name);
