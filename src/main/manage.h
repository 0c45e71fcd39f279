/* gantry user add, gantry user list, gantry token create: asked of the running server over its
 * socket, or, when none runs, of the store itself. Used by the main thread. */
#pragma once

#include "main/cli.h"

extern const struct cli_option user_add_options[];
extern const struct cli_option token_create_options[];

int user_add_run(const struct cli *cli);
int user_list_run(const struct cli *cli);
int token_create_run(const struct cli *cli);
