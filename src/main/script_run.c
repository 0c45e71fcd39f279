/* gantry script run FILE: a script tried on the command line, as POST /ext/v1/scripts.test tries
 * it, with a worker of its own and without a server. Used by the main thread, which waits for the
 * run to come home. */
#include "main/scripts.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "base/digest.h"
#include "hooks/trial.h"

enum { FILE_BYTES = 16 << 20, ARENA_BYTES = 256 << 20, ANSWER_BYTES = 64 << 20 };

const struct cli_option script_run_options[] = {
    {"--request", "FILE", "JSON: members of the request, or an object with request and response"},
    {"--method", "NAME", "The method; without it, process_incoming_request"},
    {"--skip-transpile", NULL, "As an integration with skipTranspile: class bodies are strict"},
    {NULL, NULL, NULL},
};

static bool read_file(struct arena *arena, const char *path, struct str *out, struct err *err)
{
    BUF(text, FILE_BYTES);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return err_invalid(err, "%s cannot be read: %s", path, strerror(errno));
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_add(&text, str_from(piece, got));
    int failed = ferror(file) != 0 ? errno : 0;
    (void)fclose(file);
    *out = arena_str(arena, buf_str(&text));
    if (failed != 0)
        return err_invalid(err, "%s cannot be read: %s", path, strerror(failed));
    if (!buf_ok(&text))
        return err_invalid(err, "%s is longer than %d MB", path, FILE_BYTES >> 20);
    return str_utf8(*out) || err_invalid(err, "%s is no text in UTF-8", path);
}

static bool read_script(struct arena *arena, const char *path, struct str *out, struct err *err)
{
    if (!read_file(arena, path, out, err))
        return false;
    return out->len <= INTEGRATION_SCRIPT_BYTES ||
           err_invalid(err, "%s is larger than the %d KiB that a server takes", path,
                       INTEGRATION_SCRIPT_BYTES >> 10);
}

static bool read_request(struct arena *arena, const char *path, struct trial *trial,
                         struct err *err)
{
    struct str text;
    if (path == NULL)
        return true;
    if (!read_file(arena, path, &text, err))
        return false;
    const struct json *given = json_parse(arena, text);
    if (!json_is(given, JSON_OBJECT))
        return err_invalid(err, "%s holds no JSON object", path);
    const struct json *request = json_get_lit(given, "request");
    trial->request = json_is(request, JSON_OBJECT) ? request : given;
    trial->response = json_is(request, JSON_OBJECT) ? json_get_lit(given, "response") : NULL;
    return true;
}

/* --- the run --- */

/* Where the run comes home. */
struct doorstep {
    struct inbox inbox;
    pthread_mutex_t lock; /* leaf; guards rung */
    pthread_cond_t changed;
    bool rung;
};

