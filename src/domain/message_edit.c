/* Changing and deleting messages. Commands run on the writer. */
#include "domain/fault.h"
#include "domain/message_rules.h"
#include "events/event.h"
#include "store/file.h"

enum { SWEEP_ROWS = 250 };

static const int64_t removals_kept_ms = (int64_t)30 * 24 * 3600 * 1000;

/* --- rights --- */

static bool too_late(struct rd *rd, const struct user *by, const struct message *m,
                     enum setting_id limit)
{
    int64_t minutes = catalog_setting_int(rd->catalog, limit);
    if (minutes <= 0 || rd->now_ms - m->ts_ms <= minutes * 60 * 1000)
        return false;
    return !access_allows(rd, by->id, PERM_BYPASS_TIME_LIMIT_EDIT_AND_DELETE, m->room_id);
}

static bool is_own(const struct user *by, const struct message *m)
{
    return str_eq(by->id, m->user_id);
}

static bool may_update(struct rd *rd, const struct user *by, const struct message *m,
                       struct err *err)
{
    bool own = is_own(by, m) && catalog_setting_bool(rd->catalog, SETTING_MESSAGE_ALLOWEDITING);
    if (!own && !access_allows(rd, by->id, PERM_EDIT_MESSAGE, m->room_id))
        return fault_with(err, STR("{\"method\":\"updateMessage\",\"action\":\"Message_editing\"}"),
                          "error-action-not-allowed", "Message editing not allowed");
    if (too_late(rd, by, m, SETTING_MESSAGE_ALLOWEDITING_BLOCKEDITINMINUTES))
        return fault_with(err, DETAILS_METHOD("updateMessage"), "error-message-editing-blocked",
                          "Message editing is blocked");
    return true;
}

static bool may_delete(struct rd *rd, const struct user *by, const struct message *m)
{
    if (access_allows(rd, by->id, PERM_FORCE_DELETE_MESSAGE, m->room_id))
        return true;
    if (!catalog_setting_bool(rd->catalog, SETTING_MESSAGE_ALLOWDELETING))
        return false;
    bool own = is_own(by, m) && access_allows(rd, by->id, PERM_DELETE_OWN_MESSAGE, m->room_id);
    return (own || access_allows(rd, by->id, PERM_DELETE_MESSAGE, m->room_id)) &&
           !too_late(rd, by, m, SETTING_MESSAGE_ALLOWDELETING_BLOCKDELETEINMINUTES);
}

/* --- changing --- */

static void note_editor(struct rd *rd, const struct user *by, struct message *m)
{
    struct json *editor = json_object(rd->arena);
    json_set(editor, STR("_id"), json_string(rd->arena, by->id));
    json_set(editor, STR("username"), json_string(rd->arena, by->username));
    message_set(m, "editedAt", json_moment(rd->arena, rd->now_ms));
    message_set(m, "editedBy", editor);
}

bool message_update(struct tx *tx, const struct user *by, struct message *m, struct str text,
                    struct json *custom_fields, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct room *room = room_find(rd, m->room_id);
    if (room == NULL)
        return refuse(err, "error-invalid-room");
    if (!may_update(rd, by, m, err) || !message_may_send(rd, by, room, err) ||
        !check_size(rd, text, err) || !check_custom_fields(rd, custom_fields, err))
        return false;
    bool same_text = str_eq(text, message_text(m));
    if (same_text && custom_fields == NULL)
        return true;
    message_erase_mentions(tx, m);
    message_set(m, "msg", json_string(rd->arena, text));
    if (custom_fields != NULL)
        message_set(m, "customFields", custom_fields);
    note_editor(rd, by, m);
    struct mentioned mentioned;
    message_refer(rd, m, &mentioned);
    if (!check_room_for_doc(m, err))
        return false;
    message_save(tx, m);
    message_mention_all(tx, m, &mentioned);
    if (!same_text)
        event_message_edited(tx, room, m);
    return true;
}

/* --- deleting --- */

static void leave_thread(struct tx *tx, const struct message *m)
{
    struct rd *rd = tx_rd(tx);
    struct message *parent = str_empty(m->thread_id) ? NULL : message_find(rd, m->thread_id);
    if (parent == NULL || message_replies(parent) == 0)
        return;
    double left = (double)(message_replies(parent) - 1);
    message_set(parent, "tcount", left > 0 ? json_number(rd->arena, left) : NULL);
    if (left == 0) {
        message_set(parent, "tlm", NULL);
        message_set(parent, "replies", NULL);
    }
    message_save(tx, parent);
}

/* Where it was stays visible; what it said does not. */
static void blank(struct tx *tx, const struct user *by, const struct room *room, struct message *m)
{
    struct rd *rd = tx_rd(tx);
    message_erase_mentions(tx, m);
    m->type = message_system_type(room, SYSTEM_REMOVED);
    m->doc = json_object(rd->arena);
    message_set(m, "msg", json_string(rd->arena, STR("")));
    message_set(m, "urls", json_array(rd->arena));
    message_set(m, "mentions", json_array(rd->arena));
    message_set(m, "attachments", json_array(rd->arena));
    note_editor(rd, by, m);
    message_save(tx, m);
}

bool message_delete(struct tx *tx, const struct user *by, struct message *m, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    const struct room *room = room_find(rd, m->room_id);
    if (room == NULL || !room_visible(rd, by->id, room) || !may_delete(rd, by, m))
        return fault_with(err, STR("{\"method\":\"deleteMessage\",\"action\":\"Delete_message\"}"),
                          "error-action-not-allowed", "Not allowed");
    if (room->read_only && !access_allows(rd, by->id, PERM_POST_READONLY, room->id))
        return refuse(err, "You can't delete messages because the room is readonly.");
    event_happened(
        tx, &(struct event){
                .kind = EVENT_MESSAGE_DELETED, .room = room, .message = m, .user_id = by->id});
    leave_thread(tx, m);
    files_leave_message(tx, m->id);
    if (catalog_setting_bool(rd->catalog, SETTING_MESSAGE_SHOWDELETEDSTATUS))
        blank(tx, by, room, m);
    else
        message_erase(tx, m);
    return true;
}

bool messages_to_sweep(struct rd *rd)
{
    return messages_removed_before(rd, rd->now_ms - removals_kept_ms);
}

bool messages_sweep(struct tx *tx)
{
    int64_t before_ms = tx->rd.now_ms - removals_kept_ms;
    return messages_removed_erase_some(tx, before_ms, SWEEP_ROWS) == SWEEP_ROWS;
}
