/* chat.*: what people do with messages that are there. Changes run on the writer. */
#include "api/api.h"
#include "api/messages.h"
#include "api/schemas.h"
#include "domain/fault.h"
#include "domain/message_marks.h"
#include "store/user.h"

/* Who asks, and about which message. */
struct target {
    const struct user *user;
    struct message *message;
};

static bool find_caller(struct rd *rd, const struct call *call, struct target *out, struct err *err)
{
    out->user = user_find(rd, call->user_id);
    return out->user != NULL || fault_with(err, STR(""), "error-invalid-user", "Invalid user");
}

static bool find_target(struct rd *rd, const struct call *call, struct target *out, struct err *err)
{
    out->message = message_find(rd, call_param(call, "messageId"));
    if (out->message == NULL)
        return fault(err, "error-message-not-found",
                     "The provided \"messageId\" does not match any existing message.");
    return find_caller(rd, call, out, err);
}

static enum react how_to_react(const struct call *call)
{
    const struct json *should = json_get_lit(call->params, "shouldReact");
    if (!json_is(should, JSON_BOOL))
        return REACT_TOGGLE;
    return should->boolean ? REACT_ADD : REACT_REMOVE;
}

static bool react(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    if (!find_target(tx_rd(tx), call, &t, err))
        return false;
    struct str emoji = call_param(call, "emoji");
    if (str_empty(emoji))
        emoji = call_param(call, "reaction");
    if (str_empty(emoji))
        return fault(err, "error-emoji-param-not-provided",
                     "The required \"emoji\" param is missing.");
    return message_react(tx, t.user, t.message, emoji, how_to_react(call), err);
}

static bool star(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    return find_target(tx_rd(tx), call, &t, err) &&
           message_set_starred(tx, t.user, t.message, true, err);
}

static bool unstar(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    return find_target(tx_rd(tx), call, &t, err) &&
           message_set_starred(tx, t.user, t.message, false, err);
}

static bool pin(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    struct message *note;
    if (!find_target(tx_rd(tx), call, &t, err) || !message_pin(tx, t.user, t.message, &note, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "message");
    message_put(&call->out, note);
    return true;
}

static bool unpin(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    return find_target(tx_rd(tx), call, &t, err) && message_unpin(tx, t.user, t.message, err);
}

static bool report(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    return find_target(tx_rd(tx), call, &t, err) &&
           message_report_by(tx, t.user, t.message, call_param(call, "description"), err);
}

static bool set_followed(struct tx *tx, struct call *call, bool followed, struct err *err)
{
    struct target t;
    if (!find_caller(tx_rd(tx), call, &t, err))
        return false;
    t.message = message_find(tx_rd(tx), call_param(call, "mid"));
    if (t.message == NULL)
        return fault(err, "error-invalid-message", "Invalid message");
    return message_set_followed(tx, t.user, t.message, followed, err);
}

static bool follow(struct tx *tx, struct call *call, struct err *err)
{
    return set_followed(tx, call, true, err);
}

static bool unfollow(struct tx *tx, struct call *call, struct err *err)
{
    return set_followed(tx, call, false, err);
}

/* Anything with "true" or "1" in it is yes; so is saying nothing. */
static bool ignore_user(struct tx *tx, struct call *call, struct err *err)
{
    struct target t;
    struct str ignore = call_param(call, "ignore");
    bool yes = !call_has(call, "ignore") || str_find(ignore, STR("true")) != SIZE_MAX ||
               str_find_char(ignore, '1') != SIZE_MAX;
    return find_caller(tx_rd(tx), call, &t, err) &&
           user_set_ignored(tx, t.user, call_param(call, "rid"), call_param(call, "userId"), yes,
                            err);
}

#define CHAT(verb, name, of, ...)                                                                  \
    {                                                                                              \
        .method = HTTP_##verb, .path = "/api/v1/chat." name, .schema = &schema_chat_##of,          \
        .steps = {                                                                                 \
            ON_WRITE(__VA_ARGS__)                                                                  \
        }                                                                                          \
    }

const struct endpoint endpoints_chat_marks[] = {
    CHAT(POST, "react", react, react),
    CHAT(POST, "starMessage", message_id, star),
    CHAT(POST, "unStarMessage", message_id, unstar),
    CHAT(POST, "pinMessage", message_id, pin),
    CHAT(POST, "unPinMessage", message_id, unpin),
    CHAT(POST, "followMessage", follow, follow),
    CHAT(POST, "unfollowMessage", follow, unfollow),
    CHAT(POST, "reportMessage", report, report),
    CHAT(GET, "ignoreUser", ignore_user, ignore_user),
    {.path = NULL},
};
