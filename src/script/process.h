/* A worker as the pool sees it: a process in a jail, a socket, and the channel that both have
 * mapped (protocol.h). The pool's thread alone. */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "script/image.h"
#include "script/protocol.h"

struct instance;

enum worker_mood {
    WORKER_GONE,     /* there is no process */
    WORKER_STARTING, /* it has not said that it is ready */
    WORKER_IDLE,
    WORKER_BUSY, /* the turn is its */
};

struct worker {
    enum worker_mood mood;
    pid_t pid;
    clockid_t cpu_clock; /* of the process */
    int socket, memory;
    char *channel;
    struct instance *of;          /* busy: for whom; NULL: for a call that has ended meanwhile */
    const struct instance *holds; /* whose state lies in the heap; NULL: nobody's */
    struct engine_state state;    /* of the heap, as told last */
    int64_t cpu_from_us;          /* of the process, when the slice began */
    int64_t look_at_ms;           /* monotonic; when its CPU time is worth a look; 0: never */
};

/* Starts the process; the worker is STARTING then. False and *err when the system has no room. */
bool worker_start(struct worker *w, bool unjailed, struct err *err);
/* Kills it at once, whatever it does, and forgets it. The status is that of waitpid(). */
int worker_kill(struct worker *w);
/* CPU time that the process has used since its start. */
int64_t worker_cpu_us(const struct worker *w);

/* Puts an image into the heap of an idle worker, and clears all else that a script could reach. */
void worker_place(struct worker *w, const struct instance *owner, const struct image *image);
/* Gives it the turn. False when the texts do not fit; nothing is sent then. A worker that has died
 * is noticed by worker_hear(). */
bool worker_tell(struct worker *w, struct frame *frame, const struct str *texts, size_t count);

/* Whether it has taken up what it was told last. Its own word: believe it once. */
bool worker_has_begun(const struct worker *w);

enum heard { HEARD_FRAME, HEARD_NOTHING, HEARD_END };

/* What it says, checked. HEARD_END: the process has ended, or *why tells what was odd. */
enum heard worker_hear(struct worker *w, struct frame *frame, const char **why);
/* A text of the frame that was heard: a view of memory that the worker can change, so it is
 * copied before anything else. */
struct str worker_text(const struct worker *w, const struct frame *frame, size_t i);
