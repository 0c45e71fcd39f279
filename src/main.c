/* The program: its commands in one table. What they do is in main/. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "main/check.h"
#include "main/cli.h"
#include "main/demo.h"
#include "main/manage.h"
#include "main/scripts.h"
#include "main/serve.h"
#include "script/protocol.h"
#include "worker/worker.h"

static int version_run(const struct cli *cli)
{
    (void)cli;
    (void)puts("gantry " GANTRY_VERSION);
    return EXIT_DONE;
}

static const struct cli_command commands[] = {
    {
        .words = "serve",
        .summary = "Run the server",
        .details = "It runs until SIGTERM, SIGINT or SIGHUP and then answers what it has read; a "
                   "second signal\nends it at once.\n",
        .settings = CLI_SETTINGS_SHOWN,
        .run = serve_run,
    },
    {
        .words = "demo",
        .summary = "Run a server with the documentation's example, for this machine only",
        .details = "Its token is public, so it listens on loopback addresses alone and never "
                   "touches another\nserver's data. Without --data it uses a new folder that is "
                   "removed at the end.\n",
        .settings = CLI_SETTINGS,
        .run = demo_run,
    },
    {
        .words = "user add",
        .operand = "USERNAME",
        .summary = "Make an account",
        .details = "A password is drawn and shown when none is given. Works beside a running "
                   "server and without\none.\n",
        .settings = CLI_SETTINGS,
        .options = user_add_options,
        .run = user_add_run,
    },
    {
        .words = "user list",
        .summary = "Show all accounts",
        .details = "A line each, with tabs between id, username, active or inactive, roles, e-mail "
                   "and name.\n",
        .settings = CLI_SETTINGS,
        .run = user_list_run,
    },
    {
        .words = "token create",
        .summary = "Make a personal access token and show it, once",
        .details = "It is printed as the two headers that a request needs.\n",
        .settings = CLI_SETTINGS,
        .options = token_create_options,
        .run = token_create_run,
    },
    {
        .words = "script run",
        .operand = "FILE",
        .summary = "Run the script of an integration, without a server",
        .details = "It shows what the script printed, what it returned, and what would be posted; "
                   "nothing is.\n",
        .settings = CLI_SETTINGS,
        .options = script_run_options,
        .run = script_run_run,
    },
    {
        .words = "check-config",
        .summary = "Check the settings and print the values in force",
        .settings = CLI_SETTINGS,
        .options = check_config_options,
        .run = check_config_run,
    },
    {
        .words = "version",
        .summary = "Print the version",
        .run = version_run,
    },
    {
        .words = "--version",
        .hidden = true,
        .summary = "Print the version",
        .run = version_run,
    },
    {.words = NULL},
};

/* No command: the server starts itself once more as a process for scripts. */
static bool is_worker(int argc, char **argv)
{
    return argc >= 2 && strcmp(argv[1], WORKER_COMMAND) == 0;
}

int main(int argc, char **argv)
{
    if (is_worker(argc, argv))
        return worker_main(argc >= 3 && strcmp(argv[2], WORKER_UNJAILED) == 0);
    (void)umask(0077); /* what we make is ours alone: the database holds secrets */
    int code = cli_main(commands, argc, argv);
    bool printed = fflush(stdout) == 0;
    return code == EXIT_DONE && !printed ? EXIT_FAILED : code;
}
