/* Who sees a room, and how rooms come and go. Commands run on the writer; the questions on a reader
 * too.
 *
 * A room can have more members than a command may touch rows. So deleting marks it, from which
 * moment it is gone for everybody, and what hangs on it is removed in slices (rooms_sweep).
 */
#include "domain/room.h"

#include "base/id.h"
#include "domain/fault.h"
#include "domain/message.h"
#include "domain/name_pattern.h"
#include "events/event.h"
#include "store/subscription.h"
#include "store/team.h"
#include "store/user.h"

enum {
    /* Ids of messages lie all over an index: each one that goes dirties a page, and all wait for
     * the commit. */
    SLICE_ROWS = 250,
    DETAILS_BYTES = 4096,
};

/* --- who sees it --- */

static enum perm view_permission(char type)
{
    switch (type) {
    case 'c':
        return PERM_VIEW_C_ROOM;
    case 'p':
        return PERM_VIEW_P_ROOM;
    default:
        return PERM_VIEW_D_ROOM;
    }
}

/* Public channels are open to all who may view channels, but those of a private team to its
 * members. */
static bool visible_to_strangers(struct rd *rd, struct str user_id, const struct room *room)
{
    if (room->type != 'c')
        return false;
    const struct team *team = str_empty(room->team_id) ? NULL : team_find(rd, room->team_id);
    if (team != NULL && team->is_private)
        return team_has_member(rd, team->id, user_id);
    return access_allows_globally(rd, user_id, PERM_VIEW_C_ROOM);
}

bool room_visible(struct rd *rd, struct str user_id, const struct room *room)
{
    if (visible_to_strangers(rd, user_id, room))
        return true;
    return subscription_exists(rd, room->id, user_id) &&
           (access_allows_globally(rd, user_id, PERM_VIEW_JOINED_ROOM) ||
            access_allows_globally(rd, user_id, view_permission(room->type)));
}

/* --- making one --- */

/* The text is what stands before and behind the name; the name is in the details too. */
static bool refuse_name(struct rd *rd, struct str name, const char *type, const char *before,
                        const char *behind, struct err *err)
{
    fault(err, type, "%s%.*s%s", before, STR_FMT(name), behind);
    BUF(details, DETAILS_BYTES);
    struct json_out o = json_begin(&details, '{');
    json_member_str(&o, "function", STR("RocketChat.getValidRoomName"));
    json_member_str(&o, "channel_name", name);
    json_end(&o);
    if (!buf_ok(&details))
        return false;
    return fault_details(err, arena_str(rd->arena, buf_str(&details)));
}

bool room_check_name(struct rd *rd, struct str name, const struct room *except, struct err *err)
{
    struct str pattern =
        catalog_setting_text(rd->catalog, SETTING_UTF8_CHANNEL_NAMES_VALIDATION, rd->arena);
    if (!name_fits(pattern, name))
        return refuse_name(rd, name, "error-invalid-room-name", "", " is not a valid room name.",
                           err);
    const struct room *other = room_find_by_name(rd, name);
    if (other == NULL || (except != NULL && str_eq(other->id, except->id)))
        return true;
    if (other->archived)
        return refuse_name(rd, name, "error-archived-duplicate-name",
                           "There's an archived channel with name ", "", err);
    return refuse_name(rd, name, "error-duplicate-channel-name", "A channel with name '",
                       "' exists", err);
}

bool room_may_create(struct rd *rd, const struct actor *by, char type, struct str team_id)
{
    bool channel = type == 'c';
    if (str_empty(team_id))
        return access_allows_globally(rd, by->id, channel ? PERM_CREATE_C : PERM_CREATE_P);
    const struct team *team = team_find(rd, team_id);
    return team == NULL ||
           access_allows(rd, by->id, channel ? PERM_CREATE_TEAM_CHANNEL : PERM_CREATE_TEAM_GROUP,
                         team->room_id);
}

