/* What stands in the header lines of a form and its parts; for multipart.c. */
#pragma once

#include "http/multipart.h"

/* The boundary that a Content-Type gives. False and *err (400) when it is another type, or gives
 * none that is allowed. */
bool multipart_boundary(struct arena *a, struct str content_type, struct str *out, struct err *err);

/* Takes the header lines of a part, each ended by CR LF; the part's names may point into them.
 * False and *err (400) when a line is malformed, or there is no name. */
bool multipart_head(struct arena *a, struct str lines, struct multipart_part *part,
                    struct err *err);
