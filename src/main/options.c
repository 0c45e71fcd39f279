/* The table of the process's settings, and the few rules that its kinds cannot say. */
#include "main/options.h"

#include <arpa/inet.h>

#include "main/scripts.h"

enum { FLAG_BYTES = 128, TOKEN_BYTES_MIN = 16 };

#define KB     (INT64_C(1) << 10)
#define MB     (INT64_C(1) << 20)
#define GB     (INT64_C(1) << 30)
#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)

#define MEMBER(name) offsetof(struct options, name)

static const struct config_field fields[] = {
    {.section = "server",
     .key = "listen",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(listen),
     .fallback = "127.0.0.1:3000",
     .min = 1,
     .flag = "--listen",
     .help = "Address and port to listen on; port 0 takes any free one"},
    {.section = "server",
     .key = "loops",
     .kind = CONFIG_INT,
     .offset = MEMBER(loops),
     .fallback = "0",
     .max = 64,
     .help = "Threads that serve connections; 0 is one for each core"},
    {.section = "server",
     .key = "stop_timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(stop_timeout_ms),
     .fallback = "10s",
     .max = HOUR,
     .help = "How long a stop waits for the requests in progress before it cuts them"},
    {.section = "server",
     .key = "root_url",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(root_url),
     .env = "ROOT_URL",
     .help = "Where clients reach this server, the value of the setting Site_Url; empty is "
             "http://localhost and the port"},

    {.section = "data",
     .key = "dir",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(data_dir),
     .fallback = "gantry-data",
     .min = 1,
     .flag = "--data",
     .help = "Folder of the database; it is made when it is not there"},

    {.section = "http",
     .key = "header_timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(header_timeout_ms),
     .fallback = "10s",
     .min = 1,
     .max = HOUR,
     .help = "From the first byte of a request to the end of its headers"},
    {.section = "http",
     .key = "body_timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(body_timeout_ms),
     .fallback = "30s",
     .min = 1,
     .max = HOUR,
     .help = "From the end of the headers to the end of the body"},
    {.section = "http",
     .key = "idle_timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(idle_timeout_ms),
     .fallback = "1m",
     .min = 1,
     .max = 24 * HOUR,
     .help = "Between two requests of a connection"},
    {.section = "http",
     .key = "write_timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(write_timeout_ms),
     .fallback = "30s",
     .min = 1,
     .max = HOUR,
     .help = "How long a client may take nothing of an answer"},
    {.section = "http",
     .key = "header_bytes",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(header_bytes),
     .fallback = "16k",
     .min = KB,
     .max = MB,
     .help = "Request line and headers together"},
    {.section = "http",
     .key = "header_count",
     .kind = CONFIG_INT,
     .offset = MEMBER(header_count),
     .fallback = "100",
     .min = 10,
     .max = 1000,
     .help = "Headers of a request"},
    {.section = "http",
     .key = "body_bytes",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(body_bytes),
     .fallback = "50m",
     .min = KB,
     .max = GB,
     .help = "Body of a request"},
    {.section = "http",
     .key = "connections",
     .kind = CONFIG_INT,
     .offset = MEMBER(connections),
     .fallback = "10000",
     .min = 1,
     .max = 1000000,
     .help = "Connections at a time; one more is answered 503 and closed"},
    {.section = "http",
     .key = "forwarded_count",
     .kind = CONFIG_INT,
     .offset = MEMBER(forwarded_count),
     .env = "HTTP_FORWARDED_COUNT",
     .max = 16,
     .help = "Proxies in front: this entry of X-Forwarded-For, from the right, is the client's "
             "address; 0 ignores the header"},
    {.section = "http",
     .key = "real_ip",
     .kind = CONFIG_BOOL,
     .offset = MEMBER(real_ip),
     .help = "Whether X-Real-IP is believed; only behind a proxy that sets it"},

    {.section = "store",
     .key = "readers",
     .kind = CONFIG_INT,
     .offset = MEMBER(readers),
     .fallback = "2",
     .min = 1,
     .max = 16,
     .help = "Threads that read lists from the database"},
    {.section = "store",
     .key = "queue_jobs",
     .kind = CONFIG_INT,
     .offset = MEMBER(queue_jobs),
     .fallback = "4096",
     .min = 1,
     .max = 1000000,
     .help = "Changes, and likewise questions, that wait for the database; one more is answered "
             "503"},
    {.section = "store",
     .key = "queue_bytes",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(queue_bytes),
     .fallback = "512m",
     .min = MB,
     .max = 64 * GB,
     .help = "Memory of what waits for the database"},
    {.section = "store",
     .key = "wal_bytes",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(wal_bytes),
     .fallback = "32m",
     .min = MB,
     .max = 64 * GB,
     .help = "Size of the write-ahead log at which the writer moves it into the database itself"},
    {.section = "store",
     .key = "file_bytes",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(file_bytes),
     .help = "Size the database may not grow past; 0 is no limit but the disk"},

    {.section = "api",
     .key = "compatible_version",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(compatible_version),
     .fallback = "8.8.1",
     .min = 5,
     .max = 32,
     .help = "The Rocket.Chat version that /api/info tells clients"},
    {.section = "api",
     .key = "call_bytes",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(call_bytes),
     .fallback = "256m",
     .min = MB,
     .max = 64 * GB,
     .help = "Memory that one call may use; one that needs more is refused"},
    {.section = "api",
     .key = "call_timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(call_timeout_ms),
     .fallback = "10s",
     .min = 1,
     .max = HOUR,
     .help = "A call that waits in a queue and is not begun by then is answered 503"},
    {.section = "api",
     .key = "create_tokens_secret",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(create_tokens_secret),
     .env = "CREATE_TOKENS_FOR_USERS_SECRET",
     .secret = true,
     .help = "What users.createToken asks for; empty refuses it to everybody"},
    {.section = "api",
     .key = "freeze_scripts",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(freeze_scripts),
     .fallback = "no",
     .choices = "no false yes true ivm",
     .env = "FREEZE_INTEGRATION_SCRIPTS",
     .help = "Whether integrations are kept from getting new or changed scripts; ivm differs from "
             "yes in the error's name"},
    {.section = "api",
     .key = "test_mode",
     .kind = CONFIG_BOOL,
     .offset = MEMBER(test_mode),
     .env = "TEST_MODE",
     .help = "For test suites: no rate limits, and an administrator whose name and password are "
             "rocketchat.internal.admin.test; never on a server that others can reach"},

    {.section = "scripts",
     .key = "disable",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(disable_scripts),
     .fallback = "no",
     .choices = "no false yes true ivm",
     .env = "DISABLE_INTEGRATION_SCRIPTS",
     .help = "Whether scripts of integrations are kept but not run: calls then pass as if there "
             "were none; everything but no and false means yes"},
    {.section = "scripts",
     .key = "workers",
     .kind = CONFIG_INT,
     .offset = MEMBER(script_workers),
     .fallback = "0",
     .max = 8,
     .help = "Jailed processes that run scripts; 0 is one for each core, 2 to 8"},
    {.section = "scripts",
     .key = "cpu_time",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(script_cpu_ms),
     .fallback = "3s",
     .min = 10,
     .max = 60 * SECOND,
     .help = "Processor time of a script's evaluation, and of each call"},
    {.section = "scripts",
     .key = "wall_time",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(script_wall_ms),
     .fallback = "20s",
     .min = 100,
     .max = HOUR,
     .help = "How long a call may take with all that it waits for"},
    {.section = "scripts",
     .key = "memory",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(script_heap_bytes),
     .fallback = "8m",
     .min = MB,
     .max = 16 * MB,
     .help = "Memory of a script's instance"},
    {.section = "scripts",
     .key = "result",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(script_result_bytes),
     .fallback = "1m",
     .min = KB,
     .max = 4 * MB,
     .help = "What a method may return, as JSON"},
    {.section = "scripts",
     .key = "console_lines",
     .kind = CONFIG_INT,
     .offset = MEMBER(script_console_lines),
     .fallback = "100",
     .max = 1000,
     .help = "Lines of console output that are kept of a call"},
    {.section = "scripts",
     .key = "console_line",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(script_console_line_bytes),
     .fallback = "4k",
     .min = 80,
     .max = 64 * KB,
     .help = "Length at which such a line is cut"},
    {.section = "scripts",
     .key = "states",
     .kind = CONFIG_SIZE,
     .offset = MEMBER(script_state_bytes),
     .fallback = "256m",
     .min = 16 * MB,
     .max = 64 * GB,
     .help = "Memory for what scripts keep between calls; what does not fit goes to a file that "
             "has no name"},
    {.section = "scripts",
     .key = "unjailed",
     .kind = CONFIG_BOOL,
     .offset = MEMBER(scripts_unjailed),
     .help = "Whether scripts run although the kernel refuses the jail; only where nobody but the "
             "operator writes scripts"},

    {.section = "delivery",
     .key = "in_flight",
     .kind = CONFIG_INT,
     .offset = MEMBER(delivery_in_flight),
     .fallback = "8",
     .min = 1,
     .max = 1000,
     .help = "Calls of one outgoing integration at a time"},
    {.section = "delivery",
     .key = "per_host",
     .kind = CONFIG_INT,
     .offset = MEMBER(delivery_per_host),
     .fallback = "16",
     .min = 1,
     .max = 1000,
     .help = "Calls to one host at a time, whichever integrations make them"},
    {.section = "delivery",
     .key = "total",
     .kind = CONFIG_INT,
     .offset = MEMBER(delivery_total),
     .fallback = "2048",
     .min = 1,
     .max = 10000,
     .help = "Calls at a time; each holds a connection and the payload"},
    {.section = "delivery",
     .key = "timeout",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(delivery_timeout_ms),
     .fallback = "20s",
     .min = 10,
     .max = 600 * SECOND,
     .help = "How long a call may take when neither its script nor its integration says otherwise"},
    {.section = "delivery",
     .key = "jitter",
     .kind = CONFIG_INT,
     .offset = MEMBER(delivery_jitter),
     .fallback = "0",
     .min = 0,
     .max = 100,
     .help = "Largest part of the wait before a retry that is added to it by chance, in percent"},
    {.section = "delivery",
     .key = "breaker_failures",
     .kind = CONFIG_INT,
     .offset = MEMBER(breaker_failures),
     .fallback = "10",
     .min = 1,
     .max = 1000000,
     .help = "Calls in a row without any answer after which an integration is tried one call at a "
             "time"},
    {.section = "delivery",
     .key = "breaker_pause",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(breaker_pause_ms),
     .fallback = "1s",
     .min = 0,
     .max = HOUR,
     .help = "Pause between two such tries; it doubles with each that fails"},
    {.section = "delivery",
     .key = "breaker_pause_max",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(breaker_pause_max_ms),
     .fallback = "30s",
     .min = 0,
     .max = 24 * HOUR,
     .help = "The longest of these pauses"},

    {.section = "outbound",
     .key = "allow",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(outbound_allow),
     .max = 64 * KB,
     .help = "What this server may connect to besides public addresses: ranges, addresses, hosts, "
             "with commas between, such as 10.0.0.0/8,ci.example; the setting SSRF_Allowlist adds "
             "to it at the start"},

    {.section = "events",
     .key = "heartbeat",
     .kind = CONFIG_DURATION,
     .offset = MEMBER(heartbeat_ms),
     .fallback = "15s",
     .min = 10,
     .max = HOUR,
     .help =
         "After so much silence a stream of events gets a line without meaning, so that proxies "
         "keep it open and clients that have gone are noticed"},

    {.section = "metrics",
     .key = "access",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(metrics_access),
     .fallback = "loopback",
     .choices = "off loopback token open",
     .help = "Who may read GET /metrics: nobody, programs on this machine that come without a "
             "proxy, whoever has metrics.token, or everybody"},
    {.section = "metrics",
     .key = "token",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(metrics_token),
     .max = 1024,
     .secret = true,
     .help = "What a reader sends as \"Authorization: Bearer …\"; at least 16 characters"},

    {.section = "accounts",
     .key = "admin_username",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(admin_username),
     .fallback = "admin",
     .min = 1,
     .max = 128,
     .env = "ADMIN_USERNAME",
     .help = "Name of the administrator that is made at a start when there is none"},
    {.section = "accounts",
     .key = "admin_password",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(admin_password),
     .env = "ADMIN_PASS",
     .secret = true,
     .help = "His password; empty makes no administrator"},
    {.section = "accounts",
     .key = "admin_name",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(admin_name),
     .fallback = "Administrator",
     .max = 128,
     .env = "ADMIN_NAME",
     .help = "His full name"},
    {.section = "accounts",
     .key = "admin_email",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(admin_email),
     .max = 254,
     .env = "ADMIN_EMAIL",
     .help = "His e-mail address"},
    {.section = "accounts",
     .key = "admin_email_verified",
     .kind = CONFIG_BOOL,
     .offset = MEMBER(admin_email_verified),
     .env = "ADMIN_EMAIL_VERIFIED",
     .help = "Whether the address counts as verified"},

    {.section = "log",
     .key = "level",
     .kind = CONFIG_TEXT,
     .offset = MEMBER(log_level),
     .fallback = "info",
     .choices = "debug info warn error",
     .flag = "--log-level",
     .help = "The least important lines that are written"},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* Variables that begin like ours and are no settings. */
static const char *const other_variables[] = {
    "GANTRY_CONFIG",      /* what --config says */
    "GANTRY_CRASH_AT",    /* base/crash.h */
    "GANTRY_WALL_OFFSET", /* base/clock.h */
    "GANTRY_NAMES",       /* main/scripts.c */
    "GANTRY_BIN",         /* where the tests find the program */
    NULL,
};

/* Reading */

static void begin(struct options *o)
{
    *o = (struct options){.loops = 0};
    config_init(&o->config, fields, FIELDS, o, "GANTRY_");
    config_defaults(&o->config);
}

bool options_open(struct options *o, const char *file, char *const *environment, struct err *err)
{
    begin(o);
    return (file == NULL || config_load_file(&o->config, file, err)) &&
           config_load_env(&o->config, environment, other_variables, err);
}

void options_close(struct options *o)
{
    config_release(&o->config);
}

static const char dashes[] = "--";

/* "--http.idle_timeout", rather than "--listen". */
static bool is_dotted(struct str flag)
{
    return str_starts(flag, str_of(dashes)) && str_find_char(flag, '.') != SIZE_MAX;
}

/* The flag as config knows it: "--listen", "http.idle_timeout". */
static void put_config_name(struct str flag, struct buf *out)
{
    (void)buf_add(out, is_dotted(flag) ? str_after(flag, strlen(dashes)) : flag);
}

bool options_set(struct options *o, struct str flag, struct str value, struct err *err)
{
    struct err why;
    BUF(name, FLAG_BYTES);
    put_config_name(flag, &name);
    return config_set(&o->config, name.ptr, value, &why) ||
           err_invalid(err, "%s%s", is_dotted(flag) ? dashes : "", why.text);
}

bool options_known(struct str flag)
{
    struct config c = {.fields = fields, .count = FIELDS};
    BUF(name, FLAG_BYTES);
    put_config_name(flag, &name);
    return config_find(&c, name.ptr) != NULL;
}

bool options_flag(size_t n, struct buf *out)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (n-- == 0)
            return buf_addf(out, "%s%s.%s", dashes, fields[i].section, fields[i].key);
        if (fields[i].flag != NULL && n-- == 0)
            return buf_add(out, str_of(fields[i].flag));
    }
    return false;
}