static void ring(void *arg)
{
    struct doorstep *d = arg;
    pthread_mutex_lock(&d->lock);
    d->rung = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

static void run_and_wait(struct scripts *pool, struct script_run *run)
{
    struct doorstep d = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    inbox_init(&d.inbox, ring, &d);
    job_init(&run->job, &d.inbox);
    scripts_submit(pool, run);
    pthread_mutex_lock(&d.lock);
    while (!d.rung)
        pthread_cond_wait(&d.changed, &d.lock);
    pthread_mutex_unlock(&d.lock);
    (void)inbox_take(&d.inbox);
    inbox_release(&d.inbox);
}

/* --- showing --- */

static struct str text_of(struct arena *arena, const struct json *value)
{
    BUF(text, ANSWER_BYTES);
    json_put(&text, value);
    return arena_str(arena, buf_str(&text));
}

static void show(const char *word, struct str text)
{
    (void)printf("%-9s %.*s\n", word, STR_FMT(text));
}

static void show_console(const struct json *lines)
{
    const struct json *at = json_is(lines, JSON_ARRAY) ? lines->items.first : NULL;
    for (; at != NULL; at = at->next) {
        const struct json *kind = at->kind == JSON_ARRAY ? at->items.first : NULL;
        if (json_is(kind, JSON_STRING) && json_is(kind->next, JSON_STRING))
            (void)printf("%-9.*s %.*s\n", STR_FMT(kind->string), STR_FMT(kind->next->string));
    }
}

static void show_error(struct arena *arena, const struct script_run *run)
{
    const struct script_error *e = &run->error;
    struct str place = e->line > 0 ? arena_fmt(arena, " (line %lld, column %lld)",
                                               (long long)e->line, (long long)e->column)
                                   : STR("");
    show(run->end == SCRIPT_BAD ? "not run" : "failed",
         arena_fmt(arena, "%.*s: %.*s%.*s", STR_FMT(e->name), STR_FMT(e->message), STR_FMT(place)));
    if (!str_empty(e->stack))
        (void)printf("%.*s\n", STR_FMT(e->stack));
}

static void show_answer(struct arena *arena, const struct json *told)
{
    const struct json *result = json_get_lit(told, "result");
    const struct json *status = json_get_lit(told, "status");
    const struct json *posts = json_get_lit(told, "wouldPost");
    show("returned", result != NULL ? text_of(arena, result) : STR("undefined"));
    if (status != NULL)
        show("answers", arena_fmt(arena, "%.0f %.*s", status->number,
                                  STR_FMT(text_of(arena, json_get_lit(told, "response")))));
    const struct json *at = json_is(posts, JSON_ARRAY) ? posts->items.first : NULL;
    for (; at != NULL; at = at->next)
        show("posts", text_of(arena, at));
}

static int show_run(struct arena *arena, const struct trial *trial, struct script_run *run)
{
    BUF(text, ANSWER_BYTES);
    struct json_out o = json_begin(&text, '{');
    trial_put_members(&o, trial, run);
    json_end(&o);
    const struct json *told = json_parse(arena, buf_str(&text));
    show_console(json_get_lit(told, "console"));
    if (run->end == SCRIPT_RETURNED)
        show_answer(arena, told);
    else if (run->end == SCRIPT_NO_METHOD)
        show("nothing", arena_fmt(arena, "the class has no %s", run->method));
    else
        show_error(arena, run);
    show("used", arena_fmt(arena, "%.1f ms of processor time, %.1f ms in all, %lld KB",
                           (double)run->cpu_us / 1000, (double)run->wall_us / 1000,
                           (long long)run->heap_bytes / 1024));
    return run->end == SCRIPT_RETURNED || run->end == SCRIPT_NO_METHOD ? EXIT_DONE : EXIT_FAILED;
}

/* --- the command --- */

static int try_script(const struct cli *cli, const struct options *options, struct arena *arena)
{
    struct err err = ERR_NONE;
    struct script_run run = {.arena = arena};
    struct trial trial = {.username = STR("you")};
    struct script_rooms rooms = {0};
    const char *method = cli_value(cli, "--method", 0);
    trial.method = trial_method(str_of(method), NULL);
    if (trial.method == NULL)
        return cli_misused(cli,
                           "--method: scripts have no method %s; a server calls "
                           "process_incoming_request, prepare_outgoing_request and "
                           "process_outgoing_response",
                           method);
    run.sloppy = !cli_has(cli, "--skip-transpile");
    bool ok = read_script(arena, cli->operand, &run.source, &err) &&
              read_request(arena, cli_value(cli, "--request", 0), &trial, &err) &&
              script_rooms_open(&rooms, options, STR(""), 1, P_tmpdir, &err);
    int code = EXIT_FAILED;
    if (ok) {
        trial_prepare(&trial, &run);
        run_and_wait(rooms.pool, &run);
        code = show_run(arena, &trial, &run);
    }
    script_rooms_close(&rooms);
    return ok ? code : cli_failed(&err);
}

int script_run_run(const struct cli *cli)
{
    struct options options;
    struct arena arena;
    int code = cli_options(cli, &options);
    options.disable_scripts = "no"; /* that is said of servers */
    arena_init(&arena, ARENA_BYTES);
    digest_init();
    if (code == EXIT_DONE)
        code = try_script(cli, &options, &arena);
    arena_release(&arena);
    options_close(&options);
    return code;
}
