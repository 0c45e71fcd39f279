/* What the server says of itself. Clients decide by the version which calls they may make, so it is
 * that of the reference whose API this server speaks (a setting of the process); its own version
 * stands beside it. Runs on the loop. */
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "api/api.h"
#include "api/endpoint.h"
#include "domain/access.h"

/* The oldest clients that speak the version's API. */
#define MINIMUM_CLIENTS "{\"desktop\":\"3.9.6\",\"mobile\":\"4.39.0\"}"

/* "8.8" of "8.8.1": who may not know everything learns no more. */
static struct str major_minor(struct str version)
{
    size_t major = str_find_char(version, '.');
    if (major == SIZE_MAX)
        return version;
    size_t minor = str_find_char(str_after(version, major + 1), '.');
    return minor == SIZE_MAX ? version : str_slice(version, 0, major + 1 + minor);
}

/* The cores this process may use; 0 when the system does not say. */
static int64_t cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

static void put_build(struct json_out *info)
{
    struct utsname system;
    struct sysinfo memory;
    bool known = uname(&system) == 0, measured = sysinfo(&memory) == 0;
    json_key(info, "build");
    struct json_out o = json_begin(info->buf, '{');
    json_member_str(&o, "gantryVersion", STR(GANTRY_VERSION));
    json_member_str(&o, "platform", STR("linux"));
    if (known) {
        json_member_str(&o, "arch", str_of(system.machine));
        json_member_str(&o, "osRelease", str_of(system.release));
    }
    if (measured) {
        json_member_i64(&o, "totalMemory", (int64_t)memory.totalram * memory.mem_unit);
        json_member_i64(&o, "freeMemory", (int64_t)memory.freeram * memory.mem_unit);
    }
    json_member_i64(&o, "cpus", cores());
    json_end(&o);
}

static void put_info(struct json_out *answer, struct str version)
{
    json_key(answer, "info");
    struct json_out o = json_begin(answer->buf, '{');
    json_member_str(&o, "version", version);
    put_build(&o);
    json_member_raw(&o, "commit", STR("{}"));
    json_end(&o);
}

static bool info(struct call *call, struct err *err)
{
    (void)err;
    struct str version = str_of(call->api->compatible_version);
    bool all = access_has(call->api->catalog, call->user, PERM_VIEW_STATISTICS);
    struct json_out o = call_members(call);
    json_member_str(&o, "version", all ? version : major_minor(version));
    json_member_raw(&o, "minimumClientVersions", STR(MINIMUM_CLIENTS));
    if (all)
        put_info(&o, version);
    return true;
}

/* There is no licence, and nothing that needs one. */
static bool licenses_info(struct call *call, struct err *err)
{
    (void)err;
    struct json_out o = call_members(call);
    json_member_raw(&o, "license",
                    STR("{\"activeModules\":[],\"externalModules\":[],\"preventedActions\":{},"
                        "\"limits\":{},\"tags\":[],\"trial\":false}"));
    return true;
}

const struct endpoint endpoints_info[] = {
    {
        .method = HTTP_GET,
        .path = "/api/info",
        .auth = AUTH_OPTIONAL,
        .unlimited = true,
        .steps = {ON_LOOP(info)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/info",
        .auth = AUTH_OPTIONAL,
        .unlimited = true,
        .steps = {ON_LOOP(info)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/licenses.info",
        .steps = {ON_LOOP(licenses_info)},
    },
    {.path = NULL},
};