/* The rules beyond the table */

static bool read_port(struct str text, unsigned *out)
{
    int64_t port;
    if (!str_to_i64(text, &port) || port < 0 || port > UINT16_MAX)
        return false;
    *out = (unsigned)port;
    return true;
}

/* What may stand before the port besides a numeric address. */
static const struct {
    const char *written, *host;
} host_names[] = {{"", "0.0.0.0"}, {"localhost", "127.0.0.1"}};
enum { HOST_NAMES = sizeof(host_names) / sizeof(host_names[0]) };

static bool read_host(struct str text, struct address *out)
{
    struct in_addr v4;
    struct in6_addr v6;
    bool brackets = str_starts(text, STR("[")) && str_ends(text, STR("]"));
    if (brackets)
        text = str_slice(text, 1, text.len - 1);
    for (size_t i = 0; i < HOST_NAMES && !brackets; i++) {
        if (str_is(text, host_names[i].written))
            text = str_of(host_names[i].host);
    }
    if (text.len >= sizeof(out->host))
        return false;
    memcpy(out->host, text.ptr, text.len);
    out->host[text.len] = '\0';
    if (brackets && inet_pton(AF_INET6, out->host, &v6) == 1)
        out->loopback = IN6_IS_ADDR_LOOPBACK(&v6);
    else if (!brackets && inet_pton(AF_INET, out->host, &v4) == 1)
        out->loopback = ntohl(v4.s_addr) >> 24 == 127;
    else
        return false;
    return true;
}

