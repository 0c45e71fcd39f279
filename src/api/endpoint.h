/* An endpoint is a row in a table: where it lives, who may call it, what it accepts, and the steps
 * that make its answer. api/serve.c walks every call through the same order of checks:
 *
 *   authentication (401) -> declared permissions (403) -> rate limit (429) -> schema (400) -> steps
 *
 * An endpoint that identifies its callers in another way has a door of its own in place of these
 * checks.
 *
 * A step is a plain function on one lane; the call travels from lane to lane with its arena. The
 * steps of one endpoint run in their order; the first that returns false ends the call with *err,
 * and one that sets call->finished ends it with the answer as it stands. A step with a `when` is
 * left out where that says so. A step that asks for a script runs on the loop; if it made a run
 * (call_script()) the call waits until the script has ended, and the next step reads how. A step on
 * the writer that has more to do than belongs into one command sets call->again, and is run again
 * in another. Bodies that are too large for memory travel in pieces: ON_PIECES() is run once for
 * each piece of the request's, ON_ANSWER() until all of a raw answer's is written. The last step
 * leaves the answer's members in call->out: the text between the braces, written with
 * call_members() or call_member_*(); `"success":true` is added behind them.
 */
#pragma once

#include "base/json.h"
#include "http/http.h"
#include "store/store.h"

#include "api/schema.h"
#include "domain/access.h"
#include "model/permission.h"
#include "model/setting.h"

struct script_run;

struct api; /* what main gives to the room: store, settings of the process, limits */
struct user_entry;
struct entry;
struct endpoint;

/* One request on its way to its answer. Everything a step may touch is in it or in its arena. */
struct call {
    struct command command; /* first: the job that travels */
    const struct api *api;
    const struct endpoint *endpoint;
    struct arena *arena;     /* the loop's scratch, or `own` once the call leaves the loop */
    struct json *params;     /* query (GET, DELETE) or body: an object, checked and coerced */
    struct json *query;      /* the query of a request whose params are its body; an object */
    struct str path_arg;     /* the decoded ":param" of the path, empty when there is none */
    struct str path_arg2;    /* the second one */
    struct str auth_token;   /* as sent */
    struct str peer;         /* the client's address */
    struct user_entry *user; /* the caller, a reference; NULL: nobody is logged in */
    struct str user_id;      /* of the caller; empty when nobody */
    struct str username;
    int64_t now_ms;           /* when the request was read; the moment of everything it does */
    int64_t begun_us;         /* the same moment, monotonic */
    struct buf out;           /* the answer's members */
    struct str lent[2];       /* members behind `out` that are sent without being copied ... */
    struct entry *lender;     /* ... because they lie in this entry; the reference is the call's */
    bool finished;            /* the answer stands: steps that are left are not taken */
    bool again;               /* the step is not done: it is run once more */
    unsigned round;           /* how often it was run before */
    bool raw;                 /* `out` is the whole body: no braces, no "success" are added */
    int status;               /* 200 unless a step says otherwise */
    const char *content_type; /* NULL: application/json */
    struct str audit_target;  /* id of what was changed, for the audit log */
    struct str headers;       /* more header lines for the answer, each with "\r\n" */
    void *state;              /* what one step leaves for the next, in the arena */
    struct script_run *run;   /* of the last step that asked for one; NULL: none did */
    bool body_follows;        /* the request has a body, which comes in pieces */
    uint64_t body_length;     /* as its head says; UINT64_MAX: it does not */
    struct str body_type;     /* its Content-Type */
    struct buf piece;         /* for ON_PIECES() */
    bool last_piece;          /* nothing comes behind it */
    uint64_t left;            /* of ON_ANSWER(): bytes of the body behind those in `out` */
    /* For serve.c: */
    struct arena own;
    struct conn *conn;
    unsigned step;
    unsigned family; /* of the endpoint, as metrics count it */
    bool begun;      /* the head of the answer was sent */
};

enum lane_id {
    STEP_NONE,
    STEP_LOOP,
    STEP_WORK,
    STEP_PIECES, /* on the disk lane */
    STEP_ANSWER, /* likewise */
    STEP_READ,
    STEP_WRITE,
    STEP_SCRIPT
};

struct step {
    enum lane_id lane;
    bool (*when)(const struct call *call);            /* NULL: always; asked on the loop */
    bool (*loop)(struct call *call, struct err *err); /* memory only, constant time */
    bool (*work)(struct call *call, struct err *err); /* passwords, files; no database */
    bool (*read)(struct rd *rd, struct call *call, struct err *err);
    bool (*write)(struct tx *tx, struct call *call, struct err *err);
};

#define ON_LOOP(f)                                                                                 \
    {                                                                                              \
        .lane = STEP_LOOP, .loop = (f)                                                             \
    }
#define ON_WORK(f)                                                                                 \
    {                                                                                              \
        .lane = STEP_WORK, .work = (f)                                                             \
    }
#define ON_READ(f)                                                                                 \
    {                                                                                              \
        .lane = STEP_READ, .read = (f)                                                             \
    }
#define ON_WRITE(f)                                                                                \
    {                                                                                              \
        .lane = STEP_WRITE, .write = (f)                                                           \
    }

/* Takes call->piece. Not the first step of an endpoint. */
#define ON_PIECES(f)                                                                               \
    {                                                                                              \
        .lane = STEP_PIECES, .work = (f)                                                           \
    }
