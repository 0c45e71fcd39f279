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
    [METRIC_REQUESTS] = {"gantry_http_requests_total",
                         "Requests answered, by endpoint family and "
                         "class of the status",
                         METRIC_COUNTER,
                         .labels = {{"family", NULL}, {"class", "2xx 3xx 4xx 5xx"}}},
    [METRIC_REQUEST_TIME] = {"gantry_http_request_seconds",
                             "From the whole request to its answer",
                             METRIC_HISTOGRAM,
                             SECONDS,
                             {{"family", NULL}},
                             times},
    [METRIC_REFUSED] = {"gantry_http_refused_total",
                        "Connections refused or ended because of what "
                        "is no well-formed request, or too slow",
                        METRIC_COUNTER},
    [METRIC_CONNECTIONS] = {"gantry_http_connections", "Open connections", METRIC_GAUGE},
    [METRIC_LANE_WAITING] = {"gantry_lane_waiting", "Jobs that wait for a thread", METRIC_GAUGE,
                             .labels = {{"lane", "work reader writer other"}}},

    [METRIC_COMMIT_TIME] = {"gantry_store_commit_seconds",
                            "From the first command of a batch until "
                            "the batch is durable",
                            METRIC_HISTOGRAM, SECONDS, .bounds = times},
    [METRIC_BATCH_COMMANDS] = {"gantry_store_batch_commands", "Commands of a committed batch",
                               METRIC_HISTOGRAM, .bounds = sizes},
    [METRIC_BATCHES_LOST] = {"gantry_store_batches_lost_total", "Batches that were not committed",
                             METRIC_COUNTER},
    [METRIC_LOG_BYTES] = {"gantry_store_log_bytes", "Size of the write-ahead log", METRIC_GAUGE},

    [METRIC_HOOK_CALLS] = {"gantry_hook_calls_total", "Calls to incoming webhooks, by outcome",
                           METRIC_COUNTER,
                           .labels = {{"outcome",
                                       "posted replayed ignored disabled refused "
                                       "limited invalid-signature failed unknown other"}}},

    [METRIC_SCRIPT_RUNS] = {"gantry_script_runs_total", "Runs of scripts, by their end",
                            METRIC_COUNTER,
                            .labels = {{"end", "returned no-method bad failed suspended refused"}}},
    [METRIC_SCRIPT_TIME] = {"gantry_script_run_seconds", "From the begin of a run to its end",
                            METRIC_HISTOGRAM, SECONDS, .bounds = times},
    [METRIC_SCRIPT_KILLS] = {"gantry_script_kills_total",
                             "Processes of scripts that were ended, or "
                             "ended, in the middle of a run",
                             METRIC_COUNTER, .labels = {{"why", "cpu wall crash stop"}}},
    [METRIC_SCRIPT_SUSPENSIONS] = {"gantry_script_suspensions_total",
                                   "How often scripts were suspended after kills in a row",
                                   METRIC_COUNTER},
    [METRIC_SCRIPT_WORKERS_BUSY] = {"gantry_script_workers_busy", "Processes that run a script",
                                    METRIC_GAUGE},

    [METRIC_ATTEMPTS] = {"gantry_delivery_attempts_total", "Attempts of outgoing calls, by outcome",
                         METRIC_COUNTER, .labels = {{"outcome", "delivered retried given-up"}}},
    [METRIC_ATTEMPT_TIME] = {"gantry_delivery_attempt_seconds", "How long attempts took",
                             METRIC_HISTOGRAM, SECONDS, .bounds = times},
    [METRIC_DELIVERIES_WAITING] = {"gantry_deliveries_waiting", "Outgoing calls that wait",
                                   METRIC_GAUGE},
    [METRIC_DELIVERY_OLDEST_MS] = {"gantry_delivery_oldest_waiting_seconds",
                                   "Since when the oldest outgoing call that is due waits",
                                   METRIC_GAUGE, 1e-3},

    [METRIC_STREAMS] = {"gantry_event_streams", "Open event streams", METRIC_GAUGE},
    [METRIC_EVENTS] = {"gantry_events_total", "Events that streams can show", METRIC_COUNTER},
    [METRIC_STREAM_RESETS] = {"gantry_event_resets_total",
                              "Streams told that they have missed events", METRIC_COUNTER},
    [METRIC_STREAMS_DROPPED] = {"gantry_event_streams_dropped_total",
                                "Streams closed because their readers had stalled", METRIC_COUNTER},

    [METRIC_MEMORY_BYTES] = {"process_resident_memory_bytes", "Resident memory", METRIC_GAUGE},
    [METRIC_CPU_US] = {"process_cpu_seconds_total", "User and system time", METRIC_COUNTER,
                       SECONDS},
    [METRIC_START_S] = {"process_start_time_seconds", "Start of the process since 1970",
                        METRIC_GAUGE},
};
