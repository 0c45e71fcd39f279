/* The checker of schema.h: walks a table and a tree side by side. Any thread.
 *
 * A failure is noted as a finding, not as text: a member of any_of or one_of may fail and the whole
 * still pass, then its findings are forgotten. Only when all has failed are they written out, by
 * the words of the reference's validator. Checking what passes allocates nothing (conversion and
 * unique_items aside).
 */
#include "api/schema.h"

#include <math.h>

#include "api/schema_internal.h"

enum rule {
    RULE_TYPE,
    RULE_CONSTANT,
    RULE_CHOICES,
    RULE_NOT,
    RULE_ANY_OF,
    RULE_ONE_OF,
    RULE_LIMIT,
    RULE_MAX_LENGTH,
    RULE_MIN_LENGTH,
    RULE_PATTERN,
    RULE_FORMAT,
    RULE_NOT_BLANK,
    RULE_MAX_ITEMS,
    RULE_MIN_ITEMS,
    RULE_UNIQUE,
    RULE_MAX_PROPERTIES,
    RULE_MIN_PROPERTIES,
    RULE_REQUIRED,
    RULE_CLOSED
};

struct finding {
    enum rule rule;
    const struct schema *schema; /* that was not met */
    union {
        const char *missing;              /* RULE_REQUIRED */
        struct str unknown;               /* RULE_CLOSED */
        const struct schema_limit *limit; /* RULE_LIMIT */
        struct {
            size_t later, earlier; /* RULE_UNIQUE */
        };
    };
};

enum {
    MAX_FINDINGS = ERR_TEXT_BYTES / 12, /* no message is shorter */
    MAX_PLACE = 8                       /* names, from the property that failed outwards */
};

struct checker {
    enum schema_mode mode;
    struct arena *arena;
    unsigned alternatives; /* members of any_of, one_of, not_this around the schema being checked */
    size_t count;          /* of what was found; only the first MAX_FINDINGS are kept */
    struct finding found[MAX_FINDINGS];
    size_t depth;
    struct str place[MAX_PLACE];
};

static bool check(struct checker *c, const struct schema *s, struct schema_place *at);

/* Returns false, so that finding and failing is one line. */
static bool find(struct checker *c, struct finding finding)
{
    if (c->count < MAX_FINDINGS)
        c->found[c->count] = finding;
    c->count++;
    return false;
}

static bool broken(struct checker *c, enum rule rule, const struct schema *s)
{
    return find(c, (struct finding){.rule = rule, .schema = s});
}

/* A schema that may fail and the whole still pass. */
static bool check_alternative(struct checker *c, const struct schema *s, struct schema_place *at)
{
    c->alternatives++;
    bool passed = check(c, s, at);
    c->alternatives--;
    return passed;
}

/* Any value */