/* The last step: puts the next bytes of the body into call->out, which is empty, and says in
 * call->left how many are left. Status and headers are settled when it has run once. */
#define ON_ANSWER(f)                                                                               \
    {                                                                                              \
        .lane = STEP_ANSWER, .work = (f)                                                           \
    }
#define ON_SCRIPT(f)                                                                               \
    {                                                                                              \
        .lane = STEP_SCRIPT, .loop = (f)                                                           \
    }
#define ON_READ_WHEN(w, f)                                                                         \
    {                                                                                              \
        .lane = STEP_READ, .when = (w), .read = (f)                                                \
    }
#define ON_WRITE_WHEN(w, f)                                                                        \
    {                                                                                              \
        .lane = STEP_WRITE, .when = (w), .write = (f)                                              \
    }

enum auth { AUTH_REQUIRED, AUTH_OPTIONAL };

enum { ENDPOINT_PERMS = 4, ENDPOINT_STEPS = 6 };

struct endpoint {
    enum http_method method;
    enum auth auth;
    const char *path; /* e.g. "/api/v1/settings/:_id" */
    enum perm
        any_of[ENDPOINT_PERMS]; /* declared permissions: one of them; PERM_NONE ends the list */
    enum perm all_of[ENDPOINT_PERMS];
    const struct schema *schema; /* of the query (GET) or the body (others); NULL: anything goes */
    bool audit;                  /* a success writes a line into the audit log */
    bool unlimited;              /* the rate limiter does not count it */
    enum setting_id calls_setting; /* its own number of calls a window; SETTING_NONE: the default */
    /* In place of the usual checks; memory only. What it needs later of the request it copies into
     * call->arena. */
    bool (*door)(struct call *call, const struct http_request *rq, struct err *err);
    struct step steps[ENDPOINT_STEPS];
    /* In place of the answer of a success, for what goes on: on the loop, behind a step on a lane.
     * It answers call->conn (sse_open()) and keeps nothing of the call. */
    void (*stream)(struct call *call);
    /* After the answer was given, on the loop; `err` is NULL when it was that of a success. */
    void (*over)(struct call *call, const struct err *err);
};

/* Tables of the families; each ends with a row without path. */
extern const struct endpoint endpoints_integrations[];
extern const struct endpoint endpoints_deliveries[];
extern const struct endpoint endpoints_login[];
extern const struct endpoint endpoints_users[];
extern const struct endpoint endpoints_tokens[];
extern const struct endpoint endpoints_roles[];
extern const struct endpoint endpoints_permissions[];
extern const struct endpoint endpoints_settings[];
extern const struct endpoint endpoints_info[];
extern const struct endpoint endpoints_rooms[];
extern const struct endpoint endpoints_subscriptions[];
extern const struct endpoint endpoints_teams[];
extern const struct endpoint endpoints_chat[];
extern const struct endpoint endpoints_chat_marks[];
extern const struct endpoint endpoints_chat_lists[];
extern const struct endpoint endpoints_messages[];
extern const struct endpoint endpoints_direct[];
extern const struct endpoint endpoints_events[];
extern const struct endpoint endpoints_files[];

/* For doors: the 401 of somebody who is not known; the parameters out of the body, checked against
 * the endpoint's schema; whether the rate limiter is on at all; and its verdict as headers and,
 * when it is a refusal, as 429. */
bool call_unknown(struct err *err);
bool call_take_body(struct call *call, const struct http_request *rq, struct err *err);
bool call_is_counted(const struct call *call);
/* Finds out who calls, by an id and call->auth_token: false and *err (401, 403) when the endpoint
 * wants somebody and nobody is. */
bool call_identify(struct call *call, struct str user_id, struct err *err);
struct limit_verdict;
bool call_within_limit(struct call *call, const struct limit_verdict *verdict, struct err *err);

/* In a step that asks for a script: a run in the call's arena, which becomes call->run. What is to
 * be run is the step's to fill in; api->scripts is there. */
struct script_run *call_script(struct call *call);

/* Writing the answer: a json_out over call->out that adds members to the answer's object. Use once
 * per call, or again with what was written before. */
struct json_out call_members(struct call *call);
/* The text of a parameter, empty when absent; and whether it is there at all. */
struct str call_param(const struct call *call, const char *name);
bool call_has(const struct call *call, const char *name);
/* The caller, for whoever decides what he may do. */
static inline struct actor call_actor(const struct call *call)
{
    return (struct actor){.id = call->user_id, .username = call->username};
}

/* A page of a list: offset and count by the rules of the API (defaults, limits, infinite). */
struct page {
    int64_t offset;
    int64_t count; /* INT64_MAX: no limit */
};
struct page call_page(const struct call *call);
/* Writes "count", "offset" and "total" behind the list's own member. */
void call_page_members(struct json_out *o, const struct page *page, int64_t returned,
                       int64_t total);

/* The `sort` parameter: up to SORT_FIELDS fields. A column name is looked up in `known`; fields
 * that are not known are ignored. Fills `order_by` with SQL such as "name ASC, seq DESC" made of
 * constants of `known` only, or copies `fallback` when nothing was asked. False and *err
 * (error-invalid-sort) on a bad parameter. */
struct sort_column {
    const char *field;  /* as clients write it: "name" */
    const char *column; /* as SQL knows it: "name_key" */
};
bool call_sort(const struct call *call, const struct sort_column *known, const char *fallback,
               struct str *order_by, struct err *err);
