/* See check.h. */
#include "main/check.h"

const struct cli_option check_config_options[] = {
    {"--markdown", NULL, "Print docs/configuration.md instead"},
    {NULL, NULL, NULL},
};

int check_config_run(const struct cli *cli)
{
    struct options options;
    if (cli_has(cli, check_config_options[0].flag)) {
        options_print_markdown(stdout);
        return EXIT_DONE;
    }
    int code = cli_options(cli, &options);
    if (code == EXIT_DONE)
        options_print(&options, stdout);
    options_close(&options);
    return code;
}
