/* Reacting to messages, pinning, starring, following and reporting them. Runs in commands. */
#include "domain/message_marks.h"

#include "domain/fault.h"
#include "domain/message_rules.h"
#include "events/event.h"
#include "store/message_marks.h"
#include "store/subscription.h"
#include "store/user.h"

enum { EMOJI_BYTES = 64, REACTIONS_MAX = 100, REACTED_MAX = 1000 };

#define DETAILS_ACTION(name, action) STR("{\"method\":\"" name "\",\"action\":\"" action "\"}")

static bool refuse_unauthorized(struct err *err, struct str details)
{
    return fault_with(err, details, "not-authorized", "Not Authorized");
}

/* The room, if he sees it. */
static struct room *seen_room(struct rd *rd, const struct user *by, const struct message *m)
{
    struct room *room = room_find(rd, m->room_id);
    return room != NULL && room_visible(rd, by->id, room) ? room : NULL;
}

/* --- lists of texts in a doc --- */

static bool lists(const struct json *texts, struct str text)
{
    const struct json *at = json_is(texts, JSON_ARRAY) ? texts->items.first : NULL;
    while (at != NULL && !(at->kind == JSON_STRING && str_eq(at->string, text)))
        at = at->next;
    return at != NULL;
}

/* A copy, with the text at its end or without it. */
static struct json *list_with(struct arena *a, const struct json *texts, struct str text, bool in)
{
    struct json *copy = json_array(a);
    const struct json *at = json_is(texts, JSON_ARRAY) ? texts->items.first : NULL;
    for (; at != NULL; at = at->next)
        if (at->kind == JSON_STRING && !str_eq(at->string, text))
            json_append(copy, json_string(a, at->string));
    if (in)
        json_append(copy, json_string(a, text));
    return copy;
}

/* --- reactions --- */

/* Names are not looked up: every client knows others. */
static bool is_emoji_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '_' && c != '-' && c != '+')
            return false;
    }
    return name.len > 0 && name.len <= EMOJI_BYTES;
}

static bool take_emoji(struct arena *a, struct str given, struct str *out, struct err *err)
{
    struct str name = given;
    if (name.len > 2 && name.ptr[0] == ':' && name.ptr[name.len - 1] == ':')
        name = str_slice(name, 1, name.len - 1);
    if (!is_emoji_name(name))
        return fault_with(err, DETAILS_METHOD("setReaction"), "error-not-allowed",
                          "Invalid emoji provided.");
    *out = arena_fmt(a, ":%.*s:", STR_FMT(name));
    return true;
}

static bool may_react(struct rd *rd, const struct user *by, const struct message *m,
                      struct err *err)
{
    const struct room *room = seen_room(rd, by, m);
    if (room == NULL)
        return refuse_unauthorized(err, DETAILS_METHOD("setReaction"));
    return message_may_send(rd, by, room, err);
}

static const struct json *reacted(const struct json *reactions, struct str emoji)
{
    return json_get_lit(json_get(reactions, emoji), "usernames");
}

/* The reactions with one of them changed; NULL when none is left. */
static struct json *reactions_with(struct arena *a, const struct json *old, struct str emoji,
                                   struct json *usernames)
{
    struct json *reactions = json_object(a), *entry = json_object(a);
    json_set(entry, STR("usernames"), usernames);
    const struct json *at = json_is(old, JSON_OBJECT) ? old->items.first : NULL;
    for (; at != NULL; at = at->next) {
        bool same = str_eq(at->key, emoji);
        struct json *copy = same ? entry : json_object(a);
        if (!same)
            copy->items = at->items;
        if (!same || usernames->items.count > 0)
            json_set(reactions, at->key, copy);
    }
    if (json_get(old, emoji) == NULL && usernames->items.count > 0)
        json_set(reactions, emoji, entry);
    return reactions->items.count > 0 ? reactions : NULL;
}

static bool check_reactions(const struct message *m, const struct json *reactions,
                            const struct json *usernames, struct err *err)
{
    if (reactions != NULL && reactions->items.count > REACTIONS_MAX)
        return refuse(err, "A message can have %d different reactions.", REACTIONS_MAX);
    if (usernames->items.count > REACTED_MAX)
        return refuse(err, "%d users can react in the same way.", REACTED_MAX);
    return check_room_for_doc(m, err);
}

static void tell_of_reaction(struct tx *tx, const struct user *by, const struct message *m,
                             struct str emoji)
{
    const struct room *room = room_find(tx_rd(tx), m->room_id);
    if (room != NULL)
        event_happened(tx, &(struct event){.kind = EVENT_REACTION_ADDED,
                                           .room = room,
                                           .message = m,
                                           .user_id = by->id,
                                           .reaction = emoji});
}

bool message_react(struct tx *tx, const struct user *by, struct message *m, struct str emoji,
                   enum react how, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!may_react(rd, by, m, err) || !take_emoji(rd->arena, emoji, &emoji, err))
        return false;
    const struct json *old = json_get_lit(m->doc, "reactions");
    bool is_in = lists(reacted(old, emoji), by->username);
    bool in = how == REACT_TOGGLE ? !is_in : how == REACT_ADD;
    if (in == is_in)
        return true;
    struct json *usernames = list_with(rd->arena, reacted(old, emoji), by->username, in);
    struct json *reactions = reactions_with(rd->arena, old, emoji, usernames);
    message_set(m, "reactions", reactions);
    if (in && !check_reactions(m, reactions, usernames, err))
        return false;
    message_save(tx, m);
    if (in)
        tell_of_reaction(tx, by, m, emoji);
    return true;
}

/* --- stars --- */

