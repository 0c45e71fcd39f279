/* The settings engine: one table of fields drives the file, the environment, the flags, the help
 * and the printed documentation. It knows no setting itself.
 *
 * Values are written into the caller's struct by offset; the type of the member follows the kind:
 *     CONFIG_TEXT                           const char *, never NULL, owned by the config
 *     CONFIG_BOOL                           bool
 *     CONFIG_INT, _SIZE (bytes), _DURATION (milliseconds)   int64_t
 *     CONFIG_LIST                           struct config_list, items owned by the config
 * Every error tells where the value came from, the rule it breaks and how to mend it; a failed call
 * leaves the settings it has not reached yet as they were. The order of calls is the order of
 * precedence: a later one overrides.
 *
 *     config_init(&c, fields, count, &settings, "GANTRY_");
 *     config_defaults(&c); config_load_file(..) && config_load_env(..) && config_set(..)
 *
 * Used by one thread before the others start; the caller's struct is constant afterwards. To
 * reload, fill a second config and struct and compare with config_same().
 */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_INT,
    CONFIG_BOOL,     /* true false yes no on off 1 0 */
    CONFIG_SIZE,     /* bytes, or with k, m, g: powers of 1024 */
    CONFIG_DURATION, /* with ms, s, m, h or d; a bare number only when it is 0 */
    CONFIG_LIST,     /* parts separated by commas; blanks around them do not count */
};

struct config_list {
    const struct str *items; /* each also ends with '\0' */
    size_t count;
};

/* One setting. `section` and `key` are lower case with '_'; fields of a section stand together. */
struct config_field {
    const char *section, *key;
    enum config_kind kind;
    bool reloadable;      /* takes effect without a restart */
    bool secret;          /* its value is never shown, neither in errors nor in listings */
    size_t offset;        /* of the member in the caller's struct */
    const char *fallback; /* the default, written as in the file; NULL: empty, 0 or false */
    int64_t min, max;     /* of the number, the bytes of a text, the parts of a list; `max` of 0:
                             no upper limit */
    const char *help;     /* one sentence without a stop at the end */
    const char *flag;     /* e.g. "--listen", or NULL */
    const char *env;      /* one more environment variable, e.g. "ROOT_URL", or NULL */
    const char *choices;  /* CONFIG_TEXT: the words allowed, separated by blanks, or NULL */
};

struct config {
    const struct config_field *fields; /* borrowed */
    size_t count;
    void *target;         /* the caller's struct, borrowed */
    const char *prefix;   /* of environment variables, e.g. "GANTRY_" */
    const char **origins; /* per field: where its value came from; owned by `arena` */
    struct arena arena;   /* texts and lists the caller's struct points to */
};

void config_init(struct config *c, const struct config_field *fields, size_t count, void *target,
                 const char *prefix);
/* Frees the texts and lists the caller's struct points to. */
void config_release(struct config *c);

/* Every field gets its fallback. A fallback that breaks its own rule is a bug. */
void config_defaults(struct config *c);
/* Reads an INI file. Unknown sections and keys, and a key given twice, are errors. Lines may be
 * indented; a comment begins with ';' or '#', behind a value with " ;". */
bool config_load_file(struct config *c, const char *path, struct err *err);
/* Reads PREFIX_SECTION_KEY and the fields' extra variables, which the former override.
 * `environment` is environ. An empty variable counts as not set. One with the prefix that belongs
 * to no field is an error, unless `ignore` (ends with NULL; may be NULL) names it. */
bool config_load_env(struct config *c, char *const *environment, const char *const *ignore,
                     struct err *err);
/* One setting by name: its flag ("--listen") or "section.key". */
bool config_set(struct config *c, const char *name, struct str value, struct err *err);
/* The field of that name, for the command line to know whether a value must follow; NULL: none. */
const struct config_field *config_find(const struct config *c, const char *name);
/* Whether two configs of one table hold the same value in that field. */
bool config_same(const struct config *a, const struct config *b, const struct config_field *field);

/* All fields for people: as a part of --help, as a chapter of the documentation, and as a file that
 * holds the values in force with their origins. */
void config_print_help(const struct config *c, FILE *out);
void config_print_markdown(const struct config *c, FILE *out);
void config_print_effective(const struct config *c, FILE *out);
