/* The settings of the process, from wherever they are said, and the few rules that the kinds of
 * options_table.c cannot say. */
#include "main/options_table.h"

#include <arpa/inet.h>

#include "main/scripts.h"

enum { FLAG_BYTES = 128, TOKEN_BYTES_MIN = 16 };

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
    config_init(&o->config, option_fields, option_field_count, o, "GANTRY_");
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
    struct config c = {.fields = option_fields, .count = option_field_count};
    BUF(name, FLAG_BYTES);
    put_config_name(flag, &name);
    return config_find(&c, name.ptr) != NULL;
}

bool options_flag(size_t n, struct buf *out)
{
    for (size_t i = 0; i < option_field_count; i++) {
        if (n-- == 0)
            return buf_addf(out, "%s%s.%s", dashes, option_fields[i].section, option_fields[i].key);
        if (option_fields[i].flag != NULL && n-- == 0)
            return buf_add(out, str_of(option_fields[i].flag));
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
        return err_invalid(err, "%s: %s: %s", o->config.origins[field - option_fields],
                           rules[i].name, why.text);
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
