/* The field table of an integration, and what walks along it. Pure memory, any thread. */
#include "model/integration.h"

#include <stddef.h>

#include "base/clock.h"

const struct str type_incoming = STR_INIT("webhook-incoming");
const struct str type_outgoing = STR_INIT("webhook-outgoing");

enum field_kind { TEXT, FLAG, NUMBER, LIST, MOMENT, USER, TREE };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
};

#define AT(member) offsetof(struct integration, member)

static const struct field fields[INTEGRATION_FIELDS] = {
    [INTEGRATION_ID] = {"_id", TEXT, AT(id)},
    [INTEGRATION_TYPE] = {"type", TEXT, AT(type)},
    [INTEGRATION_USERNAME] = {"username", TEXT, AT(username)},
    [INTEGRATION_CHANNEL] = {"channel", LIST, AT(channel)},
    [INTEGRATION_SCRIPT_ENABLED] = {"scriptEnabled", FLAG, AT(script_enabled)},
    [INTEGRATION_SCRIPT] = {"script", TEXT, AT(script)},
    [INTEGRATION_NAME] = {"name", TEXT, AT(name)},
    [INTEGRATION_ENABLED] = {"enabled", FLAG, AT(enabled)},
    [INTEGRATION_ALIAS] = {"alias", TEXT, AT(alias)},
    [INTEGRATION_AVATAR] = {"avatar", TEXT, AT(avatar)},
    [INTEGRATION_EMOJI] = {"emoji", TEXT, AT(emoji)},
    [INTEGRATION_EVENT] = {"event", TEXT, AT(event)},
    [INTEGRATION_TARGET_ROOM] = {"targetRoom", TEXT, AT(target_room)},
    [INTEGRATION_URLS] = {"urls", LIST, AT(urls)},
    [INTEGRATION_TRIGGER_WORDS] = {"triggerWords", LIST, AT(trigger_words)},
    [INTEGRATION_TRIGGER_WORD_ANYWHERE] = {"triggerWordAnywhere", FLAG, AT(trigger_word_anywhere)},
    [INTEGRATION_TOKEN] = {"token", TEXT, AT(token)},
    [INTEGRATION_RUN_ON_EDITS] = {"runOnEdits", FLAG, AT(run_on_edits)},
    [INTEGRATION_RETRY_FAILED_CALLS] = {"retryFailedCalls", FLAG, AT(retry_failed_calls)},
    [INTEGRATION_RETRY_COUNT] = {"retryCount", NUMBER, AT(retry_count)},
    [INTEGRATION_RETRY_DELAY] = {"retryDelay", TEXT, AT(retry_delay)},
    [INTEGRATION_IMPERSONATE_USER] = {"impersonateUser", FLAG, AT(impersonate_user)},
    [INTEGRATION_OVERRIDE_DESTINATION] = {"overrideDestinationChannelEnabled", FLAG,
                                          AT(override_destination)},
    [INTEGRATION_SCRIPT_ENGINE] = {"scriptEngine", TEXT, AT(script_engine)},
    [INTEGRATION_SKIP_TRANSPILE] = {"skipTranspile", FLAG, AT(skip_transpile)},
    [INTEGRATION_SCRIPT_COMPILED] = {"scriptCompiled", TEXT, AT(script_compiled)},
    [INTEGRATION_SCRIPT_ERROR] = {"scriptError", TREE, AT(script_error)},
    [INTEGRATION_USER_ID] = {"userId", TEXT, AT(user_id)},
    [INTEGRATION_CREATED_AT] = {"_createdAt", MOMENT, AT(created_at_ms)},
    [INTEGRATION_CREATED_BY] = {"_createdBy", USER, AT(created_by)},
    [INTEGRATION_UPDATED_AT] = {"_updatedAt", MOMENT, AT(updated_at_ms)},
    [INTEGRATION_UPDATED_BY] = {"_updatedBy", USER, AT(updated_by)},
};

