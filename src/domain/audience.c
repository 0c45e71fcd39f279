/* The rules of audience.h. The rooms are a question to the rows; what is known of integrations is
 * in the catalog. */
#include "domain/audience.h"

#include <stdlib.h>

#include "domain/room.h"
#include "store/room.h"

/* --- rooms --- */

static int by_seq(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void sort(struct room_scope *scope)
{
    if (scope->count > 1)
        qsort(scope->seqs, scope->count, sizeof(scope->seqs[0]), by_seq);
}

static size_t parts_of(struct str list)
{
    size_t count = 0;
    struct str part;
    while (str_split(&list, ',', &part))
        count++;
    return count;
}

static struct room *find_named(struct rd *rd, struct str name)
{
    if (str_starts(name, STR("#")))
        return room_find_by_name(rd, str_after(name, 1));
    return room_find(rd, name);
}

static struct room_scope named_rooms(struct rd *rd, struct str user_id, struct str names,
                                     bool *out_missing)
{
    struct room_scope scope = {.seqs = ARENA_ARRAY(rd->arena, int64_t, parts_of(names))};
    struct str name;
    while (str_split(&names, ',', &name)) {
        const struct room *room = find_named(rd, str_trim(name));
        if (room != NULL && room_visible(rd, user_id, room))
            scope.seqs[scope.count++] = room->seq;
        else
            *out_missing = true;
    }
    return scope;
}

/* What room_visible() says of a room that one is in, without asking for each. */
static bool sees_type(struct rd *rd, struct str user_id, char type)
{
    enum perm own = type == 'c'   ? PERM_VIEW_C_ROOM
                    : type == 'p' ? PERM_VIEW_P_ROOM
                                  : PERM_VIEW_D_ROOM;
    return access_allows_globally(rd, user_id, PERM_VIEW_JOINED_ROOM) ||
           access_allows_globally(rd, user_id, own);
}

static struct room_scope joined_rooms(struct rd *rd, struct str user_id)
{
    bool channels = sees_type(rd, user_id, 'c'), groups = sees_type(rd, user_id, 'p'),
         directs = sees_type(rd, user_id, 'd');
    struct room_list rooms = rooms_of_user(rd, user_id, 0);
    struct room_scope scope = {.seqs = ARENA_ARRAY(rd->arena, int64_t, rooms.count)};
    for (size_t i = 0; i < rooms.count; i++) {
        char type = rooms.items[i]->type;
        if (type == 'c' ? channels : type == 'p' ? groups : directs)
            scope.seqs[scope.count++] = rooms.items[i]->seq;
    }
    return scope;
}

struct room_scope rooms_readable(struct rd *rd, struct str user_id, struct str names,
                                 bool *out_missing)
{
    *out_missing = false;
    struct room_scope scope =
        str_empty(names) ? joined_rooms(rd, user_id) : named_rooms(rd, user_id, names, out_missing);
    sort(&scope);
    return scope;
}

bool room_in_scope(const struct room_scope *scope, int64_t seq)
{
    return scope->count > 0 &&
           bsearch(&seq, scope->seqs, scope->count, sizeof(seq), by_seq) != NULL;
}

/* --- integrations --- */

static const struct {
    enum perm any, own;
} powers[] = {
    [false] = {PERM_MANAGE_OUTGOING_INTEGRATIONS, PERM_MANAGE_OWN_OUTGOING_INTEGRATIONS},
    [true] = {PERM_MANAGE_INCOMING_INTEGRATIONS, PERM_MANAGE_OWN_INCOMING_INTEGRATIONS},
};

bool integration_followable(const struct catalog *catalog, const struct user_entry *user,
                            struct str integration_id)
{
    struct integration_entry *in = catalog_integration(catalog, integration_id);
    if (in == NULL)
        return false;
    bool mine = str_eq(in->creator_id, user->head.key);
    bool may = access_has(catalog, user, powers[in->incoming].any) ||
               (mine && access_has(catalog, user, powers[in->incoming].own));
    CATALOG_UNREF(in);
    return may;
}

bool integrations_followable(const struct catalog *catalog, const struct user_entry *user)
{
    for (size_t i = 0; i < 2; i++) {
        if (access_has(catalog, user, powers[i].any) || access_has(catalog, user, powers[i].own))
            return true;
    }
    return false;
}