bool message_set_starred(struct tx *tx, const struct user *by, const struct message *m,
                         bool starred, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!catalog_setting_bool(rd->catalog, SETTING_MESSAGE_ALLOWSTARRING))
        return fault_with(err, DETAILS_ACTION("starMessage", "Message_starring"),
                          "error-action-not-allowed", "Message starring not allowed");
    if (seen_room(rd, by, m) == NULL)
        return refuse_unauthorized(err, DETAILS_METHOD("starMessage"));
    (starred ? message_star : message_unstar)(tx, m, by->id);
    return true;
}

/* --- pins --- */

static bool may_pin(struct rd *rd, const struct user *by, const struct message *m,
                    const struct room **out, struct err *err)
{
    if (!catalog_setting_bool(rd->catalog, SETTING_MESSAGE_ALLOWPINNING))
        return fault_with(err, DETAILS_ACTION("pinMessage", "Message_pinning"),
                          "error-action-not-allowed", "Message pinning not allowed");
    *out = seen_room(rd, by, m);
    if (*out == NULL || !access_allows(rd, by->id, PERM_PIN_MESSAGE, m->room_id))
        return refuse_unauthorized(err, DETAILS_METHOD("pinMessage"));
    return true;
}

static void set_pin(struct arena *a, struct message *m, const struct user *by, int64_t now_ms)
{
    struct json *who = json_object(a);
    json_set(who, STR("_id"), json_string(a, by->id));
    json_set(who, STR("username"), json_string(a, by->username));
    message_set(m, "pinned", json_bool(a, true));
    message_set(m, "pinnedAt", json_moment(a, now_ms));
    message_set(m, "pinnedBy", who);
}

/* What the room is shown of the message that was pinned. */
static struct json *quote(struct arena *a, const struct message *m)
{
    struct json *attachment = json_object(a), *attachments = json_array(a);
    json_set(attachment, STR("text"), json_string(a, message_text(m)));
    json_set(attachment, STR("author_name"), json_string(a, m->username));
    json_set(attachment, STR("author_icon"),
             json_string(a, arena_fmt(a, "/avatar/%.*s", STR_FMT(m->username))));
    json_set(attachment, STR("ts"), json_moment(a, m->ts_ms));
    json_append(attachments, attachment);
    return attachments;
}

static struct message *note_pin(struct tx *tx, const struct room *room, const struct user *by,
                                const struct message *m)
{
    struct rd *rd = tx_rd(tx);
    struct actor actor = {.id = by->id, .username = by->username};
    int64_t number = message_system(tx, room, SYSTEM_PINNED, &actor, STR(""));
    struct message *note = message_find_number(rd, room->seq, number);
    if (note == NULL)
        return NULL;
    message_set(note, "attachments", quote(rd->arena, m));
    message_save(tx, note);
    return note;
}

bool message_pin(struct tx *tx, const struct user *by, struct message *m, struct message **out,
                 struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct room *room;
    if (!may_pin(rd, by, m, &room, err))
        return false;
    *out = m;
    if (json_get_true(m->doc, "pinned"))
        return true;
    set_pin(rd->arena, m, by, rd->now_ms);
    if (!check_room_for_doc(m, err))
        return false;
    message_save(tx, m);
    *out = note_pin(tx, room, by, m);
    return *out != NULL || refuse(err, "error-invalid-message");
}

bool message_unpin(struct tx *tx, const struct user *by, struct message *m, struct err *err)
{
    static const char *const members[] = {"pinned", "pinnedAt", "pinnedBy"};
    const struct room *room;
    if (!may_pin(tx_rd(tx), by, m, &room, err))
        return false;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        message_set(m, members[i], NULL);
    message_save(tx, m);
    return true;
}

/* --- threads --- */

bool message_follows(const struct message *m, struct str user_id)
{
    return lists(json_get_lit(m->doc, "replies"), user_id);
}

bool message_set_followed(struct tx *tx, const struct user *by, struct message *m, bool followed,
                          struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str details =
        followed ? DETAILS_METHOD("followMessage") : DETAILS_METHOD("unfollowMessage");
    if (!catalog_setting_bool(rd->catalog, SETTING_THREADS_ENABLED) || seen_room(rd, by, m) == NULL)
        return fault_with(err, details, "error-not-allowed", "not-allowed");
    struct message *parent = str_empty(m->thread_id) ? m : message_find(rd, m->thread_id);
    if (parent == NULL || message_follows(parent, by->id) == followed)
        return true;
    const struct json *old = json_get_lit(parent->doc, "replies");
    struct json *replies = list_with(rd->arena, old, by->id, followed);
    if (replies->items.count > THREAD_FOLLOWERS)
        return refuse(err, "A thread can have %d followers.", THREAD_FOLLOWERS);
    message_set(parent, "replies", replies);
    if (followed && !check_room_for_doc(parent, err))
        return false;
    message_save(tx, parent);
    return true;
}

/* --- reports, and whom one does not want to see --- */

bool message_report_by(struct tx *tx, const struct user *by, const struct message *m,
                       struct str description, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (seen_room(rd, by, m) == NULL)
        return fault_with(err, DETAILS_METHOD("reportMessage"), "error-not-allowed", "Not allowed");
    if (!check_size(rd, description, err))
        return false;
    message_report(tx, m, by->id, description);
    return true;
}

bool user_set_ignored(struct tx *tx, const struct user *by, struct str room_id,
                      struct str ignored_id, bool ignored, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!subscription_exists(rd, room_id, by->id) || user_find(rd, ignored_id) == NULL)
        return fault_with(err, DETAILS_METHOD("ignoreUser"), "error-invalid-subscription",
                          "Invalid subscription");
    if (!subscription_ignore(tx, room_id, by->id, ignored_id, ignored))
        return refuse(err, "%d users can be ignored in a room.", IGNORED_MAX);
    return true;
}
