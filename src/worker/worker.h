/* A process that runs scripts: `gantry script-worker`. The server starts it (script/process.h) and
 * speaks to it in frames (script/protocol.h); nobody starts it by hand. */
#pragma once

#include <stdbool.h>

/* The whole process: makes the engine, enters the jail, and answers frames until the socket is
 * closed or the thread that started it has ended; then it ends the process. It returns only when it
 * was not started by a server, or cannot start: the exit status, after a line on standard error.
 * With `unjailed` it goes on where the kernel refuses the jail. */
int worker_main(bool unjailed);
