/* Sending: may he, is it a message, where does it belong; then the rows it changes. Commands run on
 * the writer; message_may_send() on a reader too.
 */
#include "domain/message.h"

#include "base/id.h"
#include "domain/fault.h"
#include "domain/message_rules.h"
#include "events/event.h"
#include "store/subscription.h"

enum {
    TS_KEPT_MS = 10000,
    TS_REFUSED_MS = 60000,
    SURELY_FITS = MESSAGE_DOC_BYTES / 2, /* bytes of a doc, without its sender */
};

/* --- may he --- */

bool message_may_send(struct rd *rd, const struct user *by, const struct room *room,
                      struct err *err)
{
    if (room->archived)
        return refuse(err, "room_is_archived");
    if (!room_visible(rd, by->id, room))
        return refuse(err, "error-not-allowed");
    if (room->read_only && !access_allows(rd, by->id, PERM_POST_READONLY, room->id))
        return refuse(err, "You can't send messages because the room is readonly.");
    return true;
}

/* --- is it a message --- */

size_t utf16_length(struct str text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        units += ((c & 0xc0) != 0x80) + (c >= 0xf0);
    }
    return units;
}

bool message_fits(const struct catalog *catalog, struct str text)
{
    int64_t most = catalog_setting_int(catalog, SETTING_MESSAGE_MAXALLOWEDSIZE);
    return utf16_length(text) <= (size_t)(most > 0 ? most : 0);
}

bool check_size(struct rd *rd, struct str text, struct err *err)
{
    if (message_fits(rd->catalog, text))
        return true;
    return fault(err, "error-message-size-exceeded", "Message size exceeds Message_MaxAllowedSize");
}

bool check_custom_fields(struct rd *rd, const struct json *fields, struct err *err)
{
    if (fields == NULL || fields->kind == JSON_NULL)
        return true;
    bool enabled = catalog_setting_bool(rd->catalog, SETTING_MESSAGE_CUSTOMFIELDS_ENABLED);
    if (enabled && fields->kind == JSON_OBJECT)
        return true;
    return fault_with(err, STR(""), "error-invalid-custom-fields", "");
}

/* More than the value can take as JSON, found faster than by writing it: a byte becomes six at most
 * when it is escaped, and a number has less than 28. */
static size_t json_at_most(const struct json *value)
{
    size_t bytes = 32 + 6 * value->key.len;
    if (value->kind == JSON_STRING)
        bytes += 6 * value->string.len;
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT)
        return bytes;
    for (const struct json *at = value->items.first; at != NULL; at = at->next)
        bytes += json_at_most(at);
    return bytes;
}

/* With what else is added to it later, it must fit into its row. */
bool check_room_for_doc(const struct message *m, struct err *err)
{
    if (json_at_most(m->doc) < SURELY_FITS)
        return true;
    BUF(doc, MESSAGE_DOC_BYTES - MESSAGE_DOC_RESERVE);
    message_put_doc(&doc, m);
    if (buf_ok(&doc))
        return true;
    return refuse(err, "The message's fields are too large: together they may take %d KB.",
                  (MESSAGE_DOC_BYTES - MESSAGE_DOC_RESERVE) / 1024);
}

static bool impersonates(const struct message *m)
{
    return !str_empty(json_get_str(m->doc, "alias")) || !str_empty(json_get_str(m->doc, "avatar"));
}

static bool check_content(struct rd *rd, const struct user *by, const struct room *room,
                          const struct message *m, struct err *err)
{
    if (impersonates(m) && !access_allows(rd, by->id, PERM_MESSAGE_IMPERSONATE, room->id))
        return refuse(err, "Not enough permission");
    return message_check(m->doc, err) && check_size(rd, message_text(m), err) &&
           check_custom_fields(rd, json_get_lit(m->doc, "customFields"), err) &&
           check_room_for_doc(m, err);
}

/* A client's clock may be a little off; one that is far off would be believed to the detriment of
 * everybody's order. */
static bool check_moment(struct rd *rd, struct message *m, struct err *err)
{
    if (m->ts_ms == 0)
        return true;
    int64_t off = m->ts_ms > rd->now_ms ? m->ts_ms - rd->now_ms : rd->now_ms - m->ts_ms;
    if (off > TS_REFUSED_MS)
        return fault(err, "error-message-ts-out-of-sync", "Message timestamp is out of sync");
    if (off > TS_KEPT_MS)
        m->ts_ms = 0;
    return true;
}

