/* The targets that are bound to one and the same thing, arranged by their trigger words, so that a
 * text meets those alone whose words it may have: ten thousand integrations that wait for commands
 * of their own in one room cost a message nothing. Belongs to the matcher; runs where it runs. */
#pragma once

#include "base/map.h"
#include "events/match.h"

struct target_set {
    struct target **items; /* owned; the order does not count */
    size_t count, cap;
};

struct word_length {
    size_t length, count; /* how many words have it */
};

/* From a word to the targets that wait for it. */
struct word_index {
    struct map words;
    struct word_length *lengths; /* owned */
    size_t length_count;
};

struct bucket {
    struct str key;           /* owned, in the bucket's own block; empty: it has none */
    struct target_set plain;  /* those without words */
    struct word_index starts; /* the text must start with the word */
    struct word_index anywhere;
};

void bucket_init(struct bucket *b);
/* What is in it, not the bucket itself. */
void bucket_release(struct bucket *b);
/* One with a key, by itself in a block; bucket_free() releases it too. */
struct bucket *bucket_new(struct str key);
void bucket_free(struct bucket *b);

void bucket_add(struct bucket *b, struct target *t);
void bucket_remove(struct bucket *b, const struct target *t);
bool bucket_is_empty(const struct bucket *b);

/* Calls fn with everybody whom the text may concern, some perhaps several times. */
void bucket_each(const struct bucket *b, struct str text, void (*fn)(void *arg, struct target *t),
                 void *arg);
