/* What the end of a script's run means for the caller of a hook. Any thread. */
#pragma once

#include "base/json.h"
#include "script/report.h"

enum script_says {
    SCRIPT_SAYS_POST,    /* `content` */
    SCRIPT_SAYS_NOTHING, /* accepted, nothing is posted */
    SCRIPT_SAYS_REFUSE,  /* with `error`, its own */
    SCRIPT_SAYS_WRONG,   /* it failed: `code` and `status` */
};

struct script_word {
    enum script_says says;
    struct json *content;        /* an object */
    const struct json *response; /* an object; NULL: the usual answer */
    const struct json *user;     /* an object: in whose name; NULL: as ever */
    const struct json *error;    /* text, object or whatever it gave */
    int status;
    const char *code;
    int retry_after_s;
};

/* Of process_incoming_request. `received` is the content of the call. A result that makes no sense
 * becomes a failure in `run` too. */
struct script_word script_understand(struct script_run *run, const struct json *received);

/* The whole body that the sender gets: for a refusal, for a failure, and for a `response`. */
void script_word_put(struct buf *out, const struct script_word *word);
void script_refusal_put(struct buf *out, struct str error);
void script_response_put(struct buf *out, const struct json *response);