/* --- where does it belong --- */

/* A reply to a reply belongs to the same thread. */
static bool find_parent(struct rd *rd, const struct room *room, struct message *m,
                        struct message **out, struct err *err)
{
    *out = NULL;
    if (str_empty(m->thread_id))
        return true;
    struct message *parent = message_find(rd, m->thread_id);
    if (parent != NULL && !str_empty(parent->thread_id))
        parent = message_find(rd, parent->thread_id);
    if (parent == NULL || parent->room_seq != room->seq)
        return fault(err, "error-invalid-message", "Invalid message");
    m->thread_id = parent->id;
    m->aside = !json_get_true(m->doc, "tshow");
    *out = parent;
    return true;
}

static bool lists(const struct json *texts, struct str text)
{
    for (const struct json *at = texts->items.first; at != NULL; at = at->next)
        if (at->kind == JSON_STRING && str_eq(at->string, text))
            return true;
    return false;
}

static void follow(struct arena *a, struct json *replies, struct str user_id)
{
    if (!lists(replies, user_id) && replies->items.count < THREAD_FOLLOWERS)
        json_append(replies, json_string(a, user_id));
}

/* The parent of a thread counts its replies, and knows who follows it. */
static void note_reply(struct tx *tx, struct message *parent, const struct message *reply)
{
    struct arena *a = tx->rd.arena;
    struct json *replies = json_get_lit(parent->doc, "replies");
    if (!json_is(replies, JSON_ARRAY)) {
        replies = json_array(a);
        message_set(parent, "replies", replies);
    }
    follow(a, replies, parent->user_id);
    follow(a, replies, reply->user_id);
    message_set(parent, "tcount", json_number(a, (double)(message_replies(parent) + 1)));
    message_set(parent, "tlm", json_moment(a, reply->ts_ms));
    message_save(tx, parent);
}

int64_t message_replies(const struct message *parent)
{
    const struct json *count = json_get_lit(parent->doc, "tcount");
    return json_is(count, JSON_NUMBER) ? (int64_t)count->number : 0;
}

struct json *json_moment(struct arena *a, int64_t ms)
{
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(ms, text);
    return json_string(a, arena_str(a, str_of(text)));
}

/* --- storing --- */

/* The message that has the id already. One of a room that was deleted does not count. */
static struct message *find_same(struct tx *tx, const struct message *m)
{
    if (str_empty(m->id))
        return NULL;
    struct message *same = message_find(tx_rd(tx), m->id);
    if (same == NULL)
        message_release_id(tx, m->id);
    return same;
}

static bool take_same(struct message *m, const struct message *same, const struct room *room,
                      struct err *err)
{
    if (same->room_seq != room->seq)
        return fault(err, "error-invalid-message", "The id belongs to another message");
    *m = *same;
    return true;
}

static void take_sender(struct message *m, const struct user *by, const struct room *room)
{
    m->room_id = room->id;
    m->room_seq = room->seq;
    m->user_id = by->id;
    m->username = by->username;
    m->user_name = by->name;
    m->type = STR("");
}

bool message_store(struct tx *tx, const struct user *by, struct room *room, struct message *m,
                   struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct message *parent;
    take_sender(m, by, room);
    if (!check_content(rd, by, room, m, err))
        return false;
    const struct message *same = find_same(tx, m);
    if (same != NULL)
        return take_same(m, same, room, err);
    if (!check_moment(rd, m, err) || !find_parent(rd, room, m, &parent, err))
        return false;
    if (str_empty(m->id))
        m->id = id_short(rd->arena);
    struct mentioned mentioned;
    message_refer(rd, m, &mentioned);
    message_insert(tx, m);
    message_mention_all(tx, m, &mentioned);
    subscription_read(tx, room->id, by->id, m->number);
    if (parent != NULL)
        note_reply(tx, parent, m);
    event_message_sent(tx, room, m);
    return true;
}

bool message_send(struct tx *tx, const struct user *by, struct room *room, struct message *m,
                  struct err *err)
{
    return message_may_send(tx_rd(tx), by, room, err) && message_store(tx, by, room, m, err);
}
