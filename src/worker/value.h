/* Values of the script engine, as it hands them out: 64 bits, of which the upper half tells the
 * kind. An object or text is counted; whoever gets one from a function here owns it and gives it
 * back with value_free(), if the function does not say otherwise. An exception is a value too; what
 * was thrown waits in the engine then. */
#pragma once

#include "worker/engine.h"

#define VALUE_OF(tag)   ((uint64_t)(uint32_t)(tag) << 32)
#define VALUE_FALSE     VALUE_OF(1)
#define VALUE_TRUE      (VALUE_OF(1) | 1)
#define VALUE_NULL      VALUE_OF(2)
#define VALUE_UNDEFINED VALUE_OF(3)
#define VALUE_NOTHING   VALUE_OF(4) /* no script ever sees it */
#define VALUE_EXCEPTION VALUE_OF(6)

enum { TAG_INT = 0, TAG_OBJECT = -1, TAG_ROPE = -6, TAG_STRING = -7 };

static inline int32_t value_tag(uint64_t v)
{
    return (int32_t)(uint32_t)(v >> 32);
}

static inline bool value_threw(uint64_t v)
{
    return value_tag(v) == value_tag(VALUE_EXCEPTION);
}

static inline bool value_is_text(uint64_t v)
{
    return value_tag(v) == TAG_STRING || value_tag(v) == TAG_ROPE;
}

static inline bool value_is_object(uint64_t v)
{
    return value_tag(v) == TAG_OBJECT;
}

void value_free(struct engine *e, uint64_t v);
/* The same value once more. */
uint64_t value_dup(struct engine *e, uint64_t v);

/* Runs a text as a script; with `compile_only` it is looked at and not run. */
uint64_t value_eval(struct engine *e, struct str source, const char *file, bool compile_only);
/* What was compiled, as bytes, without its source; and the other way, with running it. */
bool value_save(struct engine *e, uint64_t compiled, struct buf *out);
uint64_t value_run(struct engine *e, struct str saved);
uint64_t value_parse(struct engine *e, struct str json);
uint64_t value_text(struct engine *e, struct str text);

uint64_t value_get(struct engine *e, uint64_t object, struct str name);
uint64_t value_item(struct engine *e, uint64_t array, uint32_t i);
bool value_is_function(struct engine *e, uint64_t v);
/* Calls fn(a, b); the arguments stay the caller's. */
uint64_t value_call(struct engine *e, uint64_t fn, uint64_t self, uint64_t a, uint64_t b);
uint64_t value_hook(struct engine *e, enum hook hook, uint64_t a, uint64_t b);

/* Appends a value as text. False, and nothing is thrown any more, when it has none, or when it is
 * longer than there is room for. */
bool value_print(struct engine *e, uint64_t v, struct buf *out);
/* The bytes of an ArrayBuffer or of a view on one; false for anything else. */
bool value_bytes(struct engine *e, uint64_t v, struct str *out);
