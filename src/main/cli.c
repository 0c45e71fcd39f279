/* Reading the command line by the table of cli.h. */
#include "main/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

enum { WORD_BYTES = 64, LINE_BYTES = 1024, HELP_COLUMN = 30 };

/* Options that every command has, and those of commands with settings. */
static const struct cli_option help_option = {"--help", NULL, "This text"};
static const struct cli_option config_option = {
    "--config", "FILE", "Settings from this file; without it, from the one GANTRY_CONFIG names"};

/* The nearest known word */

struct nearest {
    struct str wanted;
    struct buf best; /* empty while nothing is near: then a guess would only mislead */
    size_t distance;
};

static void compare(struct nearest *n, struct str candidate)
{
    size_t far = str_distance(n->wanted, candidate);
    if (2 * far >= n->wanted.len || (n->best.len > 0 && far >= n->distance))
        return;
    buf_clear(&n->best);
    (void)buf_add(&n->best, candidate);
    n->distance = far;
}

/* What is added to a complaint. */
static void put_hint(struct buf *out, const struct nearest *n)
{
    if (n->best.len > 0)
        (void)buf_addf(out, "; did you mean \"%s\"?", n->best.ptr);
}

/* Finding the command */

static bool is_flag(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0';
}

static bool is_help(const char *arg)
{
    return str_is(STR("--help"), arg) || str_is(STR("-h"), arg);
}

/* How many words of argv are the command's; 0 when they are not all there. */
static int words_of(const struct cli_command *command, int argc, char **argv)
{
    struct str rest = str_of(command->words), word;
    int n = 0;
    while (str_split(&rest, ' ', &word)) {
        if (n == argc || !str_is(word, argv[n]))
            return 0;
        n++;
    }
    return n;
}

/* A first word that begins several commands: "user". */
static bool is_group(const struct cli_command *commands, struct str word)
{
    for (const struct cli_command *c = commands; c->words != NULL; c++) {
        struct str rest = str_of(c->words), first;
        (void)str_split(&rest, ' ', &first);
        if (first.len < strlen(c->words) && str_eq(first, word))
            return true;
    }
    return false;
}

/* Help */

static void print_row(FILE *out, const char *left, const char *right)
{
    (void)fprintf(out, "  %-*s %s\n", HELP_COLUMN, left, right);
}

static void print_option(FILE *out, const struct cli_option *option)
{
    BUF(left, LINE_BYTES);
    (void)buf_addf(&left, "%s%s%s", option->flag, option->value ? " " : "",
                   option->value ? option->value : "");
    print_row(out, left.ptr, option->help);
}

/* All commands, or those that begin with the word of a group. */
static void print_commands(const struct cli_command *commands, struct str group, FILE *out)
{
    (void)fprintf(out, "Usage: gantry COMMAND [OPTION]...\n\nCommands:\n");
    for (const struct cli_command *c = commands; c->words != NULL; c++) {
        BUF(left, LINE_BYTES);
        (void)buf_addf(&left, "%s %s", c->words, c->operand ? c->operand : "");
        if (!c->hidden && str_starts(str_of(c->words), group))
            print_row(out, left.ptr, c->summary);
    }
    (void)fprintf(out, "\ngantry COMMAND --help tells more about one of them.\n");
}

static void print_command(const struct cli_command *c, FILE *out)
{
    (void)fprintf(out, "Usage: gantry %s%s%s [OPTION]...\n\n%s.\n", c->words, c->operand ? " " : "",
                  c->operand ? c->operand : "", c->summary);
    if (c->details != NULL)
        (void)fprintf(out, "\n%s", c->details);
    (void)fprintf(out, "\nOptions:\n");
    for (const struct cli_option *o = c->options; o != NULL && o->flag != NULL; o++)
        print_option(out, o);
    if (c->settings != CLI_NO_SETTINGS)
        print_option(out, &config_option);
    print_option(out, &help_option);
    if (c->settings == CLI_SETTINGS)
        (void)fprintf(out, "\nIt also takes the settings, above all --data DIR, the data folder: "
                           "see gantry serve --help.\n");
    if (c->settings != CLI_SETTINGS_SHOWN)
        return;
    (void)fprintf(out, "\nSettings, by --section.key VALUE, by the flag or variable shown, or by "
                       "the file:\n\n");
    options_print_help(out);
}

/* Complaints */

int cli_failed(const struct err *err)
{
    (void)fprintf(stderr, "gantry: %s\n", err->text);
    return EXIT_FAILED;
}

