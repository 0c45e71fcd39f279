/* What becomes of a delivery: the steps that its history names, and the judgement of an answer.
 * Pure. Any thread. */
#pragma once

#include "base/json.h"

/* The methods of scripts. */
#define PREPARE  "prepare_outgoing_request"
#define RESPONSE "process_outgoing_response"

/* In the order in which they occur. */
enum step {
    STEP_START,
    STEP_MAPPED_ARGS,
    STEP_GETTING_SCRIPT,
    STEP_PREPARE_NO_METHOD,
    STEP_PREPARE_BEFORE,
    STEP_PREPARE_ERROR,
    STEP_PREPARED,
    STEP_PREPARE_NO_OPTS,
    STEP_PREPARE_MESSAGE_FAILED,
    STEP_PREPARE_MESSAGE,
    STEP_PREPARE_NO_TARGET,
    STEP_PRE_CALL,
    STEP_AFTER_CALL,
    STEP_RESPONSE_NO_METHOD,
    STEP_RESPONSE_BEFORE,
    STEP_RESPONSE_ERROR,
    STEP_RESPONSE_MESSAGE_FAILED,
    STEP_RESPONSE_MESSAGE,
    STEP_RESPONSE_FALSE,
    STEP_STATUS_410,
    STEP_STATUS_500,
    STEP_GOING_TO_RETRY, /* its name ends with the number of the retry */
    STEP_BAD_DELAY,
    STEP_TOO_MANY,
    STEP_NOT_CONFIGURED,
    STEP_REPLY_FAILED,
    STEP_REPLY,
    STEP_COUNT
};

struct step_info {
    const char *name;
    bool error;    /* the entry is marked with `error` */
    bool finishes; /* and with `finished` */
};

const struct step_info *step_info(enum step step);

/* What a script's process_outgoing_response said. */
enum script_word {
    SCRIPT_SAID_NOTHING, /* there is none, it threw, or its result means nothing */
    SCRIPT_SAID_FALSE,
    SCRIPT_SAID_CONTENT, /* an object with a message to be posted */
};

/* In the order in which they are looked at. */
enum verdict_kind {
    VERDICT_POST_CONTENT, /* the script's */
    VERDICT_END,          /* the script wants nothing more */
    VERDICT_GONE,         /* 410: the integration is switched off */
    VERDICT_SERVER_ERROR, /* 500: the end, without retry */
    VERDICT_FAILED,       /* tried again, by the schedule */
    VERDICT_POST_REPLY,   /* the answer itself is a message */
    VERDICT_DELIVERED,
};

struct answer_facts {
    int status; /* 0: there is no answer */
    bool empty;
    enum script_word said;
    const struct json *reply; /* as answer_reply() gave it */
    bool retry_empty;         /* the setting: an empty answer is a failure */
};

enum verdict_kind answer_verdict(const struct answer_facts *facts);

/* The answer's body when its media type says that it is JSON and it is; else NULL. */
const struct json *answer_reply(struct arena *a, struct str content_type, struct str body);
/* What the result of process_outgoing_response means; *out_content is the message's object. */
enum script_word response_word(struct arena *a, const struct json *result,
                               const struct json **out_content);
/* A message as scripts give it: an object as it is, anything else as the text of one. */
const struct json *message_object(struct arena *a, const struct json *value);
