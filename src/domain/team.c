/* How teams are made and deleted. A team's members are the users who were named when it was made
 * and those who come to its main room. Commands run on the writer.
 */
#include "domain/team.h"

#include "base/id.h"
#include "domain/fault.h"
#include "domain/message.h"
#include "store/subscription.h"
#include "store/user.h"

enum { ROOMS_AT_ONCE = 20 }; /* rooms that go with their team in one command */

bool team_visible(struct rd *rd, struct str user_id, const struct team *team)
{
    if (access_allows_globally(rd, user_id, PERM_VIEW_ALL_TEAMS))
        return true;
    const struct room *room = room_find(rd, team->room_id);
    return room != NULL && room_visible(rd, user_id, room);
}

/* --- making one --- */

static bool names_are_free(struct rd *rd, const struct team_draft *draft, struct err *err)
{
    if (team_find_by_name(rd, draft->name) != NULL)
        return refuse(err, "team-name-already-exists");
    const struct room *room = room_find_by_name(rd, draft->name);
    if (room != NULL && !str_eq(room->id, draft->room_id))
        return refuse(err, "room-name-already-exists");
    return true;
}

static const struct user *find_active(struct rd *rd, struct str id_or_username)
{
    const struct user *user = user_find(rd, id_or_username);
    if (user == NULL)
        user = user_find_by_username(rd, id_or_username);
    return user != NULL && user->active ? user : NULL;
}

/* The members as usernames, which is how rooms take them. */
static struct str *member_names(struct rd *rd, const struct team_draft *draft, size_t *out_count)
{
    struct str *names = ARENA_ARRAY(rd->arena, struct str, draft->member_count);
    size_t count = 0;
    for (size_t i = 0; i < draft->member_count; i++) {
        const struct user *user = find_active(rd, draft->members[i]);
        if (user != NULL)
            names[count++] = user->username;
    }
    *out_count = count;
    return names;
}

static bool new_main_room(struct tx *tx, const struct actor *owner, const struct team_draft *draft,
                          const struct team *team, struct err *err)
{
    struct room_draft room_draft = draft->room;
    room_draft.id = team->room_id;
    room_draft.type = draft->is_private ? 'p' : 'c';
    room_draft.name = draft->name;
    room_draft.team_id = team->id;
    room_draft.team_main = true;
    room_draft.members = member_names(tx_rd(tx), draft, &room_draft.member_count);
    struct room *room;
    return room_create(tx, owner, &room_draft, &room, err);
}

static bool adopt_main_room(struct tx *tx, const struct actor *by, const struct team *team,
                            struct err *err)
{
    struct room *room = room_find(tx_rd(tx), team->room_id);
    if (room == NULL || room->type == 'd')
        return fault(err, "error-invalid-room", "Invalid room");
    if (!access_allows(tx_rd(tx), by->id, PERM_EDIT_ROOM, room->id))
        return refuse_forbidden(err);
    if (!str_empty(room->team_id))
        return refuse(err, "room-already-on-team");
    room->team_id = team->id;
    room->team_main = true;
    room->updated_at_ms = tx_rd(tx)->now_ms;
    room_save(tx, room);
    return true;
}

static void add_members(struct tx *tx, const struct team *team, const struct team_draft *draft,
                        const struct actor *owner)
{
    for (size_t i = 0; i < draft->member_count; i++) {
        const struct user *user = find_active(tx_rd(tx), draft->members[i]);
        if (user != NULL)
            team_add_member(tx, team->id, user->id);
    }
    team_add_member(tx, team->id, owner->id);
}

static struct team *from_draft(struct rd *rd, const struct actor *by,
                               const struct team_draft *draft)
{
    bool adopts = !str_empty(draft->room_id);
    struct team *team = ARENA_NEW(rd->arena, struct team);
    *team = (struct team){
        .id = id_hex(rd->arena, rd->now_ms),
        .name = draft->name,
        .is_private = draft->is_private,
        .room_id = adopts ? draft->room_id : id_hex(rd->arena, rd->now_ms),
        .creator_id = by->id,
        .creator_username = by->username,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
    };
    return team;
}

static bool find_owner(struct rd *rd, const struct actor *by, struct str owner_id,
                       struct actor *owner, struct err *err)
{
    *owner = *by;
    if (str_empty(owner_id))
        return true;
    const struct user *user = user_find(rd, owner_id);
    if (user == NULL)
        return refuse(err, "invalid-user");
    *owner = (struct actor){.id = user->id, .username = user->username};
    return true;
}

bool team_create(struct tx *tx, const struct actor *by, const struct team_draft *draft,
                 struct team **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct actor owner;
    if (!names_are_free(rd, draft, err) || !find_owner(rd, by, draft->owner_id, &owner, err))
        return false;
    if (draft->member_count > ROOM_USERS_AT_ONCE)
        return refuse(err, "A team can be made with %d members at most.", ROOM_USERS_AT_ONCE);
    struct team *team = from_draft(rd, by, draft);
    bool made = str_empty(draft->room_id) ? new_main_room(tx, &owner, draft, team, err)
                                          : adopt_main_room(tx, by, team, err);
    if (!made)
        return false;
    team_insert(tx, team);
    add_members(tx, team, draft, &owner);
    *out = team;
    return true;
}

bool team_of_room(struct tx *tx, const struct actor *by, const struct room *room, struct team **out,
                  struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct member_filter everybody = {.room_id = room->id};
    struct member_list members = members_page(rd, &everybody, 0, ROOM_USERS_AT_ONCE + 1);
    struct str *usernames = ARENA_ARRAY(rd->arena, struct str, members.count);
    for (size_t i = 0; i < members.count; i++)
        usernames[i] = members.items[i]->username;
    struct team_draft draft = {
        .name = room->name,
        .is_private = room->type == 'p',
        .members = usernames,
        .member_count = members.count,
        .room_id = room->id,
    };
    if (!team_create(tx, by, &draft, out, err))
        return false;
    (void)message_system(tx, room, SYSTEM_TO_TEAM, by, room->name);
    return true;
}

/* --- deleting one --- */

/* Ids of rooms that are not the team's are left alone. */
static bool delete_rooms(struct tx *tx, const struct actor *by, const struct team *team,
                         const struct str *room_ids, size_t count, struct err *err)
{
    if (count > ROOMS_AT_ONCE)
        return refuse(err, "At most %d rooms can be removed with their team.", ROOMS_AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        struct room *room = room_find(tx_rd(tx), room_ids[i]);
        if (room == NULL || room->team_main || !str_eq(room->team_id, team->id))
            continue;
        if (!room_delete(tx, by, room, err))
            return false;
    }
    return true;
}

bool team_delete(struct tx *tx, const struct actor *by, const struct team *team,
                 const struct str *room_ids, size_t room_count, struct err *err)
{
    if (!access_allows(tx_rd(tx), by->id, PERM_DELETE_TEAM, team->room_id))
        return refuse_permission(err);
    if (!delete_rooms(tx, by, team, room_ids, room_count, err))
        return false;
    struct room *room = room_find(tx_rd(tx), team->room_id);
    if (room != NULL)
        room_remove(tx, room);
    else
        team_erase(tx, team->id);
    return true;
}
