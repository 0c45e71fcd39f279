/* Memory from the heap that is always there: running out of it is logged and ends the process, for
 * every acknowledged change is on disk and the next start recovers (docs/architecture.md). Any
 * thread. */
#pragma once

#include <stddef.h>

/* Never NULL; free() gives it back. mem_zalloc() clears it. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_resize(void *old, size_t size) __attribute__((returns_nonnull));
