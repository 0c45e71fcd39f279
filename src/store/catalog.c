/* The tables of catalog.h: sharded hash maps of counted entries, rights as bits, settings by place.
 *
 * Readers are the loops, under a shard's read lock for the length of a look-up. The writer is the
 * store's writer thread alone. Locks are leaves.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/notice.h"

enum { SHARDS = 64 };

struct shard {
    pthread_rwlock_t lock; /* guards map */
    struct map map;
};

struct setting_value {
    _Atomic int64_t number; /* booleans are 0 and 1 */
    struct str text;        /* owned; of string settings the text, of others the JSON */
};

struct catalog {
    struct shard tables[CATALOG_TABLES][SHARDS];
    struct {
        pthread_rwlock_t lock;     /* guards ids and count */
        struct str ids[ROLES_MAX]; /* owned; the place is the role's bit */
        size_t count;
    } roles;
    _Atomic uint64_t permissions[PERM_COUNT][ROLES_MAX / 64];
    pthread_rwlock_t settings_lock; /* guards the texts */
    struct setting_value settings[SETTING_COUNT];
    struct matcher *matcher; /* these six: set at the start, then read by the writer alone */
    matcher_fn matcher_follow;
    bell_fn bell;
    void *bell_arg;
    notice_fn hear;
    void *hear_arg;
    atomic_bool listened; /* notices are made; changed by the writer */
};

enum change_kind {
    CHANGE_PUT,
    CHANGE_REMOVE,
    CHANGE_PERMISSION,
    CHANGE_SETTING,
    CHANGE_BELL,
    CHANGE_NOTICE
};

struct change {
    struct change *next; /* the one before it */
    enum change_kind kind;
    enum catalog_table table;
    struct entry *entry;   /* PUT: the reference goes to the catalog */
    int number;            /* PERMISSION, SETTING: which */
    struct role_set roles; /* PERMISSION */
    struct str text;       /* REMOVE: the key; SETTING: the JSON value; BELL: the id; owned */
    struct notice *notice; /* NOTICE; owned */
};

/* --- entries --- */

void *entry_new(size_t size, size_t text, char **out_space)
{
    struct entry *entry = mem_zalloc(size + text);
    atomic_init(&entry->refs, 1);
    *out_space = (char *)entry + size;
    return entry;
}

struct str entry_text(char **space, struct str s)
{
    struct str copy = str_from(*space, s.len);
    if (s.len > 0)
        memcpy(*space, s.ptr, s.len);
    *space += s.len;
    return copy;
}

void catalog_unref(struct entry *entry)
{
    if (entry != NULL && atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) == 1)
        free(entry);
}

static struct str entry_key(const void *entry)
{
    return ((const struct entry *)entry)->key;
}

/* --- life --- */

static void rwlock_init(pthread_rwlock_t *lock)
{
    int failed = pthread_rwlock_init(lock, NULL);
    assert(!failed);
}

struct catalog *catalog_new(void)
{
    struct catalog *c = mem_zalloc(sizeof(*c));
    for (size_t t = 0; t < CATALOG_TABLES; t++) {
        for (size_t s = 0; s < SHARDS; s++) {
            rwlock_init(&c->tables[t][s].lock);
            map_init(&c->tables[t][s].map, entry_key);
        }
    }
    rwlock_init(&c->roles.lock);
    rwlock_init(&c->settings_lock);
    return c;
}

static void shard_release(struct shard *shard)
{
    size_t at = 0;
    void *entry;
    while ((entry = map_each(&shard->map, &at)) != NULL)
        catalog_unref(entry);
    map_release(&shard->map);
    pthread_rwlock_destroy(&shard->lock);
}

static void free_text(struct str *text)
{
    free((void *)(uintptr_t)text->ptr);
    *text = (struct str){0};
}

void catalog_free(struct catalog *c)
{
    if (c == NULL)
        return;
    for (size_t t = 0; t < CATALOG_TABLES; t++) {
        for (size_t s = 0; s < SHARDS; s++)
            shard_release(&c->tables[t][s]);
    }
    for (size_t i = 0; i < c->roles.count; i++)
        free_text(&c->roles.ids[i]);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        free_text(&c->settings[i].text);
    pthread_rwlock_destroy(&c->roles.lock);
    pthread_rwlock_destroy(&c->settings_lock);
    free(c);
}

/* --- look-ups --- */

static struct shard *shard_of(const struct catalog *c, enum catalog_table table, uint64_t hash)
{
    /* The map uses the low bits, so the shard is chosen by the high ones. The cast: look-ups take a
     * const catalog, and a lock changes. */
    return (struct shard *)(uintptr_t)&c->tables[table][hash >> 58];
}

