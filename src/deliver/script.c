/* The script of a try: how it is asked, what is kept of its runs, and what it says when it fails.
 * What its results mean is told where they are heeded. Runs on the thread `queue`. */
#include <assert.h>

#include "base/clock.h"
#include "deliver/internal.h"
#include "script/report.h"

enum { RUN_BYTES = 512 << 10, RUN_CONSOLE_BYTES = 64 << 10, STACK_BYTES = 1 << 20 };

void attempt_ask_script(struct attempt *a, const char *method, struct str response,
                        void (*came)(struct job *job))
{
    const struct integration *in = a->claim->in;
    struct script_run *run = &a->run.run;
    *run = (struct script_run){
        .arena = &a->arena,
        .ask = SCRIPT_CALL,
        .side = SCRIPT_OUTGOING,
        .sloppy = !in->skip_transpile,
        .id = in->id,
        .revision = in->updated_at_ms,
        .source = integration_runnable(in),
        .method = method,
    };
    run->argument = request_script_argument(&a->arena, a->argument, response, &run->dates);
    job_init(&run->job, &a->home->jobs);
    run->job.finish = came;
    scripts_submit(a->home->config.scripts, run);
}

/* "Name: message" and the stack, each line two blanks further in. */
static struct str error_stack(struct arena *arena, const struct script_error *error)
{
    BUF(out, STACK_BYTES);
    struct str head = arena_fmt(arena, "%.*s: %.*s\n%.*s", STR_FMT(error->name),
                                STR_FMT(error->message), STR_FMT(error->stack));
    struct str rest = str_trim(head), line;
    for (bool first = true; str_split(&rest, '\n', &line); first = false)
        buf_addf(&out, "%s  %.*s", first ? "" : "\n", STR_FMT(line));
    return arena_str(arena, buf_str(&out));
}

struct str attempt_script_stack(struct attempt *a)
{
    const struct script_run *run = &a->run.run;
    if (run->end == SCRIPT_SUSPENDED)
        return arena_fmt(&a->arena, "  Error: the script is suspended for %lld more seconds",
                         (long long)run->retry_after_s);
    if (run->end == SCRIPT_REFUSED)
        return STR("  Error: too many calls of the script wait already");
    return error_stack(&a->arena, &run->error);
}

void attempt_note_run(struct attempt *a)
{
    const struct script_run *run = &a->run.run;
    if (run->end == SCRIPT_NO_METHOD)
        return;
    BUF(doc, RUN_BYTES);
    struct json_out o = json_continue(&doc, false);
    json_member_time(&o, "at", clock_wall_ms());
    json_member_str(&o, "method", str_of(run->method));
    script_run_put_members(&o, &a->arena, run, RUN_CONSOLE_BYTES);
    script_run_log(&a->arena, run);
    assert(a->run_count < sizeof(a->runs) / sizeof(a->runs[0]));
    if (buf_ok(&doc))
        a->runs[a->run_count++] = arena_str(&a->arena, buf_str(&doc));
}
