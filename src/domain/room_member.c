/* Who is in a room: default rooms, joining, inviting, leaving, kicking, and what becomes of a
 * user's rooms when his account goes. Commands run on the writer.
 */
#include "base/id.h"
#include "domain/fault.h"
#include "domain/message.h"
#include "domain/room.h"
#include "events/event.h"
#include "store/subscription.h"
#include "store/team.h"
#include "store/user.h"

enum { FORGET_AT_ONCE = 100, DETAILS_BYTES = 64 * 1024 };

#define OWNER STR("owner")

/* --- coming --- */

/* A newcomer sees that something is there to be read. The main room's members are the team's. */
static void subscribe(struct tx *tx, const struct room *room, struct str user_id,
                      int64_t read_number)
{
    struct rd *rd = tx_rd(tx);
    struct subscription s = {
        .id = id_hex(rd->arena, rd->now_ms),
        .room_id = room->id,
        .user_id = user_id,
        .open = true,
        .fresh = true,
        .read_number = read_number,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
    };
    subscription_insert(tx, &s);
    if (room->team_main)
        team_add_member(tx, room->team_id, user_id);
}

/* `by` is himself or who brings him; the room is told. False: he is in it already. */
static bool add_quietly(struct tx *tx, const struct actor *by, const struct room *room,
                        const struct actor *user)
{
    if (subscription_exists(tx_rd(tx), room->id, user->id))
        return false;
    bool himself = str_eq(by->id, user->id);
    int64_t number = message_system(tx, room, himself ? SYSTEM_USER_JOINED : SYSTEM_USER_ADDED, by,
                                    user->username);
    subscribe(tx, room, user->id, number);
    return true;
}

static void tell_of(struct tx *tx, enum event_kind kind, const struct room *room,
                    struct str user_id)
{
    event_happened(tx, &(struct event){.kind = kind, .room = room, .user_id = user_id});
}

/* The same, and integrations are told. */
static void add_user(struct tx *tx, const struct actor *by, const struct room *room,
                     const struct actor *user)
{
    if (add_quietly(tx, by, room, user))
        tell_of(tx, EVENT_ROOM_JOINED, room, user->id);
}

void rooms_join_defaults(struct tx *tx, const struct user *user)
{
    struct actor himself = {.id = user->id, .username = user->username};
    struct room_list rooms = rooms_default(tx_rd(tx), ROOM_USERS_AT_ONCE);
    for (size_t i = 0; i < rooms.count; i++)
        (void)add_quietly(tx, &himself, rooms.items[i], &himself);
}

static bool check_join_code(struct rd *rd, const struct actor *by, const struct room *room,
                            struct str code, struct err *err)
{
    if (str_empty(room->join_code) || str_eq(room->join_code, code) ||
        subscription_exists(rd, room->id, by->id) ||
        access_allows(rd, by->id, PERM_JOIN_WITHOUT_JOIN_CODE, room->id))
        return true;
    if (str_empty(code))
        return fault_with(err, DETAILS_METHOD("joinRoom"), "error-code-required", "Code required");
    return fault_with(err, DETAILS_METHOD("joinRoom"), "error-code-invalid", "Invalid code");
}

bool room_join_with(struct tx *tx, const struct actor *by, struct room *room, struct str code,
                    struct err *err)
{
    if (!room_visible(tx_rd(tx), by->id, room))
        return fault_with(err, DETAILS_METHOD("joinRoom"), "error-not-allowed", "Not allowed");
    if (!check_join_code(tx_rd(tx), by, room, code, err))
        return false;
    add_user(tx, by, room, by);
    return true;
}

bool room_join(struct tx *tx, const struct actor *by, struct room *room, struct err *err)
{
    return room_join_with(tx, by, room, STR(""), err);
}

static bool may_invite(struct rd *rd, const struct actor *by, const struct room *room)
{
    if (subscription_exists(rd, room->id, by->id) &&
        access_allows(rd, by->id, PERM_ADD_USER_TO_JOINED_ROOM, room->id))
        return true;
    enum perm any = room->type == 'c' ? PERM_ADD_USER_TO_ANY_C_ROOM : PERM_ADD_USER_TO_ANY_P_ROOM;
    return access_allows_globally(rd, by->id, any);
}

