/* The rooms of scripts, opened from the settings; see scripts.h. */
#include "main/scripts.h"

#include <stdlib.h>

#include "base/log.h"
#include "http/client.h"
#include "http/guard.h"

enum {
    ALLOWED_MAX = 1000,       /* entries */
    CLIENT_CONNECTIONS = 256, /* of all scripts; deliveries have as many as they may be */
    CLIENT_PER_HOST = 32,
    CLIENT_IDLE = 32,
};

static const char user_agent[] = "Gantry/" GANTRY_VERSION;

bool switch_is_on(const char *value)
{
    return !str_is(str_of(value), "no") && !str_is(str_of(value), "false");
}

/* --- the guard --- */

struct entries {
    struct str items[ALLOWED_MAX];
    size_t count;
};

static bool is_entry(struct str text)
{
    struct err err;
    struct guard *guard = guard_new(&text, 1, &err);
    guard_free(guard);
    if (guard == NULL)
        log_event(LOG_WARN, "bad-allowlist-entry", "setting=SSRF_Allowlist error=%s",
                  LOG_Q(str_of(err.text)));
    return guard != NULL;
}

/* Those of a list with commas or line ends between. A tolerant list leaves out what is none: it was
 * written while the server ran, and must not keep it from starting. */
static void add_entries(struct entries *entries, struct str list, bool tolerant)
{
    struct str line, entry;
    while (str_split(&list, '\n', &line)) {
        while (str_split(&line, ',', &entry)) {
            entry = str_trim(entry);
            if (!str_empty(entry) && entries->count < ALLOWED_MAX && (!tolerant || is_entry(entry)))
                entries->items[entries->count++] = entry;
        }
    }
}

static struct guard *open_guard(const char *allow, struct str more, struct err *err)
{
    struct entries entries = {.count = 0};
    add_entries(&entries, str_of(allow), false);
    add_entries(&entries, more, true);
    return guard_new(entries.items, entries.count, err);
}

bool outbound_allow_check(const char *allow, struct err *err)
{
    struct guard *guard = open_guard(allow, STR(""), err);
    guard_free(guard);
    return guard != NULL;
}

/* --- the pool --- */

static struct script_limits limits_of(const struct options *o)
{
    return (struct script_limits){
        .cpu_ms = o->script_cpu_ms,
        .wall_ms = o->script_wall_ms,
        .heap_bytes = o->script_heap_bytes,
        .result_bytes = o->script_result_bytes,
        .console_lines = o->script_console_lines,
        .console_line_bytes = o->script_console_line_bytes,
    };
}

/* In builds for tests the variable GANTRY_NAMES is a name and what it resolves to, look-up after
 * look-up, as in http/client.h. */
static void take_test_name(struct client_config *config, struct str *name)
{
#ifdef GANTRY_CRASH_POINTS
    *name = str_of(getenv("GANTRY_NAMES"));
    config->names = name;
    config->name_count = str_empty(*name) ? 0 : 1;
#else
    (void)config;
    (void)name;
#endif
}

static bool open_client(struct script_rooms *rooms, const struct options *o, struct err *err)
{
    struct str name;
    struct client_config config = {
        .guard = rooms->guard,
        .user_agent = user_agent,
        .max_connections = CLIENT_CONNECTIONS + (unsigned)o->delivery_total,
        .max_per_host = CLIENT_PER_HOST + (unsigned)o->delivery_per_host,
        .idle_connections = CLIENT_IDLE + (unsigned)o->delivery_total,
    };
    client_config_environment(&config);
    take_test_name(&config, &name);
    rooms->client = client_open(&config, err);
    return rooms->client != NULL;
}

static bool open_pool(struct script_rooms *rooms, const struct options *o, unsigned workers,
                      const char *folder, struct err *err)
{
    rooms->pool =
        scripts_open(&(struct scripts_config){.workers = workers,
                                              .limits = limits_of(o),
                                              .image_bytes = (size_t)o->script_state_bytes,
                                              .folder = folder,
                                              .unjailed = o->scripts_unjailed,
                                              .client = rooms->client},
                     err);
    return rooms->pool != NULL;
}

bool script_rooms_open(struct script_rooms *rooms, const struct options *options,
                       struct str more_allowed, unsigned workers, const char *folder,
                       struct err *err)
{
    *rooms = (struct script_rooms){.guard = open_guard(options->outbound_allow, more_allowed, err)};
    return rooms->guard != NULL && open_client(rooms, options, err) &&
           (switch_is_on(options->disable_scripts) ||
            open_pool(rooms, options, workers, folder, err));
}

void script_rooms_stop(struct script_rooms *rooms)
{
    if (rooms->pool != NULL)
        scripts_stop(rooms->pool);
    if (rooms->client != NULL)
        client_close(rooms->client);
    rooms->client = NULL;
}

void script_rooms_close(struct script_rooms *rooms)
{
    script_rooms_stop(rooms);
    scripts_free(rooms->pool);
    guard_free(rooms->guard);
    *rooms = (struct script_rooms){0};
}
