/* The index of match.h: for each event a map of rooms and one of people, and a list for each of the
 * all_ words. Runs on the writer; matcher_new() and the first fill on the thread that opens. */
#include "events/match.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "events/bucket.h"
#include "store/user.h"

enum everywhere { ALL_PUBLIC, ALL_PRIVATE, ALL_DIRECT, ANY, EVERYWHERE };

struct audience {
    struct map rooms;  /* by what follows the '#' */
    struct map people; /* by what follows the '@' */
    struct bucket everywhere[EVERYWHERE];
    size_t count; /* targets of the event */
};

struct matcher {
    struct map targets; /* all, by id */
    struct audience audiences[EVENT_KINDS];
    uint64_t round;
};

static const struct {
    struct str word;
    enum everywhere place;
} all_words[] = {
    {STR_INIT("all_public_channels"), ALL_PUBLIC},
    {STR_INIT("all_private_groups"), ALL_PRIVATE},
    {STR_INIT("all_direct_messages"), ALL_DIRECT},
};

/* --- life --- */

static struct str target_key(const void *target)
{
    return ((const struct target *)target)->id;
}

static struct str bucket_key(const void *bucket)
{
    return ((const struct bucket *)bucket)->key;
}

struct matcher *matcher_new(void)
{
    struct matcher *m = mem_zalloc(sizeof(*m));
    map_init(&m->targets, target_key);
    for (size_t i = 0; i < EVENT_KINDS; i++) {
        map_init(&m->audiences[i].rooms, bucket_key);
        map_init(&m->audiences[i].people, bucket_key);
        for (size_t e = 0; e < EVERYWHERE; e++)
            bucket_init(&m->audiences[i].everywhere[e]);
    }
    return m;
}

static void release_buckets(struct map *buckets)
{
    size_t at = 0;
    for (struct bucket *b; (b = map_each(buckets, &at)) != NULL;)
        bucket_free(b);
    map_release(buckets);
}

void matcher_free(struct matcher *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < EVENT_KINDS; i++) {
        release_buckets(&m->audiences[i].rooms);
        release_buckets(&m->audiences[i].people);
        for (size_t e = 0; e < EVERYWHERE; e++)
            bucket_release(&m->audiences[i].everywhere[e]);
    }
    size_t at = 0;
    for (void *target; (target = map_each(&m->targets, &at)) != NULL;)
        free(target);
    map_release(&m->targets);
    free(m);
}

/* --- a target: one block with all its texts --- */

static size_t list_bytes(const struct text_list *list)
{
    size_t bytes = list->count * sizeof(struct str);
    for (size_t i = 0; i < list->count; i++)
        bytes += list->items[i].len;
    return bytes;
}

static struct str copy_text(char **space, struct str s)
{
    struct str copy = str_from(*space, s.len);
    if (s.len > 0)
        memcpy(*space, s.ptr, s.len);
    *space += s.len;
    return copy;
}

/* The places first, for they are aligned; then, behind all of them, the texts. */
static struct text_list reserve(char **space, const struct text_list *list)
{
    struct text_list copy = {.items = (struct str *)(void *)*space, .count = list->count};
    *space += list->count * sizeof(struct str);
    return copy;
}

static void copy_texts(char **space, struct text_list *to, const struct text_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        to->items[i] = copy_text(space, from->items[i]);
}

static struct target *target_new(const struct integration *in, const struct outgoing_event *event)
{
    size_t bytes = sizeof(struct target) + in->id.len + list_bytes(&in->channel) +
                   list_bytes(&in->trigger_words) + list_bytes(&in->urls);
    struct target *t = mem_zalloc(bytes);
    char *space = (char *)(t + 1);
    t->event = event;
    t->word_anywhere = in->trigger_word_anywhere;
    t->run_on_edits = in->run_on_edits;
    t->channels = reserve(&space, &in->channel);
    t->words = reserve(&space, &in->trigger_words);
    t->urls = reserve(&space, &in->urls);
    t->id = copy_text(&space, in->id);
    copy_texts(&space, &t->channels, &in->channel);
    copy_texts(&space, &t->words, &in->trigger_words);
    copy_texts(&space, &t->urls, &in->urls);
    return t;
}

