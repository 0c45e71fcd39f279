/* Values of settings, kind by kind. Members of the caller's struct are reached by memcpy, for their
 * types are known only by the kind (config.h). Used by one thread.
 */
#include "base/config_internal.h"

#include <assert.h>

/* Access to the caller's struct */

static void store(struct config *c, const struct config_field *field, const void *value,
                  size_t size)
{
    memcpy((char *)c->target + field->offset, value, size);
}

static void load(const struct config *c, const struct config_field *field, void *value, size_t size)
{
    memcpy(value, (const char *)c->target + field->offset, size);
}

static int64_t number_of(const struct config *c, const struct config_field *field)
{
    int64_t number;
    load(c, field, &number, sizeof(number));
    return number;
}

static bool bool_of(const struct config *c, const struct config_field *field)
{
    bool value;
    load(c, field, &value, sizeof(value));
    return value;
}

static struct str text_of(const struct config *c, const struct config_field *field)
{
    const char *text;
    load(c, field, &text, sizeof(text));
    return str_of(text);
}

static struct config_list list_of(const struct config *c, const struct config_field *field)
{
    struct config_list list;
    load(c, field, &list, sizeof(list));
    return list;
}

/* Numbers with units */

struct unit {
    const char *name;
    int64_t factor;
};

/* The kinds that are numbers, each with its units from small to large. */
static const struct number_kind {
    const char *noun;
    const char *hint;
    struct unit units[6]; /* ends with a name of NULL */
} number_kinds[] = {
    [CONFIG_INT] = {"a whole number", "", {{"", 1}}},
    [CONFIG_SIZE] = {"a size",
                     " (bytes, or with k, m or g)",
                     {{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}}},
    [CONFIG_DURATION] = {"a duration",
                         " (with ms, s, m, h or d)",
                         {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}}},
};

static bool is_number(enum config_kind kind)
{
    return kind == CONFIG_INT || kind == CONFIG_SIZE || kind == CONFIG_DURATION;
}

static size_t number_length(struct str text)
{
    size_t len = 0;
    while (len < text.len && strchr("+-0123456789", text.ptr[len]) != NULL && text.ptr[len] != '\0')
        len++;
    return len;
}

static bool read_number(enum config_kind kind, struct str text, int64_t *out)
{
    size_t digits = number_length(text);
    struct str suffix = str_after(text, digits);
    int64_t number;
    if (!str_to_i64(str_slice(text, 0, digits), &number))
        return false;
    for (const struct unit *u = number_kinds[kind].units; u->name != NULL; u++) {
        if (str_eq_nocase(suffix, str_of(u->name)))
            return !__builtin_mul_overflow(number, u->factor, out);
    }
    *out = 0;
    return number == 0 && str_empty(suffix); /* zero needs no unit */
}

/* In the largest unit that leaves no rest. */
static void print_number(enum config_kind kind, int64_t number, struct buf *out)
{
    const struct unit *best = number_kinds[kind].units;
    for (const struct unit *u = best; u->name != NULL; u++) {
        if (number % u->factor == 0)
            best = u;
    }
    (void)buf_add_i64(out, number / best->factor);
    if (number != 0)
        (void)buf_add(out, str_of(best->name));
}

/* Rules */

static bool within(const struct config_field *field, int64_t amount)
{
    return amount >= field->min && (field->max == 0 || amount <= field->max);
}

static bool is_choice(const struct config_field *field, struct str text)
{
    struct str rest = str_of(field->choices), word;
    while (str_split(&rest, ' ', &word)) {
        if (str_eq(word, text))
            return true;
    }
    return false;
}

/* " from 1 to 5" (or " of 1 to 5" bytes), " of at least 1", " of at most 5", or nothing. */
static void print_limits(const struct config_field *field, struct buf *out)
{
    enum config_kind kind = is_number(field->kind) ? field->kind : CONFIG_INT;
    bool low = field->min != 0 || is_number(field->kind), high = field->max != 0;
    const char *between = is_number(field->kind) ? " from " : " of ";
    if (low)
        (void)buf_add(out, str_of(high ? between : " of at least "));
    if (low)
        print_number(kind, field->min, out);
    if (high)
        (void)buf_add(out, low ? STR(" to ") : STR(" of at most "));
    if (high)
        print_number(kind, field->max, out);
}

