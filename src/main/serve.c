/* The server of serve.h. The main thread opens and closes; what serves are the threads that the
 * rooms start. The signals that end the server are blocked in all of them, and taken here by
 * sigwait(): so no code of ours ever runs inside a signal. */
#include "main/serve.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/api.h"
#include "api/streams.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "deliver/deliver.h"
#include "domain/file.h"
#include "domain/login_guard.h"
#include "domain/setting.h"
#include "domain/start.h"
#include "domain/sweep.h"
#include "domain/user.h"
#include "events/event.h"
#include "hooks/hooks.h"
#include "http/limit.h"
#include "main/control.h"
#include "main/metrics.h"
#include "main/scripts.h"
#include "main/secret.h"
#include "main/verbs.h"

/* The work lane: passwords. As low as can be, for a loop must never wait for a core. */
enum { WORK_THREADS = 2, WORK_NICE = 19, WORK_JOBS = 256, WORK_BYTES = 16 << 20 };
/* The disk lane: pieces of files. Not the work lane, for making a large file durable takes a slow
 * disk seconds, and nobody could log in meanwhile. */
enum { DISK_THREADS = 2, DISK_NICE = 10, DISK_JOBS = 256, DISK_BYTES = 128 << 20 };
/* Keys that the rate limiter and the login guard remember. */
enum { LIMIT_KEYS = 100000, GUARD_KEYS = 10000 };
/* Descriptors beside the connections: database, sockets, loops. */
enum { OTHER_FILES = 256 };
enum { ARENA_BYTES = 1024 * 1024 };

struct server {
    const struct options *options;
    struct address address;
    struct store *store;
    struct matcher *matcher; /* who is told of what happens */
    struct feed *feed;
    struct streams *streams;
    struct lane *work, *disk;
    struct limit_table *limits;
    struct login_guard *guard;
    struct hooks *hooks;
    struct script_rooms scripts;
    struct deliveries *deliveries;
    struct api api;
    struct metrics metrics;
    struct router *router;
    struct http_server *http;
    struct control *control;
    struct files *files;
    struct sweep *sweep;
};

/* --- opening --- */

static bool open_work(struct server *s, struct err *err)
{
    struct lane_spec spec = {.name = "work",
                             .threads = WORK_THREADS,
                             .nice = WORK_NICE,
                             .max_jobs = WORK_JOBS,
                             .max_bytes = WORK_BYTES,
                             .batch = 1,
                             .serve = lane_serve_each};
    s->work = lane_open(&spec, err);
    return s->work != NULL;
}

static bool open_files(struct server *s, struct err *err)
{
    struct lane_spec spec = {.name = "disk",
                             .threads = DISK_THREADS,
                             .nice = DISK_NICE,
                             .max_jobs = DISK_JOBS,
                             .max_bytes = DISK_BYTES,
                             .batch = 1,
                             .serve = lane_serve_each};
    s->files = files_open(s->options->data_dir, s->store, err);
    if (s->files != NULL)
        s->disk = lane_open(&spec, err);
    return s->disk != NULL;
}

/* What freezing scripts is called on the wire, by what the setting says. */
static const struct {
    const char *setting, *error;
} freezing[] = {
    {"yes", "integration-scripts-disabled"},
    {"true", "integration-scripts-disabled"},
    {"ivm", "integration-scripts-isolated-vm-disabled"},
};

static const char *frozen_scripts(const struct options *o)
{
    for (size_t i = 0; i < sizeof(freezing) / sizeof(freezing[0]); i++) {
        if (str_is(str_of(o->freeze_scripts), freezing[i].setting))
            return freezing[i].error;
    }
    return NULL;
}

/* The cores this process may use, which taskset and containers make fewer than there are. */
static unsigned cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

static void open_api(struct server *s)
{
    const struct options *o = s->options;
    s->limits = limit_new(LIMIT_KEYS);
    s->guard = login_guard_new(GUARD_KEYS);
    s->api = (struct api){
        .store = s->store,
        .catalog = store_catalog(s->store),
        .work = s->work,
        .disk = s->disk,
        .limits = s->limits,
        .guard = s->guard,
        .hooks = s->hooks,
        .files = s->files,
        .streams = s->streams,
        .scripts = s->scripts.pool,
        .test_mode = o->test_mode,
        .compatible_version = o->compatible_version,
        .create_tokens_secret =
            str_empty(str_of(o->create_tokens_secret)) ? NULL : o->create_tokens_secret,
        .frozen_scripts = frozen_scripts(o),
        .call_arena_bytes = (size_t)o->call_bytes,
        .call_begin_ms = o->call_timeout_ms,
    };
    s->router = router_new();
    api_routes(s->router, &s->api);
    hooks_routes(s->router, &s->api);
    s->metrics = (struct metrics){.access = metrics_access_of(str_of(o->metrics_access)),
                                  .token = str_of(o->metrics_token)};
    metrics_routes(s->router, &s->metrics);
}