/* --- putting a target into its buckets, and taking it out --- */

static void map_add(struct map *buckets, struct str key, struct target *t)
{
    struct bucket *b = map_get(buckets, key);
    if (b == NULL) {
        b = bucket_new(key);
        (void)map_put(buckets, b);
    }
    bucket_add(b, t);
}

static void map_take(struct map *buckets, struct str key, const struct target *t)
{
    struct bucket *b = map_get(buckets, key);
    if (b == NULL)
        return;
    bucket_remove(b, t);
    if (!bucket_is_empty(b))
        return;
    (void)map_remove(buckets, key);
    bucket_free(b);
}

enum move { IN, OUT };

static void move_everywhere(struct audience *a, enum everywhere place, struct target *t,
                            enum move move)
{
    if (move == IN)
        bucket_add(&a->everywhere[place], t);
    else
        bucket_remove(&a->everywhere[place], t);
}

static void move_map(struct map *buckets, struct str key, struct target *t, enum move move)
{
    if (move == IN)
        map_add(buckets, key, t);
    else
        map_take(buckets, key, t);
}

static void move_channel(struct audience *a, struct str channel, struct target *t, enum move move)
{
    if (str_starts(channel, STR("#")))
        move_map(&a->rooms, str_after(channel, 1), t, move);
    else if (str_starts(channel, STR("@")))
        move_map(&a->people, str_after(channel, 1), t, move);
    for (size_t i = 0; i < sizeof(all_words) / sizeof(all_words[0]); i++)
        if (str_eq_nocase(channel, all_words[i].word))
            move_everywhere(a, all_words[i].place, t, move);
}

static void move_target(struct matcher *m, struct target *t, enum move move)
{
    struct audience *a = &m->audiences[t->event->kind];
    if (!t->event->uses_channel)
        move_everywhere(a, ANY, t, move);
    else if (t->channels.count == 0)
        move_everywhere(a, ALL_PUBLIC, t, move);
    else
        for (size_t i = 0; i < t->channels.count; i++)
            move_channel(a, t->channels.items[i], t, move);
    a->count += move == IN ? 1 : (size_t)-1;
}

/* NULL: it is told of nothing. */
static struct target *read_target(const struct integration_entry *entry)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const struct json *document = json_parse(&arena, entry->json);
    const struct integration *in = document != NULL ? integration_read(&arena, document) : NULL;
    const struct outgoing_event *event = in != NULL ? outgoing_event_find(in->event) : NULL;
    struct target *t = event != NULL && in->enabled ? target_new(in, event) : NULL;
    arena_release(&arena);
    return t;
}

void matcher_follow(struct matcher *m, struct str id, const struct integration_entry *entry)
{
    struct target *old = map_remove(&m->targets, id);
    if (old != NULL) {
        move_target(m, old, OUT);
        free(old);
    }
    struct target *t = entry != NULL && !entry->incoming ? read_target(entry) : NULL;
    if (t == NULL)
        return;
    move_target(m, t, IN);
    (void)map_put(&m->targets, t);
}

/* --- searching --- */

/* What one event meets: whoever is found is asked the other questions at once. */
struct search {
    struct matcher *matcher;
    struct rd *rd;
    const struct event *event;
    struct str text; /* of its message */
    struct str own;  /* the integration whose reply it is; empty: none's */
    bool edited;
    struct target_list found;
    size_t cap;
};

static void take_message(struct search *s, const struct message *m)
{
    s->text = message_text(m);
    s->own = json_get_str(json_get_lit(m->doc, "bot"), "i");
    s->edited = json_get_lit(m->doc, "editedAt") != NULL;
}

