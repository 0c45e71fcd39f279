/* What members are in a room beyond being in it: owners, moderators, leaders. Commands run on the
 * writer.
 */
#include "domain/fault.h"
#include "domain/message.h"
#include "domain/room.h"
#include "store/subscription.h"

#define METHOD(name) STR_INIT("{\"method\":\"" name "\"}")

static const struct rule {
    const char *id;
    enum perm perm; /* that giving and taking it needs */
    struct str adding, removing;
    const char *already, *already_text;
    const char *lacking, *lacking_text;
} rules[ROOM_ROLES] = {
    [ROOM_OWNER] = {"owner", PERM_SET_OWNER, METHOD("addRoomOwner"), METHOD("removeRoomOwner"),
                    "error-user-already-owner", "User is already an owner", "error-user-not-owner",
                    "User is not an owner"},
    [ROOM_MODERATOR] = {"moderator", PERM_SET_MODERATOR, METHOD("addRoomModerator"),
                        METHOD("removeRoomModerator"), "error-user-already-moderator",
                        "User is already a moderator", "error-user-not-moderator",
                        "User is not a moderator"},
    [ROOM_LEADER] = {"leader", PERM_SET_LEADER, METHOD("addRoomLeader"), METHOD("removeRoomLeader"),
                     "error-user-already-leader", "User is already a leader",
                     "error-user-not-leader", "User is not a leader"},
};

struct str room_role_id(enum room_role role)
{
    return str_of(rules[role].id);
}

bool room_add_role(struct tx *tx, const struct actor *by, const struct room *room,
                   const struct user *user, enum room_role role, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct rule *rule = &rules[role];
    struct str id = room_role_id(role);
    if (!access_allows(rd, by->id, rule->perm, room->id))
        return fault_with(err, rule->adding, "error-not-allowed", "Not allowed");
    if (!subscription_exists(rd, room->id, user->id))
        return fault_with(err, rule->adding, "error-user-not-in-room", "User is not in this room");
    if (subscription_has_role(rd, room->id, user->id, id))
        return fault_with(err, rule->adding, rule->already, rule->already_text);
    subscription_add_role(tx, room->id, user->id, id);
    subscription_touch(tx, room->id, user->id);
    (void)message_system_role(tx, room, SYSTEM_ROLE_ADDED, by, user->username, id);
    return true;
}

bool room_remove_role(struct tx *tx, const struct actor *by, const struct room *room,
                      const struct user *user, enum room_role role, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct rule *rule = &rules[role];
    struct str id = room_role_id(role);
    if (!access_allows(rd, by->id, rule->perm, room->id))
        return fault_with(err, rule->removing, "error-not-allowed", "Not allowed");
    if (!subscription_exists(rd, room->id, user->id))
        return fault_with(err, rule->removing, "error-invalid-room", "Invalid room");
    if (!subscription_has_role(rd, room->id, user->id, id))
        return fault_with(err, rule->removing, rule->lacking, rule->lacking_text);
    if (role == ROOM_OWNER && !subscription_role_of_others(rd, room->id, id, user->id))
        return fault_with(
            err, rule->removing, "error-remove-last-owner",
            "This is the last owner. Please set a new owner before removing this one.");
    subscription_remove_role(tx, room->id, user->id, id);
    subscription_touch(tx, room->id, user->id);
    (void)message_system_role(tx, room, SYSTEM_ROLE_REMOVED, by, user->username, id);
    return true;
}
