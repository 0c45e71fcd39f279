/* An entry of the history of an outgoing integration: one try of one delivery, and how far it came.
 * Whoever makes the call keeps the struct, sets `step` and what belongs to the step, and saves it;
 * what was set once stays. Plain data, any thread. */
#pragma once

#include "model/integration.h"

enum { OUTGOING_ENTRY_BYTES = 12 << 20 }; /* ceiling of what an entry may take, its data apart */

struct outgoing_entry {
    struct str id; /* 24 hexadecimal digits: of the first try the delivery's id */
    struct str integration_id, event;
    struct str integration; /* JSON: outgoing_entry_integration() */
    int64_t created_ms, updated_ms;
    struct str step;
    struct str steps; /* the names of all, with their quotes and commas between */
    struct str data;  /* JSON: the payload; empty: not known yet. Stored once and never changed */
    struct str trigger_word;   /* empty: none */
    bool ran_prepare;          /* ranPrepareScript */
    struct str prepare_sent;   /* prepareSentMessage; these three: JSON, an array; empty: none */
    struct str process_sent;   /* processSentMessage */
    struct str result_message; /* resultMessage */
    struct str url;            /* as it was called; empty: not yet */
    struct str http_call_data; /* JSON; empty: none */
    struct str http_result;    /* the JSON text that becomes the string httpResult; empty: none */
    struct str http_error;     /* JSON, an object; empty: none */
    bool error;
    struct str error_stack; /* empty: none */
    bool finished;
    int64_t tries;       /* 0 for the first try */
    struct str retry_of; /* id of the first try's entry; empty in itself */
    int status;          /* of the answer; 0: there is none */
    struct str timings;  /* JSON, an object: how long the parts of the call took; empty: none */
    int64_t next_ms;     /* when it is tried again; 0: it is not */
};

/* The integration as it is kept with each entry: without token, script and secrets. */
struct str outgoing_entry_integration(struct arena *a, const struct integration *in);

/* Members of the document, without _id, data and dates: JSON between the braces. */
void outgoing_entry_put_doc(struct buf *out, const struct outgoing_entry *e);
