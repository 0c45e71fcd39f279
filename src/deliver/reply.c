/* See reply.h: who posts, and where to.
 *
 *   who    the user of the event when the integration speaks in users' names; else its own
 *   where  as the message says; else the integration's target room; else the room of the event
 */
#include "deliver/reply.h"

#include "domain/fault.h"
#include "store/room.h"
#include "store/user.h"

enum { POSTED_BYTES = 4 << 20 };

static const struct user *find_poster(struct rd *rd, const struct reply *reply)
{
    const struct user *user = NULL;
    if (reply->in->impersonate_user && !str_empty(reply->user_name))
        user = user_find_by_username_nocase(rd, reply->user_name);
    return user != NULL ? user : user_find_by_username_nocase(rd, reply->in->username);
}

static bool names_destination(const struct json *content)
{
    return json_truthy(json_get_lit(content, "channel")) ||
           json_truthy(json_get_lit(content, "roomId"));
}

/* The target room, else the room of the event; *out is NULL when there is neither. False and *err:
 * it is there, and the user may not come in. */
static bool find_room(struct tx *tx, const struct reply *reply, const struct user *by,
                      struct room **out, struct err *err)
{
    *out = NULL;
    if (!str_empty(reply->in->target_room) &&
        !target_find(tx, by, reply->in->target_room, out, err)) {
        if (err->type == NULL || strcmp(err->type, "invalid-channel") != 0)
            return false;
        *err = ERR_NONE;
    }
    if (*out == NULL && !str_empty(reply->room_id))
        *out = room_find(tx_rd(tx), reply->room_id);
    return true;
}

static struct str room_name(struct arena *a, const struct room *room)
{
    return arena_fmt(a, "%c%.*s", room->type == 'd' ? '@' : '#', STR_FMT(room->id));
}

static struct str posted_json(struct arena *a, const struct posted *posted)
{
    BUF(out, POSTED_BYTES);
    struct json_out list = json_begin(&out, '[');
    for (size_t i = 0; i < posted->count; i++) {
        json_item(&list);
        struct json_out item = json_begin(&out, '{');
        json_member_str(&item, "channel", posted->results[i].channel);
        json_key(&item, "message");
        message_put(&out, posted->results[i].message);
        json_end(&item);
    }
    json_end(&list);
    return buf_ok(&out) ? arena_str(a, buf_str(&out)) : STR("[]");
}

static bool nobody(bool *out_nobody, struct err *err, const char *why)
{
    *out_nobody = true;
    return refuse(err, "%s", why);
}

bool reply_post(struct tx *tx, const struct reply *reply, struct str *out_posted, bool *out_nobody,
                struct err *err)
{
    struct room *room = NULL;
    struct str channel = {0};
    *out_nobody = false;
    const struct user *by = find_poster(tx_rd(tx), reply);
    if (by == NULL)
        return nobody(out_nobody, err, "There is no user who could post the message.");
    if (!names_destination(reply->content)) {
        if (!find_room(tx, reply, by, &room, err))
            return false;
        if (room == NULL)
            return nobody(out_nobody, err, "There is no room to post the message to.");
        channel = room_name(tx->rd.arena, room);
    }
    struct poster poster = {.user = by,
                            .integration_id = reply->in->id,
                            .depth = reply->depth + 1,
                            .alias = reply->in->alias,
                            .avatar = reply->in->avatar,
                            .emoji = reply->in->emoji,
                            .channels = &channel,
                            .channel_count = room != NULL};
    struct posted posted = {0};
    if (!message_post(tx, &poster, &(struct post_draft){.content = reply->content}, &posted, err))
        return false;
    *out_posted = posted_json(tx->rd.arena, &posted);
    return true;
}
