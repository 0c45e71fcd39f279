/* The settings engine of config.h: where values come from, and what is said when they are wrong.
 *
 * A setting has up to four names: "section.key", its variable (prefix, section and key in upper
 * case), an extra variable, and a flag. Every value goes through take(), which checks it and notes
 * its origin. The file is read by inih. Used by one thread before the others start.
 */
#include "base/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>

#include "base/config_internal.h"

enum { NAME_BYTES = 200, ARENA_BYTES = 16 * 1024 * 1024 };

void config_init(struct config *c, const struct config_field *fields, size_t count, void *target,
                 const char *prefix)
{
    *c = (struct config){.fields = fields, .count = count, .target = target, .prefix = prefix};
    arena_init(&c->arena, ARENA_BYTES);
    c->origins = ARENA_ARRAY(&c->arena, const char *, count);
    for (size_t i = 0; i < count; i++) {
        config_value_clear(c, &fields[i]);
        c->origins[i] = "default";
    }
}

void config_release(struct config *c)
{
    arena_release(&c->arena);
}

void config_defaults(struct config *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct config_field *field = &c->fields[i];
        if (field->fallback == NULL)
            config_value_clear(c, field);
        else if (!config_value_put(c, field, str_of(field->fallback)))
            assert(!"a fallback breaks the rule of its setting");
        c->origins[i] = "default";
    }
}

/* Names */

typedef void (*put_name_fn)(const struct config *c, const struct config_field *field,
                            struct buf *out);

static void put_dotted(const struct config *c, const struct config_field *field, struct buf *out)
{
    (void)c;
    (void)buf_addf(out, "%s.%s", field->section, field->key);
}

void config_put_variable(const struct config *c, const struct config_field *field, struct buf *out)
{
    BUF(name, NAME_BYTES);
    (void)buf_addf(&name, "%s_%s", field->section, field->key);
    (void)buf_add(out, str_of(c->prefix));
    for (size_t i = 0; i < name.len; i++) {
        char letter = name.ptr[i];
        (void)buf_add_char(out, letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter);
    }
}

static void put_flag(const struct config *c, const struct config_field *field, struct buf *out)
{
    (void)c;
    (void)buf_add(out, str_of(field->flag));
}

static const struct config_field *find(const struct config *c, put_name_fn put_name,
                                       struct str name)
{
    BUF(candidate, NAME_BYTES);
    for (size_t i = 0; i < c->count; i++) {
        buf_clear(&candidate);
        put_name(c, &c->fields[i], &candidate);
        if (candidate.len > 0 && str_eq(buf_str(&candidate), name))
            return &c->fields[i];
    }
    return NULL;
}

static bool is_flag(struct str name)
{
    return str_starts(name, STR("-"));
}

const struct config_field *config_find(const struct config *c, const char *name)
{
    struct str wanted = str_of(name);
    return find(c, is_flag(wanted) ? put_flag : put_dotted, wanted);
}

/* Complaints */

static void put_nearest(const struct config *c, put_name_fn put_name, struct str name,
                        struct buf *out)
{
    size_t best = SIZE_MAX;
    BUF(candidate, NAME_BYTES);
    for (size_t i = 0; i < c->count; i++) {
        buf_clear(&candidate);
        put_name(c, &c->fields[i], &candidate);
        size_t far = candidate.len > 0 ? str_distance(buf_str(&candidate), name) : SIZE_MAX;
        if (far < best) {
            best = far;
            buf_clear(out);
            (void)buf_add(out, buf_str(&candidate));
        }
    }
}

static bool raise_unknown(const struct config *c, const char *origin, put_name_fn put_name,
                          struct str name, struct err *err)
{
    BUF(hint, NAME_BYTES);
    BUF(nearest, NAME_BYTES);
    put_nearest(c, put_name, name, &nearest);
    if (nearest.len > 0)
        (void)buf_addf(&hint, "; did you mean \"%s\"?", nearest.ptr);
    return err_invalid(err, "%s: there is no setting \"%.*s\"%s", origin,
                       STR_FMT(str_slice(name, 0, NAME_BYTES)), hint.ptr);
}

static bool raise_rule(const char *origin, const struct config_field *field, struct str value,
                       struct err *err)
{
    BUF(rule, CONFIG_TEXT_BYTES);
    BUF(example, CONFIG_TEXT_BYTES);
    config_value_rule(field, &rule);
    if (field->fallback != NULL && !field->choices && field->kind != CONFIG_BOOL)
        (void)buf_addf(&example, ", such as %s", field->fallback);
    if (field->secret)
        value = STR("(not shown)");
    return err_invalid(err, "%s: %s.%s is \"%.*s\" but must be %s%s", origin, field->section,
                       field->key, STR_FMT(str_slice(value, 0, NAME_BYTES)), rule.ptr, example.ptr);
}

/* Every value from outside comes through here. `origin` lives as long as the config. */
static bool take(struct config *c, const struct config_field *field, struct str value,
                 const char *origin, struct err *err)
{
    if (!config_value_put(c, field, value))
        return raise_rule(origin, field, value, err);
    c->origins[field - c->fields] = origin;
    return true;
}

/* The command line */

bool config_set(struct config *c, const char *name, struct str value, struct err *err)
{
    const struct config_field *field = config_find(c, name);
    struct str given = str_of(name);
    if (field == NULL)
        return raise_unknown(c, "command line", is_flag(given) ? put_flag : put_dotted, given, err);
    return take(c, field, value, arena_cstr(&c->arena, given), err);
}

