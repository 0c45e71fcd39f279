/* What the pool and a worker say to each other.
 *
 * They share one piece of memory, the channel, and a socket of packets (SOCK_SEQPACKET):
 *
 *   channel   | heap: the engine's linear memory | down: texts for the worker | up: its texts |
 *             0                                  CHANNEL_DOWN                 CHANNEL_UP
 * CHANNEL_BYTES
 *
 * A packet is a struct frame: what is asked or told, and where in `down` or `up` its texts lie. The
 * socket gives the turn: the pool writes into the channel only while the worker waits for a packet,
 * and the worker only between a packet in and a packet out. So the pool moves an integration's
 * state by copying the used part of the heap, and a worker never sees the state of another.
 *
 * Neither side believes the other. A worker may be in the hands of a script that broke the engine:
 * the pool copies a packet and its texts first and checks the copy, and an odd one ends the worker.
 * The worker checks likewise, for a mistake of ours must not become an answer.
 *
 * The walk of one slice of work:
 *
 *   pool    places an image into the heap (or leaves what is there), writes texts, sends the frame
 *   worker  works until the method has ended, or only waits for a fetch, or the time is over
 *   pool    reads the texts; on success it copies the heap away; the worker is free
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

enum {
    CHANNEL_HEAP_BYTES = 24 << 20, /* the engine's 8 MiB, its code, and a request on its way in */
    CHANNEL_DOWN_BYTES = 8 << 20,
    CHANNEL_UP_BYTES = 8 << 20,
    CHANNEL_DOWN = CHANNEL_HEAP_BYTES,
    CHANNEL_UP = CHANNEL_DOWN + CHANNEL_DOWN_BYTES,
    CHANNEL_BEGUN = CHANNEL_UP + CHANNEL_UP_BYTES, /* uint32_t: the worker has taken up the frame */
    CHANNEL_BYTES = CHANNEL_BEGUN + 4096,
    CHANNEL_PAGE = 64 << 10, /* the heap's unit of growth */
};

/* How the pool starts a worker: `gantry script-worker`, or `gantry script-worker unjailed` where
 * the operator allows it, with these descriptors and an empty environment. */
#define WORKER_COMMAND  "script-worker"
#define WORKER_UNJAILED "unjailed"
enum {
    WORKER_SOCKET = 3,
    WORKER_CHANNEL = 4,       /* a memfd of CHANNEL_BYTES, sealed against another size */
    WORKER_EXIT_NO_JAIL = 77, /* the kernel refuses the jail */
};

enum frame_kind {
    /* down */
    FRAME_CHECK = 1, /* is the source's syntax right?                 texts: source */
    FRAME_EVALUATE,  /* into a fresh heap: the source, new Script()    source */
    FRAME_CALL,      /* a method of what was evaluated                 method, argument, dates */
    FRAME_RESUME,    /* the outcome of a fetch, for a call that waits  fetched */
    /* up */
    FRAME_READY, /* the worker is up; the heap holds a fresh engine    - */
    FRAME_DONE,  /* ended well; nobody waits for these fetches         result, console, fetches */
    FRAME_WAIT,  /* it waits for fetches                               fetches, console */
    FRAME_BAD,   /* ended badly; `verdict` says how                    error, console */
};

/* How a slice ended that did not end well. */
enum verdict {
    VERDICT_NONE,
    VERDICT_THROWN,    /* by the script: a throw, a rejection, a syntax error */
    VERDICT_NO_CLASS,  /* nothing to construct by the name of Script */
    VERDICT_NO_METHOD, /* of that name; not a mistake */
    VERDICT_TIME,      /* more CPU time than it may use */
    VERDICT_MEMORY,    /* more memory than it may use */
    VERDICT_UNSETTLED, /* its promise can never settle */
    VERDICT_NOT_PLAIN, /* the result holds what cannot be copied */
    VERDICT_TOO_LARGE, /* the result's JSON is longer than it may be */
    VERDICT_BROKEN,    /* the engine trapped: the worker has to end */
    VERDICT_COUNT,
};

/* Where an engine stands; with the heap it is all that makes an image. */
struct engine_state {
    uint32_t pages; /* of CHANNEL_PAGE that the heap has */
    uint32_t stack; /* the heap's first used byte: what lies below is between calls nobody's */
    uint32_t root;  /* where the worker's own handles lie in the heap */
};

enum { FRAME_TEXTS = 3 };

struct frame_text {
    uint32_t at, len; /* in bytes from the beginning of `down` or `up` */
};

enum frame_flag {
    FRAME_SLOPPY = 1, /* class bodies are not strict (skipTranspile is false) */
    FRAME_FRESH = 2,  /* `state` and the heap are those of a fresh engine */
};

/* A packet. All of it is sent, whatever the kind; what a kind does not use is 0. */
struct frame {
    uint32_t kind, flags, verdict;
    struct engine_state state;
    struct frame_text texts[FRAME_TEXTS];
    uint32_t cpu_us;     /* down: what is left of the call's CPU time; up: what the slice used */
    uint32_t heap_bytes; /* down: the most the script may hold; up: what it holds */
    uint32_t result_bytes, console_lines, console_line_bytes; /* down: limits */
    uint32_t console_used; /* lines of earlier slices of the call */
};

/* The texts. JSON unless said otherwise.
 *
 *   source    UTF-8, the author's own text
 *   method    UTF-8, a name
 *   argument  the one argument, an object
 *   dates     paths of members of the argument that are moments: [["request","data","timestamp"]];
 *             their values are milliseconds and become Date
 *   fetched   {"id":1,"ok":true,"status":200,"statusText":"OK","url":"…",
 *              "headers":[["name","value"]],"body":"…"}, whose "body" is base64, or
 *             {"id":1,"ok":false,"error":"…","code":"…"}; "code" may be absent
 *   result    what the method returned; empty for undefined
 *   fetches   those begun in this slice: [{"id":1,"url":"…","method":"GET","headers":[["n","v"]],
 *             "body":"…","timeout":20000,"insecure":false}]; "body" is base64, absent for none
 *   console   the lines of this slice: [["log","text"], …]
 *   error     {"name":"TypeError","message":"…","stack":"…","line":3,"column":7}: of the author's
 *             source; line 0 when it is not known
 */

/* Any thread. NULL when `frame` is what the pool may receive and every text lies in `up`; otherwise
 * what is wrong with it, for the log. */
const char *frame_check_up(const struct frame *frame);
/* Likewise, of what a worker may receive. */
const char *frame_check_down(const struct frame *frame);