bool room_invite(struct tx *tx, const struct actor *by, struct room *room,
                 struct user *const *users, size_t count, struct err *err)
{
    if (!may_invite(tx_rd(tx), by, room))
        return fault_with(err, DETAILS_METHOD("addUsersToRoom"), "error-not-allowed",
                          "Not allowed");
    if (count > ROOM_USERS_AT_ONCE)
        return refuse(err, "At most %d users can be invited at once.", ROOM_USERS_AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        struct actor user = {.id = users[i]->id, .username = users[i]->username};
        add_user(tx, by, room, &user);
    }
    return true;
}

bool room_add_all(struct tx *tx, const struct actor *by, struct room *room, bool active_only,
                  struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str details = DETAILS_METHOD("addAllToRoom");
    if (!access_allows(rd, by->id, PERM_ADD_ALL_TO_ROOM, STR("")))
        return fault_with(err, details, "error-not-allowed", "Not allowed");
    struct user_filter filter = {.active_only = active_only};
    struct user_list users =
        users_list(rd, &filter, STR("username_key ASC"), 0, ROOM_USERS_AT_ONCE + 1);
    if (users.count > ROOM_USERS_AT_ONCE)
        return fault_with(err, details, "error-user-limit-exceeded", "User count exceeds limit");
    for (size_t i = 0; i < users.count; i++) {
        struct actor user = {.id = users.items[i]->id, .username = users.items[i]->username};
        add_user(tx, by, room, &user);
    }
    return true;
}

/* --- going --- */

static void remove_user(struct tx *tx, const struct room *room, struct str user_id)
{
    subscription_erase(tx, room->id, user_id);
    if (room->team_main)
        team_remove_member(tx, room->team_id, user_id);
}

static bool owns_alone(struct rd *rd, struct str room_id, struct str user_id)
{
    return subscription_has_role(rd, room_id, user_id, OWNER) &&
           !subscription_role_of_others(rd, room_id, OWNER, user_id);
}

static bool refuse_last_owner(struct err *err, struct str details)
{
    return fault_with(err, details, "error-you-are-last-owner",
                      "You are the last owner. Please set new owner before leaving the room.");
}

bool room_leave(struct tx *tx, const struct actor *by, struct room *room, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str details = DETAILS_METHOD("leaveRoom");
    enum perm perm = room->type == 'c' ? PERM_LEAVE_C : PERM_LEAVE_P;
    if (!access_allows(rd, by->id, perm, room->id))
        return fault_with(err, details, "error-not-allowed", "");
    if (!subscription_exists(rd, room->id, by->id))
        return fault_with(err, details, "error-user-not-in-room", "You are not in this room");
    if (owns_alone(rd, room->id, by->id))
        return refuse_last_owner(err, details);
    remove_user(tx, room, by->id);
    (void)message_system(tx, room, SYSTEM_USER_LEFT, by, by->username);
    tell_of(tx, EVENT_ROOM_LEFT, room, by->id);
    return true;
}

bool room_kick(struct tx *tx, const struct actor *by, struct room *room, const struct user *user,
               struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str details = DETAILS_METHOD("removeUserFromRoom");
    if (!access_allows(rd, by->id, PERM_REMOVE_USER, room->id))
        return fault_with(err, details, "error-not-allowed", "Not allowed");
    enum perm any =
        room->type == 'c' ? PERM_KICK_USER_FROM_ANY_C_ROOM : PERM_KICK_USER_FROM_ANY_P_ROOM;
    bool kicks_any = access_allows_globally(rd, by->id, any);
    if (!kicks_any && !room_visible(rd, by->id, room))
        return fault(err, "error-room-not-found",
                     "The required \"roomId\" or \"roomName\" param provided does not match any "
                     "group");
    if (!kicks_any && !subscription_exists(rd, room->id, user->id))
        return fault_with(err, details, "error-user-not-in-room", "User is not in this room");
    if (owns_alone(rd, room->id, user->id))
        return refuse_last_owner(err, details);
    if (!subscription_exists(rd, room->id, user->id))
        return true;
    remove_user(tx, room, user->id);
    (void)message_system(tx, room, SYSTEM_USER_REMOVED, by, user->username);
    return true;
}