void config_value_rule(const struct config_field *field, struct buf *out)
{
    bool limited = field->min != 0 || field->max != 0;
    switch (field->kind) {
    case CONFIG_INT:
    case CONFIG_SIZE:
    case CONFIG_DURATION:
        (void)buf_add(out, str_of(number_kinds[field->kind].noun));
        print_limits(field, out);
        (void)buf_add(out, str_of(number_kinds[field->kind].hint));
        break;
    case CONFIG_BOOL:
        (void)buf_lit(out, "true or false");
        break;
    case CONFIG_TEXT:
        if (field->choices != NULL) {
            (void)buf_addf(out, "one of these words: %s", field->choices);
            break;
        }
        if (field->min == 1 && field->max == 0) {
            (void)buf_lit(out, "a text that is not empty");
            break;
        }
        (void)buf_lit(out, "a text");
        print_limits(field, out);
        (void)buf_add(out, limited ? STR(" bytes") : STR(""));
        break;
    case CONFIG_LIST:
        (void)buf_lit(out, "a list");
        print_limits(field, out);
        (void)buf_add(out, limited ? STR(" parts") : STR(""));
        (void)buf_lit(out, " (separated by commas)");
        break;
    }
}

/* From text, kind by kind */

static void store_text(struct config *c, const struct config_field *field, const char *text)
{
    store(c, field, &text, sizeof(text));
}

static bool put_number(struct config *c, const struct config_field *field, struct str text)
{
    int64_t number;
    if (!read_number(field->kind, text, &number) || !within(field, number))
        return false;
    store(c, field, &number, sizeof(number));
    return true;
}

static bool put_bool(struct config *c, const struct config_field *field, struct str text)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},   {"1", true},
                 {"false", false}, {"no", false}, {"off", false}, {"0", false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_nocase(text, str_of(words[i].word))) {
            store(c, field, &words[i].value, sizeof(words[i].value));
            return true;
        }
    }
    return false;
}

static bool put_text(struct config *c, const struct config_field *field, struct str text)
{
    bool allowed = field->choices ? is_choice(field, text) : within(field, (int64_t)text.len);
    if (!allowed || str_find_char(text, '\0') != SIZE_MAX)
        return false;
    store_text(c, field, arena_cstr(&c->arena, text));
    return true;
}

static bool put_list(struct config *c, const struct config_field *field, struct str text)
{
    size_t count = 0, commas = 0;
    for (size_t i = 0; i < text.len; i++)
        commas += text.ptr[i] == ',';
    struct str *items = ARENA_ARRAY(&c->arena, struct str, commas + 1), part;
    while (str_split(&text, ',', &part)) {
        if (!str_blank(part))
            items[count++] = arena_str(&c->arena, str_trim(part));
    }
    if (!within(field, (int64_t)count))
        return false;
    struct config_list list = {.items = items, .count = count};
    store(c, field, &list, sizeof(list));
    return true;
}

bool config_value_put(struct config *c, const struct config_field *field, struct str text)
{
    text = str_trim(text);
    switch (field->kind) {
    case CONFIG_TEXT:
        return put_text(c, field, text);
    case CONFIG_BOOL:
        return put_bool(c, field, text);
    case CONFIG_LIST:
        return put_list(c, field, text);
    case CONFIG_INT:
    case CONFIG_SIZE:
    case CONFIG_DURATION:
        return put_number(c, field, text);
    }
    assert(!"a kind of setting nobody knows");
    return false;
}

void config_value_clear(struct config *c, const struct config_field *field)
{
    static const struct config_list no_list = {.items = NULL};
    static const bool no_bool = false;
    static const int64_t no_number = 0;
    if (field->kind == CONFIG_TEXT)
        store_text(c, field, "");
    else if (field->kind == CONFIG_LIST)
        store(c, field, &no_list, sizeof(no_list));
    else if (field->kind == CONFIG_BOOL)
        store(c, field, &no_bool, sizeof(no_bool));
    else
        store(c, field, &no_number, sizeof(no_number));
}

/* To text, and comparing */

void config_value_print(const struct config *c, const struct config_field *field, struct buf *out)
{
    if (is_number(field->kind)) {
        print_number(field->kind, number_of(c, field), out);
    } else if (field->kind == CONFIG_BOOL) {
        (void)buf_add(out, bool_of(c, field) ? STR("true") : STR("false"));
    } else if (field->kind == CONFIG_TEXT) {
        (void)buf_add(out, text_of(c, field));
    } else {
        struct config_list list = list_of(c, field);
        for (size_t i = 0; i < list.count; i++) {
            (void)buf_add(out, i > 0 ? STR(", ") : STR(""));
            (void)buf_add(out, list.items[i]);
        }
    }
}

bool config_value_same(const struct config *a, const struct config *b,
                       const struct config_field *field)
{
    BUF(in_a, CONFIG_TEXT_BYTES);
    BUF(in_b, CONFIG_TEXT_BYTES);
    config_value_print(a, field, &in_a);
    config_value_print(b, field, &in_b);
    return str_eq(buf_str(&in_a), buf_str(&in_b));
}
