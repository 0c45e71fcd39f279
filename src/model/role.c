/* The roles every server has, and a role as clients see it. Any thread. */
#include "model/role.h"

#include "base/json.h"

#define ROLE(role_name, role_scope, text)                                                          \
    {                                                                                              \
        .id = STR_INIT(role_name), .name = STR_INIT(role_name), .scope = STR_INIT(role_scope),     \
        .description = STR_INIT(text), .fixed = true                                               \
    }

const struct role default_roles[] = {
    ROLE("admin", "Users", "Admin"),
    ROLE("user", "Users", ""),
    ROLE("bot", "Users", ""),
    ROLE("app", "Users", ""),
    ROLE("guest", "Users", ""),
    ROLE("anonymous", "Users", ""),
    ROLE("livechat-agent", "Users", "Livechat Agent"),
    ROLE("livechat-manager", "Users", "Livechat Manager"),
    ROLE("livechat-monitor", "Users", ""),
    ROLE("federated-external", "Users", ""),
    ROLE("owner", "Subscriptions", "Owner"),
    ROLE("moderator", "Subscriptions", "Moderator"),
    ROLE("leader", "Subscriptions", "Leader"),
    /* Named by default lists of permissions, so they must be there to be granted. */
    ROLE("auditor", "Users", ""),
    ROLE("auditor-log", "Users", ""),
    ROLE("important-message-marker", "Subscriptions", ""),
};
const size_t default_role_count = sizeof(default_roles) / sizeof(default_roles[0]);

static void put_created(struct json_out *o, const struct role *role)
{
    json_member_str(o, "_id", role->id);
    json_member_str(o, "name", role->name);
    json_member_str(o, "scope", role->scope);
    json_member_str(o, "description", role->description);
    json_member_bool(o, "protected", role->fixed);
    if (role->mandatory_2fa)
        json_member_bool(o, "mandatory2fa", true);
}

static void put_known(struct json_out *o, const struct role *role)
{
    json_member_str(o, "_id", role->id);
    json_member_str(o, "description", role->description);
    json_member_bool(o, "mandatory2fa", role->mandatory_2fa);
    json_member_str(o, "name", role->name);
    json_member_bool(o, "protected", role->fixed);
    json_member_str(o, "scope", role->scope);
}

void role_put(struct buf *out, const struct role *role, enum role_view view)
{
    struct json_out o = json_begin(out, '{');
    if (view == ROLE_CREATED)
        put_created(&o, role);
    else
        put_known(&o, role);
    if (view != ROLE_LISTED)
        json_member_time(&o, "_updatedAt", role->updated_at_ms);
    json_end(&o);
}
