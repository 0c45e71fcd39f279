/* Who wants to know what: an index in memory over all outgoing integrations that are switched on,
 * by event and channel. It follows the catalog (store_set_matcher), so it is what was committed,
 * and only the writer looks into it; nothing is locked.
 *
 * An integration is found by what it is bound to: `#room` (id or name), `@user` (id or username),
 * one of the all_ words, or, when its event knows no channels, by the event alone. An empty list
 * of channels means all_public_channels. What an event costs does not grow with the integrations
 * that are bound to something else, or wait for other words (bucket.h).
 */
#pragma once

#include "events/event.h"

/* As much of an integration as matching and queueing need. It belongs to the matcher. */
struct target {
    struct str id;
    const struct outgoing_event *event;
    struct text_list channels, words, urls;
    bool word_anywhere, run_on_edits;
    uint64_t round; /* the last search that found it */
};

struct matcher *matcher_new(void);
void matcher_free(struct matcher *m);
/* An integration came or changed (entry), or went or never mattered (NULL). */
void matcher_follow(struct matcher *m, struct str id, const struct integration_entry *entry);

struct target_list {
    struct target **items;
    size_t count;
};
/* Those that are to be called because of the event, each once, in no particular order: bound to it,
 * let through by their trigger words and their rule about edits, and not the one whose own reply
 * the message is. The list lives in rd->arena. */
struct target_list matcher_find(struct matcher *m, struct rd *rd, const struct event *event);

/* The rules that look at the text alone. They are asked again before every try, with the
 * integration as it is then. */
struct precheck {
    const struct outgoing_event *event;
    const struct text_list *words;
    bool word_anywhere, run_on_edits;
};
/* `text` is the message as it was written. *out_word: the first of the words that the text starts
 * with (or has anywhere); empty when there are none to look for. */
bool precheck_passes(const struct precheck *rules, struct str text, bool edited,
                     struct str *out_word);
