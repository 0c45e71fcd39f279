/* What the script engine may ask of us: the imports of its module, and the few functions that the
 * prelude is given. There is no other way out of the sandbox, and none of these reads or writes
 * anything but the sandbox's memory and the slice's own buffers. A worker's only thread.
 *
 * An address that comes from the engine is looked up by sandbox_at(), which knows what lies in its
 * memory. */
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "worker/value.h"

enum { ARGS_MAX = 2, WASI_OK = 0, WASI_BADF = 8, WASI_NOSYS = 52 };

static struct engine *engine_of(void *env)
{
    return env;
}

/* --- functions of the prelude: arguments are the caller's, the result is owned --- */

/* As much of it as fits a line, cut between two characters. */
static struct str line_of(const struct engine *e, struct str text)
{
    size_t len = text.len < e->line_bytes ? text.len : e->line_bytes;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_slice(text, 0, len);
}

/* print(level, text) */
static uint64_t print(struct engine *e, const uint64_t args[ARGS_MAX])
{
    struct arena a;
    BUF(level, 16);
    BUF(text, CHANNEL_HEAP_BYTES);
    if (e->lines_left == 0 || !value_print(e, args[0], &level) || !value_print(e, args[1], &text))
        return VALUE_UNDEFINED;
    e->lines_left--;
    arena_init(&a, CHANNEL_HEAP_BYTES);
    size_t before = e->console.len;
    (void)buf_addf(&e->console, "%s[\"%s\",", before > 0 ? "," : "", level.ptr);
    json_put_string(&e->console, utf8_repair(&a, line_of(e, buf_str(&text))));
    buf_add_char(&e->console, ']');
    if (!buf_ok(&e->console))
        buf_cut(&e->console, before);
    arena_release(&a);
    return VALUE_UNDEFINED;
}

/* random(): from [0, 1), with 53 bits. The engine's own would repeat itself with every image. */
static uint64_t draw(struct engine *e, const uint64_t args[ARGS_MAX])
{
    uint64_t bits = 0;
    (void)args;
    if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
        _exit(WORKER_EXIT_TRAP);
    return GUEST(&e->box, JS_NewNumber, e->context, (double)(bits >> 11) * 0x1p-53);
}

/* refuse(): the result that is being written cannot be copied. */
static uint64_t refuse(struct engine *e, const uint64_t args[ARGS_MAX])
{
    (void)args;
    e->refused = true;
    return VALUE_UNDEFINED;
}

static uint64_t is_proxy(struct engine *e, const uint64_t args[ARGS_MAX])
{
    return GUEST(&e->box, JS_IsProxy, args[0]) != 0 ? VALUE_TRUE : VALUE_FALSE;
}

/* base64(textOrBytes): a text, of UTF-8 or of the bytes. */
static uint64_t encode(struct engine *e, const uint64_t args[ARGS_MAX])
{
    struct str bytes;
    struct arena a;
    BUF(text, CHANNEL_HEAP_BYTES);
    arena_init(&a, 3 * (size_t)CHANNEL_HEAP_BYTES);
    if (!value_bytes(e, args[0], &bytes)) {
        (void)value_print(e, args[0], &text);
        bytes = utf8_repair(&a, buf_str(&text));
    }
    uint64_t v = value_text(e, digest_base64(&a, bytes));
    arena_release(&a);
    return v;
}

/* bytes(base64): an ArrayBuffer; empty when it is no base64. */
static uint64_t decode(struct engine *e, const uint64_t args[ARGS_MAX])
{
    BUF(text, CHANNEL_HEAP_BYTES);
    (void)value_print(e, args[0], &text);
    char *bytes = mem_alloc(text.len + 1);
    size_t len = 0;
    if (!digest_base64_decode(buf_str(&text), bytes, text.len, &len))
        len = 0;
    uint32_t at = sandbox_put(&e->box, str_from(bytes, len));
    free(bytes);
    if (at == 0)
        return GUEST(&e->box, JS_ThrowOutOfMemory, e->context);
    uint64_t v = GUEST(&e->box, JS_NewArrayBufferCopy, e->context, at, (uint32_t)len);
    GUEST(&e->box, wasm_free, at);
    return v;
}

/* utf8(bytes): a text. */
static uint64_t to_text(struct engine *e, const uint64_t args[ARGS_MAX])
{
    struct str bytes = STR("");
    struct arena a;
    (void)value_bytes(e, args[0], &bytes);
    arena_init(&a, 3 * (size_t)CHANNEL_HEAP_BYTES);
    uint64_t v = value_text(e, utf8_repair(&a, bytes));
    arena_release(&a);
    return v;
}

static const struct host_function {
    const char *name;
    uint32_t args;
    uint64_t (*run)(struct engine *e, const uint64_t args[ARGS_MAX]);
} functions[] = {
    {"print", 2, print},   {"random", 0, draw},  {"refuse", 0, refuse}, {"isProxy", 1, is_proxy},
    {"base64", 1, encode}, {"bytes", 1, decode}, {"utf8", 1, to_text},
};

static uint64_t make_function(struct engine *e, const struct host_function *f)
{
    struct str name = str_of(f->name);
    uint32_t at = sandbox_put(&e->box, name);
    uint32_t cell = GUEST(&e->box, qjs_new_host_function, at, (uint32_t)name.len, f->args);
    const uint64_t *value = sandbox_at(&e->box, cell, sizeof(*value));
    uint64_t v = value != NULL ? value_dup(e, *value) : VALUE_UNDEFINED;
    GUEST(&e->box, qjs_free_value, cell);
    GUEST(&e->box, wasm_free, at);
    return v;
}