/* A main room is made before its team. */
static bool check_team(struct rd *rd, const struct room_draft *draft, struct err *err)
{
    if (str_empty(draft->team_id) || draft->team_main || team_find(rd, draft->team_id) != NULL)
        return true;
    return fault(err, "error-team-not-found",
                 "The \"teamId\" param provided does not match any team");
}

static struct room *from_draft(struct rd *rd, const struct actor *by,
                               const struct room_draft *draft, struct str name)
{
    struct room *room = ARENA_NEW(rd->arena, struct room);
    *room = (struct room){
        .id = str_empty(draft->id) ? id_hex(rd->arena, rd->now_ms) : draft->id,
        .type = draft->type,
        .name = name,
        .team_id = draft->team_id,
        .team_main = draft->team_main,
        .topic = draft->topic,
        .description = draft->description,
        .is_default = draft->is_default,
        .read_only = draft->read_only || draft->broadcast,
        .broadcast = draft->broadcast,
        .encrypted = draft->encrypted,
        .custom_fields = draft->custom_fields,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
    };
    if (by != NULL) {
        room->creator_id = by->id;
        room->creator_username = by->username;
    }
    return room;
}

bool room_check_size(const struct room *room, struct err *err)
{
    BUF(doc, ROOM_DOC_BYTES);
    room_put_doc(&doc, room);
    if (buf_ok(&doc))
        return true;
    return refuse(err, "The room's fields are too large: together they may take %d KB.",
                  ROOM_DOC_BYTES / 1024);
}

/* Those who are named when a room is made are in it silently, and its creator owns it. */
static void subscribe(struct tx *tx, const struct room *room, struct str user_id, bool owner)
{
    struct rd *rd = tx_rd(tx);
    if (subscription_exists(rd, room->id, user_id))
        return;
    struct subscription s = {
        .id = id_hex(rd->arena, rd->now_ms),
        .room_id = room->id,
        .user_id = user_id,
        .open = true,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
        .seen_at_ms = owner ? rd->now_ms : 0,
        .role_count = owner ? 1 : 0,
        .roles = {STR("owner")},
    };
    subscription_insert(tx, &s);
}

static void subscribe_named(struct tx *tx, const struct actor *by, const struct room *room,
                            const struct room_draft *draft)
{
    for (size_t i = 0; i < draft->member_count; i++) {
        const struct user *user = user_find_by_username(tx_rd(tx), draft->members[i]);
        if (user != NULL)
            subscribe(tx, room, user->id, by != NULL && str_eq(by->id, user->id));
    }
    if (by != NULL && !draft->exclude_self)
        subscribe(tx, room, by->id, true);
}

/* A team's main room tells of the rooms it gets. */
static void tell_team(struct tx *tx, const struct actor *by, const struct room *room)
{
    struct rd *rd = tx_rd(tx);
    bool joins = by != NULL && !room->team_main && !str_empty(room->team_id);
    const struct team *team = joins ? team_find(rd, room->team_id) : NULL;
    const struct room *main_room = team != NULL ? room_find(rd, team->room_id) : NULL;
    if (main_room != NULL)
        (void)message_system(tx, main_room, SYSTEM_ROOM_IN_TEAM, by, room->name);
}

bool room_create(struct tx *tx, const struct actor *by, const struct room_draft *draft,
                 struct room **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct str name = str_trim(draft->name);
    if (str_empty(name))
        return fault_with(err, DETAILS_FUNCTION("RocketChat.createRoom"), "error-invalid-name",
                          "Invalid name");
    if (draft->member_count > ROOM_USERS_AT_ONCE)
        return refuse(err, "A room can be made with %d members at most; invite the others later.",
                      ROOM_USERS_AT_ONCE);
    struct room *room = from_draft(rd, by, draft, name);
    if (!check_team(rd, draft, err) || !room_check_name(rd, name, NULL, err) ||
        !room_check_size(room, err))
        return false;
    room_insert(tx, room);
    subscribe_named(tx, by, room, draft);
    tell_team(tx, by, room);
    room_complete(rd, room);
    event_happened(tx, &(struct event){.kind = EVENT_ROOM_CREATED,
                                       .room = room,
                                       .user_id = by != NULL ? by->id : STR("")});
    *out = room;
    return true;
}