static bool wants(const struct target *t, const struct search *s)
{
    struct str word;
    if (!str_empty(s->own) && str_eq(s->own, t->id))
        return false;
    if (s->event->message == NULL)
        return true;
    const struct precheck rules = {.event = t->event,
                                   .words = &t->words,
                                   .word_anywhere = t->word_anywhere,
                                   .run_on_edits = t->run_on_edits};
    return precheck_passes(&rules, s->text, s->edited, &word);
}

static void keep(struct search *s, struct target *t)
{
    if (s->found.count == s->cap) {
        size_t cap = s->cap > 0 ? 2 * s->cap : 8;
        struct target **items = ARENA_ARRAY(s->rd->arena, struct target *, cap);
        if (s->found.count > 0)
            memcpy(items, s->found.items, s->found.count * sizeof(struct target *));
        s->found.items = items;
        s->cap = cap;
    }
    s->found.items[s->found.count++] = t;
}

static void meet(void *arg, struct target *t)
{
    struct search *s = arg;
    if (t->round == s->matcher->round)
        return;
    t->round = s->matcher->round;
    if (wants(t, s))
        keep(s, t);
}

static void search_bucket(struct search *s, const struct bucket *b)
{
    if (b != NULL)
        bucket_each(b, s->text, meet, s);
}

static void search_named_room(struct search *s, const struct audience *a)
{
    if (a->rooms.count == 0)
        return;
    search_bucket(s, map_get(&a->rooms, s->event->room->id));
    search_bucket(s, map_get(&a->rooms, s->event->room->name));
}

/* By id the sender himself counts too, by username he does not. */
static void search_people(struct search *s, const struct audience *a)
{
    const struct room *room = s->event->room;
    for (size_t i = 0; a->people.count > 0 && i < room->people_count; i++)
        search_bucket(s, map_get(&a->people, room->people[i]));
    struct str sender = s->event->message != NULL ? s->event->message->user_id : s->event->user_id;
    for (size_t i = 0; a->people.count > 0 && i < room->people_count; i++) {
        const struct user *user =
            str_eq(room->people[i], sender) ? NULL : user_find_names(s->rd, room->people[i]);
        if (user != NULL)
            search_bucket(s, map_get(&a->people, user->username));
    }
}

static void search_room(struct search *s, const struct audience *a)
{
    switch (s->event->room->type) {
    case 'd':
        search_bucket(s, &a->everywhere[ALL_DIRECT]);
        search_people(s, a);
        return;
    case 'c':
        search_bucket(s, &a->everywhere[ALL_PUBLIC]);
        break;
    default:
        search_bucket(s, &a->everywhere[ALL_PRIVATE]);
        break;
    }
    search_named_room(s, a);
}

struct target_list matcher_find(struct matcher *m, struct rd *rd, const struct event *event)
{
    struct search s = {.matcher = m, .rd = rd, .event = event};
    const struct audience *a = &m->audiences[event->kind];
    if (a->count == 0)
        return s.found;
    if (event->message != NULL)
        take_message(&s, event->message);
    m->round++;
    if (event->room != NULL)
        search_room(&s, a);
    search_bucket(&s, &a->everywhere[ANY]);
    return s.found;
}

/* --- the rules about the text --- */

static bool has_word(const struct precheck *rules, struct str text, struct str word)
{
    return rules->word_anywhere ? str_find(text, word) != SIZE_MAX : str_starts(text, word);
}

bool precheck_passes(const struct precheck *rules, struct str text, bool edited,
                     struct str *out_word)
{
    *out_word = STR("");
    /* Who asked for edits gets them; the rule is for those who asked for messages. */
    bool about_edits =
        rules->event->kind == EVENT_MESSAGE_SENT || rules->event->kind == EVENT_FILE_UPLOADED;
    if (about_edits && edited && !rules->run_on_edits)
        return false;
    if (!rules->event->uses_trigger_words || rules->words->count == 0)
        return true;
    for (size_t i = 0; i < rules->words->count; i++) {
        if (!has_word(rules, text, rules->words->items[i]))
            continue;
        *out_word = rules->words->items[i];
        return true;
    }
    return false;
}
