/* Personal access tokens, and users.createToken. The clear token is drawn on the loop, for a
 * command may run again; nobody sees it before it is stored. */
#include "domain/token.h"

#include "api/api.h"
#include "api/endpoint.h"
#include "api/schemas.h"
#include "base/id.h"

/* What is to become the clear token. */
static bool draw(struct call *call, struct err *err)
{
    (void)err;
    struct str *clear = ARENA_NEW(call->arena, struct str);
    *clear = id_token(call->arena);
    call->state = clear;
    return true;
}

static struct str drawn(const struct call *call)
{
    return *(const struct str *)call->state;
}

static bool show(struct call *call)
{
    struct json_out o = call_members(call);
    json_member_str(&o, "token", drawn(call));
    call->audit_target = call->user_id;
    return true;
}

static bool generate(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    bool bypass = json_get_true(call->params, "bypassTwoFactor");
    return token_generate(tx, &by, call_param(call, "tokenName"), bypass, drawn(call), err) &&
           show(call);
}

static bool regenerate(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    return token_regenerate(tx, &by, call_param(call, "tokenName"), drawn(call), err) && show(call);
}

static bool removal(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    call->audit_target = call->user_id;
    return token_remove(tx, &by, call_param(call, "tokenName"), err);
}

static bool list(struct rd *rd, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct token_list tokens;
    if (!tokens_mine(rd, &by, &tokens, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "tokens");
    struct json_out items = json_begin(&call->out, '[');
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *token = tokens.items[i];
        json_item(&items);
        struct json_out item = json_begin(&call->out, '{');
        json_member_str(&item, "name", token->name);
        json_member_time(&item, "createdAt", token->created_at_ms);
        json_member_str(&item, "lastTokenPart", token->last_part);
        json_member_bool(&item, "bypassTwoFactor", token->bypass_two_factor);
        json_end(&item);
    }
    json_end(&items);
    return true;
}

static bool create_for(struct tx *tx, struct call *call, struct err *err)
{
    struct actor by = call_actor(call);
    struct str user_id = call_param(call, "userId");
    if (!token_create_for(tx, &by, user_id, call_param(call, "secret"),
                          call->api->create_tokens_secret, drawn(call), err))
        return false;
    call->audit_target = user_id;
    struct json_out o = call_members(call);
    json_key(&o, "data");
    struct json_out data = json_begin(&call->out, '{');
    json_member_str(&data, "userId", user_id);
    json_member_str(&data, "authToken", drawn(call));
    json_end(&data);
    return true;
}

const struct endpoint endpoints_tokens[] = {
    {
        .method = HTTP_POST,
        .path = "/api/v1/users.generatePersonalAccessToken",
        .schema = &schema_users_generate_personal_access_token,
        .audit = true,
        .steps = {ON_LOOP(draw), ON_WRITE(generate)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/users.regeneratePersonalAccessToken",
        .schema = &schema_users_regenerate_personal_access_token,
        .audit = true,
        .steps = {ON_LOOP(draw), ON_WRITE(regenerate)},
    },
    {
        .method = HTTP_GET,
        .path = "/api/v1/users.getPersonalAccessTokens",
        .steps = {ON_READ(list)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/users.removePersonalAccessToken",
        .schema = &schema_users_remove_personal_access_token,
        .audit = true,
        .steps = {ON_WRITE(removal)},
    },
    {
        .method = HTTP_POST,
        .path = "/api/v1/users.createToken",
        .schema = &schema_users_create_token,
        .audit = true,
        .steps = {ON_LOOP(draw), ON_WRITE(create_for)},
    },
    {.path = NULL},
};
