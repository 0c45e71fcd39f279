/* The room's two JSON forms: the document of the API, and the column `doc` of its row. Memory only;
 * any thread.
 */
#include "model/room.h"

/* What is only there when it is set: texts that are not empty, flags that are true. The wire's
 * order, and the order in `doc`. */
enum kind { TEXT, FLAG };
enum place { WIRE_ONLY, WIRE_AND_DOC };

static const struct field {
    const char *name;
    enum kind kind;
    enum place place;
    size_t offset;
} fields[] = {
    {"teamId", TEXT, WIRE_ONLY, offsetof(struct room, team_id)},
    {"teamMain", FLAG, WIRE_AND_DOC, offsetof(struct room, team_main)},
    {"archived", FLAG, WIRE_ONLY, offsetof(struct room, archived)},
    {"topic", TEXT, WIRE_AND_DOC, offsetof(struct room, topic)},
    {"description", TEXT, WIRE_AND_DOC, offsetof(struct room, description)},
    {"announcement", TEXT, WIRE_AND_DOC, offsetof(struct room, announcement)},
    {"broadcast", FLAG, WIRE_AND_DOC, offsetof(struct room, broadcast)},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static void put_field(struct json_out *o, const struct room *room, const struct field *f)
{
    const void *member = (const char *)room + f->offset;
    if (f->kind == FLAG) {
        if (*(const bool *)member)
            json_member_bool(o, f->name, true);
    } else if (!str_empty(*(const struct str *)member)) {
        json_member_str(o, f->name, *(const struct str *)member);
    }
}

static void put_encryption(struct json_out *o, const struct room *room)
{
    if (room->encrypted || room->encryption_chosen)
        json_member_bool(o, "encrypted", room->encrypted);
}

static void put_creator(struct json_out *o, const struct room *room)
{
    if (str_empty(room->creator_id))
        return;
    json_key(o, "u");
    struct json_out u = json_begin(o->buf, '{');
    json_member_str(&u, "_id", room->creator_id);
    json_member_str(&u, "username", room->creator_username);
    if (!str_empty(room->creator_name))
        json_member_str(&u, "name", room->creator_name);
    json_end(&u);
}

static void put_custom_fields(struct json_out *o, const struct room *room)
{
    if (room->custom_fields != NULL)
        json_member_json(o, "customFields", room->custom_fields);
    else
        json_member_raw(o, "customFields", STR("{}"));
}

static void put_texts(struct json_out *o, const char *key, const struct str *texts, size_t count)
{
    json_key(o, key);
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < count; i++) {
        json_item(&list);
        json_put_string(list.buf, texts[i]);
    }
    json_end(&list);
}

static void put_people(struct json_out *o, const struct room *room)
{
    put_texts(o, "uids", room->people, room->people_count);
    put_texts(o, "usernames", room->usernames, room->people_count);
}

static void put_last_message(struct json_out *o, const struct room *room)
{
    if (room->last_message == NULL)
        return;
    json_member_time(o, "lm", room->last_message->ts_ms);
    json_key(o, "lastMessage");
    message_put(o->buf, room->last_message);
}

/* What direct rooms have none of: a name, a maker, and settings. */
static void put_front(struct json_out *o, const struct room *room)
{
    if (room->type == 'd')
        return;
    json_member_str(o, "fname", room->name);
    json_member_str(o, "name", room->name);
}

static void put_middle(struct json_out *o, const struct room *room)
{
    if (room->type == 'd')
        return;
    put_creator(o, room);
    put_custom_fields(o, room);
}

static void put_settings(struct json_out *o, const struct room *room)
{
    if (room->type == 'd') {
        put_people(o, room);
        return;
    }
    json_member_bool(o, "ro", room->read_only);
    json_member_bool(o, "default", room->is_default);
}

void room_put_members(struct json_out *o, const struct room *room)
{
    json_member_str(o, "_id", room->id);
    put_front(o, room);
    json_member_str(o, "t", str_from(&room->type, 1));
    json_member_i64(o, "msgs", room->messages);
    json_member_i64(o, "usersCount", room->users_count);
    put_middle(o, room);
    json_member_time(o, "ts", room->created_at_ms);
    put_settings(o, room);
    bool later = room->changed_at_ms > room->updated_at_ms;
    json_member_time(o, "_updatedAt", later ? room->changed_at_ms : room->updated_at_ms);
    for (size_t i = 0; i < FIELDS; i++)
        put_field(o, room, &fields[i]);
    put_encryption(o, room);
    if (!str_empty(room->join_code))
        json_member_bool(o, "joinCodeRequired", true);
    put_last_message(o, room);
}

void room_put(struct buf *out, const struct room *room)
{
    struct json_out o = json_begin(out, '{');
    room_put_members(&o, room);
    json_end(&o);
}

void room_put_doc(struct buf *out, const struct room *room)
{
    struct json_out o = json_begin(out, '{');
    put_creator(&o, room);
    if (room->custom_fields != NULL)
        json_member_json(&o, "customFields", room->custom_fields);
    if (room->read_only)
        json_member_bool(&o, "ro", true);
    if (room->people_count > 0)
        put_texts(&o, "uids", room->people, room->people_count);
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].place == WIRE_AND_DOC)
            put_field(&o, room, &fields[i]);
    put_encryption(&o, room);
    if (!str_empty(room->join_code))
        json_member_str(&o, "joinCode", room->join_code);
    json_end(&o);
}

static void take_field(struct room *room, const struct json *doc, const struct field *f)
{
    void *member = (char *)room + f->offset;
    if (f->kind == FLAG)
        *(bool *)member = json_get_true(doc, f->name);
    else
        *(struct str *)member = json_get_str(doc, f->name);
}

static void take_people(struct arena *a, struct room *room, const struct json *ids)
{
    if (!json_is(ids, JSON_ARRAY))
        return;
    struct str *people = ARENA_ARRAY(a, struct str, ids->items.count);
    for (const struct json *id = ids->items.first; id != NULL; id = id->next)
        people[room->people_count++] = id->string;
    room->people = people;
}

void room_take_doc(struct arena *a, struct room *room, struct str doc)
{
    const struct json *object = json_parse(a, doc);
    const struct json *creator = json_get_lit(object, "u");
    room->creator_id = json_get_str(creator, "_id");
    room->creator_username = json_get_str(creator, "username");
    room->creator_name = json_get_str(creator, "name");
    const struct json *custom = json_get_lit(object, "customFields");
    room->custom_fields = json_is(custom, JSON_OBJECT) ? custom : NULL;
    room->read_only = json_get_true(object, "ro");
    room->encrypted = json_get_true(object, "encrypted");
    room->encryption_chosen = json_get_lit(object, "encrypted") != NULL;
    room->join_code = json_get_str(object, "joinCode");
    take_people(a, room, json_get_lit(object, "uids"));
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].place == WIRE_AND_DOC)
            take_field(room, object, &fields[i]);
}
