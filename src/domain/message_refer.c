/* What a message's text refers to becomes part of it: addresses, users who exist, rooms that its
 * sender may see. Reads rows; runs in commands. */
#include "domain/message_rules.h"
#include "store/user.h"

static struct json *text_of(struct arena *a, struct str text)
{
    return json_string(a, arena_str(a, text));
}

static struct json *urls_of(struct arena *a, const struct references *found)
{
    struct json *urls = json_array(a);
    for (size_t i = 0; i < found->url_count; i++) {
        struct json *url = json_object(a);
        json_set(url, STR("url"), text_of(a, found->urls[i]));
        json_set(url, STR("meta"), json_object(a));
        json_append(urls, url);
    }
    return urls;
}

/* --- users --- */

static bool is_group(struct str name)
{
    return str_is(name, "all") || str_is(name, "here");
}

static const struct user *find_user(struct rd *rd, struct str name)
{
    const struct user *user = NULL;
    while (user == NULL && !str_empty(name)) {
        user = user_find_by_username(rd, name);
        name = message_shorter_name(name);
    }
    return user;
}

static struct json *group_mention(struct arena *a, struct str name)
{
    struct json *mention = json_object(a);
    json_set(mention, STR("_id"), text_of(a, name));
    json_set(mention, STR("username"), text_of(a, name));
    return mention;
}

static struct json *user_mention(struct arena *a, const struct user *user)
{
    struct json *mention = json_object(a);
    json_set(mention, STR("_id"), json_string(a, user->id));
    json_set(mention, STR("username"), json_string(a, user->username));
    if (!str_empty(user->name))
        json_set(mention, STR("name"), json_string(a, user->name));
    json_set(mention, STR("type"), json_string(a, STR("user")));
    return mention;
}

static bool note(struct mentioned *mentioned, struct str id)
{
    for (size_t i = 0; i < mentioned->count; i++)
        if (str_eq(mentioned->ids[i], id))
            return false;
    mentioned->ids[mentioned->count++] = id;
    return true;
}

static struct str without_sentence_end(struct str name)
{
    for (struct str shorter; !str_empty(shorter = message_shorter_name(name));)
        name = shorter;
    return name;
}

static struct json *mentions_of(struct rd *rd, const struct references *found,
                                struct mentioned *mentioned)
{
    struct json *mentions = json_array(rd->arena);
    mentioned->count = 0;
    for (size_t i = 0; i < found->user_count; i++) {
        struct str group = without_sentence_end(found->users[i]);
        const struct user *user = is_group(group) ? NULL : find_user(rd, found->users[i]);
        if (is_group(group)) {
            (void)note(mentioned, MENTION_ALL);
            json_append(mentions, group_mention(rd->arena, group));
        } else if (user != NULL && note(mentioned, user->id)) {
            json_append(mentions, user_mention(rd->arena, user));
        }
    }
    return mentions;
}

void message_mention_all(struct tx *tx, const struct message *m, const struct mentioned *mentioned)
{
    for (size_t i = 0; i < mentioned->count; i++)
        message_mention(tx, m, mentioned->ids[i]);
}

/* --- rooms --- */

static const struct room *find_room(struct rd *rd, struct str name)
{
    const struct room *room = NULL;
    while (room == NULL && !str_empty(name)) {
        room = room_find_by_name(rd, name);
        name = message_shorter_name(name);
    }
    return room;
}

static struct json *rooms_of(struct rd *rd, const struct references *found, struct str sender_id)
{
    struct json *rooms = json_array(rd->arena);
    for (size_t i = 0; i < found->room_count; i++) {
        const struct room *room = find_room(rd, found->rooms[i]);
        if (room == NULL || !room_visible(rd, sender_id, room))
            continue;
        struct json *entry = json_object(rd->arena);
        json_set(entry, STR("_id"), json_string(rd->arena, room->id));
        json_set(entry, STR("name"), json_string(rd->arena, room->name));
        json_append(rooms, entry);
    }
    return rooms;
}

static bool parses_urls(const struct message *m)
{
    const struct json *parse = json_get_lit(m->doc, "parseUrls");
    return !json_is(parse, JSON_BOOL) || parse->boolean;
}

void message_refer(struct rd *rd, struct message *m, struct mentioned *out)
{
    struct references found;
    message_parse(message_text(m), &found);
    if (!parses_urls(m))
        found.url_count = 0;
    message_set(m, "urls", urls_of(rd->arena, &found));
    message_set(m, "mentions", mentions_of(rd, &found, out));
    message_set(m, "channels", rooms_of(rd, &found, m->user_id));
}
