/* The metrics, one row each. Names and labels are read by other people's dashboards: they stay as
 * they are. Nothing in them may tell who somebody is, what he wrote or to whom; docs/operations.md
 * explains each. */
#include "base/metric_table.h"

#define SECONDS 1e-6

/* Microseconds. */
static const int64_t times[] = {50,     100,     250,     500,     1000,     2500,
                                5000,   10000,   25000,   50000,   100000,   250000,
                                500000, 1000000, 2500000, 5000000, 10000000, 0};
static const int64_t sizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 0};

const struct metric_row metric_rows[METRIC_COUNT] = {
    [METRIC_REQUESTS] =
        {
            .name = "gantry_http_requests_total",
            .help = "Requests answered, by endpoint family and class of the status",
            .kind = METRIC_COUNTER,
            .labels = {{"family", NULL}, {"class", "2xx 3xx 4xx 5xx"}},
        },
    [METRIC_REQUEST_TIME] =
        {
            .name = "gantry_http_request_seconds",
            .help = "From the whole request to its answer",
            .kind = METRIC_HISTOGRAM,
            .scale = SECONDS,
            .labels = {{"family", NULL}},
            .bounds = times,
        },
    [METRIC_REFUSED] =
        {
            .name = "gantry_http_refused_total",
            .help = "Connections ended for requests that are malformed or too slow, or that are "
                    "too many",
            .kind = METRIC_COUNTER,
        },
    [METRIC_CONNECTIONS] =
        {
            .name = "gantry_http_connections",
            .help = "Open connections",
            .kind = METRIC_GAUGE,
        },
    [METRIC_LANE_WAITING] =
        {
            .name = "gantry_lane_waiting",
            .help = "Jobs that wait for a thread",
            .kind = METRIC_GAUGE,
            .labels = {{"lane", "work reader writer disk other"}},
        },

    [METRIC_COMMIT_TIME] =
        {
            .name = "gantry_store_commit_seconds",
            .help = "From the first command of a batch until the batch is durable",
            .kind = METRIC_HISTOGRAM,
            .scale = SECONDS,
            .bounds = times,
        },
    [METRIC_BATCH_COMMANDS] =
        {
            .name = "gantry_store_batch_commands",
            .help = "Commands of a committed batch",
            .kind = METRIC_HISTOGRAM,
            .bounds = sizes,
        },
    [METRIC_BATCHES_LOST] =
        {
            .name = "gantry_store_batches_lost_total",
            .help = "Batches that were not committed",
            .kind = METRIC_COUNTER,
        },
    [METRIC_LOG_BYTES] =
        {
            .name = "gantry_store_log_bytes",
            .help = "Size of the write-ahead log",
            .kind = METRIC_GAUGE,
        },

    [METRIC_HOOK_CALLS] =
        {
            .name = "gantry_hook_calls_total",
            .help = "Calls to incoming webhooks, by outcome",
            .kind = METRIC_COUNTER,
            .labels = {{"outcome", "posted replayed ignored disabled refused limited "
                                   "invalid-signature failed unknown other"}},
        },

    [METRIC_SCRIPT_RUNS] =
        {
            .name = "gantry_script_runs_total",
            .help = "Runs of scripts, by their end",
            .kind = METRIC_COUNTER,
            .labels = {{"end", "returned no-method bad failed suspended refused"}},
        },
    [METRIC_SCRIPT_TIME] =
        {
            .name = "gantry_script_run_seconds",
            .help = "From the begin of a run to its end",
            .kind = METRIC_HISTOGRAM,
            .scale = SECONDS,
            .bounds = times,
        },
    [METRIC_SCRIPT_KILLS] =
        {
            .name = "gantry_script_kills_total",
            .help = "Processes of scripts that ended in the middle of a run",
            .kind = METRIC_COUNTER,
            .labels = {{"why", "cpu wall crash stop"}},
        },
    [METRIC_SCRIPT_SUSPENSIONS] =
        {
            .name = "gantry_script_suspensions_total",
            .help = "How often scripts were suspended after kills in a row",
            .kind = METRIC_COUNTER,
        },
    [METRIC_SCRIPT_WORKERS_BUSY] =
        {
            .name = "gantry_script_workers_busy",
            .help = "Processes that run a script",
            .kind = METRIC_GAUGE,
        },

    [METRIC_ATTEMPTS] =
        {
            .name = "gantry_delivery_attempts_total",
            .help = "Attempts of outgoing calls, by outcome",
            .kind = METRIC_COUNTER,
            .labels = {{"outcome", "delivered retried given-up"}},
        },
    [METRIC_ATTEMPT_TIME] =
        {
            .name = "gantry_delivery_attempt_seconds",
            .help = "How long attempts took",
            .kind = METRIC_HISTOGRAM,
            .scale = SECONDS,
            .bounds = times,
        },
    [METRIC_DELIVERIES_WAITING] =
        {
            .name = "gantry_deliveries_waiting",
            .help = "Outgoing calls that wait",
            .kind = METRIC_GAUGE,
        },
    [METRIC_DELIVERY_OLDEST_MS] =
        {
            .name = "gantry_delivery_oldest_due_timestamp_seconds",
            .help = "When the oldest outgoing call that waits was due, since 1970; 0: none is due",
            .kind = METRIC_GAUGE,
            .scale = 1e-3,
        },

    [METRIC_STREAMS] =
        {
            .name = "gantry_event_streams",
            .help = "Open event streams",
            .kind = METRIC_GAUGE,
        },
    [METRIC_EVENTS] =
        {
            .name = "gantry_events_total",
            .help = "Events that streams can show",
            .kind = METRIC_COUNTER,
        },
    [METRIC_STREAM_RESETS] =
        {
            .name = "gantry_event_resets_total",
            .help = "Streams told that they have missed events",
            .kind = METRIC_COUNTER,
        },
    [METRIC_STREAMS_DROPPED] =
        {
            .name = "gantry_event_streams_dropped_total",
            .help = "Streams closed because their readers had stalled",
            .kind = METRIC_COUNTER,
        },

    [METRIC_MEMORY_BYTES] =
        {
            .name = "process_resident_memory_bytes",
            .help = "Resident memory",
            .kind = METRIC_GAUGE,
        },
    [METRIC_CPU_US] =
        {
            .name = "process_cpu_seconds_total",
            .help = "User and system time",
            .kind = METRIC_COUNTER,
            .scale = SECONDS,
        },
    [METRIC_START_S] =
        {
            .name = "process_start_time_seconds",
            .help = "Start of the process since 1970",
            .kind = METRIC_GAUGE,
        },
};
