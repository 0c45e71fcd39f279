/* What went wrong in a slice, told to the author: name, message, a stack of his own source's lines,
 * and the place. It is made of properties that scripts can set to anything, so reading one may run
 * code, throw, or bring up bytes that are no text. A worker's only thread. */
#include "worker/value.h"

#include "base/json.h"
#include "base/utf8.h"

enum { NAME_MAX_BYTES = 256, MESSAGE_MAX = 4096, STACK_MAX = 8192, READ_MAX = 1 << 20 };

struct place {
    int64_t line, column;
};

/* A property that is a text, at most `max` bytes of it; empty when there is none. */
static struct str property(struct engine *e, struct arena *a, uint64_t v, const char *name,
                           size_t max)
{
    BUF(text, READ_MAX);
    if (!value_is_object(v))
        return STR("");
    uint64_t property = value_get(e, v, str_of(name));
    if (value_threw(property))
        value_free(e, GUEST(&e->box, JS_GetException, e->context));
    else if (value_is_text(property))
        (void)value_print(e, property, &text);
    value_free(e, property);
    return utf8_repair(a, arena_str(a, str_slice(buf_str(&text), 0, max)));
}

/* What is no Error says what it is by its text. */
static struct str message_of(struct engine *e, struct arena *a, uint64_t v)
{
    BUF(text, READ_MAX);
    if (value_is_object(v)) {
        struct str message = property(e, a, v, "message", MESSAGE_MAX);
        if (!str_empty(message) || GUEST(&e->box, JS_IsError, v) != 0)
            return message;
    }
    if (!value_print(e, v, &text))
        return STR("What was thrown has no text");
    return utf8_repair(a, arena_str(a, str_slice(buf_str(&text), 0, MESSAGE_MAX)));
}

/* "…(integration.js:5:10)" */
static struct place place_of(struct str line)
{
    struct place place = {0, 0};
    struct str rest = str_after(line, str_find(line, STR(AUTHOR_FILE ":")));
    struct str number;
    if (str_empty(rest))
        return place;
    rest = str_after(rest, sizeof(AUTHOR_FILE));
    if (rest.len > 0 && rest.ptr[rest.len - 1] == ')')
        rest.len--;
    if (str_split(&rest, ':', &number) && str_to_i64(number, &place.line) &&
        str_split(&rest, ':', &number))
        (void)str_to_i64(number, &place.column);
    return place;
}

/* The stack as authors know it: the error's own line first, and no lines of ours. */
static struct str stack_of(struct arena *a, struct str name, struct str message, struct str lines,
                           struct place *out)
{
    struct str line;
    BUF(text, MESSAGE_MAX + STACK_MAX + NAME_MAX_BYTES + 2);
    (void)buf_addf(&text, "%.*s%s%.*s", STR_FMT(name), str_empty(message) ? "" : ": ",
                   STR_FMT(message));
    while (str_split(&lines, '\n', &line)) {
        if (str_empty(line) || str_find(line, STR(OUR_FILE)) != SIZE_MAX)
            continue;
        if (out->line == 0)
            *out = place_of(line);
        buf_add_char(&text, '\n');
        (void)buf_add(&text, line);
    }
    return arena_str(a, buf_str(&text));
}

static void put_error(struct engine *e, struct str name, struct str message, struct str stack,
                      struct place place)
{
    buf_clear(&e->text);
    struct json_out o = json_begin(&e->text, '{');
    json_member_str(&o, "name", name);
    json_member_str(&o, "message", message);
    json_member_str(&o, "stack", stack);
    json_member_i64(&o, "line", place.line);
    json_member_i64(&o, "column", place.column);
    json_end(&o);
}

static void end_bad(struct engine *e, enum verdict verdict)
{
    e->end = FRAME_BAD;
    e->verdict = verdict;
}

/* Memory that is used up reaches scripts as an exception like any other; here it is told apart.
 * With no page left the engine may have none for an exception either, and throws null. */
static bool is_no_memory(const struct engine *e, uint64_t v, struct str name, struct str message)
{
    bool full = sandbox_pages(&e->box) == CHANNEL_HEAP_BYTES / CHANNEL_PAGE;
    return v == VALUE_NOTHING || (v == VALUE_NULL && full) ||
           (str_is(name, "InternalError") && str_is(message, "out of memory"));
}

/* What it means that this was thrown; where it is not the script's own throw, it is told otherwise.
 */
static enum verdict judge(struct engine *e, uint64_t v, struct str *name, struct str *message)
{
    if (slice_over(e)) {
        *name = STR("TimeoutError");
        *message = STR("The script used more CPU time than it may");
        return VERDICT_TIME;
    }
    if (e->refused)
        return VERDICT_NOT_PLAIN;
    if (is_no_memory(e, v, *name, *message)) {
        *name = STR("RangeError");
        *message = STR("The script used more memory than it may");
        return VERDICT_MEMORY;
    }
    if (str_empty(*name))
        *name = STR("Error");
    return VERDICT_THROWN;
}

static void describe(struct engine *e, uint64_t v)
{
    struct arena a;
    arena_init(&a, 4 << 20);
    struct place place = {0, 0};
    struct str name = property(e, &a, v, "name", NAME_MAX_BYTES);
    struct str message = message_of(e, &a, v);
    /* Where a result was refused, the lines are those of our own look at it. */
    struct str lines = e->refused ? STR("") : property(e, &a, v, "stack", STACK_MAX);
    enum verdict verdict = judge(e, v, &name, &message);
    struct str stack = stack_of(&a, name, message, lines, &place);
    put_error(e, name, message, stack, place);
    end_bad(e, verdict);
    arena_release(&a);
}

void thrown_reason(struct engine *e, uint64_t reason)
{
    describe(e, reason);
    value_free(e, reason);
}

void thrown_take(struct engine *e)
{
    uint64_t v = VALUE_NOTHING; /* where we found no room ourselves */
    if (GUEST(&e->box, JS_HasException, e->context) != 0)
        v = GUEST(&e->box, JS_GetException, e->context);
    thrown_reason(e, v);
}

void thrown_ours(struct engine *e, enum verdict verdict, const char *name, const char *message)
{
    struct arena a;
    arena_init(&a, 4096);
    struct str stack = arena_fmt(&a, "%s: %s", name, message);
    put_error(e, str_of(name), str_of(message), stack, (struct place){0, 0});
    end_bad(e, verdict);
    arena_release(&a);
}