_Static_assert(INTEGRATION_FIELDS <= 64, "one bit per field");

static void *place(struct integration *in, const struct field *field)
{
    return (char *)in + field->offset;
}

static const void *value(const struct integration *in, const struct field *field)
{
    return (const char *)in + field->offset;
}

bool integration_is_incoming(const struct integration *in)
{
    return str_eq(in->type, type_incoming);
}

/* A script that was made blank is none, whatever was compiled before. */
struct str integration_runnable(const struct integration *in)
{
    bool none = !in->script_enabled || integration_has(in, INTEGRATION_SCRIPT_ERROR) ||
                (integration_has(in, INTEGRATION_SCRIPT) && str_blank(in->script));
    if (none)
        return STR("");
    bool compiled = integration_has(in, INTEGRATION_SCRIPT_COMPILED);
    struct str text = compiled ? in->script_compiled : in->script;
    return str_blank(text) ? STR("") : text;
}

void integration_mark(struct integration *in, enum integration_field field)
{
    in->has |= (uint64_t)1 << field;
    in->null &= ~((uint64_t)1 << field);
}

void integration_drop(struct integration *in, enum integration_field field)
{
    in->has &= ~((uint64_t)1 << field);
    in->null &= ~((uint64_t)1 << field);
}

static void make_null(struct integration *in, enum integration_field field)
{
    integration_drop(in, field);
    in->null |= (uint64_t)1 << field;
}

/* --- document to struct --- */

static struct text_list read_list(const struct json *from, struct arena *arena)
{
    struct text_list list = {.items = ARENA_ARRAY(arena, struct str, from->items.count + 1)};
    for (const struct json *item = from->items.first; item != NULL; item = item->next) {
        if (item->kind == JSON_STRING)
            list.items[list.count++] = item->string;
    }
    return list;
}

static struct user_ref read_user(const struct json *from)
{
    return (struct user_ref){.id = json_get_str(from, "_id"),
                             .username = json_get_str(from, "username")};
}

/* The kind of JSON each kind of field is written as. */
static const enum json_kind json_of[] = {
    [TEXT] = JSON_STRING,   [FLAG] = JSON_BOOL,   [NUMBER] = JSON_NUMBER, [LIST] = JSON_ARRAY,
    [MOMENT] = JSON_STRING, [USER] = JSON_OBJECT, [TREE] = JSON_OBJECT,
};

static void read_value(void *to, const struct field *field, struct json *from, struct arena *arena)
{
    switch (field->kind) {
    case TEXT:
        *(struct str *)to = from->string;
        break;
    case FLAG:
        *(bool *)to = from->boolean;
        break;
    case NUMBER:
        *(double *)to = from->number;
        break;
    case LIST:
        *(struct text_list *)to = read_list(from, arena);
        break;
    case MOMENT:
        (void)clock_parse_iso(from->string, to);
        break;
    case USER:
        *(struct user_ref *)to = read_user(from);
        break;
    case TREE:
        *(struct json **)to = from;
        break;
    }
}

void integration_take(struct integration *in, enum integration_field number,
                      const struct json *from, bool keep_null, struct arena *arena)
{
    const struct field *field = &fields[number];
    struct json *member = json_get(from, str_of(field->name));
    if (member == NULL)
        return;
    if (member->kind == JSON_NULL && keep_null)
        make_null(in, number);
    else if (member->kind == JSON_NULL)
        integration_drop(in, number);
    else if (member->kind == json_of[field->kind]) {
        read_value(place(in, field), field, member, arena);
        integration_mark(in, number);
    }
}

struct integration *integration_read(struct arena *arena, const struct json *document)
{
    struct integration *in = ARENA_NEW(arena, struct integration);
    for (int field = 0; field < INTEGRATION_FIELDS; field++)
        integration_take(in, (enum integration_field)field, document, true, arena);
    return in;
}

/* --- struct to document --- */