static struct http_limits http_limits(const struct options *o)
{
    return (struct http_limits){
        .header_ms = o->header_timeout_ms,
        .body_ms = o->body_timeout_ms,
        .idle_ms = o->idle_timeout_ms,
        .write_ms = o->write_timeout_ms,
        .quiet_ms = o->heartbeat_ms,
        .header_bytes = (size_t)o->header_bytes,
        .header_count = (size_t)o->header_count,
        .body_bytes = (size_t)o->body_bytes,
        .connections = (size_t)o->connections,
        .forwarded_count = (unsigned)o->forwarded_count,
        .real_ip = o->real_ip,
    };
}

static bool open_http(struct server *s, struct err *err)
{
    const struct options *o = s->options;
    struct err why;
    if (!options_address(str_of(o->listen), &s->address, err))
        return false;
    s->http = http_open(&(struct http_config){.host = s->address.host,
                                              .port = s->address.port,
                                              .loops = o->loops ? (unsigned)o->loops : cores(),
                                              .limits = http_limits(o),
                                              .router = s->router},
                        &why);
    if (s->http == NULL)
        return err_internal(err,
                            "%s. Choose another address with --listen HOST:PORT; port 0 takes "
                            "any free one.",
                            why.text);
    s->address.port = http_port(s->http);
    return true;
}

/* Without a URL of its own the server is where it listens, which it knows only now. */
static bool set_site_url(struct tx *tx, void *arg, struct err *err)
{
    (void)err;
    const struct server *s = arg;
    start_site_url(tx, arena_fmt(tx_rd(tx)->arena, "http://localhost:%u", s->address.port));
    return true;
}

static bool tell_url(struct server *s, struct err *err)
{
    struct arena arena;
    if (!str_empty(str_of(s->options->root_url)))
        return true;
    arena_init(&arena, ARENA_BYTES);
    bool ok = store_write_now(s->store, &arena, set_site_url, s, err);
    arena_release(&arena);
    return ok;
}

static bool open_control(struct server *s, struct err *err)
{
    s->control = control_open(s->options->data_dir, verbs_serve, s->store, err);
    return s->control != NULL;
}

static bool open_hooks(struct server *s, struct err *err)
{
    uint8_t key[DIGEST_SEAL_KEY_BYTES];
    s->hooks = secret_open(s->options->data_dir, key, err) ? hooks_open(s->store, key, err) : NULL;
    return s->hooks != NULL;
}

/* By default as many workers as cores, but one that is busy must not be all there is. */
static unsigned script_workers(const struct options *o)
{
    unsigned count = o->script_workers > 0 ? (unsigned)o->script_workers : cores();
    if (o->script_workers > 0)
        return count;
    return count < 2 ? 2 : count > 8 ? 8 : count;
}

static bool open_scripts(struct server *s, struct err *err)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct str more = catalog_setting_text(store_catalog(s->store), SETTING_SSRF_ALLOWLIST, &arena);
    bool ok = script_rooms_open(&s->scripts, s->options, more, script_workers(s->options),
                                s->options->data_dir, err);
    arena_release(&arena);
    return ok;
}

static bool open_deliveries(struct server *s, struct err *err)
{
    const struct options *o = s->options;
    struct deliver_config config = {
        .store = s->store,
        .client = s->scripts.client,
        .scripts = s->scripts.pool,
        .in_flight = (unsigned)o->delivery_in_flight,
        .per_host = (unsigned)o->delivery_per_host,
        .total = (size_t)o->delivery_total,
        .timeout_ms = o->delivery_timeout_ms,
        .jitter = (double)o->delivery_jitter / 100,
        .breaker_failures = (unsigned)o->breaker_failures,
        .breaker_pause_ms = o->breaker_pause_ms,
        .breaker_pause_max_ms = o->breaker_pause_max_ms,
    };
    if (!secret_open(o->data_dir, config.key, err))
        return false;
    s->deliveries = deliver_open(&config, err);
    return s->deliveries != NULL;
}

static bool open_rooms(struct server *s, const struct serve_as *as, struct err *err)
{
    s->store = folder_open(s->options, as->use, err);
    if (s->store == NULL || (as->fill != NULL && !as->fill(s->store, err)))
        return false;
    s->matcher = events_open(s->store);
    s->feed = feed_open(s->store);
    s->streams = streams_new(s->feed);
    if (!open_work(s, err) || !open_hooks(s, err) || !open_scripts(s, err) ||
        !open_deliveries(s, err) || !open_files(s, err))
        return false;
    open_api(s);
    s->sweep = sweep_open(s->store, s->files, err);
    return s->sweep != NULL && open_http(s, err) && tell_url(s, err) && open_control(s, err);
}

