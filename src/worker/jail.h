/* The second wall around scripts: the process has nothing but its memory and one socket.
 *
 * After jail_enter() it may compute, get memory that cannot be executed, read clocks and random
 * bytes, speak through that socket, and end. Any other system call ends it at once (SIGSYS), so
 * whoever breaks out of the engine's memory stands in a process that can open, start or signal
 * nothing.
 *
 * In builds with a sanitizer its reports have to get out, and it looks after its own memory: a few
 * more calls are allowed there (jail.c).
 */
#pragma once

#include "base/err.h"

/* Closes all descriptors but `socket`, gives up the environment and everything that limits can
 * take away, and shuts the door for good. False and *err when the kernel refuses; the descriptors
 * are closed then all the same. */
bool jail_enter(int socket, struct err *err);
