/* Sets of targets by their words; see bucket.h. Memory only. */
#include "events/bucket.h"

#include <stdlib.h>

#include "base/mem.h"

/* What it costs, about, in nanoseconds: to look up a piece of a text; to search a text for a word,
 * and for each of its bytes. They choose the faster of two ways that find the same. */
enum { LOOK_UP_NS = 30, SEARCH_NS = 20, SEARCH_BYTES_A_NS = 16 };

/* --- sets --- */

static void set_add(struct target_set *set, struct target *t)
{
    if (set->count == set->cap) {
        set->cap = set->cap > 0 ? 2 * set->cap : 2;
        set->items = mem_resize(set->items, set->cap * sizeof(struct target *));
    }
    set->items[set->count++] = t;
}

static void set_remove(struct target_set *set, const struct target *t)
{
    for (size_t i = set->count; i-- > 0;) {
        if (set->items[i] == t)
            set->items[i] = set->items[--set->count];
    }
}

/* --- words --- */

struct word {
    struct str text; /* owned, in the same block */
    struct target_set targets;
};

static struct str word_key(const void *word)
{
    return ((const struct word *)word)->text;
}

static void count_length(struct word_index *index, size_t length)
{
    for (size_t i = 0; i < index->length_count; i++) {
        if (index->lengths[i].length == length) {
            index->lengths[i].count++;
            return;
        }
    }
    size_t bytes = (index->length_count + 1) * sizeof(struct word_length);
    index->lengths = mem_resize(index->lengths, bytes);
    index->lengths[index->length_count++] = (struct word_length){.length = length, .count = 1};
}

static void uncount_length(struct word_index *index, size_t length)
{
    for (size_t i = 0; i < index->length_count; i++) {
        if (index->lengths[i].length == length && --index->lengths[i].count == 0) {
            index->lengths[i] = index->lengths[--index->length_count];
            return;
        }
    }
}

static struct word *word_new(struct str text)
{
    struct word *word = mem_zalloc(sizeof(*word) + text.len);
    char *copy = (char *)(word + 1);
    memcpy(copy, text.ptr, text.len);
    word->text = str_from(copy, text.len);
    return word;
}

static void word_free(struct word *word)
{
    free(word->targets.items);
    free(word);
}

static void index_add(struct word_index *index, struct str text, struct target *t)
{
    struct word *word = map_get(&index->words, text);
    if (word == NULL) {
        word = word_new(text);
        (void)map_put(&index->words, word);
        count_length(index, text.len);
    }
    set_add(&word->targets, t);
}

static void index_remove(struct word_index *index, struct str text, const struct target *t)
{
    struct word *word = map_get(&index->words, text);
    if (word == NULL)
        return; /* the same word twice in one list */
    set_remove(&word->targets, t);
    if (word->targets.count > 0)
        return;
    (void)map_remove(&index->words, text);
    uncount_length(index, text.len);
    word_free(word);
}

static void index_release(struct word_index *index)
{
    size_t at = 0;
    for (struct word *word; (word = map_each(&index->words, &at)) != NULL;)
        word_free(word);
    map_release(&index->words);
    free(index->lengths);
}

/* --- buckets --- */

void bucket_init(struct bucket *b)
{
    *b = (struct bucket){.key = STR("")};
    map_init(&b->starts.words, word_key);
    map_init(&b->anywhere.words, word_key);
}

void bucket_release(struct bucket *b)
{
    free(b->plain.items);
    index_release(&b->starts);
    index_release(&b->anywhere);
}

struct bucket *bucket_new(struct str key)
{
    struct bucket *b = mem_alloc(sizeof(*b) + key.len);
    bucket_init(b);
    char *copy = (char *)(b + 1);
    if (key.len > 0)
        memcpy(copy, key.ptr, key.len);
    b->key = str_from(copy, key.len);
    return b;
}

void bucket_free(struct bucket *b)
{
    bucket_release(b);
    free(b);
}

static bool waits_for_words(const struct target *t)
{
    return t->event->uses_trigger_words && t->words.count > 0;
}

void bucket_add(struct bucket *b, struct target *t)
{
    if (!waits_for_words(t)) {
        set_add(&b->plain, t);
        return;
    }
    for (size_t i = 0; i < t->words.count; i++)
        index_add(t->word_anywhere ? &b->anywhere : &b->starts, t->words.items[i], t);
}

void bucket_remove(struct bucket *b, const struct target *t)
{
    if (!waits_for_words(t)) {
        set_remove(&b->plain, t);
        return;
    }
    for (size_t i = 0; i < t->words.count; i++)
        index_remove(t->word_anywhere ? &b->anywhere : &b->starts, t->words.items[i], t);
}

bool bucket_is_empty(const struct bucket *b)
{
    return b->plain.count == 0 && b->starts.words.count == 0 && b->anywhere.words.count == 0;
}

/* --- searching --- */

struct visit {
    void (*fn)(void *arg, struct target *t);
    void *arg;
};

static void visit_set(const struct visit *v, const struct target_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        v->fn(v->arg, set->items[i]);
}

/* Those whose word stands at the beginning of the text. */
static void visit_starts(const struct visit *v, const struct word_index *index, struct str text)
{
    for (size_t i = 0; i < index->length_count; i++) {
        size_t length = index->lengths[i].length;
        if (length > text.len)
            continue;
        const struct word *word = map_get(&index->words, str_from(text.ptr, length));
        if (word != NULL)
            visit_set(v, &word->targets);
    }
}

static bool few_words(const struct word_index *index, struct str text)
{
    size_t each = SEARCH_NS + text.len / SEARCH_BYTES_A_NS;
    return index->words.count * each <= index->length_count * text.len * LOOK_UP_NS;
}

static void visit_anywhere(const struct visit *v, const struct word_index *index, struct str text)
{
    if (!few_words(index, text)) {
        for (size_t at = 0; at < text.len; at++)
            visit_starts(v, index, str_after(text, at));
        return;
    }
    size_t at = 0;
    for (const struct word *word; (word = map_each(&index->words, &at)) != NULL;)
        if (str_find(text, word->text) != SIZE_MAX)
            visit_set(v, &word->targets);
}

void bucket_each(const struct bucket *b, struct str text, void (*fn)(void *arg, struct target *t),
                 void *arg)
{
    struct visit v = {.fn = fn, .arg = arg};
    visit_set(&v, &b->plain);
    visit_starts(&v, &b->starts, text);
    if (b->anywhere.words.count > 0)
        visit_anywhere(&v, &b->anywhere, text);
}