/* The environment */

static bool is_ignored(struct str name, const char *const *ignore)
{
    for (; ignore != NULL && *ignore != NULL; ignore++) {
        if (str_is(name, *ignore))
            return true;
    }
    return false;
}

/* Cuts "NAME=value". An empty value counts as none: that is how containers pass what is not set. */
static bool split_variable(const char *entry, struct str *name, struct str *value)
{
    struct str whole = str_of(entry);
    size_t at = str_find_char(whole, '=');
    *name = str_slice(whole, 0, at);
    *value = at == SIZE_MAX ? STR("") : str_after(whole, at + 1);
    return !str_empty(*value);
}

static void put_extra(const struct config *c, const struct config_field *field, struct buf *out)
{
    (void)c;
    (void)buf_add(out, str_of(field->env));
}

/* A variable under the one or the other of its names. */
static bool take_variable(struct config *c, put_name_fn put_name, struct str name, struct str value,
                          struct err *err)
{
    const struct config_field *field = find(c, put_name, name);
    if (field == NULL)
        return raise_unknown(c, "environment", put_name, name, err);
    return take(c, field, value, arena_cstr(&c->arena, name), err);
}

static bool load_extra(struct config *c, char *const *environment, struct err *err)
{
    struct str name, value;
    for (; *environment != NULL; environment++) {
        bool given = split_variable(*environment, &name, &value);
        if (given && find(c, put_extra, name) && !take_variable(c, put_extra, name, value, err))
            return false;
    }
    return true;
}

static bool load_prefixed(struct config *c, char *const *environment, const char *const *ignore,
                          struct err *err)
{
    struct str name, value;
    for (; *environment != NULL; environment++) {
        bool given = split_variable(*environment, &name, &value);
        if (!given || !str_starts(name, str_of(c->prefix)) || is_ignored(name, ignore))
            continue;
        if (!take_variable(c, config_put_variable, name, value, err))
            return false;
    }
    return true;
}

bool config_load_env(struct config *c, char *const *environment, const char *const *ignore,
                     struct err *err)
{
    return load_extra(c, environment, err) && load_prefixed(c, environment, ignore, err);
}

/* The file */

struct source {
    struct config *c;
    struct err *err;
    FILE *file;
    const char *path;
    int line;    /* of the line inih has now */
    int *seen;   /* per field: the line that set it, or 0 */
    bool failed; /* *err is filled; reading ends */
};

/* For inih: the next line, without the blanks in front (for with them inih takes it for more of the
 * line before). NULL ends the reading. */
static char *read_line(char *line, int size, void *stream)
{
    struct source *source = stream;
    if (source->failed || fgets(line, size, source->file) == NULL)
        return NULL;
    source->line++;
    size_t len = strlen(line);
    if ((len == 0 || line[len - 1] != '\n') && !feof(source->file)) {
        source->failed = true;
        (void)err_invalid(source->err,
                          "%s:%d: the line must be text of at most %d bytes; give a longer value "
                          "by its environment variable",
                          source->path, source->line, size - 3);
        return NULL;
    }
    size_t blanks = strspn(line, " \t");
    memmove(line, line + blanks, len - blanks + 1);
    return line;
}

static bool take_line(struct source *source, const char *section, const char *key,
                      const char *value)
{
    struct config *c = source->c;
    const char *origin = arena_fmt(&c->arena, "%s:%d", source->path, source->line).ptr;
    BUF(name, NAME_BYTES);
    (void)buf_addf(&name, "%s.%s", section, key);
    const struct config_field *field = find(c, put_dotted, buf_str(&name));
    if (field == NULL)
        return raise_unknown(c, origin, put_dotted, buf_str(&name), source->err);
    int *seen = &source->seen[field - c->fields];
    if (*seen > 0)
        return err_invalid(source->err, "%s: %s was set in line %d already; remove one of the two",
                           origin, name.ptr, *seen);
    *seen = source->line;
    return take(c, field, str_of(value), origin, source->err);
}

/* For inih: one "key = value". 0 tells it that the line is wrong. */
static int on_value(void *user, const char *section, const char *key, const char *value)
{
    struct source *source = user;
    if (!source->failed)
        source->failed = !take_line(source, section, key, value);
    return !source->failed;
}

static bool read_file(struct source *source)
{
    int wrong = ini_parse_stream(read_line, source, on_value, source);
    bool told = source->failed && (wrong == 0 || wrong == source->line);
    if (wrong > 0 && !told)
        return err_invalid(source->err,
                           "%s:%d: the line must be \"[section]\", \"key = value\" or a comment "
                           "behind ';' or '#'",
                           source->path, wrong);
    assert(wrong >= 0);
    return !source->failed;
}

bool config_load_file(struct config *c, const char *path, struct err *err)
{
    struct source source = {.c = c, .err = err, .path = path, .file = fopen(path, "re")};
    if (source.file == NULL)
        return err_invalid(err, "%s: cannot be opened: %s; name a file that can be read", path,
                           strerror(errno));
    source.seen = ARENA_ARRAY(&c->arena, int, c->count);
    bool ok = read_file(&source);
    if (ok && ferror(source.file))
        ok = err_invalid(err, "%s: cannot be read: %s; name a file that can be read", path,
                         strerror(errno));
    (void)fclose(source.file);
    return ok;
}

bool config_same(const struct config *a, const struct config *b, const struct config_field *field)
{
    assert(a->fields == b->fields);
    return config_value_same(a, b, field);
}