static void put_list(struct buf *out, const struct text_list *list)
{
    struct json_out o = json_begin(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        json_item(&o);
        json_put_string(out, list->items[i]);
    }
    json_end(&o);
}

static void put_user(struct buf *out, const struct user_ref *user)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", user->id);
    json_member_str(&o, "username", user->username);
    json_end(&o);
}

static void put_value(struct buf *out, const struct field *field, const void *from)
{
    switch (field->kind) {
    case TEXT:
        json_put_string(out, *(const struct str *)from);
        break;
    case FLAG:
        buf_add(out, *(const bool *)from ? STR("true") : STR("false"));
        break;
    case NUMBER:
        json_put_number(out, *(const double *)from);
        break;
    case LIST:
        put_list(out, from);
        break;
    case MOMENT:
        json_put_time(out, *(const int64_t *)from);
        break;
    case USER:
        put_user(out, from);
        break;
    case TREE:
        json_put(out, *(struct json *const *)from);
        break;
    }
}

void integration_put(struct buf *out, const struct integration *in)
{
    struct json_out o = json_begin(out, '{');
    for (int i = 0; i < INTEGRATION_FIELDS; i++) {
        bool null = (in->null >> i & 1) != 0;
        if (!null && !integration_has(in, (enum integration_field)i))
            continue;
        json_key(&o, fields[i].name);
        if (null)
            buf_lit(out, "null");
        else
            put_value(out, &fields[i], value(in, &fields[i]));
    }
    json_end(&o);
}

/* --- outgoing events --- */

/* clang-format off */
static const struct outgoing_event outgoing_events[EVENT_KINDS] = {
    /* name                                                             channel words  targetRoom */
    [EVENT_MESSAGE_SENT]    = {STR_INIT("sendMessage"),    EVENT_MESSAGE_SENT,    true,  true,  false},
    [EVENT_FILE_UPLOADED]   = {STR_INIT("fileUploaded"),   EVENT_FILE_UPLOADED,   true,  false, false},
    [EVENT_ROOM_ARCHIVED]   = {STR_INIT("roomArchived"),   EVENT_ROOM_ARCHIVED,   false, false, false},
    [EVENT_ROOM_CREATED]    = {STR_INIT("roomCreated"),    EVENT_ROOM_CREATED,    false, false, false},
    [EVENT_ROOM_JOINED]     = {STR_INIT("roomJoined"),     EVENT_ROOM_JOINED,     true,  false, false},
    [EVENT_ROOM_LEFT]       = {STR_INIT("roomLeft"),       EVENT_ROOM_LEFT,       true,  false, false},
    [EVENT_USER_CREATED]    = {STR_INIT("userCreated"),    EVENT_USER_CREATED,    false, false, true},
    [EVENT_MESSAGE_EDITED]  = {STR_INIT("messageEdited"),  EVENT_MESSAGE_EDITED,  true,  true,  false},
    [EVENT_MESSAGE_DELETED] = {STR_INIT("messageDeleted"), EVENT_MESSAGE_DELETED, true,  true,  false},
    [EVENT_REACTION_ADDED]  = {STR_INIT("reactionAdded"),  EVENT_REACTION_ADDED,  true,  false, false},
};
/* clang-format on */

const struct outgoing_event *outgoing_event_find(struct str name)
{
    for (size_t i = 0; i < EVENT_KINDS; i++) {
        if (str_eq(outgoing_events[i].name, name))
            return &outgoing_events[i];
    }
    return NULL;
}

const struct outgoing_event *outgoing_event_of(enum event_kind kind)
{
    return &outgoing_events[kind];
}

/* --- channel lists --- */

struct text_list channel_list_split(struct arena *arena, struct str text, bool skip_empty)
{
    size_t most = 1;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == ',';
    struct text_list list = {.items = ARENA_ARRAY(arena, struct str, most)};
    struct str part;
    while (str_split(&text, ',', &part)) {
        part = str_trim(part);
        if (part.len > 0 || !skip_empty)
            list.items[list.count++] = part;
    }
    return list;
}