static void *find(const struct catalog *c, enum catalog_table table, struct str key)
{
    uint64_t hash = digest_keyed64(key);
    struct shard *shard = shard_of(c, table, hash);
    pthread_rwlock_rdlock(&shard->lock);
    struct entry *entry = map_get_hashed(&shard->map, key, hash);
    if (entry != NULL)
        atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    pthread_rwlock_unlock(&shard->lock);
    return entry;
}

struct integration_entry *catalog_integration(const struct catalog *c, struct str id)
{
    return find(c, CATALOG_INTEGRATIONS, id);
}

struct hook_options_entry *catalog_hook_options(const struct catalog *c, struct str integration_id)
{
    return find(c, CATALOG_HOOK_OPTIONS, integration_id);
}

struct user_entry *catalog_user(const struct catalog *c, struct str id)
{
    return find(c, CATALOG_USERS, id);
}

struct session_entry *catalog_session(const struct catalog *c, struct str token_hash)
{
    return find(c, CATALOG_SESSIONS, token_hash);
}

void catalog_each_integration(const struct catalog *c,
                              void (*fn)(void *arg, const struct integration_entry *entry),
                              void *arg)
{
    for (size_t s = 0; s < SHARDS; s++) {
        struct shard *shard = shard_of(c, CATALOG_INTEGRATIONS, (uint64_t)s << 58);
        pthread_rwlock_rdlock(&shard->lock);
        size_t at = 0;
        for (const void *entry; (entry = map_each(&shard->map, &at)) != NULL;)
            fn(arg, entry);
        pthread_rwlock_unlock(&shard->lock);
    }
}

size_t catalog_integrations(const struct catalog *c)
{
    size_t count = 0;
    for (size_t s = 0; s < SHARDS; s++) {
        struct shard *shard = shard_of(c, CATALOG_INTEGRATIONS, (uint64_t)s << 58);
        pthread_rwlock_rdlock(&shard->lock);
        count += shard->map.count;
        pthread_rwlock_unlock(&shard->lock);
    }
    return count;
}

/* --- rights --- */

bool catalog_allows(const struct catalog *c, const struct user_entry *user, enum perm perm)
{
    uint64_t common = 0;
    for (size_t i = 0; i < ROLES_MAX / 64; i++) {
        uint64_t holders = atomic_load_explicit(&c->permissions[perm][i], memory_order_relaxed);
        common |= holders & user->roles.bits[i];
    }
    return common != 0;
}

static size_t role_place(struct catalog *c, struct str role_id)
{
    for (size_t i = 0; i < c->roles.count; i++) {
        if (str_eq(c->roles.ids[i], role_id))
            return i;
    }
    if (c->roles.count == ROLES_MAX)
        return ROLES_MAX;
    char *copy = mem_alloc(role_id.len + 1);
    memcpy(copy, role_id.ptr, role_id.len);
    c->roles.ids[c->roles.count] = str_from(copy, role_id.len);
    return c->roles.count++;
}

bool catalog_role_bit(struct catalog *c, struct str role_id, struct role_set *add_to)
{
    pthread_rwlock_wrlock(&c->roles.lock);
    size_t place = role_place(c, role_id);
    pthread_rwlock_unlock(&c->roles.lock);
    if (place == ROLES_MAX)
        return false;
    add_to->bits[place / 64] |= (uint64_t)1 << (place % 64);
    return true;
}

/* --- settings --- */

bool catalog_setting_bool(const struct catalog *c, enum setting_id id)
{
    return catalog_setting_int(c, id) != 0;
}

int64_t catalog_setting_int(const struct catalog *c, enum setting_id id)
{
    return atomic_load_explicit(&c->settings[id].number, memory_order_relaxed);
}

struct str catalog_setting_text(const struct catalog *c, enum setting_id id, struct arena *arena)
{
    pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&c->settings_lock;
    pthread_rwlock_rdlock(lock);
    struct str copy = arena_str(arena, c->settings[id].text);
    pthread_rwlock_unlock(lock);
    return copy;
}

static int64_t number_in(const struct json *value)
{
    double number = 0;
    if (json_is(value, JSON_NUMBER))
        number = value->number;
    else if (json_is(value, JSON_STRING) && !json_number_of(value->string, &number))
        number = str_is(value->string, "true");
    if (json_is(value, JSON_BOOL))
        return value->boolean;
    bool fits = number > -9.0e15 && number < 9.0e15;
    return fits ? (int64_t)number : 0;
}

