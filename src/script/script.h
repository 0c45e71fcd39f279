/* Running the scripts of integrations, in jailed processes (worker/). This side is the pool: it
 * keeps every integration's state, its line of calls and its deadlines, on a thread of its own.
 *
 * One calls a method of a script as one asks any lane: fill a struct script_run, submit it, and it
 * comes home with its end. The run has one holder at a time; its texts are put into its arena.
 *
 *   - One call of an integration and side at a time, in order; its line is bounded.
 *   - An integration's state (its instance, top-level variables and Store) lives from call to call
 *     while `revision` stays, and is kept outside the workers: the death of one wipes nothing.
 *   - A call that waits for fetch holds no worker.
 *   - A run always ends: returned, failed, or refused. Nothing a script does delays another
 *     integration beyond the CPU it may use.
 *
 * Rules: the limits, and what each end means to callers, are told in docs/scripts.md.
 */
#pragma once

#include "base/lane.h"

struct client;
struct scripts;

enum script_side { SCRIPT_INCOMING, SCRIPT_OUTGOING }; /* each has its own instance */

enum script_ask {
    SCRIPT_CALL,  /* of `method` */
    SCRIPT_CHECK, /* of the source's syntax alone */
    SCRIPT_TRY,   /* as SCRIPT_CALL, on an instance that is made for it and thrown away */
};

enum script_end {
    SCRIPT_RETURNED,  /* `result` is what the method returned, or the syntax is right */
    SCRIPT_NO_METHOD, /* the instance has none of that name */
    SCRIPT_BAD,       /* it cannot be evaluated: `error` */
    SCRIPT_FAILED,    /* the method threw, or broke a limit: `error` */
    SCRIPT_SUSPENDED, /* its workers had to be killed too often; wait `retry_after_s` */
    SCRIPT_REFUSED,   /* too many calls wait already */
};

struct script_limits {
    int64_t cpu_ms;  /* of the evaluation, and of each call */
    int64_t wall_ms; /* of a call with all it awaits */
    int64_t heap_bytes, result_bytes;
    int64_t console_lines, console_line_bytes;
};

struct script_error {
    struct str name, message, stack;
    int64_t line, column; /* of the author's source; 0: not known */
};

struct script_run {
    struct job job; /* first: what travels; home and finish() are the caller's */
    struct arena *arena;
    /* What is asked. The texts live in `arena` or outlive the run. */
    enum script_ask ask;
    enum script_side side;
    bool sloppy;      /* class bodies are not strict: skipTranspile is false */
    struct str id;    /* of the integration; empty for drafts and checks */
    int64_t revision; /* another one: the state of before is dropped */
    struct str source;
    const char *method;
    struct str argument; /* JSON: the object that the method gets */
    struct str dates;    /* JSON: paths of moments in it (protocol.h), or empty */
    /* How it ended. */
    enum script_end end;
    struct str result; /* JSON; empty: undefined */
    struct script_error error;
    struct str console; /* JSON: [["log","text"], …]; empty: it printed nothing */
    int64_t wall_us, cpu_us, heap_bytes;
    int64_t retry_after_s;
};

struct scripts_config {
    unsigned workers;            /* processes */
    struct script_limits limits; /* of every call */
    size_t image_bytes;          /* of states that are kept in memory; others go to a file */
    const char *folder;          /* where that file is made, without a name */
    bool unjailed;               /* run although the kernel refuses the jail */
    struct client *client;       /* for fetch */
};

/* Starts the workers and the pool's thread. NULL and *err when the jail does not hold here (and
 * `unjailed` is false), or when a worker does not come up. `config` is copied. */
struct scripts *scripts_open(const struct scripts_config *config, struct err *err);
/* Ends what runs: every run comes home, as SCRIPT_FAILED, and so does at once what is submitted
 * afterwards. Before the client is closed. */
void scripts_stop(struct scripts *s);
/* Once nobody can submit any more; stops it first when that was not done. NULL is fine. */
void scripts_free(struct scripts *s);

/* Any thread; never waits and is never refused: too much comes home as SCRIPT_REFUSED. */
void scripts_submit(struct scripts *s, struct script_run *run);