bool options_address(struct str text, struct address *out, struct err *err)
{
    struct address address;
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    if (colon > 0 && read_host(str_slice(text, 0, colon - 1), &address) &&
        read_port(str_after(text, colon), &address.port)) {
        *out = address;
        return true;
    }
    return err_invalid(err,
                       "\"%.*s\" is no address to listen on; write a numeric address and a port, "
                       "such as 127.0.0.1:3000, [::1]:3000 or 0.0.0.0:3000",
                       STR_FMT(text));
}

static bool check_listen(const struct options *o, struct err *err)
{
    struct address address;
    return options_address(str_of(o->listen), &address, err);
}

static bool check_root_url(const struct options *o, struct err *err)
{
    struct str url = str_of(o->root_url);
    if (str_empty(url) || str_starts(url, STR("http://")) || str_starts(url, STR("https://")))
        return true;
    return err_invalid(err, "\"%s\" is no URL; write it with http:// or https://", o->root_url);
}

static bool check_metrics(const struct options *o, struct err *err)
{
    if (!str_is(str_of(o->metrics_access), "token") || strlen(o->metrics_token) >= TOKEN_BYTES_MIN)
        return true;
    return err_invalid(err, "\"token\" asks for metrics.token with %d characters or more",
                       TOKEN_BYTES_MIN);
}