/* A setting that wants a number and got a text or nothing counts as unchanged: 0 would often be a
 * limit that lets nothing through. */
static bool has_number(const struct setting_info *info, const struct json *value)
{
    double number;
    bool wanted = info->kind == SETTING_KIND_INT || info->kind == SETTING_KIND_NUMBER;
    return !wanted || json_is(value, JSON_NUMBER) || json_is(value, JSON_BOOL) ||
           (json_is(value, JSON_STRING) && json_number_of(value->string, &number));
}

static struct str text_copy(struct str s)
{
    char *copy = mem_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return str_from(copy, s.len);
}

static void set_setting(struct catalog *c, int id, struct str value_json)
{
    struct arena scratch;
    arena_init(&scratch, SIZE_MAX);
    struct json *value = json_parse(&scratch, value_json);
    struct str text = text_copy(json_is(value, JSON_STRING) ? value->string : value_json);
    const struct setting_info *info = setting_info(id);
    if (!has_number(info, value))
        value = json_parse(&scratch, info->fallback);
    atomic_store_explicit(&c->settings[id].number, number_in(value), memory_order_relaxed);
    pthread_rwlock_wrlock(&c->settings_lock);
    struct str old = c->settings[id].text;
    c->settings[id].text = text;
    pthread_rwlock_unlock(&c->settings_lock);
    free_text(&old);
    arena_release(&scratch);
}

/* --- followers --- */

void catalog_set_matcher(struct catalog *c, struct matcher *matcher, matcher_fn follow)
{
    c->matcher = matcher;
    c->matcher_follow = follow;
}

struct matcher *catalog_matcher(const struct catalog *c)
{
    return c->matcher;
}

void catalog_set_bell(struct catalog *c, bell_fn bell, void *arg)
{
    c->bell = bell;
    c->bell_arg = arg;
}

void catalog_set_hearer(struct catalog *c, notice_fn hear, void *arg)
{
    c->hear = hear;
    c->hear_arg = arg;
}

bool catalog_listened(const struct catalog *c)
{
    return atomic_load_explicit(&c->listened, memory_order_relaxed);
}

static void tell_matcher(const struct catalog *c, const struct change *change,
                         const struct entry *entry)
{
    if (c->matcher != NULL && change->table == CATALOG_INTEGRATIONS)
        c->matcher_follow(c->matcher, entry != NULL ? entry->key : change->text,
                          (const struct integration_entry *)entry);
}

/* --- changes: collected in a command, published after the commit --- */

static struct change *change_new(struct tx *tx, enum change_kind kind)
{
    struct change *change = mem_zalloc(sizeof(*change));
    *change = (struct change){.next = tx->changes, .kind = kind};
    tx->changes = change;
    return change;
}

/* The cast: a command sees the catalog const; that there are listeners is the writer's to say. */
void tx_listen(struct tx *tx)
{
    struct catalog *c = (struct catalog *)(uintptr_t)tx->rd.catalog;
    atomic_store_explicit(&c->listened, c->hear != NULL, memory_order_relaxed);
}

void tx_notice(struct tx *tx, int kind, int64_t room_seq, struct str subject, struct str data)
{
    struct notice *notice = mem_zalloc(sizeof(*notice) + subject.len + data.len);
    char *space = (char *)(notice + 1);
    *notice = (struct notice){.kind = (enum notice_kind)kind,
                              .room_seq = room_seq,
                              .subject = entry_text(&space, subject),
                              .data = entry_text(&space, data)};
    change_new(tx, CHANGE_NOTICE)->notice = notice;
}

/* Who he is, and what his roles are, is part of what he may read. */
static void notice_user(struct tx *tx, enum catalog_table table, struct str key)
{
    if (table == CATALOG_USERS)
        notice_rights(tx, key);
}

static void notice_session(struct tx *tx, enum catalog_table table, struct str key)
{
    if (table != CATALOG_SESSIONS || !tx_listened(tx))
        return;
    struct session_entry *session = catalog_session(tx->rd.catalog, key);
    if (session != NULL)
        notice_rights(tx, session->user_id);
    CATALOG_UNREF(session);
}

void tx_publish(struct tx *tx, enum catalog_table table, struct entry *entry)
{
    struct change *change = change_new(tx, CHANGE_PUT);
    change->table = table;
    change->entry = entry;
    notice_user(tx, table, entry->key);
}

void tx_unpublish(struct tx *tx, enum catalog_table table, struct str key)
{
    struct change *change = change_new(tx, CHANGE_REMOVE);
    change->table = table;
    change->text = text_copy(key);
    notice_user(tx, table, key);
    notice_session(tx, table, key);
}

