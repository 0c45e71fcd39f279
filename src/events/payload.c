/* The fields of `data`, as one table: which event has which. payload_put() reads rows and runs on
 * the writer; the rest is memory only, any thread. */
#include "events/payload.h"

#include "base/clock.h"
#include "events/match.h"
#include "store/room.h"
#include "store/user.h"

/* An event with the rows that its fields are taken from. */
struct subject {
    struct rd *rd;
    const struct event *event;
    const struct room *room; /* complete where it is shown whole */
    const struct message *message;
    const struct user *user; /* who did it, or came, went, was made; NULL: of messages the
                                sender, whose names the message knows */
};

/* --- putting single fields --- */

static struct str user_id(const struct subject *s)
{
    return s->user != NULL ? s->user->id : s->message->user_id;
}

static struct str username(const struct subject *s)
{
    return s->user != NULL ? s->user->username : s->message->username;
}

static bool is_bot(const struct subject *s)
{
    if (s->message != NULL)
        return json_truthy(json_get_lit(s->message->doc, "bot"));
    return s->event->kind != EVENT_ROOM_CREATED && s->user != NULL && str_is(s->user->type, "bot");
}

static void put_bot(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_bool(o, name, is_bot(s));
}

static void put_room_id(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, s->room->id);
}

static void put_room_name(struct json_out *o, const char *name, const struct subject *s)
{
    if (!str_empty(s->room->name))
        json_member_str(o, name, s->room->name);
}

static void put_message_id(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, s->message->id);
}

static int64_t moment_of(const struct subject *s)
{
    switch (s->event->kind) {
    case EVENT_MESSAGE_SENT:
    case EVENT_MESSAGE_EDITED:
    case EVENT_FILE_UPLOADED:
        return s->message->ts_ms;
    case EVENT_ROOM_CREATED:
        return s->room->created_at_ms;
    case EVENT_USER_CREATED:
        return s->user->created_at_ms;
    default:
        return s->rd->now_ms;
    }
}

static void put_timestamp(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_time(o, name, moment_of(s));
}

static void put_user_id(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, user_id(s));
}

static void put_username(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, username(s));
}

static void put_text(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, message_text(s->message));
}

static void put_site_url(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, catalog_setting_text(s->rd->catalog, SETTING_SITE_URL, s->rd->arena));
}

static void put_alias(struct json_out *o, const char *name, const struct subject *s)
{
    struct str alias = json_get_str(s->message->doc, "alias");
    if (!str_empty(alias))
        json_member_str(o, name, alias);
}

static void put_is_edited(struct json_out *o, const char *name, const struct subject *s)
{
    if (json_get_lit(s->message->doc, "editedAt") != NULL)
        json_member_bool(o, name, true);
}

static void put_thread(struct json_out *o, const char *name, const struct subject *s)
{
    if (!str_empty(s->message->thread_id))
        json_member_str(o, name, s->message->thread_id);
}

static void put_reaction(struct json_out *o, const char *name, const struct subject *s)
{
    json_member_str(o, name, s->event->reaction);
}

static void put_user(struct json_out *o, const char *name, const struct subject *s)
{
    if (s->user == NULL)
        return;
    json_key(o, name);
    user_put(o->buf, s->user, USER_VIEW_EVENT);
}

static void put_sender(struct json_out *o, const char *name, const struct subject *s)
{
    json_key(o, name);
    struct json_out sender = json_begin(o->buf, '{');
    json_member_str(&sender, "_id", s->message->user_id);
    json_member_str(&sender, "username", s->message->username);
    json_end(&sender);
}

static void put_room(struct json_out *o, const char *name, const struct subject *s)
{
    json_key(o, name);
    room_put(o->buf, s->room);
}

static void put_message(struct json_out *o, const char *name, const struct subject *s)
{
    json_key(o, name);
    message_put(o->buf, s->message);
}

/* --- the table --- */

#define IN(kind) (1u << EVENT_##kind)

enum {
    /* Those that are one message and no more. */
    TEXTS = IN(MESSAGE_SENT) | IN(MESSAGE_EDITED),
    OTHERS_MESSAGES = IN(MESSAGE_DELETED) | IN(REACTION_ADDED),
    MESSAGES = TEXTS | OTHERS_MESSAGES | IN(FILE_UPLOADED),
    MEMBERS = IN(ROOM_ARCHIVED) | IN(ROOM_JOINED) | IN(ROOM_LEFT),
    ROOMS = MEMBERS | IN(ROOM_CREATED),
    ALL = MESSAGES | ROOMS | IN(USER_CREATED),
    WITH_USER = MEMBERS | IN(USER_CREATED) | IN(FILE_UPLOADED),
    WITH_ROOM = ROOMS | IN(FILE_UPLOADED),
};

