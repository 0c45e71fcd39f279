/* What a fuzz target offers. The build includes this file in each of them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes and returns 0. It must not keep state from one input to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional: runs once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
