/* The way in beside HTTP: DIR/gantry.sock, over which the command line reaches a running server.
 *
 * A client connects, sends one line, gets one line, and the server hangs up. The socket is only its
 * owner's (0600): whoever can connect may do everything. Lines are served one after the other, each
 * on the control thread, which may wait for the store and for passwords and never takes a core from
 * the loops (lowest priority).
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum { CONTROL_LINE_BYTES = 1024 * 1024 };

/* Makes the answer of a request; both without the line's end. On the control thread. */
typedef void control_fn(void *arg, struct str request, struct buf *answer);

struct control;

/* The caller holds the folder's lock: a socket that is there is a dead server's, and is replaced.
 */
struct control *control_open(const char *folder, control_fn *serve, void *arg, struct err *err);
/* Ends the request in progress, then the thread, and removes the socket. NULL is fine. */
void control_close(struct control *control);

enum control_result {
    CONTROL_ANSWERED,
    CONTROL_NOBODY, /* no server listens in this folder */
    CONTROL_FAILED  /* *err is filled */
};

/* The client's side. Waits for the answer. */
enum control_result control_ask(const char *folder, struct str request, struct buf *answer,
                                struct err *err);
