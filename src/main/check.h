/* gantry check-config: what the server would run with. Used by the main thread. */
#pragma once

#include "main/cli.h"

extern const struct cli_option check_config_options[];

int check_config_run(const struct cli *cli);