uint64_t host_object(struct engine *e)
{
    uint64_t host = GUEST(&e->box, JS_NewObject, e->context);
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        uint32_t name = sandbox_put(&e->box, str_of(functions[i].name));
        (void)GUEST(&e->box, JS_SetPropertyStr, e->context, host, name,
                    make_function(e, &functions[i]));
        GUEST(&e->box, wasm_free, name);
    }
    return host;
}

/* --- imports: env --- */

static const struct host_function *find_function(struct str name)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

static void read_args(const struct engine *e, u32 argc, u32 argv, uint64_t args[ARGS_MAX])
{
    for (u32 i = 0; i < ARGS_MAX; i++) {
        const u32 *cell = i < argc ? sandbox_at(&e->box, argv + i * 4, sizeof(*cell)) : NULL;
        const uint64_t *value = cell != NULL ? sandbox_at(&e->box, *cell, sizeof(*value)) : NULL;
        args[i] = value != NULL ? *value : VALUE_UNDEFINED;
    }
}

/* Returns a cell, a counted value in memory that the caller frees; 0: it threw. */
u32 Z_envZ_host_call(struct Z_env_instance_t *env, u32 name, u32 name_len, u32 self, u32 argc,
                     u32 argv)
{
    struct engine *e = engine_of(env);
    uint64_t args[ARGS_MAX];
    const char *text = sandbox_at(&e->box, name, name_len);
    const struct host_function *f = text != NULL ? find_function(str_from(text, name_len)) : NULL;
    (void)self;
    read_args(e, argc, argv, args);
    uint64_t v = f != NULL ? f->run(e, args) : VALUE_UNDEFINED;
    u32 at = value_threw(v) ? 0 : GUEST0(&e->box, qjs_get_undefined);
    uint64_t *cell = at != 0 ? sandbox_at(&e->box, at, sizeof(*cell)) : NULL;
    if (cell == NULL) {
        if (!value_threw(v) || GUEST(&e->box, JS_HasException, e->context) == 0)
            (void)GUEST(&e->box, JS_ThrowOutOfMemory, e->context);
        value_free(e, v);
        return 0;
    }
    *cell = v;
    return at;
}

/* Asked many thousand times a second; not 0 ends the script. */
u32 Z_envZ_host_interrupt(struct Z_env_instance_t *env)
{
    return slice_over(engine_of(env));
}

u32 Z_envZ_host_get_timezone_offset(struct Z_env_instance_t *env, u32 high, u32 low)
{
    time_t when = (time_t)(((uint64_t)high << 32) | low);
    struct tm local;
    (void)env;
    return localtime_r(&when, &local) != NULL ? (u32)(int32_t)local.tm_gmtoff : 0;
}

/* There are no modules, and promises that nobody handles are nobody's business. */
u32 Z_envZ_host_module_load(struct Z_env_instance_t *env, u32 name, u32 out_len)
{
    (void)env, (void)name, (void)out_len;
    return 0;
}

u32 Z_envZ_host_module_normalize(struct Z_env_instance_t *env, u32 base, u32 name)
{
    (void)env, (void)base, (void)name;
    return 0;
}

void Z_envZ_host_promise_rejection(struct Z_env_instance_t *env, u32 promise, u32 reason,
                                   u32 handled)
{
    struct engine *e = engine_of(env);
    (void)handled;
    GUEST(&e->box, qjs_free_value, promise);
    GUEST(&e->box, qjs_free_value, reason);
}

/* --- imports: the system, as far as the engine's C library needs one --- */

u32 Z_wasi_snapshot_preview1Z_clock_time_get(struct Z_wasi_snapshot_preview1_instance_t *env,
                                             u32 id, u64 precision, u32 out)
{
    struct timespec now;
    struct engine *e = engine_of(env);
    uint64_t *ns = sandbox_at(&e->box, out, sizeof(*ns));
    (void)precision;
    (void)clock_gettime(id == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    if (ns != NULL)
        *ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return WASI_OK;
}

u32 Z_wasi_snapshot_preview1Z_random_get(struct Z_wasi_snapshot_preview1_instance_t *env, u32 at,
                                         u32 len)
{
    struct engine *e = engine_of(env);
    void *bytes = sandbox_at(&e->box, at, len);
    if (bytes == NULL || getrandom(bytes, len, 0) != (ssize_t)len)
        return WASI_NOSYS;
    return WASI_OK;
}

/* What the engine prints for its own developers goes nowhere. */
u32 Z_wasi_snapshot_preview1Z_fd_write(struct Z_wasi_snapshot_preview1_instance_t *env, u32 fd,
                                       u32 list, u32 count, u32 out)
{
    struct engine *e = engine_of(env);
    u32 *written = sandbox_at(&e->box, out, sizeof(*written));
    u32 sum = 0;
    (void)fd;
    for (u32 i = 0; i < count; i++) {
        const u32 *part = sandbox_at(&e->box, list + i * 8, 8); /* address, length */
        sum += part != NULL ? part[1] : 0;
    }
    if (written != NULL)
        *written = sum;
    return WASI_OK;
}

u32 Z_wasi_snapshot_preview1Z_fd_close(struct Z_wasi_snapshot_preview1_instance_t *env, u32 fd)
{
    (void)env, (void)fd;
    return WASI_NOSYS;
}

u32 Z_wasi_snapshot_preview1Z_fd_fdstat_get(struct Z_wasi_snapshot_preview1_instance_t *env, u32 fd,
                                            u32 out)
{
    (void)env, (void)fd, (void)out;
    return WASI_BADF;
}

u32 Z_wasi_snapshot_preview1Z_fd_seek(struct Z_wasi_snapshot_preview1_instance_t *env, u32 fd,
                                      u64 offset, u32 whence, u32 out)
{
    (void)env, (void)fd, (void)offset, (void)whence, (void)out;
    return WASI_NOSYS;
}
