/* The memory of sandbox.h, and the functions that the engine's C expects of its surroundings
 * (wasm-rt.h). A worker's only thread. */
#include "worker/sandbox.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"

/* 32 bits of address and 32 of offset where accesses are not compared; else what is used. */
#define GUARD_BYTES ((size_t)8 << 30)
#define RESERVED    (WASM_RT_MEMCHECK_SIGNAL_HANDLER ? GUARD_BYTES : (size_t)CHANNEL_HEAP_BYTES)

enum {
    HEAP_PAGES = CHANNEL_HEAP_BYTES / CHANNEL_PAGE,
    FUNC_TYPES = 128, /* the module has 110 */
    FUNC_TYPE_PARTS = 24,
    STACK_BYTES = 8 << 20,
    STACK_MARGIN = 512 << 10, /* arguments above us; what the prologue does not see below */
};

_Static_assert(offsetof(struct sandbox, in) == sizeof(char *), "the prologue looks right before");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "we read the engine's memory as it does");

uint32_t sandbox_class_strict = CLASS_STRICT;

/* The module asks for memory before it can be told which; there is one per process. */
static char *reservation;

static bool reserve(int channel, struct err *err)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    reservation = mmap(NULL, RESERVED, PROT_NONE, flags, -1, 0);
    if (reservation != MAP_FAILED)
        reservation =
            mmap(reservation, CHANNEL_HEAP_BYTES, PROT_NONE, MAP_SHARED | MAP_FIXED, channel, 0);
    if (reservation == MAP_FAILED)
        return err_internal(err, "no room for the script engine: %s", strerrordesc_np(errno));
    return true;
}

static char *find_stack_limit(void)
{
    struct rlimit limit;
    size_t bytes = STACK_BYTES;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < bytes)
        bytes = limit.rlim_cur;
    return (char *)((uintptr_t)__builtin_frame_address(0) - (bytes - STACK_MARGIN));
}

bool sandbox_open(struct sandbox *box, int channel, void *env, struct err *err)
{
    if (!reserve(channel, err))
        return false;
    box->stack_limit = find_stack_limit();
    Z_qjs_init_module();
    Z_qjs_instantiate(&box->in, env, env);
    return true;
}

uint32_t sandbox_pages(const struct sandbox *box)
{
    return box->in.w2c_memory.pages;
}

/* mprotect() cannot fail here: the range is one mapping that is split in two at most. */
static void resize(wasm_rt_memory_t *memory, uint32_t pages)
{
    uint8_t *old_end = memory->data + memory->size;
    uint8_t *end = memory->data + (size_t)pages * CHANNEL_PAGE;
    int failed = 0;
    if (end > old_end)
        failed = mprotect(old_end, (size_t)(end - old_end), PROT_READ | PROT_WRITE);
    else if (end < old_end)
        failed = mprotect(end, (size_t)(old_end - end), PROT_NONE);
    if (failed != 0)
        _exit(WORKER_EXIT_TRAP);
    memory->pages = pages;
    memory->size = pages * CHANNEL_PAGE;
}

void sandbox_resize(struct sandbox *box, uint32_t pages)
{
    if (pages != box->in.w2c_memory.pages)
        resize(&box->in.w2c_memory, pages);
}

void sandbox_restart(struct sandbox *box, void *env)
{
    memset(box->in.w2c_memory.data, 0, box->in.w2c_memory.size);
    sandbox_resize(box, 0);
    Z_qjs_free(&box->in);
    Z_qjs_instantiate(&box->in, env, env);
}

void *sandbox_at(const struct sandbox *box, uint32_t at, uint32_t len)
{
    const wasm_rt_memory_t *memory = &box->in.w2c_memory;
    return (uint64_t)at + len <= memory->size ? memory->data + at : NULL;
}

uint32_t sandbox_put(struct sandbox *box, struct str text)
{
    uint32_t len = (uint32_t)text.len;
    uint32_t at = text.len < CHANNEL_HEAP_BYTES ? GUEST(box, wasm_malloc, len + 1) : 0;
    char *room = at != 0 ? sandbox_at(box, at, len + 1) : NULL;
    if (room == NULL)
        return 0;
    if (len > 0)
        memcpy(room, text.ptr, len);
    room[len] = '\0';
    return at;
}

/* --- what the engine's C calls --- */

/* Nothing to set up: no signals, no exceptions. */
void wasm_rt_init(void) {}

bool wasm_rt_is_initialized(void)
{
    return true;
}

void wasm_rt_free(void) {}

void wasm_rt_trap(wasm_rt_trap_t trap)
{
    (void)trap;
    _exit(WORKER_EXIT_TRAP);
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t max_pages)
{
    *memory = (wasm_rt_memory_t){
        .data = (uint8_t *)reservation,
        .max_pages = max_pages < HEAP_PAGES ? max_pages : HEAP_PAGES,
    };
    resize(memory, pages);
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t delta)
{
    uint32_t before = memory->pages;
    if (delta > memory->max_pages - before)
        return UINT32_MAX;
    resize(memory, before + delta);
    return before;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory)
{
    (void)memory; /* it goes with the process */
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t elements,
                                    uint32_t max_elements)
{
    *table = (wasm_rt_funcref_table_t){
        .data = mem_zalloc(elements * sizeof(table->data[0])),
        .max_size = max_elements,
        .size = elements,
    };
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table)
{
    free(table->data);
    table->data = NULL;
}

/* Equal types get equal numbers, from 1 on: an indirect call compares them. */
uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
    static struct {
        uint32_t params, results;
        wasm_rt_type_t parts[FUNC_TYPE_PARTS];
    } types[FUNC_TYPES];
    static uint32_t count;

    if (params + results > FUNC_TYPE_PARTS || count == FUNC_TYPES)
        wasm_rt_trap(WASM_RT_TRAP_CALL_INDIRECT);
    memset(&types[count], 0, sizeof(types[0]));
    types[count].params = params;
    types[count].results = results;
    va_list list;
    va_start(list, results);
    for (uint32_t i = 0; i < params + results; i++)
        types[count].parts[i] = va_arg(list, wasm_rt_type_t);
    va_end(list);

    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&types[i], &types[count], sizeof(types[0])) == 0)
            return i + 1;
    return ++count;
}
