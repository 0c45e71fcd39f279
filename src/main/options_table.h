/* The table that options.c reads and prints. */
#pragma once

#include "main/options.h"

extern const struct config_field option_fields[];
extern const size_t option_field_count;