/* --- closing --- */

/* Nobody new comes in, and who is in is answered; then the lanes finish what they hold. The loops
 * live until then, for that is where finished jobs go home. */
static void close_rooms(struct server *s)
{
    int64_t until_ms = clock_mono_ms() + s->options->stop_timeout_ms;
    if (s->http != NULL)
        http_drain(s->http, s->options->stop_timeout_ms);
    control_close(s->control);
    sweep_close(s->sweep);
    lane_close(s->work);
    lane_close(s->disk);
    deliver_drain(s->deliveries, until_ms - clock_mono_ms());
    script_rooms_stop(&s->scripts);
    deliver_stop(s->deliveries);
    hooks_stop(s->hooks);
    store_close(s->store);
    deliver_free(s->deliveries);
    events_close(s->matcher);
    http_close(s->http);
    streams_free(s->streams);
    feed_close(s->feed);
    script_rooms_close(&s->scripts);
    hooks_free(s->hooks);
    files_close(s->files);
    router_free(s->router);
    login_guard_free(s->guard);
    limit_free(s->limits);
}

/* --- the process --- */

static sigset_t ending_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    return set;
}

/* Before the first thread starts: they inherit the mask. */
static void block_signals(void)
{
    sigset_t set = ending_signals();
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Afterwards the next one has its usual effect: it ends the process at once. */
static int wait_for_signal(void)
{
    sigset_t set = ending_signals();
    int signal = 0;
    while (sigwait(&set, &signal) != 0)
        ;
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return signal;
}

/* As many descriptors as the connections want, if the system lets us. */
static void raise_file_limit(const struct options *o)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)(o->connections + o->delivery_total) + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_event(LOG_WARN, "few-files", "allowed=%llu wanted=%llu hint=%s",
                  (unsigned long long)limit.rlim_cur, (unsigned long long)wanted,
                  LOG_Q(STR("raise ulimit -n, or lower http.connections")));
}

/* A forced setting that does not exist is passed over, but not in silence. */
static void warn_of_unknown_settings(void)
{
    for (char *const *entry = environ; *entry != NULL; entry++) {
        enum setting_id id;
        struct str value, variable = str_of(*entry);
        if (setting_overwrite_of(*entry, &id, &value) == OVERWRITE_UNKNOWN)
            log_event(LOG_WARN, "unknown-setting", "variable=%s",
                      LOG_Q(str_slice(variable, 0, str_find_char(variable, '='))));
    }
}

static bool look_for_admin(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    *(bool *)arg = users_have_admin(rd);
    return true;
}

/* Of a server that nobody can administer nothing else would tell: it runs and answers 401. */
static void warn_of_missing_admin(const struct server *s)
{
    struct arena arena;
    struct err err = ERR_NONE;
    bool there = true;
    arena_init(&arena, ARENA_BYTES);
    if (store_read_now(s->store, &arena, look_for_admin, &there, &err) && !there)
        log_event(LOG_WARN, "no-administrator", "hint=%s",
                  LOG_Q(STR("make one with: gantry user add NAME --role admin --data DIR")));
    arena_release(&arena);
}

static void log_listening(const struct server *s)
{
    bool v6 = strchr(s->address.host, ':') != NULL;
    log_event(LOG_INFO, "listening", "address=%s%s%s:%u data=%s version=%s", v6 ? "[" : "",
              s->address.host, v6 ? "]" : "", s->address.port, LOG_Q(str_of(s->options->data_dir)),
              GANTRY_VERSION);
}

int server_run(const struct options *options, const struct serve_as *as)
{
    struct server s = {.options = options};
    struct err err = ERR_NONE;
    enum log_level level = LOG_INFO;
    (void)log_level_of(str_of(options->log_level), &level);
    log_init(level);
    block_signals();
    raise_file_limit(options);
    warn_of_unknown_settings();
    digest_init();
    bool open = open_rooms(&s, as, &err);
    if (open) {
        warn_of_missing_admin(&s);
        log_listening(&s);
        if (as->ready != NULL)
            as->ready(&s.address);
        int signal = wait_for_signal();
        log_event(LOG_INFO, "stopping", "signal=%s", sigabbrev_np(signal));
    }
    close_rooms(&s);
    if (!open)
        return cli_failed(&err);
    log_event(LOG_INFO, "stopped", NULL);
    return EXIT_DONE;
}

int serve_run(const struct cli *cli)
{
    struct options options;
    int code = cli_options(cli, &options);
    if (code == EXIT_DONE)
        code = server_run(&options, &(struct serve_as){.use = FOLDER_USUAL});
    options_close(&options);
    return code;
}
