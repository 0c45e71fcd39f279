/* Settings for people: the help text, the chapter of the documentation, and the values in force.
 * All three walk the table in its order; fields of one section stand together. Used by one thread.
 */
#include "base/config_internal.h"

/* Whether a new section begins with field `i`. */
static bool begins_section(const struct config *c, size_t i)
{
    return i == 0 || strcmp(c->fields[i].section, c->fields[i - 1].section) != 0;
}

/* The ways to set it other than the file: "--listen, GANTRY_HTTP_LISTEN, LISTEN". */
static void put_ways(const struct config *c, const struct config_field *field, const char *mark,
                     struct buf *out)
{
    BUF(variable, CONFIG_TEXT_BYTES);
    config_put_variable(c, field, &variable);
    if (field->flag != NULL)
        (void)buf_addf(out, "%s%s%s, ", mark, field->flag, mark);
    (void)buf_addf(out, "%s%s%s", mark, variable.ptr, mark);
    if (field->env != NULL)
        (void)buf_addf(out, ", %s%s%s", mark, field->env, mark);
}

static bool has_fallback(const struct config_field *field)
{
    return field->fallback != NULL && field->fallback[0] != '\0';
}

static const char *fallback_of(const struct config_field *field)
{
    static const char *const without[] = {
        [CONFIG_TEXT] = "empty", [CONFIG_INT] = "0",      [CONFIG_BOOL] = "false",
        [CONFIG_SIZE] = "0",     [CONFIG_DURATION] = "0", [CONFIG_LIST] = "empty"};
    return has_fallback(field) ? field->fallback : without[field->kind];
}

void config_print_help(const struct config *c, FILE *out)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct config_field *field = &c->fields[i];
        BUF(rule, CONFIG_TEXT_BYTES);
        BUF(ways, CONFIG_TEXT_BYTES);
        config_value_rule(field, &rule);
        put_ways(c, field, "", &ways);
        if (begins_section(c, i))
            (void)fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", field->section);
        (void)fprintf(out, "  %-24s %s\n", field->key, field->help);
        (void)fprintf(out, "  %-24s %s; default: %s\n", "", rule.ptr, fallback_of(field));
        (void)fprintf(out, "  %-24s %s\n", "", ways.ptr);
    }
}

/* A cell of a table in Markdown, where '|' would end it. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        (void)fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
    (void)fputs(" | ", out);
}

/* Where nothing is taken without a restart, a column that says so in each row would say nothing. */
static bool any_reloadable(const struct config *c)
{
    bool any = false;
    for (size_t i = 0; i < c->count; i++)
        any = any || c->fields[i].reloadable;
    return any;
}

void config_print_markdown(const struct config *c, FILE *out)
{
    bool reloads = any_reloadable(c);
    for (size_t i = 0; i < c->count; i++) {
        const struct config_field *field = &c->fields[i];
        BUF(rule, CONFIG_TEXT_BYTES);
        BUF(ways, CONFIG_TEXT_BYTES);
        config_value_rule(field, &rule);
        put_ways(c, field, "`", &ways);
        if (begins_section(c, i))
            (void)fprintf(out, "%s## [%s]\n\n| Key | What | Value | Default |%s Also by |\n%s\n",
                          i > 0 ? "\n" : "", field->section, reloads ? " On reload |" : "",
                          reloads ? "|---|---|---|---|---|---|" : "|---|---|---|---|---|");
        (void)fprintf(out, "| `%s` | ", field->key);
        print_cell(out, field->help);
        print_cell(out, rule.ptr);
        const char *mark = has_fallback(field) ? "`" : "";
        (void)fprintf(out, "%s%s%s | ", mark, fallback_of(field), mark);
        if (reloads)
            (void)fprintf(out, "%s | ", field->reloadable ? "taken" : "needs a restart");
        (void)fprintf(out, "%s |\n", ways.ptr);
    }
}

void config_print_effective(const struct config *c, FILE *out)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct config_field *field = &c->fields[i];
        BUF(value, CONFIG_TEXT_BYTES);
        config_value_print(c, field, &value);
        if (begins_section(c, i))
            (void)fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", field->section);
        if (field->secret)
            (void)fprintf(out, "; %s is %s ; %s\n", field->key,
                          value.len > 0 ? "set but not shown" : "empty", c->origins[i]);
        else
            (void)fprintf(out, "%s = %s ; %s\n", field->key, value.ptr, c->origins[i]);
    }
}
