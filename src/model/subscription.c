/* The subscription's JSON forms: the document of the API and the column `doc` of its row. Memory
 * only; any thread.
 */
#include "model/subscription.h"

static void put_user(struct json_out *o, const struct subscription *s)
{
    json_key(o, "u");
    struct json_out u = json_begin(o->buf, '{');
    json_member_str(&u, "_id", s->user_id);
    json_member_str(&u, "username", s->username);
    if (!str_empty(s->user_name))
        json_member_str(&u, "name", s->user_name);
    json_end(&u);
}

static void put_roles(struct json_out *o, const struct subscription *s)
{
    json_key(o, "roles");
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < s->role_count; i++) {
        json_item(&list);
        json_put_string(list.buf, s->roles[i]);
    }
    json_end(&list);
}

void subscription_put(struct buf *out, const struct subscription *s)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", s->id);
    put_user(&o, s);
    json_member_str(&o, "rid", s->room_id);
    json_member_str(&o, "t", str_from(&s->room_type, 1));
    json_member_str(&o, "name", s->room_name);
    json_member_str(&o, "fname", s->room_name);
    json_member_bool(&o, "open", s->open);
    json_member_bool(&o, "alert", s->alert);
    json_member_i64(&o, "unread", s->unread);
    json_member_i64(&o, "userMentions", 0); /* nobody is mentioned where there are no messages */
    json_member_i64(&o, "groupMentions", 0);
    json_member_time(&o, "ts", s->created_at_ms);
    if (s->seen_at_ms != 0)
        json_member_time(&o, "ls", s->seen_at_ms);
    put_roles(&o, s);
    if (s->room_archived)
        json_member_bool(&o, "archived", true);
    json_member_time(&o, "_updatedAt", s->updated_at_ms);
    json_end(&o);
}

void subscription_put_doc(struct buf *out, const struct subscription *s)
{
    struct json_out o = json_begin(out, '{');
    if (s->alert)
        json_member_bool(&o, "alert", true);
    if (s->unread != 0)
        json_member_i64(&o, "unread", s->unread);
    if (s->seen_at_ms != 0)
        json_member_i64(&o, "seen", s->seen_at_ms);
    json_end(&o);
}

static int64_t whole_number(const struct json *doc, const char *key)
{
    const struct json *value = json_get(doc, str_of(key));
    return json_is(value, JSON_NUMBER) ? (int64_t)value->number : 0;
}

void subscription_take_doc(struct arena *a, struct subscription *s, struct str doc)
{
    const struct json *object = json_parse(a, doc);
    s->alert = json_get_true(object, "alert");
    s->unread = whole_number(object, "unread");
    s->seen_at_ms = whole_number(object, "seen");
}
