/* Trying a script: as if a call had come or an event had happened, without posting or storing
 * anything. For the API (script_test.c) and for the command line. Any thread. */
#pragma once

#include "domain/integration.h"
#include "script/script.h"

/* What is tried; everything may be absent but `method`. */
struct trial {
    const char *method;
    const struct integration *in;          /* whose script it is or will be; NULL: a draft */
    struct str user_id, name, username;    /* in whose name would be posted */
    const struct json *request, *response; /* members that are not the usual ones; objects */
    const struct json *received;           /* the content of the call: filled by trial_prepare() */
};

/* The method of that name (empty: of the integration's direction, else the incoming one), as a
 * constant; NULL when scripts have no such method. */
const char *trial_method(struct str name, const struct integration *in);
bool trial_is_incoming(const struct trial *trial);

/* Fills in what is asked of the run, but for its source. `run->arena` is set. */
void trial_prepare(struct trial *trial, struct script_run *run);
/* Writes "result", "status" and "response" (incoming), "wouldPost", and how it ended. */
void trial_put_members(struct json_out *o, const struct trial *trial, struct script_run *run);
