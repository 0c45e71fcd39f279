/* What the files of this room share; nobody else includes it. */
#pragma once

#include "api/endpoint.h"
#include "domain/integration.h"
#include "domain/post.h"
#include "hooks/hooks.h"
#include "hooks/payload.h"
#include "hooks/progress.h"
#include "hooks/verify.h"
#include "store/record.h"

struct recorder;

struct hooks {
    struct recorder *recorder;
    struct progress *progress; /* deliveries that scripts work on */
    uint8_t key[DIGEST_SEAL_KEY_BYTES];
};

/* A call to a hook, beside its struct call, in call->state and call->arena. */
struct hook {
    int64_t begun_us;                    /* monotonic */
    struct integration *in;              /* as it was when the call came in */
    struct hook_options options;         /* of the integration */
    const struct verify_names *verified; /* headers of the signature; NULL: none is asked for */
    struct str delivery_id;              /* of the sender, by the rules of the signature */

    struct payload payload;
    struct json *content;      /* the message, or what a script makes it from; NULL: none */
    struct str key, body_hash; /* digests; empty: the call has no key */
    struct str headers;        /* JSON, for the history; empty: it does not keep them */
    struct str body;           /* its beginning, likewise */
    struct str content_type;
    size_t size; /* of the body */

    struct str script;   /* that makes the message; empty: there is none to be run */
    int64_t revision;    /* of the integration's document */
    struct str argument; /* of the script: JSON; empty: it is too long */
    const struct json *response, *posts_as; /* what the script says besides; may be NULL */
    struct progress_hold *hold;             /* of the delivery; NULL: none */

    struct posted posted;
    bool replayed;       /* the answer is that of an earlier call with the same key */
    const char *outcome; /* for the history; NULL: the status says it */
    struct str reason;   /* likewise, for the owner's eyes only */
};

/* --- door.c --- */

/* Id and token (404), the user (401, 403), the limit (429), the signature (401). After a success,
 * and after refusals behind the first, call->state is the struct hook. */
bool hook_door(struct call *call, const struct http_request *rq, struct err *err);
/* The 404 of an address that nobody has. */
bool hook_unknown(struct err *err);

/* Secrets of signatures are sealed for their integration; the text is base64. False when it cannot
 * be opened. */
struct str secrets_seal(const struct hooks *hooks, struct arena *arena, struct str integration_id,
                        struct str plain);
bool secrets_open(const struct hooks *hooks, struct arena *arena, struct str integration_id,
                  struct str sealed, struct str *out_plain);

/* --- incoming.c --- */

/* False and *err: the content names a destination, and the integration does not let it. */
bool hook_destination_allowed(const struct hook *hook, struct err *err);

/* --- script.c --- */

/* At the door, when hook->script is set: what the script will be given. */
void hook_prepare_script(struct call *call, const struct http_request *rq);
/* Gives the delivery's hold back, if there is one. */
void hook_let_go(struct call *call);
/* Steps: asks for the run, unless the answer is known; and does what its result says. */
bool hook_ask_script(struct call *call, struct err *err);
bool hook_heed_script(struct call *call, struct err *err);

/* --- delivery.c --- */

/* A digest of what tells this call from others, the sender's repetitions from new ones; empty when
 * the sender says nothing. */
struct str delivery_key(const struct http_request *rq, struct str signed_id, struct arena *arena);

/* --- record.c --- */

/* The body as text, cut; the headers as JSON, with secrets masked. */
struct str record_body(const struct http_request *rq, struct arena *arena);
struct str record_headers(const struct http_request *rq, const struct verify_names *verified,
                          struct arena *arena);
/* An endpoint's `over`: hands the call to the recorder. */
void hook_over(struct call *call, const struct err *err);

/* --- recorder.c --- */

struct recorder *recorder_open(struct store *store, struct err *err);
/* Writes what it was given and ends its thread. What is given to it afterwards is lost. */
void recorder_stop(struct recorder *r);
void recorder_free(struct recorder *r);
/* Any thread; never waits. The texts are copied. When too many wait it is dropped and counted. */
void recorder_put(struct recorder *r, const struct record_row *row);

/* --- the endpoints --- */

extern const struct endpoint endpoints_helpers[];
extern const struct endpoint endpoints_incoming[];
extern const struct endpoint endpoints_hook_options[];
extern const struct endpoint endpoints_hook_history[];
extern const struct endpoint endpoints_script_runs[];
extern const struct endpoint endpoints_script_test[];

/* An incoming integration that the caller may manage; NULL and *err otherwise. */
struct integration *hook_managed(struct rd *rd, const struct call *call, struct str id,
                                 struct str details, struct err *err);
