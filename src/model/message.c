/* The message's two JSON forms: the document of the API, and the column `doc` of its row. Memory
 * only; any thread.
 */
#include "model/message.h"

#define SENDER "u"

static void put_sender(struct json_out *o, const struct message *m, bool with_id)
{
    json_key(o, SENDER);
    struct json_out u = json_begin(o->buf, '{');
    if (with_id)
        json_member_str(&u, "_id", m->user_id);
    json_member_str(&u, "username", m->username);
    if (!str_empty(m->user_name))
        json_member_str(&u, "name", m->user_name);
    json_end(&u);
}

static void put_doc_members(struct json_out *o, const struct message *m)
{
    for (const struct json *at = m->doc->items.first; at != NULL; at = at->next) {
        json_item(o);
        json_put_string(o->buf, at->key);
        buf_add_char(o->buf, ':');
        json_put(o->buf, at);
    }
}

static void put_star(struct json_out *o, struct str user_id)
{
    json_key(o, "starred");
    struct json_out list = json_begin(o->buf, '[');
    json_item(&list);
    struct json_out entry = json_begin(o->buf, '{');
    json_member_str(&entry, "_id", user_id);
    json_end(&entry);
    json_end(&list);
}

void message_put(struct buf *out, const struct message *m)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", m->id);
    json_member_str(&o, "rid", m->room_id);
    if (!str_empty(m->type))
        json_member_str(&o, "t", m->type);
    put_doc_members(&o, m);
    if (!str_empty(m->starred_by))
        put_star(&o, m->starred_by);
    if (!str_empty(m->thread_id))
        json_member_str(&o, "tmid", m->thread_id);
    json_member_time(&o, "ts", m->ts_ms);
    put_sender(&o, m, true);
    json_member_time(&o, "_updatedAt", m->updated_at_ms);
    json_end(&o);
}

void message_put_doc(struct buf *out, const struct message *m)
{
    struct json_out o = json_begin(out, '{');
    put_doc_members(&o, m);
    put_sender(&o, m, false);
    json_end(&o);
}

void message_take_doc(struct arena *a, struct message *m, struct str doc)
{
    struct json *object = json_parse(a, doc);
    m->doc = json_is(object, JSON_OBJECT) ? object : json_object(a);
    const struct json *sender = json_get_lit(m->doc, SENDER);
    if (str_empty(m->username)) {
        m->username = json_get_str(sender, "username");
        m->user_name = json_get_str(sender, "name");
    }
    message_set(m, SENDER, NULL);
}

struct str message_text(const struct message *m)
{
    return json_get_str(m->doc, "msg");
}

/* The member's place: what points to it, or the end of the list. */
static struct json **place_of(struct json *object, const char *member, struct json **out_before)
{
    struct json **place = &object->items.first;
    *out_before = NULL;
    while (*place != NULL && !str_is((*place)->key, member)) {
        *out_before = *place;
        place = &(*place)->next;
    }
    return place;
}

void message_set(struct message *m, const char *member, struct json *value)
{
    struct json *before;
    struct json **place = place_of(m->doc, member, &before), *old = *place;
    if (old == NULL) {
        if (value != NULL)
            json_set(m->doc, str_of(member), value);
        return;
    }
    if (value != NULL) {
        value->key = old->key;
        value->next = old->next;
        *place = value;
    } else {
        *place = old->next;
        m->doc->items.count--;
    }
    if (m->doc->items.last == old)
        m->doc->items.last = value != NULL ? value : before;
}
