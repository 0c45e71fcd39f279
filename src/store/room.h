/* Rows of rooms. A room that was marked as erased (what hangs on it goes in slices) is found by
 * nothing here but room_erasing(), and its name is free; of a buried one only the id remains.
 * Results live in rd->arena; NULL: not there. */
#pragma once

#include "model/room.h"
#include "store/store.h"

struct room *room_find(struct rd *rd, struct str id);
struct room *room_find_by_name(struct rd *rd, struct str name); /* 'c' and 'p', case counts */
/* The direct room of exactly these people: their ids sorted, with commas between. */
struct room *room_find_by_people(struct rd *rd, struct str people_key);
/* Any type; an id is tried before a name. */
struct room *room_find_by_id_or_name(struct rd *rd, struct str x);

/* Fills what other rows know: names of users, how many are in it, its messages. Costs what the room
 * has members. */
void room_complete(struct rd *rd, struct room *room);

struct room_list {
    struct room **items; /* not completed */
    size_t count;
};

enum room_set {
    ROOMS_OF_TYPE, /* all of the type */
    ROOMS_LISTED,  /* of the type; those in a team only where the user is in them */
    ROOMS_JOINED,  /* of the type, that the user is in */
    ROOM_SETS
};

struct room_filter {
    enum room_set set;
    char type;
    struct str user_id; /* for ROOMS_OF_TYPE of no account */
    struct str id;      /* this one only; empty: all */
};

/* A page, ordered by `order_by`: columns of rooms r, made of constants. */
struct room_list rooms_page(struct rd *rd, const struct room_filter *filter, struct str order_by,
                            int64_t offset, int64_t count);
int64_t rooms_total(struct rd *rd, const struct room_filter *filter);

/* Of any type, that the user is in and that changed after the moment (0: whenever). */
struct room_list rooms_of_user(struct rd *rd, struct str user_id, int64_t changed_after_ms);
/* Up to `limit` rooms that new users are put into. */
struct room_list rooms_default(struct rd *rd, int64_t limit);
/* Up to `limit` rooms of the team, its main room among them. */
struct room_list rooms_of_team(struct rd *rd, struct str team_id, int64_t limit);

/* Fills in the seq. */
void room_insert(struct tx *tx, struct room *room);
/* Writes all columns of an existing room but its id. */
void room_save(struct tx *tx, const struct room *room);

/* Hides a room for good: it only waits for room_erase(). The id of a direct room is free at once;
 * its subscriptions must be removed before the command ends. */
void room_mark_erased(struct tx *tx, struct str id);
/* Any room that waits so. */
struct room *room_erasing(struct rd *rd);
void room_erase(struct tx *tx, int64_t seq);
/* Instead of room_erase(): nothing finds the room any more, but its id counts as used. */
void room_bury(struct tx *tx, int64_t seq);
/* Whether there is, or was and is buried, a room of that id. */
bool room_id_used(struct rd *rd, struct str id);