int cli_misused(const struct cli *cli, const char *format, ...)
{
    BUF(text, LINE_BYTES);
    va_list args;
    va_start(args, format);
    (void)buf_addv(&text, format, args);
    va_end(args);
    (void)fprintf(stderr, "gantry: %s\nSee gantry %s --help.\n", text.ptr, cli->command->words);
    return EXIT_USAGE;
}

/* As many words of argv as the candidate has, for only those can be meant by it. */
static void join_words(const char *candidate, int argc, char **argv, struct buf *out)
{
    struct str rest = str_of(candidate), word;
    for (int n = 0; str_split(&rest, ' ', &word) && n < argc && !is_flag(argv[n]); n++)
        (void)buf_addf(out, "%s%s", n > 0 ? " " : "", argv[n]);
}

/* The words that should have been a command's: as many as the nearest one has, or a group's and the
 * one behind it. */
static void put_given(struct buf *out, const struct nearest *n, bool group, int argc, char **argv)
{
    join_words(n->best.len > 0 ? n->best.ptr : group ? "group word" : "word", argc, argv, out);
    if (out->len == 0)
        (void)buf_add(out, str_of(argv[0]));
}

static int unknown_command(const struct cli_command *commands, int argc, char **argv)
{
    struct nearest n = {.wanted = STR("")};
    buf_init(&n.best, WORD_BYTES);
    bool group = is_group(commands, str_of(argv[0]));
    for (const struct cli_command *c = commands; c->words != NULL; c++) {
        BUF(words, LINE_BYTES);
        join_words(c->words, argc, argv, &words);
        n.wanted = buf_str(&words);
        if (!c->hidden && (!group || str_starts(str_of(c->words), str_of(argv[0]))))
            compare(&n, str_of(c->words));
    }
    BUF(given, LINE_BYTES);
    BUF(hint, LINE_BYTES);
    put_given(&given, &n, group, argc, argv);
    put_hint(&hint, &n);
    (void)fprintf(stderr, "gantry: there is no command \"%s\"%s\nSee gantry %s%s--help.\n",
                  given.ptr, hint.len > 0 ? hint.ptr : "", group ? argv[0] : "", group ? " " : "");
    buf_release(&n.best);
    return EXIT_USAGE;
}

/* All flags that a command with settings has and another one has not. */
static void compare_settings(struct nearest *n)
{
    BUF(flag, WORD_BYTES);
    compare(n, str_of(config_option.flag));
    for (size_t i = 0; options_flag(i, &flag); i++) {
        compare(n, buf_str(&flag));
        buf_clear(&flag);
    }
}

static int unknown_flag(const struct cli *cli, struct str flag)
{
    const struct cli_command *c = cli->command;
    struct nearest n = {.wanted = flag};
    buf_init(&n.best, WORD_BYTES);
    compare(&n, str_of(help_option.flag));
    for (const struct cli_option *o = c->options; o != NULL && o->flag != NULL; o++)
        compare(&n, str_of(o->flag));
    if (c->settings != CLI_NO_SETTINGS)
        compare_settings(&n);
    BUF(hint, LINE_BYTES);
    put_hint(&hint, &n);
    int code = cli_misused(cli, "there is no option \"%.*s\"%s", STR_FMT(flag),
                           hint.len > 0 ? hint.ptr : "");
    buf_release(&n.best);
    return code;
}

/* Reading */

static const struct cli_option *find_option(const struct cli_command *c, struct str flag)
{
    for (const struct cli_option *o = c->options; o != NULL && o->flag != NULL; o++) {
        if (str_is(flag, o->flag))
            return o;
    }
    bool config = c->settings != CLI_NO_SETTINGS && str_is(flag, config_option.flag);
    return config ? &config_option : NULL;
}

/* The arguments that were not read yet. */
struct args {
    int count;
    char **next;
};

static char *take(struct args *args)
{
    args->count--;
    return *args->next++;
}

static int read_flag(struct cli *cli, const char *arg, struct args *args)
{
    struct str whole = str_of(arg);
    size_t equals = str_find_char(whole, '=');
    struct cli_given given = {.flag = str_slice(whole, 0, equals), .value = ""};
    const struct cli_option *option = find_option(cli->command, given.flag);
    given.setting = option == NULL;
    if (option == NULL && (cli->command->settings == CLI_NO_SETTINGS || !options_known(given.flag)))
        return unknown_flag(cli, given.flag);
    bool with_value = option == NULL || option->value != NULL;
    if (!with_value && equals != SIZE_MAX)
        return cli_misused(cli, "%.*s takes no value", STR_FMT(given.flag));
    if (with_value && equals == SIZE_MAX && args->count == 0)
        return cli_misused(cli, "%.*s needs a value behind it", STR_FMT(given.flag));
    if (cli->count == CLI_FLAGS)
        return cli_misused(cli, "more than %d options are too many", CLI_FLAGS);
    if (with_value)
        given.value = equals == SIZE_MAX ? take(args) : arg + equals + 1;
    cli->given[cli->count++] = given;
    return EXIT_DONE;
}

