/* The command line: a table of commands, each a row with its words, its options and the function
 * that does it. Reading, --help and the answers to mistyped words come from the table.
 *
 *     gantry WORDS [--flag VALUE | --flag=VALUE | --switch | OPERAND]...
 *     gantry help [WORDS]
 *
 * A flag is one of the command's own options or, where the command takes settings, the flag of a
 * setting (options.h). Used by the main thread.
 */
#pragma once

#include "base/err.h"
#include "main/options.h"

/* What a program gives back to its caller. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct cli_option {
    const char *flag;  /* "--email" */
    const char *value; /* what follows it, as the help names it; NULL: nothing does */
    const char *help;
};

enum cli_settings {
    CLI_NO_SETTINGS,
    CLI_SETTINGS,      /* takes --config and the flags of all settings */
    CLI_SETTINGS_SHOWN /* likewise, and its help lists them */
};

struct cli;

struct cli_command {
    const char *words;   /* "user add" */
    const char *operand; /* the word that must follow, as the help names it; NULL: none may */
    const char *summary; /* one line for the list of commands */
    const char *details; /* more lines for its own help, each with its end; may be NULL */
    const struct cli_option *options;  /* its own; ends with a row without flag; may be NULL */
    int (*run)(const struct cli *cli); /* returns the exit code */
    enum cli_settings settings;
    bool hidden; /* works, and stands in no list */
};

/* One use of a flag. */
struct cli_given {
    struct str flag;   /* "--email" */
    const char *value; /* "" for a switch */
    bool setting;      /* a setting's flag; otherwise an option of the command's */
};

enum { CLI_FLAGS = 64 };

/* A command line that was read. Texts are those of argv. */
struct cli {
    const struct cli_command *command;
    const char *operand; /* NULL when the command has none */
    struct cli_given given[CLI_FLAGS];
    size_t count;
};

/* Reads argv, prints help or a complaint, or runs the command. `commands` ends with a row without
 * words. Returns the exit code. */
int cli_main(const struct cli_command *commands, int argc, char **argv);

/* The value of the n-th use (from 0) of a flag; NULL when it was not given so often. */
const char *cli_value(const struct cli *cli, const char *flag, size_t n);
bool cli_has(const struct cli *cli, const char *flag);

/* The settings of a command that takes them: defaults, file, environment, flags. Complains when
 * they are wrong. Returns the exit code; options_close() is due in any case. */
int cli_options(const struct cli *cli, struct options *out);

/* Say on stderr what went wrong; they return the exit code. */
int cli_failed(const struct err *err);
int cli_misused(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