void tx_publish_permission(struct tx *tx, enum perm perm, const struct str *role_ids, size_t count)
{
    struct change *change = change_new(tx, CHANGE_PERMISSION);
    change->number = (int)perm;
    for (size_t i = 0; i < count; i++) {
        /* The cast: a command sees the catalog const, and giving a role its number is the one thing
         * it does there. A number is never taken back, so a rolled back command does no harm. */
        struct catalog *c = (struct catalog *)(uintptr_t)tx->rd.catalog;
        if (!catalog_role_bit(c, role_ids[i], &change->roles))
            db_fail(tx->rd.db, "there are more roles than a server can have");
    }
    notice_rights(tx, STR(""));
}

void tx_publish_setting(struct tx *tx, enum setting_id id, struct str value_json)
{
    struct change *change = change_new(tx, CHANGE_SETTING);
    change->number = (int)id;
    change->text = text_copy(value_json);
}

/* A command that makes many rows for one integration rings once. */
void tx_ring(struct tx *tx, struct str integration_id)
{
    const struct change *last = tx->changes;
    if (last != NULL && last->kind == CHANGE_BELL && str_eq(last->text, integration_id))
        return;
    struct change *change = change_new(tx, CHANGE_BELL);
    change->text = text_copy(integration_id);
}

static void change_free(struct change *change)
{
    catalog_unref(change->entry);
    free_text(&change->text);
    free(change->notice);
    free(change);
}

void changes_drop(struct tx *tx, struct change *since)
{
    while (tx->changes != since) {
        struct change *change = tx->changes;
        tx->changes = change->next;
        change_free(change);
    }
}

static void publish_put(struct catalog *c, struct change *change, int64_t revision)
{
    uint64_t hash = digest_keyed64(change->entry->key);
    struct shard *shard = shard_of(c, change->table, hash);
    change->entry->revision = revision;
    tell_matcher(c, change, change->entry);
    pthread_rwlock_wrlock(&shard->lock);
    struct entry *old = map_put_hashed(&shard->map, change->entry, hash);
    pthread_rwlock_unlock(&shard->lock);
    assert(old == NULL || old->revision <= revision);
    change->entry = old; /* freed with the change */
}

static void publish_remove(struct catalog *c, struct change *change)
{
    uint64_t hash = digest_keyed64(change->text);
    struct shard *shard = shard_of(c, change->table, hash);
    tell_matcher(c, change, NULL);
    pthread_rwlock_wrlock(&shard->lock);
    change->entry = map_remove_hashed(&shard->map, change->text, hash);
    pthread_rwlock_unlock(&shard->lock);
}

static void publish_permission(struct catalog *c, const struct change *change)
{
    for (size_t i = 0; i < ROLES_MAX / 64; i++)
        atomic_store_explicit(&c->permissions[change->number][i], change->roles.bits[i],
                              memory_order_relaxed);
}

static struct change *reversed(struct change *list)
{
    struct change *front = NULL;
    while (list != NULL) {
        struct change *next = list->next;
        list->next = front;
        front = list;
        list = next;
    }
    return front;
}

/* Moves the notice to the end of the list. */
static struct notice **take_notice(struct change *change, struct notice **end)
{
    struct notice *notice = change->notice;
    change->notice = NULL;
    notice->next = NULL;
    *end = notice;
    return &notice->next;
}

/* Behind everything else, so that who hears of a change finds it in the catalog. */
static void hand_over(struct catalog *c, struct notice *notices)
{
    if (notices != NULL)
        atomic_store_explicit(&c->listened, c->hear(c->hear_arg, notices), memory_order_relaxed);
}

void catalog_publish(struct catalog *c, struct change *changes, int64_t revision)
{
    struct change *change = reversed(changes);
    struct notice *notices = NULL, **end = &notices;
    while (change != NULL) {
        struct change *next = change->next;
        switch (change->kind) {
        case CHANGE_PUT:
            publish_put(c, change, revision);
            break;
        case CHANGE_REMOVE:
            publish_remove(c, change);
            break;
        case CHANGE_PERMISSION:
            publish_permission(c, change);
            break;
        case CHANGE_SETTING:
            set_setting(c, change->number, change->text);
            break;
        case CHANGE_BELL:
            if (c->bell != NULL)
                c->bell(c->bell_arg, change->text);
            break;
        case CHANGE_NOTICE:
            end = take_notice(change, end);
            break;
        }
        change_free(change);
        change = next;
    }
    hand_over(c, notices);
}