void rooms_seed(struct tx *tx)
{
    if (room_id_used(tx_rd(tx), ROOM_GENERAL_ID))
        return;
    struct room_draft draft = {
        .id = ROOM_GENERAL_ID, .type = 'c', .name = STR("general"), .is_default = true};
    struct room *room;
    struct err err; /* a room of that name is there already: it serves as well */
    (void)room_create(tx, NULL, &draft, &room, &err);
}

/* --- deleting one --- */

static enum perm delete_permission(char type)
{
    switch (type) {
    case 'c':
        return PERM_DELETE_C;
    case 'p':
        return PERM_DELETE_P;
    default:
        return PERM_DELETE_D;
    }
}

static bool may_delete(struct rd *rd, const struct actor *by, const struct room *room)
{
    if (!access_allows(rd, by->id, delete_permission(room->type), room->id))
        return false;
    const struct team *team = str_empty(room->team_id) ? NULL : team_find(rd, room->team_id);
    return team == NULL ||
           access_allows(rd, by->id,
                         room->type == 'c' ? PERM_DELETE_TEAM_CHANNEL : PERM_DELETE_TEAM_GROUP,
                         team->room_id);
}

bool room_delete(struct tx *tx, const struct actor *by, struct room *room, struct err *err)
{
    if (room->team_main)
        return fault_with(err, DETAILS_METHOD("eraseRoom"), "error-cannot-delete-team-channel",
                          "Cannot delete a team channel");
    if (!may_delete(tx_rd(tx), by, room))
        return fault_with(err, DETAILS_METHOD("eraseRoom"), "error-not-allowed", "Not allowed");
    room_remove(tx, room);
    return true;
}

static int64_t release_team_rooms(struct tx *tx, struct str team_id, int64_t limit)
{
    struct room_list rooms = rooms_of_team(tx_rd(tx), team_id, limit);
    for (size_t i = 0; i < rooms.count; i++) {
        struct room *room = rooms.items[i];
        room->team_id = STR("");
        room->updated_at_ms = tx_rd(tx)->now_ms;
        room_save(tx, room);
    }
    return (int64_t)rooms.count;
}

/* Removes what hangs on a marked room, and then its row, within SLICE_ROWS. A part that used up
 * what was left of the slice may have left something behind. */
static void sweep_room(struct tx *tx, const struct room *room)
{
    int64_t left = SLICE_ROWS;
    if (room->team_main && !str_empty(room->team_id)) {
        left -= team_members_erase(tx, room->team_id, left);
        if (left > 0)
            left -= release_team_rooms(tx, room->team_id, left);
    }
    if (left > 0)
        left -= subscriptions_erase_some(tx, room->id, left);
    if (left <= 0)
        return;
    if (messages_erase_some(tx, room->seq, left) == left)
        return;
    if (str_eq(room->id, ROOM_GENERAL_ID))
        room_bury(tx, room->seq); /* or rooms_seed() would make it again */
    else
        room_erase(tx, room->seq);
}

void room_remove(struct tx *tx, struct room *room)
{
    if (room->team_main && !str_empty(room->team_id))
        team_erase(tx, room->team_id);
    room_mark_erased(tx, room->id);
    sweep_room(tx, room);
}

bool rooms_to_sweep(struct rd *rd)
{
    return room_erasing(rd) != NULL;
}

bool rooms_sweep(struct tx *tx)
{
    struct room *room = room_erasing(tx_rd(tx));
    if (room == NULL)
        return false;
    sweep_room(tx, room);
    return rooms_to_sweep(tx_rd(tx));
}