static const struct field {
    const char *name;
    unsigned kinds;
    void (*put)(struct json_out *o, const char *name, const struct subject *s);
} fields[] = {
    {"bot", ALL, put_bot},
    {"channel_id", MESSAGES | ROOMS, put_room_id},
    {"channel_name", MESSAGES | ROOMS, put_room_name},
    {"message_id", MESSAGES, put_message_id},
    {"timestamp", ALL, put_timestamp},
    {"user_id", ALL, put_user_id},
    {"user_name", ALL, put_username},
    {"text", MESSAGES, put_text},
    {"siteUrl", TEXTS, put_site_url},
    {"alias", TEXTS | IN(FILE_UPLOADED), put_alias},
    {"isEdited", TEXTS, put_is_edited},
    {"tmid", TEXTS | OTHERS_MESSAGES, put_thread},
    {"reaction", IN(REACTION_ADDED), put_reaction},
    {"sender", OTHERS_MESSAGES, put_sender},
    {"user", WITH_USER, put_user},
    {"room", WITH_ROOM, put_room},
    {"message", IN(FILE_UPLOADED), put_message},
    {"owner", IN(ROOM_CREATED), put_user},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* --- the first step --- */

/* Those whose user is the sender are told of a sender who is no more, too. */
static bool knows_its_user(const struct subject *s)
{
    return s->user != NULL || ((TEXTS | IN(FILE_UPLOADED)) & (1u << s->event->kind)) != 0;
}

static void find_rows(struct subject *s)
{
    unsigned kind = 1u << s->event->kind;
    struct str id = s->event->user_id;
    if (kind == IN(FILE_UPLOADED))
        id = s->message->user_id;
    if ((kind & TEXTS) == 0 && !str_empty(id))
        s->user = user_find(s->rd, id);
    if ((kind & WITH_ROOM) == 0)
        return;
    struct room *whole = ARENA_NEW(s->rd->arena, struct room);
    *whole = *s->room;
    room_complete(s->rd, whole);
    s->room = whole;
}

bool payload_complete(struct rd *rd, const struct event *event)
{
    unsigned kind = 1u << event->kind;
    bool lacks_message = (kind & MESSAGES) != 0 && event->message == NULL;
    bool lacks_room = (kind & (MESSAGES | ROOMS)) != 0 && event->room == NULL;
    bool needs_user = (kind & (TEXTS | IN(FILE_UPLOADED))) == 0;
    return !lacks_message && !lacks_room && (!needs_user || user_exists(rd, event->user_id));
}

bool payload_put(struct buf *out, struct rd *rd, const struct event *event)
{
    struct subject s = {.rd = rd, .event = event, .room = event->room, .message = event->message};
    find_rows(&s);
    struct json_out o = json_begin(out, '{');
    if (!knows_its_user(&s))
        json_member_bool(&o, "bot", false);
    for (size_t i = 0; knows_its_user(&s) && i < FIELDS; i++)
        if ((fields[i].kinds & (1u << event->kind)) != 0)
            fields[i].put(&o, fields[i].name, &s);
    json_end(&o);
    return buf_ok(out);
}

/* --- the second step --- */

struct json *payload_for(struct arena *a, const struct integration *in, struct str data,
                         struct str trigger_word)
{
    struct json *payload = json_object(a), *known = json_parse(a, data);
    if (integration_has(in, INTEGRATION_TOKEN))
        json_set(payload, STR("token"), json_string(a, in->token));
    struct json *at = json_is(known, JSON_OBJECT) ? known->items.first : NULL;
    while (at != NULL) {
        struct json *next = at->next;
        at->next = NULL;
        json_set(payload, at->key, at);
        if (!str_empty(trigger_word) && str_is(at->key, "bot"))
            json_set(payload, STR("trigger_word"), json_string(a, trigger_word));
        at = next;
    }
    return payload;
}

bool payload_passes(const struct integration *in, struct str event, const struct json *data,
                    struct str *out_word)
{
    *out_word = STR("");
    const struct outgoing_event *now = outgoing_event_find(in->event);
    if (now == NULL || !in->enabled || !str_eq(in->event, event))
        return false;
    const struct precheck rules = {.event = now,
                                   .words = &in->trigger_words,
                                   .word_anywhere = in->trigger_word_anywhere,
                                   .run_on_edits = in->run_on_edits};
    bool edited = json_get_true(data, "isEdited") ||
                  json_get_lit(json_get_lit(data, "message"), "editedAt") != NULL;
    return precheck_passes(&rules, json_get_str(data, "text"), edited, out_word);
}

/* --- moments --- */

/* Where there may be one: up to three names. */
static const char *const moments[][3] = {
    {"timestamp"},
    {"user", "createdAt"},
    {"user", "_updatedAt"},
    {"user", "lastLogin"},
    {"owner", "createdAt"},
    {"owner", "_updatedAt"},
    {"owner", "lastLogin"},
    {"room", "ts"},
    {"room", "_updatedAt"},
    {"room", "lm"},
    {"room", "lastMessage", "ts"},
    {"room", "lastMessage", "_updatedAt"},
    {"room", "lastMessage", "editedAt"},
    {"room", "lastMessage", "pinnedAt"},
    {"room", "lastMessage", "tlm"},
    {"message", "ts"},
    {"message", "_updatedAt"},
    {"message", "editedAt"},
    {"message", "pinnedAt"},
    {"message", "tlm"},
};
enum { MOMENTS = sizeof(moments) / sizeof(moments[0]), NAMES = 3 };

static struct json *member_at(struct json *payload, const char *const names[NAMES])
{
    struct json *at = payload;
    for (size_t i = 0; i < NAMES && names[i] != NULL; i++)
        at = json_get(at, str_of(names[i]));
    return at;
}

static void add_names(struct arena *a, struct json *path, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && names[i] != NULL; i++)
        json_append(path, json_string(a, str_of(names[i])));
}

struct json *payload_take_moments(struct arena *a, struct json *payload, const char *const *prefix,
                                  size_t prefix_count)
{
    struct json *paths = json_array(a);
    for (size_t i = 0; i < MOMENTS; i++) {
        struct json *member = member_at(payload, moments[i]);
        int64_t ms;
        if (!json_is(member, JSON_STRING) || !clock_parse_iso(member->string, &ms))
            continue;
        member->kind = JSON_NUMBER;
        member->number = (double)ms;
        struct json *path = json_array(a);
        add_names(a, path, prefix, prefix_count);
        add_names(a, path, moments[i], NAMES);
        json_append(paths, path);
    }
    return paths;
}
