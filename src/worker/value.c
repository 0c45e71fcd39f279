/* The values of value.h: our side of the engine's functions. A worker's only thread. */
#include "worker/value.h"

/* Of the engine: JS_EVAL_FLAG_COMPILE_ONLY; JS_WRITE_OBJ_BYTECODE and _STRIP_SOURCE;
 * JS_READ_OBJ_BYTECODE. */
enum { COMPILE_ONLY = 1 << 5, WRITE_FLAGS = 1 << 0 | 1 << 4, READ_FLAGS = 1 << 0 };

void value_free(struct engine *e, uint64_t v)
{
    GUEST(&e->box, JS_FreeValue, e->context, v);
}

uint64_t value_dup(struct engine *e, uint64_t v)
{
    return GUEST(&e->box, JS_DupValue, e->context, v);
}

/* The address of a name that the engine looks at during one call; 0 when it is too long. */
static uint32_t name_at(struct engine *e, struct str name)
{
    struct roots *roots = engine_roots(e);
    if (name.len >= sizeof(roots->name))
        return 0;
    memcpy(roots->name, name.ptr, name.len);
    roots->name[name.len] = '\0';
    return e->root + offsetof(struct roots, name);
}

uint64_t value_eval(struct engine *e, struct str source, const char *file, bool compile_only)
{
    uint32_t at = sandbox_put(&e->box, source);
    if (at == 0)
        return VALUE_EXCEPTION;
    uint64_t v = GUEST(&e->box, JS_Eval, e->context, at, (uint32_t)source.len,
                       name_at(e, str_of(file)), compile_only ? COMPILE_ONLY : 0);
    GUEST(&e->box, wasm_free, at);
    return v;
}

bool value_save(struct engine *e, uint64_t compiled, struct buf *out)
{
    uint32_t len_at = e->root + (uint32_t)offsetof(struct roots, len);
    uint32_t at = GUEST(&e->box, JS_WriteObject, e->context, len_at, compiled, WRITE_FLAGS);
    uint32_t len = engine_roots(e)->len;
    const char *bytes = at != 0 ? sandbox_at(&e->box, at, len) : NULL;
    return bytes != NULL && buf_add(out, str_from(bytes, len));
}

uint64_t value_run(struct engine *e, struct str saved)
{
    uint32_t at = sandbox_put(&e->box, saved);
    if (at == 0)
        return VALUE_EXCEPTION;
    uint64_t v = GUEST(&e->box, JS_ReadObject, e->context, at, (uint32_t)saved.len, READ_FLAGS);
    GUEST(&e->box, wasm_free, at);
    return value_threw(v) ? v : GUEST(&e->box, JS_EvalFunction, e->context, v);
}

uint64_t value_parse(struct engine *e, struct str json)
{
    uint32_t at = sandbox_put(&e->box, json);
    if (at == 0)
        return VALUE_EXCEPTION;
    uint64_t v =
        GUEST(&e->box, JS_ParseJSON, e->context, at, (uint32_t)json.len, name_at(e, STR(OUR_FILE)));
    GUEST(&e->box, wasm_free, at);
    return v;
}

uint64_t value_text(struct engine *e, struct str text)
{
    uint32_t at = sandbox_put(&e->box, text);
    if (at == 0)
        return VALUE_EXCEPTION;
    uint64_t v = GUEST(&e->box, JS_NewStringLen, e->context, at, (uint32_t)text.len);
    GUEST(&e->box, wasm_free, at);
    return v;
}

uint64_t value_get(struct engine *e, uint64_t object, struct str name)
{
    uint32_t at = name_at(e, name);
    return at == 0 ? VALUE_UNDEFINED : GUEST(&e->box, JS_GetPropertyStr, e->context, object, at);
}

uint64_t value_item(struct engine *e, uint64_t array, uint32_t i)
{
    return GUEST(&e->box, JS_GetPropertyUint32, e->context, array, i);
}

bool value_is_function(struct engine *e, uint64_t v)
{
    return value_is_object(v) && GUEST(&e->box, JS_IsFunction, e->context, v) != 0;
}

uint64_t value_call(struct engine *e, uint64_t fn, uint64_t self, uint64_t a, uint64_t b)
{
    struct roots *roots = engine_roots(e);
    roots->args[0] = a;
    roots->args[1] = b;
    uint32_t count = b != VALUE_UNDEFINED ? 2 : a != VALUE_UNDEFINED ? 1 : 0;
    return GUEST(&e->box, JS_Call, e->context, fn, self, count,
                 e->root + (uint32_t)offsetof(struct roots, args));
}

uint64_t value_hook(struct engine *e, enum hook hook, uint64_t a, uint64_t b)
{
    return value_call(e, engine_roots(e)->hooks[hook], VALUE_UNDEFINED, a, b);
}

/* Nobody will ask for what was thrown. */
static bool nothing(struct engine *e)
{
    value_free(e, GUEST(&e->box, JS_GetException, e->context));
    return false;
}

bool value_print(struct engine *e, uint64_t v, struct buf *out)
{
    struct roots *roots = engine_roots(e);
    uint32_t at = GUEST(&e->box, JS_ToCStringLen2, e->context,
                        e->root + (uint32_t)offsetof(struct roots, len), v, 0);
    if (at == 0)
        return nothing(e);
    const char *text = sandbox_at(&e->box, at, roots->len);
    bool ok = text != NULL && buf_add(out, str_from(text, roots->len));
    GUEST(&e->box, JS_FreeCString, e->context, at);
    return ok;
}

bool value_bytes(struct engine *e, uint64_t v, struct str *out)
{
    struct roots *roots = engine_roots(e);
    uint32_t len_at = e->root + (uint32_t)offsetof(struct roots, len);
    uint32_t at;
    if (!value_is_object(v))
        return false;
    roots->len = 0;
    if (GUEST(&e->box, JS_IsArrayBuffer, v) != 0)
        at = GUEST(&e->box, JS_GetArrayBuffer, e->context, len_at, v);
    else
        at = GUEST(&e->box, JS_GetUint8Array, e->context, len_at, v);
    if (at == 0 && roots->len == 0 && GUEST(&e->box, JS_IsArrayBuffer, v) == 0)
        return nothing(e);
    const char *bytes = sandbox_at(&e->box, at, roots->len);
    if (bytes == NULL)
        return false;
    *out = str_from(bytes, roots->len);
    return true;
}
