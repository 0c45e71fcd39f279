/* Integrations as rows: `doc` is the document as the API answers it, the columns are what is looked
 * up by. Saving publishes to the catalog. */
#pragma once

#include "model/integration.h"
#include "store/catalog.h"
#include "store/store.h"

/* NULL when there is none (of that direction). */
struct integration *integration_find(struct rd *rd, struct str id);
/* When its document was changed last; 0: there is none. */
int64_t integration_updated_at(struct rd *rd, struct str id);
/* The oldest outgoing one that has exactly this URL; *out_count: how many have it. */
struct integration *integration_find_by_url(struct rd *rd, struct str url, int64_t *out_count);

void integration_insert(struct tx *tx, const struct integration *in);
/* Writes what changed; direction, creator and id stay. What waits to be delivered is dropped when
 * it is switched off. */
void integration_save(struct tx *tx, const struct integration *in);
/* With its URLs, options, histories and deliveries. */
void integration_erase(struct tx *tx, struct str id);

/* Ids of the integrations that post as this user, at most `max`, oldest first. */
struct text_list integration_ids_of_user(struct rd *rd, struct str user_id, size_t max);

/* The same for those that have it in their list of channels. */
struct text_list integration_ids_of_channel(struct rd *rd, struct str channel, size_t max);

/* What a caller may see and what he asks for. */
struct integration_filter {
    bool all_outgoing, all_incoming;
    struct str own_outgoing_of, own_incoming_of; /* creator's id; empty: none of his own */
    struct str type;                             /* exact; empty: both */
    struct str name;                             /* part of the name, without case; empty: any */
    struct str channel, or_channel; /* in its list of channels is one of these; empty: any list */
};

int64_t integration_count(struct rd *rd, const struct integration_filter *filter);
/* Writes the documents of one page, with commas between them; returns how many. `order_by` is SQL
 * made of constants. */
int64_t integration_page(struct rd *rd, const struct integration_filter *filter,
                         struct str order_by, int64_t offset, int64_t count, struct buf *out);

/* At start: every row into the catalog. */
void integrations_publish_all(struct tx *tx);
