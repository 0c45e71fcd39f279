/* The room of the REST API (/api/v1/...): takes requests from http, asks domain, and writes the
 * reference's answers. main makes one `struct api`, constant after the start, and registers the
 * routes with it. */
#pragma once

#include "http/http.h"
#include "store/store.h"

struct limit_table;
struct lane;
struct login_guard;
struct endpoint;
struct hooks;
struct files;
struct scripts;
struct streams;

struct api {
    struct store *store;
    const struct catalog *catalog;    /* of the store */
    struct lane *work;                /* passwords */
    struct lane *disk;                /* pieces of files */
    struct limit_table *limits;       /* the rate limiter's windows */
    struct login_guard *guard;        /* failed logins (domain/login.h) */
    struct hooks *hooks;              /* of the room hooks, for its own endpoints */
    struct scripts *scripts;          /* NULL: the operator has switched scripts off */
    struct files *files;              /* what is uploaded */
    struct streams *streams;          /* of events (api/streams.h) */
    bool test_mode;                   /* no rate limits */
    const char *compatible_version;   /* what /api/info says: "8.8.1" */
    const char *create_tokens_secret; /* NULL: users.createToken is always refused */
    const char
        *frozen_scripts; /* the error of a frozen script, or NULL (FREEZE_INTEGRATION_SCRIPTS) */
    size_t call_arena_bytes; /* promise of a call's arena */
    int64_t call_begin_ms;   /* a parked call not begun by then is answered 503 */
};

/* Adds every route of this room, /health, and the fallback (404, OPTIONS) to the router. `api` must
 * outlive it. */
void api_routes(struct router *router, const struct api *api);
/* Adds the endpoints of one table, up to its row without path: for rooms above this one. */
void api_add(struct router *router, const struct api *api, const struct endpoint *family);
