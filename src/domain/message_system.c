/* System messages: what the server notes in a room by itself. They are stored as any message, and
 * nobody is asked and no integration told. Runs in commands. */
#include "base/id.h"
#include "domain/message.h"
#include "store/user.h"

static const struct {
    const char *type;
    const char *in_team; /* in the main room of a team, where it is another one */
} types[SYSTEM_MESSAGES] = {
    [SYSTEM_USER_JOINED] = {"uj", "ujt"},
    [SYSTEM_USER_LEFT] = {"ul", "ult"},
    [SYSTEM_USER_ADDED] = {"au", "added-user-to-team"},
    [SYSTEM_USER_REMOVED] = {"ru", "removed-user-from-team"},
    [SYSTEM_ARCHIVED] = {"room-archived", NULL},
    [SYSTEM_UNARCHIVED] = {"room-unarchived", NULL},
    [SYSTEM_TOPIC] = {"room_changed_topic", NULL},
    [SYSTEM_DESCRIPTION] = {"room_changed_description", NULL},
    [SYSTEM_ANNOUNCEMENT] = {"room_changed_announcement", NULL},
    [SYSTEM_PRIVACY] = {"room_changed_privacy", NULL},
    [SYSTEM_RENAMED] = {"r", NULL},
    [SYSTEM_READ_ONLY] = {"room-set-read-only", NULL},
    [SYSTEM_WRITABLE] = {"room-removed-read-only", NULL},
    [SYSTEM_ROLE_ADDED] = {"subscription-role-added", NULL},
    [SYSTEM_ROLE_REMOVED] = {"subscription-role-removed", NULL},
    [SYSTEM_TO_TEAM] = {"user-converted-to-team", NULL},
    [SYSTEM_ROOM_IN_TEAM] = {"user-added-room-to-team", NULL},
    [SYSTEM_PINNED] = {"message_pinned", NULL},
    [SYSTEM_REMOVED] = {"rm", NULL},
};

struct str message_system_type(const struct room *room, enum system_message what)
{
    bool in_team = room->team_main && types[what].in_team != NULL;
    return str_of(in_team ? types[what].in_team : types[what].type);
}

bool message_type_is_system(struct str type)
{
    for (size_t i = 0; i < SYSTEM_MESSAGES; i++)
        if (str_is(type, types[i].type) ||
            (types[i].in_team != NULL && str_is(type, types[i].in_team)))
            return true;
    return false;
}

/* An empty role_id: it is about none. */
static int64_t note(struct tx *tx, const struct room *room, enum system_message what,
                    const struct actor *by, struct str text, struct str role_id)
{
    struct rd *rd = tx_rd(tx);
    const struct user *user = user_find(rd, by->id);
    struct message m = {
        .id = id_short(rd->arena),
        .room_id = room->id,
        .room_seq = room->seq,
        .user_id = by->id,
        .username = by->username,
        .user_name = user != NULL ? user->name : STR(""),
        .type = message_system_type(room, what),
        .doc = json_object(rd->arena),
    };
    message_set(&m, "msg", json_string(rd->arena, text));
    json_set(m.doc, STR("groupable"), json_bool(rd->arena, false));
    if (!str_empty(role_id))
        message_set(&m, "role", json_string(rd->arena, role_id));
    message_insert(tx, &m);
    return m.number;
}

int64_t message_system(struct tx *tx, const struct room *room, enum system_message what,
                       const struct actor *by, struct str text)
{
    return note(tx, room, what, by, text, STR(""));
}

int64_t message_system_role(struct tx *tx, const struct room *room, enum system_message what,
                            const struct actor *by, struct str username, struct str role_id)
{
    return note(tx, room, what, by, username, role_id);
}
