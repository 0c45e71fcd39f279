/* What can be changed of a room. Commands run on the writer. */
#include "domain/fault.h"
#include "domain/integration.h"
#include "domain/message.h"
#include "domain/room.h"
#include "events/event.h"
#include "store/team.h"

static void save(struct tx *tx, struct room *room)
{
    room->updated_at_ms = tx_rd(tx)->now_ms;
    room_save(tx, room);
}

/* --- out of use, and back --- */

bool room_archive(struct tx *tx, const struct actor *by, struct room *room, struct err *err)
{
    if (!access_allows(tx_rd(tx), by->id, PERM_ARCHIVE_ROOM, room->id))
        return fault_with(err, DETAILS_METHOD("archiveRoom"), "error-not-authorized",
                          "Not authorized");
    room->archived = true;
    save(tx, room);
    (void)message_system(tx, room, SYSTEM_ARCHIVED, by, STR(""));
    event_happened(tx,
                   &(struct event){.kind = EVENT_ROOM_ARCHIVED, .room = room, .user_id = by->id});
    return true;
}

bool room_unarchive(struct tx *tx, const struct actor *by, struct room *room, struct err *err)
{
    if (!access_allows(tx_rd(tx), by->id, PERM_UNARCHIVE_ROOM, room->id))
        return fault_with(err, DETAILS_METHOD("unarchiveRoom"), "error-not-authorized",
                          "Not authorized");
    room->archived = false;
    save(tx, room);
    (void)message_system(tx, room, SYSTEM_UNARCHIVED, by, STR(""));
    return true;
}

/* --- by whoever may edit it --- */

static bool refuse_change(struct err *err, const char *text)
{
    return fault_with(err, DETAILS_METHOD("saveRoomSettings"), "error-action-not-allowed", text);
}

static bool may_edit(struct rd *rd, const struct actor *by, const struct room *room,
                     struct err *err)
{
    return access_allows(rd, by->id, PERM_EDIT_ROOM, room->id) ||
           refuse_change(err, "Editing room is not allowed");
}

static const struct {
    size_t offset;
    enum system_message told;
} texts[ROOM_TEXTS] = {
    [ROOM_TOPIC] = {offsetof(struct room, topic), SYSTEM_TOPIC},
    [ROOM_DESCRIPTION] = {offsetof(struct room, description), SYSTEM_DESCRIPTION},
    [ROOM_ANNOUNCEMENT] = {offsetof(struct room, announcement), SYSTEM_ANNOUNCEMENT},
};

struct str room_text(const struct room *room, enum room_text which)
{
    return *(const struct str *)((const char *)room + texts[which].offset);
}

bool room_set_text(struct tx *tx, const struct actor *by, struct room *room, enum room_text which,
                   struct str text, struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    *(struct str *)((char *)room + texts[which].offset) = text;
    if (!room_check_size(room, err))
        return false;
    save(tx, room);
    (void)message_system(tx, room, texts[which].told, by, text);
    return true;
}

/* The team of a main room is called as the room is. */
static bool rename_team(struct tx *tx, const struct room *room, struct str name, struct err *err)
{
    if (!room->team_main)
        return true;
    if (team_find_by_name(tx_rd(tx), name) != NULL)
        return refuse(err, "team-name-already-exists");
    team_rename(tx, room->team_id, name);
    return true;
}

bool room_rename(struct tx *tx, const struct actor *by, struct room *room, struct str name,
                 struct err *err)
{
    struct str old = room->name, trimmed = str_trim(name);
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    if (str_eq(old, trimmed))
        return true;
    if (!room_check_name(tx_rd(tx), trimmed, room, err) || !rename_team(tx, room, trimmed, err) ||
        !integrations_rename_channel(tx, old, trimmed, err))
        return false;
    room->name = trimmed;
    save(tx, room);
    (void)message_system(tx, room, SYSTEM_RENAMED, by, trimmed);
    return true;
}

bool room_set_type(struct tx *tx, const struct actor *by, struct room *room, char type,
                   struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    bool opens = type == 'c';
    if (!room_may_create(tx_rd(tx), by, type, room->team_id))
        return refuse_change(err,
                             opens ? "Changing a private group to a public channel is not allowed"
                                   : "Changing a public channel to a private room is not allowed");
    room->type = type;
    save(tx, room);
    (void)message_system(tx, room, SYSTEM_PRIVACY, by, opens ? STR("public") : STR("private"));
    return true;
}

bool room_set_read_only(struct tx *tx, const struct actor *by, struct room *room, bool read_only,
                        struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    room->read_only = read_only;
    save(tx, room);
    (void)message_system(tx, room, read_only ? SYSTEM_READ_ONLY : SYSTEM_WRITABLE, by, STR(""));
    return true;
}

/* A default room is everybody's: its owner alone does not make it one. */
bool room_set_default(struct tx *tx, const struct actor *by, struct room *room, bool is_default,
                      struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    if (!access_allows_globally(tx_rd(tx), by->id, PERM_VIEW_ROOM_ADMINISTRATION))
        return refuse_change(err, "Viewing room administration is not allowed");
    room->is_default = is_default;
    save(tx, room);
    return true;
}

bool room_set_encrypted(struct tx *tx, const struct actor *by, struct room *room, bool encrypted,
                        struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    if (!catalog_setting_bool(tx_rd(tx)->catalog, SETTING_E2E_ENABLE))
        return refuse_change(err, "Only groups or direct channels can enable encryption");
    if (!access_allows(tx_rd(tx), by->id, PERM_TOGGLE_ROOM_E2E_ENCRYPTION, room->id))
        return refuse_change(err, "You do not have permission to toggle E2E encryption");
    room->encrypted = encrypted;
    room->encryption_chosen = true;
    save(tx, room);
    return true;
}

bool room_set_custom_fields(struct tx *tx, const struct actor *by, struct room *room,
                            const struct json *fields, struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    room->custom_fields = fields;
    if (!room_check_size(room, err))
        return false;
    save(tx, room);
    return true;
}

bool room_set_join_code(struct tx *tx, const struct actor *by, struct room *room, struct str code,
                        struct err *err)
{
    if (!may_edit(tx_rd(tx), by, room, err))
        return false;
    room->join_code = str_blank(code) ? STR("") : code;
    if (!room_check_size(room, err))
        return false;
    save(tx, room);
    return true;
}
