/* chat.*: posting, sending, reading one message, changing and deleting it, and threads. Questions
 * run on readers, changes on the writer. */
#include "api/api.h"
#include "api/messages.h"
#include "api/schemas.h"
#include "base/clock.h"
#include "domain/fault.h"
#include "domain/post.h"
#include "store/file.h"
#include "store/message_marks.h"
#include "store/user.h"

static void answer_message(struct call *call, const struct message *m)
{
    struct json_out o = call_members(call);
    json_key(&o, "message");
    message_put(&call->out, m);
}

/* His account may have gone since the call was let in. */
static const struct user *caller(struct rd *rd, const struct call *call, struct err *err)
{
    const struct user *user = user_find(rd, call->user_id);
    if (user == NULL)
        (void)fault_with(err, STR(""), "error-invalid-user", "Invalid user");
    return user;
}

/* --- chat.postMessage --- */

static bool check_sizes(struct call *call, struct err *err)
{
    return post_check_size(call->api->catalog, call->params, err);
}

static bool post_message(struct tx *tx, struct call *call, struct err *err)
{
    const struct user *user = caller(tx_rd(tx), call, err);
    if (user == NULL)
        return false;
    struct poster poster = {.user = user};
    struct post_draft draft = {.content = call->params};
    struct posted posted;
    if (!message_post(tx, &poster, &draft, &posted, err))
        return false;
    if (posted.sent == 0)
        return refuse(err, "unknown-error");
    struct json_out o = call_members(call);
    json_member_i64(&o, "ts", tx_rd(tx)->now_ms);
    json_member_str(&o, "channel", posted.results[0].channel);
    answer_message(call, posted.results[0].message);
    return true;
}

/* --- chat.sendMessage --- */

/* What a client may say of his message, and how it is stored; the rest is the server's. */
static const char *const sent_members[] = {"alias",       "msg",         "emoji",     "avatar",
                                           "attachments", "blocks",      "parseUrls", "groupable",
                                           "tshow",       "customFields"};

static bool take_moment(const struct json *given, struct message *m, struct err *err)
{
    const struct json *ts = json_get_lit(given, "ts");
    const struct json *date = json_get_lit(ts, "$date");
    const struct json *number = json_is(date, JSON_NUMBER) ? date : ts;
    if (json_is(number, JSON_NUMBER) && number->number > 0 && number->number < 1e14)
        m->ts_ms = (int64_t)number->number;
    else if (json_is(ts, JSON_STRING) && !clock_parse_iso(ts->string, &m->ts_ms))
        return fault(err, "error-invalid-date", "Invalid date");
    return true;
}

static struct message *message_of(struct arena *a, const struct json *given, struct err *err)
{
    struct message *m = ARENA_NEW(a, struct message);
    m->id = json_get_str(given, "_id");
    m->thread_id = json_get_str(given, "tmid");
    m->doc = json_object(a);
    message_set(m, "msg", json_string(a, STR("")));
    message_set(m, "parseUrls", json_bool(a, true));
    for (size_t i = 0; i < sizeof(sent_members) / sizeof(sent_members[0]); i++) {
        const struct json *value = json_get(given, str_of(sent_members[i]));
        if (value == NULL || value->kind == JSON_NULL)
            continue;
        struct json *copy = ARENA_NEW(a, struct json);
        *copy = *value;
        copy->next = NULL;
        message_set(m, sent_members[i], copy);
    }
    if (json_get_true(m->doc, "tshow") && str_empty(m->thread_id)) {
        (void)fault(err, "invalid-params", "tshow provided but missing tmid");
        return NULL;
    }
    return take_moment(given, m, err) ? m : NULL;
}

static bool send_message(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct json *given = json_get_lit(call->params, "message");
    if (message_type_is_system(json_get_str(given, "t")))
        return refuse(err, "Cannot send system messages using 'chat.sendMessage'");
    const struct user *user = caller(rd, call, err);
    struct message *m = user == NULL ? NULL : message_of(rd->arena, given, err);
    if (m == NULL)
        return false;
    struct room *room = room_find(rd, json_get_str(given, "rid"));
    if (room == NULL)
        return refuse(err, "error-invalid-room");
    if (!message_send(tx, user, room, m, err))
        return false;
    answer_message(call, m);
    return true;
}

/* --- one message --- */

static bool sees_room_of(struct rd *rd, const struct call *call, const struct message *m)
{
    const struct room *room = room_find(rd, m->room_id);
    return room != NULL && room_visible(rd, call->user_id, room);
}

static bool get_message(struct rd *rd, struct call *call, struct err *err)
{
    struct message *m = message_find(rd, call_param(call, "msgId"));
    if (m == NULL || !sees_room_of(rd, call, m))
        return refuse_bare(err);
    messages_mark_starred(rd, &(struct message_list){.items = &m, .count = 1}, call->user_id);
    answer_message(call, m);
    return true;
}

static struct message *in_named_room(const struct call *call, struct message *m, struct err *err)
{
    if (str_eq(m->room_id, call_param(call, "roomId")))
        return m;
    (void)refuse(err, "The room id provided does not match where the message is from.");
    return NULL;
}