/* The guard names its key itself, and so does whoever asks for this. */
static bool check_outbound(const struct options *o, struct err *err)
{
    static const struct str key = STR_INIT("outbound.allow: ");
    struct err why;
    if (outbound_allow_check(o->outbound_allow, &why))
        return true;
    struct str text = str_of(why.text);
    return err_invalid(err, "%s", str_after(text, str_starts(text, key) ? key.len : 0).ptr);
}

static const struct {
    const char *name;
    bool (*check)(const struct options *o, struct err *err);
} rules[] = {
    {"server.listen", check_listen},
    {"server.root_url", check_root_url},
    {"outbound.allow", check_outbound},
    {"metrics.access", check_metrics},
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

bool options_check(const struct options *o, struct err *err)
{
    struct err why;
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].check(o, &why))
            continue;
        const struct config_field *field = config_find(&o->config, rules[i].name);
        return err_invalid(err, "%s: %s: %s", o->config.origins[field - fields], rules[i].name,
                           why.text);
    }
    return true;
}

/* Showing */

void options_print(const struct options *o, FILE *out)
{
    config_print_effective(&o->config, out);
}

void options_print_help(FILE *out)
{
    struct options o;
    begin(&o);
    config_print_help(&o.config, out);
    options_close(&o);
}

static const char markdown_head[] =
    "# Configuration\n"
    "\n"
    "Gantry runs without any. What you want otherwise you say in a file, in the environment or on\n"
    "the command line; where two of them speak, the later one in this list counts:\n"
    "\n"
    "1. the defaults of the tables below;\n"
    "2. the file named by `--config FILE` or by the variable `GANTRY_CONFIG`;\n"
    "3. environment variables: `GANTRY_SECTION_KEY`, for some settings also the name that\n"
    "   Rocket.Chat uses (the former counts when both are there);\n"
    "4. flags: `--section.key VALUE` for every setting, and a short one for some.\n"
    "\n"
    "The file has sections and lines, and comments behind `;` or `#`:\n"
    "\n"
    "```ini\n"
    "[server]\n"
    "listen = 127.0.0.1:3000\n"
    "\n"
    "[http]\n"
    "body_bytes = 10m\n"
    "```\n"
    "\n"
    "Sizes are bytes, or have `k`, `m` or `g` behind them (powers of 1024); durations have `ms`, "
    "`s`,\n"
    "`m`, `h` or `d`. An unknown name or a wrong value ends the start and says where it stands.\n"
    "All of it is read at the start: a change counts after a restart.\n"
    "`gantry check-config` takes the same flags as `gantry serve`; it prints the values in force\n"
    "and where each comes from, and starts nothing.\n"
    "\n"
    "## Who can reach the server\n"
    "\n"
    "By default only programs on the same machine can: Gantry speaks plain HTTP, and a proxy in\n"
    "front of it (nginx, Caddy, HAProxy) adds TLS. Set `http.forwarded_count` to the number of\n"
    "proxies, so that limits count the clients and not the proxy. Without a proxy, in a private\n"
    "network or in a container, open it with `--listen 0.0.0.0:3000` (or `[::]:3000`).\n"
    "\n";

static const char markdown_tail[] =
    "\n"
    "## Settings of the workspace\n"
    "\n"
    "What Rocket.Chat calls settings (`API_Enable_Rate_Limiter` and so on) is kept in the "
    "database\n"
    "and changed by `POST /api/v1/settings/:id`. The variable `OVERWRITE_SETTING_<id>` forces one "
    "at\n"
    "every start: `true` and `false` are booleans, digits are a number where the setting is one,\n"
    "everything else is text.\n";

void options_print_markdown(FILE *out)
{
    struct options o;
    begin(&o);
    (void)fputs(markdown_head, out);
    config_print_markdown(&o.config, out);
    (void)fputs(markdown_tail, out);
    options_close(&o);
}
