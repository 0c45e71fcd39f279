/* Numbers as JavaScript reads them; for json.c. Printing is json_put_number() of json.h. */
#pragma once

/* The double nearest to a text that is known to be a decimal number and ends with '\0'; infinite
 * when it is too large. */
double json_number_read(const char *text);
