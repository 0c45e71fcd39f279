/* From the name of a destination to its room:
 *
 *     #x   the room of that id or name
 *     @x   the direct room with the user of that id or username; else the direct room of that id
 *     x    the room of that id or name; else the direct room with the user of that id
 *
 * Runs in a command. */
#include "domain/direct.h"
#include "domain/fault.h"
#include "domain/post_parts.h"
#include "store/subscription.h"
#include "store/user.h"

static bool refuse_target(struct err *err)
{
    return fault_with(err, STR(""), "invalid-channel", "");
}

static bool may_talk_to(struct rd *rd, const struct user *by, const struct user *other)
{
    return !str_eq(by->id, other->id) ||
           catalog_setting_bool(rd->catalog, SETTING_MESSAGE_ALLOWDIRECTMESSAGESTOYOURSELF);
}

static bool direct_with(struct tx *tx, const struct user *by, const struct user *other,
                        struct room **out, struct err *err)
{
    if (!may_talk_to(tx_rd(tx), by, other))
        return refuse_target(err);
    struct actor actor = {.id = by->id, .username = by->username};
    const struct user *people[] = {by, other};
    return room_direct(tx, &actor, people, 2, out, err);
}

/* Who posts into a public channel comes in, unless nobody can post there any more. */
static bool come_in(struct tx *tx, const struct user *by, struct room *room, struct err *err)
{
    if (room->type != 'c' || room->archived || subscription_exists(tx_rd(tx), room->id, by->id))
        return true;
    struct actor actor = {.id = by->id, .username = by->username};
    return room_join(tx, &actor, room, err);
}

static const struct user *user_named(struct rd *rd, struct str x, bool by_username)
{
    const struct user *user = user_find(rd, x);
    return user == NULL && by_username ? user_find_by_username(rd, x) : user;
}

static struct room *room_of_type(struct room *room, bool direct)
{
    return room != NULL && (room->type == 'd') == direct ? room : NULL;
}

bool target_find(struct tx *tx, const struct user *by, struct str name, struct room **out,
                 struct err *err)
{
    struct rd *rd = tx_rd(tx);
    char sign = name.len > 1 && (name.ptr[0] == '#' || name.ptr[0] == '@') ? name.ptr[0] : '\0';
    struct str x = str_after(name, sign != '\0');
    struct room *room = NULL;
    if (sign == '#')
        room = room_of_type(room_find_by_id_or_name(rd, x), false);
    else if (sign == '\0')
        room = room_find_by_id_or_name(rd, x);
    if (room == NULL && sign != '#') {
        const struct user *other = user_named(rd, x, sign == '@');
        if (other != NULL)
            return direct_with(tx, by, other, out, err);
    }
    if (room == NULL && sign == '@')
        room = room_of_type(room_find(rd, x), true);
    if (room == NULL)
        return refuse_target(err);
    *out = room;
    return come_in(tx, by, room, err);
}
