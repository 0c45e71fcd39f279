/* What the body of a call to a hook means: the `content` object, which a script is given and which,
 * without a script, is the message. Senders are many and careless, so this is read tolerantly. */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "http/http.h"

struct payload {
    struct json *content; /* always an object */
    struct str raw;       /* the body as text, form bodies undecoded; "" when there is none */
};

/* False: a form's `payload` is JSON but no object (400). Strings are UTF-8 whatever was sent; they
 * may be views into `body`, which must live as long as the arena. The caller looks at arena_over(),
 * for a small body can hold many members. Any thread. */
bool payload_parse(struct arena *a, enum http_method method, struct str content_type,
                   struct str body, struct payload *out, struct err *err);

/* For whoever looks for a message that never came: why the content of that body has no members. */
struct str payload_why_empty(struct arena *a, enum http_method method, struct str content_type,
                             struct str raw);
