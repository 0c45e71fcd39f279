/* The rooms of scripts, opened from the settings; see scripts.h. */
#include "main/scripts.h"

#include "http/client.h"
#include "http/guard.h"

enum {
    ALLOWED_MAX = 1000, /* entries */
    ALLOWED_BYTES = 256 << 10,
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

/* Entries of a list with commas or line ends between. */
static size_t add_entries(struct str list, struct str *entries, size_t count)
{
    struct str line, entry;
    while (str_split(&list, '\n', &line)) {
        while (str_split(&line, ',', &entry)) {
            entry = str_trim(entry);
            if (!str_empty(entry) && count < ALLOWED_MAX)
                entries[count++] = entry;
        }
    }
    return count;
}

static struct guard *open_guard(const char *allow, struct str more, struct err *err)
{
    struct arena arena;
    arena_init(&arena, ALLOWED_BYTES);
    struct str *entries = ARENA_ARRAY(&arena, struct str, ALLOWED_MAX);
    size_t count = add_entries(str_of(allow), entries, 0);
    count = add_entries(more, entries, count);
    struct guard *guard = guard_new(entries, count, err);
    arena_release(&arena);
    return guard;
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

static bool open_client(struct script_rooms *rooms, const struct options *o, struct err *err)
{
    rooms->client = client_open(
        &(struct client_config){.guard = rooms->guard,
                                .user_agent = user_agent,
                                .max_connections = CLIENT_CONNECTIONS + (unsigned)o->delivery_total,
                                .max_per_host = CLIENT_PER_HOST + (unsigned)o->delivery_per_host,
                                .idle_connections = CLIENT_IDLE},
        err);
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
