/* The script engine: JavaScript in a sandbox, one slice of a script's work at a time.
 *
 * A slice is begun, asked for one thing, and ended; how it went is then in the members below. All
 * that a script is between two slices lies in the sandbox's memory, behind one address: so the pool
 * can carry it from one worker to another as bytes (script/protocol.h). What is in this struct is
 * of the slice alone.
 *
 *   engine.c   opening it; slices; check, evaluate, call, resume
 *   value.c    the engine's values
 *   thrown.c   what was thrown, told to an author
 *   host.c     what the engine may ask of us
 */
#pragma once

#include "base/buf.h"
#include "worker/sandbox.h"

/* What the prelude hands out, in its order (prelude/server.js). */
enum hook {
    HOOK_REVIVE,  /* (argument, dates): the moments in it become Date */
    HOOK_AWAIT,   /* (value): a promise of it */
    HOOK_PLAIN,   /* (value): its JSON, or undefined; calls refuse() for what has none */
    HOOK_FETCHED, /* (answer): settles the promise of a fetch */
    HOOK_PENDING, /* (): how many fetches have not been answered */
    HOOK_TAKE,    /* (): JSON of the fetches that nobody was told of yet */
    HOOK_FORGET,  /* (): no fetch is pending any more */
    HOOK_COUNT,
};

/* In the sandbox's memory: the one thing that leads to everything else. */
struct roots {
    uint64_t script; /* the instance; undefined before the evaluation */
    uint64_t answer; /* what a method returned, while it is awaited; else undefined */
    uint64_t hooks[HOOK_COUNT];
    uint64_t args[2];      /* of a call */
    uint32_t class_strict; /* sandbox_class_strict of this script */
    uint32_t len;          /* where the engine writes a length */
    char name[256];        /* of a property or a file, for the time of a call */
};

struct engine {
    struct sandbox box;
    uint32_t runtime, context, root; /* addresses */
    /* The slice's limits. */
    int64_t cpu_ns, cpu_from_ns; /* it may use; the process had used before */
    int64_t look_at_ns;          /* monotonic: before that it cannot be over */
    bool over;                   /* its time is */
    uint32_t result_bytes;
    uint32_t lines_left, line_bytes;
    /* How it ended. */
    enum frame_kind end; /* FRAME_DONE, FRAME_WAIT or FRAME_BAD */
    enum verdict verdict;
    bool refused;       /* the result was, by the prelude */
    struct buf text;    /* the first text of the frame: result, fetches or error */
    struct buf console; /* JSON lines, without the brackets */
    struct buf fetches; /* that nobody waits for */
};

/* Starts the engine in the channel's heap, and runs the prelude. */
bool engine_open(struct engine *e, int channel, struct err *err);
/* Where it stands: what the frame READY tells. */
struct engine_state engine_state(const struct engine *e);

/* Takes over the heap that was put into the channel, and the limits. False when the state cannot
 * be one of ours. */
bool slice_begin(struct engine *e, const struct frame *frame);
/* One of these is the slice. Texts are not touched by anybody else meanwhile. */
void slice_check(struct engine *e, struct str source, bool sloppy);
void slice_evaluate(struct engine *e, struct str source, bool sloppy);
void slice_call(struct engine *e, struct str method, struct str argument, struct str dates);
void slice_resume(struct engine *e, struct str fetched);
/* What it used and what the script holds now. */
uint32_t slice_cpu_us(const struct engine *e);
uint32_t slice_heap_bytes(const struct engine *e);

/* --- between the files of the engine --- */

/* True once the slice has used the CPU time it may use. Cheap. */
bool slice_over(struct engine *e);

struct roots *engine_roots(const struct engine *e);
/* The files that a stack names. */
#define AUTHOR_FILE "integration.js"
#define OUR_FILE    "<gantry>"

/* The slice ends badly: what the engine has thrown becomes verdict and error. */
void thrown_take(struct engine *e);
/* Likewise with a value that was a promise's reason. It is given up. */
void thrown_reason(struct engine *e, uint64_t reason);
/* Likewise, for our own reasons. */
void thrown_ours(struct engine *e, enum verdict verdict, const char *name, const char *message);

/* Gives the engine the object of functions that the prelude is called with. Undefined values mean
 * that there was no room. */
uint64_t host_object(struct engine *e);
