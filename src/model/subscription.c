/* The subscription as the API answers it, and what it says of unread messages. Memory only; any
 * thread. */
#include "model/subscription.h"

bool subscription_open(const struct subscription *s)
{
    return s->open || s->last_number > s->hidden_number;
}

bool subscription_alert(const struct subscription *s)
{
    return s->fresh || s->last_number > s->read_number;
}

/* Every message of a direct room counts, elsewhere those that mention him or everybody. */
int64_t subscription_unread(const struct subscription *s)
{
    int64_t behind = s->room_type == 'd' ? s->last_number - s->read_number : s->mention_messages;
    return behind + (s->fresh ? 1 : 0);
}

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
    json_member_str(&o, "fname", s->room_fname);
    json_member_bool(&o, "open", subscription_open(s));
    json_member_bool(&o, "alert", subscription_alert(s));
    json_member_i64(&o, "unread", subscription_unread(s));
    json_member_i64(&o, "userMentions", s->user_mentions);
    json_member_i64(&o, "groupMentions", s->group_mentions);
    json_member_time(&o, "ts", s->created_at_ms);
    if (s->seen_at_ms != 0)
        json_member_time(&o, "ls", s->seen_at_ms);
    put_roles(&o, s);
    if (s->ignored != NULL)
        json_member_json(&o, "ignored", s->ignored);
    if (s->room_archived)
        json_member_bool(&o, "archived", true);
    json_member_time(&o, "_updatedAt",
                     s->changed_at_ms > s->updated_at_ms ? s->changed_at_ms : s->updated_at_ms);
    json_end(&o);
}