static bool is_same(const struct json *a, const struct json *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->boolean == b->boolean;
    case JSON_NUMBER:
        return a->number == b->number;
    case JSON_STRING:
        return str_eq(a->string, b->string);
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

static bool is_choice(const struct json *value, const struct json *const *choices)
{
    while (*choices != NULL && !is_same(value, *choices))
        choices++;
    return *choices != NULL;
}

static bool check_not(struct checker *c, const struct schema *s, struct schema_place *at)
{
    size_t before = c->count;
    bool passed = check_alternative(c, s->not_this, at);
    c->count = before;
    return !passed || broken(c, RULE_NOT, s);
}

/* All members are tried: what the later ones convert shows in the tree. */
static bool check_any_of(struct checker *c, const struct schema *s, struct schema_place *at)
{
    size_t before = c->count;
    bool passed = false;
    for (const struct schema *const *member = s->any_of; *member != NULL; member++)
        passed |= check_alternative(c, *member, at);
    if (!passed)
        return broken(c, RULE_ANY_OF, s);
    c->count = before;
    return true;
}

/* A second member that passes ends the search. */
static bool check_one_of(struct checker *c, const struct schema *s, struct schema_place *at)
{
    size_t before = c->count, passed = 0;
    for (const struct schema *const *member = s->one_of; *member != NULL && passed < 2; member++)
        passed += check_alternative(c, *member, at);
    if (passed != 1)
        return broken(c, RULE_ONE_OF, s);
    c->count = before;
    return true;
}

static bool check_all_of(struct checker *c, const struct schema *s, struct schema_place *at)
{
    const struct schema *const *member = s->all_of;
    while (*member != NULL && check(c, *member, at))
        member++;
    return *member == NULL;
}

static bool check_any(struct checker *c, const struct schema *s, struct schema_place *at)
{
    if (s->constant != NULL && !is_same(at->now, s->constant))
        return broken(c, RULE_CONSTANT, s);
    if (s->choices != NULL && !is_choice(at->now, s->choices))
        return broken(c, RULE_CHOICES, s);
    return (s->not_this == NULL || check_not(c, s, at)) &&
           (s->any_of == NULL || check_any_of(c, s, at)) &&
           (s->one_of == NULL || check_one_of(c, s, at)) &&
           (s->all_of == NULL || check_all_of(c, s, at));
}

/* Numbers */

static bool is_within(double number, const struct schema_limit *limit)
{
    switch (limit->bound) {
    case MAXIMUM:
        return number <= limit->of;
    case MINIMUM:
        return number >= limit->of;
    case BELOW:
        return number < limit->of;
    case ABOVE:
        return number > limit->of;
    case MULTIPLE_OF:
        return trunc(number / limit->of) == number / limit->of;
    case BOUND_END:
        break;
    }
    return true;
}

static bool check_number(struct checker *c, const struct schema *s, double number)
{
    const struct schema_limit *limit = s->limits;
    if (limit == NULL)
        return true;
    while (limit->bound != BOUND_END && is_within(number, limit))
        limit++;
    return limit->bound == BOUND_END ||
           find(c, (struct finding){.rule = RULE_LIMIT, .schema = s, .limit = limit});
}

/* Strings */

static bool check_string(struct checker *c, const struct schema *s, struct str text)
{
    if (s->max_length > 0 && schema_length(text) > s->max_length)
        return broken(c, RULE_MAX_LENGTH, s);
    if (s->min_length > 0 && schema_length(text) < s->min_length)
        return broken(c, RULE_MIN_LENGTH, s);
    if (s->pattern != NULL && !schema_matches(text, s->pattern))
        return broken(c, RULE_PATTERN, s);
    if (s->format != FORMAT_NONE && !schema_has_format(text, s->format))
        return broken(c, RULE_FORMAT, s);
    return !s->not_blank || !str_blank(text) || broken(c, RULE_NOT_BLANK, s);
}

/* Arrays */

static bool check_unique(struct checker *c, const struct schema *s, const struct json *array)
{
    struct finding finding = {.rule = RULE_UNIQUE, .schema = s};
    return schema_unique(array, c->arena, &finding.later, &finding.earlier) || find(c, finding);
}

static bool check_array(struct checker *c, const struct schema *s, struct json *array)
{
    size_t count = array->items.count;
    if (s->max_items > 0 && count > s->max_items)
        return broken(c, RULE_MAX_ITEMS, s);
    if (count < s->min_items)
        return broken(c, RULE_MIN_ITEMS, s);
    struct json *item = s->items != NULL ? array->items.first : NULL;
    while (item != NULL && check(c, s->items, &(struct schema_place){item, item}))
        item = item->next;
    return item == NULL && (!s->unique_items || check_unique(c, s, array));
}

/* Objects */

static bool check_required(struct checker *c, const struct schema *s, const struct json *object)
{
    const char *const *name = s->required;
    while (*name != NULL && json_get(object, str_of(*name)) != NULL)
        name++;
    return *name == NULL ||
           find(c, (struct finding){.rule = RULE_REQUIRED, .schema = s, .missing = *name});
}

static bool is_property(const struct schema_property *property, struct str name)
{
    while (property->schema != NULL && !str_eq(property->name, name))
        property++;
    return property->schema != NULL;
}

static bool check_closed(struct checker *c, const struct schema *s, const struct json *object)
{
    const struct json *member = object->items.first;
    while (member != NULL && s->properties != NULL && is_property(s->properties, member->key))
        member = member->next;
    return member == NULL ||
           find(c, (struct finding){.rule = RULE_CLOSED, .schema = s, .unknown = member->key});
}

/* A failure on its way out passes each property it is in. An alternative's is no failure yet. */
static bool failed_in(struct checker *c, const struct schema_property *p)
{
    if (c->alternatives == 0 && c->depth < MAX_PLACE)
        c->place[c->depth++] = p->name;
    return false;
}

static bool check_properties(struct checker *c, const struct schema *s, const struct json *object)
{
    for (const struct schema_property *p = s->properties; p->schema != NULL; p++) {
        struct json *member = json_get(object, p->name);
        if (member != NULL && !check(c, p->schema, &(struct schema_place){member, member}))
            return failed_in(c, p);
    }
    return true;
}

static bool check_object(struct checker *c, const struct schema *s, const struct json *object)
{
    size_t count = object->items.count;
    if (s->max_properties > 0 && count > s->max_properties)
        return broken(c, RULE_MAX_PROPERTIES, s);
    if (count < s->min_properties)
        return broken(c, RULE_MIN_PROPERTIES, s);
    return (s->required == NULL || check_required(c, s, object)) &&
           (!s->closed || check_closed(c, s, object)) &&
           (s->properties == NULL || check_properties(c, s, object));
}

/* One schema */

static bool check_kind(struct checker *c, const struct schema *s, struct json *value)
{
    switch (value->kind) {
    case JSON_NUMBER:
        return !isfinite(value->number) || check_number(c, s, value->number);
    case JSON_STRING:
        return check_string(c, s, value->string);
    case JSON_ARRAY:
        return check_array(c, s, value);
    case JSON_OBJECT:
        return check_object(c, s, value);
    case JSON_NULL:
    case JSON_BOOL:
        break;
    }
    return true;
}

/* The type does not fit. That ends the whole check, except in an alternative: there the reference's
 * validator looks at the rules for any value all the same, and may find one thing more. */
static bool fail_type(struct checker *c, const struct schema *s, struct schema_place *at)
{
    (void)broken(c, RULE_TYPE, s);
    if (c->alternatives > 0)
        (void)check_any(c, s, at);
    return false;
}

static bool check(struct checker *c, const struct schema *s, struct schema_place *at)
{
    bool late = schema_type_is_late(s, c->mode);
    if (!late && !schema_take_type(s, c->mode, c->arena, at))
        return fail_type(c, s, at);
    if (!check_any(c, s, at))
        return false;
    if (late && !schema_has_type(s, at->now))
        return broken(c, RULE_TYPE, s);
    return check_kind(c, s, at->now);
}

/* Messages */

static void put_limit(struct buf *out, const struct schema_limit *limit)
{
    static const char *const words[] = {[MAXIMUM] = "<= ",
                                        [MINIMUM] = ">= ",
                                        [BELOW] = "< ",
                                        [ABOVE] = "> ",
                                        [MULTIPLE_OF] = "multiple of "};
    (void)buf_addf(out, "must be %s", words[limit->bound]);
    json_put_number(out, limit->of);
}

static void put_type(struct buf *out, const struct schema *s)
{
    (void)buf_lit(out, "must be ");
    schema_put_types(out, s);
}

static bool put_message(struct buf *out, const struct finding *f)
{
    const struct schema *s = f->schema;
    switch (f->rule) {
    case RULE_TYPE:
        put_type(out, s);
        return buf_ok(out);
    case RULE_CONSTANT:
        return buf_lit(out, "must be equal to constant");
    case RULE_CHOICES:
        return buf_lit(out, "must be equal to one of the allowed values");
    case RULE_NOT:
        return buf_lit(out, "must NOT be valid");
    case RULE_ANY_OF:
        return buf_lit(out, "must match a schema in anyOf");
    case RULE_ONE_OF:
        return buf_lit(out, "must match exactly one schema in oneOf");
    case RULE_LIMIT:
        put_limit(out, f->limit);
        return buf_ok(out);
    case RULE_MAX_LENGTH:
        return buf_addf(out, "must NOT have more than %zu characters", s->max_length);
    case RULE_MIN_LENGTH:
        return buf_addf(out, "must NOT have fewer than %zu characters", s->min_length);
    case RULE_PATTERN:
        return buf_addf(out, "must match pattern \"%s\"", s->pattern);
    case RULE_FORMAT:
        return buf_addf(out, "must match format \"%s\"", schema_format_name(s->format));
    case RULE_NOT_BLANK:
        return buf_lit(out, "must pass \"isNotEmpty\" keyword validation");
    case RULE_MAX_ITEMS:
        return buf_addf(out, "must NOT have more than %zu items", s->max_items);
    case RULE_MIN_ITEMS:
        return buf_addf(out, "must NOT have fewer than %zu items", s->min_items);
    case RULE_UNIQUE:
        return buf_addf(out, "must NOT have duplicate items (items ## %zu and %zu are identical)",
                        f->later, f->earlier);
    case RULE_MAX_PROPERTIES:
        return buf_addf(out, "must NOT have more than %zu properties", s->max_properties);
    case RULE_MIN_PROPERTIES:
        return buf_addf(out, "must NOT have fewer than %zu properties", s->min_properties);
    case RULE_REQUIRED:
        return buf_addf(out, "must have required property '%s'", f->missing);
    case RULE_CLOSED:
        return buf_lit(out, "must NOT have additional properties");
    }
    return false;
}

/* "limits.burst ", or nothing for what is wrong with the whole. */
static void put_place(struct buf *out, const struct checker *c)
{
    for (size_t i = c->depth; i > 0; i--)
        (void)buf_addf(out, "%.*s%c", STR_FMT(c->place[i - 1]), i > 1 ? '.' : ' ');
}

/* In our own words: where it is, and which property nobody knows. */
static bool report_named(const struct checker *c, struct err *err)
{
    const struct finding *f = &c->found[0];
    BUF(text, ERR_TEXT_BYTES - 1);
    put_place(&text, c);
    (void)put_message(&text, f);
    if (f->rule == RULE_CLOSED)
        (void)buf_addf(&text, " ('%.*s')", STR_FMT(f->unknown));
    (void)err_set(err, 400, "invalid-params", "%s", text.ptr);
    err->suffix = true;
    return false;
}

/* Whole messages only: the first that does not fit ends the text. */
static bool report(const struct checker *c, struct err *err)
{
    BUF(text, ERR_TEXT_BYTES - 1);
    size_t count = c->count < MAX_FINDINGS ? c->count : MAX_FINDINGS;
    for (size_t i = 0; i < count; i++) {
        size_t whole = text.len;
        if (i > 0)
            (void)buf_lit(&text, "\n ");
        if (!put_message(&text, &c->found[i])) {
            buf_cut(&text, whole);
            break;
        }
    }
    (void)err_set(err, 400, "invalid-params", "%s", text.ptr);
    err->suffix = true;
    return false;
}

static bool check_whole(struct checker *c, const struct schema *schema, struct json **value,
                        enum schema_mode mode, struct arena *a)
{
    c->mode = mode; /* the findings are not cleared: most checks find nothing */
    c->arena = a;
    c->alternatives = 0;
    c->count = 0;
    c->depth = 0;
    if (*value == NULL)
        *value = json_object(a);
    struct schema_place at = {*value, *value};
    return check(c, schema, &at);
}

bool schema_check(const struct schema *schema, struct json **value, enum schema_mode mode,
                  struct arena *a, struct err *err)
{
    struct checker c;
    return check_whole(&c, schema, value, mode, a) || report(&c, err);
}

bool schema_check_named(const struct schema *schema, struct json **value, enum schema_mode mode,
                        struct arena *a, struct err *err)
{
    struct checker c;
    return check_whole(&c, schema, value, mode, a) || report_named(&c, err);
}
