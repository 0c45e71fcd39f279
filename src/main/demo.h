/* gantry demo: a server with the example of the API's documentation in it, for this machine only.
 * Used by the main thread. */
#pragma once

#include "main/cli.h"

int demo_run(const struct cli *cli);