static int read_operand(struct cli *cli, const char *arg)
{
    if (cli->command->operand == NULL)
        return cli_misused(cli, "\"%s\" is one word too many", arg);
    if (cli->operand != NULL)
        return cli_misused(cli, "\"%s\" is one word too many: %s is \"%s\" already", arg,
                           cli->command->operand, cli->operand);
    cli->operand = arg;
    return EXIT_DONE;
}

static int read_args(struct cli *cli, struct args args)
{
    bool only_operands = false;
    int code = EXIT_DONE;
    while (args.count > 0 && code == EXIT_DONE) {
        const char *arg = take(&args);
        if (!only_operands && str_is(STR("--"), arg))
            only_operands = true;
        else if (!only_operands && is_flag(arg))
            code = read_flag(cli, arg, &args);
        else
            code = read_operand(cli, arg);
    }
    if (code == EXIT_DONE && cli->command->operand != NULL && cli->operand == NULL)
        return cli_misused(cli, "%s is missing", cli->command->operand);
    return code;
}

static bool asks_for_help(struct args args)
{
    while (args.count > 0) {
        const char *arg = take(&args);
        if (str_is(STR("--"), arg))
            return false;
        if (is_help(arg))
            return true;
    }
    return false;
}

static int run_command(const struct cli_command *command, struct args args)
{
    struct cli cli = {.command = command};
    if (asks_for_help(args)) {
        print_command(command, stdout);
        return EXIT_DONE;
    }
    int code = read_args(&cli, args);
    return code == EXIT_DONE ? command->run(&cli) : code;
}

/* The command whose words come next, which are then taken; or NULL. */
static const struct cli_command *find_command(const struct cli_command *commands, struct args *args)
{
    for (const struct cli_command *c = commands; c->words != NULL; c++) {
        int words = words_of(c, args->count, args->next);
        if (words > 0) {
            *args = (struct args){args->count - words, args->next + words};
            return c;
        }
    }
    return NULL;
}

/* "gantry help user add" is "gantry user add --help". */
static bool take_help(struct args *args)
{
    bool help = args->count > 0 && (is_help(args->next[0]) || str_is(STR("help"), args->next[0]));
    if (help)
        (void)take(args);
    return help;
}

int cli_main(const struct cli_command *commands, int argc, char **argv)
{
    struct args args = {.count = argc - 1, .next = argv + 1};
    bool help = take_help(&args);
    const struct cli_command *command = find_command(commands, &args);
    if (command != NULL && help)
        print_command(command, stdout);
    if (command != NULL)
        return help ? EXIT_DONE : run_command(command, args);
    bool group = args.count > 0 && is_group(commands, str_of(args.next[0]));
    help = help || (group && asks_for_help(args));
    if (args.count > (group ? 1 : 0) && !(group && help))
        return unknown_command(commands, args.count, args.next);
    print_commands(commands, group ? str_of(args.next[0]) : STR(""), help ? stdout : stderr);
    return help ? EXIT_DONE : EXIT_USAGE;
}

/* What was given */

const char *cli_value(const struct cli *cli, const char *flag, size_t n)
{
    for (size_t i = 0; i < cli->count; i++) {
        if (str_is(cli->given[i].flag, flag) && n-- == 0)
            return cli->given[i].value;
    }
    return NULL;
}

bool cli_has(const struct cli *cli, const char *flag)
{
    return cli_value(cli, flag, 0) != NULL;
}

int cli_options(const struct cli *cli, struct options *out)
{
    struct err err = ERR_NONE;
    const char *file = cli_value(cli, config_option.flag, 0);
    if (file == NULL)
        file = getenv("GANTRY_CONFIG");
    if (!options_open(out, file, environ, &err))
        return cli_failed(&err);
    for (size_t i = 0; i < cli->count; i++) {
        const struct cli_given *given = &cli->given[i];
        if (given->setting && !options_set(out, given->flag, str_of(given->value), &err))
            return cli_misused(cli, "%s", err.text);
    }
    return options_check(out, &err) ? EXIT_DONE : cli_failed(&err);
}