static struct message *named_message(struct rd *rd, const struct call *call, struct err *err)
{
    struct str id = call_param(call, "msgId");
    struct message *m = message_find(rd, id);
    if (m != NULL)
        return in_named_room(call, m, err);
    (void)refuse(err, "No message found with the id of \"%.*s\".", STR_FMT(id));
    return NULL;
}

static struct message *message_with_file(struct rd *rd, const struct call *call, struct err *err)
{
    struct str id = call_param(call, "fileId");
    const struct file *file = file_find(rd, id);
    struct message *m = file != NULL ? message_find(rd, file->message_id) : NULL;
    if (m != NULL)
        return in_named_room(call, m, err);
    (void)refuse(err, "No message found with the file id: \"%.*s\".", STR_FMT(id));
    return NULL;
}

static bool update(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct user *user = caller(rd, call, err);
    struct message *m = user == NULL ? NULL : named_message(rd, call, err);
    if (m == NULL)
        return false;
    struct json *fields = json_get_lit(call->params, "customFields");
    if (json_is(fields, JSON_OBJECT)) {
        struct json *copy = ARENA_NEW(rd->arena, struct json);
        *copy = *fields;
        fields = copy;
    } else {
        fields = NULL;
    }
    if (!message_update(tx, user, m, call_param(call, "text"), fields, err))
        return false;
    answer_message(call, m);
    return true;
}

static void answer_deleted(struct call *call, const struct message *m, int64_t now_ms)
{
    struct json_out o = call_members(call);
    json_member_str(&o, "_id", m->id);
    json_member_str(&o, "ts", arena_fmt(call->arena, "%lld", (long long)now_ms));
    json_key(&o, "message");
    struct json_out message = json_begin(&call->out, '{');
    json_member_str(&message, "_id", m->id);
    json_member_str(&message, "rid", m->room_id);
    json_key(&message, "u");
    struct json_out u = json_begin(&call->out, '{');
    json_member_str(&u, "_id", m->user_id);
    json_member_str(&u, "username", m->username);
    if (!str_empty(m->user_name))
        json_member_str(&u, "name", m->user_name);
    json_end(&u);
    json_end(&message);
}

/* In whose name it is deleted: the caller's, or with `asUser` the sender's. */
static const struct user *deleter(struct rd *rd, const struct call *call, const struct message *m,
                                  struct err *err)
{
    if (!json_get_true(call->params, "asUser") || str_eq(m->user_id, call->user_id))
        return caller(rd, call, err);
    if (access_allows(rd, call->user_id, PERM_FORCE_DELETE_MESSAGE, m->room_id)) {
        const struct user *sender = user_find(rd, m->user_id);
        return sender != NULL ? sender : caller(rd, call, err);
    }
    (void)refuse(err, "Unauthorized. You must have the permission \"force-delete-message\" to "
                      "delete other's message as them.");
    return NULL;
}

static bool delete_message(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    bool by_file = !str_empty(call_param(call, "fileId"));
    struct message *m = by_file ? message_with_file(rd, call, err) : named_message(rd, call, err);
    const struct user *by = m == NULL ? NULL : deleter(rd, call, m, err);
    if (by == NULL || !message_delete(tx, by, m, err))
        return false;
    answer_deleted(call, m, rd->now_ms);
    return true;
}

/* --- threads --- */

static bool get_thread_messages(struct rd *rd, struct call *call, struct err *err)
{
    if (!catalog_setting_bool(rd->catalog, SETTING_THREADS_ENABLED))
        return fault_with(err, STR(""), "error-not-allowed", "Threads Disabled");
    const struct message *parent = message_find(rd, call_param(call, "tmid"));
    if (parent == NULL)
        return fault_with(err, STR(""), "error-invalid-message", "Invalid Message");
    if (!sees_room_of(rd, call, parent))
        return fault_with(err, STR(""), "error-not-allowed", "Not allowed");
    struct message_filter filter = {
        .room_seq = parent->room_seq, .thread_id = parent->id, .oldest_first = true};
    return answer_messages(rd, call, &filter, err);
}

#define CHAT(verb, name, ...)                                                                      \
    {                                                                                              \
        .method = HTTP_##verb, .path = "/api/v1/chat." name, __VA_ARGS__                           \
    }

const struct endpoint endpoints_chat[] = {
    CHAT(POST, "postMessage", .schema = &schema_chat_post_message,
         .steps = {ON_LOOP(check_sizes), ON_WRITE(post_message)}),
    CHAT(POST, "sendMessage", .schema = &schema_chat_send_message,
         .steps = {ON_WRITE(send_message)}),
    CHAT(GET, "getMessage", .schema = &schema_chat_get_message, .steps = {ON_READ(get_message)}),
    CHAT(POST, "update", .schema = &schema_chat_update, .steps = {ON_WRITE(update)}),
    CHAT(POST, "delete", .schema = &schema_chat_delete, .steps = {ON_WRITE(delete_message)}),
    CHAT(GET, "getThreadMessages", .schema = &schema_chat_get_thread_messages,
         .steps = {ON_READ(get_thread_messages)}),
    {.path = NULL},
};
