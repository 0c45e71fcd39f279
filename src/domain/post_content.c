/* From the content of a call to a message: the first of several names that has a value, what the
 * integration says otherwise, and what is made of the rest. Runs in a command; touches memory
 * only. */
#include "domain/fault.h"
#include "domain/post_parts.h"

enum { TEXT_BYTES = 16 << 20 };

/* --- values as JavaScript sees them --- */

static bool is_given(const struct json *value)
{
    return value != NULL && value->kind != JSON_NULL;
}

/* A node of its own over the same content, for a node is in one tree only. */
static struct json *share(struct arena *a, const struct json *value)
{
    struct json *copy = ARENA_NEW(a, struct json);
    *copy = *value;
    copy->next = NULL;
    return copy;
}

static const struct json *first_of(const struct json *content, const char *one, const char *other)
{
    const struct json *value = json_get(content, str_of(one));
    if (json_truthy(value))
        return value;
    value = json_get(content, str_of(other));
    return json_truthy(value) ? value : NULL;
}

/* Any value as a text; what is no scalar as JSON. */
static struct str as_text(struct arena *a, const struct json *value)
{
    if (value->kind == JSON_STRING)
        return str_trim(value->string);
    BUF(text, TEXT_BYTES);
    json_put(&text, value);
    return arena_str(a, buf_str(&text));
}

/* --- the members of the message --- */

static void put_alias(struct arena *a, const struct poster *poster, const struct json *content,
                      struct message *m)
{
    const struct json *alias = first_of(content, "username", "alias");
    message_set(m, "alias", alias != NULL ? share(a, alias) : json_string(a, poster->alias));
}

static void put_text(struct arena *a, const struct json *content, struct message *m)
{
    const struct json *text = first_of(content, "text", "msg");
    message_set(m, "msg", json_string(a, text != NULL ? as_text(a, text) : STR("")));
}

/* Senders write an attachment's text as `msg` too. */
static const struct json *normal_attachment(struct arena *a, const struct json *attachment)
{
    const struct json *msg = json_get_lit(attachment, "msg");
    if (!json_truthy(msg))
        return attachment;
    struct json *copy = json_object(a);
    for (const struct json *at = attachment->items.first; at != NULL; at = at->next)
        if (!str_is(at->key, "msg") && !str_is(at->key, "text"))
            json_set(copy, at->key, share(a, at));
    json_set(copy, STR("text"), json_string(a, as_text(a, msg)));
    return copy;
}

static bool put_attachments(struct arena *a, const struct json *content, struct message *m)
{
    struct json *attachments = json_array(a);
    const struct json *given = json_get_lit(content, "attachments");
    bool usable = json_is(given, JSON_ARRAY);
    if (usable) {
        for (const struct json *at = given->items.first; at != NULL; at = at->next)
            json_append(attachments, share(a, normal_attachment(a, at)));
    }
    message_set(m, "attachments", attachments);
    return usable;
}

static void put_flag(struct arena *a, const struct json *content, const char *name, bool otherwise,
                     struct message *m)
{
    const struct json *given = json_get(content, str_of(name));
    message_set(m, name, is_given(given) ? share(a, given) : json_bool(a, otherwise));
}

static void put_bot(struct arena *a, const struct poster *poster, struct message *m)
{
    if (str_empty(poster->integration_id))
        return;
    struct json *bot = json_object(a);
    json_set(bot, STR("i"), json_string(a, poster->integration_id));
    message_set(m, "bot", bot);
}

/* One picture: an address goes before an emoji, the content before the integration. */
static void put_picture(struct arena *a, const struct poster *poster, const struct json *content,
                        struct message *m)
{
    const struct json *avatar = first_of(content, "icon_url", "avatar");
    const struct json *emoji = first_of(content, "icon_emoji", "emoji");
    if (avatar != NULL)
        message_set(m, "avatar", share(a, avatar));
    else if (emoji != NULL)
        message_set(m, "emoji", share(a, emoji));
    else if (!str_empty(poster->avatar))
        message_set(m, "avatar", json_string(a, poster->avatar));
    else if (!str_empty(poster->emoji))
        message_set(m, "emoji", json_string(a, poster->emoji));
}

static bool put_thread(const struct json *content, struct message *m, struct err *err)
{
    const struct json *thread = json_get_lit(content, "tmid");
    if (!is_given(thread))
        return true;
    if (thread->kind != JSON_STRING)
        return refuse(err, "Match error: Expected string in field tmid");
    m->thread_id = thread->string;
    return true;
}

struct message *content_message(struct arena *a, const struct poster *poster,
                                const struct json *content, struct err *err)
{
    struct message *m = ARENA_NEW(a, struct message);
    m->doc = json_object(a);
    put_alias(a, poster, content, m);
    put_text(a, content, m);
    bool attached = put_attachments(a, content, m);
    put_flag(a, content, "parseUrls", !attached, m);
    put_flag(a, content, "groupable", false, m);
    put_bot(a, poster, m);
    put_picture(a, poster, content, m);
    const struct json *fields = json_get_lit(content, "customFields");
    if (is_given(fields))
        message_set(m, "customFields", share(a, fields));
    return put_thread(content, m, err) ? m : NULL;
}
