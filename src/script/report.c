/* What is kept of runs and what is logged of them; see report.h. */
#include "script/report.h"

#include "base/log.h"

enum { LOG_LINES = 10 }; /* of what one run printed; its owner sees all of it */

/* --- what is kept --- */

static const char *const end_names[] = {
    [SCRIPT_RETURNED] = "returned",   [SCRIPT_NO_METHOD] = "no-method",
    [SCRIPT_BAD] = "not-evaluated",   [SCRIPT_FAILED] = "failed",
    [SCRIPT_SUSPENDED] = "suspended", [SCRIPT_REFUSED] = "refused",
};

const char *script_end_name(enum script_end end)
{
    return end_names[end];
}

static void put_error(struct json_out *o, const struct script_error *error)
{
    json_key(o, "error");
    struct json_out e = json_begin(o->buf, '{');
    json_member_str(&e, "name", error->name);
    json_member_str(&e, "message", error->message);
    if (error->line > 0) {
        json_member_i64(&e, "line", error->line);
        json_member_i64(&e, "column", error->column);
    }
    if (!str_empty(error->stack))
        json_member_str(&e, "stack", error->stack);
    json_end(&e);
}

/* As many of its lines as fit. */
static void put_console(struct json_out *o, struct arena *arena, struct str console, size_t bytes)
{
    if (console.len <= bytes) {
        json_member_raw(o, "console", console);
        return;
    }
    const struct json *lines = json_parse(arena, console);
    size_t begun = o->buf->len;
    json_key(o, "console");
    struct json_out list = json_begin(o->buf, '[');
    for (const struct json *at = lines != NULL ? lines->items.first : NULL; at != NULL;
         at = at->next) {
        size_t before = o->buf->len;
        json_item(&list);
        json_put(o->buf, at);
        if (o->buf->len - begun > bytes) {
            buf_cut(o->buf, before);
            break;
        }
    }
    json_end(&list);
    json_member_bool(o, "consoleCut", true);
}

static void put_ms(struct json_out *o, const char *name, int64_t us)
{
    json_key(o, name);
    json_put_number(o->buf, (double)us / 1000);
}

void script_run_put_members(struct json_out *o, struct arena *arena, const struct script_run *run,
                            size_t console_bytes)
{
    bool wrong_end = run->end == SCRIPT_BAD || run->end == SCRIPT_FAILED;
    json_member_str(o, "ended", str_of(end_names[run->end]));
    if (wrong_end)
        put_error(o, &run->error);
    if (!str_empty(run->console))
        put_console(o, arena, run->console, console_bytes);
    put_ms(o, "cpuMs", run->cpu_us);
    put_ms(o, "wallMs", run->wall_us);
    json_member_i64(o, "heapBytes", run->heap_bytes);
}

/* --- the log --- */

static void log_console(const struct script_run *run, const struct json *lines)
{
    size_t told = 0;
    for (const struct json *at = lines->items.first; at != NULL && told < LOG_LINES;
         at = at->next) {
        const struct json *kind = at->kind == JSON_ARRAY ? at->items.first : NULL;
        if (!json_is(kind, JSON_STRING) || !json_is(kind->next, JSON_STRING))
            continue;
        log_event(LOG_INFO, "script-console", "integration=%s kind=%s text=%s", LOG_Q(run->id),
                  LOG_Q(kind->string), LOG_Q(kind->next->string));
        told++;
    }
    if (lines->items.count > told)
        log_event(LOG_INFO, "script-console", "integration=%s more=%zu", LOG_Q(run->id),
                  lines->items.count - told);
}

void script_run_log(struct arena *arena, const struct script_run *run)
{
    const struct json *lines =
        str_empty(run->console) || !log_enabled(LOG_INFO) ? NULL : json_parse(arena, run->console);
    if (json_is(lines, JSON_ARRAY))
        log_console(run, lines);
    if (run->end != SCRIPT_RETURNED)
        log_event(LOG_WARN, "script-failed",
                  "integration=%s method=%s ended=%s line=%lld error=%s message=%s", LOG_Q(run->id),
                  run->method, end_names[run->end], (long long)run->error.line,
                  LOG_Q(run->error.name), LOG_Q(run->error.message));
}
