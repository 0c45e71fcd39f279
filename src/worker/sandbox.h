/* The machine that the script engine runs in: a linear memory, and nothing else. The engine is C
 * made of WebAssembly (tools/engine); what it may touch lies in its memory, what it may call is in
 * host.c. One per process, on its only thread.
 *
 * The memory is the beginning of the channel (script/protocol.h), mapped where nothing else is: an
 * address of the engine has 32 bits and an instruction's offset is small, so whatever it computes
 * lands within the reservation, and outside the part in use it ends the process.
 *
 * What was computed wrongly ends the process too (WORKER_EXIT_TRAP): nothing is repaired in here.
 */
#pragma once

#include <qjs.h>

#include "base/err.h"
#include "script/protocol.h"

enum {
    WORKER_EXIT_TRAP = 78,  /* the engine trapped */
    WORKER_EXIT_FRAME = 79, /* a frame that cannot be understood */
};

struct sandbox {
    char *stack_limit; /* lowest address of the native stack; right before `in`, by its prologue */
    Z_qjs_instance_t in; /* `in.w2c_memory` is the memory */
};

/* Calls an export of the engine: GUEST(box, JS_Call, ctx, ...) and GUEST0(box, qjs_init). */
#define GUEST(box, name, ...) Z_qjsZ_##name(&(box)->in, __VA_ARGS__)
#define GUEST0(box, name)     Z_qjsZ_##name(&(box)->in)

/* What the engine's parser of classes reads: the bit that makes a class body strict, or 0. The
 * default is strict, as the language has it; scripts that were written for a transpiler that lost
 * the strictness run without. Not part of an image. */
extern uint32_t sandbox_class_strict;
enum { CLASS_STRICT = 128, CLASS_SLOPPY = 0 };

/* Maps the memory and starts the module in it. `env` is handed to the imports (host.c). */
bool sandbox_open(struct sandbox *box, int channel, void *env, struct err *err);

/* Starts the module anew in memory that is empty again. */
void sandbox_restart(struct sandbox *box, void *env);

/* Of the memory: how many pages are in use. Growing or shrinking is what an image needs. */
uint32_t sandbox_pages(const struct sandbox *box);
void sandbox_resize(struct sandbox *box, uint32_t pages);

/* `len` bytes of the memory at an address, or NULL when they do not all lie in it. */
void *sandbox_at(const struct sandbox *box, uint32_t at, uint32_t len);

/* A copy of the text in the engine's heap, ended by '\0'; GUEST(box, wasm_free, at) gives it back.
 * 0 when there is no room. */
uint32_t sandbox_put(struct sandbox *box, struct str text);
