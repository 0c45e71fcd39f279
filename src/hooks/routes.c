/* The room's life and its routes. Runs at the start and at the end. */
#include "hooks/hook.h"

#include <stdlib.h>

#include "base/mem.h"
#include "domain/fault.h"

enum { IN_PROGRESS = 10000 }; /* deliveries that scripts work on */

struct hooks *hooks_open(struct store *store, const uint8_t key[DIGEST_SEAL_KEY_BYTES],
                         struct err *err)
{
    struct hooks *hooks = mem_zalloc(sizeof(*hooks));
    memcpy(hooks->key, key, sizeof(hooks->key));
    hooks->progress = progress_new(IN_PROGRESS);
    hooks->recorder = recorder_open(store, err);
    if (hooks->recorder != NULL)
        return hooks;
    hooks_free(hooks);
    return NULL;
}

void hooks_stop(struct hooks *hooks)
{
    if (hooks != NULL)
        recorder_stop(hooks->recorder);
}

void hooks_free(struct hooks *hooks)
{
    if (hooks == NULL)
        return;
    recorder_free(hooks->recorder);
    progress_free(hooks->progress);
    free(hooks);
}

void hooks_routes(struct router *router, const struct api *api)
{
    /* The router tries them in this order: words win over ids. */
    api_add(router, api, endpoints_helpers);
    api_add(router, api, endpoints_incoming);
    api_add(router, api, endpoints_hook_options);
    api_add(router, api, endpoints_hook_history);
    api_add(router, api, endpoints_script_runs);
    api_add(router, api, endpoints_script_test);
}

struct integration *hook_managed(struct rd *rd, const struct call *call, struct str id,
                                 struct str details, struct err *err)
{
    struct actor by = {.id = call->user_id, .username = call->username};
    struct integration *in = integration_managed(rd, &by, id, true, details, err);
    if (in == NULL || integration_is_incoming(in))
        return in;
    fault_with(err, details, "error-invalid-integration", "Invalid integration");
    return NULL;
}
