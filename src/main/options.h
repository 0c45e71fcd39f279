/* The settings of the process: one table drives the file, the environment, the flags, --help and
 * docs/configuration.md. (Settings that administrators change while the server runs are another
 * thing: model/setting.h.)
 *
 * A later source overrides an earlier one: default, file, environment, command line. Read by the
 * main thread before the others start, constant afterwards.
 */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "base/config.h"

struct options {
    /* [server] */
    const char *listen; /* HOST:PORT, see options_address() */
    int64_t loops;      /* 0: one for each core */
    int64_t stop_timeout_ms;
    const char *root_url; /* without slash at the end; empty: derived from the port */
    /* [data] */
    const char *data_dir;
    /* [http] */
    int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms, write_timeout_ms;
    int64_t header_bytes, header_count, body_bytes, connections;
    int64_t forwarded_count;
    bool real_ip;
    /* [store] */
    int64_t readers, queue_jobs, queue_bytes, wal_bytes, file_bytes;
    /* [api] */
    const char *compatible_version;
    bool test_mode;
    const char *create_tokens_secret; /* empty: none */
    const char *freeze_scripts;       /* "no", "yes" or "ivm", and what else the table allows */
    int64_t call_bytes, call_timeout_ms;
    /* [scripts] */
    const char *disable_scripts; /* as freeze_scripts */
    int64_t script_workers;      /* 0: as many as there are cores, 2 to 8 */
    int64_t script_cpu_ms, script_wall_ms, script_heap_bytes, script_result_bytes;
    int64_t script_console_lines, script_console_line_bytes, script_state_bytes;
    bool scripts_unjailed;
    /* [delivery] */
    int64_t delivery_in_flight, delivery_per_host, delivery_total, delivery_timeout_ms;
    int64_t delivery_jitter; /* percent */
    int64_t breaker_failures, breaker_pause_ms, breaker_pause_max_ms;
    /* [outbound] */
    const char *outbound_allow; /* entries of guard.h, with commas between */
    /* [events] */
    int64_t heartbeat_ms;
    /* [metrics] */
    const char *metrics_access; /* "off", "loopback", "token" or "open" */
    const char *metrics_token;
    /* [accounts] */
    const char *admin_username, *admin_password, *admin_name, *admin_email;
    bool admin_email_verified;
    /* [log] */
    const char *log_level;

    struct config config; /* of options.c */
};

/* Defaults, then the file (NULL: none), then the environment. False and *err: the first wrong
 * value, with its place. options_close() is due in both cases. */
bool options_open(struct options *o, const char *file, char *const *environment, struct err *err);
void options_close(struct options *o);
/* One setting by its flag ("--listen") or its name behind two dashes ("--http.idle_timeout"). */
bool options_set(struct options *o, struct str flag, struct str value, struct err *err);
/* What the kinds of the table cannot say: that the address is one, and so on. After the last set.
 */
bool options_check(const struct options *o, struct err *err);

/* Whether a flag names a setting; whatever it is set to comes behind it. */
bool options_known(struct str flag);
/* For hints: the n-th of all flags and names, as written on the command line. False: no more. */
bool options_flag(size_t n, struct buf *out);

enum { ADDRESS_HOST_BYTES = 46 }; /* the longest IPv6 address, and '\0' */

struct address {
    char host[ADDRESS_HOST_BYTES]; /* numeric */
    unsigned port;
    bool loopback;
};

/* "127.0.0.1:3000", "[::1]:3000", "localhost:0", ":3000" (all of IPv4). False and *err otherwise.
 */
bool options_address(struct str text, struct address *out, struct err *err);

void options_print_help(FILE *out);                     /* the settings, for --help */
void options_print_markdown(FILE *out);                 /* the whole of docs/configuration.md */
void options_print(const struct options *o, FILE *out); /* values in force, with their origins */
