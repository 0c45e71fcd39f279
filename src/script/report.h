/* How a run of a script ended, for its owner and for the operator. Any thread. */
#pragma once

#include "base/json.h"
#include "script/script.h"

/* "returned", "failed" … */
const char *script_end_name(enum script_end end);
/* How it ended: "ended", "error", "console" (up to `console_bytes` of it), "cpuMs", "wallMs",
 * "heapBytes". */
void script_run_put_members(struct json_out *o, struct arena *arena, const struct script_run *run,
                            size_t console_bytes);
/* The failure and what it printed, for the operator. */
void script_run_log(struct arena *arena, const struct script_run *run);