/* --- the end of an account --- */

enum fate { ROOM_STAYS, ROOM_CHANGES_OWNER, ROOM_GOES };

/* What becomes of a room without the user; *heir is its next owner when there is to be one. A
 * direct room of two is nothing without one of them, and nobody is asked about it. */
static enum fate fate_without(struct rd *rd, const struct room *room, struct str user_id,
                              struct str *heir)
{
    bool goes;
    if (room->type == 'd')
        return room->people_count <= 2 ? ROOM_GOES : ROOM_STAYS;
    if (subscription_has_role(rd, room->id, user_id, OWNER)) {
        if (subscription_role_of_others(rd, room->id, OWNER, user_id))
            return ROOM_STAYS;
        *heir = subscription_oldest_user(rd, room->id, user_id);
        if (!str_empty(*heir))
            return ROOM_CHANGES_OWNER;
        goes = true;
    } else {
        goes = !subscription_has_others(rd, room->id, user_id);
    }
    return goes && !room->is_default ? ROOM_GOES : ROOM_STAYS;
}

static void put_names(struct json_out *o, const char *key, struct rd *rd,
                      const struct room_list *rooms, struct str user_id, enum fate fate)
{
    json_key(o, key);
    struct json_out names = json_begin(o->buf, '[');
    for (size_t i = 0; i < rooms->count; i++) {
        struct str heir;
        if (rooms->items[i]->type == 'd' ||
            fate_without(rd, rooms->items[i], user_id, &heir) != fate)
            continue;
        json_item(&names);
        json_put_string(names.buf, rooms->items[i]->name);
    }
    json_end(&names);
}

static bool any_affected(struct rd *rd, const struct room_list *rooms, struct str user_id)
{
    struct str heir;
    for (size_t i = 0; i < rooms->count; i++)
        if (rooms->items[i]->type != 'd' &&
            fate_without(rd, rooms->items[i], user_id, &heir) != ROOM_STAYS)
            return true;
    return false;
}

struct str rooms_last_owned(struct rd *rd, struct str user_id)
{
    struct room_list rooms = rooms_of_user(rd, user_id, 0);
    if (!any_affected(rd, &rooms, user_id))
        return STR("");
    BUF(details, DETAILS_BYTES);
    struct json_out o = json_begin(&details, '{');
    put_names(&o, "shouldBeRemoved", rd, &rooms, user_id, ROOM_GOES);
    put_names(&o, "shouldChangeOwner", rd, &rooms, user_id, ROOM_CHANGES_OWNER);
    json_end(&o);
    return buf_ok(&details) ? arena_str(rd->arena, buf_str(&details)) : STR("{}");
}

static void forget_in(struct tx *tx, struct str room_id, struct str user_id)
{
    struct room *room = room_find(tx_rd(tx), room_id);
    struct str heir;
    enum fate fate = room == NULL ? ROOM_STAYS : fate_without(tx_rd(tx), room, user_id, &heir);
    if (fate == ROOM_CHANGES_OWNER)
        subscription_add_role(tx, room_id, heir, OWNER);
    subscription_erase(tx, room_id, user_id);
    if (fate == ROOM_GOES)
        room_remove(tx, room);
}

bool rooms_forget_user(struct tx *tx, struct str user_id)
{
    struct str room_ids[FORGET_AT_ONCE];
    size_t count = subscription_room_ids(tx_rd(tx), user_id, room_ids, FORGET_AT_ONCE);
    for (size_t i = 0; i < count; i++)
        forget_in(tx, room_ids[i], user_id);
    int64_t teams = team_remove_from_all(tx, user_id, FORGET_AT_ONCE);
    return count == FORGET_AT_ONCE || teams == FORGET_AT_ONCE;
}
