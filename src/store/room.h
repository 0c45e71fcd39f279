/* Rows of rooms. A room that is being erased (its subscriptions go in slices) is found by nothing
 * here but room_erasing(); its name is free at once. Results live in rd->arena; NULL: not there. */
#pragma once

#include "model/room.h"
#include "store/store.h"

struct room *room_find(struct rd *rd, struct str id);
struct room *room_find_by_name(struct rd *rd, struct str name); /* 'c' and 'p', case counts */
/* Any type; an id is tried before a name. */
struct room *room_find_by_id_or_name(struct rd *rd, struct str x);

/* Fills the derived fields: the creator's names, and how many users are in it. */
void room_complete(struct rd *rd, struct room *room);

struct room_list {
    struct room **items;
    size_t count;
};

/* Which rooms a list holds. */
struct room_filter {
    char type;                 /* 0: any */
    struct str id;             /* this one only; empty: any */
    struct str joined_by;      /* the user who must be in it; empty: nobody must */
    struct str team_rooms_for; /* rooms in a team only where this user is in them; empty: all */
    struct str team_id;        /* of this team only; empty: any */
    bool defaults_only;
    int64_t changed_after_ms; /* 0: whenever */
};

/* A page of them, in the order of `order_by` (columns of rooms; made of constants). Not completed.
 */
struct room_list rooms_page(struct rd *rd, const struct room_filter *filter, struct str order_by,
                            int64_t offset, int64_t count);
int64_t rooms_total(struct rd *rd, const struct room_filter *filter);

/* Up to `limit` rooms that the user owns and nobody else does. */
struct room_list rooms_owned_alone(struct rd *rd, struct str user_id, int64_t limit);

void room_insert(struct tx *tx, const struct room *room);
/* Writes all columns of an existing room but its id. */
void room_save(struct tx *tx, const struct room *room);

/* Hides a room for good: from now on it only waits for its subscriptions to be erased. */
void room_mark_erased(struct tx *tx, struct str id);
/* The id of a room that waits so, or empty. */
struct str room_erasing(struct rd *rd);
/* Removes the row of a room that was marked. */
void room_erase(struct tx *tx, struct str id);
