/* What can be changed of a room. Commands run on the writer. */
#include "domain/fault.h"
#include "domain/message.h"
#include "domain/room.h"

static void save(struct tx *tx, struct room *room)
{
    room->updated_at_ms = tx_rd(tx)->now_ms;
    room_save(tx, room);
}

bool room_archive(struct tx *tx, const struct actor *by, struct room *room, struct err *err)
{
    if (!access_allows(tx_rd(tx), by->id, PERM_ARCHIVE_ROOM, room->id))
        return fault_with(err, DETAILS_METHOD("archiveRoom"), "error-not-authorized",
                          "Not authorized");
    room->archived = true;
    save(tx, room);
    (void)message_system(tx, room, SYSTEM_ARCHIVED, by, STR(""));
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

bool room_set_topic(struct tx *tx, const struct actor *by, struct room *room, struct str topic,
                    struct err *err)
{
    if (!access_allows(tx_rd(tx), by->id, PERM_EDIT_ROOM, room->id))
        return fault_with(err, DETAILS_METHOD("saveRoomSettings"), "error-action-not-allowed",
                          "Editing room is not allowed");
    room->topic = topic;
    if (!room_check_size(room, err))
        return false;
    save(tx, room);
    (void)message_system(tx, room, SYSTEM_TOPIC, by, topic);
    return true;
}
