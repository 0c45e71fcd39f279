/* Direct rooms. People have one room together: it is found by who is in it. Commands run on the
 * writer.
 */
#include "domain/direct.h"

#include <stdlib.h>

#include "base/id.h"
#include "domain/fault.h"
#include "store/message.h"
#include "store/subscription.h"

/* --- who --- */

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct people {
    struct str ids[DIRECT_USERS_MAX]; /* in the order they were named */
    struct str sorted[DIRECT_USERS_MAX];
    size_t count;
};

static bool is_among(const struct people *people, struct str id)
{
    for (size_t i = 0; i < people->count; i++)
        if (str_eq(people->ids[i], id))
            return true;
    return false;
}

static bool refuse_too_many(int64_t most, struct err *err)
{
    fault(err, "error-direct-message-max-user-exceeded",
          "You cannot add more than %lld users, including yourself to a direct message",
          (long long)most);
    return fault_details(err, DETAILS_METHOD("createDirectMessage"));
}

static bool take_people(struct rd *rd, const struct user *const *users, size_t count,
                        struct people *people, struct err *err)
{
    int64_t most = catalog_setting_int(rd->catalog, SETTING_DIRECTMESSSAGE_MAXUSERS);
    if (most < 1 || most > DIRECT_USERS_MAX)
        most = DIRECT_USERS_MAX;
    people->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_among(people, users[i]->id))
            continue;
        if (people->count == (size_t)most)
            return refuse_too_many(most, err);
        people->ids[people->count++] = users[i]->id;
    }
    memcpy(people->sorted, people->ids, people->count * sizeof(struct str));
    qsort(people->sorted, people->count, sizeof(struct str), by_bytes);
    return true;
}

static struct str key_of(struct arena *a, const struct people *people)
{
    struct str parts[2 * DIRECT_USERS_MAX];
    for (size_t i = 0; i < people->count; i++) {
        parts[2 * i] = people->sorted[i];
        parts[2 * i + 1] = STR(",");
    }
    return arena_join(a, parts, 2 * people->count - 1);
}

/* Clients work out the id of a room of two by themselves. */
static struct str id_of(struct rd *rd, const struct people *people)
{
    if (people->count == 2) {
        struct str id = arena_join(rd->arena, people->sorted, 2);
        if (!room_id_used(rd, id))
            return id;
    }
    return id_hex(rd->arena, rd->now_ms);
}

/* --- making --- */

/* Two people's room is in the other one's list as soon as there is something in it. */
static void subscribe_all(struct tx *tx, const struct actor *by, const struct room *room)
{
    struct rd *rd = tx_rd(tx);
    for (size_t i = 0; i < room->people_count; i++) {
        bool own = str_eq(room->people[i], by->id);
        struct subscription s = {
            .id = id_hex(rd->arena, rd->now_ms),
            .room_id = room->id,
            .user_id = room->people[i],
            .open = own || room->people_count > 2,
            .created_at_ms = rd->now_ms,
            .updated_at_ms = rd->now_ms,
            .seen_at_ms = own ? rd->now_ms : 0,
        };
        subscription_insert(tx, &s);
    }
}

static struct room *make(struct tx *tx, const struct actor *by, const struct people *people,
                         struct str key)
{
    struct rd *rd = tx_rd(tx);
    struct str *ids = ARENA_ARRAY(rd->arena, struct str, people->count);
    memcpy(ids, people->ids, people->count * sizeof(struct str));
    struct room *room = ARENA_NEW(rd->arena, struct room);
    *room = (struct room){
        .id = id_of(rd, people),
        .type = 'd',
        .people = ids,
        .people_count = people->count,
        .people_key = key,
        .created_at_ms = rd->now_ms,
        .updated_at_ms = rd->now_ms,
    };
    room_insert(tx, room);
    subscribe_all(tx, by, room);
    return room;
}

bool room_direct(struct tx *tx, const struct actor *by, const struct user *const *users,
                 size_t count, struct room **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct people people;
    if (!take_people(rd, users, count, &people, err))
        return false;
    struct str key = key_of(rd->arena, &people);
    struct room *room = room_find_by_people(rd, key);
    bool may = access_allows_globally(rd, by->id, PERM_CREATE_D) ||
               (room != NULL && access_allows(rd, by->id, PERM_VIEW_D_ROOM, room->id));
    if (!may)
        return fault_with(err, DETAILS_METHOD("createDirectMessage"), "error-not-allowed",
                          "Not allowed");
    *out = room != NULL ? room : make(tx, by, &people, key);
    return true;
}

/* --- in the list --- */

void room_hide(struct tx *tx, const struct actor *by, const struct room *room)
{
    struct room_counters c = room_counters_find(tx_rd(tx), room->seq);
    subscription_hide(tx, room->id, by->id, c.last_number);
}

void room_show(struct tx *tx, const struct actor *by, const struct room *room)
{
    subscription_show(tx, room->id, by->id);
}
