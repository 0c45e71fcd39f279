/* gantry serve: the rooms opened in order, the wait for a signal, the rooms closed again. Used by
 * the main thread. */
#pragma once

#include "main/cli.h"
#include "main/folder.h"

int serve_run(const struct cli *cli);

/* What another command makes different about its server. */
struct serve_as {
    enum folder_use use;
    /* When the store is open and nobody is served yet; may be NULL. */
    bool (*fill)(struct store *store, struct err *err);
    /* When the server listens, at this address; may be NULL. */
    void (*ready)(const struct address *address);
};

/* Serves until SIGTERM, SIGINT or SIGHUP; a second one ends the process at once. Returns the exit
 * code. Once in the life of a process. */
int server_run(const struct options *options, const struct serve_as *as);
